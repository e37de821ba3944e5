/** Attempts that may be made again before any call has paid for one: a single call that meets a broken connection is not given up. */
const FIRST_RETRIES = 10;

/** What each call pays in. Three calls in ten may be throttled, and all of them still be made again (0.3 / 0.7 attempts for each call). */
const RETRIES_PER_CALL = 0.5;

/** What calls that need no second attempt can save up. */
const MAX_RETRIES = 100;

/** Of all credentials and tables together: three may begin to fail at the same time, and the savings of ten. */
const OF_ALL = { first: 3 * FIRST_RETRIES, max: 10 * MAX_RETRIES } as const;

/**
 * How many attempts may be made again, over all calls of an operation. Without such a bound, calls to a service that is down are made as
 * often as `max-write-retries` says, each of them, and the service has a multiple of its load to recover from. With it, attempts are at most
 * one and a half times the calls, and thirty more.
 *
 * Each credential and table has a part of its own, which it pays for by its own calls: one that fails all the time uses up little more than it has
 * paid in, and leaves the others theirs.
 */
export class RetryBudget {
  #retries: number;
  readonly #max: number;
  readonly #ofAll: RetryBudget | undefined;

  private constructor(ofAll: RetryBudget | undefined, { first, max }: { readonly first: number; readonly max: number }) {
    this.#ofAll = ofAll;
    this.#retries = first;
    this.#max = max;
  }

  static ofAll(): RetryBudget {
    return new RetryBudget(undefined, OF_ALL);
  }

  /** The part of one credential and table. */
  openPart(): RetryBudget {
    return new RetryBudget(this, { first: FIRST_RETRIES, max: MAX_RETRIES });
  }

  noteCall(): void {
    this.#ofAll?.noteCall();
    this.#retries = Math.min(this.#max, this.#retries + RETRIES_PER_CALL);
  }

  /** False: this call is not made again. */
  take(): boolean {
    if (this.#retries < 1 || this.#ofAll?.take() === false) return false;
    this.#retries -= 1;
    return true;
  }
}
