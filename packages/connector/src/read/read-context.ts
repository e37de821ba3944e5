import type { Query } from '@timestream-prometheus/prom-codec';
import type { Matcher } from '@timestream-prometheus/timestream-translator';
import type { Config } from '../config/parse-config.js';
import type { Limiter } from '../concurrency/create-limiter.js';
import type { ReadShare } from '../concurrency/read-budget.js';
import type { Turns } from '../concurrency/turns.js';
import type { MetricsSink, RowSource } from '../ports.js';
import type { Packing } from './packed/packing.js';
import type { RememberedSchema } from './remembered-schema.js';

/** What every step of a read works with. */
export interface ReadContext {
  readonly config: Pick<
    Config,
    | 'defaultDatabase'
    | 'defaultTable'
    | 'regexPushdown'
    | 'maxQueriesPerRead'
    | 'maxSamplesPerRead'
    | 'maxSeriesPerRead'
    | 'maxResponseBytes'
    | 'streamBufferSamples'
  >;
  readonly source: RowSource;
  readonly schema: RememberedSchema;
  readonly packing: Packing;
  /** Shared by all requests of the process; one turn is one Timestream query, all its pages included. */
  readonly limiter: Limiter;
  /** What the request holds of the budget of all reads. */
  readonly memory: ReadShare;
  /** Whatever is made of a page, or of an answer, waits for its turn. */
  readonly turns: Turns;
  readonly metrics: MetricsSink;
  readonly signal: AbortSignal;
}

/** One query, its matchers compiled. */
export interface Selection {
  readonly query: Pick<Query, 'matchers' | 'startTimestampMs' | 'endTimestampMs' | 'hints'>;
  readonly matchers: readonly Matcher[];
}

/**
 * Whether only the label sets are wanted: the hint of `/api/v1/series` (Prometheus, `web/api/v1/api.go`), which is no function of PromQL.
 * Prometheus' own storage leaves the samples out then too (`tsdb/querier.go`).
 */
export function wantsLabelsOnly({ query }: Selection): boolean {
  return query.hints?.func === 'series';
}
