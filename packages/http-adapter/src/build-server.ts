import { randomUUID } from 'node:crypto';
import { METHODS, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Config, Connector } from '@timestream-prometheus/connector';
import { LogController, fastify, type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { BodiesOverLimitError, createBodyReader, type BodyHold } from './body-reader.js';
import { connectorRequestFrom } from './connector-request.js';
import type { MetricsPage } from './prometheus-metrics.js';
import { sendConnectorResponse } from './send-connector-response.js';

export interface ServerOptions {
  readonly connector: Connector;
  readonly config: Pick<Config, 'maxBodyBytes' | 'webTelemetryPath'>;
  readonly metrics: MetricsPage;
  readonly logger: FastifyBaseLogger;
  /** Where the connector's routes begin, e.g. `/timestream` behind a proxy that keeps the path. Default: at the root. */
  readonly basePath?: string;
  /** PEM text: serve HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Time for a client to send its headers, and for a whole request to arrive, in ms: a slow sender cannot hold a connection for ever. */
const headersTimeoutMs = 20_000;
const requestTimeoutMs = 60_000;
/** How often Node looks for clients that are over their time; its default of 30 s would more than double both. */
const serverOptions = { connectionsCheckingInterval: 5_000 };
/** Longer than the idle timeout of common proxies (60 s), so that they and not we close a connection first and no request is lost. */
const keepAliveTimeoutMs = 75_000;
/** Open connections; more are refused. Prometheus opens one for each of its shards, at most 50 by default. */
const maxConnections = 4096;

/** Bodies held at the same time, in largest bodies. A body of Prometheus is seldom over 1 MB: this is for whoever sends the largest. */
const maxHeldBodies = 16;

/** Request ids that are taken over from the client or its proxy; they end up in the log. */
const requestIdPattern = /^[\w.:=+/@-]{1,128}$/;

function requestIdOf(request: { readonly headers: Readonly<Record<string, string | string[] | undefined>> }): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && requestIdPattern.test(given) ? given : randomUUID();
}

/** The connector as an HTTP server, not yet listening. Closing it waits for the requests in flight, not for the connector. */
export function buildServer({ connector, config, metrics, logger, basePath = '', tls }: ServerOptions): FastifyInstance {
  const app = fastify({
    loggerInstance: logger,
    // The connector logs each failed request once; two lines for every request would bury them.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: requestIdOf,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    // While we stop, requests on connections that are still open are answered as ever, and told that the connection ends.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    // A path that is no path has no route: the connector says so in its own words.
    frameworkErrors: (_error, request, reply) => void handle(request as FastifyRequest, reply as unknown as FastifyReply),
    ...(tls === undefined ? { http: serverOptions } : { https: { ...serverOptions, cert: tls.cert, key: tls.key } }),
  });
  app.server.headersTimeout = headersTimeoutMs;
  app.server.maxConnections = maxConnections;

  // The connector judges methods and content types, in its own words: Fastify must have no opinion about either.
  for (const method of METHODS) {
    if (method !== 'CONNECT' && !app.supportedMethods.includes(method)) app.addHttpMethod(method, { hasBody: true });
  }
  const holdBody = createBodyReader({ maxBodyBytes: config.maxBodyBytes, maxHeldBytes: maxHeldBodies * config.maxBodyBytes });
  const bodyHolds = new WeakMap<IncomingMessage, BodyHold>();
  app.addHook('onRequest', (request, reply, done) => {
    request.raw.headers['content-type'] = 'application/octet-stream';
    const hold = holdBody();
    bodyHolds.set(request.raw, hold);
    reply.raw.once('close', () => hold.release());
    done();
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', async (request: FastifyRequest, payload: Readable) => bodyHolds.get(request.raw)?.read(payload));

  // What can be said of a request, the connector has said: here are only clients that left within their body, too many bodies, and defects.
  app.setErrorHandler((error, request, reply) => {
    const isCrowded = error instanceof BodiesOverLimitError;
    if (request.socket.destroyed) request.log.debug({ err: error }, 'the client left before its request was complete');
    else if (isCrowded) request.log.warn({ err: error }, 'request refused');
    else request.log.error({ err: error }, 'a defect of the server: the request failed outside of the connector');
    const text = isCrowded ? `overloaded: ${error.message}, send it again` : 'internal: an unexpected error, see the log of the connector';
    if (isCrowded) reply.header('retry-after', '1');
    return reply
      .code(isCrowded ? 503 : 500)
      .type('text/plain; charset=utf-8')
      .send(`${text}\n`);
  });

  async function handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const gone = new AbortController();
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) gone.abort();
    });
    const response = await connector.handle(connectorRequestFrom(request, basePath, gone.signal));
    return sendConnectorResponse(response, request, reply);
  }

  app.route({
    method: ['GET', 'HEAD'],
    url: config.webTelemetryPath,
    handler: async (_request, reply) => reply.type(metrics.contentType).send(await metrics.render()),
  });
  app.all('*', handle);
  return app;
}
