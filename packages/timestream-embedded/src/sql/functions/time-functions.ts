import { invalidAt } from '../sql-error.js';
import { addMonths, calendarOf, dateOfDays, daysOfTimestamp, floorTo, nsPerUnit } from '../values/time-sql.js';
import { maxInt64, minInt64, nsPerDay, parseDurationText, parseIso8601Timestamp } from '../values/time-text.js';
import { duckdbType } from '../values/sql-type.js';
import { emitting, emittingOnce, literalText, plain, type CallContext, type FunctionRow } from './function-table.js';
import { dateFromText } from './text-conversion.js';

/** "Negative time" is an error in Timestream's time functions. */
const nonNegative = (value: string, name: string, otherwise: string): string =>
  `CASE WHEN ${value} < 0 THEN error('${name}(): a negative time is not supported') ELSE ${otherwise} END`;

const now: FunctionRow['emit'] = (_, { emitter, nowNs }) => emitter.bind(nowNs(), 'BIGINT');
type Fold = NonNullable<FunctionRow['fold']>;

const timestampWithin64Bits = (value: bigint): ReturnType<Fold> =>
  value >= minInt64 && value <= maxInt64 ? { type: 'timestamp', value } : undefined;
const foldNow: Fold = (_, nowNs) => ({ type: 'timestamp', value: nowNs() });
const foldAgo: Fold = ([interval], nowNs) =>
  interval?.type === 'interval-day-to-second' ? timestampWithin64Bits(nowNs() - interval.value) : undefined;
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

/** A unit of at most an hour: a time of day has no others. */
const clockUnitOf = (unit: Parameters<typeof literalText>[0], context: CallContext): bigint =>
  nsPerUnit[unitOf(unit, ['nanosecond', 'microsecond', 'millisecond', 'second', 'minute', 'hour'], context)] ?? 1n;

/** A time of day goes around the clock. */
const addToTimeOfDay: FunctionRow['emit'] = ([unit, count, time], context) => {
  const ns = clockUnitOf(unit, context);
  const sum = `(${time?.sql ?? ''} + (${count?.sql ?? ''} % ${nsPerDay / ns}) * CAST(${ns} AS BIGINT))`;
  return context.emitter.once(sum, (t) => `(((${t} % ${nsPerDay}) + ${nsPerDay}) % ${nsPerDay})`);
};

/** Whole units from the first time to the second, rounded towards zero; months and years as Joda counts them. */
const difference: FunctionRow['emit'] = ([unitArgument, from, to], context) => {
  const unit = unitOf(unitArgument, [...fixedUnits, ...Object.keys(monthsPerUnit)], context);
  const [a = '', b = ''] = [from?.sql, to?.sql];
  const ns = nsPerUnit[unit];
  if (ns !== undefined) return `((${b} - ${a}) // ${ns})`;
  if (unit === 'year') return `ts_years_between(${a}, ${b})`;
  return unit === 'quarter' ? `(ts_months_between(${a}, ${b}) // 3)` : `ts_months_between(${a}, ${b})`;
};

const bin = emittingOnce(
  (time, interval = '') =>
    `CASE WHEN ${interval} <= 0 THEN error('bin(): the interval must be positive') ELSE ${time} - ((${time} % ${interval}) + ${interval}) % ${interval} END`,
);

/** Bins of months are counted from January 1970 on. */
const binMonths = emittingOnce((time, interval = '') => {
  const calendar = calendarOf(time);
  const months = `((year(${calendar}) - 1970) * 12 + month(${calendar}) - 1)`;
  const bin = `(${months} - ((${months} % ${interval}) + ${interval}) % ${interval})`;
  const start = `epoch_us(TIMESTAMP '1970-01-01' + to_months(CAST(${bin} AS INTEGER))) * 1000`;
  return `CASE WHEN ${interval} <= 0 THEN error('bin(): the interval must be positive') ELSE ${start} END`;
});

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

/** What they are of 2019-10-12 23:10:34, the day of the documentation's examples. */
const octoberParts: Readonly<Record<string, number>> = {
  year: 2019,
  quarter: 4,
  month: 10,
  week: 41,
  week_of_year: 41,
  day: 12,
  day_of_month: 12,
  day_of_week: 6,
  dow: 6,
  day_of_year: 285,
  doy: 285,
  year_of_week: 2019,
  yow: 2019,
  hour: 23,
  minute: 10,
  second: 34,
};

