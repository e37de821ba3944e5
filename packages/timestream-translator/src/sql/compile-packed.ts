import { MEASURE_NAME_COLUMN, SAMPLE_HISTOGRAM_COLUMN, TIME_COLUMN } from '../model/layout.js';
import { MAX_QUERY_BYTES, MAX_TIMESTAMP_MS, MIN_TIMESTAMP_MS } from '../model/limits.js';
import { SAMPLE_COLUMNS } from '../model/sample-column.js';
import type { TableSchema } from '../model/table-schema.js';
import type { PhysicalSeries } from '../rows/physical-series.js';
import { utf8ByteLength } from '../text/text-codec.js';
import { binRows, type SampleBins } from './compile-bins.js';
import { compileFilter, type CompiledFilter, type SelectOptions, tableName, timePredicate } from './compile-select.js';
import { labelOrder } from './label-order.js';
import { seriesPredicate } from './compile-series.js';
import { allOf, printPredicate } from './predicate.js';
import { identifier, literal } from './sql.js';

/**
 * How much of time one row holds at most. A row above 1 MB is refused (API model, Query), and a point takes at most 52 bytes, about 18 as a
 * rule: four hours of one sample a second are 750 kB at the worst. What is denser is asked for again in shorter rows.
 */
export const MAX_ROW_SPAN_MS = 4 * 3_600_000;

/**
 * The same for a row of native histograms, of which one takes up to 2 KB: one a second are far below 1 MB as a rule, and one in five seconds
 * always.
 */
export const MAX_HISTOGRAM_ROW_SPAN_MS = 15 * 60_000;

/** Points of one series in a bin at most, and that many bins for which a row is below 1 MB: see {@link MAX_ROW_SPAN_MS}. */
const MAX_BINS_IN_ROW = 4_000;

export interface PackedSelectOptions extends SelectOptions {
  readonly schema: TableSchema;
  /**
   * The dimensions to group by, all of them if not given. Each costs bytes in every row. Of the others it is only counted in how many rows
   * of the table they hold a value: if in any, the answer is of no use.
   */
  readonly groupColumns?: ReadonlySet<string>;
  /** Whether the series are to come in the order of their labels: see `labelOrder`. */
  readonly isOrdered?: boolean;
  /** These physical series instead of what the matchers select: few enough for their conditions to fit into a statement. */
  readonly series?: readonly PhysicalSeries[];
  /** Only the newest point of each physical series. */
  readonly newestOnly?: boolean;
  /** What the query needs of each of these; it is not asked for more. Not together with `newestOnly`. */
  readonly bins?: SampleBins;
  /**
   * Whether a row of points that are equally far apart may come without their times; if not given, where that is worth it. The statement asks more
   * of Timestream then. Not together with `newestOnly`.
   */
  readonly leavesTimesOut?: boolean;
  /** A multiple of one millisecond; {@link MAX_ROW_SPAN_MS} if not given. */
  readonly maxRowSpanMs?: number;
}

/** What the rows of a packed answer mean, for `createPackedReader`. */
export interface PackedLayout {
  /** They are the first columns, in this order; then name, span, counts and points; of bins, also how many rows there were, and how many are unsure. */
  readonly dimensionColumns: readonly string[];
  /** The beginning of the row with the number 0. */
  readonly fromMs: number;
  readonly rowSpanMs: number;
  /** A row of histograms has the number -1 - n, and n is counted in these. */
  readonly histogramRowSpanMs: number;
  readonly newestOnly: boolean;
  readonly bins: SampleBins | null;
  /** Whether a row of equal steps may leave out the times of its points. */
  readonly leavesTimesOut: boolean;
}

export type CompiledPackedSelect =
  | Extract<CompiledFilter, { kind: 'nothing' }>
  | (Extract<CompiledFilter, { kind: 'filter' }> & { readonly sql: string; readonly layout: PackedLayout });

/** Of a shorter time there are so few points that their times are not worth the larger statement: 40 at 15 s, of some 6 bytes each. */
const LEAST_RANGE_WITHOUT_TIMES_MS = 10 * 60_000;

