import { nsPerDay, nsPerSecond } from './time-text.js';

/** A time taken apart on the proleptic Gregorian calendar, UTC. */
export interface CalendarTime {
  readonly year: number;
  /** 1..12 */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  /** Monday is 1, Sunday 7. */
  readonly dayOfWeek: number;
  readonly dayOfYear: number;
  /** ISO 8601. */
  readonly week: number;
  readonly weekYear: number;
}

export const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;
export const dayNames = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;

const floorDivide = (value: bigint, by: bigint): bigint => (value - (((value % by) + by) % by)) / by;

export function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

export function daysInMonth(year: number, month: number): number {
  return [31, isLeapYear(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
}

/** Days since the epoch; undefined for a day that the month does not have. */
export function daysOfDate(year: number, month: number, day: number): bigint | undefined {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  return BigInt(new Date(0).setUTCFullYear(year, month - 1, day) / 86_400_000);
}

export function calendarTime(timeNs: bigint): CalendarTime {
  const days = floorDivide(timeNs, nsPerDay);
  const nsOfDay = timeNs - days * nsPerDay;
  const date = new Date(Number(days) * 86_400_000);
  const year = date.getUTCFullYear();
  const dayOfWeek = ((date.getUTCDay() + 6) % 7) + 1;
  const dayOfYear = Number(days - (daysOfDate(year, 1, 1) ?? 0n)) + 1;
  // The week belongs to the year that its Thursday is in.
  const thursday = new Date(Number(days) * 86_400_000 + (4 - dayOfWeek) * 86_400_000);
  const weekYear = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() / 86_400_000 - Number(daysOfDate(weekYear, 1, 1) ?? 0n)) / 7) + 1;
  const secondOfDay = Number(nsOfDay / nsPerSecond);
  return {
    year,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: Math.floor(secondOfDay / 3600),
    minute: Math.floor(secondOfDay / 60) % 60,
    second: secondOfDay % 60,
    nanosecond: Number(nsOfDay % nsPerSecond),
    dayOfWeek,
    dayOfYear,
    week,
    weekYear,
  };
}
