import { type CharSet, EMPTY_SET, unite } from './char-set.js';

/**
 * What a regular expression matches, without what only submatches see: groups, names and greediness are gone, flags are resolved.
 *
 * `assertion` stands for a zero-width condition (`\b`, an anchor inside the text): it matches the empty text sometimes.
 */
export type RegexNode =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'assertion'; readonly at: AssertionPlace }
  | { readonly kind: 'concat'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'alternate'; readonly options: readonly RegexNode[] }
  | { readonly kind: 'repeat'; readonly body: RegexNode; readonly min: number; readonly max: number };

export type AssertionPlace = 'start' | 'end' | 'word';

/** The empty text. */
export const EMPTY_TEXT: RegexNode = { kind: 'concat', parts: [] };

/** No text at all. */
export const NO_TEXT: RegexNode = { kind: 'set', set: EMPTY_SET };

export function isEmptyText(node: RegexNode): boolean {
  return node.kind === 'concat' && node.parts.length === 0;
}

export function concat(parts: readonly RegexNode[]): RegexNode {
  const flat = parts.flatMap((part) => (part.kind === 'concat' ? part.parts : [part]));
  const [only, ...others] = flat;
  return only !== undefined && others.length === 0 ? only : { kind: 'concat', parts: flat };
}

/** Options that are single characters become one set: the same texts with less to try. */
export function alternate(options: readonly RegexNode[]): RegexNode {
  const flat: RegexNode[] = [];
  for (const option of options) {
    for (const node of option.kind === 'alternate' ? option.options : [option]) {
      const last = flat.at(-1);
      if (node.kind === 'set' && last?.kind === 'set') flat[flat.length - 1] = { kind: 'set', set: unite([last.set, node.set]) };
      else flat.push(node);
    }
  }
  const [only, ...others] = flat;
  return only !== undefined && others.length === 0 ? only : { kind: 'alternate', options: flat };
}

/** @param max `Infinity` if there is none */
export function repeat(body: RegexNode, min: number, max: number): RegexNode {
  if (max === 0) return EMPTY_TEXT;
  return min === 1 && max === 1 ? body : { kind: 'repeat', body, min, max };
}

/** Whether a repetition has a choice: `a{3}` has none, it is only `aaa`. */
export function isRepeating({ min, max }: Extract<RegexNode, { kind: 'repeat' }>): boolean {
  return min !== max;
}

/** How many characters and classes stand in the expression once its bounded repetitions are written out, as RE2 writes them out to run it. */
export function expandedSize(node: RegexNode, sizeOfSet: (set: CharSet) => number = () => 1): number {
  switch (node.kind) {
    case 'set':
      return sizeOfSet(node.set);
    case 'assertion':
      return 1;
    case 'concat':
      return node.parts.reduce((size, part) => size + expandedSize(part, sizeOfSet), 1);
    case 'alternate':
      return node.options.reduce((size, option) => size + expandedSize(option, sizeOfSet), 1);
    case 'repeat':
      return expandedSize(node.body, sizeOfSet) * Math.max(1, node.max === Infinity ? node.min : node.max);
  }
}

/**
 * The same expression with the anchors gone that say nothing in a fully anchored match: `^` with only empty text before it, `$` with only
 * empty text behind it. Any other anchor stays an assertion.
 */
export function stripOuterAnchors(node: RegexNode, atStart = true, atEnd = true): RegexNode {
  switch (node.kind) {
    case 'set':
      return node;
    case 'assertion':
      return (node.at === 'start' && atStart) || (node.at === 'end' && atEnd) ? EMPTY_TEXT : node;
    case 'alternate':
      return alternate(node.options.map((option) => stripOuterAnchors(option, atStart, atEnd)));
    case 'repeat':
      return node.max === 1 ? repeat(stripOuterAnchors(node.body, atStart, atEnd), node.min, 1) : node;
    case 'concat': {
      const firstTrailing = node.parts.findLastIndex((part) => part.kind !== 'assertion' || part.at !== 'end');
      let onlyEmptyBefore = atStart;
      const parts = node.parts.map((part, index) => {
        const stripped = stripOuterAnchors(part, onlyEmptyBefore, atEnd && index >= firstTrailing);
        onlyEmptyBefore &&= isEmptyText(stripped);
        return stripped;
      });
      return concat(parts);
    }
  }
}
