import { parseDuration, quoteGo } from '@timestream-prometheus/promql';
import { type ApiParameters, parseParameter } from './api-parameters.js';
import { parseGoFloat } from './go-number.js';

/** Beyond any time that a sample can have, and that a Date takes. */
const FARTHEST_MS = 8_640_000_000_000_000;

/** The time, or the nearest one that is no farther away than anything stored: a query may ask for times that no clock has. */
export function withinStorableTimes(timeMs: number): number {
  return Math.trunc(Math.max(-FARTHEST_MS, Math.min(FARTHEST_MS, timeMs)));
}

/** What Prometheus' own tools write for the beginning and the end of all time (`web/api/v1/api.go`, MinTime, MaxTime). */
const TIMES_WITHOUT_YEAR_OF_FOUR_DIGITS: ReadonlyMap<string, number> = new Map([
  ['-292273086-05-16T16:47:06Z', -FARTHEST_MS],
  ['292277025-08-18T07:12:54.999999999Z', FARTHEST_MS],
]);

/**
 * A moment: seconds since the Unix epoch or RFC 3339 (`web/api/v1/api.go`, parseTime).
 *
 * @returns milliseconds; finer parts are cut off, as Prometheus does before it evaluates
 * @throws RangeError with Prometheus' words
 */
export function parseTimeMs(text: string): number {
  const seconds = parseGoFloat(text);
  if (seconds !== null && Math.abs(seconds) <= 9_223_372_036_854) {
    const whole = Math.trunc(seconds);
    // The fraction is rounded to milliseconds, half away from zero.
    const fraction = (seconds - whole) * 1000;
    return whole * 1000 + Math.sign(fraction) * Math.floor(Math.abs(fraction) + 0.5);
  }
  const dateMs = parseDateMs(text);
  if (dateMs !== null) return dateMs;
  const farTimeMs = TIMES_WITHOUT_YEAR_OF_FOUR_DIGITS.get(text);
  if (farTimeMs !== undefined) return farTimeMs;
  throw new RangeError(`cannot parse ${quoteGo(text)} to a valid timestamp`);
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** RFC 3339 as Go reads it (`time.Parse`): an hour may have one digit, and a comma may stand before a fraction. Null for any other text. */
function parseDateMs(text: string): number | null {
  const [, year, month, day, hour, minute, second, fraction = '', sign, zoneHour = 0, zoneMinute = 0] = DATE.exec(text) ?? [];
  if (year === undefined) return null;
  const fields = [year, month, day, hour, minute, second].map(Number);
  const date = new Date(0);
  date.setUTCFullYear(fields[0] ?? 0, (fields[1] ?? 0) - 1, fields[2]);
  date.setUTCHours(fields[3] ?? 0, fields[4], fields[5]);
  // A date that there is none of, or a second too many, comes out as another one.
  const read = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]; // oxfmt-ignore
  if (read.some((value, index) => value !== fields[index])) return null;
  const zoneMs = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000 * (sign === '-' ? -1 : 1);
  return date.getTime() + Number(fraction.padEnd(3, '0').slice(0, 3)) - zoneMs;
}

/**
 * The range that `start` and `end` give, each open where it is not given.
 *
 * @throws ConnectorError malformed-query
 */
export function parseTimeRange(parameters: ApiParameters): { readonly startMs: number; readonly endMs: number } {
  return { startMs: parseTimeOr(-FARTHEST_MS, 'start', parameters), endMs: parseTimeOr(FARTHEST_MS, 'end', parameters) };
}

/** @throws ConnectorError malformed-query */
export function parseTimeOr(defaultMs: number, name: string, parameters: ApiParameters): number {
  const text = parameters.get(name) ?? '';
  return text === '' ? defaultMs : parseParameter(name, () => parseTimeMs(text), `invalid time value for '${name}': `);
}

/**
 * A duration: seconds, or as PromQL writes it (`web/api/v1/api.go`, parseDuration).
 *
 * @returns nanoseconds
 * @throws RangeError with Prometheus' words
 */
export function parseDurationNs(text: string): number {
  const seconds = parseGoFloat(text);
  if (seconds !== null) {
    const ns = seconds * 1e9;
    if (Number.isNaN(ns) || ns >= 2 ** 63 || ns < -(2 ** 63)) {
      throw new RangeError(`cannot parse ${quoteGo(text)} to a valid duration. It overflows int64`);
    }
    return Math.trunc(ns) + 0;
  }
  try {
    return parseDuration(text);
  } catch {
    throw new RangeError(`cannot parse ${quoteGo(text)} to a valid duration`);
  }
}

/** The same in milliseconds; finer parts are cut off. @throws RangeError with Prometheus' words */
export function parseDurationMs(text: string): number {
  return Math.trunc(parseDurationNs(text) / 1e6) + 0;
}
