import { type FloatHistogram, IncompatibleSchemasError } from '../histogram/float-histogram.js';
import { CompensatedSum } from '../math/compensated-sum.js';
import type { AggregateExpression, TextRange } from '../syntax/expression.js';
import { rangeOf } from '../syntax/expression.js';
import type { AggregationOperator } from '../syntax/token.js';
import type { Annotations } from './annotations.js';
import { FLOAT, GridBuilder, type GridSeries, NONE } from './grid.js';
import type { LabelSet } from './label-set.js';
import { isMetadataLabel, METRIC_NAME, partialKey } from './label-set.js';
import { quantileOf } from './quantile.js';
import type { QueryBudget } from './query-budget.js';
import { HistogramMeanAccumulator, MeanAccumulator } from './range-functions.js';

/** Series in groups, the groups in the order in which their first series came. */
export interface Grouping {
  /** For each series the number of its group. */
  readonly groups: readonly number[];
  readonly metrics: readonly LabelSet[];
}

export function groupingKeeps({ grouping, without }: Pick<AggregateExpression, 'grouping' | 'without'>): (name: string) => boolean {
  const names = new Set(grouping);
  return without ? (name) => !names.has(name) && !isMetadataLabel(name) : (name) => names.has(name);
}

export function groupSeries(series: readonly GridSeries[], keeps: (name: string) => boolean): Grouping {
  const numbers = new Map<string, number>();
  const metrics: LabelSet[] = [];
  const groups = series.map(({ metric }) => {
    const key = partialKey(metric, keeps);
    let number = numbers.get(key);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(key, number);
      metrics.push(metric.filter(keeps));
    }
    return number;
  });
  return { groups, metrics };
}

/** What an aggregation knows besides the samples. */
interface AggregationContext {
  readonly range: TextRange;
  readonly annotations: Annotations;
}

/** One group at one step. */
interface Accumulator {
  addFloat(value: number): void;
  addHistogram(histogram: FloatHistogram, metric: LabelSet): void;
  /** Null if the group has no answer. */
  result(quantile: number): number | FloatHistogram | null;
}

/** Every aggregation but those that pick series and `count_values`. Others get a turn on the way. */
export async function aggregate(
  expression: AggregateExpression,
  series: readonly GridSeries[],
  parameter: Float64Array | null,
  steps: number,
  annotations: Annotations,
  budget: QueryBudget,
): Promise<readonly GridSeries[]> {
  const { groups, metrics } = groupSeries(series, groupingKeeps(expression));
  const context: AggregationContext = { range: rangeOf(expression.body), annotations };
  const output = metrics.map((metric) => new GridBuilder(metric, steps));
  if (isPlainSum(expression.operator, series)) {
    await sumColumns(series, groups, output, steps, budget);
    return output.filter(({ isEmpty }) => !isEmpty);
  }
  const accumulators = new Array<Accumulator | null>(metrics.length);
  for (let step = 0; step < steps; step++) {
    accumulators.fill(null);
    for (let index = 0; index < series.length; index++) {
      const one = series[index]!;
      const kind = one.kinds[step];
      if (kind === NONE) continue;
      const group = groups[index]!;
      const accumulator = (accumulators[group] ??= createAccumulator(expression.operator, context));
      if (kind === FLOAT) accumulator.addFloat(one.floats[step]!);
      else accumulator.addHistogram(one.histograms![step]!, one.metric);
    }
    const quantile = parameter?.[step] ?? 0;
    accumulators.forEach((accumulator, group) => {
      const value = accumulator?.result(quantile) ?? null;
      if (value !== null) output[group]!.set(step, value);
    });
    if (budget.isDue(series.length)) await budget.breathe();
  }
  return output.filter(({ isEmpty }) => !isEmpty);
}

function isPlainSum(operator: AggregationOperator, series: readonly GridSeries[]): boolean {
  return operator === 'sum' && series.every(({ histograms }) => histograms === null);
}

