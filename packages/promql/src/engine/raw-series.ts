import type { FloatHistogram } from '../histogram/float-histogram.js';
import type { SelectedSeries } from '../storage.js';
import { type GridSeries, HISTOGRAM, NONE } from './grid.js';
import { LabelSet } from './label-set.js';

/**
 * The samples of a series in order of time, floats and histograms apart. Staleness markers are in `isStale`, which is null if there is
 * none.
 */
export interface RawSeries {
  readonly metric: LabelSet;
  readonly timesMs: Float64Array;
  readonly floats: Float64Array;
  readonly isStale: Uint8Array | null;
  /** For how many samples each float stands; null if for itself alone. */
  readonly counts: Float64Array | null;
  readonly histogramTimesMs: readonly number[];
  /** Null where the series was marked stale. */
  readonly histograms: readonly (FloatHistogram | null)[];
}

const STALE_LOW = 2;
const STALE_HIGH = 0x7ff00000;

/**
 * Take a series from storage, without what lies outside of the times that were asked for. The columns are used as they are, not copied.
 */
export function rawSeriesFrom(selected: SelectedSeries, fromMs: number, toMs: number): RawSeries {
  const from = lowerBound(selected.timestampsMs, fromMs);
  const to = lowerBound(selected.timestampsMs, toMs + 1);
  const timestampsMs = selected.timestampsMs.subarray(from, to);
  const valueBits = selected.valueBits.subarray(from, to);
  const floats = new Float64Array(valueBits.buffer, valueBits.byteOffset, valueBits.length);
  const inRange = (selected.histograms ?? []).filter(({ timestampMs }) => timestampMs >= fromMs && timestampMs <= toMs);
  const histograms = withoutTimesOf(inRange, timestampsMs);
  return {
    metric: LabelSet.from(selected.labels),
    timesMs: timestampsMs,
    floats,
    isStale: staleMarkers(floats),
    counts: selected.counts?.subarray(from, to) ?? null,
    histogramTimesMs: histograms.map(({ timestampMs }) => timestampMs),
    histograms: histograms.map(({ histogram }) => histogram),
  };
}

/** The first index whose time is not below the limit. */
function lowerBound(times: Float64Array, limitMs: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < limitMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function staleMarkers(floats: Float64Array): Uint8Array | null {
  let markers: Uint8Array | null = null;
  const words = new Uint32Array(floats.buffer, floats.byteOffset, floats.length * 2);
  for (let index = 0; index < floats.length; index++) {
    const value = floats[index]!;
    if (value === value) continue;
    const low = words[2 * index]!;
    const high = words[2 * index + 1]!;
    // Whichever way round the machine keeps the two halves.
    if ((low === STALE_LOW && high === STALE_HIGH) || (low === STALE_HIGH && high === STALE_LOW)) {
      markers ??= new Uint8Array(floats.length);
      markers[index] = 1;
    }
  }
  return markers;
}

type TimedHistogram = NonNullable<SelectedSeries['histograms']>[number];

function withoutTimesOf(histograms: readonly TimedHistogram[], floatTimesMs: Float64Array): readonly TimedHistogram[] {
  if (histograms.length === 0 || floatTimesMs.length === 0) return histograms;
  const taken = new Set(floatTimesMs);
  return histograms.filter(({ timestampMs }) => !taken.has(timestampMs));
}

/** Without staleness markers: what a range sees. */
export function withoutStale(series: RawSeries): RawSeries {
  const { isStale, histograms } = series;
  const hasStaleHistogram = histograms.includes(null);
  if (isStale === null && !hasStaleHistogram) return series;
  let { timesMs, floats, counts, histogramTimesMs } = series;
  if (isStale !== null) {
    counts = counts?.filter((_, index) => isStale[index] === 0) ?? null;
    timesMs = timesMs.filter((_, index) => isStale[index] === 0);
    floats = floats.filter((_, index) => isStale[index] === 0);
  }
  if (hasStaleHistogram) histogramTimesMs = histogramTimesMs.filter((_, index) => histograms[index] !== null);
  return { ...series, timesMs, floats, counts, isStale: null, histogramTimesMs, histograms: histograms.filter((one) => one !== null) };
}

/** What a subquery gave, as a range function reads it. */
export function rawSeriesFromGrid(series: GridSeries, startMs: number, stepMs: number): RawSeries {
  const times: number[] = [];
  const floats: number[] = [];
  const histogramTimesMs: number[] = [];
  const histograms: FloatHistogram[] = [];
  series.kinds.forEach((kind, step) => {
    if (kind === NONE) return;
    const timeMs = startMs + step * stepMs;
    if (kind === HISTOGRAM) {
      histogramTimesMs.push(timeMs);
      histograms.push(withoutCounterHint(series.histograms![step]!));
    } else {
      times.push(timeMs);
      floats.push(series.floats[step]!);
    }
  });
  return {
    metric: series.metric,
    timesMs: Float64Array.from(times),
    floats: Float64Array.from(floats),
    isStale: null,
    counts: null,
    histogramTimesMs,
    histograms,
  };
}

/** Steps of a subquery need not follow each other as the hint says. */
function withoutCounterHint(histogram: FloatHistogram): FloatHistogram {
  if (histogram.hint !== 'reset' && histogram.hint !== 'not-reset') return histogram;
  const copy = histogram.copy();
  copy.hint = 'unknown';
  return copy;
}

/**
 * Count and sum alone of each histogram, for queries that ask for no more. Whether a counter began anew is found out while the buckets
 * are still at hand.
 */
export function withoutBuckets(series: RawSeries): RawSeries {
  let last: FloatHistogram | null = null;
  const histograms = series.histograms.map((histogram) => {
    if (histogram === null) return null;
    let { hint } = histogram;
    if (hint === 'unknown' && last !== null) hint = histogram.isResetAfter(last) ? 'reset' : 'not-reset';
    last = histogram;
    return histogram.withoutBuckets(hint);
  });
  return { ...series, histograms };
}
