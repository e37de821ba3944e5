import { STALE_NAN_BITS } from '@timestream-prometheus/prom-codec';
import { TIME_COLUMN } from '../model/layout.js';
import type { SampleColumn } from '../model/sample-column.js';
import { identifier, literal } from './sql.js';

/**
 * Spans of time, of each of which a query needs some samples only (`SampleBins` of the package promql, which says what each need is): from after
 * `anchorMs + (n - 1) * widthMs` up to `anchorMs + n * widthMs`, in whole milliseconds, for every whole n.
 */
export interface SampleBins {
  readonly anchorMs: number;
  readonly widthMs: number;
  readonly need: 'newest' | 'last' | 'count' | 'least' | 'greatest' | 'changes';
}

const BIN_COLUMN = identifier('packed:bin');
const KIND_COLUMN = identifier('packed:kind');
const SEEN_COLUMN = identifier('packed:seen');
const OTHERS_COLUMN = identifier('packed:rest');
const FINE_COLUMN = identifier('packed:fine');
const COUNTED_COLUMN = identifier('packed:counted');
const KIND_BEFORE_COLUMN = identifier('packed:kind-before');

/** A kind is ten times the place of its column, and one of these. */
const PLAIN = 0;
const STALE = 1;
const ZERO = 1;
const NEGATIVE_ZERO = 2;

export interface BinnedRows {
  /** A subquery: the rows of the source, but only one for each group of rows of which no more is needed. */
  readonly from: (source: string) => string;
  /** The columns that hold values then. */
  readonly values: readonly SampleColumn[];
  /** In how many rows of the source another dimension has a value. */
  readonly others: string;
  /** How many rows of the source there were. */
  readonly seen: string;
  /** More than 0 if rows of one series may share a millisecond: then bins say nothing about its samples. */
  readonly unsure: string;
}

export interface BinnedRowsOptions {
  readonly bins: SampleBins;
  /** What a series is. */
  readonly groupKeys: readonly string[];
  readonly otherColumns: readonly string[];
  readonly values: readonly SampleColumn[];
  /** No row is before it. */
  readonly fromMs: number;
}

/**
 * Leaves out rows that the need of the bins leaves out.
 *
 * Rows are grouped by series, bin and kind, where the kind is the column that holds the value: so nothing is compared across types, and every
 * group gives one row. Kept is one row of each kind, which may be more than is needed and is never less:
 *
 * - `newest`: the newest row of a bin is the newest of its kind. Of rows in one millisecond the one that counts (`sampleRank`) is the newest of its
 *   kind too.
 * - the others speak of samples and not of rows. They hold if no two rows of a series share a millisecond: Timestream keeps one record for each
 *   series, time and type of record, so it takes that no time is finer than a millisecond, and that the series has records of one type only.
 *   `unsure` counts what speaks against it. Staleness markers are a kind of their own.
 * - numbers are finite, since Timestream takes nothing else; NaN and infinity have their bits in a column, and `least` and `greatest` keep all of
 *   those. SQL compares 0 and -0 as equal and promises not which one `max` gives, so both are kinds of their own.
 * - `changes` keeps each row that is the first of its bin or has another kind or value than the row before it. To PromQL 0 and -0 are equal, as
 *   they are to SQL, and so are two NaN, of which one more that is kept does no harm: what is left out is equal to what was kept before it.
 *
 * Histograms are kept, every row of them.
 */
export function binRows({ bins, groupKeys, otherColumns, values, fromMs }: BinnedRowsOptions): BinnedRows {
  const { need } = bins;
  const places = values.map((column, index) => ({ column, place: 10 * (index + 1) }));
  const histogram = places.find(({ column }) => column.holds === 'histogram');
  const isExtreme = need === 'least' || need === 'greatest';
  const nanoseconds = `to_nanoseconds(${TIME_COLUMN})`;
  const bin = `(${nanoseconds} - ${originOf(bins, fromMs) * 1_000_000n}) / ${BigInt(bins.widthMs) * 1_000_000n}`;
  const isKeptWhole = values
    .filter(({ holds }) => holds === 'histogram' || (holds === 'bits' && isExtreme))
    .map(({ name }) => `${name} IS NOT NULL`)
    .join(' OR ');
  const binOrRow = isKeptWhole === '' ? bin : `CASE WHEN ${isKeptWhole} THEN ${nanoseconds} ELSE ${bin} END`;
  const kinds = places.map(({ column, place }) => `WHEN ${column.name} IS NOT NULL THEN ${kindOf(column, place, need)}`);

  if (need === 'changes') return rowsThatChange({ bin: binOrRow, kinds, groupKeys, otherColumns, values, places, nanoseconds, histogram });
  const marked = [
    ...groupKeys,
    TIME_COLUMN,
    ...values.map(({ name }) => name),
    ...(otherColumns.length === 0 ? [] : [`CASE WHEN ${anyOf(otherColumns)} IS NULL THEN 0 ELSE 1 END AS ${OTHERS_COLUMN}`]),
    `${binOrRow} AS ${BIN_COLUMN}`,
    `CASE ${kinds.join(' ')} END AS ${KIND_COLUMN}`,
  ].join(', ');

  const isHistogram = histogram === undefined ? null : `${KIND_COLUMN} = ${histogram.place}`;
  const fine = `count_if(mod(${nanoseconds}, 1000000) <> 0)`;
  const kept = [
    ...groupKeys,
    KIND_COLUMN,
    `${timeOf(places, need)} AS ${TIME_COLUMN}`,
    ...(need === 'count' ? countedColumns(places) : places.map((entry) => `${valueOf(entry, need)} AS ${entry.column.name}`)),
    `count(*) AS ${SEEN_COLUMN}`,
    ...(otherColumns.length === 0 ? [] : [`sum(${OTHERS_COLUMN}) AS ${OTHERS_COLUMN}`]),
    `${isHistogram === null ? fine : `CASE WHEN ${isHistogram} THEN 0 ELSE ${fine} END`} AS ${FINE_COLUMN}`,
  ].join(', ');

  return {
    from: (source) =>
      `(SELECT ${kept} FROM (SELECT ${marked} FROM ${source}) GROUP BY ${[...groupKeys, BIN_COLUMN, KIND_COLUMN].join(', ')})`,
    values: need === 'count' ? countedValues(values) : values,
    others: otherColumns.length === 0 ? '0' : `sum(${OTHERS_COLUMN})`,
    seen: `sum(${SEEN_COLUMN})`,
    unsure: need === 'newest' ? '0' : `sum(${FINE_COLUMN})${severalTypes(places)}`,
  };
}

