import { createMatcher, InvalidMatcherError, MAX_WORK_OF_ONE_MATCH } from '@timestream-prometheus/timestream-translator';
import { RE2JS } from 're2js';
import { type GridSeries, mergeEqualSeries, renamed } from './grid.js';
import type { QueryBudget } from './query-budget.js';
import { executionError } from './query-error.js';

function assertLabelName(name: string, place: string): void {
  if (name === '' || name.includes('\uFFFD')) throw executionError(`invalid ${place}: ${name}`);
}

/** A text is matched and the labels are made anew: as much as this many values of a series. */
const WORK_OF_ONE_SERIES = 100;

/** Steps of an expression that take as long as one value of a series. */
const STEPS_PER_WORK = 20;

/**
 * Groups of an expression. RE2 keeps the places of all groups for each of its states, of which there may be thousands: with as many groups one match took seconds, and
 * hundreds of megabytes.
 */
const MAX_GROUPS = 100;

/** With as many groups, a step takes twice as long. */
const GROUPS_OF_A_STEP = 32;

/** `label_replace`. Others get a turn on the way. @throws QueryError for a regular expression or a label name that is not valid */
export async function labelReplace(
  series: readonly GridSeries[],
  [target, replacement, source, pattern]: readonly [string, string, string, string],
  steps: number,
  budget: QueryBudget,
): Promise<readonly GridSeries[]> {
  const costPerCharacter = costOf(pattern, budget);
  let regex: RE2JS;
  try {
    // Prometheus puts the two ends around the text and compiles the whole.
    regex = RE2JS.compile(`^(?s:${pattern})$`);
  } catch {
    throw executionError(`invalid regular expression in label_replace(): ${pattern}`);
  }
  if (regex.groupCount() > MAX_GROUPS) {
    throw executionError(`regular expression in label_replace(): ${regex.groupCount()} groups; the limit is ${MAX_GROUPS}`);
  }
  assertLabelName(target, 'destination label name in label_replace()');
  const stepsPerCharacter = costPerCharacter * (1 + regex.groupCount() / GROUPS_OF_A_STEP);
  const stepsOf = (value: string) => regex.programSize() + Math.ceil(stepsPerCharacter * value.length);
  const replaced = (one: GridSeries): GridSeries => {
    const matcher = regex.matcher(one.metric.get(source));
    if (!matcher.find()) return one;
    const names = regex.namedGroups();
    const group = (name: string): string => {
      const number = /^\d+$/.test(name) ? Number(name) : (names[name] ?? -1);
      return number >= 0 && number <= matcher.groupCount() ? (matcher.group(number) ?? '') : '';
    };
    return renamed(one, one.metric.with(new Map([[target, expandTemplate(replacement, group)]])));
  };
  const changed: GridSeries[] = [];
  for (const one of series) {
    const value = one.metric.get(source);
    const matchSteps = stepsOf(value);
    if (matchSteps > MAX_WORK_OF_ONE_MATCH) {
      throw executionError(
        `regular expression in label_replace(): to match ${JSON.stringify(pattern.slice(0, 200))} with a value of ${value.length} characters ` +
          `takes ${matchSteps} steps; the limit is ${MAX_WORK_OF_ONE_MATCH}`,
      );
    }
    if (budget.isDue(WORK_OF_ONE_SERIES + Math.floor(matchSteps / STEPS_PER_WORK))) await budget.breathe();
    changed.push(replaced(one));
  }
  return mergeEqualSeries(changed, steps);
}

/**
 * What each character of a value costs. The expressions of all calls are bounded as those of matchers are. What is no expression at all is said where it is
 * compiled.
 */
function costOf(pattern: string, { regexes }: QueryBudget): number {
  try {
    return Math.max(1, createMatcher({ type: '=~', name: '', value: pattern }, regexes).costPerCharacter);
  } catch (error) {
    if (error instanceof InvalidMatcherError && error.isTooMuch) {
      throw executionError(`regular expression in label_replace(): ${error.message}`);
    }
    if (!(error instanceof InvalidMatcherError)) throw error;
    return 1;
  }
}

/** `$1`, `$name` and `${name}` in a replacement, `$$` for a dollar; any other dollar stands for itself (Go's `Regexp.Expand`). */
function expandTemplate(template: string, group: (name: string) => string): string {
  return template.replace(/\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu, (match: string, braced?: string, plain?: string) => {
    if (match === '$$') return '$';
    return group(braced ?? plain ?? '');
  });
}

/** `label_join`. @throws QueryError for a label name that is not valid */
export function labelJoin(
  series: readonly GridSeries[],
  [target, separator, ...sources]: readonly [string, string, ...string[]],
  steps: number,
): readonly GridSeries[] {
  for (const source of sources) assertLabelName(source, 'source label name in label_join()');
  assertLabelName(target, 'destination label name in label_join()');
  const changed = series.map((one) => {
    const value = sources.map((source) => one.metric.get(source)).join(separator);
    return renamed(one, one.metric.with(new Map([[target, value]])));
  });
  return mergeEqualSeries(changed, steps);
}

/** Whether a text comes first where digits count as numbers (`facette/natsort`). */
export function comesFirstNaturally(left: string, right: string): boolean {
  const leftParts = left.match(/[0-9]+|[^0-9]+/g) ?? [];
  const rightParts = right.match(/[0-9]+|[^0-9]+/g) ?? [];
  for (const [index, one] of leftParts.entries()) {
    const other = rightParts[index];
    if (other === undefined) return false;
    const isEnd = index === leftParts.length - 1 ? true : index === rightParts.length - 1 ? false : null;
    const numbers = [one, other].map(integerOf);
    const [oneNumber, otherNumber] = numbers;
    if (oneNumber != null && otherNumber != null) {
      if (oneNumber !== otherNumber) return oneNumber < otherNumber;
    } else if (one !== other) return one < other;
    if (isEnd !== null) return isEnd;
  }
  return false;
}

function integerOf(text: string): bigint | null {
  if (!/^[0-9]+$/.test(text)) return null;
  const value = BigInt(text);
  return value < 2n ** 63n ? value : null;
}
