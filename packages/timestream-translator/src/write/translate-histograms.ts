import { findHistogramFault, reduceToStoredSchema, type Histogram } from '@timestream-prometheus/prom-codec';
import { SAMPLE_HISTOGRAM_COLUMN } from '../model/layout.js';
import { MAX_RECORD_BYTES, MAX_TIMESTAMP_MS, MIN_TIMESTAMP_MS } from '../model/limits.js';
import { cutIntoParts, MAX_PARTS } from '../text/text-parts.js';
import { encodeHistogramText } from '../text/histogram-text.js';
import type { DroppedSamples } from './drop-reason.js';
import { createDropTally } from './drop-tally.js';
import type { CachedSeries } from './series-cache.js';
import type { SeriesColumns } from './series-columns.js';
import { tooLargeProblem } from './series-labels.js';
import type { StoredSeries } from './stored-series.js';
import { describeRange, type TranslateColumnsOptions } from './translate-columns.js';

/** A native histogram as it is stored: in one record, or in several that follow each other by a nanosecond. */
export interface StoredHistogram {
  /** Of the label sets that were given. */
  readonly seriesIndex: number;
  readonly histogram: Histogram;
  readonly series: StoredSeries;
  readonly timestampMs: number;
  /** What `sample_histogram` holds in each of its records. */
  readonly texts: readonly string[];
}

/** The outcome for every histogram: `stored.length + identicalCount + (sum of dropped counts)` of them came. */
export interface HistogramTranslation {
  readonly stored: readonly StoredHistogram[];
  readonly dropped: readonly DroppedSamples[];
  /** Histograms that repeat another one bit for bit; they are stored by storing that one. */
  readonly identicalCount: number;
}

/** Less room than this beside the labels, and a histogram would be cut into crumbs. */
const LEAST_TEXT_BYTES = 64;

/** Of a bucket in the text, `0:1` and what parts it from the next. */
const LEAST_BUCKET_BYTES = 4;

/** A histogram of more can be in no record, however short its labels are. A body has room for millions, whose text would take seconds to write. */
const MAX_BUCKETS = Math.floor((MAX_PARTS * MAX_RECORD_BYTES) / LEAST_BUCKET_BYTES);

/**
 * Translates native histograms of one remote-write request to records. Each is judged as Prometheus judges it before it stores one; one of a
 * finer schema than it stores is reduced as it does. Never throws because of its input.
 */
export function translateHistograms(
  { labelSets, histograms }: Pick<SeriesColumns, 'labelSets' | 'histograms'>,
  { layout, series: cache, dimensionBudget, conflictWinner = 'first' }: TranslateColumnsOptions,
): HistogramTranslation {
  const drops = createDropTally();
  const stored: StoredHistogram[] = [];
  const placeByTime = new Map<CachedSeries, Map<number, { readonly text: string; readonly place: number }>>();
  let identicalCount = 0;
  cache.startRequest();
  for (const { seriesIndex, histogram: received } of histograms) {
    const labelSet = labelSets[seriesIndex];
    if (labelSet === undefined) continue;
    const { labels } = labelSet;
    if (layout === 'single-measure') {
      drops.add('native-histogram', 1, labels, 'the table layout is single-measure, which has no place for a native histogram');
      continue;
    }
    const series = cache.seriesOf(labelSet);
    if ('reason' in series) {
      drops.add(series.reason, 1, labels, series.problem);
      continue;
    }
    const timestampMs = Number(received.timestampMs);
    if (!(timestampMs >= MIN_TIMESTAMP_MS && timestampMs <= MAX_TIMESTAMP_MS)) {
      drops.add('timestamp-out-of-range', 1, labels, () => describeRange(timestampMs));
      continue;
    }
    const histogram = reduceToStoredSchema(received);
    const fault = findHistogramFault(histogram);
    if (fault !== undefined) {
      drops.add('invalid-histogram', 1, labels, `at ${timestampMs} ms: ${fault}`);
      continue;
    }
    const bucketCount = bucketCountOf(histogram);
    if (bucketCount > MAX_BUCKETS) {
      const problem = `at ${timestampMs} ms it has ${bucketCount} buckets; ${MAX_PARTS} records have room for ${MAX_BUCKETS} at most`;
      drops.add('histogram-too-large', 1, labels, problem);
      continue;
    }
    const text = encodeHistogramText(histogram);
    const known = placeByTime.get(series)?.get(timestampMs);
    if (known?.text === text) {
      identicalCount += 1;
      continue;
    }
    if (known !== undefined) {
      const where = conflictWinner === 'last' ? 'after the one that is left out' : 'before';
      drops.add('conflicting-sample', 1, labels, `at ${timestampMs} ms the request has another histogram ${where}`);
      if (conflictWinner === 'first') continue;
    }
    const storedSeries = series.storedIn(dimensionBudget, cache.interned);
    const roomBytes = MAX_RECORD_BYTES - storedSeries.baseBytes - SAMPLE_HISTOGRAM_COLUMN.length;
    if (roomBytes < Math.min(LEAST_TEXT_BYTES, text.length)) {
      const leastBytes = MAX_RECORD_BYTES - roomBytes + Math.min(LEAST_TEXT_BYTES, text.length);
      drops.add('record-too-large', 1, labels, tooLargeProblem(leastBytes));
      continue;
    }
    const texts = cutIntoParts(text, roomBytes);
    if (texts === null) {
      const problem =
        `at ${timestampMs} ms its text has ${text.length} bytes, of which a record has room for ${roomBytes} beside the labels: ` +
        `more than the limit of ${MAX_PARTS} records`;
      drops.add('histogram-too-large', 1, labels, problem);
      continue;
    }
    const place = known?.place ?? stored.length;
    placeByTime.set(
      series,
      (placeByTime.get(series) ?? new Map<number, { text: string; place: number }>()).set(timestampMs, { text, place }),
    );
    stored[place] = { seriesIndex, histogram, series: storedSeries, timestampMs, texts };
  }
  return { stored, dropped: drops.list(), identicalCount };
}

function bucketCountOf({ positiveDeltas, positiveCountBits, negativeDeltas, negativeCountBits }: Histogram): number {
  return positiveDeltas.length + positiveCountBits.length + negativeDeltas.length + negativeCountBits.length;
}
