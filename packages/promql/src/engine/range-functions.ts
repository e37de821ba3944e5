import { type FloatHistogram, IncompatibleSchemasError } from '../histogram/float-histogram.js';
import { CompensatedSum } from '../math/compensated-sum.js';
import { formatFixed } from '../number-text.js';
import { quantileOf } from './quantile.js';
import { executionError } from './query-error.js';
import { extrapolated, firstIndex, instantChange, metricNameOf } from './rate.js';
import type { RangeContext, RangeFunction, Window } from './window.js';

/** A function of the floats of a range. Histograms beside them are ignored, and said to be. */
function ofFloats(compute: (window: Window, args: readonly number[], context: RangeContext) => number): RangeFunction {
  return (window, args, context) => {
    if (window.floatCount === 0) return null;
    if (window.histogramCount > 0) context.annotations.histogramIgnoredInMixedRange(metricNameOf(window), context.range);
    return compute(window, args, context);
  };
}

/** The value that is better than all others, and when it was. NaN is worse than any. */
function extreme(isBetter: (value: number, best: number) => boolean, givesTime: boolean): RangeFunction {
  return ofFloats(({ floats, timesMs, from, to }) => {
    let best = floats[from]!;
    let bestMs = timesMs[from]!;
    for (let index = from; index < to; index++) {
      const value = floats[index]!;
      if (isBetter(value, best) || best !== best) {
        best = value;
        bestMs = timesMs[index]!;
      }
    }
    return givesTime ? bestMs / 1000 : best;
  });
}

/** Mean and variance in one pass (B. P. Welford), compensated. */
function variance({ floats, from, to }: Window): number {
  const mean = new CompensatedSum();
  const squares = new CompensatedSum();
  let count = 0;
  for (let index = from; index < to; index++) {
    const value = floats[index]!;
    count++;
    const delta = value - mean.total;
    mean.add(delta / count);
    squares.add(delta * (value - mean.total));
  }
  return squares.total / count;
}

/** The samples that the floats of the window stand for. */
function countFloats({ series: { counts }, from, to }: Window): number {
  if (counts === null) return to - from;
  let count = 0;
  for (let index = from; index < to; index++) count += counts[index]!;
  return count;
}

function sumFloats({ floats, from, to }: Window): number {
  const sum = new CompensatedSum();
  for (let index = from; index < to; index++) sum.add(floats[index]!);
  return Number.isFinite(sum.sum) || Number.isNaN(sum.sum) ? sum.total : sum.sum;
}

/** The mean by the sum, until that overflows; from there on a running mean. */
export class MeanAccumulator {
  readonly #sum: CompensatedSum;
  #count = 1;
  #isRunning = false;

  constructor(first: number) {
    this.#sum = new CompensatedSum(first);
  }

  add(value: number): void {
    const sum = this.#sum;
    this.#count++;
    const count = this.#count;
    if (!this.#isRunning) {
      const { sum: sumBefore, rest: restBefore } = sum;
      sum.add(value);
      if (sum.sum !== Infinity && sum.sum !== -Infinity) return;
      this.#isRunning = true;
      sum.sum = sumBefore / (count - 1);
      sum.rest = restBefore / (count - 1);
    }
    const weight = (count - 1) / count;
    sum.sum *= weight;
    sum.rest *= weight;
    sum.add(value / count);
  }

  get mean(): number {
    const { sum, rest } = this.#sum;
    return this.#isRunning ? sum + rest : sum / this.#count + rest / this.#count;
  }
}

function meanFloats({ floats, from, to }: Window): number {
  const mean = new MeanAccumulator(floats[from]!);
  for (let index = from + 1; index < to; index++) mean.add(floats[index]!);
  return mean.mean;
}

/** `sum_over_time` and `avg_over_time`, which take floats or histograms, but not both. */
function total(
  ofFloat: (window: Window) => number,
  ofHistograms: (histograms: readonly FloatHistogram[]) => HistogramTotal,
): RangeFunction {
  return (window, _args, { annotations, range }) => {
    if (window.floatCount > 0 && window.histogramCount > 0) {
      annotations.mixedFloatsAndHistograms(metricNameOf(window), range);
      return null;
    }
    if (window.floatCount > 0) return ofFloat(window);
    const histograms = window.histograms.slice(window.histogramFrom, window.histogramTo);
    try {
      const { histogram, boundsReconciled } = ofHistograms(histograms);
      const hints = new Set(histograms.map(({ hint }) => hint));
      if (hints.has('reset') && hints.has('not-reset')) annotations.resetCollision('aggregation', range);
      if (boundsReconciled) annotations.boundsReconciled('aggregation', range);
      return histogram;
    } catch (error) {
      if (!(error instanceof IncompatibleSchemasError)) throw error;
      annotations.mixedExponentialAndCustomHistograms(metricNameOf(window), range);
      return null;
    }
  };
}

