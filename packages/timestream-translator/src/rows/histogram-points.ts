import { findHistogramFault, type Histogram } from '@timestream-prometheus/prom-codec';
import { joinParts, parsePart, type TextPart } from '../text/text-parts.js';
import { decodeHistogramText } from '../text/histogram-text.js';

/**
 * What a record of a histogram counts against limits of samples, and so does a histogram that is held: with its text of at most 2 KB, or what
 * that becomes, it takes as much memory as some tens of samples.
 */
export const SAMPLES_PER_HISTOGRAM = 64;

/** The histogram of a text, null if it is none that Prometheus would take: one that is not valid fails the reader's whole query. */
export function readHistogramText(text: string, timestampMs: number): Histogram | null {
  const histogram = decodeHistogramText(text, timestampMs);
  return histogram === null || findHistogramFault(histogram) !== undefined ? null : histogram;
}

interface HistogramPoint {
  readonly timeMs: number;
  readonly rank: number;
  readonly text: string;
}

/** The texts of the records that hold histograms, of many series, in the order in which they came. */
export class HistogramPoints {
  readonly #bySeries = new Map<number, HistogramPoint[]>();
  #length = 0;

  /** Records. */
  get length(): number {
    return this.#length;
  }

  add(series: number, timeMs: number, rank: number, text: string): void {
    if (text === '') return;
    const points = this.#bySeries.get(series);
    if (points === undefined) this.#bySeries.set(series, [{ timeMs, rank, text }]);
    else points.push({ timeMs, rank, text });
    this.#length += 1;
  }

  /**
   * The histograms of a series, ascending in time, but for those of times at which there is a float sample: at equal times Prometheus takes
   * that. What cannot be put together is left out, as every row that holds no sample.
   *
   * @param floatTimesMs ascending
   */
  finish(series: number, floatTimesMs: BigInt64Array): readonly Histogram[] {
    const points = this.#bySeries.get(series);
    if (points === undefined) return [];
    points.sort((left, right) => left.timeMs - right.timeMs || left.rank - right.rank);
    const taken = new Set(floatTimesMs);
    const histograms: Histogram[] = [];
    for (let start = 0; start < points.length;) {
      const timeMs = points[start]?.timeMs ?? 0;
      let end = start;
      while (points[end]?.timeMs === timeMs) end += 1;
      const histogram = taken.has(BigInt(timeMs)) ? null : histogramOf(points.slice(start, end), timeMs);
      if (histogram !== null) histograms.push(histogram);
      start = end;
    }
    return histograms;
  }
}

/** The latest histogram of one millisecond, of two at the same nanosecond the one whose text is the greater. */
function histogramOf(points: readonly HistogramPoint[], timeMs: number): Histogram | null {
  const [only] = points;
  if (only !== undefined && points.length === 1) return readHistogramText(only.text, timeMs);
  const candidates: { readonly rank: number; readonly text: string }[] = [];
  const partsByWhole = new Map<string, { readonly rank: number; readonly parts: TextPart[] }>();
  for (const { rank, text } of points) {
    const part = parsePart(text);
    if (part === null) candidates.push({ rank, text });
    else {
      const whole = `${part.count}:${part.checksum}`;
      const known = partsByWhole.get(whole);
      if (known === undefined) partsByWhole.set(whole, { rank, parts: [part] });
      else known.parts.push(part);
    }
  }
  for (const { rank, parts } of partsByWhole.values()) {
    const text = joinParts(parts);
    if (text !== null) candidates.push({ rank, text });
  }
  candidates.sort((left, right) => right.rank - left.rank || (left.text < right.text ? 1 : -1));
  for (const { text } of candidates) {
    const histogram = readHistogramText(text, timeMs);
    if (histogram !== null) return histogram;
  }
  return null;
}
