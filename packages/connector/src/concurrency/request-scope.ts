import type { ConnectorError } from '../errors/connector-error.js';
import { createSharedSignal, deadlineError } from './deadline.js';

/** Told once when the request has ended, and with which failure if it failed. */
export type Release = (failure: ConnectorError | undefined) => void;

/**
 * Everything that one request holds from its arrival to the last byte of its answer: its time, its place, its memory, its storage. What is
 * acquired is put in with `hold`, and `end` gives all of it back, the last one first.
 */
export class RequestScope {
  /** For all the work of the request: aborted when the client has gone or the time is over. */
  readonly signal: AbortSignal;
  readonly #deadline = new AbortController();
  readonly #releases: Release[] = [];
  #isEnded = false;

  constructor(callerSignal: AbortSignal) {
    this.signal = createSharedSignal(callerSignal, this.#deadline.signal);
  }

  /** Gives the request this much time from now on. */
  limitTime(timeoutMs: number, optionName: string): void {
    const timer = setTimeout(() => this.#deadline.abort(deadlineError(timeoutMs, optionName)), timeoutMs);
    this.hold(() => clearTimeout(timer));
  }

  hold(release: Release): void {
    // Work that outlives its request must not keep what it takes afterwards.
    if (this.#isEnded) release(undefined);
    else this.#releases.push(release);
  }

  /** May be called again; only the first call does anything. */
  end(failure?: ConnectorError): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const release of this.#releases.reverse()) release(failure);
  }
}
