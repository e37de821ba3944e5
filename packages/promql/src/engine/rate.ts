import { FloatHistogram, IncompatibleSchemasError } from '../histogram/float-histogram.js';
import type { Annotations, HistogramOperation } from './annotations.js';
import { METRIC_NAME } from './label-set.js';
import type { RangeContext, RangeFunction, Window } from './window.js';

export function metricNameOf(window: Window): string {
  return window.series.metric.get(METRIC_NAME);
}

/** Run an operation on histograms, noting what it found. False if the two cannot be combined. */
export function combine(
  context: RangeContext,
  window: Window,
  operation: HistogramOperation,
  run: () => { readonly boundsReconciled: boolean },
  range = context.range,
): boolean {
  try {
    if (run().boundsReconciled) context.annotations.boundsReconciled(operation, range);
    return true;
  } catch (error) {
    if (!(error instanceof IncompatibleSchemasError)) throw error;
    context.annotations.mixedExponentialAndCustomHistograms(metricNameOf(window), range);
    return false;
  }
}

/** `rate`, `increase` and `delta`: the change over the samples, extrapolated to the edges of the range. */
export function extrapolated(isCounter: boolean, isRate: boolean): RangeFunction {
  return (window, _args, context) => {
    const { annotations, range, matrix } = context;
    const { floatCount, histogramCount } = window;
    if (floatCount > 0 && histogramCount > 0) {
      annotations.mixedFloatsAndHistograms(metricNameOf(window), range);
      return null;
    }
    if (matrix.selector.anchored || matrix.selector.smoothed) {
      if (histogramCount > 0) return extendedHistogramChange(window, context, isCounter, isRate);
      return floatCount > 0 ? extendedChange(window, context, isCounter, isRate) : null;
    }
    const count = floatCount + histogramCount;
    // One sample shows no change.
    if (count < 2) return null;
    const rangeEnd = window.endMs;
    const rangeStart = rangeEnd - context.rangeMs;
    if (histogramCount > 0) {
      const histogram = histogramChange(window, context, isCounter);
      if (histogram === null) return null;
      const times = window.histogramTimesMs;
      const firstCount = window.histograms[window.histogramFrom]!.count;
      const toZero = histogram.count > 0 && firstCount >= 0 ? firstCount / histogram.count : null;
      const first = times[window.histogramFrom]!;
      const last = times[window.histogramTo - 1]!;
      const factor = extrapolationFactor(first, last, count, rangeStart, rangeEnd, isCounter ? toZero : null, isCounter);
      return histogram.multiply(isRate ? factor / context.rangeSeconds : factor);
    }
    const { floats, timesMs, from, to } = window;
    const firstValue = floats[from]!;
    let change = floats[to - 1]! - firstValue;
    if (isCounter) {
      for (let index = from + 1; index < to; index++) {
        const previous = floats[index - 1]!;
        if (floats[index]! < previous) change += previous;
      }
    }
    const toZero = change > 0 && firstValue >= 0 ? firstValue / change : null;
    const factor = extrapolationFactor(timesMs[from]!, timesMs[to - 1]!, count, rangeStart, rangeEnd, isCounter ? toZero : null, isCounter);
    return change * (isRate ? factor / context.rangeSeconds : factor);
  };
}

/**
 * By how much the change over the samples stands for the whole range. Samples are taken to go on for half their average distance beyond
 * the last one, or up to the edge if that is near; a counter is not taken back beyond where it would have been zero (`toZero` of the
 * sampled interval before its first sample).
 */
function extrapolationFactor(
  firstMs: number,
  lastMs: number,
  count: number,
  rangeStart: number,
  rangeEnd: number,
  toZero: number | null,
  isCounter: boolean,
): number {
  let toStart = (firstMs - rangeStart) / 1000;
  let toEnd = (rangeEnd - lastMs) / 1000;
  const sampled = (lastMs - firstMs) / 1000;
  const average = sampled / (count - 1);
  const threshold = average * 1.1;
  if (toStart >= threshold) toStart = average / 2;
  if (isCounter && toZero !== null) {
    const durationToZero = sampled * toZero;
    if (durationToZero < toStart) toStart = durationToZero;
  }
  if (toEnd >= threshold) toEnd = average / 2;
  return sampled === 0 ? 1 : (sampled + toStart + toEnd) / sampled;
}