/** Sums of floats alone, series by series over whole columns: the same additions in the same order for each step. */
async function sumColumns(
  series: readonly GridSeries[],
  groups: readonly number[],
  output: readonly GridBuilder[],
  steps: number,
  budget: QueryBudget,
): Promise<void> {
  const rests = output.map(() => new Float64Array(steps));
  for (const [index, { kinds, floats }] of series.entries()) {
    if (budget.isDue(steps)) await budget.breathe();
    const group = groups[index]!;
    const target = output[group]!;
    const sums = target.floats;
    const groupRests = rests[group]!;
    for (let step = 0; step < steps; step++) {
      if (kinds[step] === NONE) continue;
      const value = floats[step]!;
      if (target.kinds[step] === NONE) {
        target.setFloat(step, value);
        continue;
      }
      const sum = sums[step]!;
      const total = sum + value;
      if (total === Infinity || total === -Infinity) groupRests[step] = 0;
      else if (Math.abs(sum) >= Math.abs(value)) groupRests[step]! += sum - total + value;
      else groupRests[step]! += value - total + sum;
      sums[step] = total;
    }
  }
  output.forEach(({ floats, kinds }, group) => {
    const groupRests = rests[group]!;
    for (let step = 0; step < steps; step++) if (kinds[step] !== NONE) floats[step]! += groupRests[step]!;
  });
}

function createAccumulator(operator: AggregationOperator, context: AggregationContext): Accumulator {
  switch (operator) {
    case 'sum':
    case 'avg':
      return new TotalAccumulator(operator === 'avg', context);
    case 'min':
    case 'max':
      return new ExtremeAccumulator(operator, context);
    case 'stddev':
    case 'stdvar':
      return new VarianceAccumulator(operator, context);
    case 'quantile':
      return new QuantileAccumulator(context);
    case 'count':
      return new CountAccumulator();
    default:
      return new GroupAccumulator();
  }
}

class CountAccumulator implements Accumulator {
  #count = 0;

  addFloat(): void {
    this.#count++;
  }

  addHistogram(): void {
    this.#count++;
  }

  result(): number {
    return this.#count;
  }
}

class GroupAccumulator implements Accumulator {
  addFloat(): void {
    // That there is a sample is all that counts.
  }

  addHistogram(): void {
    // As above.
  }

  result(): number {
    return 1;
  }
}

class ExtremeAccumulator implements Accumulator {
  readonly #operator: 'min' | 'max';
  readonly #context: AggregationContext;
  #best: number | null = null;

  constructor(operator: 'min' | 'max', context: AggregationContext) {
    this.#operator = operator;
    this.#context = context;
  }

