import { type ColumnKnowledge, hasColumn } from './column-knowledge.js';
import { canBeDimension, encodeLabelEntry } from '../names/label-dimension.js';
import { LABELS_DIMENSION } from '../model/layout.js';
import type { Matcher, MatcherMeaning } from '../matcher/matcher.js';
import { allOf, ALWAYS, anyOf, isIn, isLike, isNotIn, isNotLike, isNotNull, isNull, NEVER, type Predicate } from './predicate.js';
import { javaPatternOf } from '../matcher/regex/java-pattern.js';
import { isAnything, type LikePattern, likeEstimateOf } from '../matcher/regex/like-patterns.js';

/** More texts than this in `prometheus_labels` are not looked for one by one. */
const MAX_ENTRIES = 16;

/**
 * What a row must fulfil if its series is to pass the matcher of a label other than `__name__`, or of that where it stands in
 * `prometheus_labels`, as of exemplars. Sound: no row of a matching series fails.
 *
 * A label stands in its own column or, if that is absent or NULL, in the JSON text of `prometheus_labels`, or nowhere: then its value is
 * `""`, and the row must not be lost if the matcher lets `""` through.
 */
export function labelCondition(matcher: Matcher, columns: ColumnKnowledge): Predicate {
  const { name, matchesEmpty, meaning } = matcher;
  if (meaning.kind === 'in' && meaning.values.length === 0) return NEVER;
  if (name === LABELS_DIMENSION) {
    // A label of that very name is in the JSON text, or is a text in that column that is not ours.
    if (matchesEmpty) return ALWAYS;
    return hasColumn(LABELS_DIMENSION, columns) ? isNotNull(LABELS_DIMENSION) : NEVER;
  }
  const hasOwnColumn = canBeDimension(name) && (columns.schema !== null || !matchesEmpty) && hasColumn(name, columns, !matchesEmpty);
  if (matchesEmpty) return hasOwnColumn ? anyOf(isNull(name), valueCondition(name, matcher, columns.regexPushdown)) : ALWAYS;
  const inJson = hasColumn(LABELS_DIMENSION, columns) ? jsonCondition(name, meaning) : NEVER;
  if (!hasOwnColumn) return inJson;
  return anyOf(valueCondition(name, matcher, columns.regexPushdown), allOf(isNull(name), inJson));
}

/** True for every text in the column that the matcher lets through; for NULL anything but an error. */
function valueCondition(column: string, matcher: Matcher, regexPushdown: boolean): Predicate {
  const { meaning, matchesEmpty } = matcher;
  // Where nothing better is known, an empty text is at least no value of a label.
  const fallback = matchesEmpty ? ALWAYS : isNotIn(column, ['']);
  switch (meaning.kind) {
    case 'opaque':
      return fallback;
    case 'in':
      return isIn(column, meaning.values);
    case 'not-in':
      return meaning.values.length === 0 ? ALWAYS : isNotIn(column, meaning.values);
    case 'regex': {
      const estimate = likeEstimateOf(meaning.root);
      const java = regexPushdown && !estimate.exact ? javaPatternOf(meaning.root) : null;
      if (meaning.negated) {
        if (estimate.exact) return allOf(...estimate.patterns.map((pattern) => (isAnything(pattern) ? NEVER : isNotLike(column, pattern))));
        return java?.exact === true ? { kind: 'regexp', column, pattern: java.pattern, negated: true } : fallback;
      }
      const like = estimate.patterns.some(isAnything) ? ALWAYS : anyOf(...estimate.patterns.map((pattern) => isLike(column, pattern)));
      const regexp: Predicate = java === null ? ALWAYS : { kind: 'regexp', column, pattern: java.pattern, negated: false };
      const condition = allOf(like, regexp);
      return condition === ALWAYS ? fallback : condition;
    }
  }
}

/**
 * True for every text of `prometheus_labels` in which the label has a value that passes; the matcher must not let `""` through.
 *
 * It looks for the label as it stands in the text, `"name":"value"`, with LIKE, since Timestream has no JSON functions. That is sound because
 * only canonical text is read as labels (`decodeLabelDimension`): there each label has one spelling. It may find the same characters within
 * another label's value; the check of each series finds that out.
 */
function jsonCondition(name: string, meaning: MatcherMeaning): Predicate {
  const isThere = isLike(LABELS_DIMENSION, ['', entryStart(name), '']);
  if (meaning.kind === 'in' && meaning.values.length <= MAX_ENTRIES) {
    return anyOf(...meaning.values.map((value) => isLike(LABELS_DIMENSION, ['', encodeLabelEntry(name, value), ''])));
  }
  if (meaning.kind !== 'regex' || meaning.negated) return isThere;
  return anyOf(...likeEstimateOf(meaning.root).patterns.map((pattern) => isLike(LABELS_DIMENSION, entryPattern(name, pattern))));
}

/** `"name":"`, the label up to its value. */
function entryStart(name: string): string {
  return encodeLabelEntry(name, '').slice(0, -1);
}

function entryPattern(name: string, pattern: LikePattern): LikePattern {
  const [first = '', ...rest] = pattern.map((text) => JSON.stringify(text).slice(1, -1));
  const parts = [entryStart(name) + first, ...rest];
  return ['', ...parts.slice(0, -1), `${parts.at(-1) ?? ''}"`, ''];
}
