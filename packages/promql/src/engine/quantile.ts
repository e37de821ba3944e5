import type { FloatHistogram } from '../histogram/float-histogram.js';
import { allBuckets, type Bucket } from '../histogram/bucket-iteration.js';
import { fractionBelow } from '../histogram/trim-histogram.js';
import { exp2 } from '../math/exponential.js';
import { log2 } from '../math/logarithm.js';
import { maximum, minimum } from '../math/extremes.js';
import type { TextRange } from '../syntax/expression.js';
import type { Annotations } from './annotations.js';

/** A quantile of values, between the two that it falls among (`promql/quantile.go`). Sorts the values in place. */
export function quantileOf(quantile: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(quantile)) return NaN;
  if (quantile < 0) return -Infinity;
  if (quantile > 1) return Infinity;
  sortNaNFirst(values);
  const count = values.length;
  const rank = quantile * (count - 1);
  const lower = maximum(0, Math.floor(rank));
  const upper = minimum(count - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  if (weight === 0) return values[lower]!;
  return values[lower]! * (1 - weight) + values[upper]! * weight;
}

/** Ascending with NaN first. Equal values stay in their order, also the two zeros, which a typed array's own sort would tell apart. */
function sortNaNFirst(values: Float64Array): void {
  let hasNegativeZero = false;
  for (const value of values) if (Object.is(value, -0)) hasNegativeZero = true;
  if (hasNegativeZero) {
    values.sort((left, right) => {
      if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(right)) - Number(Number.isNaN(left));
      return left - right;
    });
    return;
  }
  values.sort();
  let nans = 0;
  while (nans < values.length && Number.isNaN(values[values.length - 1 - nans]!)) nans++;
  if (nans === 0 || nans === values.length) return;
  values.copyWithin(nans, 0, values.length - nans);
  values.fill(NaN, 0, nans);
}

/** A bucket of a classic histogram: how many observations are at most `upper`. */
export interface ClassicBucket {
  readonly upper: number;
  count: number;
}

export interface ClassicQuantile {
  readonly value: number;
  /** Set if counts fell where they must not, and had to be raised. */
  readonly forced: { readonly minBucket: number; readonly maxBucket: number; readonly maxDifference: number } | null;
}

/**
 * A quantile of a classic histogram. Takes the buckets in any order and leaves them in order and monotonic, so that a second quantile of
 * the same buckets has nothing to force.
 */
export function classicQuantile(quantile: number, unsorted: ClassicBucket[]): ClassicQuantile {
  const plain = (value: number): ClassicQuantile => ({ value, forced: null });
  if (Number.isNaN(quantile)) return plain(NaN);
  if (quantile < 0) return plain(-Infinity);
  if (quantile > 1) return plain(Infinity);
  const buckets = joinedBuckets(unsorted);
  if (buckets === null) return plain(NaN);
  const forced = forceMonotonic(buckets);
  unsorted.splice(0, unsorted.length, ...buckets);
  const last = buckets.length - 1;
  if (last < 1) return { value: NaN, forced };
  const observations = buckets[last]!.count;
  if (observations === 0) return { value: NaN, forced };
  let rank = quantile * observations;
  let index = 0;
  // A binary search over counts, as Prometheus does it: with a NaN among them another search would end elsewhere.
  for (let high = last; index < high;) {
    const middle = (index + high) >>> 1;
    if (buckets[middle]!.count >= rank) high = middle;
    else index = middle + 1;
  }
  if (index === last) return { value: buckets[last - 1]!.upper, forced };
  const bucket = buckets[index]!;
  if (index === 0 && bucket.upper <= 0) return { value: bucket.upper, forced };
  let start = 0;
  let { count } = bucket;
  if (index > 0) {
    const before = buckets[index - 1]!;
    start = before.upper;
    count -= before.count;
    rank -= before.count;
  }
  return { value: start + (bucket.upper - start) * (rank / count), forced };
}