  addFloat(value: number): void {
    const best = this.#best;
    if (best === null || Number.isNaN(best) || (this.#operator === 'max' ? best < value : best > value)) this.#best = value;
  }

  addHistogram(): void {
    this.#context.annotations.histogramIgnored(this.#operator, this.#context.range);
  }

  result(): number | null {
    return this.#best;
  }
}

/** Mean and variance in one pass (B. P. Welford). */
class VarianceAccumulator implements Accumulator {
  readonly #operator: 'stddev' | 'stdvar';
  readonly #context: AggregationContext;
  #count = 0;
  #mean = 0;
  #squares = 0;

  constructor(operator: 'stddev' | 'stdvar', context: AggregationContext) {
    this.#operator = operator;
    this.#context = context;
  }

  addFloat(value: number): void {
    this.#count++;
    if (this.#count === 1) {
      this.#mean = value;
      this.#squares = Number.isFinite(value) ? 0 : NaN;
      return;
    }
    const delta = value - this.#mean;
    this.#mean += delta / this.#count;
    this.#squares += delta * (value - this.#mean);
  }

  addHistogram(): void {
    this.#context.annotations.histogramIgnored(this.#operator, this.#context.range);
  }

  result(): number | null {
    if (this.#count === 0) return null;
    const variance = this.#squares / this.#count;
    return this.#operator === 'stddev' ? Math.sqrt(variance) : variance;
  }
}

class QuantileAccumulator implements Accumulator {
  readonly #context: AggregationContext;
  readonly #values: number[] = [];

  constructor(context: AggregationContext) {
    this.#context = context;
  }

  addFloat(value: number): void {
    this.#values.push(value);
  }

  addHistogram(): void {
    this.#context.annotations.histogramIgnored('quantile', this.#context.range);
  }

  result(quantile: number): number | null {
    return this.#values.length === 0 ? null : quantileOf(quantile, Float64Array.from(this.#values));
  }
}

/** `sum` and `avg`, of floats or of histograms; a mix has no answer. */
class TotalAccumulator implements Accumulator {
  readonly #isMean: boolean;
  readonly #context: AggregationContext;
  #isFirst = true;
  /** The sum of floats that Prometheus starts at 0 if the first sample is a histogram. */
  #sum: CompensatedSum | null = null;
  #mean: MeanAccumulator | null = null;
  #hasFloat = false;
  #hasHistogram = false;
  #histogram: FloatHistogram | null = null;
  #rest: FloatHistogram | null = null;
  #histogramMean: HistogramMeanAccumulator | null = null;
  #isIncompatible = false;
  #resetSeen = false;
  #notResetSeen = false;

  constructor(isMean: boolean, context: AggregationContext) {
    this.#isMean = isMean;
    this.#context = context;
  }

  addFloat(value: number): void {
    if (this.#isIncompatible) return;
    this.#hasFloat = true;
    this.#isFirst = false;
    // Once there is a histogram too, the answer is none whatever the sum.
    if (this.#hasHistogram) return;
    if (this.#isMean) {
      if (this.#mean === null) this.#mean = new MeanAccumulator(value);
      else this.#mean.add(value);
    } else if (this.#sum === null) this.#sum = new CompensatedSum(value);
    else this.#sum.add(value);
  }

  addHistogram(histogram: FloatHistogram, metric: LabelSet): void {
    if (this.#isIncompatible) return;
    this.#hasHistogram = true;
    if (this.#isFirst) {
      this.#isFirst = false;
      this.#trackReset(histogram);
      if (this.#isMean) this.#histogramMean = new HistogramMeanAccumulator(histogram);
      else this.#histogram = histogram.copy();
      return;
    }
    // The first sample was a float.
    if (this.#histogram === null && this.#histogramMean === null) return;
    this.#trackReset(histogram);
    const { annotations, range } = this.#context;
    try {
      if (this.#add(histogram)) annotations.boundsReconciled('aggregation', range);
    } catch (error) {
      if (!(error instanceof IncompatibleSchemasError)) throw error;
      annotations.mixedExponentialAndCustomHistograms(metric.get(METRIC_NAME), range);
      this.#isIncompatible = true;
    }
  }

  #add(histogram: FloatHistogram): boolean {
    if (this.#histogramMean !== null) return this.#histogramMean.add(histogram).boundsReconciled;
    const sum = this.#histogram!;
    this.#rest ??= sum.createRest();
    return sum.addCompensated(histogram, this.#rest).boundsReconciled;
  }

  #trackReset({ hint }: FloatHistogram): void {
    if (hint === 'reset') this.#resetSeen = true;
    else if (hint === 'not-reset') this.#notResetSeen = true;
  }

  result(): number | FloatHistogram | null {
    const { annotations, range } = this.#context;
    if (this.#hasFloat && this.#hasHistogram) {
      annotations.mixedFloatsAndHistogramsInAggregation(range);
      return null;
    }
    if (this.#isIncompatible) return null;
    if (this.#resetSeen && this.#notResetSeen) annotations.resetCollision('aggregation', range);
    if (!this.#hasHistogram) return this.#mean?.mean ?? this.#sum?.total ?? null;
    if (this.#histogramMean !== null) return this.#histogramMean.finish().compact();
    const sum = this.#histogram!;
    if (this.#rest !== null) sum.add(this.#rest);
    return sum.compact();
  }
}
