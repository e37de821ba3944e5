/** Attempts that may be made again before any call has paid for one: a single call that meets a broken connection is not given up. */
const FIRST_RETRIES = 10;

/** What each call pays in. Three calls in ten may be throttled, and all of them still be made again (0.3 / 0.7 attempts for each call). */
const RETRIES_PER_CALL = 0.5;

/** What calls that need no second attempt can save up. */
const MAX_RETRIES = 100;

/**
 * How many attempts may be made again, over all calls of an operation. Without such a bound, calls to a service that is down are made as
 * often as `max-write-retries` says, each of them, and the service has a multiple of its load to recover from. With it, attempts are at most
 * one and a half times the calls, and ten more.
 */
export class RetryBudget {
  #retries = FIRST_RETRIES;

  noteCall(): void {
    this.#retries = Math.min(MAX_RETRIES, this.#retries + RETRIES_PER_CALL);
  }

  /** False: this call is not made again. */
  take(): boolean {
    if (this.#retries < 1) return false;
    this.#retries -= 1;
    return true;
  }
}
