import type { Query, QueryResult, ReadRequest, TimeSeries } from '@timestream-prometheus/prom-codec';
import {
  createMatcher,
  InvalidMatcherError,
  ReadLimitError,
  RowFormatError,
  type Matcher,
} from '@timestream-prometheus/timestream-translator';
import type { Config } from '../config/parse-config.js';
import { asConnectorError, ConnectorError } from '../connector-error.js';
import type { Limiter } from '../create-limiter.js';
import { METRICS } from '../metric-catalogue.js';
import type { MetricsSink, RowSource } from '../ports.js';
import type { ConnectorResponse } from '../seam.js';
import type { RememberedSchema } from './remembered-schema.js';
import { negotiateResponseType } from './response-type.js';
import { runQuery } from './run-query.js';

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
  >;
  readonly source: RowSource;
  readonly schema: RememberedSchema;
  /** Shared by all requests of the process; one turn is one Timestream query, all its pages included. */
  readonly limiter: Limiter;
  readonly metrics: MetricsSink;
  readonly signal: AbortSignal;
}

/**
 * Answers every query of a request, in order and whole.
 *
 * @throws ConnectorError if any query fails or the answer would be over a limit; a part is never answered
 */
export async function handleRead(request: ReadRequest, context: ReadContext): Promise<ConnectorResponse> {
  const { config, metrics } = context;
  const responseType = negotiateResponseType(request.acceptedResponseTypes);
  if (request.queries.length > config.maxQueriesPerRead) {
    throw new ConnectorError(
      'read-limit-exceeded',
      `the read has ${request.queries.length} queries, ${config.maxQueriesPerRead} are allowed (max-queries-per-read): send them in several requests`,
    );
  }
  const queries = request.queries.map((query) => ({ query, matchers: query.matchers.map(compileMatcher) }));
  const results = await runAll(queries, context);
  checkTotals(results, config);
  metrics.add(METRICS.readQueries.name, results.length);
  for (const { timeseries } of results) {
    metrics.add(METRICS.readSeries.name, timeseries.length);
    metrics.add(METRICS.readSamples.name, sampleCountOf(timeseries));
  }
  return responseType.answer(results, config);
}

function compileMatcher(matcher: Query['matchers'][number]): Matcher {
  try {
    return createMatcher(matcher);
  } catch (error) {
    if (!(error instanceof InvalidMatcherError)) throw error;
    const { name, type, value } = matcher;
    throw new ConnectorError('invalid-matcher', `${name.slice(0, 100)}${type}${JSON.stringify(value.slice(0, 200))}: ${error.message}`, {
      cause: error,
    });
  }
}

/** The first failure ends all queries of the request: their answers are of no use any more. */
async function runAll(
  queries: readonly { readonly query: Query; readonly matchers: readonly Matcher[] }[],
  context: ReadContext,
): Promise<readonly QueryResult[]> {
  const { config, limiter } = context;
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const runOne = async (query: Query, matchers: readonly Matcher[]): Promise<QueryResult> => {
    try {
      const timeseries = await limiter.run(
        () =>
          runQuery(query, matchers, {
            ...context,
            signal,
            database: config.defaultDatabase,
            table: config.defaultTable,
            regexPushdown: config.regexPushdown,
            limits: { maxSamples: config.maxSamplesPerRead, maxSeries: config.maxSeriesPerRead },
          }),
        signal,
      );
      return { timeseries };
    } catch (error) {
      const failure = readErrorOf(error);
      failed.abort(failure);
      throw failure;
    }
  };
  // All of them must have ended before the storage is given back.
  const settled = await Promise.allSettled(queries.map(({ query, matchers }) => runOne(query, matchers)));
  if (failed.signal.reason instanceof ConnectorError) throw failed.signal.reason;
  return settled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}

/** Says in the connector's terms what the pure translator found. */
function readErrorOf(error: unknown): ConnectorError {
  if (error instanceof ReadLimitError) {
    const option = error.code === 'too-many-samples' ? 'max-samples-per-read' : 'max-series-per-read';
    return new ConnectorError('read-limit-exceeded', `${error.message} (limit: ${option})`, { cause: error });
  }
  if (error instanceof RowFormatError) return new ConnectorError('malformed-answer', `Query: ${error.message}`, { cause: error });
  return asConnectorError(error);
}

function checkTotals(results: readonly QueryResult[], config: ReadContext['config']): void {
  const seriesCount = results.reduce((sum, { timeseries }) => sum + timeseries.length, 0);
  const sampleCount = results.reduce((sum, { timeseries }) => sum + sampleCountOf(timeseries), 0);
  if (sampleCount > config.maxSamplesPerRead) throw totalError(sampleCount, 'samples', config.maxSamplesPerRead, 'max-samples-per-read');
  if (seriesCount > config.maxSeriesPerRead) throw totalError(seriesCount, 'series', config.maxSeriesPerRead, 'max-series-per-read');
}

function totalError(count: number, what: string, limit: number, option: string): ConnectorError {
  return new ConnectorError(
    'read-limit-exceeded',
    `the queries of the read select ${count} ${what} together, ${limit} are allowed (${option}): narrow their matchers or time ranges`,
  );
}

function sampleCountOf(timeseries: readonly TimeSeries[]): number {
  return timeseries.reduce((sum, { samples }) => sum + samples.timestampsMs.length, 0);
}
