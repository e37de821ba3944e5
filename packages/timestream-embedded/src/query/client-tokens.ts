import type { EmbeddedClock } from '../clock.js';
import { validationError } from '../service-error.js';

const sameRequestMs = 5 * 60_000;

interface SeenRequest {
  readonly fingerprint: string;
  readonly seenMs: number;
}

/**
 * A ClientToken makes a query idempotent: sent again within five minutes with other parameters it is an error (API model, Query
 * ClientToken). Sent again with the same ones the query simply runs again, which answers the same.
 */
export class ClientTokens {
  readonly #clock: EmbeddedClock;
  readonly #maxRemembered: number;
  readonly #seen = new Map<string, SeenRequest>();

  constructor(clock: EmbeddedClock, maxRemembered: number) {
    this.#clock = clock;
    this.#maxRemembered = maxRemembered;
  }

  /** @throws {ServiceError} ValidationException */
  check(principal: string, clientToken: string, fingerprint: string): void {
    const key = `${principal}/${clientToken}`;
    const nowMs = this.#clock.nowMs();
    const seen = this.#seen.get(key);
    if (seen !== undefined && nowMs - seen.seenMs <= sameRequestMs && seen.fingerprint !== fingerprint) {
      throw validationError('The client token was used before with other parameters.');
    }
    this.#seen.delete(key);
    this.#seen.set(key, { fingerprint, seenMs: nowMs });
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > this.#maxRemembered && oldest !== undefined) this.#seen.delete(oldest);
  }
}