function histogramChange(window: Window, context: RangeContext, isCounter: boolean): FloatHistogram | null {
  const { annotations, range } = context;
  const points = window.histograms.slice(window.histogramFrom, window.histogramTo);
  const name = metricNameOf(window);
  const last = points[points.length - 1]!;
  let previous = points[0]!;
  let { isCustom } = previous;
  let isGauge = isCounter && (previous.hint === 'gauge' || last.hint === 'gauge');
  if (isCounter) {
    const second = points[1]!;
    if (second.isResetAfter(previous)) {
      // What was counted before the reset is not part of the range.
      previous = new FloatHistogram();
      previous.schema = second.schema;
      previous.customBounds = second.customBounds;
      ({ isCustom } = second);
    }
  }
  const mixed = (): null => {
    annotations.mixedExponentialAndCustomHistograms(name, range);
    return null;
  };
  if (last.isCustom !== isCustom) {
    if (isGauge) annotations.notACounter(name, range);
    return mixed();
  }
  let schema = Math.min(last.schema, previous.schema);
  if (isCounter) {
    for (const point of points.slice(1, -1)) {
      if (point.hint === 'gauge') isGauge = true;
      schema = Math.min(schema, point.schema);
      if (point.isCustom !== isCustom) return mixed();
    }
  }
  const reconciled = new Set<HistogramOperation>();
  const change = last.copyToSchema(schema);
  try {
    if (change.subtract(previous).boundsReconciled) reconciled.add('subtraction');
    if (isCounter) {
      for (const point of points.slice(1)) {
        if (point.isResetAfter(previous) && change.add(previous).boundsReconciled) reconciled.add('addition');
        previous = point;
      }
    }
  } catch (error) {
    // Nothing that was found before is reported then.
    if (error instanceof IncompatibleSchemasError) return mixed();
    throw error;
  }
  if (isGauge) annotations.notACounter(name, range);
  if (!isCounter && (points[0]!.hint !== 'gauge' || last.hint !== 'gauge')) annotations.notAGauge(name, range);
  for (const operation of reconciled) annotations.boundsReconciled(operation, range);
  change.hint = 'gauge';
  return change.compact();
}

/** First and last sample that count for a range with `anchored` or `smoothed`, or null if there is none in it. */
function extendedEdges(
  times: ArrayLike<number>,
  from: number,
  to: number,
  rangeStart: number,
  rangeEnd: number,
  smoothed: boolean,
): { first: number; last: number } | null {
  let last = to - 1;
  const first = Math.max(from, firstIndex(from, last, (index) => times[index]! > rangeStart) - 1);
  if (smoothed) last = firstIndex(from, last, (index) => times[index]! >= rangeEnd);
  return times[last]! <= rangeStart ? null : { first, last };
}

/** The first index of `[from, to)` for which the condition holds, else `to`; it must hold for all after. */
export function firstIndex(from: number, to: number, holds: (index: number) => boolean): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function extendedChange(window: Window, context: RangeContext, isCounter: boolean, isRate: boolean): number | null {
  const { floats, timesMs } = window;
  const { smoothed } = context.matrix.selector;
  const rangeEnd = window.endMs;
  const rangeStart = rangeEnd - context.rangeMs;
  const edges = extendedEdges(timesMs, window.from, window.to, rangeStart, rangeEnd, smoothed);
  if (edges === null) return null;
  let { first, last } = edges;
  if (smoothed && timesMs[first]! > rangeEnd) return null;
  const left = leftValue(timesMs, floats, first, rangeStart, smoothed, isCounter);
  const right = rightValue(timesMs, floats, window.from, last, rangeEnd, smoothed, isCounter);
  let change = right - left;
  if (isCounter) {
    if (timesMs[first]! <= rangeStart) first++;
    if (timesMs[last]! >= rangeEnd) last--;
    let correction = 0;
    let previous = left;
    for (let index = first; index <= last; index++) {
      const value = floats[index]!;
      if (value < previous) correction += previous;
      previous = value;
    }
    if (right < previous) correction += previous;
    change += correction;
  }
  return isRate ? change / context.rangeSeconds : change;
}

function leftValue(
  times: Float64Array,
  floats: Float64Array,
  first: number,
  startMs: number,
  smoothed: boolean,
  isCounter: boolean,
): number {
  if (smoothed && times[first]! < startMs) return interpolate(times, floats, first, startMs, isCounter);
  return floats[first]!;
}

