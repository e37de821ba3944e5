import { TimestreamQueryClient } from '@aws-sdk/client-timestream-query';
import { TimestreamWriteClient } from '@aws-sdk/client-timestream-write';
import { loadSharedConfigFiles } from '@smithy/core/config';
import type { Config } from '../config/parse-config.js';
import type { Clock, Credentials, Destination, Logger, MetricsSink, Storage } from '../ports.js';
import { createAwsRecordWriter } from './aws-record-writer.js';
import { createAwsRowSource } from './aws-row-source.js';
import { sdkCredentialsOf } from './sdk-credentials.js';
import { clientSettingsOf, CONNECTION_TIMEOUT_MS } from './client-settings.js';
import { ConnectionPool } from './connection-pool.js';
import { LeanSender } from './lean-sender.js';
import { RetryBudget } from './retry-budget.js';
import { TimestreamCaller, type Pause } from './timestream-caller.js';

/** One attempt of a WriteRecords call, which Timestream answers in tens of milliseconds. */
const WRITE_ATTEMPT_TIMEOUT_MS = 15_000;

/** A `Query` call answers within 60 s (API model); the rest is the way there and back. */
const QUERY_ATTEMPT_TIMEOUT_MS = 70_000;

/** CancelQuery and the second page of a slow query must not wait for a socket. */
const SPARE_SOCKETS = 4;

export type AwsStorageConfig = Pick<
  Config,
  | 'defaultDatabase'
  | 'defaultTable'
  | 'region'
  | 'queryBaseEndpoint'
  | 'writeBaseEndpoint'
  | 'stsBaseEndpoint'
  | 'maxReadRetries'
  | 'maxWriteRetries'
  | 'maxReadConcurrency'
  | 'maxWriteConcurrency'
  | 'maxPagesPerQuery'
  | 'awsCalls'
>;

export interface AwsStorageOptions {
  readonly logger: Logger;
  readonly metrics: MetricsSink;
  readonly clock?: Clock;
  /** Waits before a failed call is made again. Default: by the system's timers. */
  readonly pause?: Pause;
}

/** Without a destination: the default one of the configuration. */
export type OpenAwsStorage = (credentials: Credentials, destination?: Destination) => Storage;

/** Storage in Amazon Timestream, or in whatever speaks its protocol at the configured base endpoints. */
export function openAwsStorage(config: AwsStorageConfig, options: AwsStorageOptions): OpenAwsStorage {
  const clock = options.clock ?? { nowMs: () => Date.now() };
  const { metrics, logger, pause } = options;
  // The SDK reads its files once and keeps what came of it for the life of the process. Where there are none that is an error, and its stack holds on
  // to whoever asked: without this, the first client of the process, with its secret.
  loadSharedConfigFiles().catch(() => undefined);
  const writeRetries = RetryBudget.ofAll();
  const readRetries = RetryBudget.ofAll();
  const defaults: Destination = { database: config.defaultDatabase, table: config.defaultTable };
  return (credentials, { database, table } = defaults) => {
    const common = { region: config.region, credentials: sdkCredentialsOf(credentials, config), logger };
    const writeLimits = { requestTimeoutMs: WRITE_ATTEMPT_TIMEOUT_MS, maxSockets: config.maxWriteConcurrency + SPARE_SOCKETS };
    const queryLimits = { requestTimeoutMs: QUERY_ATTEMPT_TIMEOUT_MS, maxSockets: config.maxReadConcurrency + SPARE_SOCKETS };
    const leanSenderOf = (limits: typeof writeLimits) =>
      config.awsCalls === 'lean'
        ? new LeanSender(new ConnectionPool({ ...limits, connectionTimeoutMs: CONNECTION_TIMEOUT_MS }))
        : undefined;
    const leanWrites = leanSenderOf(writeLimits);
    const leanQueries = leanSenderOf(queryLimits);
    const writeCaller = new TimestreamCaller({
      createClient: () =>
        new TimestreamWriteClient(
          clientSettingsOf({
            ...common,
            endpoint: config.writeBaseEndpoint,
            ...writeLimits,
          }),
        ),
      maxAttempts: config.maxWriteRetries,
      retries: writeRetries.openPart(),
      metrics,
      clock,
      ...(pause !== undefined && { pause }),
    });
    const queryCaller = new TimestreamCaller({
      createClient: () =>
        new TimestreamQueryClient(
          clientSettingsOf({
            ...common,
            endpoint: config.queryBaseEndpoint,
            ...queryLimits,
          }),
        ),
      maxAttempts: config.maxReadRetries,
      retries: readRetries.openPart(),
      metrics,
      clock,
      ...(pause !== undefined && { pause }),
    });
    return {
      ...createAwsRecordWriter(writeCaller, {
        database,
        table,
        leanSender: leanWrites,
      }),
      ...createAwsRowSource(queryCaller, { maxPages: config.maxPagesPerQuery, metrics, logger, leanSender: leanQueries }),
      close: () => {
        writeCaller.close();
        queryCaller.close();
        leanWrites?.close();
        leanQueries?.close();
      },
    };
  };
}
