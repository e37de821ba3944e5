import type { AggregatedGroup, SampleAggregation, SampleBins } from '@timestream-prometheus/timestream-translator';
import type { Histogram, Label, LabelMatcher } from '@timestream-prometheus/prom-codec';

/** What the caller is going to do with the samples, so that no more of them are read than it takes. */
export interface SelectHints {
  /** Only the last sample of each series counts, as for an instant vector selector at `toMs`. A staleness marker is a sample too. */
  readonly newestOnly?: boolean;
  /** Of each of these bins no more than this is needed; there may be more. Native histograms all come. */
  readonly bins?: SampleBins | null;
}

/** One series with its float samples as columns, strictly ascending in time. */
export interface SelectedSeries {
  /** Sorted, `__name__` among them. */
  readonly labels: readonly Label[];
  /** Integers. */
  readonly timestampsMs: Float64Array;
  /** The same memory as `valueBits`: only the bits keep the payload of a NaN, such as a staleness marker's. */
  readonly values: Float64Array;
  readonly valueBits: BigUint64Array;
  /** Strictly ascending in time, none at the time of a float sample. */
  readonly histograms: readonly Histogram[];
  /** How many samples each float sample stands for, if bins are counted; null if each stands for itself. */
  readonly counts: Float64Array | null;
}

/**
 * Series of one table for one request: what evaluates PromQL, and what answers for labels, reads through it. All its questions together are
 * bounded by `max-series-per-read` and `max-samples-per-read`, and end with the request.
 */
export interface SeriesStore {
  /**
   * The series that match with their samples from `fromMs` to `toMs`, both inclusive, in the order of their labels, each whole and with at
   * least one sample. They come as they are read; leaving the iteration ends the reading. Several may be read at the same time.
   *
   * @throws ConnectorError
   */
  select(matchers: readonly LabelMatcher[], fromMs: number, toMs: number, hints?: SelectHints): AsyncIterable<readonly SelectedSeries[]>;
  /**
   * An aggregation over the series that match, computed by Timestream from their samples from `fromMs` to `toMs`: the groups in the order that was
   * asked for. Null if it cannot be had that way, or is not worth it: `select` gives the series.
   *
   * @throws ConnectorError
   */
  aggregate(
    matchers: readonly LabelMatcher[],
    fromMs: number,
    toMs: number,
    aggregation: SampleAggregation,
  ): Promise<readonly AggregatedGroup[] | null>;
  /**
   * The labels of the series that match and have a sample from `fromMs` to `toMs`, sorted, each once. Reads one row for each series.
   *
   * @throws ConnectorError
   */
  listSeries(matchers: readonly LabelMatcher[], fromMs: number, toMs: number): Promise<readonly (readonly Label[])[]>;
  /**
   * The names of the labels that such series have, in no order. Without matchers it is about every series. Reads one row for each combination
   * of values of the labels that the matchers name, and not one for each series.
   *
   * @throws ConnectorError
   */
  listLabelNames(matchers: readonly LabelMatcher[], fromMs: number, toMs: number): Promise<readonly string[]>;
  /**
   * The values that a label has in such series, each once, in no order; as `listLabelNames`, with the label itself among those of the matchers.
   *
   * @throws ConnectorError
   */
  listLabelValues(label: string, matchers: readonly LabelMatcher[], fromMs: number, toMs: number): Promise<readonly string[]>;
}