interface HistogramTotal {
  readonly histogram: FloatHistogram;
  readonly boundsReconciled: boolean;
}

function sumHistograms(histograms: readonly FloatHistogram[]): HistogramTotal {
  const sum = histograms[0]!.copy();
  if (histograms.length === 1) return { histogram: sum, boundsReconciled: false };
  const rest = sum.createRest();
  let boundsReconciled = false;
  for (const histogram of histograms.slice(1)) boundsReconciled = sum.addCompensated(histogram, rest).boundsReconciled || boundsReconciled;
  boundsReconciled = sum.add(rest).boundsReconciled || boundsReconciled;
  return { histogram: sum, boundsReconciled };
}

function meanHistograms(histograms: readonly FloatHistogram[]): HistogramTotal {
  const mean = new HistogramMeanAccumulator(histograms[0]!);
  let boundsReconciled = false;
  for (const histogram of histograms.slice(1)) boundsReconciled = mean.add(histogram).boundsReconciled || boundsReconciled;
  return { histogram: mean.finish(), boundsReconciled };
}

/** The mean of histograms: by the sum, until something in it overflows; from there on a running mean. */
export class HistogramMeanAccumulator {
  #sum: FloatHistogram;
  #rest: FloatHistogram | null = null;
  #count = 1;
  #isRunning = false;

  constructor(first: FloatHistogram) {
    this.#sum = first.copy();
  }

  /** @throws IncompatibleSchemasError */
  add(histogram: FloatHistogram): { readonly boundsReconciled: boolean } {
    this.#count++;
    const count = this.#count;
    let boundsReconciled = false;
    if (!this.#isRunning) {
      const sum = this.#sum.copy();
      const rest = this.#rest?.copy() ?? sum.createRest();
      ({ boundsReconciled } = sum.addCompensated(histogram, rest));
      if (!sum.hasOverflow) {
        this.#sum = sum;
        this.#rest = rest;
        return { boundsReconciled };
      }
      this.#isRunning = true;
      this.#sum = this.#sum.copy().divide(count - 1);
      this.#rest?.divide(count - 1);
    }
    const weight = (count - 1) / count;
    this.#rest?.multiply(weight);
    this.#sum.multiply(weight);
    this.#rest ??= this.#sum.createRest();
    const outcome = this.#sum.addCompensated(histogram.copy().divide(count), this.#rest);
    return { boundsReconciled: boundsReconciled || outcome.boundsReconciled };
  }

