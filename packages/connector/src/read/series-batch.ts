import type { TimeSeries } from '@timestream-prometheus/prom-codec';

/** Some of the series of one query, in order, each whole. */
export interface SeriesBatch {
  readonly timeseries: readonly TimeSeries[];
  /** No further batch of the query follows. */
  readonly isLast: boolean;
}
