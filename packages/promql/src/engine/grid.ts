import type { FloatHistogram } from '../histogram/float-histogram.js';
import { LabelSet } from './label-set.js';
import { executionError } from './query-error.js';

/** What stands in a cell of a grid. */
export const NONE = 0;
export const FLOAT = 1;
export const HISTOGRAM = 2;

/**
 * A series on the grid of a query's steps, in columns: for each step whether there is a sample and of which kind. Once it is handed on
 * nobody writes to it, so results may share columns.
 */
export interface GridSeries {
  readonly metric: LabelSet;
  readonly kinds: Uint8Array;
  readonly floats: Float64Array;
  /** Null if there is none at any step. */
  readonly histograms: (FloatHistogram | undefined)[] | null;
}

export class GridBuilder implements GridSeries {
  readonly metric: LabelSet;
  readonly kinds: Uint8Array;
  readonly floats: Float64Array;
  histograms: (FloatHistogram | undefined)[] | null = null;
  isEmpty = true;

  constructor(metric: LabelSet, steps: number) {
    this.metric = metric;
    this.kinds = new Uint8Array(steps);
    this.floats = new Float64Array(steps);
  }

  set(step: number, value: number | FloatHistogram): void {
    if (typeof value === 'number') this.setFloat(step, value);
    else this.setHistogram(step, value);
  }

  setFloat(step: number, value: number): void {
    this.isEmpty = false;
    this.kinds[step] = FLOAT;
    this.floats[step] = value;
  }

  setHistogram(step: number, value: FloatHistogram): void {
    this.isEmpty = false;
    this.histograms ??= new Array<FloatHistogram | undefined>(this.kinds.length);
    this.kinds[step] = HISTOGRAM;
    this.histograms[step] = value;
  }

  /** Copy a cell of another series. */
  copy(step: number, from: GridSeries): void {
    if (from.kinds[step] === FLOAT) this.setFloat(step, from.floats[step]!);
    else this.setHistogram(step, from.histograms![step]!);
  }
}

export function scalarSeries(floats: Float64Array): GridSeries {
  return { metric: LabelSet.EMPTY, kinds: new Uint8Array(floats.length).fill(FLOAT), floats, histograms: null };
}

/** Collects output series by their labels. Two samples of one label set at one step are an error, as in Prometheus. */
export class GridCollector {
  readonly #steps: number;
  readonly #byKey = new Map<string, GridBuilder>();

  constructor(steps: number) {
    this.#steps = steps;
  }

  #seriesOf(metric: LabelSet): GridBuilder {
    let series = this.#byKey.get(metric.key);
    if (series === undefined) {
      series = new GridBuilder(metric, this.#steps);
      this.#byKey.set(metric.key, series);
    }
    return series;
  }

  add(step: number, metric: LabelSet, value: number | FloatHistogram): void {
    const series = this.#seriesOf(metric);
    if (series.kinds[step] !== NONE) throw duplicateLabelSet();
    series.set(step, value);
  }

  finish(): GridSeries[] {
    return [...this.#byKey.values()];
  }
}

export function duplicateLabelSet(): Error {
  return executionError('vector cannot contain metrics with the same labelset');
}

/** Join series whose labels have become equal; they must not meet at any step. */
export function mergeEqualSeries(series: readonly GridSeries[], steps: number): readonly GridSeries[] {
  if (series.length < 2) return series;
  const byKey = new Map<string, GridSeries[]>();
  for (const one of series) {
    const same = byKey.get(one.metric.key);
    if (same === undefined) byKey.set(one.metric.key, [one]);
    else same.push(one);
  }
  if (byKey.size === series.length) return series;
  return [...byKey.values()].map((same) => {
    const first = same[0]!;
    if (same.length === 1) return first;
    const merged = new GridBuilder(first.metric, steps);
    for (const one of same) {
      for (let step = 0; step < steps; step++) {
        if (one.kinds[step] === NONE) continue;
        if (merged.kinds[step] !== NONE) throw duplicateLabelSet();
        merged.copy(step, one);
      }
    }
    return merged;
  });
}

/** How many samples Prometheus would count: a histogram for each 16 bytes it takes. */
export function sampleCount(series: readonly GridSeries[]): number {
  let count = 0;
  for (const { kinds, histograms } of series) {
    for (let step = 0; step < kinds.length; step++) {
      if (kinds[step] === FLOAT) count++;
      else if (kinds[step] === HISTOGRAM) count += histogramSamples(histograms![step]!);
    }
  }
  return count;
}

export function histogramSamples(histogram: FloatHistogram): number {
  return Math.floor((histogram.byteSize + 8) / 16);
}

/** The same columns under other labels. */
export function renamed({ kinds, floats, histograms }: GridSeries, metric: LabelSet): GridSeries {
  return { metric, kinds, floats, histograms };
}
