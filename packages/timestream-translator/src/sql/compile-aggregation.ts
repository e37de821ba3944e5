import { STALE_NAN_BITS } from '@timestream-prometheus/prom-codec';
import { LABELS_DIMENSION, MEASURE_NAME_COLUMN, METRIC_NAME_LABEL, TIME_COLUMN } from '../model/layout.js';
import { MAX_QUERY_BYTES, MIN_TIMESTAMP_MS } from '../model/limits.js';
import { SAMPLE_COLUMNS, type SampleColumn } from '../model/sample-column.js';
import type { TableSchema } from '../model/table-schema.js';
import { utf8ByteLength } from '../text/text-codec.js';
import { compileFilter, type SelectOptions, tableName, timePredicate } from './compile-select.js';
import { isExactInSql } from './is-exact-in-sql.js';
import { labelOrder } from './label-order.js';
import { printPredicate } from './predicate.js';
import { identifier, literal } from './sql.js';

/**
 * An aggregation over the series of a selector, at the moments `firstMs + n * stepMs`, n from 0 up to `steps - 1`. Each series counts with its
 * newest sample that is younger than `lookbackMs`, unless that is a staleness marker.
 */
export interface SampleAggregation {
  readonly operator: 'count' | 'group' | 'min' | 'max';
  /** The labels that stay, or with `without` those that go. */
  readonly grouping: readonly string[];
  readonly without: boolean;
  readonly firstMs: number;
  /** At least 1. */
  readonly stepMs: number;
  readonly steps: number;
  readonly lookbackMs: number;
  /** Whether the groups are to come in the order in which their first series stand, sorted by labels. */
  readonly isOrdered: boolean;
}

export interface AggregationOptions extends SelectOptions {
  readonly schema: TableSchema;
  /** The dimensions that the series have; all of them if not given. Of the others it is counted in how many rows they hold a value. */
  readonly groupColumns?: ReadonlySet<string>;
  readonly aggregation: SampleAggregation;
}

/** What the rows of an answer mean, for `readAggregatedGroups`. */
export interface AggregationLayout {
  /** The labels of a group: the first columns. */
  readonly labels: readonly string[];
  readonly aggregation: SampleAggregation;
}

export type CompiledAggregation =
  /** Timestream cannot be asked for it, or not surely. */
  { readonly kind: 'impossible' } | { readonly kind: 'statement'; readonly sql: string; readonly layout: AggregationLayout };

const IMPOSSIBLE: CompiledAggregation = { kind: 'impossible' };

const STEP_COLUMN = identifier('packed:step');
const NEXT_COLUMN = identifier('packed:next');
const AT_COLUMN = identifier('packed:at');
const NEWEST_COLUMN = identifier('packed:newest');
const IS_BITS_COLUMN = identifier('packed:is-bits');
const BITS_COLUMN = identifier('packed:bits');
const NUMBER_COLUMN = identifier('packed:number');
const UNSURE_COLUMN = identifier('packed:unsure');
const OTHERS_COLUMN = identifier('packed:others');
const RANK_COLUMN = identifier('packed:rank');
const LAST_LABEL_COLUMN = identifier('packed:last');
const INEXACT_COLUMN = identifier('packed:inexact');
const POINT_COLUMN = identifier('packed:point');

const INFINITY_BITS = 0x7ff0000000000000n;
const NEGATIVE_INFINITY_BITS = BigInt.asIntN(64, 0xfff0000000000000n);
const STALE_BITS = BigInt.asIntN(64, STALE_NAN_BITS);

/**
 * One row for each group: its labels; at which place its first series stands; how many points there are; how many rows speak against all of it; in
 * how many rows a dimension has a value that is not grouped by; how many doubles do not come back from their texts; and the points: for each the
 * number of the step, `:`, how many series the group has there, of a least or greatest value `:` and that, `;`.
 *
 * From the inside: of each series and step the newest row; until when it counts, which is up to the next row, up to the lookback and up to the
 * last step; a row for each step in which it counts; groups at steps; groups.
 *
 * It is the answer of PromQL if each set of labels is one series of the table with rows of one kind. What speaks against that is counted
 * as `unsure`, and then the answer is of no use:
 *
 * - labels in `prometheus_labels`, empty labels and names that are encoded otherwise than by `%3A` for `:`, where columns do not say what the labels
 *   are;
 * - times finer than a millisecond, and two newest rows of one time, which takes records of several types;
 * - native histograms, and integers of other writers;
 * - bits of a finite number where the least or greatest is wanted, and 0 beside -0, of which PromQL takes that of the first series.
 *
 * NaN and infinity have bits: of a group with some, each kind is looked for apart. All matchers have to be exact in SQL.
 */
