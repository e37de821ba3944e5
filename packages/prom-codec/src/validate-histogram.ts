import type { BucketSpan, Histogram } from './model.js';
import { floatFromBits } from './samples.js';

/** Schemas of exponential buckets that Prometheus stores (`model/histogram/generic.go`). */
const MIN_EXPONENTIAL_SCHEMA = -4;
export const MAX_EXPONENTIAL_SCHEMA = 8;
/** Up to here a finer schema is reduced to the finest that is stored. */
export const MAX_RESERVED_SCHEMA = 52;
/** The schema of buckets with bounds of their own. */
export const CUSTOM_BUCKETS_SCHEMA = -53;

/**
 * What is wrong with a histogram, as Prometheus judges it before it stores one (`model/histogram`, Validate); undefined if nothing is. The
 * text begins with where it is wrong and says what the limit is and what was met.
 */
export function findHistogramFault(histogram: Histogram): string | undefined {
  const { schema } = histogram;
  const isFloat = histogram.count.kind === 'float';
  const negativeBuckets = isFloat ? histogram.negativeCountBits : histogram.negativeDeltas;
  const positiveBuckets = isFloat ? histogram.positiveCountBits : histogram.positiveDeltas;
  const zeroCount = histogram.zeroCount.kind === 'int' ? Number(histogram.zeroCount.value) : floatFromBits(histogram.zeroCount.valueBits);
  const kindFault = findKindFault(histogram);
  if (kindFault !== undefined) return kindFault;
  let fault: string | undefined;
  if (schema === CUSTOM_BUCKETS_SCHEMA) {
    fault = findCustomBucketFault(histogram, positiveBuckets.length);
    if (fault !== undefined) return `custom buckets: ${fault}`;
    if (zeroCount !== 0) return `custom buckets: must have zero count of 0, got ${zeroCount}`;
    const zeroThreshold = floatFromBits(histogram.zeroThresholdBits);
    if (zeroThreshold !== 0) return `custom buckets: must have zero threshold of 0, got ${zeroThreshold}`;
    if (histogram.negativeSpans.length > 0) return 'custom buckets: must not have negative spans';
    if (negativeBuckets.length > 0) return 'custom buckets: must not have negative buckets';
  } else if (schema >= MIN_EXPONENTIAL_SCHEMA && schema <= MAX_EXPONENTIAL_SCHEMA) {
    fault = findSpanFault(histogram.positiveSpans, positiveBuckets.length);
    if (fault !== undefined) return `positive side: ${fault}`;
    fault = findSpanFault(histogram.negativeSpans, negativeBuckets.length);
    if (fault !== undefined) return `negative side: ${fault}`;
    if (histogram.customValueBits.length > 0) return 'histogram with exponential schema must not have custom bounds';
    if (zeroCount < 0) return `zero bucket has observation count of ${zeroCount}: it is negative`;
  } else {
    return `histogram has an invalid schema, which must be between ${MIN_EXPONENTIAL_SCHEMA} and ${MAX_EXPONENTIAL_SCHEMA} for exponential buckets, or ${CUSTOM_BUCKETS_SCHEMA} for custom buckets, got schema ${schema}`;
  }
  return isFloat ? findFloatCountFault(histogram) : findIntCountFault(histogram);
}

/** The parts of a histogram that are integers in one kind and floats in the other must all be of its own kind. */
function findKindFault({
  count,
  zeroCount,
  negativeDeltas,
  positiveDeltas,
  negativeCountBits,
  positiveCountBits,
}: Histogram): string | undefined {
  const isFloat = count.kind === 'float';
  if (isFloat && (negativeDeltas.length > 0 || positiveDeltas.length > 0)) return 'histogram has a float count and integer buckets';
  if (!isFloat && (negativeCountBits.length > 0 || positiveCountBits.length > 0)) return 'histogram has an integer count and float buckets';
  // A zero count that was left out is read as the integer 0.
  if (!isFloat && zeroCount.kind === 'float') return 'histogram has an integer count and a float zero count';
  if (isFloat && zeroCount.kind === 'int' && zeroCount.value !== 0n) return 'histogram has a float count and an integer zero count';
  return undefined;
}

function findSpanFault(spans: readonly BucketSpan[], bucketCount: number): string | undefined {
  let needed = 0;
  for (const [index, { offset, length }] of spans.entries()) {
    if (index > 0 && offset < 0) return `span number ${index + 1} with offset ${offset}: histogram has a span whose offset is negative`;
    needed += length;
  }
  if (needed === bucketCount) return undefined;
  return `spans need ${needed} buckets, have ${bucketCount} buckets: histogram spans specify different number of buckets than provided`;
}

function findCustomBucketFault({ customValueBits, positiveSpans }: Histogram, bucketCount: number): string | undefined {
  let previous = -Infinity;
  for (const [index, bits] of customValueBits.entries()) {
    const bound = floatFromBits(bits);
    if (Number.isNaN(bound)) return 'histogram custom bounds must not be NaN';
    if (index > 0 && bound <= previous) {
      return `previous bound is ${previous} and current is ${bound}: histogram custom bounds must be in strictly increasing order`;
    }
    previous = bound;
  }
  if (previous === Infinity) return 'last +Inf bound must not be explicitly defined: histogram custom bounds must be finite';
  let covered = 0;
  for (const [index, { offset, length }] of positiveSpans.entries()) {
    if (offset < 0) return `span number ${index + 1} with offset ${offset}: histogram has a span whose offset is negative`;
    covered += length + offset;
  }
  const fault = findSpanFault(positiveSpans, bucketCount);
  if (fault !== undefined || covered <= customValueBits.length + 1) return fault;
  return `only ${customValueBits.length} custom bounds defined which is insufficient to cover total span length of ${covered}: histogram custom bounds are too few`;
}

function findIntCountFault({ count, zeroCount, negativeDeltas, positiveDeltas, sumBits }: Histogram): string | undefined {
  let total = zeroCount.kind === 'int' ? zeroCount.value : 0n;
  for (const [side, deltas] of [
    ['negative', negativeDeltas],
    ['positive', positiveDeltas],
  ] as const) {
    let bucket = 0n;
    for (const [index, delta] of deltas.entries()) {
      bucket = BigInt.asIntN(64, bucket + delta);
      if (bucket < 0n) {
        return `${side} side: bucket number ${index + 1} has observation count of ${bucket}: histogram has a bucket whose observation count is negative`;
      }
      total = BigInt.asUintN(64, total + bucket);
    }
  }
  const declared = count.kind === 'int' ? count.value : 0n;
  const found = `${total} observations found in buckets, but the Count field is ${declared}`;
  if (Number.isNaN(floatFromBits(sumBits))) {
    if (total <= declared) return undefined;
    return `${found}: histogram's observation count should be at least the number of observations found in the buckets`;
  }
  if (total === declared) return undefined;
  return `${found}: histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)`;
}

function findFloatCountFault({ count, negativeCountBits, positiveCountBits }: Histogram): string | undefined {
  for (const [side, counts] of [
    ['negative', negativeCountBits],
    ['positive', positiveCountBits],
  ] as const) {
    for (const [index, bits] of counts.entries()) {
      const bucket = floatFromBits(bits);
      if (bucket < 0) {
        return `${side} side: bucket number ${index + 1} has observation count of ${bucket}: histogram has a bucket whose observation count is negative`;
      }
    }
  }
  const declared = count.kind === 'float' ? floatFromBits(count.valueBits) : 0;
  return declared < 0 ? `observation count is ${declared}: histogram's observation count is negative` : undefined;
}
