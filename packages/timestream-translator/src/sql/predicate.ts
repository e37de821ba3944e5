import { TIME_COLUMN } from '../model/layout.js';
import type { LikePattern } from '../matcher/regex/like-patterns.js';
import { identifier, isPrintable, literal } from './sql.js';

/**
 * A condition on a row, as pure data. SQL's three values apply: a comparison with NULL is neither true nor false, and a row is only kept if
 * the whole is true.
 */
export type Predicate =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'all'; readonly of: readonly Predicate[] }
  | { readonly kind: 'any'; readonly of: readonly Predicate[] }
  /** `column IN (values)`. Never without values. */
  | { readonly kind: 'in'; readonly column: string; readonly values: readonly string[]; readonly negated: boolean }
  | { readonly kind: 'like'; readonly column: string; readonly pattern: LikePattern; readonly negated: boolean }
  /** `regexp_like`, with a pattern of `javaPatternOf`. */
  | { readonly kind: 'regexp'; readonly column: string; readonly pattern: string; readonly negated: boolean }
  | { readonly kind: 'null'; readonly column: string; readonly negated: boolean }
  /** At or after `fromMs` and before `beforeMs`, in milliseconds; no upper bound if that is null. */
  | { readonly kind: 'time'; readonly fromMs: number; readonly beforeMs: number | null };

export const ALWAYS: Predicate = { kind: 'constant', value: true };
export const NEVER: Predicate = { kind: 'constant', value: false };

/** True if all are; constants are folded and equal parts kept once. */
export function allOf(...predicates: readonly Predicate[]): Predicate {
  return combine('all', predicates);
}

/** True if at least one is; constants are folded and equal parts kept once. */
export function anyOf(...predicates: readonly Predicate[]): Predicate {
  return combine('any', predicates);
}

/** The column holds one of the values. A value that SQL cannot carry makes it unknown which rows those are: then it is no condition at all. */
export function isIn(column: string, values: readonly string[]): Predicate {
  if (values.length === 0) return NEVER;
  return values.every(isPrintable) ? { kind: 'in', column, values, negated: false } : ALWAYS;
}

/** The column holds none of the values, those that SQL cannot carry left aside. */
export function isNotIn(column: string, values: readonly string[]): Predicate {
  const printable = values.filter(isPrintable);
  return printable.length === 0 ? ALWAYS : { kind: 'in', column, values: printable, negated: true };
}

export function isLike(column: string, pattern: LikePattern): Predicate {
  if (pattern.length === 1) return isIn(column, pattern);
  return pattern.every(isPrintable) ? { kind: 'like', column, pattern, negated: false } : ALWAYS;
}

export function isNotLike(column: string, pattern: LikePattern): Predicate {
  if (pattern.length === 1) return isNotIn(column, pattern);
  return pattern.every(isPrintable) ? { kind: 'like', column, pattern, negated: true } : ALWAYS;
}

export function isNull(column: string): Predicate {
  return { kind: 'null', column, negated: false };
}

export function isNotNull(column: string): Predicate {
  return { kind: 'null', column, negated: true };
}

/** The predicate as a SQL condition that can stand beside others behind AND. */
export function printPredicate(predicate: Predicate): string {
  switch (predicate.kind) {
    case 'constant':
      return predicate.value ? 'TRUE' : 'FALSE';
    case 'all':
      return predicate.of.map(printPredicate).join(' AND ');
    case 'any': {
      const parts = predicate.of.map((part) => (part.kind === 'all' ? `(${printPredicate(part)})` : printPredicate(part)));
      return `(${parts.join(' OR ')})`;
    }
    case 'in':
      return printIn(identifier(predicate.column), predicate.values, predicate.negated);
    case 'like':
      return `${identifier(predicate.column)} ${predicate.negated ? 'NOT ' : ''}LIKE ${printLikePattern(predicate.pattern)}`;
    case 'regexp':
      return `${predicate.negated ? 'NOT ' : ''}regexp_like(${identifier(predicate.column)}, ${literal(predicate.pattern)})`;
    case 'null':
      return `${identifier(predicate.column)} IS ${predicate.negated ? 'NOT ' : ''}NULL`;
    case 'time': {
      const lower = `${TIME_COLUMN} >= from_milliseconds(${predicate.fromMs})`;
      return predicate.beforeMs === null ? lower : `${lower} AND ${TIME_COLUMN} < from_milliseconds(${predicate.beforeMs})`;
    }
  }
}

function printIn(column: string, values: readonly string[], negated: boolean): string {
  const [only, ...others] = values;
  if (only !== undefined && others.length === 0) return `${column} ${negated ? '<>' : '='} ${literal(only)}`;
  return `${column} ${negated ? 'NOT ' : ''}IN (${values.map(literal).join(', ')})`;
}

const LIKE_ESCAPE = '\\';

function printLikePattern(pattern: LikePattern): string {
  const text = pattern.map((part) => part.replace(/[\\%_]/g, (character) => LIKE_ESCAPE + character)).join('%');
  const isEscaped = pattern.some((part) => /[\\%_]/.test(part));
  return isEscaped ? `${literal(text)} ESCAPE ${literal(LIKE_ESCAPE)}` : literal(text);
}

function combine(kind: 'all' | 'any', predicates: readonly Predicate[]): Predicate {
  const absorbing = kind === 'any';
  const parts = new Map<string, Predicate>();
  for (const predicate of predicates.flatMap((part) => (part.kind === kind ? part.of : [part]))) {
    if (predicate.kind !== 'constant') parts.set(JSON.stringify(predicate), predicate);
    else if (predicate.value === absorbing) return predicate;
  }
  const [only, ...others] = parts.values();
  if (only === undefined) return absorbing ? NEVER : ALWAYS;
  return others.length === 0 ? only : { kind, of: [...parts.values()] };
}
