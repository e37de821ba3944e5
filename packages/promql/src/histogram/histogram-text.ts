import { formatGeneral, formatSampleValue } from '../number-text.js';
import { allBuckets, type Bucket, bucketsOf, zeroBucket } from './bucket-iteration.js';
import type { FloatHistogram } from './float-histogram.js';

/** A histogram as `count_values` puts it into a label (`model/histogram`, FloatHistogram.String). */
export function histogramText(histogram: FloatHistogram): string {
  const parts = [`count:${formatGeneral(histogram.count)}`, `sum:${formatGeneral(histogram.sum)}`];
  const add = (bucket: Bucket): void => {
    if (bucket.count !== 0) parts.push(bucketText(bucket));
  };
  bucketsOf(histogram, 'negative').reverse().forEach(add);
  if (histogram.zeroCount !== 0) add(zeroBucket(histogram));
  bucketsOf(histogram, 'positive').forEach(add);
  return `{${parts.join(', ')}}`;
}

function bucketText({ lower, upper, lowerInclusive, upperInclusive, count }: Bucket): string {
  return `${lowerInclusive ? '[' : '('}${formatGeneral(lower)},${formatGeneral(upper)}${upperInclusive ? ']' : ')'}:${formatGeneral(count)}`;
}

/** A histogram as the HTTP API answers it: the first number of a bucket says which of its bounds belong to it. */
export interface HistogramAnswer {
  readonly count: string;
  readonly sum: string;
  readonly buckets?: readonly (readonly [boundaries: number, lower: string, upper: string, count: string])[];
}

export function histogramAnswer(histogram: FloatHistogram, format: (value: number) => string = formatSampleValue): HistogramAnswer {
  const buckets = allBuckets(histogram)
    .filter(({ count }) => count !== 0)
    .map(({ lower, upper, lowerInclusive, upperInclusive, count }) => {
      const boundaries = lowerInclusive ? (upperInclusive ? 3 : 1) : upperInclusive ? 0 : 2;
      return [boundaries, format(lower), format(upper), format(count)] as const;
    });
  const totals = { count: format(histogram.count), sum: format(histogram.sum) };
  return buckets.length === 0 ? totals : { ...totals, buckets };
}
