import type { Label } from '@timestream-prometheus/prom-codec';
import { matchesAll } from '../matcher/match-all.js';
import type { Matcher } from '../matcher/matcher.js';
import { ReadLimitError } from './read-limit-error.js';
import type { QueryPage } from '../model/record.js';
import { RowFormatError } from './row-format-error.js';
import { labelsOfRow } from './row-labels.js';
import { createTimestampParser } from './timestamp-text.js';

/** What Timestream takes for one series: one measure name with one set of dimension values. */
export interface PhysicalSeries {
  /** Every dimension column of the schema that was asked, null where the series does not have it. */
  readonly dimensions: readonly (readonly [name: string, value: string | null])[];
  readonly measureName: string;
  /** What Prometheus takes it for. Several physical series can have the same labels. */
  readonly labels: readonly Label[];
  /** Rows within the bounds that hold a sample, one with a histogram counted as so many samples as it weighs: an upper bound for its samples. */
  readonly rowCount: number;
  /** Of the first and the last row within the bounds, rounded down. */
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface SeriesListOptions {
  /** As `compileSeriesList` returned them. */
  readonly dimensionColumns: readonly string[];
  /** Every series is checked against all of them, whatever the SQL has let through. */
  readonly matchers: readonly Matcher[];
  /** Series of different labels that may match. */
  readonly maxSeries: number;
}

/** Reads the answer to `compileSeriesList`, page by page. */
export interface SeriesListReader {
  /**
   * @throws ReadLimitError if there are more series than may match
   * @throws RowFormatError if the page is not what Timestream documents
   */
  addPage(page: QueryPage): void;
  /** The series that pass all matchers, in the order of the pages. */
  finish(): readonly PhysicalSeries[];
}

/**
 * Ways in which one label set may lie in a table: its labels in columns, in JSON, some here and some there, because the table had no dimension
 * left when they were first written. More of them on average than this are not read.
 */
const MAX_PHYSICAL_PER_SERIES = 4;

export function createSeriesListReader({ dimensionColumns, matchers, maxSeries }: SeriesListOptions): SeriesListReader {
  const timestamp = createTimestampParser();
  const intern = createInterner();
  const found: PhysicalSeries[] = [];

  return {
    addPage({ Rows }) {
      for (const { Data } of Rows) {
        const texts = (Data ?? []).map(({ ScalarValue }) => ScalarValue ?? null);
        const [measureName, rowCount, first, last] = texts.slice(dimensionColumns.length);
        if (measureName == null || rowCount == null || first == null || last == null || !/^\d{1,15}$/.test(rowCount)) {
          throw new RowFormatError('Timestream answered a list of series without name, count or times');
        }
        const dimensions = dimensionColumns.map((name, index) => intern.dimension(name, texts[index] ?? null));
        const labels = labelsOfRow(dimensions, measureName).map(intern.label);
        const values = new Map(labels.map(({ name, value }) => [name, value]));
        if (!matchesAll(matchers, (name) => values.get(name))) continue;
        if (found.length >= maxSeries * MAX_PHYSICAL_PER_SERIES) throw new ReadLimitError('too-many-series', maxSeries);
        timestamp.parse(first);
        const firstMs = timestamp.timeMs;
        timestamp.parse(last);
        found.push({ dimensions, measureName, labels, rowCount: Number(rowCount), firstMs, lastMs: timestamp.timeMs });
      }
    },
    finish: () => found,
  };
}

type DimensionValue = readonly [name: string, value: string | null];

interface Interner {
  readonly dimension: (name: string, value: string | null) => DimensionValue;
  readonly label: (label: Label) => Label;
}

/** One object for equal pairs of name and value: a hundred thousand series have few different ones, and most columns of a row are NULL. */
function createInterner(): Interner {
  const dimensionsByName = new Map<string, Map<string | null, DimensionValue>>();
  const labelsByName = new Map<string, Map<string, Label>>();
  return {
    dimension(name, value) {
      const byValue = getOrAdd(dimensionsByName, name, () => new Map<string | null, DimensionValue>());
      return getOrAdd(byValue, value, (): DimensionValue => [name, value]);
    },
    label(label) {
      const byValue = getOrAdd(labelsByName, label.name, () => new Map<string, Label>());
      return getOrAdd(byValue, label.value, () => label);
    },
  };
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const created = create();
  map.set(key, created);
  return created;
}
