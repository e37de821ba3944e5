import type { TimeSeries } from '@timestream-prometheus/prom-codec';

/** Some of the series of one query, in order, each whole. */
export interface SeriesBatch {
  readonly timeseries: readonly TimeSeries[];
  /** No further batch of the query follows. */
  readonly isLast: boolean;
  /** Values of float samples are counts of samples: bins were asked for their `count`. */
  readonly areCounts?: boolean;
}
