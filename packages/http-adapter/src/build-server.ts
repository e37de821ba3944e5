import { randomUUID } from 'node:crypto';
import { METHODS } from 'node:http';
import type { Socket } from 'node:net';
import { ConnectorError, type Config, type Connector } from '@timestream-prometheus/connector';
import {
  LogController,
  fastify,
  type ConnectionError,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RouteHandlerMethod,
} from 'fastify';
import { ConnectionDoor } from './connection-door.js';
import { connectorRequestFrom, pageRequestFrom } from './connector-request.js';
import { HandshakeDoor } from './handshake-door.js';
import type { MetricsPage } from './prometheus-metrics.js';
import { sendConnectorResponse } from './send-connector-response.js';
import { addStatusRoutes, type StatusPage } from './status-routes.js';
import type { TlsSettings } from './tls-settings.js';

export interface ServerOptions {
  readonly connector: Connector;
  readonly config: Pick<Config, 'webTelemetryPath'>;
  readonly metrics: MetricsPage;
  readonly logger: FastifyBaseLogger;
  /** Undefined: no page, and `/` is a path like any other. */
  readonly statusPage?: StatusPage;
  /** How long a client may take nothing of an answer that is ready. Default: 60 s. */
  readonly writeIdleTimeoutMs?: number;
  /** Serve HTTPS. */
  readonly tls?: TlsSettings;
}

/** Time for a client to send its headers, and for a whole request to arrive, in ms: a slow sender cannot hold a connection for ever. */
const headersTimeoutMs = 20_000;
const requestTimeoutMs = 60_000;
/** How often Node looks for clients that are over their time; its default of 30 s would more than double both. */
const serverOptions = { connectionsCheckingInterval: 5_000 };
/**
 * No route has a schema, and no answer is made by one. Fastify would load compilers for both all the same, ajv and fast-json-stringify, a fifth of
 * all code that the server loads. A route with a schema finds out when it is added.
 */
const schemaController = {
  compilersFactory: { buildValidator: refuseSchema, buildSerializer: refuseSchema },
};

function refuseSchema(): never {
  throw new TypeError('this server has no compiler for schemas of routes');
}

/** Longer than the idle timeout of common proxies (60 s), so that they and not we close a connection first and no request is lost. */
const keepAliveTimeoutMs = 75_000;
/**
 * Open connections; more are refused. Prometheus opens one for each of its shards, at most 50 by default. As many may wait to be taken: a
 * connection for which the system has no place is asked for again by the client after 1, 3, 7, 15 seconds, and a health check with it.
 */
export const MAX_CONNECTIONS = 4096;

/** Request ids that are taken over from the client or its proxy; they end up in the log. */
const requestIdPattern = /^[\w.:=+/@-]{1,128}$/;

function requestIdOf(request: { readonly headers: Readonly<Record<string, string | string[] | undefined>> }): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && requestIdPattern.test(given) ? given : randomUUID();
}

/**
 * What Node could not make a request of. A request that took too long gets no 408, which Prometheus takes for final: it may be us who were busy. Its
 * sender finds the connection closed and sends again.
 */
function endBrokenConnection(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || error.code === 'ERR_HTTP_REQUEST_TIMEOUT' || !socket.writable) socket.destroy();
  else endWithStatus(socket, error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request');
}

function endWithStatus(socket: Socket, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
}

/** Node takes the first of two, and what stands before us may have taken the other. They are to be refused (RFC 9112, section 3.2). */
function hasSeveralHosts(rawHeaders: readonly string[]): boolean {
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host').length > 1;
}

/** The connector as an HTTP server, not yet listening. Closing it waits for the requests in flight, not for the connector. */
export function buildServer(options: ServerOptions): FastifyInstance {
  const { connector, config, metrics, logger, statusPage, writeIdleTimeoutMs = 60_000, tls } = options;
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
    schemaController,
    clientErrorHandler: endBrokenConnection,
    // A path that is no path has no route: the connector says so in its own words.
    frameworkErrors: (_error, request, reply) => void handle(request as FastifyRequest, reply as unknown as FastifyReply),
    ...(tls === undefined ? { http: serverOptions } : { https: { ...serverOptions, ...tls } }),
  });
  app.server.headersTimeout = headersTimeoutMs;
  app.server.maxConnections = MAX_CONNECTIONS;
  const door = new ConnectionDoor({
    server: app.server,
    event: tls === undefined ? 'connection' : 'secureConnection',
    silenceTimeoutMs: headersTimeoutMs,
  });
  const handshakeDoor = tls === undefined ? undefined : new HandshakeDoor(app.server);
  app.addHook('preClose', (done) => {
    handshakeDoor?.close();
    door.close();
    done();
  });
  // With TLS this is the connection itself, too: it comes before its handshake.
  app.server.on('connection', () => connector.noteConnection());

  // The connector judges methods and content types, in its own words: Fastify must have no opinion about either.
  for (const method of METHODS) {
    if (method !== 'CONNECT' && !app.supportedMethods.includes(method)) app.addHttpMethod(method, { hasBody: true });
  }
  app.addHook('onRequest', (request, reply, done) => {
    if (hasSeveralHosts(request.raw.rawHeaders)) {
      reply.hijack();
      endWithStatus(request.raw.socket, '400 Bad Request');
      return;
    }
    request.raw.headers['content-type'] = 'application/octet-stream';
    done();
  });
  // The connector reads the body, once it has accepted the headers.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));

  // What can be said of a request, the connector has said: what comes here is a defect.
  app.setErrorHandler((error, request, reply) => {
    const defect = new ConnectorError('internal', 'an unexpected error, see the log of the connector', { cause: error });
    return sendConnectorResponse(connector.refuse(defect, { 'x-request-id': request.id }), request, reply, writeIdleTimeoutMs);
  });

  async function handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const gone = new AbortController();
    const sent = new Promise<void>((resolve) => {
      reply.raw.once('close', () => {
        if (!reply.raw.writableFinished) gone.abort();
        resolve();
      });
    });
    const response = await connector.handle(connectorRequestFrom(request, { signal: gone.signal, sent }));
    return sendConnectorResponse(response, request, reply, writeIdleTimeoutMs);
  }

  /** A page of our own, for those whom the connector lets through. */
  function guarded(handler: RouteHandlerMethod): RouteHandlerMethod {
    return async function (this: FastifyInstance, request, reply) {
      // Fastify has decoded the path. Whatever lets paths through before us compares them as they stand, and so does the connector.
      if (pageRequestFrom(request).path !== request.routeOptions.url) return handle(request, reply);
      const refusal = await connector.admit(pageRequestFrom(request));
      if (refusal === undefined) return handler.call(this, request, reply);
      return sendConnectorResponse(refusal, request, reply, writeIdleTimeoutMs);
    };
  }

  app.route({
    method: ['GET', 'HEAD'],
    url: config.webTelemetryPath,
    handler: guarded(async (_request, reply) => reply.type(metrics.contentType).send(await metrics.render())),
  });
  if (statusPage !== undefined) addStatusRoutes(app, statusPage, guarded);
  app.all('*', handle);
  return app;
}
