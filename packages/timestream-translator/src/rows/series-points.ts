import type { Histogram, Samples } from '@timestream-prometheus/prom-codec';
import { HistogramPoints, SAMPLES_PER_HISTOGRAM } from './histogram-points.js';
import { createSampleColumns, type SampleColumns } from './sample-columns.js';

/** Everything that an answer holds of one series. */
export interface PointsOfSeries {
  readonly samples: Samples;
  readonly histograms: readonly Histogram[];
}

/** The points of many series, float samples and native histograms, in the order in which their rows came. */
export class SeriesPoints {
  readonly #samples: SampleColumns;
  readonly #histograms = new HistogramPoints();

  /** @param firstBlockSize as `createSampleColumns` takes it */
  constructor(firstBlockSize?: number) {
    this.#samples = createSampleColumns(firstBlockSize);
  }

  /** In samples, of which a record of a histogram counts as {@link SAMPLES_PER_HISTOGRAM}. */
  get weight(): number {
    return this.#samples.length + SAMPLES_PER_HISTOGRAM * this.#histograms.length;
  }

  addFloat(series: number, timeMs: number, rank: number, value: number): void {
    this.#samples.addFloat(series, timeMs, rank, value);
  }

  /** Floats from `firstMs` on, `stepMs` apart, none of them NaN; copied. */
  addSteps(series: number, firstMs: number, stepMs: number, rank: number, values: Float64Array): void {
    this.#samples.addSteps(series, firstMs, stepMs, rank, values);
  }

  addBits(series: number, timeMs: number, rank: number, valueBits: bigint): void {
    this.#samples.addBits(series, timeMs, rank, valueBits);
  }

  addHistogram(series: number, timeMs: number, rank: number, text: string): void {
    this.#histograms.add(series, timeMs, rank, text);
  }

  /** Of each series, in strictly ascending order of time. */
  finish(seriesCount: number): readonly PointsOfSeries[] {
    const columns = this.#samples.finish(seriesCount);
    return columns.map((samples, series) => ({ samples, histograms: this.#histograms.finish(series, samples.timestampsMs) }));
  }
}

export function isEmpty({ samples, histograms }: PointsOfSeries): boolean {
  return samples.timestampsMs.length === 0 && histograms.length === 0;
}
