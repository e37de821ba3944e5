export const nsPerSecond = 1_000_000_000n;
export const nsPerDay = 86_400n * nsPerSecond;
export const maxInt64 = 9_223_372_036_854_775_807n;
export const minInt64 = -9_223_372_036_854_775_808n;

const divideFloor = (value: bigint, by: bigint): bigint => (value - (((value % by) + by) % by)) / by;

/** `2020-08-08 01:00:00.000000000`: always nine digits, UTC, no zone. */
export function timestampText(timeNs: bigint): string {
  const days = divideFloor(timeNs, nsPerDay);
  return `${dateText(days)} ${timeOfDayText(timeNs - days * nsPerDay)}`;
}

/** `2020-08-08`; `days` since the epoch. */
export function dateText(days: bigint): string {
  return new Date(Number(days) * 86_400_000).toISOString().slice(0, 10);
}

/** `01:00:00.000000000`; nanoseconds since midnight. */
export function timeOfDayText(ns: bigint): string {
  const seconds = ns / nsPerSecond;
  const two = (value: bigint): string => value.toString().padStart(2, '0');
  const fraction = (ns % nsPerSecond).toString().padStart(9, '0');
  return `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}.${fraction}`;
}

/** `1 21:00:00.000000000`, with one sign for the whole. */
export function dayTimeIntervalText(ns: bigint): string {
  const absolute = ns < 0n ? -ns : ns;
  return `${ns < 0n ? '-' : ''}${absolute / nsPerDay} ${timeOfDayText(absolute % nsPerDay)}`;
}

/** `2-7`: years and months, with one sign for the whole. */
export function yearMonthIntervalText(months: bigint): string {
  const absolute = months < 0n ? -months : months;
  return `${months < 0n ? '-' : ''}${absolute / 12n}-${absolute % 12n}`;
}

/** Days since the epoch of `2020-08-08`, or undefined when it is no date of the calendar. */
export function parseDate(text: string): bigint | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const ms = Date.parse(`${text}T00:00:00Z`);
  // Date.parse takes 30 February for 2 March.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text) return undefined;
  return BigInt(ms / 86_400_000);
}

/**
 * Nanoseconds since the epoch of `2020-08-08`, `2020-08-08 01:00`, `2020-08-08 01:00:00` or `2020-08-08 01:00:00.123456789` (UTC).
 * Undefined for any other form, and outside 1677-09-21 … 2262-04-11, the range that 64 bits of nanoseconds have.
 */
export function parseTimestamp(text: string): bigint | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})(?: ([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?)?$/.exec(text);
  const days = match?.[1] === undefined ? undefined : parseDate(match[1]);
  if (match === null || days === undefined) return undefined;
  const [, , hours = '0', minutes = '0', seconds = '0', fraction = ''] = match;
  const secondOfDay = BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(seconds);
  const timeNs = days * nsPerDay + secondOfDay * nsPerSecond + BigInt(fraction.padEnd(9, '0'));
  return timeNs >= minInt64 && timeNs <= maxInt64 ? timeNs : undefined;
}

/** Nanoseconds since midnight of `01:00`, `01:00:00` or `01:00:00.123456789`; undefined for any other form. */
export function parseTimeOfDay(text: string): bigint | undefined {
  return /^\d\d:/.test(text) ? parseTimestamp(`1970-01-01 ${text}`) : undefined;
}

/** Days since the epoch of `2020-08-08`, `2020-08`, `2020`, the week dates `2020-W32-6` and `2020-W32`, and the ordinal date `2020-221`. */
export function parseIso8601Date(text: string): bigint | undefined {
  const month = /^(\d{4})(?:-(\d{2}))?$/.exec(text);
  if (month !== null) return parseDate(`${month[1] ?? ''}-${month[2] ?? '01'}-01`);
  const ordinal = /^(\d{4})-(\d{3})$/.exec(text);
  if (ordinal !== null) {
    const days = (parseDate(`${ordinal[1] ?? ''}-01-01`) ?? 0n) + BigInt(ordinal[2] ?? 0) - 1n;
    return ordinal[2] !== '000' && dateText(days).startsWith(ordinal[1] ?? '') ? days : undefined;
  }
  const week = /^(\d{4})-W(\d{2})(?:-([1-7]))?$/.exec(text);
  if (week === null) return parseDate(text);
  const [, year = '', number = '', day = '1'] = week;
  // 4 January is always in the first week; 1970-01-01 was a Thursday.
  const fourth = parseDate(`${year}-01-04`);
  if (fourth === undefined || Number(number) < 1) return undefined;
  const mondayOf = (days: bigint): bigint => days - ((((days + 3n) % 7n) + 7n) % 7n);
  const monday = mondayOf(fourth) + (BigInt(number) - 1n) * 7n;
  // The Thursday says which year a week belongs to.
  return dateText(monday + 3n).startsWith(year) ? monday + BigInt(day) - 1n : undefined;
}

/** Nanoseconds since the epoch of `2020-08-08T01:00:00.000Z` or with an offset `+05:00`; undefined for any other form. */
export function parseIso8601Timestamp(text: string): bigint | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(?:Z|([+-])(\d{2}):(\d{2}))?$/.exec(text);
  if (match === null) return undefined;
  const [, date = '', time = '', sign, hours = '0', minutes = '0'] = match;
  const local = parseTimestamp(`${date} ${time}`);
  if (local === undefined || Number(hours) > 18 || Number(minutes) > 59) return undefined;
  const offset = (BigInt(hours) * 3600n + BigInt(minutes) * 60n) * nsPerSecond;
  const timeNs = sign === '-' ? local + offset : local - offset;
  return timeNs >= minInt64 && timeNs <= maxInt64 ? timeNs : undefined;
}

