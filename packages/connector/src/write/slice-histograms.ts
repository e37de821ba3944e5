import { samplesOfHistogram } from '@timestream-prometheus/prom-codec';
import type { SeriesColumns } from '@timestream-prometheus/timestream-translator';

/** Histograms in slices of at most so many buckets, or of one histogram that has more. */
export function* sliceHistograms(
  histograms: SeriesColumns['histograms'],
  maxBuckets: number,
): Generator<SeriesColumns['histograms'], void, undefined> {
  let start = 0;
  let buckets = 0;
  for (const [index, { histogram }] of histograms.entries()) {
    const size = samplesOfHistogram(histogram);
    if (index > start && buckets + size > maxBuckets) {
      yield histograms.slice(start, index);
      start = index;
      buckets = 0;
    }
    buckets += size;
  }
  if (start < histograms.length) yield histograms.slice(start);
}
