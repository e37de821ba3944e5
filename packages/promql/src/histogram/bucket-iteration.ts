import { bucketBound, exponentialBound, isCustomSchema, isExponentialSchema } from './bucket-bounds.js';
import { bucketIndexes, coarserIndex, type Side } from './bucket-spans.js';

export interface Bucket {
  lower: number;
  upper: number;
  readonly lowerInclusive: boolean;
  readonly upperInclusive: boolean;
  readonly count: number;
}

/** What is read of a histogram to know its buckets. */
interface BucketLayout {
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly positive: Side;
  readonly negative: Side;
  readonly customBounds: readonly number[];
}

/** The buckets of one side from zero outwards, empty ones included. */
export function bucketsOf(histogram: BucketLayout, side: 'positive' | 'negative'): Bucket[] {
  const { schema, customBounds } = histogram;
  const { spans, counts } = histogram[side];
  const isCustom = isCustomSchema(schema);
  const bounds = side === 'positive' ? customBounds : [];
  const buckets: Bucket[] = [];
  for (const [position, index] of bucketIndexes(spans).entries()) {
    const count = counts[position];
    if (count === undefined) break;
    const far = bucketBound(index, schema, bounds);
    const near = bucketBound(index - 1, schema, bounds);
    const lower = side === 'positive' ? near : -far;
    const upper = side === 'positive' ? far : -near;
    buckets.push({
      lower,
      upper,
      lowerInclusive: isCustom ? index === 0 : lower < 0,
      upperInclusive: isCustom || upper > 0,
      count,
    });
  }
  return buckets;
}

/** Every bucket in ascending order; the zero bucket only if something is in it. Bounds inside the zero bucket are moved to its edge. */
export function allBuckets(histogram: BucketLayout): Bucket[] {
  const { zeroThreshold, zeroCount } = histogram;
  const clip = (bucket: Bucket): Bucket => {
    if (bucket.upper < 0 && bucket.upper > -zeroThreshold) bucket.upper = -zeroThreshold;
    else if (bucket.lower > 0 && bucket.lower < zeroThreshold) bucket.lower = zeroThreshold;
    return bucket;
  };
  const negative = bucketsOf(histogram, 'negative').reverse().map(clip);
  const positive = bucketsOf(histogram, 'positive').map(clip);
  return zeroCount > 0 ? [...negative, zeroBucket(histogram), ...positive] : [...negative, ...positive];
}

export function zeroBucket({ zeroThreshold, zeroCount }: BucketLayout): Bucket {
  return { lower: -zeroThreshold, upper: zeroThreshold, lowerInclusive: true, upperInclusive: true, count: zeroCount };
}

export interface MergedCounts {
  readonly indexes: readonly number[];
  readonly counts: readonly number[];
}

/** The counts of one side in a coarser schema, without the buckets that end at or below `startValue`. */
export function mergedCounts(
  histogram: BucketLayout,
  side: 'positive' | 'negative',
  startValue: number,
  targetSchema: number,
): MergedCounts {
  const { schema } = histogram;
  const indexes: number[] = [];
  const counts: number[] = [];
  for (const [position, original] of bucketIndexes(histogram[side].spans).entries()) {
    const count = histogram[side].counts[position];
    if (count === undefined) break;
    const index = schema === targetSchema ? original : coarserIndex(original, schema, targetSchema);
    if (indexes.length > 0 && indexes[indexes.length - 1] === index && schema !== targetSchema) {
      counts[counts.length - 1]! += count;
      continue;
    }
    indexes.push(index);
    counts.push(count);
  }
  if (startValue === 0 || !isExponentialSchema(targetSchema)) return { indexes, counts };
  const first = indexes.findIndex((index) => exponentialBound(index, targetSchema) > startValue);
  return first === -1 ? { indexes: [], counts: [] } : { indexes: indexes.slice(first), counts: counts.slice(first) };
}
