import { maxInt64 } from './values/time-text.js';

/**
 * A statement without the numbers that are times: `from_milliseconds(…)`, `from_nanoseconds(…)`, and what is taken away from
 * `to_nanoseconds(time)`. Whoever asks for the last hour again and again asks statements of one shape.
 */
export interface StatementShape {
  /** `§0§` stands for the first number, wherever it stood: equal numbers have one place. */
  readonly text: string;
  readonly numbers: readonly bigint[];
}

/** Strings, quoted names and comments are passed over. */
const pattern =
  /'[^']*'|"[^"]*"|--[^\n]*|\/\*[\s\S]*?\*\/|\b(from_milliseconds\(|from_nanoseconds\(|to_nanoseconds\(time\) - )(\d{13}|\d{19})(?=\))/g;

/** Thirteen digits are milliseconds since 2001, nineteen are nanoseconds: both are always a BIGINT, and a time within 64 bits. */
const maxMilliseconds = maxInt64 / 1_000_000n;

/** @returns undefined for a statement without such numbers, or with one that is no time. */
export function shapeOf(sqlText: string): StatementShape | undefined {
  if (sqlText.includes('§')) return undefined;
  const numbers: bigint[] = [];
  let isTime = true as boolean;
  const text = sqlText.replace(pattern, (found, before: string | undefined, digits: string | undefined) => {
    if (before === undefined || digits === undefined) return found;
    const number = BigInt(digits);
    if (number > (before === 'from_milliseconds(' ? maxMilliseconds : maxInt64)) isTime = false;
    const known = numbers.indexOf(number);
    return `${before}§${known >= 0 ? known : numbers.push(number) - 1}§`;
  });
  return isTime && numbers.length > 0 ? { text, numbers } : undefined;
}
