import type { Query } from '@timestream-prometheus/prom-codec';
import { compileFilter, type CompiledFilter, type SelectOptions, tableName, timePredicate } from './compile-select.js';
import { MEASURE_NAME_COLUMN, SAMPLE_HISTOGRAM_COLUMN, TIME_COLUMN } from '../model/layout.js';
import { SAMPLES_PER_HISTOGRAM } from '../rows/histogram-points.js';
import { MAX_QUERY_BYTES, MIN_TIMESTAMP_MS } from '../model/limits.js';
import type { PhysicalSeries } from '../rows/physical-series.js';
import { allOf, anyOf, isIn, isNull, type Predicate, printPredicate } from './predicate.js';
import { sampleCondition } from './sample-condition.js';
import { identifier } from './sql.js';
import { SAMPLE_COLUMNS } from '../model/sample-column.js';
import type { TableSchema } from '../model/table-schema.js';
import { utf8ByteLength } from '../text/text-codec.js';

export type CompiledSeriesList =
  | Extract<CompiledFilter, { kind: 'nothing' }>
  | (Extract<CompiledFilter, { kind: 'filter' }> & { readonly sql: string; readonly dimensionColumns: readonly string[] });

/**
 * One row per physical series that has samples within the bounds: its dimensions, its measure name, how many rows and the time of the first
 * and the last. For answers of label sets only, and to split a large answer by series. Read with `createSeriesListReader`.
 *
 * It names every dimension of the schema, so a label that has appeared since is not seen: series that differ in it alone come as one. Whoever
 * answers with these labels has to look at the columns again afterwards (`compileSchemaProbe`, `coversSchema`).
 */
export function compileSeriesList(options: SelectOptions & { readonly schema: TableSchema }): CompiledSeriesList {
  const dimensionColumns = [...options.schema.dimensions];
  const groups = [...dimensionColumns, MEASURE_NAME_COLUMN].map(identifier).join(', ');
  const hasHistograms = options.schema.valueColumns.has(SAMPLE_HISTOGRAM_COLUMN);
  const count = hasHistograms ? `count(*) + ${SAMPLES_PER_HISTOGRAM - 1} * count(${SAMPLE_HISTOGRAM_COLUMN})` : 'count(*)';
  const head = `SELECT ${groups}, ${count}, min(${TIME_COLUMN}), max(${TIME_COLUMN}) FROM ${tableName(options)} WHERE `;
  const hasSample = sampleCondition(options.schema);
  if (hasSample === null) return { kind: 'nothing', labelsAssumedAbsent: new Set(SAMPLE_COLUMNS.map(({ name }) => name)) };
  const tail = ` AND ${hasSample} GROUP BY ${groups}`;
  const filter = compileFilter(options, MAX_QUERY_BYTES - utf8ByteLength(head + tail));
  if (filter.kind === 'nothing') return filter;
  return { ...filter, dimensionColumns, sql: head + printPredicate(filter.predicate) + tail };
}

/** No rows, since no time is before the Unix epoch (developer guide, `writes`), and every column of the table: read with `schemaOf`. */
export function compileSchemaProbe(table: { readonly database: string; readonly table: string }): string {
  return `SELECT * FROM ${tableName(table)} WHERE ${TIME_COLUMN} < from_milliseconds(${MIN_TIMESTAMP_MS})`;
}

export interface SeriesSelectOptions {
  readonly query: Pick<Query, 'startTimestampMs' | 'endTimestampMs'>;
  readonly database: string;
  readonly table: string;
  readonly series: readonly PhysicalSeries[];
  /** Series per statement, 100 if not given: the condition names each, and a parser of deep conditions has limits that nobody documents. */
  readonly maxSeriesPerQuery?: number;
}

export interface CompiledSeriesSelect {
  readonly sql: string;
  readonly predicate: Predicate;
  /** Those of the series that this statement asks for. */
  readonly series: readonly PhysicalSeries[];
}

/**
 * `SELECT *` over the rows of the given physical series, in as many statements as their texts need; each series is in exactly one. The rows
 * must go through `createSeriesAssembler`. None if no time is within the bounds.
 */
export function compileSeriesSelect(options: SeriesSelectOptions): readonly CompiledSeriesSelect[] {
  const time = timePredicate(options.query);
  if (time === null) return [];
  const head = `SELECT * FROM ${tableName(options)} WHERE `;
  const maxBytes = MAX_QUERY_BYTES - utf8ByteLength(head + printPredicate(time)) - ' AND () '.length;
  return packSeries(options.series, options.maxSeriesPerQuery ?? 100, maxBytes).map((series) => {
    const predicate = allOf(seriesPredicate(series), time);
    return { sql: head + printPredicate(predicate), predicate, series };
  });
}

/** Fills statement after statement. The sum of the series' own conditions bounds what they take together, which is mostly far less. */
function packSeries(series: readonly PhysicalSeries[], maxSeries: number, maxBytes: number): readonly (readonly PhysicalSeries[])[] {
  const packs: PhysicalSeries[][] = [];
  let bytes = Infinity;
  for (const one of series) {
    const ownBytes = utf8ByteLength(printPredicate(seriesPredicate([one]))) + ' OR ()'.length;
    bytes += ownBytes;
    const pack = packs.at(-1);
    if (pack !== undefined && pack.length < maxSeries && bytes <= maxBytes) pack.push(one);
    else {
      packs.push([one]);
      bytes = ownBytes;
    }
  }
  return packs;
}

/** True for the rows of the given series. What all of them have in common is said once, and a single column that differs becomes an IN. */
export function seriesPredicate(series: readonly PhysicalSeries[]): Predicate {
  const rows = series.map(
    ({ measureName, dimensions }) => new Map<string, string | null>([[MEASURE_NAME_COLUMN, measureName], ...dimensions]),
  );
  const columns = new Set(rows.flatMap((row) => [...row.keys()]));
  const [firstRow = new Map<string, string | null>()] = rows;
  const isCommon = (column: string): boolean => rows.every((row) => valueIn(row, column) === valueIn(firstRow, column));
  const common = [...columns].filter(isCommon).map((column) => equals(column, valueIn(firstRow, column)));
  const different = [...columns].filter((column) => !isCommon(column));
  const [only, ...others] = different;
  if (only === undefined) return allOf(...common);
  if (others.length === 0) {
    const values = rows.map((row) => valueIn(row, only));
    const texts = values.filter((value) => value !== null);
    return allOf(...common, anyOf(isIn(only, [...new Set(texts)]), ...(texts.length < values.length ? [isNull(only)] : [])));
  }
  return allOf(...common, anyOf(...rows.map((row) => allOf(...different.map((column) => equals(column, valueIn(row, column)))))));
}

/** A series without the column is one where it is NULL. */
function valueIn(row: ReadonlyMap<string, string | null>, column: string): string | null {
  return row.get(column) ?? null;
}

function equals(column: string, value: string | null): Predicate {
  return value === null ? isNull(column) : isIn(column, [value]);
}