const nsPerDurationUnit: Readonly<Record<string, bigint>> = {
  ns: 1n,
  nanosecond: 1n,
  us: 1_000n,
  microsecond: 1_000n,
  ms: 1_000_000n,
  millisecond: 1_000_000n,
  s: nsPerSecond,
  second: nsPerSecond,
  m: 60n * nsPerSecond,
  minute: 60n * nsPerSecond,
  h: 3_600n * nsPerSecond,
  hour: 3_600n * nsPerSecond,
  d: nsPerDay,
  day: nsPerDay,
};
const monthsPerDurationUnit: Readonly<Record<string, bigint>> = { month: 1n, y: 12n, year: 12n };

export type IntervalLiteral =
  | { readonly type: 'interval-day-to-second'; readonly value: bigint }
  | { readonly type: 'interval-year-to-month'; readonly value: bigint };

/** What `parse_duration` reads: beside the literals, fractions and blanks around the number and the unit (`42.8ms`, `1 day`). */
export const parseDurationText = (text: string): IntervalLiteral | undefined =>
  parseDuration(/^\s*(\S+)\s*([a-z]*)\s*$/.exec(text)?.slice(1).join('') ?? '', { allowsFraction: true });

/**
 * `15m`, `100ms`, `8month`, …; undefined for any other text and for what 64 bits of nanoseconds cannot hold.
 * @param allowsFraction as `parse_duration('42.8ms')` does; what is less than a nanosecond is cut off.
 */
export function parseDuration(text: string, { allowsFraction = false } = {}): IntervalLiteral | undefined {
  const match = /^(\d{1,30})(?:\.(\d{1,30}))?([a-z]+)$/.exec(text);
  if (match === null || (match[2] !== undefined && !allowsFraction)) return undefined;
  const [, digits = '', fraction = '', unit = ''] = match;
  const ns = Object.hasOwn(nsPerDurationUnit, unit) ? nsPerDurationUnit[unit] : undefined;
  if (ns !== undefined) {
    const value = BigInt(digits) * ns + (BigInt(`0${fraction}`) * ns) / 10n ** BigInt(fraction.length);
    return value <= maxInt64 ? { type: 'interval-day-to-second', value } : undefined;
  }
  const months = Object.hasOwn(monthsPerDurationUnit, unit) ? monthsPerDurationUnit[unit] : undefined;
  if (months === undefined || fraction !== '') return undefined;
  const value = BigInt(digits) * months;
  return value <= 2_147_483_647n ? { type: 'interval-year-to-month', value } : undefined;
}
