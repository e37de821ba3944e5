import { javaDoubleText } from '../values/java-double.js';
import { callback, type Callback } from './callback.js';

/**
 * One code point to one code point, as Java's `Character.toUpperCase(int)` does: ß stays ß. JavaScript knows only the mapping that may be
 * longer; where that is the case, the one-to-one mapping of Unicode is in this list.
 */
function upperCodePoint(character: string): string {
  const upper = character.toUpperCase();
  if (isOneCodePoint(upper)) return upper;
  const codePoint = character.codePointAt(0) ?? 0;
  // Greek letters with iota subscript: their capital is the title-case letter, eight code points further on, or as listed.
  if (codePoint >= 0x1f80 && codePoint <= 0x1faf) return String.fromCodePoint(codePoint | 8);
  const listed: Readonly<Record<number, number>> = { 0x1fb3: 0x1fbc, 0x1fc3: 0x1fcc, 0x1ff3: 0x1ffc };
  return String.fromCodePoint(listed[codePoint] ?? codePoint);
}

/** As Java's `Character.toLowerCase(int)`: İ becomes i, and a sigma is never a final one. */
function lowerCodePoint(character: string): string {
  const lower = character.toLowerCase();
  if (isOneCodePoint(lower)) return lower;
  return character === 'İ' ? 'i' : character;
}

const isOneCodePoint = (text: string): boolean => text.length === ((text.codePointAt(0) ?? 0) > 0xffff ? 2 : 1);

function levenshtein(a: readonly string[], b: readonly string[]): number {
  if (a.length * b.length > 1_000_000)
    throw new Error('levenshtein_distance(): the combined inputs are too long; at most 1000000 pairs of characters are compared');
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, left] of a.entries()) {
    const next = [i + 1];
    for (const [j, right] of b.entries())
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (left === right ? 0 : 1)));
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** Places from 1 on of the text in the other, in code points; a match may overlap the one before. */
function placesOf(text: string, search: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(search); at >= 0; at = text.indexOf(search, at + 1)) places.push(Array.from(text.slice(0, at)).length + 1);
  return places;
}

function place(text: string, search: string, instance: bigint, places: (places: readonly number[]) => readonly number[]): bigint {
  if (instance <= 0n) throw new Error("'instance' must be a positive or negative number.");
  if (search === '') throw new Error('the place of the empty text is not supported');
  return BigInt(places(placesOf(text, search))[Number(instance) - 1] ?? 0);
}

function checkRadix(radix: bigint): number {
  if (radix < 2n || radix > 36n) throw new Error('Radix must be between 2 and 36');
  return Number(radix);
}

function fromBase(text: string, radix: bigint): bigint {
  const base = checkRadix(radix);
  const [, sign = '', digits = ''] = /^([+-]?)([0-9A-Za-z]+)$/.exec(text) ?? [];
  let value = digits === '' ? undefined : 0n;
  for (const digit of digits) {
    const weight = Number.parseInt(digit, base);
    value = value === undefined || Number.isNaN(weight) ? undefined : value * radix + BigInt(weight);
  }
  const signed = value !== undefined && sign === '-' ? -value : value;
  if (signed === undefined || signed !== BigInt.asIntN(64, signed)) throw new Error(`Not a valid base-${radix} number: ${text}`);
  return signed;
}

function splitAt(text: string, delimiter: string, limit: bigint): string[] {
  if (limit <= 0n) throw new Error('Limit must be positive');
  if (delimiter === '') throw new Error('The delimiter may not be the empty string');
  const parts = text.split(delimiter);
  if (BigInt(parts.length) <= limit) return parts;
  const whole = parts.slice(0, Number(limit) - 1);
  return [...whole, parts.slice(Number(limit) - 1).join(delimiter)];
}

export const textCallbacks: readonly Callback[] = [
  callback('ts_double_text', ['DOUBLE'], 'VARCHAR', javaDoubleText),
  callback('ts_upper', ['VARCHAR'], 'VARCHAR', (text) => Array.from(text, upperCodePoint).join('')),
  callback('ts_lower', ['VARCHAR'], 'VARCHAR', (text) => Array.from(text, lowerCodePoint).join('')),
  callback('ts_levenshtein', ['VARCHAR', 'VARCHAR'], 'BIGINT', (a, b) => BigInt(levenshtein(Array.from(a), Array.from(b)))),
  callback('ts_hamming', ['VARCHAR', 'VARCHAR'], 'BIGINT', (a, b) => {
    const [left, right] = [Array.from(a), Array.from(b)];
    if (left.length !== right.length) throw new Error('The input strings to hamming_distance function must have the same length');
    return BigInt(left.filter((character, index) => character !== right[index]).length);
  }),
  callback('ts_strpos', ['VARCHAR', 'VARCHAR', 'BIGINT'], 'BIGINT', (text, search, instance) =>
    place(text, search, instance, (places) => places),
  ),
  callback('ts_strrpos', ['VARCHAR', 'VARCHAR', 'BIGINT'], 'BIGINT', (text, search, instance) =>
    place(text, search, instance, (places) => places.toReversed()),
  ),
  callback('ts_split', ['VARCHAR', 'VARCHAR', 'BIGINT'], 'VARCHAR[]', splitAt),
  callback('ts_from_base', ['VARCHAR', 'BIGINT'], 'BIGINT', fromBase),
  callback('ts_to_base', ['BIGINT', 'BIGINT'], 'VARCHAR', (value, radix) => value.toString(checkRadix(radix))),
];