function rightValue(
  times: Float64Array,
  floats: Float64Array,
  from: number,
  last: number,
  endMs: number,
  smoothed: boolean,
  isCounter: boolean,
): number {
  if (times[last]! <= endMs || last === from) return floats[last]!;
  return smoothed ? interpolate(times, floats, last - 1, endMs, isCounter) : floats[last - 1]!;
}

/** The value at a time between two samples. A counter that falls has begun at zero. */
export function interpolate(times: Float64Array, floats: Float64Array, index: number, timeMs: number, isCounter: boolean): number {
  const after = floats[index + 1]!;
  const before = isCounter && after < floats[index]! ? 0 : floats[index]!;
  return before + ((after - before) * (timeMs - times[index]!)) / (times[index + 1]! - times[index]!);
}

/** The columns of a vector selector with `smoothed` end at its own samples; a range gets values at its very edges. */
export function extendedSamples(window: Window, startMs: number, endMs: number, smoothed: boolean): { times: number[]; floats: number[] } {
  const { timesMs, floats } = window;
  if (window.floatCount === 0) return { times: [], floats: [] };
  const edges = extendedEdges(timesMs, window.from, window.to, startMs, endMs, smoothed);
  if (edges === null) return { times: [], floats: [] };
  let { first, last } = edges;
  const left = leftValue(timesMs, floats, first, startMs, smoothed, false);
  const right = rightValue(timesMs, floats, window.from, last, endMs, smoothed, false);
  if (timesMs[first]! <= startMs) first++;
  if (timesMs[last]! >= endMs) last--;
  const inside = first <= last ? [first, last + 1] : [0, 0];
  return {
    times: [startMs, ...timesMs.slice(...inside), endMs],
    floats: [left, ...floats.slice(...inside), right],
  };
}

/** A histogram at a time between two. @throws IncompatibleSchemasError */
export function interpolateHistograms(
  before: FloatHistogram,
  beforeMs: number,
  after: FloatHistogram,
  afterMs: number,
  timeMs: number,
  isCounter: boolean,
  note: (operation: HistogramOperation) => void,
): FloatHistogram {
  if (timeMs === beforeMs) return before.copy();
  if (timeMs === afterMs) return after.copy();
  const fraction = (timeMs - beforeMs) / (afterMs - beforeMs);
  const result = after.copy();
  if (isCounter && after.isResetAfter(before)) return result.multiply(fraction);
  if (result.subtract(before).boundsReconciled) note('subtraction');
  result.multiply(fraction);
  if (result.add(before).boundsReconciled) note('addition');
  return result;
}

function extendedHistogramChange(window: Window, context: RangeContext, isCounter: boolean, isRate: boolean): FloatHistogram | null {
  const { annotations, range } = context;
  const { histograms, histogramTimesMs: times } = window;
  const { smoothed } = context.matrix.selector;
  const rangeEnd = window.endMs;
  const rangeStart = rangeEnd - context.rangeMs;
  const edges = extendedEdges(times, window.histogramFrom, window.histogramTo, rangeStart, rangeEnd, smoothed);
  if (edges === null) return null;
  const { first, last } = edges;
  if (smoothed && times[first]! > rangeEnd) return null;
  const name = metricNameOf(window);
  if (!isUniform(histograms.slice(first, last + 1), isCounter, annotations, name, context)) return null;
  const note = (operation: HistogramOperation): void => annotations.boundsReconciled(operation, range);
  let left: FloatHistogram;
  let right: FloatHistogram;
  try {
    const between = (index: number, timeMs: number): FloatHistogram =>
      interpolateHistograms(histograms[index]!, times[index]!, histograms[index + 1]!, times[index + 1]!, timeMs, isCounter, note);
    left = smoothed && times[first]! < rangeStart ? between(first, rangeStart) : histograms[first]!.copy();
    right = smoothed && last > window.histogramFrom && times[last]! > rangeEnd ? between(last - 1, rangeEnd) : histograms[last]!.copy();
  } catch (error) {
    if (!(error instanceof IncompatibleSchemasError)) throw error;
    annotations.mixedExponentialAndCustomHistograms(name, range);
    return null;
  }
  if (!isCounter && (left.hint !== 'gauge' || right.hint !== 'gauge')) annotations.notAGauge(name, range);
  const change = right.copy();
  if (!combine(context, window, 'subtraction', () => change.subtract(left))) return null;
  if (isCounter) {
    const correction = resetCorrection(window, context, first, last, left, right, rangeStart);
    if (correction === undefined) return null;
    if (correction !== null && !combine(context, window, 'addition', () => change.add(correction))) return null;
  }
  if (isRate) change.divide(context.rangeSeconds);
  change.hint = 'gauge';
  return change.compact();
}

