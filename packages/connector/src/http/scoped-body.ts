import { abortErrorOf } from '../concurrency/deadline.js';
import { asConnectorError, ConnectorError } from '../errors/connector-error.js';

/**
 * The same parts, to be read once. An aborted signal ends the source even if nobody reads, and from then on fails the reader, who must not
 * take the parts it has for the whole.
 *
 * @param onEnd called once, after the source has ended: without an error when the reader has met the end of the body; with one when the
 *   body failed, the signal was aborted, or the reader left
 */
export function scopedBody(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  onEnd: (failure: ConnectorError | undefined) => void,
): AsyncIterable<Uint8Array> {
  const parts = new ScopedParts(source[Symbol.asyncIterator](), signal, onEnd);
  return { [Symbol.asyncIterator]: () => parts };
}

class ScopedParts implements AsyncIterator<Uint8Array, undefined> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #signal: AbortSignal;
  readonly #onEnd: (failure: ConnectorError | undefined) => void;
  readonly #onAbort = () => void this.#fail(abortErrorOf(this.#signal));
  /** Why no further part is handed over. */
  #failure: { readonly thrown: unknown } | undefined;

  constructor(source: AsyncIterator<Uint8Array>, signal: AbortSignal, onEnd: (failure: ConnectorError | undefined) => void) {
    this.#source = source;
    this.#signal = signal;
    this.#onEnd = onEnd;
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      this.#throwFailure();
      const part = await this.#source.next();
      // The signal may have ended the source while it was waited for: then its end is not the end of the body.
      this.#throwFailure();
      if (part.done !== true) return part;
    } catch (thrown) {
      await this.#fail(thrown);
      throw this.#failure?.thrown;
    }
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#end(undefined);
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    await this.#fail(new ConnectorError('client-gone', 'the reader of the answer left before its end'));
    return { done: true, value: undefined };
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.thrown;
  }

  /** The first reason counts; after the end of the body there is none. */
  async #fail(thrown: unknown): Promise<void> {
    if (this.#failure !== undefined) return;
    this.#failure = { thrown };
    this.#signal.removeEventListener('abort', this.#onAbort);
    try {
      await this.#source.return?.();
    } catch {
      // The source has ended all the same, and the reader is told the first reason.
    }
    this.#end(asConnectorError(thrown));
  }

  #hasEnded = false;

  #end(failure: ConnectorError | undefined): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#onEnd(failure);
  }
}
