import { bitsFromFloat, floatFromBits, NORMAL_NAN_BITS } from '@timestream-prometheus/prom-codec';

/** Longest plain decimal; a longer number is written with an exponent. */
const MAX_PLAIN_LENGTH = 40;

/**
 * A finite double as decimal text that reads back as the same bits: the fewest digits that do (ECMAScript, Number::toString), `-0.0` for
 * negative zero.
 *
 * Timestream does not document the grammar of a DOUBLE. Plain digits such as `0.0000001` are what every client is seen to send, so they are
 * used up to 40 characters; beyond them, `1.0E300`, the way Timestream itself prints doubles. Neither `e+`, nor a bare exponent on an
 * integer, nor a leading `+` or `.` occurs.
 */
export function doubleText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0';
  const text = String(value);
  const exponentAt = text.indexOf('e');
  if (exponentAt < 0) return text;
  const sign = text.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = text.slice(sign.length, exponentAt).split('.');
  const exponent = Number(text.slice(exponentAt + 1));
  const plain = sign + plainDecimal(whole + fraction, whole.length + exponent);
  return plain.length <= MAX_PLAIN_LENGTH ? plain : `${sign}${whole}.${fraction || '0'}E${exponent}`;
}

/** `0.<digits> * 10^pointAt` without exponent. */
function plainDecimal(digits: string, pointAt: number): string {
  if (pointAt <= 0) return `0.${'0'.repeat(-pointAt)}${digits}`;
  if (pointAt >= digits.length) return digits + '0'.repeat(pointAt - digits.length);
  return `${digits.slice(0, pointAt)}.${digits.slice(pointAt)}`;
}

/** Any double for a person: NaN with its bits, because they tell a staleness marker (0x7ff0000000000002) from other NaNs. */
export function doubleOrBitsText(bits: bigint): string {
  const value = floatFromBits(bits);
  if (Number.isFinite(value)) return doubleText(value);
  if (Number.isNaN(value)) return `NaN (bits 0x${bits.toString(16).padStart(16, '0')})`;
  return value > 0 ? '+Inf' : '-Inf';
}

/**
 * Any double as text that gives all of its bits back: a shortest decimal, `Infinity`, `-Infinity`, `NaN` for Prometheus' ordinary one, of any
 * other NaN `NaN` and its 64 bits in hexadecimal. None of its characters needs an escape in JSON.
 */
export function bitsText(bits: bigint): string {
  const value = floatFromBits(bits);
  if (Number.isFinite(value)) return doubleText(value);
  if (!Number.isNaN(value)) return String(value);
  return bits === NORMAL_NAN_BITS ? 'NaN' : `NaN${bits.toString(16).padStart(16, '0')}`;
}

/** The reverse of {@link bitsText}; null for any other text. */
export function bitsOfText(text: string): bigint | null {
  if (/^-?\d+(?:\.\d+)?(?:E-?\d+)?$/.test(text)) return bitsFromFloat(Number(text));
  if (text === 'Infinity' || text === '-Infinity') return bitsFromFloat(Number(text));
  if (text === 'NaN') return NORMAL_NAN_BITS;
  return /^NaN[0-9a-f]{16}$/.test(text) ? BigInt(`0x${text.slice(3)}`) : null;
}
