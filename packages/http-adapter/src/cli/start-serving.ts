import { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import {
  METRIC_CATALOGUE,
  createConnector,
  destinationsOfUsers,
  openAwsStorage,
  type Config,
  type ListenAddress,
  type StaticKey,
  type UserDirectory,
} from '@timestream-prometheus/connector';
import type { FastifyInstance } from 'fastify';
import type { DestinationStream, Logger } from 'pino';
import { readErrorMeanings, readPageAssets, type StatusAnswer } from '@timestream-prometheus/status-page';
import { buildServer, MAX_CONNECTIONS } from '../build-server.js';
import { loadNativeSnappy } from '../native-snappy.js';
import { createLogger } from '../logger.js';
import { MetricsHistory } from '../metrics-history.js';
import { createPrometheusMetrics } from '../prometheus-metrics.js';
import type { StatusPage } from '../status-routes.js';
import { startBackgroundWork } from './background-work.js';
import { prometheusConfigText, renderBanner } from './banner.js';
import { writeWorkersOf } from './write-workers.js';
import { packageVersion } from './package-version.js';
import { startEmbeddedStorage, type EmbeddedStorage } from './embedded-storage.js';
import { exposureWarning } from './exposure-warning.js';
import { listenUrl } from './listen-url.js';
import { readTls } from './read-tls.js';
import { watchTls } from './watch-tls.js';
import { loadUsers } from './users-file.js';
import { errnoOf, listenError } from './startup-error.js';

export interface ServeOutput {
  /** The banner, on standard output. */
  writeOut(text: string): void;
  /** The log, on standard error. */
  readonly log: DestinationStream;
}

export interface ServingConnector {
  readonly url: string;
  readonly logger: Logger;
  /** Takes no more connections, answers what is in flight for at most `graceMs`, then closes the storage. Never rejects. */
  stop(graceMs: number): Promise<void>;
}

/** For what is left when no client is connected any more. */
const closeTimeoutMs = 4_000;

/** How often a server that stops looks for connections whose last answer has left. */
const idleCheckIntervalMs = 100;

const listenTextResolver = (address: string): string => `listening at ${address}`;

async function listen(app: FastifyInstance, address: ListenAddress): Promise<AddressInfo> {
  const { host, port } = address;
  // Node's own 511 are fewer than the senders that may come back at once after an outage.
  const options = { port, backlog: MAX_CONNECTIONS, listenTextResolver };
  try {
    // `::` takes IPv4 too, as Go's listener without a host does; a machine without IPv6 has only 0.0.0.0.
    await app.listen({ ...options, host: host ?? '::' }).catch(async (error: unknown) => {
      const hasNoIpv6 = host === undefined && errnoOf(error) === 'EAFNOSUPPORT';
      if (!hasNoIpv6) throw error;
      await app.listen({ ...options, host: '0.0.0.0' });
    });
  } catch (error) {
    throw listenError(error, 'web.listen-address', address);
  }
  return app.server.address() as AddressInfo;
}

/** Resolves with true if `work` ends in time. Whatever the outcome, no timer stays behind. */
async function endsWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const inTime = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}

/** Without its page a connector is still a connector. */
function readPage(
  logger: Logger,
): { readonly assets: StatusPage['assets']; readonly meanings: Readonly<Record<string, string>> } | undefined {
  try {
    return { assets: readPageAssets(), meanings: readErrorMeanings() };
  } catch (error) {
    logger.warn({ err: error }, 'there is no status page: its files were not built');
    return undefined;
  }
}

function basicAuthorization({ accessKeyId, secretAccessKey }: StaticKey): string {
  return `Basic ${Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString('base64')}`;
}

/**
 * Wires storage, connector and server together, listens, and prints the banner.
 *
 * @throws StartupError, with everything that was started already stopped again
 */
