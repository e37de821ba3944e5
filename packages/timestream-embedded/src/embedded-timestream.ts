import { systemClock, type EmbeddedClock } from './clock.js';
import { FaultInjector } from './fault-injector.js';
import { serverBounds, serviceLimits, type ServerBounds, type TimestreamLimits } from './limits.js';
import { silentLogger, type EmbeddedLogger } from './logger.js';
import { createOperations } from './operations/create-operations.js';
import { createTable, defaultRetention } from './operations/table-operations.js';
import { createDatabase, type OperationContext } from './operations/database-operations.js';
import { QueryService } from './query/query-service.js';
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
  /** Keys that may sign requests; at least one. */
  readonly credentials: readonly EmbeddedCredential[];
  /** The only region that requests may be signed for, and the one in ARNs. Default: any, and `us-east-1` in ARNs. */
  readonly region?: string;
  readonly accountId?: string;
  readonly create?: readonly EmbeddedTable[];
  readonly clock?: EmbeddedClock;
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
  const clock = options.clock ?? systemClock;
  const limits = { ...serviceLimits, ...options.limits };
  const bounds = { ...serverBounds, ...options.bounds };
  const logger = options.logger ?? silentLogger;
  const faults = new FaultInjector();
  const usage = new UsageCounters();
  const store = await Store.open({ dataDir: options.dataDir, clock, limits, bounds });
  const account = { region: options.region ?? 'us-east-1', accountId: options.accountId ?? '000000000000' };
  const context: OperationContext = { store, account, limits };
  const queries = new QueryService({ store, clock, limits, bounds, faults, usage });
  try {
    for (const table of options.create ?? []) await ensureTable(context, table);
    const server = await listenHttp({
      host: options.host ?? '127.0.0.1',
      port: options.port ?? 0,
      bounds,
      credentials: new Map(options.credentials.map((credential) => [credential.accessKeyId, credential])),
      region: options.region,
      faults,
      logger,
      handle: createOperations({ context, queries, usage, logger }),
    });
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      await server.close();
      queries.close();
      await store.close();
    };
    return {
      url: server.url,
      port: server.port,
      faults,
      usage: () => usage.snapshot(),
      createTable: (table) => ensureTable(context, table),
      close: () => (closing ??= close()),
    };
  } catch (error) {
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
