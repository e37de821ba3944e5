import { calendarTime, daysInMonth, daysOfDate, isLeapYear } from '../values/calendar.js';
import { canParse, formatTime, parseTime, type FormatField, type FormatPiece } from '../values/time-format.js';
import { nsPerDay, parseDurationText, parseIso8601Date, parseIso8601Timestamp } from '../values/time-text.js';
import { callback, type Callback } from './callback.js';

/** MySQL's specifiers as Trino takes them ("Date and time functions and operators": MySQL date functions). */
const mysqlFields: Readonly<Record<string, readonly FormatPiece[]>> = {
  a: [{ field: 'dayOfWeek', width: 3, isText: true }],
  b: [{ field: 'month', width: 3, isText: true }],
  c: [{ field: 'month', width: 1 }],
  d: [{ field: 'day', width: 2 }],
  e: [{ field: 'day', width: 1 }],
  f: [{ field: 'fraction', width: 6 }],
  H: [{ field: 'hour', width: 2 }],
  h: [{ field: 'clockHourOfHalf', width: 2 }],
  I: [{ field: 'clockHourOfHalf', width: 2 }],
  i: [{ field: 'minute', width: 2 }],
  j: [{ field: 'dayOfYear', width: 3 }],
  k: [{ field: 'hour', width: 1 }],
  l: [{ field: 'clockHourOfHalf', width: 1 }],
  M: [{ field: 'month', width: 9, isText: true }],
  m: [{ field: 'month', width: 2 }],
  p: [{ field: 'half', width: 2 }],
  r: [
    { field: 'clockHourOfHalf', width: 2 },
    { literal: ':' },
    { field: 'minute', width: 2 },
    { literal: ':' },
    { field: 'second', width: 2 },
    { literal: ' ' },
    { field: 'half', width: 2 },
  ],
  S: [{ field: 'second', width: 2 }],
  s: [{ field: 'second', width: 2 }],
  T: [{ field: 'hour', width: 2 }, { literal: ':' }, { field: 'minute', width: 2 }, { literal: ':' }, { field: 'second', width: 2 }],
  v: [{ field: 'week', width: 2 }],
  W: [{ field: 'dayOfWeek', width: 9, isText: true }],
  x: [{ field: 'weekYear', width: 4 }],
  Y: [{ field: 'year', width: 4 }],
  y: [{ field: 'year', width: 2, isTwoDigits: true }],
};

const unsupportedMysql = 'DUuVwX';

function mysqlFormat(format: string): FormatPiece[] {
  const pieces: FormatPiece[] = [];
  const characters = Array.from(format);
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    if (character !== '%') {
      pieces.push({ literal: character });
      continue;
    }
    at += 1;
    const specifier = characters[at];
    if (specifier === undefined) throw new Error('Invalid format: a % at the end');
    if (unsupportedMysql.includes(specifier)) throw new Error(`%${specifier} not currently supported in the date format string`);
    pieces.push(...(Object.hasOwn(mysqlFields, specifier) ? (mysqlFields[specifier] ?? []) : [{ literal: specifier }]));
  }
  return pieces;
}

/** Joda's pattern letters ("DateTimeFormat"), and `u` and `L`, which the developer guide's own example has: how a run of one letter is written. */
function jodaField(letter: string, count: number): FormatField {
  const number = (field: FormatField['field']): FormatField => ({ field, width: count });
  const year = (field: 'year' | 'weekYear'): FormatField =>
    count === 2 ? { field, width: 2, isTwoDigits: true } : { field, width: count };
  switch (letter) {
    case 'G':
      return { field: 'era', width: count };
    case 'C':
      return number('century');
    case 'Y':
    case 'y':
    case 'u':
      return year('year');
    case 'x':
      return year('weekYear');
    case 'w':
      return number('week');
    case 'e':
      return number('dayOfWeek');
    case 'E':
      return { field: 'dayOfWeek', width: count >= 4 ? 9 : 3, isText: true };
    case 'D':
      return number('dayOfYear');
    case 'M':
    case 'L':
      return count >= 3 ? { field: 'month', width: count >= 4 ? 9 : 3, isText: true } : number('month');
    case 'd':
      return number('day');
    case 'a':
      return { field: 'half', width: 2 };
    case 'K':
      return number('hourOfHalf');
    case 'h':
      return number('clockHourOfHalf');
    case 'H':
      return number('hour');
    case 'k':
      return number('clockHour');
    case 'm':
      return number('minute');
    case 's':
      return number('second');
    case 'S':
      return number('fraction');
    case 'Z':
      return { field: 'zone', width: Math.min(count, 3) };
    case 'z':
      if (count < 4) return { field: 'zone', width: 0 };
      throw new Error('Invalid format: zzzz, the long name of a zone, is not supported');
    default:
      throw new Error(`Illegal pattern component: ${letter}`);
  }
}