export async function startServing(config: Config, output: ServeOutput): Promise<ServingConnector> {
  const tls = readTls(config);
  const logger = createLogger({ enabled: config.enableLogging, level: config.logLevel, format: config.logFormat }, output.log);
  const metrics = createPrometheusMetrics(METRIC_CATALOGUE);
  let embedded: EmbeddedStorage | undefined;
  /** A Timestream on this machine has the tables that somebody makes, and nobody else is there to do it. */
  async function createTablesOf(users: UserDirectory): Promise<void> {
    const defaults = { database: config.defaultDatabase, table: config.defaultTable };
    await embedded?.createTables(destinationsOfUsers(users.users, defaults));
  }
  const users =
    config.usersFile === ''
      ? undefined
      : loadUsers({
          file: config.usersFile,
          logger,
          metrics: metrics.sink,
          onChange: (changed) => {
            createTablesOf(changed).catch((error: unknown) => logger.error({ err: error }, 'the tables of the users could not be made'));
          },
        });
  try {
    if (config.storage === 'embedded') embedded = await startEmbeddedStorage(config, logger);
    if (users !== undefined) await createTablesOf(users.current());
  } catch (error) {
    users?.stop();
    await embedded?.close();
    throw error;
  }
  const openStorage = openAwsStorage({ ...config, ...embedded?.endpoints }, { logger, metrics: metrics.sink });
  const connector = createConnector({
    config,
    users: users?.current,
    openStorage: embedded === undefined ? openStorage : embedded.authorize(openStorage),
    logger,
    metrics: metrics.sink,
    uncompressSnappy: await loadNativeSnappy(),
    writeWorkers: writeWorkersOf(config),
  });
  const version = packageVersion();
  const startedMs = Date.now();
  const page = config.webStatusPage ? readPage(logger) : undefined;
  const history = new MetricsHistory(
    () => metrics.collect(),
    (code) => page?.meanings[code] ?? '',
  );
  let url = '';
  const answerStatus = (): StatusAnswer => ({
    version,
    nowMs: Date.now(),
    startedMs,
    storage: config.storage,
    region: config.region,
    database: config.defaultDatabase,
    table: config.defaultTable,
    tableLayout: config.tableLayout,
    authentication: config.usersFile !== '' ? 'users' : config.enableSigV4Auth ? 'server' : 'access-key',
    selfScrape: config.selfScrape,
    metricsPath: config.webTelemetryPath,
    prometheusConfig: prometheusConfigText({ url, config, embedded: undefined }),
    history: history.history(),
    errors: history.errors(),
  });
  const app = buildServer({
    connector,
    config,
    metrics,
    logger,
    ...(page === undefined ? {} : { statusPage: { assets: page.assets, answer: answerStatus } }),
    ...(tls === undefined ? {} : { tls }),
  });
  const { server } = app;
  const stopWatchingTls =
    server instanceof HttpsServer
      ? watchTls({ config, logger, metrics: metrics.sink, onChange: (changed) => server.setSecureContext({ ...changed }) })
      : (): void => undefined;
  let stopBackgroundWork = (): void => undefined;

  async function stop(graceMs: number): Promise<void> {
    users?.stop();
    stopWatchingTls();
    stopBackgroundWork();
    const answered = app.close();
    // Closing ends the connections that are idle now. One whose streamed answer had begun was never told that it ends, and would be kept for the next
    // request: until the end of the grace period.
    const closingIdle = setInterval(() => app.server.closeIdleConnections(), idleCheckIntervalMs);
    if (!(await endsWithin(answered, graceMs))) {
      logger.warn({ graceMs }, 'requests still in flight at the end of the grace period are broken off');
      app.server.closeAllConnections();
      await answered;
    }
    clearInterval(closingIdle);
    // Broken connections abort their requests, so this takes no time; if it does, the storage is closed under them.
    if (!(await endsWithin(connector.close(), closeTimeoutMs))) logger.warn({ closeTimeoutMs }, 'requests that do not end are left behind');
    await embedded?.close();
  }

  try {
    url = listenUrl(await listen(app, config.webListenAddress), tls === undefined ? 'http' : 'https');
    const authorization =
      config.enableSigV4Auth || config.usersFile !== '' || embedded === undefined ? undefined : basicAuthorization(embedded.key);
    stopBackgroundWork = startBackgroundWork({ config, connector, metrics, history, authorization, url, logger });
    output.writeOut(renderBanner({ version, url, config, embedded }));
    logger.info({ version, storage: config.storage }, 'the connector is ready');
    const warning = exposureWarning(config, tls !== undefined);
    if (warning !== undefined) logger.warn({}, warning);
    return { url, logger, stop };
  } catch (error) {
    await stop(0);
    throw error;
  }
}
