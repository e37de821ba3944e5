import type { Exemplar, Histogram, LabelSet, MetricMetadata } from '@timestream-prometheus/prom-codec';
import type { HistogramSource } from '@timestream-prometheus/timestream-translator';
import { isRetryable, type ConnectorError, type ConnectorErrorCode } from '../errors/connector-error.js';

export interface RejectedSample {
  readonly labelSet: LabelSet;
  readonly timestampMs: number;
  readonly valueBits: bigint;
  /** If it is a native histogram, which has no value bits. */
  readonly histogram?: Histogram;
  /** If it is an exemplar. */
  readonly exemplar?: Exemplar;
  /** Timestream's own words. */
  readonly reason: string;
  /** The version of the record that is in the way, if Timestream says it. */
  readonly existingVersion?: number | undefined;
}

/** Metadata of a metric that was rejected, and why in Timestream's own words. */
export interface RejectedMetadata {
  readonly metadata: MetricMetadata;
  readonly reason: string;
}

/** Failures that every other call of the request would meet as well. */
const CONCERNS_EVERY_CALL: ReadonlySet<ConnectorErrorCode> = new Set([
  'access-denied',
  'invalid-credentials',
  'destination-not-found',
  'client-gone',
]);

const MAX_REASONS = 1_000;

/** What became of the records of one write request, over all its calls. */
export class WriteTally {
  rejected: RejectedSample[] = [];
  storedSampleCount = 0;
  storedHistogramCount = 0;
  storedExemplarCount = 0;
  /** Of each only the first of its records. */
  readonly rejectedMetadata = new Map<MetricMetadata, RejectedMetadata>();
  /** Records that are stored of histograms that have several. */
  readonly #partsStored = new Map<HistogramSource, number>();
  readonly #histogramsRejected = new Set<HistogramSource>();
  readonly #reasons = new Map<string, string>();
  #failure: ConnectorError | undefined;

  /** The same text for equal reasons: each record of an answer brings a copy of its own, and there may be as many as samples. */
  reasonOf(text: string): string {
    const known = this.#reasons.get(text);
    if (known !== undefined) return known;
    if (this.#reasons.size < MAX_REASONS) this.#reasons.set(text, text);
    return text;
  }

  /** Takes out the rejected ones of a kind: something else is to become of them. */
  takeRejected(isOfKind: (sample: RejectedSample) => boolean): readonly RejectedSample[] {
    const taken = this.rejected.filter(isOfKind);
    this.rejected = this.rejected.filter((sample) => !isOfKind(sample));
    return taken;
  }

  /** The failure that decides the answer: a retryable one if there is any, for then everything is sent again. */
  get failure(): ConnectorError | undefined {
    return this.#failure;
  }

  /** Samples, histograms and exemplars. */
  get storedCount(): number {
    return this.storedSampleCount + this.storedHistogramCount + this.storedExemplarCount;
  }

  /** A histogram is stored when the last of its records is. */
  addStoredHistogramRecord(source: HistogramSource): void {
    const parts = (this.#partsStored.get(source) ?? 0) + 1;
    if (parts === source.recordCount) {
      this.storedHistogramCount += 1;
      this.#partsStored.delete(source);
    } else this.#partsStored.set(source, parts);
  }

  /** One lost histogram, however many of its records were rejected. */
  addRejectedHistogram(source: HistogramSource, rejected: Omit<RejectedSample, 'valueBits' | 'histogram'>): void {
    if (this.#histogramsRejected.has(source)) return;
    this.#histogramsRejected.add(source);
    this.rejected.push({ ...rejected, valueBits: 0n, histogram: source.histogram });
  }

  addFailure(error: ConnectorError): void {
    if (this.#failure === undefined || (isRetryable(error.code) && !isRetryable(this.#failure.code))) this.#failure = error;
  }

  /** True when further calls make no sense: the request will come again as a whole, or none of them can succeed. */
  get shouldStop(): boolean {
    return this.#failure !== undefined && (isRetryable(this.#failure.code) || CONCERNS_EVERY_CALL.has(this.#failure.code));
  }
}
