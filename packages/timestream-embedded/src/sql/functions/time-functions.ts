import { invalidAt } from '../sql-error.js';
import { addMonths, calendarOf, daysOfTimestamp, floorTo, nsPerUnit } from '../values/time-sql.js';
import { maxInt64, minInt64, nsPerDay, parseDuration, parseIso8601Timestamp } from '../values/time-text.js';
import { duckdbType } from '../values/sql-type.js';
import { emitting, emittingOnce, literalText, type CallContext, type FunctionRow } from './function-table.js';

/** "Negative time" is an error in Timestream's time functions. */
const nonNegative = (value: string, name: string, otherwise: string): string =>
  `CASE WHEN ${value} < 0 THEN error('${name}(): a negative time is not supported') ELSE ${otherwise} END`;

const now: FunctionRow['emit'] = (_, { emitter, nowNs }) => emitter.bind(nowNs, 'BIGINT');
type Fold = NonNullable<FunctionRow['fold']>;

const timestampWithin64Bits = (value: bigint): ReturnType<Fold> =>
  value >= minInt64 && value <= maxInt64 ? { type: 'timestamp', value } : undefined;
const foldNow: Fold = (_, nowNs) => ({ type: 'timestamp', value: nowNs });
const foldAgo: Fold = ([interval], nowNs) =>
  interval?.type === 'interval-day-to-second' ? timestampWithin64Bits(nowNs - interval.value) : undefined;
const foldEpoch =
  (ns: bigint): Fold =>
  ([count]) =>
    count?.type === 'integer' && count.value >= 0n ? timestampWithin64Bits(count.value * ns) : undefined;

const floorDays = (ns: bigint): bigint => (ns - (((ns % nsPerDay) + nsPerDay) % nsPerDay)) / nsPerDay;

/** The name of a unit as date_trunc, date_add and date_diff take it. */
function unitOf(argument: Parameters<typeof literalText>[0], allowed: readonly string[], context: CallContext): string {
  const unit = literalText(argument, 'A unit', context).toLowerCase();
  if (!allowed.includes(unit)) throw invalidAt(context.position, `'${unit}' is not a valid unit; expected one of ${allowed.join(', ')}`);
  return unit;
}

const fixedUnits = Object.keys(nsPerUnit);
const monthsPerUnit: Readonly<Record<string, number>> = { month: 1, quarter: 3, year: 12 };

const truncate: FunctionRow['emit'] = ([unitArgument, time], context) => {
  const unit = unitOf(unitArgument, ['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'], context);
  const sql = time?.sql ?? '';
  const ns = unit === 'week' ? undefined : nsPerUnit[unit];
  if (ns !== undefined) return context.emitter.once(sql, (t) => floorTo(t, ns));
  return context.emitter.once(sql, (t) => `(epoch_us(date_trunc('${unit}', ${calendarOf(t)})) * 1000)`);
};

const add: FunctionRow['emit'] = ([unitArgument, count, time], context) => {
  const unit = unitOf(unitArgument, [...fixedUnits, ...Object.keys(monthsPerUnit)], context);
  const ns = nsPerUnit[unit];
  if (ns !== undefined) return `(${time?.sql ?? ''} + ${count?.sql ?? ''} * CAST(${ns} AS BIGINT))`;
  return context.emitter.once(time?.sql ?? '', (t) => addMonths(t, `(${count?.sql ?? ''} * ${monthsPerUnit[unit] ?? 1})`));
};

/** Whole units from the first time to the second, rounded towards zero. Months and years, which are not all as long, are refused. */
const difference: FunctionRow['emit'] = ([unitArgument, from, to], context) => {
  const ns = nsPerUnit[unitOf(unitArgument, fixedUnits, context)] ?? 1n;
  return `((${to?.sql ?? ''} - ${from?.sql ?? ''}) // ${ns})`;
};

const bin = emittingOnce(
  (time, interval = '') =>
    `CASE WHEN ${interval} <= 0 THEN error('bin(): the interval must be positive') ELSE ${time} - ((${time} % ${interval}) + ${interval}) % ${interval} END`,
);

/** Parts of a time, of `extract(field FROM …)` and of the functions of the same names; `week` counts as ISO does. */
const calendarParts: Readonly<Record<string, string>> = {
  year: 'year',
  quarter: 'quarter',
  month: 'month',
  week: 'week',
  week_of_year: 'week',
  day: 'day',
  day_of_month: 'day',
  day_of_week: 'isodow',
  dow: 'isodow',
  day_of_year: 'dayofyear',
  doy: 'dayofyear',
  year_of_week: 'isoyear',
  yow: 'isoyear',
  hour: 'hour',
  minute: 'minute',
  second: 'second',
};