/** Names of columns of the answer. No dimension has a colon in its name (developer guide, naming). */
const ROW_COLUMN = identifier('packed:row');
const COUNT_COLUMN = identifier('packed:count');
const OTHERS_COLUMN = identifier('packed:others');
const INEXACT_COLUMN = identifier('packed:inexact');
const POINTS_COLUMN = identifier('packed:points');
const SEEN_COLUMN = identifier('packed:seen');
const UNSURE_COLUMN = identifier('packed:unsure');
const HISTOGRAM_MARK = SAMPLE_COLUMNS.find(({ holds }) => holds === 'histogram')?.mark ?? '';
const NUMBER_MARKS = SAMPLE_COLUMNS.flatMap(({ mark, holds }) => (holds === 'histogram' ? [] : [mark])).join('');
/** Times of these equal steps are left out: the intervals at which targets are scraped and rules evaluated. */
const STEPS_MS: readonly number[] = [60_000, 30_000, 15_000, 10_000, 5_000, 1_000];
/** Stands for the condition until it is known how long that may be; no part of a statement. */
const PREDICATE = '\0';
const LAST_LABEL_COLUMN = identifier('packed:last');
const WHOLE_COLUMN = identifier('packed:whole');
const LEAST_COLUMN = identifier('packed:least');
const GREATEST_COLUMN = identifier('packed:greatest');
const SUM_COLUMN = identifier('packed:sum');
const MARK_COLUMN = identifier('packed:mark');

/**
 * The samples that the query can need, the points of a series together in few rows instead of one row each:
 *
 * - the dimensions that are grouped by, and the measure name;
 * - which span of time the row is for, and whether it holds histograms, whose rows are for shorter spans;
 * - how many points it holds, so that a row that was cut is noticed;
 * - in how many rows of the table a dimension has a value that is not grouped by;
 * - how many doubles are not the same any more when they are read back from their text, by Timestream's own conversion;
 * - the points: for each the milliseconds since the beginning of the span, `+` and nanoseconds if it has some, the mark of its column, its
 *   value, `;`. Their order does not matter. If all are of one column and equally far apart, only the values, in the order of time: see
 *   `pointsOfSteps`.
 *
 * The functions are documented (developer guide: `array-functions`, `aggregate-functions`, `string-functions`, `conversion-functions`,
 * `mathematical-functions`, `date-time-functions`). No text of a double is documented, hence the count of those that do not come back.
 *
 * With bins, the rows are those that `binRows` keeps, and two columns more say how many there were and whether that may be trusted.
 *
 * The statement names the columns of the schema and sets `SELECT *` beside them, of no row, in one UNION: as soon as the table has other
 * columns it is refused, and never answered with a label left out.
 */
