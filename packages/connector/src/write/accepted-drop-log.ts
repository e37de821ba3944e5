import type { Clock, Logger } from '../ports.js';

/** The same reason is logged no more often: a sender that repeats itself must not fill the log. The metric has every one. */
const INTERVAL_MS = 60_000;

/** Says in the log what was left out of a request that succeeded: once for each reason and minute, with how many there were since. */
export class AcceptedDropLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #byReason = new Map<string, { loggedMs: number; unlogged: number }>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** @param reason one of a closed set */
  note(reason: string, count: number, example: string): void {
    if (count === 0) return;
    const nowMs = this.#clock.nowMs();
    const known = this.#byReason.get(reason) ?? { loggedMs: -Infinity, unlogged: 0 };
    this.#byReason.set(reason, known);
    known.unlogged += count;
    if (nowMs - known.loggedMs < INTERVAL_MS) return;
    this.#logger.warn({ reason, count: known.unlogged, example }, 'not stored, although the answer is a success');
    known.loggedMs = nowMs;
    known.unlogged = 0;
  }
}
