import type { Matcher } from '@timestream-prometheus/timestream-translator';
import { msFromNs, secondsFromNs } from '../durations.js';
import { IncompatibleSchemasError, type FloatHistogram } from '../histogram/float-histogram.js';
import { maximum, minimum } from '../math/extremes.js';
import { formatSampleValue } from '../number-text.js';
import { histogramText } from '../histogram/histogram-text.js';
import type { AggregatedSeries, SelectHints } from '../storage.js';
import {
  type AggregateExpression,
  type BinaryExpression,
  type Expression,
  type FunctionCall,
  type MatrixSelector,
  rangeOf,
  type SubqueryExpression,
  type TextRange,
  typeOf,
  type VectorSelector,
} from '../syntax/expression.js';
import { compareGoText, quoteGo } from '../syntax/go-text.js';
import { aggregate, groupingKeeps } from './aggregate.js';
import type { Annotations } from './annotations.js';
import { scalarOperation } from './element-operators.js';
import {
  FLOAT,
  GridBuilder,
  type GridSeries,
  histogramSamples,
  mergeEqualSeries,
  NONE,
  renamed,
  sampleCount,
  scalarSeries,
} from './grid.js';
import { histogramFraction, histogramQuantile, histogramQuantiles } from './histogram-functions.js';
import { combineWithInfo, infoSelection, infoSelections } from './info.js';
import { comesFirstNaturally, labelJoin, labelReplace } from './label-functions.js';
import { isMetadataLabel, LabelSet, METRIC_NAME } from './label-set.js';
import { extremesOf, pickSeries } from './pick-series.js';
import { infoReference } from './preprocess.js';
import type { QueryBudget } from './query-budget.js';
import { executionError } from './query-error.js';
import { RANGE_FUNCTIONS } from './range-functions.js';
import { extendedSamples, interpolate, interpolateHistograms } from './rate.js';
import { type RawSeries, rawSeriesFromGrid, withoutStale } from './raw-series.js';
import {
  clampFloats,
  DATE_FUNCTIONS,
  FLOAT_FUNCTIONS,
  HISTOGRAM_FUNCTIONS,
  mapFloats,
  mapHistograms,
  roundFloats,
  scalarOf,
} from './vector-functions.js';
import { combineSets, combineVectors, combineWithScalar } from './vector-matching.js';
import { type RangeContext, Window } from './window.js';

/** What the evaluator needs from around it. */
export interface EvaluationContext {
  readonly lookbackMs: number;
  /** The interval of a subquery that names none. */
  readonly defaultSubqueryStepMs: (rangeMs: number) => number;
  readonly annotations: Annotations;
  readonly budget: QueryBudget;
  /** The series of a selector of the query. They are read once. */
  readonly seriesOf: (selector: VectorSelector) => Promise<readonly RawSeries[]>;
  /** What the storage makes of an aggregation of the query. Null: it has to be computed from its series. */
  readonly aggregated: (expression: AggregateExpression) => Promise<readonly AggregatedSeries[] | null>;
  /** Series that are known to be needed only while the query runs. */
  readonly select: (matchers: readonly Matcher[], fromMs: number, toMs: number, hints: SelectHints) => Promise<readonly RawSeries[]>;
}

const ANCHORED_FUNCTIONS: ReadonlySet<string> = new Set(['changes', 'delta', 'increase', 'rate', 'resets']);
const SMOOTHED_FUNCTIONS: ReadonlySet<string> = new Set(['delta', 'increase', 'rate']);

/** What a histogram costs beside a float, about. */
const SAMPLES_OF_A_HISTOGRAM = 16;

/** Series, or the string of a string literal. */
export type Evaluated = readonly GridSeries[] | string;

/**
 * Evaluates expressions at the steps `startMs`, `startMs + stepMs`, … up to `endMs`. Every node is evaluated for all steps at once and
 * gives columns (`promql/engine.go`, evaluator).
 */
export class Evaluator {
  readonly #context: EvaluationContext;
  readonly #startMs: number;
  readonly #endMs: number;
  readonly #stepMs: number;
  readonly #steps: number;

  constructor(context: EvaluationContext, startMs: number, endMs: number, stepMs: number) {
    this.#context = context;
    this.#startMs = startMs;
    this.#endMs = endMs;
    this.#stepMs = stepMs;
    this.#steps = endMs < startMs ? 0 : Math.floor((endMs - startMs) / stepMs) + 1;
  }

  readonly #timeOf = (step: number): number => this.#startMs + step * this.#stepMs;

