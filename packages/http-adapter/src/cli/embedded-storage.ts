import type { Config, Destination, OpenStorage, StaticKey } from '@timestream-prometheus/connector';
import type * as EmbeddedPackage from '@timestream-prometheus/timestream-embedded';
import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { loadOrCreateKey, makeDataDir } from './embedded-key.js';
import { StartupError, errnoOf, listenError } from './startup-error.js';

/** A Timestream in this process that the connector reaches over loopback like the real one: it knows no difference. */
export interface EmbeddedStorage {
  /** Where it speaks Timestream's protocol. */
  readonly url: string;
  /** Absolute. */
  readonly dataDir: string;
  /** The first access key that it accepts. */
  readonly key: StaticKey;
  /** False when the key was chosen by an option: who chose it knows it, and it is not shown. */
  readonly isKeyGenerated: boolean;
  readonly endpoints: Pick<Config, 'writeBaseEndpoint' | 'queryBaseEndpoint'>;
  /** With --enable-sigv4-auth the server's own credentials are the key of the embedded Timestream, not those of AWS. */
  authorize(openStorage: OpenStorage): OpenStorage;
  /** Makes the tables that are missing. */
  createTables(destinations: readonly Destination[]): Promise<void>;
  close(): Promise<void>;
}

/** Timestream's longest retention: 100 years on the magnetic store, and enough hours in memory for a late sender. */
const embeddedTable = { memoryStoreRetentionHours: 12, magneticStoreRetentionDays: 73_000, magneticStoreWrites: true } as const;

export type EmbeddedStorageConfig = Pick<
  Config,
  'defaultDatabase' | 'defaultTable' | 'embeddedDataDir' | 'embeddedListenAddress' | 'embeddedCredentials'
>;

/**
 * Starts the embedded Timestream with the connector's database and table in it, unless somebody else is to make them.
 *
 * @throws StartupError naming the option
 */
export async function startEmbeddedStorage(config: EmbeddedStorageConfig, logger: Logger, makesTable = true): Promise<EmbeddedStorage> {
  const dataDir = resolve(config.embeddedDataDir);
  const [givenKey] = config.embeddedCredentials;
  makeDataDir(dataDir);
  const key = givenKey ?? loadOrCreateKey(dataDir);
  const { host = '127.0.0.1', port } = config.embeddedListenAddress;
  const { startEmbeddedTimestream } = await importEmbeddedTimestream();
  const timestream = await startEmbeddedTimestream({
    dataDir,
    host,
    port,
    credentials: givenKey === undefined ? [key] : config.embeddedCredentials,
    create: makesTable ? [{ databaseName: config.defaultDatabase, tableName: config.defaultTable, ...embeddedTable }] : [],
    logger,
  }).catch((error: unknown) => {
    if (errnoOf(error) === 'EADDRINUSE') throw listenError(error, 'embedded.listen-address', { host, port });
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartupError(`--storage=embedded: ${reason}`, { cause: error });
  });
  return {
    url: timestream.url,
    dataDir,
    key,
    isKeyGenerated: givenKey === undefined,
    endpoints: { writeBaseEndpoint: timestream.url, queryBaseEndpoint: timestream.url },
    authorize: (openStorage) => (credentials, destination) =>
      openStorage(credentials.kind === 'server' ? { kind: 'static', ...key } : credentials, destination),
    createTables: async (destinations) => {
      for (const { database: databaseName, table: tableName } of destinations)
        await timestream.createTable({ ...embeddedTable, databaseName, tableName });
    },
    close: () => timestream.close(),
  };
}

/**
 * Imported when it is asked for: it brings a native database, and a server that stores in AWS neither loads it nor needs it installed.
 *
 * @throws StartupError where it is not installed
 */
async function importEmbeddedTimestream(): Promise<typeof EmbeddedPackage> {
  try {
    return await import('@timestream-prometheus/timestream-embedded');
  } catch (error) {
    if (errnoOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new StartupError(
      '--storage=embedded is not part of this package, which stores in AWS only; run it from the repository with npm start, or install @timestream-prometheus/timestream-embedded beside it',
      { cause: error },
    );
  }
}