export function compileAggregation(options: AggregationOptions): CompiledAggregation {
  const { schema, aggregation, matchers, regexPushdown } = options;
  const stored = SAMPLE_COLUMNS.filter(({ name }) => schema.valueColumns.has(name));
  const time = timePredicate(options.query);
  if (stored.length === 0 || time?.kind !== 'time') return IMPOSSIBLE;
  if (!matchers.every((matcher) => isExactInSql(matcher, regexPushdown))) return IMPOSSIBLE;

  const dimensions = [...schema.dimensions];
  const seriesColumns = dimensions.filter((name) => options.groupColumns?.has(name) ?? true);
  const others = dimensions.filter((name) => !seriesColumns.includes(name)).map(identifier);
  const seriesKeys = [...seriesColumns, MEASURE_NAME_COLUMN].map(identifier);
  const labels = labelsOfGroups(seriesColumns, aggregation);
  const groupKeys = labels.map((name) => identifier(name === METRIC_NAME_LABEL ? MEASURE_NAME_COLUMN : name));
  const order = aggregation.isOrdered && groupKeys.length > 0 ? labelOrder(seriesColumns, LAST_LABEL_COLUMN) : null;

  const newest = newestRows(stored, seriesColumns, others, aggregation, order?.lastLabel ?? null, nameIsUnsure(matchers, order !== null));
  const isSpread = aggregation.steps > 1;
  const unspread = isSpread ? withNext(seriesKeys) : '*';
  const rank = order === null ? '0' : `dense_rank() OVER (ORDER BY ${order.keys.join(', ')})`;
  const spread = [
    ...groupKeys,
    ...[IS_BITS_COLUMN, BITS_COLUMN, NUMBER_COLUMN, UNSURE_COLUMN, OTHERS_COLUMN],
    `${rank} AS ${RANK_COLUMN}`,
    isSpread ? AT_COLUMN : `CASE WHEN ${isCounted} THEN 0 ELSE -1 END AS ${AT_COLUMN}`,
  ];
  const steps = isSpread ? ` CROSS JOIN UNNEST(${stepsOf(aggregation)}) AS spread (${AT_COLUMN})` : '';
  const atSteps = pointsOfGroups(groupKeys, aggregation);
  const groups = [
    ...groupKeys,
    `coalesce(min(CASE WHEN ${AT_COLUMN} >= 0 THEN ${RANK_COLUMN} END), 0)`,
    `count_if(${AT_COLUMN} >= 0)`,
    ...[UNSURE_COLUMN, OTHERS_COLUMN, INEXACT_COLUMN].map((column) => `coalesce(sum(${column}), 0)`),
    `coalesce(array_join(array_agg(${POINT_COLUMN}), ${literal('')}), ${literal('')})`,
  ];

  const hasValue = stored.map(({ name }) => `${name} IS NOT NULL`).join(' OR ');
  const columns = schema.columns.map((name) => (name.startsWith('measure_value::') ? name : identifier(name))).join(', ');
  const ofGroups = groupKeys.length === 0 ? '' : ` GROUP BY ${groupKeys.join(', ')}`;
  const head =
    `SELECT ${groups.join(', ')} FROM (SELECT ${atSteps} FROM (SELECT ${spread.join(', ')} FROM (SELECT ${unspread} FROM ` +
    `(SELECT ${newest} FROM (SELECT ${columns} FROM ${tableName(options)} WHERE `;
  const tail =
    ` AND (${hasValue}) UNION ALL SELECT * FROM ${tableName(options)} WHERE ${TIME_COLUMN} < from_milliseconds(${MIN_TIMESTAMP_MS})) ` +
    `GROUP BY ${[...seriesKeys, ...(isSpread ? [firstStepOf(aggregation)] : [])].join(', ')}))${steps}) ` +
    `GROUP BY ${[...groupKeys, AT_COLUMN].join(', ')})${ofGroups}`;
  const filter = compileFilter(options, MAX_QUERY_BYTES - utf8ByteLength(head + tail));
  if (filter.kind === 'nothing' || filter.droppedConditions > 0) return IMPOSSIBLE;
  return { kind: 'statement', sql: head + printPredicate(filter.predicate) + tail, layout: { labels, aggregation } };
}

/**
 * Whether the measure name is none that means one metric, which nothing else means. `:` is no character of one (developer guide, naming), so `%3A`
 * is always one that was encoded. Where the order of names counts, they have to be as they are, since that is the order of encoded ones.
 */
