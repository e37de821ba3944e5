/* oxlint-disable typescript/no-non-null-assertion -- every index here is below the length of its column, and this runs for every sample */

import {
  MEASURE_VALUE_DOUBLE_COLUMN,
  SAMPLE_BITS_COLUMN,
  SAMPLE_VALUE_COLUMN,
  VALUE_COLUMN,
  type Layout,
  type ValueColumn,
} from '../model/layout.js';
import { MAX_RECORD_BYTES, MAX_TIMESTAMP_MS, MIN_TIMESTAMP_MS } from '../model/limits.js';
import { doubleOrBitsText } from '../text/number-text.js';
import type { DimensionBudget } from './dimension-budget.js';
import type { DroppedSamples, Refusal } from './drop-reason.js';
import { createDropTally, type DropTally } from './drop-tally.js';
import { findRefusal, type RefusalOptions } from './find-refusal.js';
import { valueBytes } from './record-size.js';
import type { CachedSeries, SeriesCache } from './series-cache.js';
import type { SeriesColumns } from './series-columns.js';
import { tooLargeProblem } from './series-labels.js';
import type { StoredSeries } from './stored-series.js';

export interface TranslateOptions extends RefusalOptions {
  readonly layout: Layout;
  /** The budget of the table that is written to; labels of stored series claim places in it. */
  readonly dimensionBudget: DimensionBudget;
}

export interface TranslateColumnsOptions extends TranslateOptions {
  /** The version of every record, a positive integer. Not given: none is written, which means 1. */
  readonly recordVersion?: number | undefined;
  /** Which of two values counts that the request has for one series and time; `first` if not given. The other one is dropped either way. */
  readonly conflictWinner?: 'first' | 'last';
  /** What is known of series from earlier requests. */
  readonly series: SeriesCache;
}

/** The samples of a request that become records, as columns: no object for a sample. */
export interface RecordColumns {
  readonly count: number;
  readonly layout: Layout;
  /** The series of each record; the records of one series stand together, in time order. */
  readonly series: readonly StoredSeries[];
  /** The place of each record's sample in `columns`. */
  readonly samples: Uint32Array;
  readonly columns: SeriesColumns;
  readonly version?: number | undefined;
  /** Where the series come from. */
  readonly cache: SeriesCache;
}

/**
 * The outcome for every sample of the input (of others: `translateHistograms`, `translateExemplars`):
 * `records.count + identicalCount + (sum of dropped counts) + refusedCount === receivedCount`.
 */
export interface Translation {
  /** No two with the same series and time. Series in the order they came. */
  readonly records: RecordColumns;
  /** One entry per reason that occurred, in the order of their first occurrence. */
  readonly dropped: readonly DroppedSamples[];
  /** Samples that repeat another sample of the request bit for bit; they are stored by storing that one. */
  readonly identicalCount: number;
  /** Set if an option demands to refuse the request: then there are no records, and nothing of it may be written. */
  readonly refused?: Refusal;
  /** All that came, if `refused` is set, else 0. */
  readonly refusedCount: number;
  /** Samples of the input. */
  readonly receivedCount: number;
}

const NO_RECORD = -1;

/**
 * Translates the series of one remote-write request to records. Label sets may be unsorted and may occur several times, samples may be in
 * any order; texts must be well-formed Unicode, as they are when they come from UTF-8. Never throws because of its input.
 */
export function translateColumns(columns: SeriesColumns, options: TranslateColumnsOptions): Translation {
  const layout = layoutIn(options.dimensionBudget, options.layout);
  const receivedCount = columns.timestampsMs.length;
  const refused = findRefusal(columns, options);
  if (refused !== null) {
    const records: RecordColumns = { count: 0, layout, series: [], samples: new Uint32Array(0), columns, cache: options.series };
    return { records, dropped: [], identicalCount: 0, refused, refusedCount: receivedCount, receivedCount };
  }
  const translator = new SampleTranslator(columns, { ...options, layout });
  translator.translateAll();
  const { identicalCount, drops } = translator;
  return { records: translator.records(), dropped: drops.list(), identicalCount, refusedCount: 0, receivedCount };
}