  finish(): FloatHistogram {
    if (!this.#isRunning) {
      this.#sum.divide(this.#count);
      this.#rest?.divide(this.#count);
    }
    if (this.#rest !== null) this.#sum.add(this.#rest);
    return this.#sum;
  }
}

/** The first or the last sample. At equal times the histogram counts. */
function edge(isLast: boolean): RangeFunction {
  return (window) => {
    const float = isLast ? window.to - 1 : window.from;
    const histogram = isLast ? window.histogramTo - 1 : window.histogramFrom;
    if (window.histogramCount === 0) return window.floats[float]!;
    if (window.floatCount === 0) return window.histograms[histogram]!.copy();
    const floatMs = window.timesMs[float]!;
    const histogramMs = window.histogramTimesMs[histogram]!;
    return (isLast ? histogramMs < floatMs : floatMs < histogramMs) ? window.floats[float]! : window.histograms[histogram]!.copy();
  };
}

function edgeTime(isLast: boolean): RangeFunction {
  return (window) => {
    const times: number[] = [];
    if (window.floatCount > 0) times.push(window.timesMs[isLast ? window.to - 1 : window.from]!);
    if (window.histogramCount > 0) times.push(window.histogramTimesMs[isLast ? window.histogramTo - 1 : window.histogramFrom]!);
    return (isLast ? Math.max(...times) : Math.min(...times)) / 1000;
  };
}

/** Counts the pairs of neighbours for which something holds, floats and histograms together in order of time. */
function countPairs(holds: (before: number | FloatHistogram, after: number | FloatHistogram) => boolean): RangeFunction {
  return (window, _args, context) => {
    const start = firstSamples(window, context);
    if (start === null) return null;
    let { float, histogram } = start;
    let before: number | FloatHistogram | null = null;
    let count = 0;
    while (float < window.to || histogram < window.histogramTo) {
      const takesFloat =
        histogram >= window.histogramTo || (float < window.to && window.timesMs[float]! < window.histogramTimesMs[histogram]!);
      const after: number | FloatHistogram = takesFloat ? window.floats[float++]! : window.histograms[histogram++]!;
      if (before !== null && holds(before, after)) count++;
      before = after;
    }
    return count;
  };
}

/** With `anchored` the last sample before the range counts as its first. Null if nothing is in the range itself. */
function firstSamples(window: Window, context: RangeContext): { float: number; histogram: number } | null {
  if (!context.matrix.selector.anchored) return { float: window.from, histogram: window.histogramFrom };
  const startMs = window.endMs - context.rangeMs;
  const float = firstIndex(window.from, window.to, (index) => window.timesMs[index]! > startMs);
  const histogram = firstIndex(window.histogramFrom, window.histogramTo, (index) => window.histogramTimesMs[index]! > startMs);
  if (float >= window.to && histogram >= window.histogramTo) return null;
  const hasFloat = float > window.from;
  const hasHistogram = histogram > window.histogramFrom;
  if (!hasFloat && !hasHistogram) return { float, histogram };
  const floatIsLater = hasFloat && (!hasHistogram || window.timesMs[float - 1]! >= window.histogramTimesMs[histogram - 1]!);
  return floatIsLater ? { float: float - 1, histogram } : { float, histogram: histogram - 1 };
}

function isReset(before: number | FloatHistogram, after: number | FloatHistogram): boolean {
  if (typeof before === 'number') return typeof after === 'number' ? after < before : true;
  return typeof after === 'number' || after.isResetAfter(before);
}

function isChange(before: number | FloatHistogram, after: number | FloatHistogram): boolean {
  if (typeof before === 'number') {
    return typeof after === 'number' ? after !== before && !(Number.isNaN(after) && Number.isNaN(before)) : true;
  }
  return typeof after === 'number' || !after.equals(before);
}

/** Least squares through the samples: slope per second, and the value at `interceptMs`. */
function regression({ floats, timesMs, from, to }: Window, interceptMs: number): { slope: number; intercept: number } {
  const sumX = new CompensatedSum();
  const sumY = new CompensatedSum();
  const sumXY = new CompensatedSum();
  const sumX2 = new CompensatedSum();
  const firstY = floats[from]!;
  let isConstant = true;
  let count = 0;
  for (let index = from; index < to; index++) {
    const y = floats[index]!;
    if (index > from && y !== firstY) isConstant = false;
    count++;
    const x = (timesMs[index]! - interceptMs) / 1e3;
    sumX.add(x);
    sumY.add(y);
    sumXY.add(x * y);
    sumX2.add(x * x);
  }
  if (isConstant) {
    if (firstY === Infinity || firstY === -Infinity) return { slope: NaN, intercept: NaN };
    return { slope: 0, intercept: firstY };
  }
  const x = sumX.total;
  const y = sumY.total;
  const covariance = sumXY.total - (x * y) / count;
  const varianceX = sumX2.total - (x * x) / count;
  const slope = covariance / varianceX;
  return { slope, intercept: y / count - (slope * x) / count };
}

/** A function of at least two floats. */
function ofTwoFloats(compute: (window: Window, args: readonly number[]) => number): RangeFunction {
  return (window, args, context) => {
    const { floatCount, histogramCount } = window;
    if (floatCount > 0 && histogramCount > 0) context.annotations.histogramIgnoredInMixedRange(metricNameOf(window), context.range);
    return floatCount < 2 ? null : compute(window, args);
  };
}

const smoothing = ofTwoFloats(({ floats, from, to }, args) => {
  const [factor = 0, trendFactor = 0] = args;
  let before = 0;
  let now = floats[from]!;
  let trend = floats[from + 1]! - floats[from]!;
  for (let index = from + 1; index < to; index++) {
    const x = factor * floats[index]!;
    if (index > from + 1) {
      const change = trendFactor * (now - before);
      trend = change + (1 - trendFactor) * trend;
    }
    const y = (1 - factor) * (now + trend);
    before = now;
    now = x + y;
  }
  return now;
});

const doubleExponentialSmoothing: RangeFunction = (window, args, context) => {
  const [factor = 0, trendFactor = 0] = args;
  if (factor <= 0 || factor >= 1) throw executionError(`invalid smoothing factor. Expected: 0 < sf < 1, got: ${formatFixed(factor)}`);
  if (trendFactor <= 0 || trendFactor >= 1) {
    throw executionError(`invalid trend factor. Expected: 0 < tf < 1, got: ${formatFixed(trendFactor)}`);
  }
  return smoothing(window, args, context);
};

const quantileOverTime: RangeFunction = (window, args, context) => {
  const quantile = args[0]!;
  if (window.floatCount === 0) return null;
  // Both complaints are placed at the first argument, which is the quantile.
  const range = context.argRanges[0]!;
  if (!(quantile >= 0 && quantile <= 1)) context.annotations.invalidQuantile(quantile, range);
  if (window.histogramCount > 0) context.annotations.histogramIgnoredInMixedRange(metricNameOf(window), range);
  return quantileOf(quantile, window.floats.slice(window.from, window.to));
};

const madOverTime = ofFloats(({ floats, from, to }) => {
  const values = floats.slice(from, to);
  if (values.some(Number.isNaN)) return NaN;
  const median = quantileOf(0.5, values);
  for (let index = 0; index < values.length; index++) values[index] = Math.abs(values[index]! - median);
  return quantileOf(0.5, values);
});

/** Area under the samples: by the value at the left, at the right, or by trapezoids. NaN counts as zero. */
const integral = ofFloats(({ floats, timesMs, from, to }, args, context) => {
  let strategy = 2;
  const asked = args[0];
  if (asked !== undefined) {
    if (asked === 0 || asked === 1 || asked === 2) strategy = asked;
    else context.annotations.invalidIntegralStrategy(asked, context.argRanges[1]!);
  }
  const area = new CompensatedSum();
  const middle = new CompensatedSum();
  const isInfinite = (value: number): boolean => value === Infinity || value === -Infinity;
  for (let index = from + 1; index < to; index++) {
    const now = Number.isNaN(floats[index]!) ? 0 : floats[index]!;
    const before = Number.isNaN(floats[index - 1]!) ? 0 : floats[index - 1]!;
    middle.sum = strategy === 0 ? before : strategy === 1 ? now : 0;
    middle.rest = 0;
    if (strategy === 2 && (before !== 0 || now !== 0)) {
      middle.sum = before;
      middle.add(now);
      if (isInfinite(middle.sum) && !isInfinite(now) && !isInfinite(before)) {
        middle.sum = before / 2;
        middle.rest = 0;
        middle.add(now / 2);
      } else {
        middle.sum /= 2;
        middle.rest /= 2;
      }
    }
    if (middle.sum === 0 && middle.rest === 0) continue;
    const seconds = (timesMs[index]! - timesMs[index - 1]!) / 1000;
    area.rest += middle.rest * seconds;
    area.add(middle.sum * seconds);
  }
  return isInfinite(area.sum) ? area.sum : area.total;
});

/** Every function of a range by its name. */
export const RANGE_FUNCTIONS: ReadonlyMap<string, RangeFunction> = new Map<string, RangeFunction>([
  ['absent_over_time', () => 1],
  ['avg_over_time', total(meanFloats, meanHistograms)],
  ['changes', countPairs(isChange)],
  ['count_over_time', (window) => countFloats(window) + window.histogramCount],
  ['delta', extrapolated(false, false)],
  ['deriv', ofTwoFloats((window) => regression(window, window.timesMs[window.from]!).slope)],
  ['double_exponential_smoothing', doubleExponentialSmoothing],
  ['first_over_time', edge(false)],
  ['idelta', instantChange(false)],
  ['increase', extrapolated(true, false)],
  ['integral', integral],
  ['irate', instantChange(true)],
  ['last_over_time', edge(true)],
  ['mad_over_time', madOverTime],
  ['max_over_time', extreme((value, best) => value > best, false)],
  ['min_over_time', extreme((value, best) => value < best, false)],
  [
    'predict_linear',
    ofTwoFloats((window, args) => {
      const { slope, intercept } = regression(window, window.timeMs);
      return slope * args[0]! + intercept;
    }),
  ],
  ['present_over_time', () => 1],
  ['quantile_over_time', quantileOverTime],
  ['rate', extrapolated(true, true)],
  ['resets', countPairs(isReset)],
  ['stddev_over_time', ofFloats((window) => Math.sqrt(variance(window)))],
  ['stdvar_over_time', ofFloats(variance)],
  ['sum_over_time', total(sumFloats, sumHistograms)],
  ['ts_of_first_over_time', edgeTime(false)],
  ['ts_of_last_over_time', edgeTime(true)],
  ['ts_of_max_over_time', extreme((value, best) => value >= best, true)],
  ['ts_of_min_over_time', extreme((value, best) => value <= best, true)],
]);