export function compilePackedSelect(options: PackedSelectOptions): CompiledPackedSelect {
  const { schema, newestOnly = false, bins = null } = options;
  const stored = SAMPLE_COLUMNS.filter(({ name }) => schema.valueColumns.has(name));
  if (stored.length === 0) return { kind: 'nothing', labelsAssumedAbsent: new Set(SAMPLE_COLUMNS.map(({ name }) => name)) };
  const time = timePredicate(options.query);
  if (time?.kind !== 'time') return { kind: 'nothing', labelsAssumedAbsent: new Set() };

  const dimensions = [...schema.dimensions];
  const grouped = dimensions.filter((name) => options.groupColumns?.has(name) ?? true);
  const others = dimensions.filter((name) => !grouped.includes(name)).map(identifier);
  const groupKeys = [...grouped, MEASURE_NAME_COLUMN].map(identifier);
  const binned = bins === null ? null : binRows({ bins, groupKeys, otherColumns: others, values: stored, fromMs: time.fromMs });
  const values = binned?.values ?? stored;
  const rangeMs = (time.beforeMs ?? MAX_TIMESTAMP_MS + 1) - time.fromMs;
  const rowSpanMs = newestOnly ? rangeMs : Math.min(rangeMs, options.maxRowSpanMs ?? widestRowSpanMs(bins));

  const sinceStart = `(to_nanoseconds(${TIME_COLUMN}) - ${nanoseconds(time.fromMs)})`;
  const hasHistograms = values.some(({ holds }) => holds === 'histogram');
  const histogramRowSpanMs = newestOnly ? rangeMs : Math.min(rowSpanMs, MAX_HISTOGRAM_ROW_SPAN_MS);
  // Of bins it counts whether a series has both.
  const isOneRow = rowSpanMs >= rangeMs && !(hasHistograms && (histogramRowSpanMs < rangeMs || bins !== null));
  const byKind = (ofNumbers: string, ofHistograms: string): string =>
    hasHistograms ? `CASE WHEN ${SAMPLE_HISTOGRAM_COLUMN} IS NULL THEN ${ofNumbers} ELSE ${ofHistograms} END` : ofNumbers;
  const row = isOneRow
    ? '0'
    : byKind(`${sinceStart} / ${nanoseconds(rowSpanMs)}`, `-1 - ${sinceStart} / ${nanoseconds(histogramRowSpanMs)}`);
  const sinceRow = isOneRow ? sinceStart : `mod(${sinceStart}, ${byKind(nanoseconds(rowSpanMs), nanoseconds(histogramRowSpanMs))})`;
  const cases = values.map(({ name, mark, holds }) => {
    const text = holds === 'histogram' ? packableText(name) : `cast(${name} AS varchar)`;
    return `WHEN ${name} IS NOT NULL THEN concat(${literal(mark)}, ${text})`;
  });
  const sinceRowMs = `${sinceRow} / 1000000`;
  const point = (timeText: string, ...end: readonly string[]): string => {
    const nanosecondText = `CASE WHEN mod(${sinceRow}, 1000000) = 0 THEN '' ELSE concat('+', cast(mod(${sinceRow}, 1000000) AS varchar)) END`;
    return `concat(${[timeText, nanosecondText, `CASE ${cases.join(' ')} END`, ...end].join(', ')})`;
  };
  const wholePoint = point(`cast(${sinceRowMs} AS varchar)`, literal(';'));
  const leavesTimesOut = !newestOnly && (options.leavesTimesOut ?? (bins === null && rangeMs >= LEAST_RANGE_WITHOUT_TIMES_MS));
  const timeDigits = String(rowSpanMs).length;
  const sortedPoints = `array_sort(array_agg(${point(`lpad(cast(${sinceRowMs} AS varchar), ${timeDigits}, ${literal('0')})`, literal(';'))}))`;
  const marks = values.map(({ name, mark }) => `WHEN ${name} IS NOT NULL THEN ${literal(mark)}`);
  const mark = marks.length === 1 ? literal(values[0]?.mark ?? '') : `CASE ${marks.join(' ')} END`;
  const doubles = values.filter(({ scalarType }) => scalarType === 'DOUBLE');
  const isInexact = doubles.map(({ name }) => `${name} IS NOT NULL AND cast(cast(${name} AS varchar) AS double) <> ${name}`);

  const aggregates = [
    `${row} AS ${ROW_COLUMN}`,
    `count(*) AS ${COUNT_COLUMN}`,
    `${binned?.others ?? countOf(others)} AS ${OTHERS_COLUMN}`,
    `${isInexact.length === 0 ? '0' : `count_if(${isInexact.join(' OR ')})`} AS ${INEXACT_COLUMN}`,
    `${newestOnly ? `max_by(${wholePoint}, ${TIME_COLUMN})` : leavesTimesOut ? sortedPoints : `array_join(array_agg(${wholePoint}), '')`} AS ${POINTS_COLUMN}`,
    ...(leavesTimesOut
      ? [
          `count_if(mod(${sinceRow}, 1000000) <> 0) = 0 AS ${WHOLE_COLUMN}`,
          `min(${sinceRowMs}) AS ${LEAST_COLUMN}`,
          `max(${sinceRowMs}) AS ${GREATEST_COLUMN}`,
          `sum(${sinceRowMs}) AS ${SUM_COLUMN}`,
          ...STEPS_MS.map((stepMs) => `min(mod(${sinceRowMs}, ${stepMs})) = max(mod(${sinceRowMs}, ${stepMs})) AS ${stepColumn(stepMs)}`),
          `CASE WHEN min(${mark}) = max(${mark}) THEN min(${mark}) END AS ${MARK_COLUMN}`,
        ]
      : []),
    ...(binned === null ? [] : [`${binned.seen} AS ${SEEN_COLUMN}`, `${binned.unsure} AS ${UNSURE_COLUMN}`]),
  ];
  const order = options.isOrdered === true ? labelOrder(grouped, LAST_LABEL_COLUMN) : null;
  const select = [...groupKeys, ...aggregates, ...(order === null ? [] : [`${order.lastLabel} AS ${LAST_LABEL_COLUMN}`])].join(', ');
  const hasValue = stored.map(({ name }) => `${name} IS NOT NULL`).join(' OR ');
  const source =
    `(SELECT ${schema.columns.map(columnText).join(', ')} FROM ${tableName(options)} WHERE ${PREDICATE} AND (${hasValue}) ` +
    `UNION ALL SELECT * FROM ${tableName(options)} WHERE ${TIME_COLUMN} < from_milliseconds(${MIN_TIMESTAMP_MS}))`;
  const [beforePredicate = '', afterPredicate = ''] = (binned?.from(source) ?? source).split(PREDICATE);
  const from = ` FROM ${beforePredicate}`;
  const tail = `${afterPredicate} GROUP BY ${[...groupKeys, ...(isOneRow ? [] : [row])].join(', ')}`;
  const ofBins = binned === null ? [] : [SEEN_COLUMN, UNSURE_COLUMN];
  const points = leavesTimesOut ? `${pointsOfSteps(timeDigits)} AS ${POINTS_COLUMN}` : POINTS_COLUMN;
  const shown = [...groupKeys, ROW_COLUMN, COUNT_COLUMN, OTHERS_COLUMN, INEXACT_COLUMN, points, ...ofBins].join(', ');
  const orderBy = order === null ? '' : ` ORDER BY ${[...order.keys, ROW_COLUMN].join(', ')}`;
  const [head, end] =
    order === null && !leavesTimesOut
      ? [`SELECT ${select}${from}`, tail]
      : [`SELECT ${shown} FROM (SELECT ${select}${from}`, `${tail})${orderBy}`];

  const filter: CompiledFilter =
    options.series === undefined
      ? compileFilter(options, MAX_QUERY_BYTES - utf8ByteLength(head + end))
      : { kind: 'filter', predicate: allOf(seriesPredicate(options.series), time), labelsAssumedAbsent: new Set(), droppedConditions: 0 };
  if (filter.kind === 'nothing') return filter;
  return {
    ...filter,
    sql: head + printPredicate(filter.predicate) + end,
    layout: { dimensionColumns: grouped, fromMs: time.fromMs, rowSpanMs, histogramRowSpanMs, newestOnly, bins, leavesTimesOut },
  };
}