/**
 * The layout in which finite values are written where `layout` is wanted: a table with a dimension `v`, for one, takes no measure of that name, so
 * there `multi-measure` means `sample-value`.
 */
export function layoutIn(budget: DimensionBudget, layout: Layout): Layout {
  return layout === 'multi-measure' && !budget.takesValueColumn ? 'sample-value' : layout;
}

/** The column that a value is written to. */
export function valueColumnOf(layout: Layout, value: number): ValueColumn {
  return layout === 'single-measure' || Number.isFinite(value) ? finiteColumns[layout] : SAMPLE_BITS_COLUMN;
}

/** The column of finite values. */
export const finiteColumns: Readonly<Record<Layout, Exclude<ValueColumn, typeof SAMPLE_BITS_COLUMN>>> = {
  'multi-measure': VALUE_COLUMN,
  'sample-value': SAMPLE_VALUE_COLUMN,
  compact: MEASURE_VALUE_DOUBLE_COLUMN,
  'single-measure': MEASURE_VALUE_DOUBLE_COLUMN,
};

class SampleTranslator {
  readonly drops: DropTally = createDropTally();
  identicalCount = 0;
  readonly #columns: SeriesColumns;
  readonly #options: TranslateColumnsOptions;
  readonly #request: number;
  readonly #series: StoredSeries[] = [];
  readonly #samples: Uint32Array;
  /** The record of the same series before each record. */
  readonly #previous: Int32Array;
  /** Only of series of which a sample came that is not later than all before it: Prometheus sends them in order. */
  readonly #recordByTime = new Map<CachedSeries, Map<number, number>>();
  #isOrdered = true;

  constructor(columns: SeriesColumns, options: TranslateColumnsOptions) {
    this.#columns = columns;
    this.#options = options;
    this.#request = options.series.startRequest();
    this.#samples = new Uint32Array(columns.timestampsMs.length);
    this.#previous = new Int32Array(columns.timestampsMs.length);
  }

  translateAll(): void {
    const { labelSets, sampleEnds } = this.#columns;
    let start = 0;
    for (let index = 0; index < labelSets.length; index++) {
      const labelSet = labelSets[index];
      const end = sampleEnds[index] ?? start;
      if (labelSet === undefined) return;
      if (end > start) {
        const series = this.#options.series.seriesOf(labelSet);
        if ('reason' in series) this.drops.add(series.reason, end - start, labelSet.labels, series.problem);
        else this.#translateSeries(series, start, end);
      }
      start = end;
    }
  }

  records(): RecordColumns {
    const { layout, series: cache, recordVersion: version } = this.#options;
    const count = this.#series.length;
    const records = {
      count,
      layout,
      series: this.#series,
      samples: this.#samples.subarray(0, count),
      columns: this.#columns,
      cache,
      version,
    };
    return this.#isOrdered ? records : inSeriesAndTimeOrder(records);
  }

  #translateSeries(series: CachedSeries, start: number, end: number): void {
    const { dimensionBudget, layout, series: cache } = this.#options;
    const { timestampsMs, values, valueBits } = this.#columns;
    if (series.request !== this.#request) {
      series.request = this.#request;
      series.lastRecord = NO_RECORD;
      series.latestTimestampMs = -1;
    } else if (series.lastRecord !== this.#series.length - 1) this.#isOrdered = false;
    // Made with the first sample that can be stored, so that a series without one claims no dimension.
    let stored: StoredSeries | undefined;
    for (let sample = start; sample < end; sample++) {
      const timestampMs = timestampsMs[sample]!;
      const value = values[sample]!;
      if (!(timestampMs >= MIN_TIMESTAMP_MS && timestampMs <= MAX_TIMESTAMP_MS)) {
        this.drops.add('timestamp-out-of-range', 1, series.labels, () => describeRange(timestampMs));
        continue;
      }
      if (layout === 'single-measure' && !Number.isFinite(value)) {
        this.drops.add(
          'non-finite-value',
          1,
          series.labels,
          () => `the value at ${timestampMs} ms is ${doubleOrBitsText(valueBits[sample] ?? 0n)}`,
        );
        continue;
      }
      stored ??= series.storedIn(dimensionBudget, cache.interned);
      const recordBytes = stored.baseBytes + valueBytes(valueColumnOf(layout, value));
      if (recordBytes > MAX_RECORD_BYTES) {
        this.drops.add('record-too-large', 1, series.labels, () => tooLargeProblem(recordBytes));
        continue;
      }
      if (timestampMs > series.latestTimestampMs) {
        series.latestTimestampMs = timestampMs;
        this.#addRecord(series, stored, sample);
      } else this.#addLate(series, stored, sample);
    }
  }

