import { compareLabels, type TimeSeries } from '@timestream-prometheus/prom-codec';
import type { Matcher } from '../matcher/matcher.js';
import { ReadLimitError } from './read-limit-error.js';
import type { ColumnInfo, QueryPage, Row } from '../model/record.js';
import { createRowReader, sampleRank, type RowReader } from './row-reader.js';
import { createSeriesFinder } from './series-finder.js';
import { createSeriesIndex } from './series-index.js';
import { isEmpty, SeriesPoints } from './series-points.js';
import { createTimestampParser } from './timestamp-text.js';

export interface ReadLimits {
  /** Samples within the bounds of series that match, before duplicates are merged; a record of a histogram counts as many of them. */
  readonly maxSamples: number;
  /** Series that match. */
  readonly maxSeries: number;
}

export interface SeriesAssemblerOptions {
  /** Every series is checked against all of them, whatever the SQL has let through. */
  readonly matchers: readonly Matcher[];
  /** Inclusive; samples outside are dropped. */
  readonly startMs: bigint;
  /** Inclusive. */
  readonly endMs: bigint;
  readonly limits: ReadLimits;
  /** Keys of `SeriesGroup`: rows of other series are left out before they take memory. Default: every series that matches. */
  readonly only?: ReadonlySet<string>;
}

export interface SeriesAssembler {
  /**
   * Takes the rows of one page. Pages of several queries may be mixed, in any order, each with columns of its own.
   *
   * @throws ReadLimitError if the answer grows over a limit
   * @throws RowFormatError if the page is not what Timestream documents
   */
  addPage(page: QueryPage): void;
  /** Samples in memory now; a record of a histogram counts as many of them. */
  readonly heldSamples: number;
  /**
   * The series with at least one sample, sorted as Prometheus sorts label sets; labels sorted, samples strictly ascending. The same rows give
   * the same answer, however they were ordered and split into pages.
   */
  finish(): readonly TimeSeries[];
}

export function createSeriesAssembler({ matchers, startMs, endMs, limits, only }: SeriesAssemblerOptions): SeriesAssembler {
  const points = new SeriesPoints();
  const index = createSeriesIndex({ matchers, maxSeries: limits.maxSeries, only });
  const readers: ReaderWithSeries[] = [];
  const timestamp = createTimestampParser();
  // Any time of a row is far within these numbers.
  const firstMs = Number(BigInt.asIntN(64, startMs));
  const lastMs = Number(BigInt.asIntN(64, endMs));

  /** The columns of a query are the same on all its pages; different queries have few different sets. */
  const readerFor = (columns: readonly ColumnInfo[]): ReaderWithSeries => {
    const known = readers.findLast((candidate) => candidate.columns === columns || areEqual(candidate.columns, columns));
    if (known !== undefined) return known;
    const reader = createRowReader(columns);
    const created = {
      columns,
      reader,
      findSeries: createSeriesFinder(reader, (row) => index.identify(reader.dimensionsOf(row), reader.measureNameOf(row))),
    };
    readers.push(created);
    return created;
  };

  return {
    get heldSamples() {
      return points.weight;
    },
    addPage({ ColumnInfo, Rows }) {
      if (Rows.length === 0) return;
      const { reader, findSeries } = readerFor(ColumnInfo);
      for (const row of Rows) {
        const value = reader.valueOf(row);
        if (value === null) continue;
        timestamp.parse(reader.timeTextOf(row));
        const { timeMs } = timestamp;
        if (timeMs < firstMs || timeMs > lastMs) continue;
        const series = findSeries(row);
        if (series === null) continue;
        if (points.weight >= limits.maxSamples) throw new ReadLimitError('too-many-samples', limits.maxSamples);
        const rank = sampleRank(timestamp.subMillisecondNanoseconds, value.isMultiMeasure);
        if (value.kind === 'float') points.addFloat(series, timeMs, rank, value.value);
        else if (value.kind === 'bits') points.addBits(series, timeMs, rank, value.valueBits);
        else points.addHistogram(series, timeMs, rank, value.text);
      }
    },
    finish() {
      return points
        .finish(index.labelSets.length)
        .map((found, series) => ({ labels: index.labelSets[series] ?? [], ...found, exemplars: [] }))
        .filter((found) => !isEmpty(found))
        .sort((left, right) => compareLabels(left.labels, right.labels));
    },
  };
}

interface ReaderWithSeries {
  readonly columns: readonly ColumnInfo[];
  readonly reader: RowReader;
  /** A label set can have several physical series: its labels may lie in columns or in JSON. */
  readonly findSeries: (row: Row) => number | null;
}

function areEqual(left: readonly ColumnInfo[], right: readonly ColumnInfo[]): boolean {
  return (
    left.length === right.length &&
    left.every((column, index) => column.Name === right[index]?.Name && column.Type?.ScalarType === right[index]?.Type?.ScalarType)
  );
}
