import { invalidAt, type SourcePosition } from '../sql-error.js';

export type TokenKind = 'word' | 'quoted-identifier' | 'string' | 'integer' | 'late-integer' | 'double' | 'duration' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** What the token means: an identifier without its quotes, a string's content, a number's digits, the symbol itself. */
  readonly text: string;
  readonly position: SourcePosition;
}

/** Timestream's QueryString limit (its API model); also keeps the tokens bounded. */
export const maxStatementLength = 262_144;

const symbolPattern = /<>|!=|<=|>=|\|\||->|[-+*/%()[\],.;<>=@?:]/y;
/** `measure_value::double` is one identifier in Timestream, also without quotes. */
const wordPattern = /measure_value::[A-Za-z]+|[A-Za-z_][A-Za-z0-9_]*/y;
const numberPattern = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
/** Timestream's duration literals: a number and its unit with nothing between, `15m`. Plural units do not exist. */
const durationPattern = /\d+(?:nanosecond|microsecond|millisecond|second|minute|hour|day|month|year|ns|us|ms|s|m|h|d|y)(?![A-Za-z0-9_])/y;
/** A number that was cut out of a statement: see `StatementShape`. */
const lateIntegerPattern = /§\d+§/y;
const blankPattern = /\s+|--[^\n]*|\/\*[\s\S]*?\*\//y;

/**
 * Splits a statement into tokens; the last is of kind `end`.
 *
 * Backslash means itself inside `'…'` and a quote is written twice, in strings and in quoted identifiers alike.
 *
 * @param isShape  whether numbers may have been cut out of the text
 * @throws {SqlError} at the first character that starts no token, and at a quote or comment that never ends.
 */
export function tokenize(text: string, isShape = false): Token[] {
  if (text.length > maxStatementLength)
    throw invalidAt({ line: 1, column: 1 }, `The statement is longer than ${maxStatementLength} characters`);
  // A lone surrogate cannot be written as UTF-8, so it would silently become another character in DuckDB.
  if (/\p{Surrogate}/u.test(text)) throw invalidAt({ line: 1, column: 1 }, 'The statement is not well-formed Unicode');
  const positionAt = positionCounter(text);
  const tokens: Token[] = [];
  let offset = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = offset;
    const match = pattern.exec(text)?.[0];
    if (match !== undefined) offset += match.length;
    return match;
  };
  for (;;) {
    while (take(blankPattern) !== undefined);
    const position = positionAt(offset);
    if (offset >= text.length) {
      tokens.push({ kind: 'end', text: '', position });
      return tokens;
    }
    const first = text.charAt(offset);
    if (first === "'" || first === '"') {
      const end = closingQuote(text, offset);
      if (end < 0) throw invalidAt(position, first === "'" ? 'The string never ends' : 'The quoted identifier never ends');
      const content = text.slice(offset + 1, end).replaceAll(first + first, first);
      if (first === '"' && content === '') throw invalidAt(position, 'An identifier cannot be empty');
      tokens.push({ kind: first === "'" ? 'string' : 'quoted-identifier', text: content, position });
      offset = end + 1;
      continue;
    }
    if (text.startsWith('/*', offset)) throw invalidAt(position, 'The comment never ends');
    const duration = take(durationPattern);
    if (duration !== undefined) {
      tokens.push({ kind: 'duration', text: duration, position });
      continue;
    }
    const number = take(numberPattern);
    if (number !== undefined) {
      if (/[A-Za-z0-9_]/.test(text.charAt(offset)))
        throw invalidAt(position, `'${number}${text.charAt(offset)}' is not a number or a duration`);
      tokens.push({ kind: /^\d+$/.test(number) ? 'integer' : 'double', text: number, position });
      continue;
    }
    const late = isShape ? take(lateIntegerPattern) : undefined;
    if (late !== undefined) {
      tokens.push({ kind: 'late-integer', text: late.slice(1, -1), position });
      continue;
    }
    const word = take(wordPattern);
    if (word !== undefined) {
      tokens.push({ kind: 'word', text: word, position });
      continue;
    }
    const symbol = take(symbolPattern);
    if (symbol === undefined) throw invalidAt(position, `mismatched input '${String.fromCodePoint(text.codePointAt(offset) ?? 0)}'`);
    tokens.push({ kind: 'symbol', text: symbol, position });
  }
}

/** The offset of the quote that ends what starts at `start`, or -1. */
function closingQuote(text: string, start: number): number {
  const quote = text.charAt(start);
  for (let at = start + 1; ; at += 2) {
    at = text.indexOf(quote, at);
    if (at < 0 || text.charAt(at + 1) !== quote) return at;
  }
}

/** Line and column of offsets that only grow: each character is looked at once. */
function positionCounter(text: string): (offset: number) => SourcePosition {
  let line = 1;
  let lineStart = 0;
  let next = text.indexOf('\n');
  return (offset) => {
    while (next >= 0 && next < offset) {
      line += 1;
      lineStart = next + 1;
      next = text.indexOf('\n', lineStart);
    }
    return { line, column: offset - lineStart + 1 };
  };
}
