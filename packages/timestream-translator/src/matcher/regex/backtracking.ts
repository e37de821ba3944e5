import { charSetOf, type CharSet, EMPTY_SET, intersects, unite } from './char-set.js';
import type { RegexNode } from './regex-node.js';

/** What an unbounded repetition counts as: the length of a longish label value. */
const UNBOUNDED_CHOICES = 64;

/** Three unbounded repetitions one after another, e.g. `.*a.*b.*`. */
export const MAX_BACKTRACKING_CHOICES = UNBOUNDED_CHOICES ** 3;

/**
 * An upper estimate of the ways in which a backtracking engine (java.util.regex) can try to match the expression before it gives up.
 * RE2 needs none of this; a pattern that is harmless there, such as `(a+)+b`, takes exponential time here and counts as `Infinity`.
 */
export function backtrackingChoices(node: RegexNode): number {
  switch (node.kind) {
    case 'set':
    case 'assertion':
      return 1;
    case 'concat':
      return node.parts.reduce((choices, part) => choices * backtrackingChoices(part), 1);
    case 'alternate': {
      const choices = node.options.map(backtrackingChoices);
      // Options that begin differently are decided by one character.
      return areDisjoint(node.options) ? Math.max(...choices) : choices.reduce((sum, count) => sum + count, 0);
    }
    case 'repeat': {
      const body = backtrackingChoices(node.body);
      if (node.max === Infinity) return body === 1 && !isNullable(node.body) ? UNBOUNDED_CHOICES : Infinity;
      return (node.max - node.min + 1) * body ** node.max;
    }
  }
}

function areDisjoint(options: readonly RegexNode[]): boolean {
  if (options.length > 100 || options.some(isNullable)) return false;
  let seen: CharSet = EMPTY_SET;
  return options.map(firstCharacters).every((first) => {
    const isNew = !intersects(seen, first);
    seen = unite([seen, first]);
    return isNew;
  });
}

function isNullable(node: RegexNode): boolean {
  switch (node.kind) {
    case 'set':
      return false;
    case 'assertion':
      return true;
    case 'concat':
      return node.parts.every(isNullable);
    case 'alternate':
      return node.options.some(isNullable);
    case 'repeat':
      return node.min === 0 || isNullable(node.body);
  }
}

/** Every character with which a text of the expression can begin. */
function firstCharacters(node: RegexNode): CharSet {
  switch (node.kind) {
    case 'set':
      return node.set;
    case 'assertion':
      return charSetOf();
    case 'alternate':
      return unite(node.options.map(firstCharacters));
    case 'repeat':
      return firstCharacters(node.body);
    case 'concat': {
      const end = node.parts.findIndex((part) => !isNullable(part));
      return unite(node.parts.slice(0, end < 0 ? undefined : end + 1).map(firstCharacters));
    }
  }
}
