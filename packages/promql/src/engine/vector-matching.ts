import type { FloatHistogram } from '../histogram/float-histogram.js';
import type { BinaryExpression, TextRange, VectorMatching } from '../syntax/expression.js';
import { rangeOf } from '../syntax/expression.js';
import type { Annotations } from './annotations.js';
import { arithmeticOf, changesMetric, comparisonOf, type Element, histogramOperation, type Note, StepNotes } from './element-operators.js';
import { FLOAT, GridBuilder, GridCollector, type GridSeries, NONE } from './grid.js';
import type { LabelSet } from './label-set.js';
import { isMetadataLabel, partialKey } from './label-set.js';
import type { QueryBudget } from './query-budget.js';
import { executionError } from './query-error.js';

/** Groups of series that match each other: for each series the number of its group. */
interface Groups {
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly count: number;
}

function keepsLabel(matching: VectorMatching): (name: string) => boolean {
  const names = new Set(matching.labels);
  return matching.on ? (name) => names.has(name) : (name) => !names.has(name) && !isMetadataLabel(name);
}

function groupSeries(left: readonly GridSeries[], right: readonly GridSeries[], matching: VectorMatching): Groups {
  const numbers = new Map<string, number>();
  const keeps = keepsLabel(matching);
  const numberOf = ({ metric }: GridSeries): number => {
    const key = partialKey(metric, keeps);
    let number = numbers.get(key);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(key, number);
    }
    return number;
  };
  return { left: left.map(numberOf), right: right.map(numberOf), count: numbers.size };
}

/** `and`, `or` and `unless`. */
export function combineSets(
  operator: 'and' | 'or' | 'unless',
  left: readonly GridSeries[],
  right: readonly GridSeries[],
  matching: VectorMatching,
  steps: number,
): readonly GridSeries[] {
  const groups = groupSeries(left, right, matching);
  // For each group and step, whether the side that decides has a sample.
  const [deciding, decidingGroups] = operator === 'or' ? [left, groups.left] : [right, groups.right];
  const present = new Map<number, Uint8Array>();
  deciding.forEach(({ kinds }, index) => {
    const group = decidingGroups[index]!;
    const marks = present.get(group);
    if (marks === undefined) present.set(group, kinds.slice());
    else for (let step = 0; step < steps; step++) marks[step]! |= kinds[step]!;
  });
  const filtered = (series: GridSeries, group: number, wantsPresent: boolean): GridSeries | null => {
    const marks = present.get(group);
    if (marks === undefined) return wantsPresent ? null : series;
    const kinds = series.kinds.map((kind, step) => ((marks[step] !== NONE) === wantsPresent ? kind : NONE));
    return kinds.some((kind) => kind !== NONE) ? { ...seriesColumns(series), kinds } : null;
  };
  if (operator !== 'or') {
    return left.flatMap((series, index) => filtered(series, groups.left[index]!, operator === 'and') ?? []);
  }
  const added = right.flatMap((series, index) => filtered(series, groups.right[index]!, false) ?? []);
  if (added.length === 0) return left;
  return joinSeries([...left, ...added], steps);
}

function seriesColumns({ metric, floats, histograms }: GridSeries): Omit<GridSeries, 'kinds'> {
  return { metric, floats, histograms };
}

/** Both sides of `or` may hold one label set, at different steps. */
function joinSeries(series: readonly GridSeries[], steps: number): readonly GridSeries[] {
  if (new Set(series.map(({ metric }) => metric.key)).size === series.length) return series;
  const collector = new GridCollector(steps);
  for (const one of series) {
    for (let step = 0; step < steps; step++) if (one.kinds[step] !== NONE) collector.add(step, one.metric, elementAt(one, step));
  }
  return collector.finish();
}

function elementAt(series: GridSeries, step: number): Element {
  return series.kinds[step] === FLOAT ? series.floats[step]! : series.histograms![step]!;
}

/** A pair costs as much as several steps of a function: labels are matched and a result is looked up. */
const WORK_OF_ONE_SERIES = 4;

/** Arithmetic and comparison between two vectors. Others get a turn between two steps. */
export function combineVectors(
  expression: BinaryExpression,
  matching: VectorMatching,
  left: readonly GridSeries[],
  right: readonly GridSeries[],
  steps: number,
  annotations: Annotations,
  budget: QueryBudget,
): Promise<readonly GridSeries[]> {
  return new VectorCombination(expression, matching, left, right, steps, annotations).run(budget);
}