  #addRecord(series: CachedSeries, stored: StoredSeries, sample: number): number {
    const record = this.#series.length;
    this.#series.push(stored);
    this.#samples[record] = sample;
    this.#previous[record] = series.lastRecord;
    series.lastRecord = record;
    return record;
  }

  /** A sample that is not later than all of its series before it: a repetition, a conflict, or only out of order. */
  #addLate(series: CachedSeries, stored: StoredSeries, sample: number): void {
    const { timestampsMs, valueBits } = this.#columns;
    const timestampMs = timestampsMs[sample]!;
    const recordByTime = this.#recordsByTime(series);
    const earlier = recordByTime.get(timestampMs);
    if (earlier === undefined) {
      this.#isOrdered = false;
      recordByTime.set(timestampMs, this.#addRecord(series, stored, sample));
      return;
    }
    const bits = valueBits[sample] ?? 0n;
    if (valueBits[this.#samples[earlier]!] === bits) this.identicalCount += 1;
    else {
      const isLastKept = this.#options.conflictWinner === 'last';
      const lostBits = isLastKept ? (valueBits[this.#samples[earlier]!] ?? 0n) : bits;
      const problem = () =>
        `at ${timestampMs} ms the request has another value ${isLastKept ? 'after' : 'before'} ${doubleOrBitsText(lostBits)}`;
      if (isLastKept) this.#samples[earlier] = sample;
      this.drops.add('conflicting-sample', 1, series.labels, problem);
    }
  }

  /** Complete for every time that is not later than all before it. */
  #recordsByTime(series: CachedSeries): Map<number, number> {
    let recordByTime = this.#recordByTime.get(series);
    if (recordByTime === undefined) {
      recordByTime = new Map();
      this.#recordByTime.set(series, recordByTime);
    }
    // What was added in order since the last time is not in it yet; everything before that is.
    for (let record = series.lastRecord; record !== NO_RECORD; record = this.#previous[record]!) {
      const timestampMs = this.#columns.timestampsMs[this.#samples[record]!]!;
      if (recordByTime.has(timestampMs)) break;
      recordByTime.set(timestampMs, record);
    }
    return recordByTime;
  }
}

/** By series, in the order of their first record, then by time. */
function inSeriesAndTimeOrder({ count, layout, series, samples, columns, cache, version }: RecordColumns): RecordColumns {
  const rankBySeries = new Map<StoredSeries, number>();
  for (const stored of series) if (!rankBySeries.has(stored)) rankBySeries.set(stored, rankBySeries.size);
  const ranks = Uint32Array.from(series, (stored) => rankBySeries.get(stored) ?? 0);
  const timeOf = (record: number): number => columns.timestampsMs[samples[record]!]!;
  const order = Uint32Array.from({ length: count }, (_, record) => record).sort(
    (left, right) => ranks[left]! - ranks[right]! || timeOf(left) - timeOf(right),
  );
  return {
    count,
    layout,
    series: Array.from(order, (record) => series[record]!),
    samples: order.map((record) => samples[record]!),
    columns,
    cache,
    version,
  };
}

/** What is wrong with a time that no record can have. */
export function describeRange(timestampMs: number): string {
  // Columns round beyond 2^53, which lies outside of every range; no int64 is above this bound, so the last of them is given as it was.
  const exact = timestampMs >= 2 ** 63 ? 2n ** 63n - 1n : BigInt(timestampMs);
  return `timestamp ${exact} ms is outside ${MIN_TIMESTAMP_MS} to ${MAX_TIMESTAMP_MS} ms (1970-01-01T00:00:00Z to 2262-04-11T23:47:16.854Z)`;
}
