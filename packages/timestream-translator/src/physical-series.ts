import { compareLabels, type Label, type TimeSeries } from '@timestream-prometheus/prom-codec';
import type { Matcher } from './matcher.js';
import type { QueryPage } from './record.js';
import { RowFormatError } from './row-format-error.js';
import { labelsKey, labelsOfRow } from './row-labels.js';
import { createTimestampParser } from './timestamp-text.js';

/** What Timestream takes for one series: one measure name with one set of dimension values. */
export interface PhysicalSeries {
  /** Every dimension column of the schema that was asked, null where the series does not have it. */
  readonly dimensions: readonly (readonly [name: string, value: string | null])[];
  readonly measureName: string;
  /** What Prometheus takes it for. Several physical series can have the same labels. */
  readonly labels: readonly Label[];
  /** Rows within the bounds: an upper bound for its samples. */
  readonly rowCount: number;
  /** Of the first and the last row within the bounds, rounded down. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/**
 * The series in one page of the answer to `compileSeriesList`, those that do not pass all matchers left out (the last word).
 *
 * @param dimensionColumns as `compileSeriesList` returned them
 * @throws RowFormatError
 */
export function readSeriesListPage(
  page: QueryPage,
  dimensionColumns: readonly string[],
  matchers: readonly Matcher[],
): readonly PhysicalSeries[] {
  const timestamp = createTimestampParser();
  return page.Rows.flatMap(({ Data }) => {
    const texts = (Data ?? []).map(({ ScalarValue }) => ScalarValue ?? null);
    const [measureName, rowCount, first, last] = texts.slice(dimensionColumns.length);
    if (measureName == null || rowCount == null || first == null || last == null || !/^\d{1,15}$/.test(rowCount)) {
      throw new RowFormatError('Timestream answered a list of series without name, count or times');
    }
    const dimensions = dimensionColumns.map((name, index) => [name, texts[index] ?? null] as const);
    const labels = labelsOfRow(dimensions, measureName);
    const values = new Map(labels.map(({ name, value }) => [name, value]));
    if (!matchers.every((matcher) => matcher.matches(values.get(matcher.name) ?? ''))) return [];
    timestamp.parse(first);
    const firstMs = timestamp.timeMs;
    timestamp.parse(last);
    return [{ dimensions, measureName, labels, rowCount: Number(rowCount), firstMs, lastMs: timestamp.timeMs }];
  });
}

/** The label sets alone, each once, sorted: the answer to a query with the hint `func="series"`. */
export function seriesWithoutSamples(physicalSeries: readonly PhysicalSeries[]): readonly TimeSeries[] {
  const byLabels = new Map(physicalSeries.map(({ labels }) => [labelsKey(labels), labels]));
  return [...byLabels.values()].sort(compareLabels).map((labels) => ({
    labels,
    samples: { timestampsMs: new BigInt64Array(0), valueBits: new BigUint64Array(0) },
    exemplars: [],
    histograms: [],
  }));
}
