import { ConnectorError } from '../errors/connector-error.js';
import { abortErrorOf } from '../concurrency/deadline.js';

export interface TrackedBody {
  readonly body: AsyncIterable<Uint8Array>;
  /**
   * Resolves when the reader has met the end of the body; rejects when the body fails, the signal gives it up, or the reader leaves it. In
   * any case not before the source has ended, so that what it works with can be given back.
   */
  readonly ended: Promise<void>;
}

/**
 * The same parts, to be read once. An aborted signal ends the source even if nobody reads, and from then on fails the reader, who must not
 * take the parts it has for the whole.
 */
export function trackBody(source: AsyncIterable<Uint8Array>, signal: AbortSignal): TrackedBody {
  const parts = new TrackedParts(source[Symbol.asyncIterator](), signal);
  return { body: { [Symbol.asyncIterator]: () => parts }, ended: parts.ended };
}

class TrackedParts implements AsyncIterator<Uint8Array, undefined> {
  readonly ended: Promise<void>;
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #signal: AbortSignal;
  readonly #giveUp = () => void this.#fail(abortErrorOf(this.#signal));
  #resolveEnded: () => void = () => undefined;
  #rejectEnded: (reason: unknown) => void = () => undefined;
  /** Why no further part is handed over. */
  #failure: { readonly thrown: unknown } | undefined;

  constructor(source: AsyncIterator<Uint8Array>, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
    this.ended = new Promise((resolve, reject) => {
      this.#resolveEnded = resolve;
      this.#rejectEnded = reject;
    });
    signal.addEventListener('abort', this.#giveUp, { once: true });
    if (signal.aborted) this.#giveUp();
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
    this.#signal.removeEventListener('abort', this.#giveUp);
    this.#resolveEnded();
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
    this.#signal.removeEventListener('abort', this.#giveUp);
    try {
      await this.#source.return?.();
    } catch {
      // It ended, if not in peace; why the body is left is known already.
    }
    this.#rejectEnded(thrown);
  }
}
