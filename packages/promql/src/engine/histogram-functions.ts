import { formatOpenMetrics } from '../number-text.js';
import type { TextRange } from '../syntax/expression.js';
import { type Annotations, MonotonicityTally } from './annotations.js';
import { FLOAT, GridCollector, type GridSeries, NONE } from './grid.js';
import type { LabelSet } from './label-set.js';
import { METRIC_NAME, partialKey } from './label-set.js';
import type { QueryBudget } from './query-budget.js';
import { type ClassicBucket, classicFraction, classicQuantile, nativeFraction, nativeQuantile } from './quantile.js';
import type { FloatHistogram } from '../histogram/float-histogram.js';

interface ClassicHistogram {
  readonly metric: LabelSet;
  readonly buckets: ClassicBucket[];
}

interface Family {
  readonly natives: readonly { readonly metric: LabelSet; readonly histogram: FloatHistogram }[];
  readonly classics: readonly ClassicHistogram[];
}

/** A bucket is put into its group anew at each step. */
const WORK_OF_ONE_SERIES = 8;

const withoutLe = (name: string): boolean => name !== 'le';

/** The native and classic histograms of a vector at one step. Where one series is both, neither counts. */
class HistogramFamilies {
  readonly #series: readonly GridSeries[];
  readonly #range: TextRange;
  readonly #annotations: Annotations;
  readonly #bounds: readonly (number | null)[];
  readonly #keys: readonly string[];
  readonly #metrics: readonly LabelSet[];

  constructor(series: readonly GridSeries[], range: TextRange, annotations: Annotations) {
    this.#series = series;
    this.#range = range;
    this.#annotations = annotations;
    this.#bounds = series.map(({ metric }) => parseBound(metric.get('le')));
    this.#keys = series.map(({ metric }) => partialKey(metric, withoutLe));
    this.#metrics = series.map(({ metric }) => metric.filter(withoutLe));
  }

  at(step: number): Family {
    const natives: { metric: LabelSet; histogram: FloatHistogram }[] = [];
    const classics = new Map<string, ClassicHistogram>();
    this.#series.forEach(({ metric, kinds, floats, histograms }, index) => {
      const kind = kinds[step];
      if (kind === NONE) return;
      if (kind !== FLOAT) {
        natives.push({ metric, histogram: histograms![step]! });
        return;
      }
      const upper = this.#bounds[index];
      if (upper === null || upper === undefined) {
        this.#annotations.badBucketLabel(metric.get('le'), this.#range);
        return;
      }
      const key = this.#keys[index]!;
      let classic = classics.get(key);
      if (classic === undefined) {
        classic = { metric: this.#metrics[index]!, buckets: [] };
        classics.set(key, classic);
      }
      classic.buckets.push({ upper, count: floats[step]! });
    });
    const unmixed = natives.filter(({ metric }) => {
      if (!classics.delete(metric.key)) return true;
      this.#annotations.mixedClassicAndNativeHistograms(this.#range);
      return false;
    });
    return { natives: unmixed, classics: [...classics.values()] };
  }
}

/** As Go's `ParseFloat` reads a bound. Null for what is not a number, NaN included. */
function parseBound(text: string): number | null {
  const infinity = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinity !== null) return infinity[1] === '-' ? -Infinity : Infinity;
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : null;
  }
  return parseHexadecimalBound(text);
}

