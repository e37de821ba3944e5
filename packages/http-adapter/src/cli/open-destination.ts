import { connect } from 'node:net';
import {
  ConnectorError,
  METRIC_CATALOGUE,
  createConnector,
  openAwsStorage,
  parseConfig,
  type Config,
  type Connector,
  type Credentials,
  type Storage,
} from '@timestream-prometheus/connector';
import { openTableAdmin, type TableAdmin } from '@timestream-prometheus/connector/operations';
import { createLogger } from '../logger.js';
import { createPrometheusMetrics, type PrometheusMetrics } from '../prometheus-metrics.js';
import type { Flags } from './command-definition.js';
import { failureLine } from './failure-line.js';
import type { ProgramHost } from './program-host.js';
import { loadOrCreateKey } from './embedded-key.js';
import { startEmbeddedStorage } from './embedded-storage.js';

/** A table, and a connector of its own in front of it: what a command for people works with. */
export interface Destination {
  readonly config: Config;
  /** E.g. `metrics.prometheus in Amazon Timestream, eu-west-1`. */
  readonly description: string;
  readonly connector: Connector;
  readonly storage: Storage;
  readonly credentials: Credentials;
  readonly admin: TableAdmin;
  readonly metrics: PrometheusMetrics;
  close(): Promise<void>;
}

/**
 * Opens the table that the options name, with the credentials that the AWS SDK finds, or those of the embedded Timestream: the running one if
 * it answers, else its folder.
 *
 * @param makesTable whether a folder that is opened gets the table if it lacks it
 * @throws ConfigError, StartupError
 */
export async function openDestination(flags: Flags, host: Pick<ProgramHost, 'env' | 'log'>, makesTable = true): Promise<Destination> {
  // The command acts for itself: no client sends it a key.
  const parsed = parseConfig({ flags: { ...flags, 'enable-sigv4-auth': 'true' }, env: host.env, defaultsFor: 'server' });
  const logger = createLogger({ enabled: true, level: 'error', format: parsed.logFormat }, host.log);
  const metrics = createPrometheusMetrics(METRIC_CATALOGUE);
  const embedded = parsed.storage === 'embedded' ? await openEmbedded(parsed, logger, makesTable) : undefined;
  const config = { ...parsed, ...embedded?.endpoints };
  const credentials: Credentials = embedded === undefined ? { kind: 'server' } : { kind: 'static', ...embedded.key };
  const openStorage = openAwsStorage(config, { logger, metrics: metrics.sink });
  const connector = createConnector({ config, openStorage: () => openStorage(credentials), logger, metrics: metrics.sink });
  const storage = openStorage(credentials);
  const admin = openTableAdmin(config, { logger })(credentials);
  const table = `${config.defaultDatabase}.${config.defaultTable}`;
  return {
    config,
    description:
      embedded === undefined
        ? `${table} in Amazon Timestream, ${config.region}`
        : `${table} in the embedded Timestream, ${config.embeddedDataDir}`,
    connector,
    storage,
    credentials,
    admin,
    metrics,
    async close() {
      await connector.close();
      storage.close();
      admin.close();
      await embedded?.close();
    },
  };
}

/**
 * Works at the table that the options name, and closes it. What Timestream or the network refuses is one line, and exit code 1; anything else is
 * a defect, and thrown.
 */
export async function workAtDestination(
  flags: Flags,
  host: Pick<ProgramHost, 'env' | 'log' | 'writeErr'>,
  work: (destination: Destination) => Promise<number>,
  makesTable = true,
): Promise<number> {
  const destination = await openDestination(flags, host, makesTable);
  try {
    return await work(destination);
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    host.writeErr(failureLine(error));
    return 1;
  } finally {
    await destination.close();
  }
}

async function openEmbedded(
  config: Config,
  logger: Parameters<typeof startEmbeddedStorage>[1],
  makesTable: boolean,
): Promise<Pick<Awaited<ReturnType<typeof startEmbeddedStorage>>, 'endpoints' | 'key' | 'close'>> {
  const { host = '127.0.0.1', port } = config.embeddedListenAddress;
  if (port !== 0 && (await isListening(host, port))) {
    // One program at a time has the folder; the other one asks it.
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    const key = config.embeddedCredentials[0] ?? loadOrCreateKey(config.embeddedDataDir);
    return { endpoints: { writeBaseEndpoint: url, queryBaseEndpoint: url }, key, close: () => Promise.resolve() };
  }
  return startEmbeddedStorage({ ...config, embeddedListenAddress: { host: '127.0.0.1', port: 0 } }, logger, makesTable);
}

function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
