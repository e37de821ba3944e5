import type { FloatHistogram } from '../histogram/float-histogram.js';
import { maximum, minimum } from '../math/extremes.js';
import { formatGeneral } from '../number-text.js';
import { type AggregateExpression, rangeOf } from '../syntax/expression.js';
import { groupingKeeps, groupSeries } from './aggregate.js';
import type { Annotations } from './annotations.js';
import { FLOAT, GridCollector, type GridSeries, NONE } from './grid.js';
import type { QueryBudget } from './query-budget.js';
import { executionError } from './query-error.js';
import { ratioOffset } from './series-hash.js';

interface Candidate {
  readonly series: GridSeries;
  readonly value: number;
  readonly histogram: FloatHistogram | null;
}

const INT64_LIMIT = 2 ** 63;

/** A candidate is made for each series, and compared with those that are kept. */
const WORK_OF_ONE_SERIES = 4;

/** `topk`, `bottomk`, `limitk` and `limit_ratio`: aggregations whose answer is some of their series. Others get a turn between two steps. */
export async function pickSeries(
  expression: AggregateExpression,
  series: readonly GridSeries[],
  parameter: Float64Array,
  steps: number,
  annotations: Annotations,
  budget: QueryBudget,
): Promise<readonly GridSeries[]> {
  const isRatio = expression.operator === 'limit_ratio';
  if (!(isRatio ? checkRatio(expression, parameter, annotations) : checkCount(parameter))) return [];
  const { groups, metrics } = groupSeries(series, groupingKeeps(expression));
  const offsets = isRatio ? series.map(({ metric }) => ratioOffset(metric)) : [];
  const collector = new GridCollector(steps);
  for (let step = 0; step < steps; step++) {
    if (budget.isDue(WORK_OF_ONE_SERIES * series.length)) await budget.breathe();
    const value = parameter[step]!;
    const count = Math.min(Math.trunc(value), series.length);
    const picked = metrics.map((): Picker => createPicker(expression, count, value, annotations));
    if (isRatio ? value === 0 : !(count >= 1)) continue;
    series.forEach((one, index) => {
      const kind = one.kinds[step];
      if (kind === NONE) return;
      const isFloat = kind === FLOAT;
      const candidate = { series: one, value: isFloat ? one.floats[step]! : 0, histogram: isFloat ? null : one.histograms![step]! };
      picked[groups[index]!]!.offer(candidate, offsets[index] ?? 0);
    });
    for (const picker of picked) {
      for (const { series: one, value: float, histogram } of picker.finish()) collector.add(step, one.metric, histogram ?? float);
    }
  }
  return collector.finish().filter(({ kinds }) => kinds.some((kind) => kind !== NONE));
}

function checkCount(parameter: Float64Array): boolean {
  const { max, min, hasNaN } = extremesOf(parameter);
  if (max < 1) return false;
  if (hasNaN) throw executionError('Parameter value is NaN');
  if (min <= -INT64_LIMIT) throw executionError(`Scalar value ${formatGeneral(min)} underflows int64`);
  if (max >= INT64_LIMIT) throw executionError(`Scalar value ${formatGeneral(max)} overflows int64`);
  return true;
}

function checkRatio(expression: AggregateExpression, parameter: Float64Array, annotations: Annotations): boolean {
  const { max, min, hasNaN } = extremesOf(parameter);
  if (max === 0 && min === 0) return false;
  if (hasNaN) throw executionError('Ratio value is NaN');
  const range = rangeOf(expression.parameter ?? expression);
  if (max > 1) annotations.invalidRatio(max, 1, range);
  if (min < -1) annotations.invalidRatio(min, -1, range);
  return true;
}

/** The greatest and smallest parameter of all steps, NaN if one is; infinities aside. */
export function extremesOf(parameter: Float64Array): { max: number; min: number; hasNaN: boolean } {
  let max = -Number.MAX_VALUE;
  let min = Number.MAX_VALUE;
  for (const value of parameter) {
    max = maximum(max, value);
    min = minimum(min, value);
  }
  if (parameter.length === 1) [max, min] = [parameter[0]!, parameter[0]!];
  return { max, min, hasNaN: parameter.some(Number.isNaN) };
}

interface Picker {
  offer(candidate: Candidate, offset: number): void;
  finish(): readonly Candidate[];
}