  async evaluate(expression: Expression): Promise<Evaluated> {
    const { budget } = this.#context;
    await budget.breathe();
    if (this.#steps === 0) return [];
    const mark = budget.samples;
    const result = await this.#evaluateNode(expression);
    if (typeof result !== 'string') budget.settle(mark, sampleCount(result));
    return result;
  }

  async #vector(expression: Expression): Promise<readonly GridSeries[]> {
    const result = await this.evaluate(expression);
    if (typeof result === 'string') throw executionError('unexpected string');
    return result;
  }

  /** The value of a scalar expression at each step. */
  async #scalar(expression: Expression): Promise<Float64Array> {
    const [series] = await this.#vector(expression);
    return series?.floats ?? new Float64Array(this.#steps).fill(NaN);
  }

  async #evaluateNode(expression: Expression): Promise<Evaluated> {
    switch (expression.kind) {
      case 'number':
        return [scalarSeries(new Float64Array(this.#steps).fill(expression.value))];
      case 'string':
        return expression.value;
      case 'paren':
        return this.evaluate(expression.body);
      case 'unary':
        return this.#evaluateUnary(expression.operator, await this.#vector(expression.body));
      case 'binary':
        return this.#evaluateBinary(expression);
      case 'aggregate':
        return this.#evaluateAggregation(expression);
      case 'call':
        return this.#evaluateCall(expression);
      case 'vector-selector':
        return this.#evaluateSelector(expression);
      case 'step-invariant':
        return this.#evaluateOnce(expression.body);
      case 'matrix-selector':
      case 'subquery':
        throw executionError('a range vector has no value at a step');
    }
  }

  /** Evaluate at the first step and repeat the answer. */
  async #evaluateOnce(body: Expression): Promise<Evaluated> {
    const once = new Evaluator(this.#context, this.#startMs, this.#startMs, this.#stepMs);
    const { budget } = this.#context;
    const totalBefore = budget.totalSamples;
    const result = await once.evaluate(body);
    if (typeof result === 'string' || this.#steps === 1) return result;
    // What `stats` counts are the samples that each step would look at by itself.
    budget.totalSamples += (budget.totalSamples - totalBefore) * (this.#steps - 1);
    return result.map(({ metric, kinds, floats, histograms }) => {
      const repeated = new GridBuilder(metric, this.#steps);
      repeated.kinds.fill(kinds[0]!);
      repeated.floats.fill(floats[0]!);
      if (histograms !== null) repeated.histograms = new Array<FloatHistogram | undefined>(this.#steps).fill(histograms[0]);
      return repeated;
    });
  }

  #evaluateUnary(operator: '+' | '-', series: readonly GridSeries[]): readonly GridSeries[] {
    if (operator === '+') return series;
    const negated = series.map(({ metric, kinds, floats, histograms }) => ({
      metric: metric.withoutMetadata(),
      kinds,
      floats: floats.map((value) => -value),
      histograms: histograms?.map((histogram) => histogram?.copy().multiply(-1)) ?? null,
    }));
    return mergeEqualSeries(negated, this.#steps);
  }

  async #evaluateBinary(expression: BinaryExpression): Promise<readonly GridSeries[]> {
    const { operator, matching } = expression;
    const left = await this.#vector(expression.left);
    const right = await this.#vector(expression.right);
    const leftIsScalar = typeOf(expression.left) === 'scalar';
    const rightIsScalar = typeOf(expression.right) === 'scalar';
    const { annotations } = this.#context;
    if (leftIsScalar && rightIsScalar) {
      const operate = scalarOperation(operator);
      const [a, b] = [left[0]!.floats, right[0]!.floats];
      return [scalarSeries(a.map((value, step) => operate(value, b[step]!)))];
    }
    if (leftIsScalar || rightIsScalar) {
      const [vector, scalar] = leftIsScalar ? [right, left] : [left, right];
      const combined = combineWithScalar(expression, vector, scalar[0]!.floats, leftIsScalar, this.#steps, annotations);
      return mergeEqualSeries(combined, this.#steps);
    }
    if (matching === null) throw executionError('vector matching is missing');
    if (operator === 'and' || operator === 'or' || operator === 'unless') return combineSets(operator, left, right, matching, this.#steps);
    return combineVectors(expression, matching, left, right, this.#steps, annotations, this.#context.budget);
  }

  async #evaluateAggregation(expression: AggregateExpression): Promise<readonly GridSeries[]> {
    const { operator, parameter } = expression;
    const { annotations, budget } = this.#context;
    if (operator === 'count_values') return this.#countValues(expression);
    const aggregated = await this.#context.aggregated(expression);
    if (aggregated !== null) return this.#gridOf(aggregated);
    const values = parameter === null ? null : await this.#scalar(parameter);
    const series = await this.#vector(expression.body);
    if (values === null) return aggregate(expression, series, null, this.#steps, annotations, budget);
    if (operator !== 'quantile') return pickSeries(expression, series, values, this.#steps, annotations, budget);
    const { max, min, hasNaN } = extremesOf(values);
    const range = rangeOf(parameter ?? expression);
    if (hasNaN) annotations.invalidQuantile(NaN, range);
    if (max > 1) annotations.invalidQuantile(max, range);
    if (min < 0) annotations.invalidQuantile(min, range);
    return aggregate(expression, series, values, this.#steps, annotations, budget);
  }

  #gridOf(aggregated: readonly AggregatedSeries[]): readonly GridSeries[] {
    return aggregated.map(({ labels, steps, values }) => {
      const group = new GridBuilder(LabelSet.from(labels), this.#steps);
      this.#context.budget.add(steps.length);
      steps.forEach((step, index) => group.setFloat(step, values[index]!));
      return group;
    });
  }

  async #countValues(expression: AggregateExpression): Promise<readonly GridSeries[]> {
    const label = expression.parameter?.kind === 'string' ? expression.parameter.value : '';
    if (label === '' || label.includes('\uFFFD')) throw executionError(`invalid label name ${quoteGo(label)}`);
    const series = await this.#vector(expression.body);
    const { budget } = this.#context;
    const { grouping, without } = expression;
    const keeps = groupingKeeps({ grouping: without ? grouping : [...grouping, label], without });
    const counts = new Map<string, { readonly metric: LabelSet; readonly counts: Float64Array }>();
    for (const one of series) {
      // A text is made of each value, and of the labels with it.
      await budget.work(SAMPLES_OF_A_HISTOGRAM * this.#steps);
      for (let step = 0; step < this.#steps; step++) {
        const kind = one.kinds[step];
        if (kind === NONE) continue;
        const text = kind === FLOAT ? formatSampleValue(one.floats[step]!) : labelValueOf(one.histograms![step]!);
        const metric = one.metric.with(new Map([[label, text]])).filter(keeps);
        let entry = counts.get(metric.key);
        if (entry === undefined) {
          entry = { metric, counts: new Float64Array(this.#steps) };
          counts.set(metric.key, entry);
        }
        entry.counts[step]!++;
      }
    }
    return [...counts.values()].map(({ metric, counts: floats }) => ({
      metric,
      kinds: Uint8Array.from(floats, (count) => (count === 0 ? NONE : FLOAT)),
      floats,
      histograms: null,
    }));
  }

  async #evaluateSelector(selector: VectorSelector): Promise<readonly GridSeries[]> {
    const raw = await this.#context.seriesOf(selector);
    if (selector.smoothed) return this.#smooth(selector, raw);
    return this.#latest(this.#referenceOf(selector), raw, (series, isHistogram, index) =>
      isHistogram ? series.histograms[index]! : series.floats[index]!,
    );
  }

  /**
   * The time at which a selector looks for each step. `@` makes that a fixed time, since the selector is then evaluated once; where
   * Prometheus does not see that it could be, in the parameter of an aggregation, the time moves on with the steps, and so it does here.
   */
  #referenceOf({ atMs, offsetNs }: VectorSelector): (step: number) => number {
    const firstMs = (atMs ?? this.#startMs) - msFromNs(offsetNs);
    return (step) => firstMs + step * this.#stepMs;
  }

  /** The latest sample of each series at each step, unless it is too old or says that the series has ended. */
  async #latest(
    reference: (step: number) => number,
    raw: readonly RawSeries[],
    valueOf: (series: RawSeries, isHistogram: boolean, index: number) => number | FloatHistogram,
  ): Promise<GridSeries[]> {
    const { lookbackMs, budget } = this.#context;
    const output: GridSeries[] = [];
    for (const series of raw) {
      await budget.work(this.#steps);
      const { timesMs, isStale, histogramTimesMs, histograms } = series;
      const result = new GridBuilder(series.metric, this.#steps);
      let float = -1;
      let histogram = -1;
      for (let step = 0; step < this.#steps; step++) {
        const atMs = reference(step);
        while (float + 1 < timesMs.length && timesMs[float + 1]! <= atMs) float++;
        while (histogram + 1 < histogramTimesMs.length && histogramTimesMs[histogram + 1]! <= atMs) histogram++;
        const floatMs = float < 0 ? -Infinity : timesMs[float]!;
        const histogramMs = histogram < 0 ? -Infinity : histogramTimesMs[histogram]!;
        const isHistogram = histogramMs > floatMs;
        if ((isHistogram ? histogramMs : floatMs) <= atMs - lookbackMs) continue;
        if (isHistogram ? histograms[histogram] === null : isStale?.[float] === 1) continue;
        const value = valueOf(series, isHistogram, isHistogram ? histogram : float);
        budget.add(typeof value === 'number' ? 1 : histogramSamples(value));
        result.set(step, value);
      }
      if (!result.isEmpty) output.push(result);
    }
    return output;
  }

  /** A selector with `smoothed`: between two samples it gives what lies between their values. */
  async #smooth(selector: VectorSelector, raw: readonly RawSeries[]): Promise<GridSeries[]> {
    const { lookbackMs, budget, annotations } = this.#context;
    const reference = this.#referenceOf(selector);
    const { range } = selector;
    const output: GridSeries[] = [];
    for (const series of raw) {
      await budget.work(this.#steps);
      const window = new Window(withoutStale(series));
      const { timesMs, floats, histogramTimesMs: histogramTimes, histograms } = window;
      const name = series.metric.get(METRIC_NAME);
      const result = new GridBuilder(series.metric, this.#steps);
      for (let step = 0; step < this.#steps; step++) {
        const atMs = reference(step);
        window.slide(atMs - lookbackMs, atMs + lookbackMs);
        if (window.floatCount > 0 && window.histogramCount > 0) {
          annotations.mixedFloatsAndHistograms(name, range);
          continue;
        }
        if (window.histogramCount > 0) {
          let index = window.histogramFrom;
          while (index < window.histogramTo && histogramTimes[index]! < atMs) index++;
          if (index < window.histogramTo && histogramTimes[index] === atMs) result.setHistogram(step, histograms[index]!.copy());
          else if (index > window.histogramFrom) {
            const before = histograms[index - 1]!;
            if (index === window.histogramTo) {
              const last = before.copy();
              last.hint = 'unknown';
              result.setHistogram(step, last);
              continue;
            }
            const between = this.#betweenHistograms(window, index - 1, atMs, name, range);
            if (between !== null) result.setHistogram(step, between);
          }
          continue;
        }
        let index = window.from;
        while (index < window.to && timesMs[index]! < atMs) index++;
        if (index < window.to && timesMs[index] === atMs) result.setFloat(step, floats[index]!);
        else if (index > window.from) {
          result.setFloat(step, index < window.to ? interpolate(timesMs, floats, index - 1, atMs, false) : floats[index - 1]!);
        }
      }
      if (!result.isEmpty) output.push(result);
    }
    return output;
  }

  #betweenHistograms(window: Window, index: number, atMs: number, name: string, range: TextRange): FloatHistogram | null {
    const { annotations } = this.#context;
    const { histograms, histogramTimesMs: times } = window;
    const before = histograms[index]!;
    const after = histograms[index + 1]!;
    const isCounter = before.hint !== 'gauge' || after.hint !== 'gauge';
    try {
      if (before.isCustom !== after.isCustom) throw new IncompatibleSchemasError();
      return interpolateHistograms(before, times[index]!, after, times[index + 1]!, atMs, isCounter, (operation) =>
        annotations.boundsReconciled(operation, range),
      );
    } catch (error) {
      if (!(error instanceof IncompatibleSchemasError)) throw error;
      annotations.mixedExponentialAndCustomHistograms(name, range);
      return null;
    }
  }

  async #evaluateCall(call: FunctionCall): Promise<readonly GridSeries[]> {
    const { name } = call.signature;
    const { args } = call;
    const first = args[0];
    if ((name === 'timestamp' || name === 'start_timestamp') && first?.kind === 'vector-selector') return this.#timestamps(name, first);
    const matrixIndex = args.findIndex((argument) => argument.kind === 'matrix-selector' || argument.kind === 'subquery');
    if (matrixIndex >= 0) return this.#evaluateRangeCall(call, matrixIndex);
    if (name === 'label_replace' || name === 'label_join') return this.#evaluateLabelCall(name, args);
    if (name === 'info') return this.#evaluateInfo(args);
    const isSort = name === 'sort' || name === 'sort_desc' || name === 'sort_by_label' || name === 'sort_by_label_desc';
    const values: (readonly GridSeries[])[] = [];
    for (const argument of args) {
      const value = typeOf(argument) === 'string' ? [] : await this.#vector(argument);
      values.push(value);
    }
    // Said last, as Prometheus does: of nested sorts the place of the outermost is kept.
    if (isSort && this.#endMs !== this.#startMs) this.#context.annotations.sortInRangeQuery(call.range);
    return this.#applyFunction(call, values);
  }

  async #applyFunction(call: FunctionCall, values: readonly (readonly GridSeries[])[]): Promise<readonly GridSeries[]> {
    const { name } = call.signature;
    const { args } = call;
    const steps = this.#steps;
    const vector = values[0] ?? [];
    const scalarAt = (index: number): Float64Array => values[index]?.[0]?.floats ?? new Float64Array(steps).fill(NaN);
    const floatFunction = FLOAT_FUNCTIONS.get(name);
    if (floatFunction !== undefined) return mapFloats(vector, steps, floatFunction);
    const histogramFunction = HISTOGRAM_FUNCTIONS.get(name);
    if (histogramFunction !== undefined) return mapHistograms(vector, steps, histogramFunction);
    const dateFunction = DATE_FUNCTIONS.get(name);
    if (dateFunction !== undefined) {
      if (args.length > 0) return mapFloats(vector, steps, dateFunction);
      return [this.#scalarBy((step) => dateFunction(Math.trunc(this.#timeOf(step) / 1000)))];
    }
    const { annotations, budget } = this.#context;
    switch (name) {
      case 'time':
        return [this.#scalarBy((step) => this.#timeOf(step) / 1000)];
      case 'pi':
        return [this.#scalarBy(() => Math.PI)];
      case 'vector':
        return [scalarSeries(scalarAt(0))];
      case 'scalar':
        return [scalarSeries(scalarOf(vector, steps))];
      case 'max_of':
      case 'min_of': {
        const [left, right] = [scalarAt(0), scalarAt(1)];
        const choose = name === 'max_of' ? maximum : minimum;
        return [this.#scalarBy((step) => choose(left[step]!, right[step]!))];
      }
      case 'clamp': {
        const [lower, upper] = [scalarAt(1), scalarAt(2)];
        return clampFloats(vector, steps, (step) => lower[step]!, (step) => upper[step]!); // oxfmt-ignore
      }
      case 'clamp_min': {
        const lower = scalarAt(1);
        return clampFloats(vector, steps, (step) => lower[step]!, () => Infinity); // oxfmt-ignore
      }
      case 'clamp_max': {
        const upper = scalarAt(1);
        return clampFloats(vector, steps, () => -Infinity, (step) => upper[step]!); // oxfmt-ignore
      }
      case 'round': {
        const nearest = args.length > 1 ? scalarAt(1) : null;
        return roundFloats(vector, steps, (step) => nearest?.[step] ?? 1);
      }
      case 'timestamp':
        return this.#evaluationTimes(vector);
      case 'start_timestamp':
        // Start times are not stored.
        return [];
      case 'absent':
        return this.#absent(args[0]!, vector);
      case 'sort':
      case 'sort_desc':
        return this.#sortByValue(vector, name === 'sort_desc');
      case 'sort_by_label':
      case 'sort_by_label_desc':
        return this.#sortByLabel(vector, args.slice(1), name === 'sort_by_label_desc');
      case 'histogram_quantile': {
        const ranges = { quantile: rangeOf(args[0]!), vector: rangeOf(args[1]!) };
        return histogramQuantile(values[1] ?? [], scalarAt(0), steps, ranges, this.#timeOf, annotations, budget);
      }
      case 'histogram_quantiles': {
        const label = args[1]?.kind === 'string' ? args[1].value : '';
        const quantiles = args.slice(2).map((argument, index) => ({ values: scalarAt(index + 2), range: rangeOf(argument) }));
        return histogramQuantiles(vector, label, quantiles, steps, rangeOf(args[0]!), this.#timeOf, annotations, budget);
      }
      case 'histogram_fraction':
        return histogramFraction(values[2] ?? [], scalarAt(0), scalarAt(1), steps, rangeOf(args[2]!), annotations, budget);
      default:
        throw executionError(`unexpected nil implementation for function "${name}"`);
    }
  }

  #scalarBy(compute: (step: number) => number): GridSeries {
    return scalarSeries(Float64Array.from({ length: this.#steps }, (_, step) => compute(step)));
  }

  /** `timestamp` of what is no selector: the times of the steps. */
  #evaluationTimes(vector: readonly GridSeries[]): readonly GridSeries[] {
    const times = vector.map(({ metric, kinds }) => ({
      metric: metric.withoutMetadata(),
      kinds: kinds.map((kind) => (kind === NONE ? NONE : FLOAT)),
      floats: Float64Array.from(kinds, (_, step) => this.#timeOf(step) / 1000),
      histograms: null,
    }));
    return mergeEqualSeries(times, this.#steps);
  }

  /**
   * `timestamp` of a selector: when each sample was written. Beside `@` Prometheus looks at the time itself and not at the time less the
   * offset; only what it has read ends there.
   */
  async #timestamps(name: string, selector: VectorSelector): Promise<readonly GridSeries[]> {
    const raw = await this.#context.seriesOf(selector);
    if (name === 'start_timestamp') return [];
    const { atMs } = selector;
    const reference = atMs === null ? this.#referenceOf(selector) : (): number => atMs;
    const latest = await this.#latest(
      reference,
      raw,
      (series, isHistogram, index) => (isHistogram ? series.histogramTimesMs[index]! : series.timesMs[index]!) / 1000,
    );
    return mergeEqualSeries(
      latest.map((series) => renamed(series, series.metric.withoutMetadata())),
      this.#steps,
    );
  }

  #absent(argument: Expression, vector: readonly GridSeries[]): readonly GridSeries[] {
    const missing = new GridBuilder(absentLabels(argument), this.#steps);
    for (let step = 0; step < this.#steps; step++) {
      if (vector.every(({ kinds }) => kinds[step] === NONE)) missing.setFloat(step, 1);
    }
    return missing.isEmpty ? [] : [missing];
  }

  /** The order of a vector shows in the answer of an instant query only. */
  #sortByValue(vector: readonly GridSeries[], descending: boolean): readonly GridSeries[] {
    const floats = vector.filter(({ kinds }) => this.#steps > 1 || kinds[0] === FLOAT);
    const kept = floats.map((series) => {
      if (series.histograms === null) return series;
      const { metric, kinds, floats: values } = series;
      return { metric, kinds: kinds.map((kind) => (kind === FLOAT ? FLOAT : NONE)), floats: values, histograms: null };
    });
    if (this.#steps > 1) return kept.filter(({ kinds }) => kinds.some((kind) => kind !== NONE));
    return kept.sort((left, right) => {
      const [a, b] = [left.floats[0]!, right.floats[0]!];
      if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
      return descending ? b - a : a - b;
    });
  }

  #sortByLabel(vector: readonly GridSeries[], args: readonly Expression[], descending: boolean): readonly GridSeries[] {
    const names = args.map((argument) => (argument.kind === 'string' ? argument.value : ''));
    const compare = (left: GridSeries, right: GridSeries): number => {
      for (const name of names) {
        const [a, b] = [left.metric.get(name), right.metric.get(name)];
        if (a !== b) return comesFirstNaturally(a, b) ? -1 : 1;
      }
      return LabelSet.compare(left.metric, right.metric);
    };
    return [...vector].sort((left, right) => (descending ? -compare(left, right) : compare(left, right)));
  }

  async #evaluateLabelCall(name: 'label_replace' | 'label_join', args: readonly Expression[]): Promise<readonly GridSeries[]> {
    const texts = args.slice(1).map((argument) => (argument.kind === 'string' ? argument.value : ''));
    // What is wrong with the texts is said before the series are read.
    const apply = async (series: readonly GridSeries[]): Promise<readonly GridSeries[]> =>
      name === 'label_join'
        ? labelJoin(series, texts as [string, string, ...string[]], this.#steps)
        : labelReplace(series, texts as [string, string, string, string], this.#steps, this.#context.budget);
    await apply([]);
    return apply(await this.#vector(args[0]!));
  }

  async #evaluateInfo(args: readonly Expression[]): Promise<readonly GridSeries[]> {
    const { lookbackMs, select } = this.#context;
    const common = infoReference(args[0]!);
    const at = common.uniform ? common : { atMs: null, offsetNs: 0 };
    const series = await this.#vector(args[0]!);
    const selection = infoSelection(args[1]?.kind === 'vector-selector' ? args[1] : null);
    const offsetMs = msFromNs(at.offsetNs);
    const fromMs = (at.atMs ?? this.#startMs) - lookbackMs + 1 - offsetMs;
    const toMs = (at.atMs ?? this.#endMs) - offsetMs;
    const hints: SelectHints = {
      ...{ stepMs: this.#stepMs, rangeMs: 0, func: 'info', grouping: [], by: false, lookbackMs },
      ...{ newestOnly: false, bins: null },
    };
    const infos: RawSeries[] = [];
    for (const matchers of infoSelections(series, selection)) infos.push(...(await select(matchers, fromMs, toMs, hints)));
    const reference = (step: number): number => (at.atMs ?? this.#timeOf(step)) - offsetMs;
    const times = await this.#latest(reference, infos, (one, isHistogram, index) => {
      if (isHistogram) throw executionError(`this should be an info metric, with float samples: ${one.metric.text()}`);
      return one.timesMs[index]!;
    });
    return combineWithInfo(series, times, selection, this.#steps);
  }

  async #evaluateRangeCall(call: FunctionCall, matrixIndex: number): Promise<readonly GridSeries[]> {
    const { name } = call.signature;
    const { budget } = this.#context;
    const argument = call.args[matrixIndex]!;
    const input = argument.kind === 'subquery' ? await this.#evaluateSubquery(argument) : null;
    const scalars: Float64Array[] = [];
    for (const [index, other] of call.args.entries()) if (index !== matrixIndex) scalars.push(await this.#scalar(other));
    const matrix = input?.matrix ?? (argument as MatrixSelector);
    const { selector } = matrix;
    assertExtendable(name, selector);
    const raw = input?.series ?? (await this.#context.seriesOf(selector));
    const context = this.#rangeContext(call, matrix, matrixIndex);
    const compute = RANGE_FUNCTIONS.get(name);
    if (compute === undefined) throw executionError(`unexpected nil implementation for function "${name}"`);
    const keepsName = name === 'last_over_time' || name === 'first_over_time';
    const output: GridSeries[] = [];
    const scalarArgs = new Array<number>(scalars.length);
    const fixed = selector.atMs !== null;
    for (const one of raw) {
      await budget.work(this.#steps);
      const window = new Window(withoutStale(one));
      const result = new GridBuilder(keepsName ? one.metric : one.metric.withoutMetadata(), this.#steps);
      const held = budget.samples;
      for (let step = 0; step < this.#steps; step++) {
        for (let index = 0; index < scalars.length; index++) scalarArgs[index] = scalars[index]![step]!;
        window.timeMs = this.#timeOf(step);
        if (step === 0 || !fixed) {
          window.endMs = (selector.atMs ?? window.timeMs) - context.offsetMs;
          this.#slide(window, window.endMs, context);
          budget.hold(held, window.floatCount + (window.histogramCount === 0 ? 0 : countHistograms(window)));
        }
        if (window.floatCount + window.histogramCount === 0) continue;
        const value = compute(window, scalarArgs, context);
        if (value !== null) result.set(step, value);
        // A function may look at all of its window, and sort it.
        if (budget.isDue(window.floatCount + SAMPLES_OF_A_HISTOGRAM * window.histogramCount)) await budget.breathe();
      }
      budget.settle(held, 0);
      if (!result.isEmpty) output.push(result);
      if (name === 'rate' || name === 'increase') this.#checkCounterName(one.metric, result, context.argRanges[0]!);
    }
    if (name === 'absent_over_time') return this.#absentOverTime(call.args[matrixIndex]!, output);
    return mergeEqualSeries(output, this.#steps);
  }

  #slide(window: Window, endMs: number, { rangeMs, lookbackMs, matrix }: RangeContext): void {
    const { anchored, smoothed } = matrix.selector;
    window.slide(endMs - rangeMs - (anchored || smoothed ? lookbackMs : 0), endMs + (smoothed ? lookbackMs : 0));
  }

  #rangeContext(call: FunctionCall, matrix: MatrixSelector, matrixIndex: number): RangeContext {
    const { annotations, lookbackMs } = this.#context;
    // A subquery that was evaluated has no place in the text any more; Prometheus reports its start as the start of the query.
    const isSubquery = call.args[matrixIndex]!.kind === 'subquery';
    const none: TextRange = { start: 0, end: 0 };
    const argRanges = call.args.map((argument, index) => (isSubquery && index === matrixIndex ? none : rangeOf(argument)));
    return {
      call,
      matrix,
      range: argRanges[0]!,
      argRanges,
      argsRange: argRanges[0]!,
      rangeMs: msFromNs(matrix.rangeNs),
      offsetMs: msFromNs(matrix.selector.offsetNs),
      lookbackMs,
      rangeSeconds: secondsFromNs(matrix.rangeNs),
      annotations,
    };
  }

  #checkCounterName(metric: LabelSet, result: GridBuilder, range: TextRange): void {
    const name = metric.get(METRIC_NAME);
    if (name === '' || /_(total|sum|count|bucket)$/.test(name) || !result.kinds.includes(FLOAT)) return;
    this.#context.annotations.possibleNonCounter(name, range);
  }

  #absentOverTime(argument: Expression, present: readonly GridSeries[]): readonly GridSeries[] {
    const isSubquery = argument.kind === 'subquery';
    const missing = new GridBuilder(isSubquery ? LabelSet.EMPTY : absentLabels(argument), this.#steps);
    for (let step = 0; step < this.#steps; step++) {
      if (present.every(({ kinds }) => kinds[step] === NONE)) missing.setFloat(step, 1);
    }
    return missing.isEmpty ? [] : [missing];
  }

  /** Times at which a subquery is evaluated: multiples of its step, so that they do not depend on the time of the query. */
  #subqueryTimes(subquery: SubqueryExpression): { startMs: number; endMs: number; stepMs: number } {
    const rangeMs = msFromNs(subquery.rangeNs);
    const stepMs = subquery.stepNs === 0 ? this.#context.defaultSubqueryStepMs(rangeMs) : msFromNs(subquery.stepNs);
    const offsetMs = msFromNs(subquery.offsetNs);
    const fixedMs = subquery.atMs;
    const firstEndMs = (fixedMs ?? this.#startMs) - offsetMs;
    const lastEndMs = fixedMs === null ? this.#timeOf(this.#steps - 1) - offsetMs : firstEndMs;
    let startMs = stepMs * Math.trunc((firstEndMs - rangeMs) / stepMs);
    if (startMs <= firstEndMs - rangeMs) startMs += stepMs;
    return { startMs, endMs: lastEndMs, stepMs };
  }

  async #evaluateSubquery(subquery: SubqueryExpression): Promise<{ matrix: MatrixSelector; series: readonly RawSeries[] }> {
    const { startMs, endMs, stepMs } = this.#subqueryTimes(subquery);
    this.#context.budget.checkSteps(startMs, endMs, stepMs);
    const inner = new Evaluator(this.#context, startMs, endMs, stepMs);
    const grid = await inner.#vector(subquery.body);
    const series = grid.map((one) => rawSeriesFromGrid(one, startMs, stepMs));
    const selector: VectorSelector = {
      kind: 'vector-selector',
      name: '',
      matchers: [],
      anchored: false,
      smoothed: false,
      mayMatchAll: false,
      offsetNs: subquery.offsetNs,
      offsetExpression: null,
      atMs: subquery.atMs,
      atPreprocessor: null,
      range: { start: 0, end: 0 },
    };
    return { matrix: { kind: 'matrix-selector', selector, rangeNs: subquery.rangeNs, rangeExpression: null, end: 0 }, series };
  }

  /** The samples of a range vector that is itself the query. */
  async evaluateMatrix(expression: MatrixSelector | SubqueryExpression): Promise<readonly RawSeries[]> {
    if (expression.kind === 'subquery') {
      const { series } = await this.#evaluateSubquery(expression);
      return series;
    }
    const { selector } = expression;
    const raw = await this.#context.seriesOf(selector);
    const { lookbackMs, budget } = this.#context;
    const endMs = (selector.atMs ?? this.#startMs) - msFromNs(selector.offsetNs);
    const startMs = endMs - msFromNs(expression.rangeNs);
    const extended = selector.anchored || selector.smoothed;
    const output: RawSeries[] = [];
    for (const one of raw) {
      await budget.work(1);
      const window = new Window(withoutStale(one));
      window.slide(startMs - (extended ? lookbackMs : 0), endMs + (selector.smoothed ? lookbackMs : 0));
      if (extended && window.histogramCount > 0) {
        throw executionError(`${selector.anchored ? 'anchored' : 'smoothed'} modifier is not supported with histograms`);
      }
      let times = window.timesMs.slice(window.from, window.to);
      let floats = window.floats.slice(window.from, window.to);
      if (extended) {
        const samples = extendedSamples(window, startMs, endMs, selector.smoothed);
        times = Float64Array.from(samples.times);
        floats = Float64Array.from(samples.floats);
      }
      if (times.length + window.histogramCount === 0) continue;
      budget.add(times.length + (window.histogramCount === 0 ? 0 : countHistograms(window)));
      output.push({
        metric: one.metric,
        timesMs: times,
        floats,
        isStale: null,
        counts: null,
        histogramTimesMs: window.histogramTimesMs.slice(window.histogramFrom, window.histogramTo),
        histograms: window.histograms.slice(window.histogramFrom, window.histogramTo),
      });
    }
    return output;
  }
}

function countHistograms(window: Window): number {
  let count = 0;
  for (let index = window.histogramFrom; index < window.histogramTo; index++) count += histogramSamples(window.histograms[index]!);
  return count;
}

function assertExtendable(name: string, selector: VectorSelector): void {
  const modifier = selector.anchored ? 'anchored' : selector.smoothed ? 'smoothed' : null;
  if (modifier === null) return;
  const allowed = modifier === 'anchored' ? ANCHORED_FUNCTIONS : SMOOTHED_FUNCTIONS;
  if (!allowed.has(name)) {
    throw executionError(`${modifier} modifier can only be used with: ${[...allowed].sort(compareGoText).join(', ')} - not with ${name}`);
  }
}

/** Labels that a missing series would have had: those that are asked for by equality, once each. */
function absentLabels(expression: Expression): LabelSet {
  const selector = expression.kind === 'matrix-selector' ? expression.selector : expression;
  if (selector.kind !== 'vector-selector') return LabelSet.EMPTY;
  const values = new Map<string, string>();
  const seen = new Set<string>();
  for (const { name, type, value } of selector.matchers) {
    if (isMetadataLabel(name)) continue;
    if (type === '=' && !seen.has(name)) {
      values.set(name, value);
      seen.add(name);
    } else values.delete(name);
  }
  return LabelSet.from([...values].map(([name, value]) => ({ name, value })));
}

/** A histogram as a label value. Division by zero makes the zero bucket NaN that one with custom buckets has not, and Prometheus gives up there. */
function labelValueOf(histogram: FloatHistogram): string {
  if (histogram.isCustom && histogram.zeroCount !== 0) throw executionError('histograms with custom buckets have no zero bucket');
  return histogramText(histogram);
}
