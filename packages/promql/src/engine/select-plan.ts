import { msFromNs } from '../durations.js';
import type { BinNeed, SampleBins, SelectHints } from '../storage.js';
import { type Expression, inspect, type VectorSelector } from '../syntax/expression.js';
import type { QueryTimes } from './preprocess.js';

/** What is to be read for a selector. Times are inclusive. */
export interface Selection {
  readonly selector: VectorSelector;
  readonly fromMs: number;
  readonly toMs: number;
  readonly hints: SelectHints;
  /** Whether nothing but count and sum of a histogram is needed. */
  readonly skipsBuckets: boolean;
}

/** What a query reads: for each selector the times in which a sample can matter (`promql/engine.go`, getTimeRangesForSelector). */
export function planSelections(
  expression: Expression,
  times: QueryTimes,
  lookbackMs: number,
  defaultSubqueryStepMs: (rangeMs: number) => number,
): Selection[] {
  const selections: Selection[] = [];
  inspect(expression, (part, path) => {
    if (part.kind !== 'vector-selector') return;
    const around = path[path.length - 1];
    if (around?.kind === 'call' && around.signature.name === 'info' && around.args[1] === part) return;
    const rangeMs = around?.kind === 'matrix-selector' ? msFromNs(around.rangeNs) : 0;
    selections.push({
      selector: part,
      ...timesOf(part, path, rangeMs, times, lookbackMs),
      hints: {
        stepMs: innermostStep(path, defaultSubqueryStepMs) ?? times.stepMs,
        rangeMs,
        func: functionAround(path),
        ...groupingAround(path),
        lookbackMs,
        newestOnly: needsNewestOnly(part, path, rangeMs, times),
        bins: binsOf(part, path, rangeMs, times, innermostStep(path, defaultSubqueryStepMs)),
      },
      skipsBuckets: skipsBuckets(path),
    });
  });
  return selections;
}

/**
 * Where a query looks at one moment, a selector outside of any range and subquery takes the newest sample up to it. `timestamp` looks at the
 * time of `@` itself, which need not be the end of what is read.
 */
function needsNewestOnly(selector: VectorSelector, path: readonly Expression[], rangeMs: number, { startMs, endMs }: QueryTimes): boolean {
  if (rangeMs > 0 || selector.smoothed || path.some(({ kind }) => kind === 'subquery' || kind === 'matrix-selector')) return false;
  // What is the same at every step is evaluated at the first one alone. So is the parameter of an aggregation that is; but without `@` its
  // samples are read up to the last step.
  if (startMs !== endMs && (selector.atMs === null || !path.some(({ kind }) => kind === 'step-invariant'))) return false;
  if (skipsBuckets(path) && comparesCounterHints(path)) return false;
  return !isTimestampBesideAt(selector, path);
}

function isTimestampBesideAt(selector: VectorSelector, path: readonly Expression[]): boolean {
  const outer = path[path.length - 1];
  return outer?.kind === 'call' && outer.signature.name === 'timestamp' && selector.atMs !== null;
}

/** Range functions whose answer follows from these samples of each bin of their window. */
const NEEDS_OF_FUNCTIONS: ReadonlyMap<string, BinNeed> = new Map<string, BinNeed>([
  ['last_over_time', 'last'],
  ['present_over_time', 'last'],
  ['absent_over_time', 'last'],
  ['count_over_time', 'count'],
  ['min_over_time', 'least'],
  ['max_over_time', 'greatest'],
  ['changes', 'changes'],
  // Between equal values there is no reset either.
  ['resets', 'changes'],
]);

/**
 * The bins that tile whatever the selector sees, at every step.
 *
 * Steps are a multiple of the step apart. An instant vector takes the newest sample up to a step, so that one of each bin between two steps is
 * enough, however far it looks back. The window of a range function begins and ends at a multiple of the greatest common divisor of step and
 * range; one that does not move, because there is one step or `@`, is a bin of its own.
 *
 * Every function that is not named needs more: sums, means, rates and their kin take each sample, and SQL promises no order of additions;
 * `quantile_over_time`, `mad_over_time` and `stddev_over_time` each value;
 * `ts_of_…` and `first_over_time` other samples of the bin.
 */
function binsOf(
  selector: VectorSelector,
  path: readonly Expression[],
  rangeMs: number,
  { startMs, endMs, stepMs: queryStepMs }: QueryTimes,
  subqueryStepMs: number | null,
): SampleBins | null {
  if (selector.smoothed || selector.anchored || isTimestampBesideAt(selector, path)) return null;
  const stepMs = subqueryStepMs ?? (startMs === endMs ? 0 : queryStepMs);
  // Subqueries are evaluated at multiples of their step.
  const anchorMs = (selector.atMs ?? (subqueryStepMs === null ? startMs : 0)) - msFromNs(selector.offsetNs);
  let need: BinNeed | undefined = 'newest';
  let widthMs = stepMs;
  if (path[path.length - 1]?.kind === 'matrix-selector') {
    const call = path[path.length - 2];
    need = call?.kind === 'call' ? NEEDS_OF_FUNCTIONS.get(call.signature.name) : undefined;
    widthMs = selector.atMs === null ? greatestCommonDivisor(stepMs, rangeMs) : rangeMs;
  }
  if (need === undefined || !Number.isSafeInteger(anchorMs) || !Number.isSafeInteger(widthMs) || widthMs <= 1) return null;
  return { anchorMs, widthMs, need };
}