function nameIsUnsure(matchers: AggregationOptions['matchers'], isOrdered: boolean): string {
  const name = identifier(MEASURE_NAME_COLUMN);
  const isOne = matchers.some(
    ({ name: label, meaning }) => label === METRIC_NAME_LABEL && meaning.kind === 'in' && meaning.values.length === 1,
  );
  const decoded = isOrdered && !isOne ? name : `replace(${name}, ${literal('%3A')}, ${literal('')})`;
  return `strpos(${decoded}, ${literal('%')}) > 0 OR strpos(${name}, ${literal(':')}) > 0`;
}

/** Those labels of a group that series can have. */
function labelsOfGroups(seriesColumns: readonly string[], { grouping, without }: SampleAggregation): readonly string[] {
  const named = new Set(grouping);
  const columns = seriesColumns.filter((name) => name !== LABELS_DIMENSION && name !== METRIC_NAME_LABEL);
  return [...columns, METRIC_NAME_LABEL].filter((name) => named.has(name) !== without);
}

const nanoseconds = `to_nanoseconds(${TIME_COLUMN})`;
const isCounted = `(${IS_BITS_COLUMN} = 0 OR ${BITS_COLUMN} <> ${STALE_BITS})`;

/** How many steps reach back at most: a row so old is none of the first step yet. */
function stepsOfLookback({ lookbackMs, stepMs }: SampleAggregation): number {
  return Math.ceil(lookbackMs / stepMs);
}

/** The first step that sees the row. */
function firstStepOf(aggregation: SampleAggregation): string {
  const { firstMs, stepMs, steps } = aggregation;
  if (steps === 1) return '0';
  const before = stepsOfLookback(aggregation);
  const origin = (BigInt(firstMs) + 1n - BigInt(stepMs) * BigInt(before)) * 1_000_000n;
  return `greatest((${nanoseconds} - ${origin}) / ${BigInt(stepMs) * 1_000_000n} - ${before - 1}, 0)`;
}

function newestRows(
  stored: readonly SampleColumn[],
  seriesColumns: readonly string[],
  others: readonly string[],
  aggregation: SampleAggregation,
  lastLabel: string | null,
  nameIsUnsure: string,
): string {
  const bits = stored.find(({ holds }) => holds === 'bits')?.name;
  const numbers = stored.filter(({ holds, scalarType }) => holds === 'number' && scalarType === 'DOUBLE');
  const ofTypes = [stored.filter(({ isMultiMeasure, holds }) => isMultiMeasure && holds !== 'histogram'), numbers.filter(({ isMultiMeasure }) => !isMultiMeasure)]; // oxfmt-ignore
  const [multi = [], single = []] = ofTypes.map((columns) => columns.map(({ name }) => `${name} IS NOT NULL`));
  const isUnsureRow = [
    `mod(${nanoseconds}, 1000000) <> 0`,
    ...stored.filter((column) => column.holds === 'histogram' || (column.holds === 'number' && column.scalarType !== 'DOUBLE')).map(({ name }) => `${name} IS NOT NULL`), // oxfmt-ignore
    ...(bits === undefined || !needsValue(aggregation)
      ? []
      : [`${bits} < ${NEGATIVE_INFINITY_BITS}`, `(${bits} >= 0 AND ${bits} < ${INFINITY_BITS})`]),
  ];
  const isUnsureSeries = [
    nameIsUnsure,
    ...seriesColumns.map((name) =>
      name === LABELS_DIMENSION || name === METRIC_NAME_LABEL ? `${identifier(name)} IS NOT NULL` : `${identifier(name)} = ${literal('')}`,
    ),
  ];
  const newestOf = (conditions: readonly string[]): string => `max(CASE WHEN ${conditions.join(' OR ')} THEN ${nanoseconds} END)`;
  const isShared =
    multi.length === 0 || single.length === 0 ? '' : ` + CASE WHEN ${newestOf(multi)} = ${newestOf(single)} THEN 1 ELSE 0 END`;
  const number =
    numbers.length === 0 ? '0E0' : `max_by(coalesce(${[...numbers.map(({ name }) => name), '0E0'].join(', ')}), ${TIME_COLUMN})`;
  return [
    ...[...seriesColumns, MEASURE_NAME_COLUMN].map(identifier),
    `${firstStepOf(aggregation)} AS ${STEP_COLUMN}`,
    `max(${nanoseconds}) AS ${NEWEST_COLUMN}`,
    `${bits === undefined ? '0' : `max_by(CASE WHEN ${bits} IS NULL THEN 0 ELSE 1 END, ${TIME_COLUMN})`} AS ${IS_BITS_COLUMN}`,
    `${bits === undefined ? '0' : `max_by(coalesce(${bits}, 0), ${TIME_COLUMN})`} AS ${BITS_COLUMN}`,
    `${needsValue(aggregation) ? number : '0E0'} AS ${NUMBER_COLUMN}`,
    `count_if(${isUnsureRow.join(' OR ')}) + CASE WHEN ${isUnsureSeries.join(' OR ')} THEN 1 ELSE 0 END${isShared} AS ${UNSURE_COLUMN}`,
    `${others.length === 0 ? '0' : `count(${others.length === 1 ? others[0] : `coalesce(${others.join(', ')})`})`} AS ${OTHERS_COLUMN}`,
    ...(lastLabel === null ? [] : [`${lastLabel} AS ${LAST_LABEL_COLUMN}`]),
  ].join(', ');
}

