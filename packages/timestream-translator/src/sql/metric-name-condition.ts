import { type ColumnKnowledge, hasColumn } from './column-knowledge.js';
import { LABELS_DIMENSION, MEASURE_NAME_COLUMN } from '../model/layout.js';
import { isForbiddenInNames, RESERVED_NAMES, RESERVED_PREFIXES } from '../model/limits.js';
import type { Matcher } from '../matcher/matcher.js';
import { isHashedMeasureName, measureNamesOf } from '../names/measure-name.js';
import { ALWAYS, anyOf, isIn, isLike, isNotIn, isNotLike, NEVER, allOf, type Predicate } from './predicate.js';
import { isAnything, type LikePattern, likeEstimateOf } from '../matcher/regex/like-patterns.js';

/** Every name over 256 bytes is stored as its beginning, this, and a hash (`encodeMeasureName`). */
const HASHED: LikePattern = ['', '%~', ''];

/**
 * What a row must fulfil if its series is to pass the matcher of `__name__`. Sound: no row of a matching series fails.
 *
 * The column holds the encoded name, so a finite set of names becomes the finite set of their encodings, and of a pattern only those parts
 * are looked for that encoding leaves alone.
 */
export function metricNameCondition({ meaning }: Matcher, columns: ColumnKnowledge): Predicate {
  switch (meaning.kind) {
    case 'opaque':
      return ALWAYS;
    case 'in':
      // Every row has a name: the empty one is none.
      return isIn(MEASURE_NAME_COLUMN, [...new Set(meaning.values.filter((name) => name !== '').flatMap(measureNamesOf))]);
    case 'not-in': {
      // Two names can share a hash; then only the text beside it tells which one it is.
      const names = meaning.values.filter((name) => name !== '').flatMap(measureNamesOf);
      return isNotIn(
        MEASURE_NAME_COLUMN,
        names.filter((measureName) => !isHashedMeasureName(measureName)),
      );
    }
    case 'regex': {
      const { patterns, exact } = likeEstimateOf(meaning.root);
      if (meaning.negated) {
        if (!exact) return ALWAYS;
        // Only of a beginning that is stored as it is, it is sure that every measure name with it means a metric name with it.
        const excluded = patterns.filter((pattern) => pattern.length === 2 && pattern[1] === '' && isStoredAsIs(pattern[0] ?? ''));
        return allOf(...excluded.map((pattern) => isNotLike(MEASURE_NAME_COLUMN, pattern)));
      }
      const stored = patterns.map(storedPattern);
      if (stored.some(isAnything)) return ALWAYS;
      if (stored.length === 0) return NEVER;
      const hashed = hasColumn(LABELS_DIMENSION, columns) ? isLike(MEASURE_NAME_COLUMN, HASHED) : NEVER;
      return anyOf(...stored.map((pattern) => isLike(MEASURE_NAME_COLUMN, pattern)), hashed);
    }
  }
}

/** The pattern with a gap for every character that may be stored encoded. */
function storedPattern(pattern: LikePattern): LikePattern {
  const parts = pattern.flatMap((text, index) => {
    const runs: string[] = [];
    let run = '';
    for (const [position, character] of Array.from(text).entries()) {
      if (!mayBeEncoded(character) && !(index === 0 && position === 0 && mayBeReserved(text))) run += character;
      else {
        runs.push(run);
        run = '';
      }
    }
    return [...runs, run];
  });
  return parts.filter((part, index) => part !== '' || index === 0 || index === parts.length - 1);
}

function isStoredAsIs(beginning: string): boolean {
  return beginning !== '' && !mayBeReserved(beginning) && !Array.from(beginning).some(mayBeEncoded);
}

function mayBeEncoded(character: string): boolean {
  return character === '%' || isForbiddenInNames(character.charCodeAt(0));
}

/** Whether a name with this beginning can be a reserved one, whose first character is stored encoded. */
function mayBeReserved(beginning: string): boolean {
  return [...RESERVED_NAMES, ...RESERVED_PREFIXES].some((reserved) => reserved.startsWith(beginning) || beginning.startsWith(reserved));
}
