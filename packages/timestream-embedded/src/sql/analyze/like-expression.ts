import { parseLikePattern, re2OfLike } from '../java-pattern/like-pattern.js';
import { invalidAt } from '../sql-error.js';
import { boolean } from '../values/sql-type.js';
import type { Expression } from '../parse/syntax-tree.js';
import { computed, type Emitter, type TypedExpression } from '../values/typed-expression.js';

/** `a LIKE 'pattern' [ESCAPE 'e']`; the parts are VARCHAR already. @throws {SqlError} for a pattern that is no literal, and bad escapes. */
export function likeExpression(
  { negated, position }: Extract<Expression, { kind: 'like' }>,
  parts: readonly TypedExpression[],
  emitter: Emitter,
): TypedExpression {
  const [text, patternPart, escapePart] = parts;
  const not = negated ? 'NOT ' : '';
  if (patternPart?.literal?.type === 'null' || escapePart?.literal?.type === 'null') return computed(boolean, 'CAST(NULL AS BOOLEAN)');
  if (text === undefined || patternPart?.literal?.type !== 'string')
    throw invalidAt(position, 'The pattern of LIKE must be a string literal');
  if (escapePart !== undefined && (escapePart.literal?.type !== 'string' || Array.from(escapePart.literal.value).length !== 1)) {
    throw invalidAt(position, 'Escape string must be a single character');
  }
  const escape = escapePart?.literal?.type === 'string' ? escapePart.literal.value : undefined;
  const pieces = parseLikePattern(patternPart.literal.value, escape);
  if (pieces === undefined) throw invalidAt(position, "Escape character must be followed by '%', '_' or the escape character itself");
  const shape = pieces.map((piece) => piece.kind).join(' ');
  const literal = pieces.flatMap((piece) => (piece.kind === 'text' ? [piece.text] : [])).join('');
  const bound = (): string => emitter.bind(literal, 'VARCHAR');
  // The common shapes have functions that need no regular expression.
  if (shape === '' || shape === 'text') return computed(boolean, `(${not}(${text.sql} = ${bound()}))`);
  if (shape === 'text any') return computed(boolean, `(${not}starts_with(${text.sql}, ${bound()}))`);
  if (shape === 'any text') return computed(boolean, `(${not}ends_with(${text.sql}, ${bound()}))`);
  if (shape === 'any text any') return computed(boolean, `(${not}contains(${text.sql}, ${bound()}))`);
  return computed(boolean, `(${not}regexp_matches(${text.sql}, '${re2OfLike(pieces)}'))`);
}