const calendarPart = (part: string): FunctionRow['emit'] => emittingOnce((time) => `CAST(${part}(${calendarOf(time)}) AS BIGINT)`);

/** The last day of the month of a day, in days since the epoch. */
const lastDay = (days: string): string => `(last_day(${dateOfDays(days)}) - DATE '1970-01-01')`;

const today: FunctionRow['emit'] = (_, { emitter, nowNs }) => emitter.bind(floorDays(nowNs()), 'BIGINT');
const timeOfDay: FunctionRow['emit'] = (_, { emitter, nowNs }) => emitter.bind(nowNs() - floorDays(nowNs()) * nsPerDay, 'BIGINT');

/** Hours, minutes, … of a time of day or of an interval, which may be negative: the parts then are, too. */
const clockParts: Readonly<Record<string, readonly [unit: bigint, within: bigint]>> = {
  hour: [3_600_000_000_000n, 24n],
  minute: [60_000_000_000n, 60n],
  second: [1_000_000_000n, 60n],
  millisecond: [1_000_000n, 1000n],
};

const iso8601 = emittingOnce((ns) => {
  const seconds = `strftime(${calendarOf(ns)}, '%Y-%m-%dT%H:%M:%S')`;
  return `${seconds} || '.' || lpad(CAST(${ns} - ${floorTo(ns, 1_000_000_000n)} AS VARCHAR), 9, '0') || 'Z'`;
});

const friday = "'2022-06-17 17:44:43.771000000'";

