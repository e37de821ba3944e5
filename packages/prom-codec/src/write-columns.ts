import type { LabelSet } from './label-set-cache.js';
import type { Exemplar, Histogram, MetricMetadata } from './model.js';

/**
 * Why a series of a remote write 2.0 request cannot be understood, while the rest of the request can.
 *
 * - `label-references`: a reference past the symbols, or a name without a value
 * - `label-text`: a symbol that a label refers to is not well-formed UTF-8
 * - `metadata-references`: help or unit refers past the symbols
 * - `exemplar-references`: a label of an exemplar does; the series' other parts are good
 */
export type MalformedSeriesReason = 'label-references' | 'label-text' | 'metadata-references' | 'exemplar-references';

/** What of a series could not be understood. None of what is counted here stands in the columns. */
export interface MalformedSeries {
  /** Place of the TimeSeries in the request, from 0. */
  readonly seriesIndex: number;
  readonly reason: MalformedSeriesReason;
  /** The fault, naming the field, e.g. `TimeSeries.labels_refs: 999 is outside of the symbols, of which there are 18`. */
  readonly text: string;
  readonly samples: number;
  readonly histograms: number;
  readonly exemplars: number;
}

/**
 * A remote-write request as columns: an object for a series is made only the first time that its labels are seen, and none for a sample.
 * Both protocol versions decode to it.
 */
export interface WriteColumns {
  /**
   * One per TimeSeries of the request, in order, duplicates included. Equal bytes give the same object, so what is derived from a label set
   * can be kept by its identity.
   */
  readonly labelSets: readonly LabelSet[];
  /** The samples of series `i` stand at `[sampleEnds[i - 1] ?? 0, sampleEnds[i])` of the sample columns. */
  readonly sampleEnds: Uint32Array;
  /**
   * Milliseconds since the Unix epoch, integers. An int64 beyond 2^53 is rounded to the nearest number, which stays beyond 2^53 and so
   * outside of every time that a table can hold.
   */
  readonly timestampsMs: Float64Array;
  /** The values as numbers: the same memory as {@link valueBits}, right for everything but NaN payloads. */
  readonly values: Float64Array;
  /** IEEE-754 binary64 bits. */
  readonly valueBits: BigUint64Array;
  /** Since when a counter counts, by sample, 0 if not said. Only of remote write 2.0, and only if any sample says it. */
  readonly startTimestampsMs?: Float64Array;
  /** In the order of their series. */
  readonly histograms: readonly { readonly seriesIndex: number; readonly histogram: Histogram }[];
  /** In the order of their series. */
  readonly exemplars: readonly { readonly seriesIndex: number; readonly exemplar: Exemplar }[];
  readonly metadata: readonly MetricMetadata[];
  /** Always empty for remote write 1.0, where a label is either text or the whole request is no message. */
  readonly malformedSeries: readonly MalformedSeries[];
}