function greatestCommonDivisor(left: number, right: number): number {
  let [a, b] = [left, right];
  while (b > 0) [a, b] = [b, a % b];
  return a;
}

/**
 * Aggregations and operators compare what histograms say about counter resets. Without buckets that is found out from the sample before, so
 * that one is needed too.
 */
function comparesCounterHints(path: readonly Expression[]): boolean {
  const first = path.findLast(
    (outer) =>
      outer.kind === 'aggregate' || outer.kind === 'binary' || (outer.kind === 'call' && COUNT_AND_SUM_FUNCTIONS.has(outer.signature.name)),
  );
  return first !== undefined && first.kind !== 'call';
}

function timesOf(
  selector: VectorSelector,
  path: readonly Expression[],
  rangeMs: number,
  times: QueryTimes,
  lookbackMs: number,
): { fromMs: number; toMs: number } {
  let { startMs: fromMs, endMs: toMs } = times;
  let subqueryOffsetMs = 0;
  let subqueryRangeMs = 0;
  for (const outer of path) {
    if (outer.kind !== 'subquery') continue;
    if (outer.atMs !== null) {
      fromMs = outer.atMs;
      toMs = outer.atMs;
      subqueryOffsetMs = 0;
      subqueryRangeMs = 0;
    }
    subqueryOffsetMs += msFromNs(outer.offsetNs);
    subqueryRangeMs += msFromNs(outer.rangeNs);
  }
  if (selector.atMs === null) {
    fromMs -= subqueryOffsetMs + subqueryRangeMs;
    toMs -= subqueryOffsetMs;
  } else {
    fromMs = selector.atMs;
    toMs = selector.atMs;
  }
  const extended = selector.anchored || selector.smoothed;
  if (rangeMs === 0) fromMs -= lookbackMs - 1;
  else fromMs -= rangeMs - 1 + (extended ? lookbackMs : 0);
  if (selector.smoothed) toMs += lookbackMs;
  const offsetMs = msFromNs(selector.offsetNs);
  return { fromMs: fromMs - offsetMs, toMs: toMs - offsetMs };
}

function innermostStep(path: readonly Expression[], defaultStepMs: (rangeMs: number) => number): number | null {
  let stepMs: number | null = null;
  for (const outer of path) {
    if (outer.kind !== 'subquery') continue;
    stepMs = outer.stepNs === 0 ? defaultStepMs(msFromNs(outer.rangeNs)) : msFromNs(outer.stepNs);
  }
  return stepMs;
}

function functionAround(path: readonly Expression[]): string {
  for (let index = path.length - 1; index >= 0; index--) {
    const outer = path[index]!;
    if (outer.kind === 'aggregate') return outer.operator;
    if (outer.kind === 'call') return outer.signature.name;
    if (outer.kind === 'binary') return '';
  }
  return '';
}

function groupingAround(path: readonly Expression[]): { by: boolean; grouping: readonly string[] } {
  const outer = path[path.length - 1];
  return outer?.kind === 'aggregate' ? { by: !outer.without, grouping: outer.grouping } : { by: false, grouping: [] };
}

const COUNT_AND_SUM_FUNCTIONS: ReadonlySet<string> = new Set(['histogram_count', 'histogram_sum', 'histogram_avg', 'timestamp', 'start_timestamp', 'absent']); // oxfmt-ignore
const BUCKET_FUNCTIONS: ReadonlySet<string> = new Set(['histogram_quantile', 'histogram_quantiles', 'histogram_fraction', 'histogram_stddev', 'histogram_stdvar', 'changes']); // oxfmt-ignore
const BUCKET_OPERATORS: ReadonlySet<string> = new Set(['</', '>/', '==', '!=']);

/** Going outwards: buckets are not needed inside a function that takes count and sum alone, unless something looks at them before. */
function skipsBuckets(path: readonly Expression[]): boolean {
  let skips = false;
  for (let index = path.length - 1; index >= 0; index--) {
    const outer = path[index]!;
    if (outer.kind === 'subquery') return false;
    if (outer.kind === 'call') {
      if (COUNT_AND_SUM_FUNCTIONS.has(outer.signature.name)) skips = true;
      else if (BUCKET_FUNCTIONS.has(outer.signature.name)) return false;
    } else if (outer.kind === 'aggregate') {
      if (outer.operator === 'count_values') return false;
    } else if (outer.kind === 'binary' && BUCKET_OPERATORS.has(outer.operator)) return false;
  }
  return skips;
}
