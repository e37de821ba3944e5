import { join } from 'node:path';

import { AdjustableClock, type EmbeddedClock } from './clock.js';
import { answerControl } from './control/control-requests.js';
import { loadRecords } from './control/load-records.js';
import { FaultInjector } from './fault-injector.js';
import { serverBounds, serviceLimits, type ServerBounds, type TimestreamLimits } from './limits.js';
import { memoryShares } from './memory-shares.js';
import { silentLogger, type EmbeddedLogger } from './logger.js';
import { createOperations } from './operations/create-operations.js';
import { createTable, defaultRetention } from './operations/table-operations.js';
import { createDatabase, type OperationContext } from './operations/database-operations.js';
import { BatchLoads } from './operations/batch-load.js';
import { tableArn } from './operations/resource.js';
import { ScheduledQueries } from './operations/scheduled-queries.js';
import { QueryService } from './query/query-service.js';
import { BucketFolder } from './schedule/bucket-folder.js';
import { Store } from './store/store.js';
import { UsageCounters, type EmbeddedUsage } from './usage-counters.js';
import { listenHttp } from './wire/http-server.js';
import type { EmbeddedCredential } from './wire/signature.js';

/** A table that is to exist, and its database with it. What exists already stays as it is. */
export interface EmbeddedTable {
  readonly databaseName: string;
  readonly tableName: string;
  /** 1..8766; default 6. */
  readonly memoryStoreRetentionHours?: number;
  /** 1..73000; default 73000. */
  readonly magneticStoreRetentionDays?: number;
  /** Whether records older than the memory store are taken; default false. */
  readonly magneticStoreWrites?: boolean;
}

export interface EmbeddedTimestreamOptions {
  /** Default: loopback only. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** The directory of the database file, made when it is missing. Default: everything in memory. */
  readonly dataDir?: string;
  /** The folder that stands for S3 (UNLOAD, batch load, error reports): `s3://bucket/key` is `bucket/key` in it. Default: `buckets` in dataDir. */
  readonly bucketsDir?: string;
  /** Keys that may sign requests; at least one. */
  readonly credentials: readonly EmbeddedCredential[];
  /** The only region that requests may be signed for, and the one in ARNs. Default: any, and `us-east-1` in ARNs. */
  readonly region?: string;
  readonly accountId?: string;
  readonly create?: readonly EmbeddedTable[];
  readonly clock?: EmbeddedClock;
  /** Seeds: texts of WriteRecords requests in JSON, one a line or as an array. Tables that are missing are made. */
  readonly load?: readonly string[];
  /** Whether `/_timestream/…` plans faults, sets the clock, loads and resets over HTTP; unsigned, so only where every client may. Default false. */
  readonly control?: boolean;
  readonly limits?: Partial<TimestreamLimits>;
  readonly bounds?: Partial<ServerBounds>;
  readonly logger?: EmbeddedLogger;
}

export interface EmbeddedTimestream {
  /** `http://host:port`, for the `endpoint` of a client. */
  readonly url: string;
  readonly port: number;
  readonly faults: FaultInjector;
  usage(): EmbeddedUsage;
  createTable(table: EmbeddedTable): Promise<void>;
  /** Writes a seed, as the option `load`; gives how many records were stored. */
  load(text: string): Promise<number>;
  /** Forgets all databases and faults, then makes the tables and loads the seeds that the server was started with. */
  reset(): Promise<void>;
  /** Answers what was asked, commits what was accepted, gives the file back. */
  close(): Promise<void>;
}

/**
 * Starts a Timestream on this machine that speaks the service's own protocol.
 *
 * @throws {Error} when the address or the data directory is in use, or no credential is given.
 */
export async function startEmbeddedTimestream(options: EmbeddedTimestreamOptions): Promise<EmbeddedTimestream> {
  if (options.credentials.length === 0) throw new Error('at least one credential is needed: every request is signed');
  const clock = options.clock ?? new AdjustableClock();
  const limits = { ...serviceLimits, ...options.limits };
  const { duckdbMemoryLimit = serverBounds.duckdbMemoryLimit } = options.bounds ?? {};
  const bounds = { ...serverBounds, ...memoryShares(duckdbMemoryLimit), ...options.bounds };
  const logger = options.logger ?? silentLogger;
  const faults = new FaultInjector();
  const usage = new UsageCounters();
  const store = await Store.open({ dataDir: options.dataDir, clock, limits, bounds });
  const account = { region: options.region ?? 'us-east-1', accountId: options.accountId ?? '000000000000' };
  const context: OperationContext = { store, account, limits };
  const bucketsDir = options.bucketsDir ?? (options.dataDir === undefined ? undefined : join(options.dataDir, 'buckets'));
  const buckets = new BucketFolder(bucketsDir);
  const arnOf = (databaseName: string, tableName: string): string => tableArn(account, { databaseName, tableName });
  const queries = new QueryService({ store, clock, limits, bounds, faults, usage, buckets, arnOf });
  const scheduled = new ScheduledQueries({ context, queries, clock, buckets, logger });
  const batchLoads = new BatchLoads(context, buckets, clock);
  try {
    const seed = async (): Promise<void> => {
      for (const table of options.create ?? []) await ensureTable(context, table);
      for (const text of options.load ?? []) await loadRecords(context, text);
    };
    const reset = async (): Promise<void> => {
      faults.clear();
      await scheduled.clear();
      await store.deleteEverything();
      await seed();
    };
    const load = (text: string): Promise<number> => loadRecords(context, text);
    await seed();
    await scheduled.start();
    const server = await listenHttp({
      host: options.host ?? '127.0.0.1',
      port: options.port ?? 0,
      bounds,
      credentials: new Map(options.credentials.map((credential) => [credential.accessKeyId, credential])),
      region: options.region,
      faults,
      logger,
      handle: createOperations({ context, queries, scheduled, batchLoads, usage, logger }),
      control:
        options.control === true
          ? (request) => answerControl(request, { faults, clock, usage: () => usage.snapshot(), reset, load })
          : undefined,
    });
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      await server.close();
      await scheduled.stop();
      await batchLoads.stop();
      queries.close();
      await store.close();
    };
    return {
      url: server.url,
      port: server.port,
      faults,
      usage: () => usage.snapshot(),
      createTable: (table) => ensureTable(context, table),
      load,
      reset,
      close: () => (closing ??= close()),
    };
  } catch (error) {
    await scheduled.stop();
    await store.close();
    throw error;
  }
}

async function ensureTable(context: OperationContext, table: EmbeddedTable): Promise<void> {
  const { databaseName, tableName } = table;
  if (context.store.database(databaseName) === undefined) await createDatabase(context, { DatabaseName: databaseName });
  if (context.store.table(databaseName, tableName) !== undefined) return;
  await createTable(context, {
    DatabaseName: databaseName,
    TableName: tableName,
    RetentionProperties: {
      MemoryStoreRetentionPeriodInHours: table.memoryStoreRetentionHours ?? defaultRetention.memoryHours,
      MagneticStoreRetentionPeriodInDays: table.magneticStoreRetentionDays ?? defaultRetention.magneticDays,
    },
    MagneticStoreWriteProperties: { EnableMagneticStoreWrites: table.magneticStoreWrites ?? defaultRetention.magneticWrites },
  });
}
