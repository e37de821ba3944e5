import { quoteGo } from '@timestream-prometheus/promql';

const DECIMAL = /^[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d[\d_]*)?$/i;
const HEXADECIMAL = /^([+-]?)0x([\da-f_]*)\.?([\da-f_]*)p([+-]?\d[\d_]*)$/i;

/** An underscore has a digit on each side; on its left the prefix of a base will do. */
const MISPLACED_UNDERSCORE = /(?<![\da-f]|0x)_|_(?![\da-f])/i;

/** A number as Go's `strconv.ParseFloat` reads it. Null for what is none, and for what no float can hold. */
export function parseGoFloat(text: string): number | null {
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return NaN;
  if (MISPLACED_UNDERSCORE.test(text)) return null;
  const digits = text.replaceAll('_', '');
  const number = DECIMAL.test(text) ? Number(digits) : hexadecimalFloat(digits);
  return number === null || !Number.isFinite(number) ? null : number;
}

function hexadecimalFloat(text: string): number | null {
  const [, sign = '', whole = '', fraction = '', exponent = ''] = HEXADECIMAL.exec(text) ?? [];
  if (whole + fraction === '') return null;
  // Rounded once, where digits become a float, unless the result is subnormal: nobody writes such a time.
  const size = Number(`0x${whole}${fraction}`) * 2 ** (Number(exponent) - 4 * fraction.length);
  return sign === '-' ? -size : size;
}

/** An integer as Go's `strconv.Atoi` reads it. @throws RangeError with Go's words */
export function parseGoInteger(text: string): number {
  const refuse = (reason: string): RangeError => new RangeError(`strconv.Atoi: parsing ${quoteGo(text)}: ${reason}`);
  if (!/^[+-]?\d+$/.test(text)) throw refuse('invalid syntax');
  const value = BigInt(text.replace('+', ''));
  if (BigInt.asIntN(64, value) !== value) throw refuse('value out of range');
  return Number(value);
}
