import { hasLoneSurrogate } from '../text/text-codec.js';

/**
 * The two doors to SQL text: nothing else in this package writes a quote character into a query.
 *
 * Timestream's dialect is derived from Trino's (developer guide, `supported-sql-constructs`): names stand in double quotes, texts in single
 * quotes, a quote of the same kind is doubled, and a backslash is a character like any other.
 */

/** A name of a database, table or column. */
export function identifier(name: string): string {
  assertPrintable(name);
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text. */
export function literal(text: string): string {
  assertPrintable(text);
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Whether a query can carry the text: not with U+0000, which no layer between us and the parser promises to let through, nor with half a
 * surrogate pair, which UTF-8 cannot write.
 */
export function isPrintable(text: string): boolean {
  return !text.includes('\0') && !hasLoneSurrogate(text);
}

function assertPrintable(text: string): void {
  if (!isPrintable(text)) throw new RangeError(`no SQL text can carry ${JSON.stringify(text)}`);
}