/**
 * The points of a row in which the time of each stands in front of it with so many digits, sorted by that. If they are of one column, and their times
 * are as many, a step apart from the first to the last, `@`, the first time, `,`, the step, the mark of all, `;`, and of each point its value and
 * `;`. Otherwise all points, as ever, their times with zeros in front. Texts of histograms are no numbers, and always have their times.
 */
function pointsOfSteps(timeDigits: number): string {
  const step = `CASE WHEN ${COUNT_COLUMN} = 1 THEN 0 ELSE (${GREATEST_COLUMN} - ${LEAST_COLUMN}) / (${COUNT_COLUMN} - 1) END`;
  // Times with the same rest, of which the last is so many steps behind the first, each step with one: of what is one series, one column and a whole
  // millisecond, Timestream keeps one record. Should it have kept two, another step has none, and the sum is another one unless that is made up for.
  // Counting different times would say so of every case, and takes a quarter of the statement's whole time.
  const areEqualSteps = STEPS_MS.map(
    (stepMs) => `(${stepColumn(stepMs)} AND ${GREATEST_COLUMN} - ${LEAST_COLUMN} = ${stepMs} * (${COUNT_COLUMN} - 1))`,
  );
  const points = `array_join(${POINTS_COLUMN}, ${literal('')})`;
  const times = `${literal('@')}, cast(${LEAST_COLUMN} AS varchar), ${literal(',')}, cast(${step} AS varchar), ${MARK_COLUMN}`;
  // A mark is no character of a number, and before it stand the digits of a time and nothing else.
  const onlyValues = `regexp_replace(${points}, ${literal(`[0-9]{${timeDigits}}[${NUMBER_MARKS}]`)})`;
  return (
    `CASE WHEN ${WHOLE_COLUMN} AND ${MARK_COLUMN} <> ${literal(HISTOGRAM_MARK)} AND 2 * ${SUM_COLUMN} = ${COUNT_COLUMN} * (${LEAST_COLUMN} + ${GREATEST_COLUMN}) AND (${areEqualSteps.join(' OR ')}) ` +
    `THEN concat(${times}, ${literal(';')}, ${onlyValues}) ELSE ${points} END`
  );
}

function stepColumn(stepMs: number): string {
  return identifier(`packed:step${stepMs}`);
}

function widestRowSpanMs(bins: SampleBins | null): number {
  // NaN and infinities are all kept where the least and greatest are wanted, and every value may be another one than that before.
  if (bins === null || bins.need === 'least' || bins.need === 'greatest' || bins.need === 'changes') return MAX_ROW_SPAN_MS;
  return Math.max(MAX_ROW_SPAN_MS, MAX_BINS_IN_ROW * bins.widthMs);
}

/** A text with the end of a point in it is none of ours: it becomes the empty one, so that it does not break those after it. */
function packableText(name: string): string {
  return `CASE WHEN strpos(${name}, ${literal(';')}) = 0 THEN ${name} ELSE ${literal('')} END`;
}

/** In how many rows one of the columns has a value. */
function countOf(columns: readonly string[]): string {
  const [only, ...more] = columns;
  if (only === undefined) return '0';
  return more.length === 0 ? `count(${only})` : `count(coalesce(${columns.join(', ')}))`;
}

/** Timestream's own columns with a colon stand unquoted in every example of the developer guide. */
function columnText(name: string): string {
  return name.startsWith('measure_value::') ? name : identifier(name);
}

function nanoseconds(milliseconds: number): string {
  return String(BigInt(milliseconds) * 1_000_000n);
}
