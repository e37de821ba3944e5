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
  /**
   * Only in answer to {@link SampleBins} that need `count`: for how many samples each of the float samples stands, itself included. Their values
   * mean nothing then. Without it each stands for itself.
   */
  readonly counts?: Float64Array;
}

/**
 * The samples of a bin that a query needs; the storage may leave out the others of the same bin and series:
 *
 * - `newest`: the newest sample, for instant vectors. A staleness marker is a sample too.
 * - `last`: the newest sample that is no staleness marker, as `last_over_time` takes it.
 * - `count`: how many samples there are that are no staleness markers, as `count_over_time` counts them. One of them stays, anywhere in the bin.
 * - `least` and `greatest`: every sample that can be the one that `min_over_time` or `max_over_time` takes: each NaN, the extreme number, and of
 *   0 and -0 the oldest each, because among equal values the oldest wins.
 * - `changes`: the oldest sample that is no staleness marker, and each whose value differs from the one before it as `changes` compares them.
 *   That is enough for `resets` too.
 */
export type BinNeed = 'newest' | 'last' | 'count' | 'least' | 'greatest' | 'changes';

/**
 * Spans of time that tile every window and every lookback of a query, so that what a step sees is made of whole ones: from after
 * `anchorMs + (n - 1) * widthMs` up to `anchorMs + n * widthMs`, both whole milliseconds, for every whole n. Native histograms are never left out, nor are floats of a series that has both if `changes` are needed.
 */
export interface SampleBins {
  readonly anchorMs: number;
  readonly widthMs: number;
  readonly need: BinNeed;
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
  /** Of each bin no more than this is needed. Null if every sample is. */
  readonly bins: SampleBins | null;
}

/**
 * An aggregation of an instant vector: at each moment `firstMs + n * stepMs`, n from 0 up to `steps - 1`, over the newest sample of each series that
 * is younger than `lookbackMs`, unless that is a staleness marker.
 */
export interface Aggregation {
  readonly operator: 'count' | 'group' | 'min' | 'max';
  /** The labels that stay, or with `without` those that go: then `__name__` and its kin are among them. */
  readonly grouping: readonly string[];
  readonly without: boolean;
  readonly firstMs: number;
  /** At least 1. */
  readonly stepMs: number;
  readonly steps: number;
  readonly lookbackMs: number;
  /** Whether the answer shows the order of the groups: that of their first series, which are sorted by their labels. */
  readonly isOrdered: boolean;
}

/** A group of an aggregation. */
export interface AggregatedSeries {
  readonly labels: readonly Label[];
  /** The numbers of the steps at which it has a value, ascending. */
  readonly steps: readonly number[];
  /** One for each of these steps. */
  readonly values: readonly number[];
}

/**
 * What a query reads from. `fromMs` and `toMs` are inclusive. Series may come in any order and with samples outside of the range; every
 * series that all matchers let through must come, and no other, each once.
 */
export interface SeriesStorage {
  select(matchers: readonly Matcher[], fromMs: number, toMs: number, hints: SelectHints): AsyncIterable<SelectedSeries>;
  /**
   * The aggregation itself, of the same series: to the last bit what PromQL makes of them. Null if the storage cannot say that for sure, and then
   * the series are selected. Never said of a selection with native histograms.
   */
  aggregate?(
    matchers: readonly Matcher[],
    fromMs: number,
    toMs: number,
    hints: SelectHints,
    aggregation: Aggregation,
  ): Promise<readonly AggregatedSeries[] | null>;
}
