import { formatGeneral, formatTwoDigits } from '../number-text.js';
import type { TextRange } from '../syntax/expression.js';
import { quoteGo } from '../syntax/go-text.js';
import { lineAndColumn } from '../syntax/parse-error.js';

export type HistogramOperation = 'addition' | 'subtraction' | 'aggregation';

interface Annotation {
  readonly level: 'warning' | 'info';
  readonly message: string;
  readonly range: TextRange;
  readonly monotonicity?: ForcedMonotonicity;
}

/** What was forced, over all the times at which it had to be. */
export interface ForcedMonotonicity {
  readonly fromMs: number;
  readonly toMs: number;
  readonly minBucket: number;
  readonly maxBucket: number;
  readonly maxDifference: number;
  /** As Prometheus counts, in an int64. */
  readonly count: bigint;
}

const FORCED_MONOTONICITY =
  'PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)';

/**
 * What a person should know about an answer: warnings, where something may be wrong, and infos. Texts are Prometheus' own
 * (`util/annotations`). Each text is kept once, with the place where it was seen last.
 */
export class Annotations {
  readonly #byMessage = new Map<string, Annotation>();

  #add(level: 'warning' | 'info', message: string, range: TextRange): void {
    this.#byMessage.set(message, { level, message, range });
  }

  invalidQuantile(quantile: number, range: TextRange): void {
    this.#add('warning', `PromQL warning: quantile value should be between 0 and 1, got ${formatGeneral(quantile)}`, range);
  }

  invalidRatio(ratio: number, cap: number, range: TextRange): void {
    this.#add(
      'warning',
      `PromQL warning: ratio value should be between -1 and 1, got ${formatGeneral(ratio)}, capping to ${formatGeneral(cap)}`,
      range,
    );
  }

  invalidIntegralStrategy(strategy: number, range: TextRange): void {
    this.#add('warning', `PromQL warning: strategy should be 0, 1, or 2 (default), using 2, got ${formatGeneral(strategy)}`, range);
  }

  badBucketLabel(value: string, range: TextRange): void {
    this.#add('warning', `PromQL warning: bucket label "le" is missing or has a malformed value of ${quoteGo(value)}`, range);
  }

  mixedFloatsAndHistograms(metricName: string, range: TextRange): void {
    this.#add('warning', `PromQL warning: encountered a mix of histograms and floats for metric name ${quoteGo(metricName)}`, range);
  }

  mixedFloatsAndHistogramsInAggregation(range: TextRange): void {
    this.#add('warning', 'PromQL warning: encountered a mix of histograms and floats for aggregation', range);
  }

  mixedClassicAndNativeHistograms(range: TextRange): void {
    this.#add('warning', 'PromQL warning: vector contains a mix of classic and native histograms', range);
  }

  notACounter(metricName: string, range: TextRange): void {
    this.#add('warning', `PromQL warning: this native histogram metric is not a counter: ${quoteGo(metricName)}`, range);
  }

  notAGauge(metricName: string, range: TextRange): void {
    this.#add('warning', `PromQL warning: this native histogram metric is not a gauge: ${quoteGo(metricName)}`, range);
  }

  mixedExponentialAndCustomHistograms(metricName: string, range: TextRange): void {
    this.#add(
      'warning',
      `PromQL warning: vector contains a mix of histograms with exponential and custom buckets schemas for metric name ${quoteGo(metricName)}`,
      range,
    );
  }

  incompatibleBuckets(operator: string, range: TextRange): void {
    this.#add('warning', `PromQL warning: incompatible bucket layout encountered for binary operator ${operator}`, range);
  }

  sortInRangeQuery(range: TextRange): void {
    this.#add('warning', 'PromQL warning: sort is ineffective for range queries since results are always ordered by labels', range);
  }

  resetCollision(operation: HistogramOperation, range: TextRange): void {
    this.#add('warning', `PromQL warning: conflicting counter resets during histogram ${operation}`, range);
  }

  possibleNonCounter(metricName: string, range: TextRange): void {
    this.#add(
      'info',
      `PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${quoteGo(metricName)}`,
      range,
    );
  }

  incompatibleTypes(left: string, operator: string, right: string, range: TextRange): void {
    this.#add(
      'info',
      `PromQL info: incompatible sample types encountered for binary operator "${operator}": ${left} ${operator} ${right}`,
      range,
    );
  }

  histogramIgnored(aggregation: string, range: TextRange): void {
    this.#add('info', `PromQL info: ignored histogram in ${aggregation} aggregation`, range);
  }

  histogramIgnoredInMixedRange(metricName: string, range: TextRange): void {
    this.#add(
      'info',
      `PromQL info: ignored histograms in a range containing both floats and histograms for metric name ${quoteGo(metricName)}`,
      range,
    );
  }

  quantileIsNaN(metricName: string, range: TextRange): void {
    const message = 'PromQL info: input to histogram_quantile has NaN observations, result is NaN';
    this.#add('info', withMetricName(message, metricName), range);
  }

  quantileIsSkewed(metricName: string, range: TextRange): void {
    const message = 'PromQL info: input to histogram_quantile has NaN observations, result is skewed higher';
    this.#add('info', withMetricName(message, metricName), range);
  }

  fractionExcludesNaN(metricName: string, range: TextRange): void {
    const message = 'PromQL info: input to histogram_fraction has NaN observations, which are excluded from all fractions';
    this.#add('info', withMetricName(message, metricName), range);
  }

  boundsReconciled(operation: HistogramOperation, range: TextRange): void {
    this.#add('info', `PromQL info: mismatched custom buckets were reconciled during ${operation}`, range);
  }

  /** @param forced of one call, over all its steps */
  forcedMonotonicity(forced: ForcedMonotonicity, range: TextRange): void {
    const before = this.#byMessage.get(FORCED_MONOTONICITY);
    const monotonicity = before?.monotonicity === undefined ? forced : joinForced(before.monotonicity, forced);
    this.#byMessage.set(FORCED_MONOTONICITY, { level: 'info', message: FORCED_MONOTONICITY, range: before?.range ?? range, monotonicity });
  }

  /** The texts with their places in the query. */
  texts(query: string): { warnings: string[]; infos: string[] } {
    const warnings: string[] = [];
    const infos: string[] = [];
    for (const annotation of this.#byMessage.values()) {
      (annotation.level === 'warning' ? warnings : infos).push(textOf(annotation, query));
    }
    return { warnings, infos };
  }
}