/** Sorted, with equal bounds joined. Null without a bucket for everything. */
function joinedBuckets(unsorted: readonly ClassicBucket[]): ClassicBucket[] | null {
  const sorted = [...unsorted].sort((left, right) => (left.upper < right.upper ? -1 : left.upper > right.upper ? 1 : 0));
  if (sorted[sorted.length - 1]?.upper !== Infinity) return null;
  const joined: ClassicBucket[] = [];
  for (const { upper, count } of sorted) {
    const last = joined[joined.length - 1];
    if (last?.upper === upper) last.count += count;
    else joined.push({ upper, count });
  }
  return joined;
}

/** Differences below this share of the counts come from rounding and are ignored. */
const SMALL_DIFFERENCE = 1e-12;
const SMALLEST_NORMAL = 2 ** -1022;

function forceMonotonic(buckets: ClassicBucket[]): ClassicQuantile['forced'] {
  let minBucket = Infinity;
  let maxBucket = -Infinity;
  let maxDifference = 0;
  let forced = false;
  let previous = buckets[0]!.count;
  for (const bucket of buckets.slice(1)) {
    const { count, upper } = bucket;
    if (count === previous) continue;
    if (almostEqual(previous, count)) {
      bucket.count = previous;
      continue;
    }
    if (count < previous) {
      bucket.count = previous;
      forced = true;
      if (upper < minBucket) minBucket = upper;
      if (upper > maxBucket) maxBucket = upper;
      const difference = previous - count;
      if (difference > maxDifference) maxDifference = difference;
      continue;
    }
    previous = count;
  }
  return forced ? { minBucket, maxBucket, maxDifference } : null;
}

function almostEqual(left: number, right: number): boolean {
  if (Number.isNaN(left) && Number.isNaN(right)) return true;
  if (left === right) return true;
  const sum = Math.abs(left) + Math.abs(right);
  const difference = Math.abs(left - right);
  if (left === 0 || right === 0 || sum < SMALLEST_NORMAL) return difference < SMALL_DIFFERENCE * SMALLEST_NORMAL;
  return difference / minimum(sum, Number.MAX_VALUE) < SMALL_DIFFERENCE;
}