function isUniform(
  histograms: readonly FloatHistogram[],
  isCounter: boolean,
  annotations: Annotations,
  name: string,
  { range }: RangeContext,
): boolean {
  for (const histogram of histograms) {
    if (histogram.isCustom !== histograms[0]!.isCustom) {
      annotations.mixedExponentialAndCustomHistograms(name, range);
      return false;
    }
    if (isCounter && histogram.hint === 'gauge') annotations.notACounter(name, range);
  }
  return true;
}

/** What was counted before each reset. Null if there was none, undefined if the histograms cannot be added. */
function resetCorrection(
  window: Window,
  context: RangeContext,
  firstSample: number,
  lastSample: number,
  left: FloatHistogram,
  right: FloatHistogram,
  rangeStart: number,
): FloatHistogram | null | undefined {
  const { histograms, histogramTimesMs: times } = window;
  let first = firstSample + 1;
  let previous = left;
  const isBefore = times[firstSample]! < rangeStart;
  if (context.matrix.selector.smoothed && isBefore && histograms[first]!.isResetAfter(histograms[firstSample]!)) {
    // The left edge was interpolated from the count after the reset.
    previous = histograms[first]!;
    first++;
  }
  if (first > lastSample) return null;
  let correction: FloatHistogram | null = null;
  for (const histogram of [...histograms.slice(first, lastSample), right]) {
    const before: FloatHistogram = previous;
    if (histogram.isResetAfter(before)) {
      const sum: FloatHistogram | null = correction;
      if (sum === null) correction = before.copy();
      else if (!combine(context, window, 'addition', () => sum.add(before))) return undefined;
    }
    previous = histogram;
  }
  return correction;
}

/** `irate` and `idelta`: the change between the last two samples. */
export function instantChange(isRate: boolean): RangeFunction {
  return (window, _args, context) => {
    const { annotations, argsRange } = context;
    if (window.floatCount + window.histogramCount < 2) return null;
    const samples = lastTwo(window);
    const [before, after] = samples;
    const intervalMs = after.timeMs - before.timeMs;
    if (intervalMs === 0) return null;
    const name = metricNameOf(window);
    if (typeof after.value === 'number' && typeof before.value === 'number') {
      const change = isRate && after.value < before.value ? after.value : after.value - before.value;
      return isRate ? change / (intervalMs / 1000) : change;
    }
    if (typeof after.value === 'number' || typeof before.value === 'number') {
      annotations.mixedFloatsAndHistograms(name, argsRange);
      return null;
    }
    const { value: earlier } = before;
    const isGauge = (histogram: FloatHistogram): boolean => histogram.hint === 'gauge';
    if (isRate && (isGauge(after.value) || isGauge(earlier))) annotations.notACounter(name, argsRange);
    if (!isRate && !(isGauge(after.value) && isGauge(earlier))) annotations.notAGauge(name, argsRange);
    const change = after.value.copy();
    if (!isRate || !after.value.isResetAfter(earlier)) {
      if (!combine(context, window, 'subtraction', () => change.subtract(earlier), argsRange)) return null;
    }
    change.hint = 'gauge';
    change.compact();
    return isRate ? change.divide(intervalMs / 1000) : change;
  };
}

interface TimedValue {
  readonly timeMs: number;
  readonly value: number | FloatHistogram;
}

function lastTwo(window: Window): readonly [TimedValue, TimedValue] {
  const samples: TimedValue[] = [];
  for (let index = Math.max(window.from, window.to - 2); index < window.to; index++) {
    samples.push({ timeMs: window.timesMs[index]!, value: window.floats[index]! });
  }
  for (let index = Math.max(window.histogramFrom, window.histogramTo - 2); index < window.histogramTo; index++) {
    samples.push({ timeMs: window.histogramTimesMs[index]!, value: window.histograms[index]! });
  }
  samples.sort((left, right) => left.timeMs - right.timeMs);
  return [samples[samples.length - 2]!, samples[samples.length - 1]!];
}