function needsValue({ operator }: SampleAggregation): boolean {
  return operator === 'min' || operator === 'max';
}

function withNext(seriesKeys: readonly string[]): string {
  return `*, lead(${STEP_COLUMN}) OVER (PARTITION BY ${seriesKeys.join(', ')} ORDER BY ${STEP_COLUMN}) AS ${NEXT_COLUMN}`;
}

/** The steps at which a row counts; -1 if at none, so that what is counted of it is not lost. */
function stepsOf({ firstMs, stepMs, steps, lookbackMs }: SampleAggregation): string {
  const lastSeen = `(${NEWEST_COLUMN} / 1000000 - ${BigInt(firstMs) + 1n - BigInt(lookbackMs)}) / ${stepMs}`;
  const last = `least(${lastSeen}, coalesce(${NEXT_COLUMN}, ${steps}) - 1)`;
  return `CASE WHEN ${isCounted} AND ${last} >= ${STEP_COLUMN} THEN sequence(${STEP_COLUMN}, ${last}) ELSE sequence(-1, -1) END`;
}

function pointsOfGroups(groupKeys: readonly string[], { operator }: SampleAggregation): string {
  const isNumber = `${IS_BITS_COLUMN} = 0`;
  const extreme = `${operator === 'min' ? 'min' : 'max'}(CASE WHEN ${isNumber} THEN ${NUMBER_COLUMN} END)`;
  const isNegativeZero = `${isNumber} AND ${NUMBER_COLUMN} = 0 AND strpos(cast(${NUMBER_COLUMN} AS varchar), ${literal('-')}) = 1`;
  const isZero = `${isNumber} AND ${NUMBER_COLUMN} = 0 AND strpos(cast(${NUMBER_COLUMN} AS varchar), ${literal('-')}) = 0`;
  const [best, worst] = operator === 'min' ? [NEGATIVE_INFINITY_BITS, INFINITY_BITS] : [INFINITY_BITS, NEGATIVE_INFINITY_BITS];
  const has = (infinity: bigint): string => `count_if(${IS_BITS_COLUMN} = 1 AND ${BITS_COLUMN} = ${infinity}) > 0`;
  const sign = (infinity: bigint): string => literal(infinity > 0n ? 'P' : 'M');
  const value =
    `CASE WHEN ${has(best)} THEN ${sign(best)} WHEN ${extreme} <> 0 THEN cast(${extreme} AS varchar) ` +
    `WHEN ${extreme} = 0 AND count_if(${isNegativeZero}) = 0 THEN ${literal('0')} ` +
    `WHEN ${extreme} = 0 AND count_if(${isZero}) = 0 THEN ${literal('-0')} WHEN ${extreme} = 0 THEN ${literal('Z')} ` +
    `WHEN ${has(worst)} THEN ${sign(worst)} ELSE ${literal('N')} END`;
  const ofValue = operator === 'min' || operator === 'max' ? [literal(':'), value] : [];
  const point = [`cast(${AT_COLUMN} AS varchar)`, literal(':'), 'cast(count(*) AS varchar)', ...ofValue, literal(';')].join(', ');
  return [
    ...groupKeys,
    AT_COLUMN,
    `min(${RANK_COLUMN}) AS ${RANK_COLUMN}`,
    `sum(${UNSURE_COLUMN}) AS ${UNSURE_COLUMN}`,
    `sum(${OTHERS_COLUMN}) AS ${OTHERS_COLUMN}`,
    `${ofValue.length === 0 ? '0' : `CASE WHEN cast(cast(${extreme} AS varchar) AS double) <> ${extreme} THEN 1 ELSE 0 END`} AS ${INEXACT_COLUMN}`,
    `CASE WHEN ${AT_COLUMN} < 0 THEN ${literal('')} ELSE concat(${point}) END AS ${POINT_COLUMN}`,
  ].join(', ');
}
