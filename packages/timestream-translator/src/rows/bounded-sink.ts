import type { PointSink } from './packed-points.js';
import type { SeriesPoints } from './series-points.js';

/** Adds the points of packed rows to those of a series, but for those outside of the bounds, both of which are inclusive. */
export class BoundedSink implements PointSink {
  /** Which of the series the points are of. */
  series = 0;
  readonly #points: SeriesPoints;
  readonly #startMs: number;
  readonly #endMs: number;

  constructor(points: SeriesPoints, startMs: number, endMs: number) {
    this.#points = points;
    this.#startMs = startMs;
    this.#endMs = endMs;
  }

  addFloat(timeMs: number, rank: number, value: number): void {
    if (this.#isWithin(timeMs)) this.#points.addFloat(this.series, timeMs, rank, value);
  }

  addSteps(firstMs: number, stepMs: number, rank: number, values: Float64Array): void {
    let [from, to] = [0, values.length];
    while (from < to && !this.#isWithin(firstMs + from * stepMs)) from++;
    while (to > from && !this.#isWithin(firstMs + (to - 1) * stepMs)) to--;
    if (to > from) this.#points.addSteps(this.series, firstMs + from * stepMs, stepMs, rank, values.subarray(from, to));
  }

  addBits(timeMs: number, rank: number, valueBits: bigint): void {
    if (this.#isWithin(timeMs)) this.#points.addBits(this.series, timeMs, rank, valueBits);
  }

  addHistogram(timeMs: number, rank: number, text: string): void {
    if (this.#isWithin(timeMs)) this.#points.addHistogram(this.series, timeMs, rank, text);
  }

  #isWithin(timeMs: number): boolean {
    return timeMs >= this.#startMs && timeMs <= this.#endMs;
  }
}
