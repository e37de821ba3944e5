import { parseDuration } from '@timestream-prometheus/promql';
import { type ApiParameters, parseParameter } from './api-parameters.js';

/** As Go's `ParseFloat` reads a number. Null for what is not a number. */
function parseFloatText(text: string): number | null {
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^[+-]?nan$/i.test(text)) return NaN;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : null;
}

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
  const seconds = parseFloatText(text);
  if (seconds !== null && Math.abs(seconds) <= 9_223_372_036_854) {
    const whole = Math.trunc(seconds);
    // The fraction is rounded to milliseconds, half away from zero.
    const fraction = (seconds - whole) * 1000;
    return whole * 1000 + Math.sign(fraction) * Math.floor(Math.abs(fraction) + 0.5);
  }
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match !== null) {
    const [, moment = '', fraction = '', zone = ''] = match;
    const timeMs = Date.parse(`${moment}${fraction.slice(0, 4)}${zone}`);
    if (!Number.isNaN(timeMs)) return timeMs;
  }
  const farTimeMs = TIMES_WITHOUT_YEAR_OF_FOUR_DIGITS.get(text);
  if (farTimeMs !== undefined) return farTimeMs;
  throw new RangeError(`cannot parse ${JSON.stringify(text)} to a valid timestamp`);
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
 * @returns milliseconds; finer parts are cut off
 * @throws RangeError with Prometheus' words
 */
export function parseDurationParameterMs(text: string): number {
  const seconds = parseFloatText(text);
  if (seconds !== null) {
    if (Number.isNaN(seconds) || seconds * 1e9 >= 2 ** 63 || seconds * 1e9 < -(2 ** 63)) {
      throw new RangeError(`cannot parse ${JSON.stringify(text)} to a valid duration. It overflows int64`);
    }
    return Math.trunc((seconds * 1e9) / 1e6);
  }
  try {
    return Math.trunc(parseDuration(text) / 1e6);
  } catch {
    throw new RangeError(`cannot parse ${JSON.stringify(text)} to a valid duration`);
  }
}