class VectorCombination {
  readonly #expression: BinaryExpression;
  readonly #matching: VectorMatching;
  readonly #many: readonly GridSeries[];
  readonly #one: readonly GridSeries[];
  readonly #manyGroups: readonly number[];
  readonly #oneGroups: readonly number[];
  readonly #groupCount: number;
  readonly #swapped: boolean;
  readonly #fillMany: number | null;
  readonly #fillOne: number | null;
  readonly #steps: number;
  readonly #annotations: Annotations;
  readonly #range: TextRange;
  readonly #operate: (left: Element, right: Element) => { value: Element; keep: boolean } | null;
  readonly #metrics = new Map<LabelSet, Map<LabelSet, LabelSet>>();
  readonly #output = new Map<string, GridBuilder>();
  readonly #notes = new StepNotes();
  #step = 0;

  constructor(
    expression: BinaryExpression,
    matching: VectorMatching,
    left: readonly GridSeries[],
    right: readonly GridSeries[],
    steps: number,
    annotations: Annotations,
  ) {
    this.#expression = expression;
    this.#matching = matching;
    const groups = groupSeries(left, right, matching);
    // The side that may have several series of a group always comes first.
    this.#swapped = matching.cardinality === 'one-to-many';
    [this.#many, this.#one] = this.#swapped ? [right, left] : [left, right];
    [this.#manyGroups, this.#oneGroups] = this.#swapped ? [groups.right, groups.left] : [groups.left, groups.right];
    [this.#fillMany, this.#fillOne] = this.#swapped ? [matching.fillRight, matching.fillLeft] : [matching.fillLeft, matching.fillRight];
    this.#groupCount = groups.count;
    this.#steps = steps;
    this.#annotations = annotations;
    this.#range = rangeOf(expression);
    this.#operate = this.#operation();
  }

  async run(budget: QueryBudget): Promise<readonly GridSeries[]> {
    const partners = new Int32Array(this.#groupCount);
    const workOfStep = WORK_OF_ONE_SERIES * (this.#many.length + this.#one.length);
    for (let step = 0; step < this.#steps; step++) {
      this.#runStep(step, partners);
      await budget.work(workOfStep);
    }
    this.#notes.write(this.#annotations);
    return [...this.#output.values()];
  }

  #runStep(step: number, partners: Int32Array): void {
    const manyPresent = this.#many.some(({ kinds }) => kinds[step] !== NONE);
    const onePresent = this.#one.some(({ kinds }) => kinds[step] !== NONE);
    if (!manyPresent && !onePresent) return;
    if ((!manyPresent || !onePresent) && this.#fillMany === null && this.#fillOne === null) return;
    partners.fill(-1);
    this.#step = step;
    this.#one.forEach((series, index) => {
      if (series.kinds[step] === NONE) return;
      const group = this.#oneGroups[index]!;
      const other = partners[group]!;
      if (other !== -1) throw this.#duplicate(series, this.#one[other]!);
      partners[group] = index;
    });
    const matched = new Map<number, Set<string>>();
    this.#many.forEach((series, index) => {
      if (series.kinds[step] === NONE) return;
      const group = this.#manyGroups[index]!;
      const partner = partners[group]!;
      if (partner !== -1) {
        const one = this.#one[partner]!;
        this.#pair(step, series.metric, elementAt(series, step), one.metric, elementAt(one, step), group, matched);
      } else if (this.#fillOne !== null) {
        this.#pair(step, series.metric, elementAt(series, step), this.#matchedLabels(series.metric), this.#fillOne, group, matched);
      }
    });
    if (this.#fillMany === null) return;
    const fill = this.#fillMany;
    this.#one.forEach((series, index) => {
      const group = this.#oneGroups[index]!;
      if (series.kinds[step] === NONE || matched.has(group)) return;
      this.#pair(step, this.#matchedLabels(series.metric), fill, series.metric, elementAt(series, step), group, matched);
    });
  }

  #pair(
    step: number,
    manyMetric: LabelSet,
    manyValue: Element,
    oneMetric: LabelSet,
    oneValue: Element,
    group: number,
    matched: Map<number, Set<string>>,
  ): void {
    const result = this.#swapped ? this.#operate(oneValue, manyValue) : this.#operate(manyValue, oneValue);
    if (result === null) return;
    const metric = this.#resultMetric(manyMetric, oneMetric);
    const seen = matched.get(group);
    if (this.#matching.cardinality === 'one-to-one') {
      if (seen !== undefined) {
        throw executionError('multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)');
      }
      matched.set(group, new Set());
    } else {
      if (seen?.has(metric.key) === true) {
        throw executionError('multiple matches for labels: grouping labels must ensure unique matches');
      }
      if (seen === undefined) matched.set(group, new Set([metric.key]));
      else seen.add(metric.key);
    }
    if (!result.keep) return;
    let series = this.#output.get(metric.key);
    if (series === undefined) {
      series = new GridBuilder(metric, this.#steps);
      this.#output.set(metric.key, series);
    }
    if (series.kinds[step] !== NONE) throw executionError('vector cannot contain metrics with the same labelset');
    series.set(step, result.value);
  }

  #operation(): (left: Element, right: Element) => { value: Element; keep: boolean } | null {
    const { operator, returnBool } = this.#expression;
    const arithmetic = arithmeticOf(operator);
    const comparison = comparisonOf(operator);
    const note = (write: Note): void => this.#notes.set(this.#step, write);
    return (left, right) => {
      if (typeof left === 'number' && typeof right === 'number') {
        if (arithmetic !== null) return { value: arithmetic(left, right), keep: true };
        if (comparison !== null) {
          const holds = comparison(left, right);
          return returnBool ? { value: holds ? 1 : 0, keep: true } : { value: left, keep: holds };
        }
      }
      const result = histogramOperation(operator, left, right, this.#range, note);
      if (result === null || !returnBool) return result;
      return { value: result.keep ? 1 : 0, keep: true };
    };
  }

  #matchedLabels(metric: LabelSet): LabelSet {
    return metric.filter(keepsLabel(this.#matching));
  }

  #resultMetric(many: LabelSet, one: LabelSet): LabelSet {
    let byOne = this.#metrics.get(many);
    if (byOne === undefined) {
      byOne = new Map();
      this.#metrics.set(many, byOne);
    }
    let metric = byOne.get(one);
    if (metric === undefined) {
      metric = this.#computeMetric(many, one);
      byOne.set(one, metric);
    }
    return metric;
  }

  #computeMetric(many: LabelSet, one: LabelSet): LabelSet {
    const { operator, returnBool } = this.#expression;
    const { cardinality, on, labels, include } = this.#matching;
    let metric = returnBool || changesMetric(operator) ? many.withoutMetadata() : many;
    if (cardinality === 'one-to-one') {
      const names = new Set(labels);
      metric = metric.filter((name) => names.has(name) === on);
    }
    return metric.with(new Map(include.map((name) => [name, one.get(name)])));
  }

