import { floatFromBits, STALE_NAN_BITS, type BucketSpan, type Histogram, type HistogramResetHint } from '@timestream-prometheus/prom-codec';
import { FloatHistogram, type CounterResetHint, type HistogramSample } from '@timestream-prometheus/promql';

const HINTS: Readonly<Record<HistogramResetHint, CounterResetHint>> = { unknown: 'unknown', yes: 'reset', no: 'not-reset', gauge: 'gauge' };

/** A histogram as PromQL computes with it: in floating point, as Prometheus itself takes one of integers (`model/histogram`, ToFloat). */
export function histogramSampleOf(histogram: Histogram): HistogramSample {
  const timestampMs = Number(histogram.timestampMs);
  if (histogram.sumBits === STALE_NAN_BITS) return { timestampMs, histogram: null };
  const floats = new FloatHistogram();
  floats.hint = HINTS[histogram.resetHint];
  floats.schema = histogram.schema;
  floats.zeroThreshold = floatFromBits(histogram.zeroThresholdBits);
  floats.zeroCount = countOf(histogram.zeroCount);
  floats.count = countOf(histogram.count);
  floats.sum = floatFromBits(histogram.sumBits);
  const isFloat = histogram.count.kind === 'float';
  floats.positive = sideOf(histogram.positiveSpans, isFloat ? histogram.positiveCountBits : histogram.positiveDeltas);
  floats.negative = sideOf(histogram.negativeSpans, isFloat ? histogram.negativeCountBits : histogram.negativeDeltas);
  floats.customBounds = Array.from(histogram.customValueBits, floatFromBits);
  return { timestampMs, histogram: floats };
}

function countOf(count: Histogram['count']): number {
  return count.kind === 'int' ? Number(count.value) : floatFromBits(count.valueBits);
}

function sideOf(spans: readonly BucketSpan[], buckets: BigUint64Array | BigInt64Array): FloatHistogram['positive'] {
  return {
    spans: spans.map(({ offset, length }) => ({ offset, length })),
    counts: buckets instanceof BigInt64Array ? absoluteCounts(buckets) : Array.from(buckets, floatFromBits),
  };
}

function absoluteCounts(deltas: BigInt64Array): number[] {
  let bucket = 0n;
  return Array.from(deltas, (delta) => Number((bucket += delta)));
}
