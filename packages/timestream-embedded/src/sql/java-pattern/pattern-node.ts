import type { CodePointSet } from './code-point-set.js';

/** A piece of a regular expression whose meaning is the same in Java and in RE2. */
export type PatternNode =
  | { readonly kind: 'set'; readonly set: CodePointSet }
  | { readonly kind: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'alternation'; readonly branches: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly item: PatternNode; readonly min: number; readonly max: number | undefined; readonly lazy: boolean }
  /** `^` and `\A`. */
  | { readonly kind: 'start' }
  /** `\z`. */
  | { readonly kind: 'end' }
  /** `$` and `\Z`: the end, or before a line terminator that ends the text. */
  | { readonly kind: 'line-end' };

/** Why a pattern cannot be used: it is no Java pattern, or RE2 (the engine here) cannot express it exactly. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}
