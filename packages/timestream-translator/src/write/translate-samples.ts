import { floatFromBits, floatsOf, type Samples } from '@timestream-prometheus/prom-codec';
import type { DropTally } from './drop-tally.js';
import { MEASURE_VALUE_DOUBLE_COLUMN, SAMPLE_BITS_COLUMN, SAMPLE_VALUE_COLUMN, type Layout, type ValueColumn } from '../model/layout.js';
import { MAX_RECORD_BYTES, MAX_TIMESTAMP_MS, MIN_TIMESTAMP_MS } from '../model/limits.js';
import { doubleOrBitsText, doubleText } from '../text/number-text.js';
import type { SampleReference } from '../model/record.js';
import { valueBytes } from './record-size.js';
import { tooLargeOffence, type SeriesLabels } from './series-labels.js';
import type { StoredSeries, StoreSeries } from './stored-series.js';

const FEW_SAMPLES = 4;

/** One sample, ready to become a Timestream record: see `batchRecords`. */
export interface TranslatedRecord {
  readonly series: StoredSeries;
  readonly timestampMs: number;
  /** Where the value goes; it says the layout as well. */
  readonly column: ValueColumn;
  /** Decimal text: a double, or for `sample_bits` a signed 64-bit integer. */
  readonly value: string;
  readonly source: SampleReference;
}

/** What translating samples needs besides them, for one request. */
export interface SampleTranslator {
  readonly layout: Layout;
  readonly drops: DropTally;
  readonly storeSeries: StoreSeries;
}

/** One label set of a request and its records so far. */
export interface SeriesTarget {
  readonly labels: SeriesLabels;
  /** Set with the first sample that could be stored, so that a series without one claims no dimension. */
  stored: StoredSeries | undefined;
  records: TranslatedRecord[] | undefined;
  /** Only once a sample came that is not later than all before it: Prometheus sends them in order. */
  recordByTimestampMs: Map<number, TranslatedRecord> | undefined;
  latestTimestampMs: number;
}

export function createSeriesTarget(labels: SeriesLabels): SeriesTarget {
  return { labels, stored: undefined, records: undefined, recordByTimestampMs: undefined, latestTimestampMs: -1 };
}

export function recordsInTimeOrder({ records = [], recordByTimestampMs }: SeriesTarget): readonly TranslatedRecord[] {
  return recordByTimestampMs === undefined ? records : records.toSorted((left, right) => left.timestampMs - right.timestampMs);
}

/** Adds samples of a series to its records, or to what is dropped; returns how many were there already, bit for bit. */
export function translateSamples(
  { layout, drops, storeSeries }: SampleTranslator,
  samples: Samples,
  seriesIndex: number,
  target: SeriesTarget,
): number {
  const { timestampsMs, valueBits } = samples;
  // A view costs more than a few conversions; most series of a request have one sample.
  const floats = valueBits.length > FEW_SAMPLES ? floatsOf(samples) : undefined;
  const { labels } = target.labels;
  let identicalCount = 0;
  for (let sampleIndex = 0; sampleIndex < timestampsMs.length; sampleIndex++) {
    // An int64 beyond 2^53 loses digits here, but never comes back into the range.
    const timestampMs = Number(timestampsMs[sampleIndex]);
    if (timestampMs < MIN_TIMESTAMP_MS || timestampMs > MAX_TIMESTAMP_MS) {
      drops.add('timestamp-out-of-range', 1, labels, () => describeRange(timestampsMs[sampleIndex]));
      continue;
    }
    const float = floats === undefined ? floatFromBits(valueBits[sampleIndex] ?? 0n) : (floats[sampleIndex] ?? NaN);
    const isFinite = Number.isFinite(float);
    if (!isFinite && layout === 'single-measure') {
      drops.add('non-finite-value', 1, labels, () => `the value at ${timestampMs} ms is ${doubleOrBitsText(valueBits[sampleIndex] ?? 0n)}`);
      continue;
    }
    const stored = (target.stored ??= storeSeries(target.labels));
    const column = layout === 'single-measure' ? MEASURE_VALUE_DOUBLE_COLUMN : isFinite ? SAMPLE_VALUE_COLUMN : SAMPLE_BITS_COLUMN;
    const recordBytes = stored.baseBytes + valueBytes(column);
    if (recordBytes > MAX_RECORD_BYTES) {
      drops.add('record-too-large', 1, labels, () => tooLargeOffence(recordBytes));
      continue;
    }
    const value = isFinite ? doubleText(float) : String(BigInt.asIntN(64, valueBits[sampleIndex] ?? 0n));
    const earlier = timestampMs > target.latestTimestampMs ? undefined : recordAt(target, timestampMs);
    if (earlier !== undefined) {
      if (earlier.column === column && earlier.value === value) identicalCount++;
      else {
        drops.add(
          'conflicting-sample',
          1,
          labels,
          () => `at ${timestampMs} ms the request has another value before ${doubleOrBitsText(valueBits[sampleIndex] ?? 0n)}`,
        );
      }
      continue;
    }
    const record: TranslatedRecord = { series: stored, timestampMs, column, value, source: { seriesIndex, sampleIndex } };
    // Most series have one record: an array made with it has room for no more, one that it is pushed to for 17.
    if (target.records === undefined) target.records = [record];
    else target.records.push(record);
    target.recordByTimestampMs?.set(timestampMs, record);
    if (timestampMs > target.latestTimestampMs) target.latestTimestampMs = timestampMs;
  }
  return identicalCount;
}

function recordAt(target: SeriesTarget, timestampMs: number): TranslatedRecord | undefined {
  target.recordByTimestampMs ??= new Map((target.records ?? []).map((record) => [record.timestampMs, record]));
  return target.recordByTimestampMs.get(timestampMs);
}

function describeRange(timestampMs: bigint | undefined): string {
  return `timestamp ${String(timestampMs)} ms is outside ${MIN_TIMESTAMP_MS} to ${MAX_TIMESTAMP_MS} ms (1970-01-01T00:00:00Z to 2262-04-11T23:47:16.854Z)`;
}
