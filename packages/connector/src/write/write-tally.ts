import type { LabelSet } from '@timestream-prometheus/prom-codec';
import { isRetryable, type ConnectorError, type ConnectorErrorCode } from '../errors/connector-error.js';

export interface RejectedSample {
  readonly labelSet: LabelSet;
  readonly timestampMs: number;
  readonly valueBits: bigint;
  /** Timestream's own words. */
  readonly reason: string;
  /** The version of the record that is in the way, if Timestream says it. */
  readonly existingVersion?: number | undefined;
}

/** Failures that every other call of the request would meet as well. */
const CONCERNS_EVERY_CALL: ReadonlySet<ConnectorErrorCode> = new Set([
  'access-denied',
  'invalid-credentials',
  'destination-not-found',
  'client-gone',
]);

/** What became of the records of one write request, over all its calls. */
export class WriteTally {
  rejected: RejectedSample[] = [];
  storedCount = 0;
  #failure: ConnectorError | undefined;

  /** The failure that decides the answer: a retryable one if there is any, for then everything is sent again. */
  get failure(): ConnectorError | undefined {
    return this.#failure;
  }

  addFailure(error: ConnectorError): void {
    if (this.#failure === undefined || (isRetryable(error.code) && !isRetryable(this.#failure.code))) this.#failure = error;
  }

  /** True when further calls make no sense: the request will come again as a whole, or none of them can succeed. */
  get shouldStop(): boolean {
    return this.#failure !== undefined && (isRetryable(this.#failure.code) || CONCERNS_EVERY_CALL.has(this.#failure.code));
  }
}
