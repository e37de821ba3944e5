import type { Matcher } from '@timestream-prometheus/timestream-translator';
import type { FloatHistogram } from './histogram/float-histogram.js';

/** A label of a series. */
export interface Label {
  readonly name: string;
  readonly value: string;
}

export interface HistogramSample {
  readonly timestampMs: number;
  /** Null where the series was marked stale. */
  readonly histogram: FloatHistogram | null;
}

/** A series as storage gives it: its float samples as two columns, ascending in time, no time twice. */
export interface SelectedSeries {
  readonly labels: readonly Label[];
  readonly timestampsMs: Float64Array;
  /** IEEE-754 bits: the staleness marker is a signalling NaN, which a number would lose. */
  readonly valueBits: BigUint64Array;
  /** Ascending in time. At equal times the float sample counts. */
  readonly histograms?: readonly HistogramSample[];
}

/** What the query will do with the series; ignoring all of it is always right (`storage.SelectHints`). */
export interface SelectHints {
  /** Milliseconds from step to step, 0 for an instant query. */
  readonly stepMs: number;
  /** Milliseconds of the range, 0 if an instant vector is selected. */
  readonly rangeMs: number;
  /** Function or aggregation right around the selector, or "". */
  readonly func: string;
  readonly grouping: readonly string[];
  readonly by: boolean;
  /** How far an instant vector looks back, in milliseconds. */
  readonly lookbackMs: number;
  /** The newest sample of each series in the range is the only one that can count. A staleness marker is a sample too. */
  readonly newestOnly: boolean;
}

/**
 * What a query reads from. `fromMs` and `toMs` are inclusive. Series may come in any order and with samples outside of the range; every
 * series that all matchers let through must come, and no other, each once.
 */
export interface SeriesStorage {
  select(matchers: readonly Matcher[], fromMs: number, toMs: number, hints: SelectHints): AsyncIterable<SelectedSeries>;
}