interface ChangesOptions {
  /** Which bin a row is in; one of its own if it is a histogram. */
  readonly bin: string;
  readonly kinds: readonly string[];
  readonly groupKeys: readonly string[];
  readonly otherColumns: readonly string[];
  readonly values: readonly SampleColumn[];
  readonly places: readonly Placed[];
  readonly nanoseconds: string;
  readonly histogram: Placed | undefined;
}

/**
 * Of each bin its first row and those that differ from the one before. Staleness markers are no samples of a window, so they stand between no two
 * rows: they are a part of the bin of their own. The first row of each part brings what is counted of all of them, as no part is without one.
 * The window functions are documented (developer guide, `window-functions`).
 */
function rowsThatChange({ bin, kinds, groupKeys, otherColumns, values, places, nanoseconds, histogram }: ChangesOptions): BinnedRows {
  const names = values.map(({ name }) => name);
  const others = otherColumns.length === 0 ? [] : [OTHERS_COLUMN];
  const staleKinds = places.filter(({ column }) => column.holds === 'bits').map(({ place }) => place + STALE);
  const isHistogram = histogram === undefined ? '' : `WHEN ${KIND_COLUMN} = ${histogram.place} THEN 0 `;
  const part = [...groupKeys, BIN_COLUMN, ...(staleKinds.length === 0 ? [] : [`CASE WHEN ${KIND_COLUMN} IN (${staleKinds.join(', ')}) THEN 1 ELSE 0 END`])]; // oxfmt-ignore
  const ofPart = `OVER (PARTITION BY ${part.join(', ')})`;
  const inOrder = `OVER (PARTITION BY ${part.join(', ')} ORDER BY ${TIME_COLUMN})`;
  const marked = [
    ...groupKeys,
    TIME_COLUMN,
    ...names,
    ...(otherColumns.length === 0 ? [] : [`CASE WHEN ${anyOf(otherColumns)} IS NULL THEN 0 ELSE 1 END AS ${OTHERS_COLUMN}`]),
    `${bin} AS ${BIN_COLUMN}`,
    `CASE ${kinds.join(' ')} END AS ${KIND_COLUMN}`,
  ];
  const before = values.map((_, index) => identifier(`packed:before-${index}`));
  const beside = [
    ...groupKeys,
    TIME_COLUMN,
    ...names,
    KIND_COLUMN,
    `lag(${KIND_COLUMN}) ${inOrder} AS ${KIND_BEFORE_COLUMN}`,
    ...names.map((name, index) => `lag(${name}) ${inOrder} AS ${before[index]}`),
    `count(*) ${ofPart} AS ${SEEN_COLUMN}`,
    ...others.map((column) => `sum(${column}) ${ofPart} AS ${column}`),
    `sum(CASE ${isHistogram}WHEN mod(${nanoseconds}, 1000000) <> 0 THEN 1 ELSE 0 END) ${ofPart} AS ${FINE_COLUMN}`,
  ];
  const ofFirst = [SEEN_COLUMN, ...others, FINE_COLUMN].map(
    (column) => `CASE WHEN ${KIND_BEFORE_COLUMN} IS NULL THEN ${column} ELSE 0 END AS ${column}`,
  );
  // A value that is NULL beside one that is not differs in its kind, or does not count.
  const differs = [
    `${KIND_BEFORE_COLUMN} IS NULL`,
    `${KIND_BEFORE_COLUMN} <> ${KIND_COLUMN}`,
    ...names.map((name, index) => `${before[index]} <> ${name}`),
  ];
  return {
    from: (source) =>
      `(SELECT ${[...groupKeys, KIND_COLUMN, TIME_COLUMN, ...names, ...ofFirst].join(', ')} FROM (SELECT ${beside.join(', ')} ` +
      `FROM (SELECT ${marked.join(', ')} FROM ${source})) WHERE ${differs.join(' OR ')})`,
    values,
    others: otherColumns.length === 0 ? '0' : `sum(${OTHERS_COLUMN})`,
    seen: `sum(${SEEN_COLUMN})`,
    unsure: `sum(${FINE_COLUMN})${severalTypes(places)}`,
  };
}

