import type { FloatHistogram } from '../histogram/float-histogram.js';
import type { FunctionCall, MatrixSelector, TextRange } from '../syntax/expression.js';
import type { Annotations } from './annotations.js';
import type { RawSeries } from './raw-series.js';

/**
 * The samples of one series that a range function sees at one step: parts of the series' columns, not copies. One window slides over
 * all steps.
 */
export class Window {
  readonly series: RawSeries;
  readonly timesMs: Float64Array;
  readonly floats: Float64Array;
  readonly histogramTimesMs: readonly number[];
  readonly histograms: readonly FloatHistogram[];
  /** Floats `[from, to)` and histograms `[histogramFrom, histogramTo)`. */
  from = 0;
  to = 0;
  histogramFrom = 0;
  histogramTo = 0;
  /** The time of the step. */
  timeMs = 0;
  /** Where the range ends: the time of the step or of `@`, less the offset. */
  endMs = 0;

  constructor(series: RawSeries) {
    this.series = series;
    this.timesMs = series.timesMs;
    this.floats = series.floats;
    this.histogramTimesMs = series.histogramTimesMs;
    this.histograms = series.histograms as readonly FloatHistogram[];
  }

  get floatCount(): number {
    return this.to - this.from;
  }

  get histogramCount(): number {
    return this.histogramTo - this.histogramFrom;
  }

  /** Move to the samples after `afterMs` and up to `throughMs`. Times of the steps ascend, so both ends only move on. */
  slide(afterMs: number, throughMs: number): void {
    const { timesMs, histogramTimesMs } = this;
    while (this.to < timesMs.length && timesMs[this.to]! <= throughMs) this.to++;
    while (this.from < this.to && timesMs[this.from]! <= afterMs) this.from++;
    while (this.histogramTo < histogramTimesMs.length && histogramTimesMs[this.histogramTo]! <= throughMs) this.histogramTo++;
    while (this.histogramFrom < this.histogramTo && histogramTimesMs[this.histogramFrom]! <= afterMs) this.histogramFrom++;
  }
}

/** What a range function knows besides the samples. */
export interface RangeContext {
  readonly call: FunctionCall;
  readonly matrix: MatrixSelector;
  /** Where the range stands in the query. */
  readonly range: TextRange;
  /** Where each argument stands. */
  readonly argRanges: readonly TextRange[];
  /** Where all arguments stand. */
  readonly argsRange: TextRange;
  readonly rangeMs: number;
  readonly offsetMs: number;
  readonly lookbackMs: number;
  readonly rangeSeconds: number;
  readonly annotations: Annotations;
}

/** Gives nothing if there is no sample at this step. `args` are the scalar arguments. */
export type RangeFunction = (window: Window, args: readonly number[], context: RangeContext) => number | FloatHistogram | null;