  #duplicate(series: GridSeries, other: GridSeries): Error {
    const group = this.#matchedLabels(series.metric).text();
    const side = this.#swapped ? 'left' : 'right';
    const texts = [series.metric.text(), other.metric.text()].sort();
    return executionError(
      `found duplicate series for the match group ${group} on the ${side} hand-side of the operation: [${texts.join(', ')}]` +
        ';many-to-many matching not allowed: matching labels must be unique on one side',
    );
  }
}

/** A vector and a scalar. `scalarFirst` says on which side the scalar stands. */
export function combineWithScalar(
  expression: BinaryExpression,
  vector: readonly GridSeries[],
  scalars: Float64Array,
  scalarFirst: boolean,
  steps: number,
  annotations: Annotations,
): GridSeries[] {
  const { operator, returnBool } = expression;
  const arithmetic = arithmeticOf(operator);
  const comparison = comparisonOf(operator);
  const range = rangeOf(expression);
  const dropsName = returnBool || changesMetric(operator);
  const output: GridSeries[] = [];
  const notes = new StepNotes();
  for (const series of vector) {
    const result = new GridBuilder(dropsName ? series.metric.withoutMetadata() : series.metric, steps);
    for (let step = 0; step < steps; step++) {
      const kind = series.kinds[step];
      if (kind === NONE) continue;
      const scalar = scalars[step]!;
      if (kind === FLOAT && (arithmetic !== null || comparison !== null)) {
        const value = series.floats[step]!;
        const [left, right] = scalarFirst ? [scalar, value] : [value, scalar];
        if (arithmetic !== null) result.setFloat(step, arithmetic(left, right));
        else {
          const holds = comparison!(left, right);
          if (returnBool) result.setFloat(step, holds ? 1 : 0);
          else if (holds) result.setFloat(step, value);
        }
        continue;
      }
      const element: FloatHistogram | number = kind === FLOAT ? series.floats[step]! : series.histograms![step]!;
      const note = (write: Note): void => notes.set(step, write);
      const outcome = scalarFirst
        ? histogramOperation(operator, scalar, element, range, note)
        : histogramOperation(operator, element, scalar, range, note);
      if (outcome === null) continue;
      if (returnBool) result.setFloat(step, outcome.keep ? 1 : 0);
      else if (outcome.keep) result.set(step, outcome.value);
    }
    if (!result.isEmpty) output.push(result);
  }
  notes.write(annotations);
  return output;
}
