import { includes, re2OfSet, sealRe2 } from './code-point-set.js';
import { parseJavaPattern } from './java-pattern-parser.js';
import { PatternError, type PatternNode } from './pattern-node.js';

/**
 * How a pattern is used: only whether it occurs, or also where, which asks more of the two engines' agreement. To split at matches DuckDB looks
 * at the rest behind each as if a text began there.
 */
export type PatternUse = 'find' | 'extract' | 'split';

/**
 * A Java regular expression as RE2 syntax, printable ASCII without quotes.
 *
 * The translation is exact or refused: look-around, back-references, possessive quantifiers, `\b`, Unicode properties, nested classes and `&&`,
 * the flags `m`, `u`, `x`, `d`, `U`, and `$` anywhere but at the end are refused. `JavaRegexMatcher` is for those.
 * @throws {PatternError}
 */
export function translateJavaPattern(pattern: string, use: PatternUse): string {
  const node = parseJavaPattern(pattern);
  if (use !== 'find') checkExtraction(node, use);
  const re2 = emit(node, { isTail: true, mayFollowCr: false });
  if (re2.length > 100_000) throw new PatternError('the pattern is too large');
  return sealRe2(re2);
}

interface Place {
  /** Nothing can be matched after the node. */
  readonly isTail: boolean;
  /** The match so far may end in a carriage return. */
  readonly mayFollowCr: boolean;
}

function emit(node: PatternNode, place: Place): string {
  switch (node.kind) {
    case 'set':
      if (node.set.length === 0) throw new PatternError('a character class without characters is not supported');
      return re2OfSet(node.set);
    case 'start':
      return '\\A';
    case 'end':
      return '\\z';
    case 'line-end':
      if (!place.isTail) throw new PatternError('$ is supported only at the end of the pattern; use \\z for the end of the text');
      // Java's $ does not match between \r and \n, which RE2 cannot ask for.
      if (place.mayFollowCr)
        throw new PatternError('$ after what can match a carriage return is not supported; use \\z for the end of the text');
      return '(?:\\r\\n|[\\n\\r\\x{85}\\x{2028}\\x{2029}])?\\z';
    case 'sequence': {
      let { mayFollowCr } = place;
      return node.items
        .map((item, index) => {
          const text = emit(item, { isTail: place.isTail && index === node.items.length - 1, mayFollowCr });
          mayFollowCr = mayEndWithCr(item, mayFollowCr);
          return text;
        })
        .join('');
    }
    case 'alternation':
      return `(?:${node.branches.map((branch) => emit(branch, place)).join('|')})`;
    case 'repeat': {
      const { min, max, lazy } = node;
      const item = emit(node.item, { isTail: false, mayFollowCr: true });
      const count = min === 0 && max === undefined ? '*' : min === 1 && max === undefined ? '+' : `{${min},${max ?? ''}}`;
      return `(?:${item})${count}${lazy ? '?' : ''}`;
    }
  }
}

/** Whether the text matched up to and with the node can end in `\r`, when the text before it can (`before`). */
function mayEndWithCr(node: PatternNode, before: boolean): boolean {
  switch (node.kind) {
    case 'set':
      return includes(node.set, 0x0d);
    case 'sequence':
      return node.items.reduce((soFar, item) => mayEndWithCr(item, soFar), before);
    case 'alternation':
      return node.branches.some((branch) => mayEndWithCr(branch, before));
    case 'repeat':
      return (node.min === 0 && before) || mayEndWithCr(node.item, before);
    case 'start':
    case 'end':
    case 'line-end':
      return before;
  }
}

/** Where a match lies is the same in both engines as long as no repetition can match nothing and the match itself cannot be empty. */
function checkExtraction(node: PatternNode, use: PatternUse): void {
  if (isNullable(node)) throw new PatternError('a pattern that matches the empty text is supported by regexp_like only');
  const visit = (inner: PatternNode): void => {
    if (inner.kind === 'line-end') throw new PatternError('$ is supported by regexp_like only; use \\z for the end of the text');
    if (inner.kind === 'start' && use === 'split') throw new PatternError('the start of the text is not supported by regexp_split');
    if (inner.kind === 'repeat') {
      if (isNullable(inner.item)) throw new PatternError('repeating what matches the empty text is supported by regexp_like only');
      visit(inner.item);
    } else if (inner.kind === 'sequence') inner.items.forEach(visit);
    else if (inner.kind === 'alternation') inner.branches.forEach(visit);
  };
  visit(node);
}

function isNullable(node: PatternNode): boolean {
  switch (node.kind) {
    case 'set':
      return false;
    case 'sequence':
      return node.items.every(isNullable);
    case 'alternation':
      return node.branches.some(isNullable);
    case 'repeat':
      return node.min === 0 || isNullable(node.item);
    case 'start':
    case 'end':
    case 'line-end':
      return true;
  }
}
