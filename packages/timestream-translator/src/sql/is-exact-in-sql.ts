import { isFull } from '../matcher/regex/char-set.js';
import { javaPatternOf } from '../matcher/regex/java-pattern.js';
import { likeEstimateOf } from '../matcher/regex/like-patterns.js';
import type { RegexNode } from '../matcher/regex/regex-node.js';
import type { Matcher } from '../matcher/matcher.js';
import { LABELS_DIMENSION, METRIC_NAME_LABEL } from '../model/layout.js';
import { isPrintable } from './sql.js';

/**
 * Whether the SQL of a matcher (`labelCondition`, `metricNameCondition`) lets through what the matcher does and nothing else, for rows of which
 * the columns say everything: no text in `prometheus_labels`, no empty label, and a measure name without `%`, which is then the metric's name.
 * False where that is not known.
 */
export function isExactInSql({ name, meaning }: Matcher, regexPushdown: boolean): boolean {
  if (name === LABELS_DIMENSION) return false;
  switch (meaning.kind) {
    case 'in':
    case 'not-in':
      // What SQL cannot carry is left out of a list.
      return meaning.values.every(isPrintable);
    case 'opaque':
      return false;
    case 'regex': {
      if (!meaning.negated && isAnyTextButNone(meaning.root)) return true;
      // Of a pattern for measure names, gaps stand where a character may be encoded.
      if (name === METRIC_NAME_LABEL) return false;
      const { exact, patterns } = likeEstimateOf(meaning.root);
      if (exact) return patterns.flat().every(isPrintable);
      const java = regexPushdown ? javaPatternOf(meaning.root) : null;
      return java !== null && java.exact && isPrintable(java.pattern);
    }
  }
}

/** `.+`: what is not there, or empty, does not pass, and nothing else is left out. */
function isAnyTextButNone(root: RegexNode): boolean {
  return root.kind === 'repeat' && root.min === 1 && root.max === Infinity && root.body.kind === 'set' && isFull(root.body.set) && root.body.set.exact; // oxfmt-ignore
}