/** Which share of the observations of a classic histogram lies between two values. */
export function classicFraction(lower: number, upper: number, unsorted: readonly ClassicBucket[]): number {
  const buckets = joinedBuckets(unsorted);
  if (buckets === null) return NaN;
  const total = buckets[buckets.length - 1]!.count;
  if (total === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN;
  if (lower >= upper) return 0;
  let rank = 0;
  let lowerRank: number | null = null;
  let upperRank: number | null = null;
  let start = buckets[0]!.upper <= 0 ? -Infinity : 0;
  for (const [index, { upper: end, count }] of buckets.entries()) {
    if (index > 0) start = buckets[index - 1]!.upper;
    const at = (value: number): number => (start === -Infinity ? count : rank + ((count - rank) * (value - start)) / (end - start));
    if (lowerRank === null && start >= lower) lowerRank = rank;
    if (upperRank === null && start >= upper) upperRank = rank;
    if (lowerRank === null && start < lower && end > lower) lowerRank = at(lower);
    if (upperRank === null && start < upper && end > upper) upperRank = at(upper);
    if (lowerRank !== null && upperRank !== null) break;
    rank = count;
  }
  if (lowerRank === null || lowerRank > total) lowerRank = total;
  if (upperRank === null || upperRank > total) upperRank = total;
  return (upperRank - lowerRank) / total;
}

/** Where the whole zero bucket must lie if there are observations on one side only. */
function narrowZeroBucket(bucket: Bucket, histogram: FloatHistogram): void {
  const negative = histogram.negative.counts.length;
  const positive = histogram.positive.counts.length;
  if (negative === 0 && positive > 0) bucket.lower = 0;
  else if (positive === 0 && negative > 0) bucket.upper = 0;
}

/** A quantile of a native histogram. */
export function nativeQuantile(
  quantile: number,
  histogram: FloatHistogram,
  metricName: string,
  range: TextRange,
  annotations: Annotations,
): number {
  if (quantile < 0) return -Infinity;
  if (quantile > 1) return Infinity;
  if (histogram.count === 0 || Number.isNaN(quantile)) return NaN;
  const hasNaN = Number.isNaN(histogram.sum);
  // Counted from the nearer end, unless NaN observations are in no bucket: then those count as the highest.
  const forwards = hasNaN || quantile < 0.5;
  const buckets = allBuckets(histogram);
  if (!forwards) buckets.reverse();
  let rank = (forwards ? quantile : 1 - quantile) * histogram.count;
  let bucket: Bucket = { lower: 0, upper: 0, lowerInclusive: false, upperInclusive: false, count: 0 };
  let count = 0;
  let next = 0;
  while (next < buckets.length) {
    bucket = buckets[next++]!;
    if (bucket.count === 0) continue;
    count += bucket.count;
    if (count >= rank) break;
  }
  if (!histogram.isCustom && bucket.lower < 0 && bucket.upper > 0) narrowZeroBucket(bucket, histogram);
  else if (histogram.isCustom) {
    if (bucket.lower === -Infinity) {
      if (bucket.upper <= 0) return bucket.upper;
      bucket.lower = 0;
    } else if (bucket.upper === Infinity) return bucket.lower;
  }
  if (count > histogram.count) ({ count } = histogram);
  if (count < rank) {
    if (!hasNaN) return bucket.upper;
    annotations.quantileIsNaN(metricName, range);
    return NaN;
  }
  rank = forwards ? rank - (count - bucket.count) : count - rank;
  if (hasNaN) {
    for (; next < buckets.length; next++) count += buckets[next]!.count;
    if (count < histogram.count) annotations.quantileIsSkewed(metricName, range);
  }
  const fraction = rank / bucket.count;
  const { lower, upper } = bucket;
  if (histogram.isCustom || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * fraction;
  const logLower = log2(Math.abs(lower));
  const logUpper = log2(Math.abs(upper));
  if (lower > 0) return exp2(logLower + (logUpper - logLower) * fraction);
  return -exp2(logUpper + (logLower - logUpper) * (1 - fraction));
}

/** Which share of the observations of a native histogram lies between two values. */
export function nativeFraction(
  lower: number,
  upper: number,
  histogram: FloatHistogram,
  metricName: string,
  range: TextRange,
  annotations: Annotations,
): number {
  if (histogram.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN;
  if (lower >= upper) return 0;
  const { isCustom } = histogram;
  const buckets = allBuckets(histogram);
  let count = 0;
  let rank = 0;
  let lowerRank: number | null = null;
  let upperRank: number | null = null;
  let next = 0;
  while (next < buckets.length) {
    const bucket = buckets[next++]!;
    count += bucket.count;
    let isZeroBucket = false;
    if (isCustom) {
      if (bucket.lower === -Infinity && bucket.upper > 0) bucket.lower = 0;
    } else if (bucket.lower <= 0 && bucket.upper >= 0) {
      isZeroBucket = true;
      narrowZeroBucket(bucket, histogram);
    }
    const isLinear = isCustom || isZeroBucket;
    const at = (value: number): number =>
      isLinear && bucket.lower === -Infinity ? bucket.count : rank + bucket.count * fractionBelow(bucket, value, isLinear);
    if (lowerRank === null && bucket.lower >= lower) lowerRank = rank;
    if (upperRank === null && bucket.lower >= upper) upperRank = rank;
    if (lowerRank === null && bucket.lower < lower && bucket.upper > lower) lowerRank = at(lower);
    if (upperRank === null && bucket.lower < upper && bucket.upper > upper) upperRank = at(upper);
    if (lowerRank !== null && upperRank !== null) break;
    rank += bucket.count;
  }
  if (Number.isNaN(histogram.sum)) {
    for (; next < buckets.length; next++) count += buckets[next]!.count;
    if (count < histogram.count) annotations.fractionExcludesNaN(metricName, range);
  } else ({ count } = histogram);
  if (lowerRank === null || lowerRank > count) lowerRank = count;
  if (upperRank === null || upperRank > count) upperRank = count;
  return (upperRank - lowerRank) / histogram.count;
}
