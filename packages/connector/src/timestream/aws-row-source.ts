import { CancelQueryCommand, QueryCommand, type QueryCommandOutput, type TimestreamQueryClient } from '@aws-sdk/client-timestream-query';
import { randomUUID } from 'node:crypto';
import { ConnectorError } from '../errors/connector-error.js';
import { throwIfAborted } from '../concurrency/deadline.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { Logger, MetricsSink, RowSource } from '../ports.js';
import type { QueryPage } from '@timestream-prometheus/timestream-translator';
import { LAST_STEP, type LastStep, type LeanAnswer, type LeanSender } from './lean-sender.js';
import type { TimestreamCaller } from './timestream-caller.js';

/** Cancelling saves money but must not hold up the answer. */
const CANCEL_TIMEOUT_MS = 3_000;

export interface AwsRowSourceOptions {
  readonly maxPages: number;
  readonly metrics: MetricsSink;
  readonly logger: Logger;
  /** Undefined: every call is the SDK's own. */
  readonly leanSender: LeanSender | undefined;
}

/** What we need of an answer to Query. */
type QueryAnswer = Pick<QueryCommandOutput, 'QueryId' | 'NextToken' | 'ColumnInfo' | 'Rows' | 'QueryStatus'>;

/**
 * Reads by Query. We follow NextToken ourselves: the pages must be counted, an empty page with a token is no end, and a query that is
 * left before its last page is cancelled at Timestream, which would otherwise go on and be charged.
 */
export function createAwsRowSource(caller: TimestreamCaller<TimestreamQueryClient>, options: AwsRowSourceOptions): RowSource {
  const { maxPages, metrics, logger, leanSender } = options;

  async function fetchPage(sql: string, nextToken: string | undefined, signal: AbortSignal): Promise<QueryAnswer> {
    throwIfAborted(signal);
    // As the SDK does it: one for each page, the same one for all attempts.
    const input = { QueryString: sql, ClientToken: randomUUID(), ...(nextToken === undefined ? {} : { NextToken: nextToken }) };
    return caller.call<LeanAnswer | QueryCommandOutput, QueryAnswer>({
      operation: 'Query',
      signal,
      send: (client) => {
        const sendBySdk = (lastStep?: LastStep) => {
          const command = new QueryCommand(input);
          if (lastStep !== undefined) command.middlewareStack.add(lastStep, LAST_STEP);
          return client.send(command, { abortSignal: signal });
        };
        if (leanSender === undefined) return sendBySdk();
        return leanSender.send(client.config, Buffer.from(JSON.stringify(input)), sendBySdk, signal);
      },
      resultOf: (output) => ('json' in output ? answerOf(output.json) : output),
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

/** An answer as it came over the wire. What is null in it is not there, as the SDK reads it. */
function answerOf(json: object): QueryAnswer {
  const { QueryId, NextToken, ColumnInfo, Rows, QueryStatus } = json as {
    readonly [Field in keyof QueryAnswer]?: QueryAnswer[Field] | null;
  };
  if (ColumnInfo != null && !Array.isArray(ColumnInfo)) throw new ConnectorError('malformed-answer', 'Query: columns that are no list');
  if (Rows != null && !(Array.isArray(Rows) && Rows.every(isRow)))
    throw new ConnectorError('malformed-answer', 'Query: rows that are none');
  return {
    QueryId: QueryId ?? undefined,
    NextToken: NextToken ?? undefined,
    ColumnInfo: ColumnInfo ?? undefined,
    Rows: Rows ?? undefined,
    QueryStatus: QueryStatus ?? undefined,
  };
}

function isRow(row: unknown): boolean {
  return typeof row === 'object' && row !== null && 'Data' in row && Array.isArray(row.Data);
}

function pageOf(output: QueryAnswer): QueryPage {
  if (output.ColumnInfo === undefined || output.Rows === undefined) {
    throw new ConnectorError('malformed-answer', 'Query: an answer without columns or rows');
  }
  return { ColumnInfo: output.ColumnInfo, Rows: output.Rows.map((row) => ({ Data: row.Data })) };
}