function createPicker(expression: AggregateExpression, count: number, ratio: number, annotations: Annotations): Picker {
  switch (expression.operator) {
    case 'topk':
    case 'bottomk':
      return new ValuePicker(expression, count, annotations);
    case 'limitk':
      return new FirstPicker(count);
    default:
      return new RatioPicker(Math.max(-1, Math.min(1, ratio)));
  }
}

class FirstPicker implements Picker {
  readonly #count: number;
  readonly #picked: Candidate[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  offer(candidate: Candidate): void {
    if (this.#picked.length < this.#count) pushHeap(this.#picked, candidate, ascending);
  }

  finish(): readonly Candidate[] {
    return this.#picked;
  }
}

class RatioPicker implements Picker {
  readonly #ratio: number;
  readonly #picked: Candidate[] = [];

  constructor(ratio: number) {
    this.#ratio = ratio;
  }

  offer(candidate: Candidate, offset: number): void {
    const ratio = this.#ratio;
    if (ratio >= 0 ? offset < ratio : offset >= 1 + ratio) pushHeap(this.#picked, candidate, ascending);
  }

  finish(): readonly Candidate[] {
    return this.#picked;
  }
}

/** Keeps the best in a heap with the worst of them on top, as Prometheus does: among equal values it decides who stays. */
class ValuePicker implements Picker {
  readonly #operator: 'topk' | 'bottomk';
  readonly #expression: AggregateExpression;
  readonly #count: number;
  readonly #annotations: Annotations;
  readonly #heap: Candidate[] = [];
  readonly #less: Less;

  constructor(expression: AggregateExpression, count: number, annotations: Annotations) {
    this.#operator = expression.operator === 'topk' ? 'topk' : 'bottomk';
    this.#expression = expression;
    this.#count = count;
    this.#annotations = annotations;
    this.#less = this.#operator === 'topk' ? ascending : descending;
  }

  offer(candidate: Candidate): void {
    if (candidate.histogram !== null) {
      this.#annotations.histogramIgnored(this.#operator, this.#expression.range);
      return;
    }
    const heap = this.#heap;
    if (heap.length < this.#count) {
      pushHeap(heap, candidate, this.#less);
      return;
    }
    const worst = heap[0]!.value;
    const { value } = candidate;
    const isBetter = this.#operator === 'topk' ? worst < value : worst > value;
    if (!isBetter && !(Number.isNaN(worst) && !Number.isNaN(value))) return;
    heap[0] = candidate;
    siftDown(heap, 0, this.#less);
  }

  finish(): readonly Candidate[] {
    return sortReversed(this.#heap, this.#less);
  }
}

type Less = (left: Candidate, right: Candidate) => boolean;

function ascending(left: Candidate, right: Candidate): boolean {
  return Number.isNaN(left.value) || left.value < right.value;
}

function descending(left: Candidate, right: Candidate): boolean {
  return Number.isNaN(left.value) || left.value > right.value;
}

/** Best first. Go sorts up to twelve elements by insertion; a longer run of equal values has no order that could be relied on. */
function sortReversed(heap: readonly Candidate[], less: Less): Candidate[] {
  const sorted = [...heap];
  for (let index = 1; index < sorted.length; index++) {
    for (let place = index; place > 0 && less(sorted[place - 1]!, sorted[place]!); place--) {
      [sorted[place - 1], sorted[place]] = [sorted[place]!, sorted[place - 1]!];
    }
  }
  return sorted;
}

function pushHeap(heap: Candidate[], candidate: Candidate, less: Less): void {
  heap.push(candidate);
  for (let child = heap.length - 1; child > 0;) {
    const parent = (child - 1) >> 1;
    if (!less(heap[child]!, heap[parent]!)) return;
    [heap[parent], heap[child]] = [heap[child]!, heap[parent]!];
    child = parent;
  }
}

function siftDown(heap: Candidate[], from: number, less: Less): void {
  for (let parent = from; ;) {
    let child = 2 * parent + 1;
    if (child >= heap.length) return;
    if (child + 1 < heap.length && less(heap[child + 1]!, heap[child]!)) child++;
    if (!less(heap[child]!, heap[parent]!)) return;
    [heap[parent], heap[child]] = [heap[child]!, heap[parent]!];
    parent = child;
  }
}