export const extractFields: readonly string[] = Object.keys(calendarParts).filter((name) => name !== 'week_of_year');

const calendarPart = (part: string): FunctionRow['emit'] => emittingOnce((time) => `CAST(${part}(${calendarOf(time)}) AS BIGINT)`);

export const timeFunctions: readonly FunctionRow[] = [
  ...['now', 'current_timestamp', 'localtimestamp'].map((name) => ({ signature: `${name}(): timestamp`, emit: now, fold: foldNow })),
  { signature: 'current_date(): date', emit: (_, { emitter, nowNs }) => emitter.bind(floorDays(nowNs), 'BIGINT') },
  { signature: 'current_timezone(): varchar', emit: (_, { emitter }) => emitter.bind('UTC', 'VARCHAR') },
  {
    signature: 'ago(interval day to second): timestamp',
    fold: foldAgo,
    emit: ([interval], context) => `(${now([], context)} - ${interval?.sql ?? ''})`,
  },
  {
    signature: 'ago(interval year to month): timestamp',
    emit: ([interval], context) => addMonths(now([], context), `(-${interval?.sql ?? ''})`),
  },
  {
    signature: 'from_milliseconds(bigint): timestamp',
    fold: foldEpoch(1_000_000n),
    emit: emittingOnce((ms) => nonNegative(ms, 'from_milliseconds', `${ms} * CAST(1000000 AS BIGINT)`)),
  },
  {
    signature: 'from_nanoseconds(bigint): timestamp',
    fold: foldEpoch(1n),
    emit: emittingOnce((ns) => nonNegative(ns, 'from_nanoseconds', ns)),
  },
  {
    // To the millisecond, as in Trino: the documentation says only that it rounds.
    signature: 'from_unixtime(double): timestamp',
    fold: foldEpoch(1_000_000_000n),
    emit: emittingOnce((seconds) =>
      nonNegative(seconds, 'from_unixtime', `CAST(floor(${seconds} * 1000 + 0.5) AS BIGINT) * CAST(1000000 AS BIGINT)`),
    ),
  },
  {
    signature: 'from_iso8601_timestamp(varchar): timestamp',
    emit: ([text], context) => {
      const time = parseIso8601Timestamp(literalText(text, 'A time', context));
      if (time === undefined) throw invalidAt(context.position, 'from_iso8601_timestamp(): not an ISO 8601 timestamp');
      return context.emitter.bind(time, 'BIGINT');
    },
  },
  { signature: 'to_milliseconds(timestamp): bigint', emit: emittingOnce((ns) => `(${floorTo(ns, 1_000_000n)} // 1000000)`) },
  { signature: 'to_milliseconds(interval day to second): bigint', emit: emitting((ns = '') => `(${ns} // 1000000)`) },
  { signature: 'to_nanoseconds(timestamp): bigint', emit: emitting((ns = '') => ns) },
  { signature: 'to_nanoseconds(interval day to second): bigint', emit: emitting((ns = '') => ns) },
  // One division of doubles: the documentation's own example 1.6554878837710001E9 comes out of this and not of milliseconds / 1000.
  { signature: 'to_unixtime(timestamp): double', emit: emitting((ns = '') => `(CAST(${ns} AS DOUBLE) / CAST(1000000000 AS DOUBLE))`) },
  { signature: 'bin(timestamp, interval day to second): timestamp', emit: bin },
  { signature: 'date_trunc(varchar, timestamp): timestamp', emit: truncate },
  { signature: 'date_add(varchar, bigint, timestamp): timestamp', emit: add },
  { signature: 'date_diff(varchar, timestamp, timestamp): bigint', emit: difference },
  { signature: 'date(timestamp): date', emit: emittingOnce(daysOfTimestamp) },
  {
    signature: 'parse_duration(varchar): interval day to second',
    emit: ([text], context) => {
      const interval = parseDuration(literalText(text, 'A duration', context));
      if (interval?.type !== 'interval-day-to-second')
        throw invalidAt(context.position, 'parse_duration(): not a duration of days or less');
      return context.emitter.bind(interval.value, duckdbType(context.resultType));
    },
  },
  ...Object.entries(calendarParts).map(([name, part]) => ({ signature: `${name}(timestamp): bigint`, emit: calendarPart(part) })),
  { signature: 'millisecond(timestamp): bigint', emit: emittingOnce((ns) => `((${ns} - ${floorTo(ns, 1_000_000_000n)}) // 1000000)`) },
];
