import { compareLabels, floatFromBits, type Exemplar, type Label } from '@timestream-prometheus/prom-codec';
import type { Matcher } from '../matcher/matcher.js';
import { EXEMPLAR_COLUMN, EXEMPLAR_MEASURE_NAME } from '../model/layout.js';
import type { QueryPage } from '../model/record.js';
import { decodeExemplarText } from '../text/exemplar-text.js';
import { ReadLimitError } from './read-limit-error.js';
import { createRowReader } from './row-reader.js';
import type { ReadLimits } from './series-assembler.js';
import { createSeriesFinder } from './series-finder.js';
import { createSeriesIndex } from './series-index.js';
import { createTimestampParser } from './timestamp-text.js';

export interface ExemplarReaderOptions {
  /** Every series is checked against all of them, whatever the SQL has let through. */
  readonly matchers: readonly Matcher[];
  /** Inclusive; exemplars outside are left out. */
  readonly startMs: bigint;
  /** Inclusive. */
  readonly endMs: bigint;
  /** An exemplar counts as a sample. */
  readonly limits: ReadLimits;
}

export interface ExemplarsOfSeries {
  /** Sorted, `__name__` among them. */
  readonly labels: readonly Label[];
  /** By time, then by value, then by labels; none twice. */
  readonly exemplars: readonly Exemplar[];
}

export interface ExemplarReader {
  /**
   * Takes the rows of one page of the answer to `compileExemplarSelect`.
   *
   * @throws ReadLimitError if the answer grows over a limit
   * @throws RowFormatError if the page is not what Timestream documents
   */
  addPage(page: QueryPage): void;
  /** The series with at least one exemplar, sorted as Prometheus sorts label sets. */
  finish(): readonly ExemplarsOfSeries[];
}

/** All pages must be of one query. */
export function createExemplarReader({ matchers, startMs, endMs, limits }: ExemplarReaderOptions): ExemplarReader {
  const index = createSeriesIndex({ matchers, maxSeries: limits.maxSeries });
  const timestamp = createTimestampParser();
  // Any time of a row is far within these numbers.
  const firstMs = Number(BigInt.asIntN(64, startMs));
  const lastMs = Number(BigInt.asIntN(64, endMs));
  /** By number of the series, then by all that tells exemplars apart: a series may lie in the table in two ways. */
  const found = new Map<number, Map<string, Exemplar>>();
  let count = 0;
  let readRows: ((page: QueryPage) => void) | undefined;

  function createRowsReader({ ColumnInfo }: QueryPage): (page: QueryPage) => void {
    const reader = createRowReader(ColumnInfo);
    const findSeries = createSeriesFinder(reader, (row) => index.identify(reader.dimensionsOf(row), reader.measureNameOf(row)));
    const column = ColumnInfo.findIndex(({ Name, Type }) => Name === EXEMPLAR_COLUMN && Type?.ScalarType === 'VARCHAR');
    return ({ Rows }) => {
      for (const row of Rows) {
        const text = row.Data?.[column]?.ScalarValue;
        if (text === undefined || reader.measureNameOf(row) !== EXEMPLAR_MEASURE_NAME) continue;
        timestamp.parse(reader.timeTextOf(row));
        const { timeMs } = timestamp;
        if (timeMs < firstMs || timeMs > lastMs) continue;
        const exemplar = decodeExemplarText(text);
        if (exemplar === null) continue;
        const series = findSeries(row);
        if (series === null) continue;
        const ofSeries = found.get(series) ?? new Map<string, Exemplar>();
        found.set(series, ofSeries);
        const key = `${timeMs} ${text}`;
        if (ofSeries.has(key)) continue;
        if (++count > limits.maxSamples) throw new ReadLimitError('too-many-samples', limits.maxSamples);
        ofSeries.set(key, { ...exemplar, timestampMs: BigInt(timeMs) });
      }
    };
  }

  return {
    addPage(page) {
      if (page.Rows.length === 0) return;
      readRows ??= createRowsReader(page);
      readRows(page);
    },
    finish() {
      return [...found]
        .map(([series, exemplars]) => ({
          labels: index.labelSets[series] ?? [],
          exemplars: [...exemplars.values()].sort(compareExemplars),
        }))
        .sort((left, right) => compareLabels(left.labels, right.labels));
    },
  };
}

function compareExemplars(left: Exemplar, right: Exemplar): number {
  if (left.timestampMs !== right.timestampMs) return left.timestampMs < right.timestampMs ? -1 : 1;
  const [leftValue, rightValue] = [floatFromBits(left.valueBits), floatFromBits(right.valueBits)];
  if (leftValue < rightValue) return -1;
  if (leftValue > rightValue) return 1;
  // NaN is neither: it comes first.
  return Number(Number.isNaN(rightValue)) - Number(Number.isNaN(leftValue)) || compareLabels(left.labels, right.labels);
}
