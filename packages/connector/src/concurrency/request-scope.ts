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
  /** The user of the users file whose request it is, once that is known: for the log. */
  userName: string | undefined;
  readonly #deadline = new AbortController();
  readonly #releases: Release[] = [];
  /** When the request came, by the clock of the connector. */
  readonly #arrivedAtMs: number;
  #deadlineMs = Infinity;
  #isEnded = false;

  constructor(callerSignal: AbortSignal, arrivedAtMs: number) {
    this.#arrivedAtMs = arrivedAtMs;
    this.signal = createSharedSignal(callerSignal, this.#deadline.signal);
  }

  /** When the request has to be answered, by the clock of the connector. */
  get deadlineMs(): number {
    return this.#deadlineMs;
  }

  /** Gives the request this much time, counted from its arrival; called while it arrives. */
  limitTime(timeoutMs: number, optionName: string, advice?: string): void {
    this.#deadlineMs = this.#arrivedAtMs + timeoutMs;
    const timer = setTimeout(() => this.#deadline.abort(deadlineError(timeoutMs, optionName, advice)), timeoutMs);
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
