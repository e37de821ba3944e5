import { utf8Length } from './go-text.js';

/** A query that is no PromQL. The message is Prometheus' own, with line and column: `1:5: parse error: …`. */
export class ParseError extends Error {
  override readonly name = 'ParseError';
  /** Index into the query, in UTF-16 units. */
  readonly start: number;

  constructor(query: string, start: number, reason: string) {
    super(`${lineAndColumn(query, start)}: parse error: ${reason}`);
    this.start = start;
  }
}

/** `line:column` from 1, the column in bytes (`promql/parser/posrange`, StartPosInput). */
export function lineAndColumn(query: string, index: number): string {
  if (query === '') return 'unknown position';
  const before = query.slice(0, index);
  const lastBreak = before.lastIndexOf('\n');
  const line = before.split('\n').length;
  return `${line}:${utf8Length(before.slice(lastBreak + 1)) + 1}`;
}