export const timeFunctions: readonly FunctionRow[] = [
  ...['now', 'current_timestamp', 'localtimestamp'].map((name) => ({
    signature: `${name}(): timestamp`,
    emit: now,
    fold: foldNow,
    example: [`${name === 'now' ? 'now()' : name} > '2020-01-01'`, 'true'] as const,
  })),
  { signature: 'current_date(): date', emit: today, example: ["current_date > DATE '2020-01-01'", 'true'] },
  ...['current_time', 'localtime'].map((name) => ({
    signature: `${name}(): time`,
    emit: timeOfDay,
    example: [`${name} >= TIME '00:00'`, 'true'] as const,
  })),
  {
    signature: 'current_timezone(): varchar',
    emit: (_, { emitter }) => emitter.bind('UTC', 'VARCHAR'),
    example: ['current_timezone()', 'UTC'],
  },
  {
    signature: 'ago(interval day to second): timestamp',
    fold: foldAgo,
    emit: ([interval], context) => `(${now([], context)} - ${interval?.sql ?? ''})`,
    example: ['now() - ago(5m) = 5m', 'true'],
  },
  {
    signature: 'ago(interval year to month): timestamp',
    emit: ([interval], context) => addMonths(now([], context), `(-${interval?.sql ?? ''})`),
  },
  {
    signature: 'from_milliseconds(bigint): timestamp',
    fold: foldEpoch(1_000_000n),
    nsPerArgument: 1_000_000n,
    emit: emittingOnce((ms) => nonNegative(ms, 'from_milliseconds', `${ms} * CAST(1000000 AS BIGINT)`)),
    example: ['from_milliseconds(1655488283771)', '2022-06-17 17:51:23.771000000'],
  },
  {
    signature: 'from_nanoseconds(bigint): timestamp',
    fold: foldEpoch(1n),
    nsPerArgument: 1n,
    emit: emittingOnce((ns) => nonNegative(ns, 'from_nanoseconds', ns)),
    example: ['from_nanoseconds(300000001)', '1970-01-01 00:00:00.300000001'],
  },
  {
    // To the millisecond, as in Trino: the documentation says only that it rounds.
    signature: 'from_unixtime(double): timestamp',
    fold: foldEpoch(1_000_000_000n),
    emit: emittingOnce((seconds) =>
      nonNegative(seconds, 'from_unixtime', `CAST(floor(${seconds} * 1000 + 0.5) AS BIGINT) * CAST(1000000 AS BIGINT)`),
    ),
    example: ['from_unixtime(1)', '1970-01-01 00:00:01.000000000'],
  },
  {
    signature: 'from_iso8601_timestamp(varchar): timestamp',
    emit: ([text], context) => {
      if (text?.literal?.type !== 'string') return `ts_iso8601_timestamp(${text?.sql ?? ''})`;
      const time = parseIso8601Timestamp(text.literal.value);
      if (time === undefined) throw invalidAt(context.position, 'from_iso8601_timestamp(): not an ISO 8601 timestamp');
      return context.emitter.bind(time, 'BIGINT');
    },
    example: ["from_iso8601_timestamp('2022-06-17T08:04:05.000000000+05:00')", '2022-06-17 03:04:05.000000000'],
  },
  {
    signature: 'from_iso8601_date(varchar): date',
    emit: plain('ts_iso8601_date'),
    example: ["from_iso8601_date('2022-06-17')", '2022-06-17'],
  },
  {
    signature: 'to_iso8601(timestamp): varchar',
    emit: iso8601,
    example: [`to_iso8601(TIMESTAMP ${friday})`, '2022-06-17T17:44:43.771000000Z'],
  },
  {
    signature: 'to_iso8601(date): varchar',
    emit: emitting((days = '') => `strftime(${dateOfDays(days)}, '%Y-%m-%d')`),
    example: ["to_iso8601(DATE '2022-06-17')", '2022-06-17'],
  },
  {
    signature: 'to_milliseconds(timestamp): bigint',
    emit: emittingOnce((ns) => `(${floorTo(ns, 1_000_000n)} // 1000000)`),
    example: [`to_milliseconds(${friday})`, '1655487883771'],
  },
  {
    signature: 'to_milliseconds(interval day to second): bigint',
    emit: emitting((ns = '') => `(${ns} // 1000000)`),
    example: ["to_milliseconds(INTERVAL '2' DAY + INTERVAL '3' HOUR)", '183600000'],
  },
  {
    signature: 'to_nanoseconds(timestamp): bigint',
    emit: emitting((ns = '') => ns),
    example: ["to_nanoseconds('2022-06-17 17:44:43.771000678')", '1655487883771000678'],
  },
  { signature: 'to_nanoseconds(interval day to second): bigint', emit: emitting((ns = '') => ns) },
  // One division of doubles: the documentation's own example 1.6554878837710001E9 comes out of this and not of milliseconds / 1000.
  {
    signature: 'to_unixtime(timestamp): double',
    emit: emitting((ns = '') => `(CAST(${ns} AS DOUBLE) / CAST(1000000000 AS DOUBLE))`),
    example: [`to_unixtime('2022-06-17 17:44:43.771000000')`, '1.6554878837710001E9'],
  },
  {
    signature: 'bin(timestamp, interval day to second): timestamp',
    emit: bin,
    example: ["bin('2022-06-17 10:15:20', 5m)", '2022-06-17 10:15:00.000000000'],
  },
  {
    signature: 'bin(timestamp, interval year to month): timestamp',
    emit: binMonths,
    example: ["bin('2022-06-17 10:15:20', 1year)", '2022-01-01 00:00:00.000000000'],
  },
  {
    signature: 'date_trunc(varchar, timestamp): timestamp',
    emit: truncate,
    example: [`date_trunc('minute', ${friday})`, '2022-06-17 17:44:00.000000000'],
  },
  {
    signature: 'date_add(varchar, bigint, timestamp): timestamp',
    emit: add,
    example: ["date_add('hour', 9, TIMESTAMP '2022-06-17 00:00:00')", '2022-06-17 09:00:00.000000000'],
  },
  {
    signature: 'date_add(varchar, bigint, time): time',
    emit: addToTimeOfDay,
    example: ["date_add('hour', 3, TIME '22:30')", '01:30:00.000000000'],
  },
  {
    signature: 'date_diff(varchar, timestamp, timestamp): bigint',
    emit: difference,
    example: ["date_diff('hour', TIMESTAMP '2022-06-16 00:00:00', TIMESTAMP '2022-06-18 00:00:00')", '48'],
  },
  {
    signature: 'date_diff(varchar, time, time): bigint',
    emit: ([unit, from, to], context) => `((${to?.sql ?? ''} - ${from?.sql ?? ''}) // ${clockUnitOf(unit, context)})`,
    example: ["date_diff('minute', TIME '22:30', TIME '21:00')", '-90'],
  },
  {
    signature: 'date(varchar): date',
    emit: ([text], { emitter }) => dateFromText(text?.sql ?? '', false, emitter),
  },
  { signature: 'date(timestamp): date', emit: emittingOnce(daysOfTimestamp), example: [`date(TIMESTAMP ${friday})`, '2022-06-17'] },
  {
    signature: 'last_day_of_month(timestamp): date',
    emit: emittingOnce((ns) => lastDay(daysOfTimestamp(ns))),
    example: [`last_day_of_month(TIMESTAMP ${friday})`, '2022-06-30'],
  },
  { signature: 'last_day_of_month(date): date', emit: emitting((days = '') => lastDay(days)) },
  {
    signature: 'parse_duration(varchar): interval day to second',
    emit: ([text], context) => {
      if (text?.literal?.type !== 'string') return `ts_parse_duration(${text?.sql ?? ''})`;
      const interval = parseDurationText(text.literal.value);
      if (interval?.type !== 'interval-day-to-second')
        throw invalidAt(context.position, 'parse_duration(): not a duration of days or less');
      return context.emitter.bind(interval.value, duckdbType(context.resultType));
    },
    example: ["parse_duration('42.8ms')", '0 00:00:00.042800000'],
  },
  {
    signature: 'date_format(timestamp, varchar): varchar',
    emit: plain('ts_date_format'),
    example: ["date_format('2019-10-20 10:20:20', '%Y-%m-%d %H:%i:%s')", '2019-10-20 10:20:20'],
  },
  {
    signature: 'date_parse(varchar, varchar): timestamp',
    emit: plain('ts_date_parse'),
    example: ["date_parse('2019-10-20 10:20:20', '%Y-%m-%d %H:%i:%s')", '2019-10-20 10:20:20.000000000'],
  },
  {
    signature: 'format_datetime(timestamp, varchar): varchar',
    emit: plain('ts_format_datetime'),
    example: ["format_datetime(parse_datetime('1968-01-13 12', 'yyyy-MM-dd HH'), 'yyyy-MM-dd HH')", '1968-01-13 12'],
  },
  {
    signature: 'parse_datetime(varchar, varchar): timestamp',
    emit: plain('ts_parse_datetime'),
    example: ["parse_datetime('2019-12-29 10:10 PST', 'uuuu-LL-dd HH:mm z')", '2019-12-29 18:10:00.000000000'],
  },
  ...Object.entries(calendarParts).map(([name, part]) => ({
    signature: `${name}(timestamp): bigint`,
    emit: calendarPart(part),
    example: [`${name}('2019-10-12 23:10:34.000000000')`, String(octoberParts[name])] as const,
  })),
  {
    signature: 'millisecond(timestamp): bigint',
    emit: emittingOnce((ns) => `((${ns} - ${floorTo(ns, 1_000_000_000n)}) // 1000000)`),
    example: ["millisecond('2019-10-12 23:10:34.123456789')", '123'],
  },
  {
    signature: 'nanosecond(timestamp): bigint',
    emit: emittingOnce((ns) => `(${ns} - ${floorTo(ns, 1_000_000_000n)})`),
    example: ["nanosecond('2019-10-12 23:10:34.123456789')", '123456789'],
  },
  ...Object.entries(clockParts).flatMap(([name, [unit, within]]) =>
    ['time', 'interval day to second'].map((type) => ({
      signature: `${name}(${type}): bigint`,
      emit: emitting((ns = '') => `((${ns} // ${unit}) % ${within})`),
    })),
  ),
  {
    signature: 'nanosecond(time): bigint',
    emit: emitting((ns = '') => `(${ns} % 1000000000)`),
    example: ["nanosecond(TIME '01:00:00.5')", '500000000'],
  },
  { signature: 'nanosecond(interval day to second): bigint', emit: emitting((ns = '') => `(${ns} % 1000000000)`) },
  ...['day', 'day_of_month'].map((name) => ({
    signature: `${name}(interval day to second): bigint`,
    emit: emitting((ns = '') => `(${ns} // ${nsPerDay})`),
  })),
  { signature: 'year(interval year to month): bigint', emit: emitting((months = '') => `(${months} // 12)`) },
  { signature: 'month(interval year to month): bigint', emit: emitting((months = '') => `(${months} % 12)`) },
];