function jodaFormat(format: string): FormatPiece[] {
  const pieces: FormatPiece[] = [];
  for (let at = 0; at < format.length;) {
    const character = format.charAt(at);
    if (/[A-Za-z]/.test(character)) {
      let end = at;
      while (format.charAt(end) === character) end += 1;
      pieces.push(jodaField(character, end - at));
      at = end;
    } else if (character === "'") {
      if (format.charAt(at + 1) === "'") {
        pieces.push({ literal: "'" });
        at += 2;
        continue;
      }
      let text = '';
      for (at += 1; ; at += 1) {
        if (at >= format.length) break;
        if (format.charAt(at) !== "'") text += format.charAt(at);
        else if (format.charAt(at + 1) === "'") {
          text += "'";
          at += 1;
        } else break;
      }
      at += 1;
      pieces.push({ literal: text });
    } else {
      pieces.push({ literal: character });
      at += 1;
    }
  }
  return pieces;
}

type ReadFormat = (format: string) => FormatPiece[];

const remembered = new Map<string, readonly FormatPiece[]>();

function piecesOf(read: ReadFormat, format: string): readonly FormatPiece[] {
  const key = `${read.name} ${format}`;
  let pieces = remembered.get(key);
  if (pieces === undefined) {
    pieces = read(format);
    if (remembered.size >= 200) remembered.clear();
    remembered.set(key, pieces);
  }
  return pieces;
}

const formatBy =
  (read: ReadFormat) =>
  (timeNs: bigint, format: string): string =>
    formatTime(piecesOf(read, format), timeNs);

const parseBy =
  (read: ReadFormat) =>
  (text: string, format: string): bigint => {
    const pieces = piecesOf(read, format);
    const unreadable = pieces.find((piece): piece is FormatField => 'field' in piece && !canParse(piece));
    if (unreadable !== undefined)
      throw new Error(`Invalid format: "${format}" has a field (${unreadable.field}) that is not supported for reading`);
    return parseTime(pieces, text, (at) => new Error(`Invalid format: "${text}"${at === 0 ? '' : ` is malformed at "${text.slice(at)}"`}`));
  };

/** The start of a month in nanoseconds since the epoch. */
const monthStart = (year: number, month: number): bigint => (daysOfDate(year, month, 1) ?? 0n) * nsPerDay;

/** Whole months from the first time to the second, as Joda counts them: 31 January to 28 February is one. */
function monthsBetween(from: bigint, to: bigint): bigint {
  if (to < from) return -monthsBetween(to, from);
  const [start, end] = [calendarTime(from), calendarTime(to)];
  const months = (end.year - start.year) * 12 + end.month - start.month;
  const moved = end.day === daysInMonth(end.year, end.month) && start.day > end.day ? from - BigInt(start.day - end.day) * nsPerDay : from;
  const isShort = to - monthStart(end.year, end.month) < moved - monthStart(start.year, start.month);
  return BigInt(isShort ? months - 1 : months);
}

/** Whole years as Joda counts them: what lies behind 28 February is compared as if no year were a leap year. */
function yearsBetween(from: bigint, to: bigint): bigint {
  if (to < from) return -yearsBetween(to, from);
  const [start, end] = [calendarTime(from), calendarTime(to)];
  const fromFeb29 = 59n * nsPerDay;
  let startRest = from - monthStart(start.year, 1);
  let endRest = to - monthStart(end.year, 1);
  if (startRest >= fromFeb29) {
    if (isLeapYear(start.year)) {
      if (!isLeapYear(end.year)) startRest -= nsPerDay;
    } else if (endRest >= fromFeb29 && isLeapYear(end.year)) endRest -= nsPerDay;
  }
  const years = end.year - start.year;
  return BigInt(endRest < startRest ? years - 1 : years);
}

function duration(text: string, type: 'interval-day-to-second' | 'interval-year-to-month'): bigint {
  const interval = parseDurationText(text);
  if (interval?.type !== type) throw new Error(`parse_duration(): '${text}' is not a duration`);
  return interval.value;
}

export const timeCallbacks: readonly Callback[] = [
  callback('ts_date_format', ['BIGINT', 'VARCHAR'], 'VARCHAR', formatBy(mysqlFormat)),
  callback('ts_date_parse', ['VARCHAR', 'VARCHAR'], 'BIGINT', parseBy(mysqlFormat)),
  callback('ts_format_datetime', ['BIGINT', 'VARCHAR'], 'VARCHAR', formatBy(jodaFormat)),
  callback('ts_parse_datetime', ['VARCHAR', 'VARCHAR'], 'BIGINT', parseBy(jodaFormat)),
  callback('ts_months_between', ['BIGINT', 'BIGINT'], 'BIGINT', monthsBetween),
  callback('ts_years_between', ['BIGINT', 'BIGINT'], 'BIGINT', yearsBetween),
  callback('ts_parse_duration', ['VARCHAR'], 'BIGINT', (text) => duration(text, 'interval-day-to-second')),
  callback('ts_iso8601_timestamp', ['VARCHAR'], 'BIGINT', (text) => {
    const time = parseIso8601Timestamp(text);
    if (time === undefined) throw new Error(`from_iso8601_timestamp(): '${text}' is not an ISO 8601 timestamp`);
    return time;
  }),
  callback('ts_iso8601_date', ['VARCHAR'], 'BIGINT', (text) => {
    const days = parseIso8601Date(text);
    if (days === undefined) throw new Error(`from_iso8601_date(): '${text}' is not an ISO 8601 date`);
    return days;
  }),
];
