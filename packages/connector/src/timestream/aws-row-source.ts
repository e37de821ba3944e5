import { CancelQueryCommand, QueryCommand, type QueryCommandOutput, type TimestreamQueryClient } from '@aws-sdk/client-timestream-query';
import { ConnectorError } from '../errors/connector-error.js';
import { throwIfAborted } from '../concurrency/deadline.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { Logger, MetricsSink, RowSource } from '../ports.js';
import type { QueryPage } from '@timestream-prometheus/timestream-translator';
import { noteAttempts } from './note-attempts.js';
import type { TimestreamCaller } from './timestream-caller.js';

/** Cancelling saves money but must not hold up the answer. */
const CANCEL_TIMEOUT_MS = 3_000;

export interface AwsRowSourceOptions {
  readonly maxPages: number;
  readonly metrics: MetricsSink;
  readonly logger: Logger;
}

/**
 * Reads by Query. We follow NextToken ourselves: the pages must be counted, an empty page with a token is no end, and a query that is
 * left before its last page is cancelled at Timestream, which would otherwise go on and be charged.
 */
export function createAwsRowSource(caller: TimestreamCaller<TimestreamQueryClient>, options: AwsRowSourceOptions): RowSource {
  const { maxPages, metrics, logger } = options;

  async function fetchPage(sql: string, nextToken: string | undefined, signal: AbortSignal): Promise<QueryCommandOutput> {
    throwIfAborted(signal);
    const command = new QueryCommand({ QueryString: sql, ...(nextToken === undefined ? {} : { NextToken: nextToken }) });
    return caller.call({
      operation: 'Query',
      signal,
      send: (client, onFailedAttempt) => {
        noteAttempts(command, onFailedAttempt);
        return client.send(command, { abortSignal: signal });
      },
      resultOf: (output) => output,
    });
  }

  async function cancel(queryId: string): Promise<void> {
    const signal = AbortSignal.timeout(CANCEL_TIMEOUT_MS);
    try {
      await caller.call({
        operation: 'CancelQuery',
        signal,
        send: (client) => client.send(new CancelQueryCommand({ QueryId: queryId }), { abortSignal: signal }),
        resultOf: () => undefined,
      });
    } catch (error) {
      // The answer is decided already; a role without timestream:CancelQuery only pays for the rest of the query.
      logger.debug({ err: error, queryId }, 'an abandoned query could not be cancelled');
    }
  }

  return {
    async *query(sql, signal) {
      let nextToken: string | undefined;
      let queryId: string | undefined;
      let isEnded = false;
      let meteredBytes = 0;
      try {
        for (let page = 1; !isEnded; page += 1) {
          if (page > maxPages) {
            throw new ConnectorError(
              'read-limit-exceeded',
              `a query has more than ${maxPages} pages (max-pages-per-query): narrow its time range or its matchers`,
            );
          }
          const output = await fetchPage(sql, nextToken, signal);
          queryId = output.QueryId ?? queryId;
          nextToken = output.NextToken;
          isEnded = nextToken === undefined;
          meteredBytes = Math.max(meteredBytes, output.QueryStatus?.CumulativeBytesMetered ?? 0);
          yield { ...pageOf(output), isLast: isEnded };
        }
      } finally {
        if (meteredBytes > 0) metrics.add(METRICS.meteredQueryBytes, meteredBytes);
        if (!isEnded && queryId !== undefined) await cancel(queryId);
      }
    },
  };
}

function pageOf(output: QueryCommandOutput): QueryPage {
  if (output.ColumnInfo === undefined || output.Rows === undefined) {
    throw new ConnectorError('malformed-answer', 'Query: an answer without columns or rows');
  }
  return { ColumnInfo: output.ColumnInfo, Rows: output.Rows.map((row) => ({ Data: row.Data })) };
}
