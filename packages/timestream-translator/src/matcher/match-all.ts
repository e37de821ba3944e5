import type { Matcher } from './matcher.js';
import { MAX_WORK_OF_ONE_MATCH, RegexLimitError } from './regex-budget.js';

/**
 * Whether a series passes all matchers; a label that is absent has the value `""`.
 *
 * @throws RegexLimitError if that takes too long for one turn of an event loop, whether or not some values were matched before: the same read is always refused
 */
export function matchesAll(matchers: readonly Matcher[], valueOf: (name: string) => string | undefined): boolean {
  const costly: Matcher[] = [];
  for (const matcher of matchers) {
    if (matcher.costPerCharacter > 0) costly.push(matcher);
    else if (!matcher.matches(valueOf(matcher.name) ?? '')) return false;
  }
  assertMatchable(costly, valueOf);
  return costly.every((matcher) => matcher.matches(valueOf(matcher.name) ?? ''));
}

function assertMatchable(matchers: readonly Matcher[], valueOf: (name: string) => string | undefined): void {
  const workOf = ({ name, costPerCharacter }: Matcher) => costPerCharacter * (valueOf(name) ?? '').length;
  const work = matchers.reduce((sum, matcher) => sum + workOf(matcher), 0);
  if (work <= MAX_WORK_OF_ONE_MATCH) return;
  const { name, type, value } = matchers.reduce((most, matcher) => (workOf(matcher) > workOf(most) ? matcher : most));
  throw new RegexLimitError(
    `to match the regular expressions with one series takes ${work} steps, repeated characters times characters of the value; the limit is ${MAX_WORK_OF_ONE_MATCH}. ` +
      `Most of them are for ${name.slice(0, 100)}${type}${JSON.stringify(value.slice(0, 200))} and a value of ${(valueOf(name) ?? '').length} characters`,
  );
}