interface Placed {
  readonly column: SampleColumn;
  readonly place: number;
}

/** The millisecond at which a bin begins that is not after the first row. */
function originOf({ anchorMs, widthMs }: SampleBins, fromMs: number): bigint {
  const [begin, width, from] = [BigInt(anchorMs) + 1n, BigInt(widthMs), BigInt(fromMs)];
  const past = (((from - begin) % width) + width) % width;
  return from - past;
}

function kindOf({ name, scalarType, holds }: SampleColumn, place: number, need: SampleBins['need']): string {
  const plain = String(place + PLAIN);
  if (holds === 'bits' && (need === 'last' || need === 'count' || need === 'changes')) {
    return `CASE WHEN ${name} = ${BigInt.asIntN(64, STALE_NAN_BITS)} THEN ${place + STALE} ELSE ${plain} END`;
  }
  if (scalarType !== 'DOUBLE' || (need !== 'least' && need !== 'greatest')) return plain;
  return (
    `CASE WHEN ${name} <> 0 THEN ${plain} ` +
    `WHEN strpos(cast(${name} AS varchar), ${literal('-')}) = 1 THEN ${place + NEGATIVE_ZERO} ELSE ${place + ZERO} END`
  );
}

function timeOf(places: readonly Placed[], need: SampleBins['need']): string {
  if (need !== 'least' && need !== 'greatest') return `max(${TIME_COLUMN})`;
  const by = need === 'least' ? 'min_by' : 'max_by';
  const cases = places
    .filter(({ column }) => column.holds === 'number')
    .map(({ column, place }) => `WHEN ${place + PLAIN} THEN ${by}(${TIME_COLUMN}, ${column.name})`);
  return cases.length === 0 ? `min(${TIME_COLUMN})` : `CASE ${KIND_COLUMN} ${cases.join(' ')} ELSE min(${TIME_COLUMN}) END`;
}

function valueOf({ column: { name, holds }, place }: Placed, need: SampleBins['need']): string {
  // A row that holds a number as well is one of that kind.
  if (holds === 'histogram') return `CASE WHEN ${KIND_COLUMN} = ${place} THEN max(${name}) END`;
  if (need === 'least') return `min(${name})`;
  return need === 'greatest' ? `max(${name})` : `max_by(${name}, ${TIME_COLUMN})`;
}

/** Staleness markers stay what they are; whatever else is no histogram is counted. */
function countedColumns(places: readonly Placed[]): readonly string[] {
  const apart = places.filter(({ column }) => column.holds !== 'number');
  const kinds = apart.map(({ column, place }) => (column.holds === 'bits' ? place + STALE : place));
  const counted = `cast(count(*) AS double)`;
  return [
    ...apart.map(({ column }, index) => `CASE WHEN ${KIND_COLUMN} = ${kinds[index]} THEN max(${column.name}) END AS ${column.name}`),
    `${kinds.length === 0 ? counted : `CASE WHEN ${KIND_COLUMN} IN (${kinds.join(', ')}) THEN NULL ELSE ${counted} END`} AS ${COUNTED_COLUMN}`,
  ];
}

function countedValues(values: readonly SampleColumn[]): readonly SampleColumn[] {
  const counted: SampleColumn = { name: COUNTED_COLUMN, scalarType: 'DOUBLE', holds: 'number', isMultiMeasure: true, mark: ':' };
  return [...values.filter(({ holds }) => holds === 'bits'), counted, ...values.filter(({ holds }) => holds === 'histogram')];
}

/** Adds 1 if the rows are of records of several types: multi-measure, and single-measure ones of each type. */
function severalTypes(places: readonly Placed[]): string {
  const types = new Map<string, number[]>();
  for (const { column, place } of places) {
    if (column.holds === 'histogram') continue;
    const type = column.isMultiMeasure ? 'multi' : column.scalarType;
    types.set(type, [...(types.get(type) ?? []), place / 10]);
  }
  if (types.size < 2) return '';
  const cases = [...types.values()].map((ofType, index) => `WHEN ${KIND_COLUMN} / 10 IN (${ofType.join(', ')}) THEN ${index}`);
  const type = `CASE ${cases.join(' ')} END`;
  return ` + CASE WHEN min(${type}) <> max(${type}) THEN 1 ELSE 0 END`;
}

function anyOf(columns: readonly string[]): string {
  return columns.length === 1 ? (columns[0] ?? 'NULL') : `coalesce(${columns.join(', ')})`;
}
