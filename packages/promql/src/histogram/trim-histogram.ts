import { log2 } from '../math/logarithm.js';
import { type Bucket, bucketsOf, zeroBucket } from './bucket-iteration.js';
import type { FloatHistogram } from './float-histogram.js';

/** Where a value lies in a bucket, from 0 at its lower to 1 at its upper bound. */
export function fractionBelow({ lower, upper }: Bucket, value: number, isLinear: boolean): number {
  if (isLinear) return (value - lower) / (upper - lower);
  const logLower = log2(Math.abs(lower));
  const logUpper = log2(Math.abs(upper));
  const logValue = log2(Math.abs(value));
  if (value > 0) return (logValue - logLower) / (logUpper - logLower);
  return 1 - (logValue - logUpper) / (logLower - logUpper);
}

interface Kept {
  readonly count: number;
  /** What the observations that are kept are taken for, to make the new sum. */
  readonly midpoint: number;
}

const NOTHING: Kept = { count: 0, midpoint: 0 };

/** Drop the observations above (`</`) or below (`>/`) a value, in place; a bucket around the value is divided by interpolation. */
export function trimHistogram(histogram: FloatHistogram, value: number, dropsAbove: boolean): FloatHistogram {
  const { isCustom } = histogram;
  let count = 0;
  let sum = 0;
  let changed = false;
  const seen = { positive: false, negative: false };
  for (const side of ['positive', 'negative'] as const) {
    for (const [position, bucket] of bucketsOf(histogram, side).entries()) {
      if (bucket.count === 0) continue;
      seen[side] = true;
      const kept = trimBucket(bucket, value, dropsAbove, side === 'positive', isCustom);
      count += kept.count;
      sum += kept.midpoint * kept.count;
      if (histogram[side].counts[position] !== kept.count) {
        histogram[side].counts[position] = kept.count;
        changed = true;
      }
    }
  }
  if (histogram.zeroCount > 0) {
    const kept = trimZeroBucket(zeroBucket(histogram), value, dropsAbove, seen);
    if (histogram.zeroCount !== kept.count) {
      histogram.zeroCount = kept.count;
      changed = true;
    }
    sum += kept.midpoint * kept.count;
    count += kept.count;
  }
  if (!changed) return histogram;
  histogram.count = count;
  histogram.sum = sum;
  return histogram.compact();
}

function trimBucket(bucket: Bucket, value: number, dropsAbove: boolean, isPositive: boolean, isCustom: boolean): Kept {
  const { lower, upper, count } = bucket;
  if (dropsAbove ? upper <= value : lower >= value) return { count, midpoint: midpointOf(lower, upper, isPositive, isCustom) };
  if (!(dropsAbove ? lower < value : upper > value)) return NOTHING;
  if (lower === -Infinity || upper === Infinity) return trimEndlessBucket(bucket, value, dropsAbove);
  const under = value <= lower ? 0 : value >= upper ? count : count * fractionBelow(bucket, value, isCustom);
  if (dropsAbove) return { count: under, midpoint: midpointOf(lower, value, isPositive, isCustom) };
  return { count: count - under, midpoint: midpointOf(value, upper, isPositive, isCustom) };
}

function trimEndlessBucket({ lower, upper, count }: Bucket, value: number, dropsAbove: boolean): Kept {
  const finite = (bound: number): number => (Number.isFinite(bound) || Number.isNaN(bound) ? bound : 0);
  if (lower === -Infinity) {
    if (dropsAbove) {
      if (value >= upper) return { count, midpoint: 0 };
      if (value > 0 && upper > 0 && upper !== Infinity) return { count: (count * value) / upper, midpoint: value / 2 };
      if (upper <= 0) return { count, midpoint: value };
      return { count: 0, midpoint: finite(upper) };
    }
    if (value <= lower) return { count, midpoint: 0 };
    if (value >= 0 && upper > value && upper !== Infinity) return { count: count * (1 - value / upper), midpoint: (value + upper) / 2 };
    return { count: 0, midpoint: finite(upper) };
  }
  if (dropsAbove) return { count: 0, midpoint: finite(lower) };
  return value >= lower ? { count, midpoint: value } : { count: 0, midpoint: finite(lower) };
}

function trimZeroBucket(bucket: Bucket, value: number, dropsAbove: boolean, seen: { positive: boolean; negative: boolean }): Kept {
  const upper = seen.negative && !seen.positive ? 0 : bucket.upper;
  const lower = seen.positive && !seen.negative ? 0 : bucket.lower;
  const whole: Kept = { count: bucket.count, midpoint: (lower + upper) / 2 };
  if (value <= lower) return dropsAbove ? NOTHING : whole;
  if (value >= upper) return dropsAbove ? whole : NOTHING;
  if (dropsAbove) return { count: bucket.count * ((value - lower) / (upper - lower)), midpoint: (lower + value) / 2 };
  return { count: bucket.count * ((upper - value) / (upper - lower)), midpoint: (value + upper) / 2 };
}

function midpointOf(lower: number, upper: number, isPositive: boolean, isLinear: boolean): number {
  const isInfinite = (bound: number): boolean => bound === Infinity || bound === -Infinity;
  if (isInfinite(lower)) {
    if (isInfinite(upper)) return 0;
    return upper > 0 ? upper / 2 : upper;
  }
  if (isInfinite(upper)) return lower;
  if (isLinear) return (lower + upper) / 2;
  const mean = Math.sqrt(Math.abs(lower * upper));
  return isPositive ? mean : -mean;
}