function withMetricName(message: string, metricName: string): string {
  return metricName === '' ? message : `${message} for metric name ${quoteGo(metricName)}`;
}

export function joinForced(before: ForcedMonotonicity, now: ForcedMonotonicity): ForcedMonotonicity {
  return {
    fromMs: Math.min(before.fromMs, now.fromMs),
    toMs: Math.max(before.toMs, now.toMs),
    minBucket: Math.min(before.minBucket, now.minBucket),
    maxBucket: Math.max(before.maxBucket, now.maxBucket),
    maxDifference: Math.max(before.maxDifference, now.maxDifference),
    count: BigInt.asIntN(64, before.count + now.count + 1n),
  };
}

/**
 * Gathers what one call forced. Prometheus merges its notes with themselves at each further step (`promql/engine.go`, rangeEval), which
 * makes the number of samples in the text grow beyond what there is; ours is the same number.
 */
export class MonotonicityTally {
  #total: ForcedMonotonicity | null = null;
  #step: ForcedMonotonicity | null = null;

  add(timeMs: number, minBucket: number, maxBucket: number, maxDifference: number): void {
    const now = { fromMs: timeMs, toMs: timeMs, minBucket, maxBucket, maxDifference, count: 0n };
    this.#step = this.#step === null ? now : joinForced(this.#step, now);
  }

  endStep(): void {
    if (this.#total === null) this.#total = this.#step;
    else {
      const total = this.#step === null ? this.#total : joinForced(this.#total, this.#step);
      this.#total = joinForced(total, total);
    }
    this.#step = null;
  }

  write(annotations: Annotations, range: TextRange): void {
    if (this.#total !== null) annotations.forcedMonotonicity(this.#total, range);
  }
}

function textOf({ message, range, monotonicity }: Annotation, query: string): string {
  const place = lineAndColumn(query, range.start);
  if (monotonicity === undefined) return `${message} (${place})`;
  const { fromMs, toMs, minBucket, maxBucket, maxDifference, count } = monotonicity;
  return (
    `${message}, from buckets ${formatGeneral(minBucket)} to ${formatGeneral(maxBucket)}, with a max diff of ` +
    `${formatTwoDigits(maxDifference)}, over ${BigInt.asIntN(64, count + 1n)} samples from ${rfc3339(fromMs)} to ${rfc3339(toMs)} (${place})`
  );
}

/** Whole seconds, as Go's RFC3339 prints them. */
function rfc3339(timeMs: number): string {
  return new Date(Math.trunc(timeMs / 1000) * 1000).toISOString().replace(/\.000Z$/, 'Z');
}
