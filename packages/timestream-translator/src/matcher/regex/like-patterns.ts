import { isFull } from './char-set.js';
import { literalsOf } from './literals-of.js';
import type { RegexNode } from './regex-node.js';

/**
 * Literal texts with any text between them: `['foo', 'bar', '']` is `foo%bar%` of SQL's LIKE. The first stands at the start, the last at the
 * end (`''` if anything may stand there); a single one is the whole text.
 */
export type LikePattern = readonly string[];

export interface LikeEstimate {
  /** Every text that the expression matches fits one of these. */
  readonly patterns: readonly LikePattern[];
  /** Whether every text that fits one of them is matched, too. */
  readonly exact: boolean;
}

const MAX_PATTERNS = 16;
const ANYTHING: LikePattern = ['', ''];
const UNKNOWN: LikeEstimate = { patterns: [ANYTHING], exact: false };

/** What LIKE can say about an expression: its literal parts in their order, alternatives apart from each other. */
export function likeEstimateOf(node: RegexNode): LikeEstimate {
  switch (node.kind) {
    case 'assertion':
      return { patterns: [['']], exact: false };
    case 'repeat':
      if (node.min === 0 && node.max === Infinity && node.body.kind === 'set' && isFull(node.body.set) && node.body.set.exact) {
        return { patterns: [ANYTHING], exact: true };
      }
      return literalEstimate(node) ?? UNKNOWN;
    case 'set':
      return literalEstimate(node) ?? UNKNOWN;
    case 'alternate': {
      const estimates = node.options.map(likeEstimateOf);
      const patterns = estimates.flatMap((estimate) => estimate.patterns);
      return patterns.length > MAX_PATTERNS ? UNKNOWN : { patterns, exact: estimates.every(({ exact }) => exact) };
    }
    case 'concat':
      return node.parts.map(likeEstimateOf).reduce(joinEstimates, { patterns: [['']], exact: true });
  }
}

/** Whether the pattern says anything at all. */
export function isAnything(pattern: LikePattern): boolean {
  return pattern.length > 1 && pattern.every((literal) => literal === '');
}

function literalEstimate(node: RegexNode): LikeEstimate | null {
  const literals = literalsOf(node);
  return literals === null || literals.length > MAX_PATTERNS ? null : { patterns: literals.map((literal) => [literal]), exact: true };
}

function joinEstimates(left: LikeEstimate, right: LikeEstimate): LikeEstimate {
  if (left.patterns.length * right.patterns.length > MAX_PATTERNS) return joinEstimates(left, UNKNOWN);
  const patterns = left.patterns.flatMap((prefix) => right.patterns.map((suffix) => join(prefix, suffix)));
  return { patterns, exact: left.exact && right.exact };
}

function join(prefix: LikePattern, suffix: LikePattern): LikePattern {
  const inner = (prefix.at(-1) ?? '') + (suffix[0] ?? '');
  const joined = [...prefix.slice(0, -1), inner, ...suffix.slice(1)];
  // `%` next to `%` is one `%`: an empty text between two gaps goes.
  return joined.filter((literal, index) => literal !== '' || index === 0 || index === joined.length - 1);
}
