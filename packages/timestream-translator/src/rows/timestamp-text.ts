import { RowFormatError } from './row-format-error.js';

export interface TimestampParser {
  /** Milliseconds since the Unix epoch, rounded down, of the text last parsed. */
  timeMs: number;
  /** What was rounded away, 0 to 999,999. */
  subMillisecondNanoseconds: number;
  /** @throws RowFormatError */
  parse(text: string): void;
}

/**
 * Reads Timestream's TIMESTAMP text, `2020-08-08 01:00:00.000000000`: UTC, years 1677 to 2262, nanoseconds as nine digits (developer guide,
 * `supported-data-types`, and recorded answers). Fewer digits, or none, are taken too.
 *
 * It writes into itself instead of returning an object: it runs once per row. The days since 1970 are computed once per run of equal dates.
 */
export function createTimestampParser(): TimestampParser {
  let knownDate = -1;
  let knownDateMs = 0;
  return {
    timeMs: 0,
    subMillisecondNanoseconds: 0,
    parse(text) {
      if (text.length < 19 || text.length > 29 || (text.length > 19 && text.charCodeAt(19) !== 0x2e) || !hasSeparators(text)) refuse(text);
      const year = digitsAt(text, 0) * 1000 + digitsAt(text, 1) * 100 + twoDigitsAt(text, 2);
      const month = twoDigitsAt(text, 5);
      const day = twoDigitsAt(text, 8);
      const hour = twoDigitsAt(text, 11);
      const minute = twoDigitsAt(text, 14);
      const second = twoDigitsAt(text, 17);
      const date = year * 10_000 + month * 100 + day;
      if (date !== knownDate) {
        if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) refuse(text);
        knownDateMs = daysSinceEpoch(year, month, day) * 86_400_000;
        knownDate = date;
      }
      if (hour > 23 || minute > 59 || second > 59) refuse(text);
      let nanoseconds = 0;
      for (let index = 20; index < 29; index++) nanoseconds = nanoseconds * 10 + (index < text.length ? digitsAt(text, index) : 0);
      const milliseconds = Math.floor(nanoseconds / 1_000_000);
      this.timeMs = knownDateMs + hour * 3_600_000 + minute * 60_000 + second * 1000 + milliseconds;
      this.subMillisecondNanoseconds = nanoseconds - milliseconds * 1_000_000;
    },
  };
}

function hasSeparators(text: string): boolean {
  return (
    text.charCodeAt(4) === 0x2d &&
    text.charCodeAt(7) === 0x2d &&
    text.charCodeAt(10) === 0x20 &&
    text.charCodeAt(13) === 0x3a &&
    text.charCodeAt(16) === 0x3a
  );
}

function twoDigitsAt(text: string, index: number): number {
  return digitsAt(text, index) * 10 + digitsAt(text, index + 1);
}

function digitsAt(text: string, index: number): number {
  const digit = text.charCodeAt(index) - 0x30;
  if (!(digit >= 0 && digit <= 9)) refuse(text);
  return digit;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days of the Gregorian calendar, counted from a March so that the leap day is the last of its year. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1;
  const dayOfMarchYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const days = marchYear * 365 + Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400) + dayOfMarchYear;
  return days - 719_468;
}

function refuse(text: string): never {
  throw new RowFormatError(`Timestream answered with a TIMESTAMP that cannot be read: ${JSON.stringify(text.slice(0, 40))}`);
}