function parseHexadecimalBound(text: string): number | null {
  const match = /^([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)p([+-]?\d+)$/i.exec(text);
  if (match === null) return null;
  const [, sign = '', whole = '', part = '', exponent = ''] = match;
  if (whole + part === '') return null;
  const value = Number(BigInt(`0x${whole}${part}`)) * 2 ** (Number(exponent) - 4 * part.length);
  if (!Number.isFinite(value)) return null;
  return sign === '-' ? -value : value;
}

/** `histogram_quantile`. Others get a turn between two steps, here and below. */
export async function histogramQuantile(
  series: readonly GridSeries[],
  quantiles: Float64Array,
  steps: number,
  ranges: { readonly quantile: TextRange; readonly vector: TextRange },
  timeOf: (step: number) => number,
  annotations: Annotations,
  budget: QueryBudget,
): Promise<readonly GridSeries[]> {
  const families = new HistogramFamilies(series, ranges.vector, annotations);
  const collector = new GridCollector(steps);
  const tally = new MonotonicityTally();
  for (let step = 0; step < steps; step++) {
    if (budget.isDue(WORK_OF_ONE_SERIES * series.length)) await budget.breathe();
    const quantile = quantiles[step]!;
    if (!(quantile >= 0 && quantile <= 1)) annotations.invalidQuantile(quantile, ranges.quantile);
    addQuantiles(families.at(step), quantile, step, timeOf(step), ranges.vector, collector, annotations, tally, (metric) => metric);
    tally.endStep();
  }
  tally.write(annotations, ranges.vector);
  return collector.finish();
}

/** `histogram_quantiles`: several at once, told apart by a label. */
export async function histogramQuantiles(
  series: readonly GridSeries[],
  label: string,
  quantiles: readonly { readonly values: Float64Array; readonly range: TextRange }[],
  steps: number,
  range: TextRange,
  timeOf: (step: number) => number,
  annotations: Annotations,
  budget: QueryBudget,
): Promise<readonly GridSeries[]> {
  const families = new HistogramFamilies(series, range, annotations);
  const collector = new GridCollector(steps);
  const tally = new MonotonicityTally();
  for (let step = 0; step < steps; step++) {
    if (budget.isDue(WORK_OF_ONE_SERIES * quantiles.length * series.length)) await budget.breathe();
    for (const { values, range: quantileRange } of quantiles) {
      const quantile = values[step]!;
      if (!(quantile >= 0 && quantile <= 1)) annotations.invalidQuantile(quantile, quantileRange);
    }
    const family = families.at(step);
    for (const { values } of quantiles) {
      const quantile = values[step]!;
      const changes = new Map([[label, formatOpenMetrics(quantile)]]);
      addQuantiles(family, quantile, step, timeOf(step), range, collector, annotations, tally, (metric) => metric.with(changes));
    }
    tally.endStep();
  }
  tally.write(annotations, range);
  return collector.finish();
}

function addQuantiles(
  { natives, classics }: Family,
  quantile: number,
  step: number,
  timeMs: number,
  range: TextRange,
  collector: GridCollector,
  annotations: Annotations,
  tally: MonotonicityTally,
  finalMetric: (metric: LabelSet) => LabelSet,
): void {
  for (const { metric, histogram } of natives) {
    const named = metric.withoutMetadata();
    // The name has been dropped before the messages are made.
    const value = nativeQuantile(quantile, histogram, named.get(METRIC_NAME), range, annotations);
    collector.add(step, finalMetric(named), value);
  }
  for (const { metric, buckets } of classics) {
    const { value, forced } = classicQuantile(quantile, buckets);
    if (forced !== null) tally.add(timeMs, forced.minBucket, forced.maxBucket, forced.maxDifference);
    collector.add(step, finalMetric(metric.withoutMetadata()), value);
  }
}

/** `histogram_fraction`. */
export async function histogramFraction(
  series: readonly GridSeries[],
  lower: Float64Array,
  upper: Float64Array,
  steps: number,
  range: TextRange,
  annotations: Annotations,
  budget: QueryBudget,
): Promise<readonly GridSeries[]> {
  const families = new HistogramFamilies(series, range, annotations);
  const collector = new GridCollector(steps);
  for (let step = 0; step < steps; step++) {
    if (budget.isDue(WORK_OF_ONE_SERIES * series.length)) await budget.breathe();
    const { natives, classics } = families.at(step);
    for (const { metric, histogram } of natives) {
      const named = metric.withoutMetadata();
      collector.add(step, named, nativeFraction(lower[step]!, upper[step]!, histogram, named.get(METRIC_NAME), range, annotations));
    }
    for (const { metric, buckets } of classics) {
      collector.add(step, metric.withoutMetadata(), classicFraction(lower[step]!, upper[step]!, buckets));
    }
  }
  return collector.finish();
}
