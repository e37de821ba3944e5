import { parseDuration } from '@timestream-prometheus/promql';

/** As Go's `ParseFloat` reads a number. Null for what is none. */
function parseFloatText(text: string): number | null {
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^[+-]?nan$/i.test(text)) return NaN;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : null;
}

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
  throw new RangeError(`cannot parse ${JSON.stringify(text)} to a valid timestamp`);
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
