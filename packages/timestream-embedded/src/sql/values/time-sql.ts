import { nsPerDay } from './time-text.js';

/** Times are 64-bit nanoseconds; DuckDB's own TIMESTAMP (microseconds) serves the calendar only. These write the conversions. */

/** The greatest multiple of `by` nanoseconds that is not after the time: also right before 1970. */
export const floorTo = (timeNs: string, by: bigint): string => `(${timeNs} - ((${timeNs} % ${by}) + ${by}) % ${by})`;

/** Microseconds since the epoch, rounded down. */
export const microsOf = (timeNs: string): string => `(${floorTo(timeNs, 1000n)} // 1000)`;

export const timestampOf = (micros: string): string => `make_timestamp(${micros})`;

export const calendarOf = (timeNs: string): string => timestampOf(microsOf(timeNs));

/** Days since the epoch, rounded down. */
export const daysOfTimestamp = (timeNs: string): string => `(${floorTo(timeNs, nsPerDay)} // ${nsPerDay})`;

export const dateOfDays = (days: string): string => `(DATE '1970-01-01' + CAST(${days} AS INTEGER))`;

/** Months on the calendar; a day that the month does not have becomes its last. */
export const addMonths = (timeNs: string, months: string): string =>
  `(epoch_us(${calendarOf(timeNs)} + to_months(CAST(${months} AS INTEGER))) * 1000 + ((${timeNs} % 1000) + 1000) % 1000)`;

/** Lengths of the units that are always as long. */
export const nsPerUnit: Readonly<Record<string, bigint>> = {
  nanosecond: 1n,
  microsecond: 1_000n,
  millisecond: 1_000_000n,
  second: 1_000_000_000n,
  minute: 60_000_000_000n,
  hour: 3_600_000_000_000n,
  day: nsPerDay,
  week: 7n * nsPerDay,
};
