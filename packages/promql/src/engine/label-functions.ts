import { createMatcher, InvalidMatcherError } from '@timestream-prometheus/timestream-translator';
import { RE2JS } from 're2js';
import { type GridSeries, mergeEqualSeries, renamed } from './grid.js';
import type { QueryBudget } from './query-budget.js';
import { executionError } from './query-error.js';

function assertLabelName(name: string, place: string): void {
  if (name === '' || name.includes('\uFFFD')) throw executionError(`invalid ${place}: ${name}`);
}

/** A text is matched and the labels are made anew: as much as this many values of a series. */
const WORK_OF_ONE_SERIES = 100;

/** `label_replace`. Others get a turn on the way. @throws QueryError for a regular expression or a label name that is not valid */
export async function labelReplace(
  series: readonly GridSeries[],
  [target, replacement, source, pattern]: readonly [string, string, string, string],
  steps: number,
  budget: QueryBudget,
): Promise<readonly GridSeries[]> {
  assertAffordable(pattern, budget);
  let regex: RE2JS;
  try {
    // Prometheus puts the two ends around the text and compiles the whole.
    regex = RE2JS.compile(`^(?s:${pattern})$`);
  } catch {
    throw executionError(`invalid regular expression in label_replace(): ${pattern}`);
  }
  assertLabelName(target, 'destination label name in label_replace()');
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
    if (budget.isDue(WORK_OF_ONE_SERIES)) await budget.breathe();
    changed.push(replaced(one));
  }
  return mergeEqualSeries(changed, steps);
}

/** The expressions of all calls are bounded as those of matchers are. What is no expression at all is said where it is compiled. */
function assertAffordable(pattern: string, { regexes }: QueryBudget): void {
  try {
    createMatcher({ type: '=~', name: '', value: pattern }, regexes);
  } catch (error) {
    if (error instanceof InvalidMatcherError && error.isTooMuch) {
      throw executionError(`regular expression in label_replace(): ${error.message}`);
    }
    if (!(error instanceof InvalidMatcherError)) throw error;
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
