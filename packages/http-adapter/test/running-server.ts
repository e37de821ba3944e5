import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Connector, ConnectorRequest, ConnectorResponse } from '@timestream-prometheus/connector';
import type { FastifyInstance } from 'fastify';
import { buildServer, createLogger, createPrometheusMetrics, type ServerOptions } from '../src/index.js';

export const silentLogger = createLogger({ enabled: false, level: 'info', format: 'logfmt' }, { write: () => undefined });

/** A request that the connector was given, with its body, or why the body could not be read. */
export interface SeenRequest extends ConnectorRequest {
  readonly body: Uint8Array;
  readonly bodyError: unknown;
}

/** The most that the connector of a test takes of a body. */
export const MAX_BODY_BYTES = 1024;

/** A connector that reads the body, answers as the test says and keeps what it was asked: the seam's other side, in memory. */
export function scriptedConnector(answer: (request: SeenRequest) => Promise<ConnectorResponse> | ConnectorResponse): {
  readonly connector: Connector;
  readonly requests: SeenRequest[];
} {
  const requests: SeenRequest[] = [];
  return {
    requests,
    connector: {
      handle: async (request) => {
        let body = new Uint8Array();
        let bodyError: unknown;
        try {
          body = new Uint8Array(await request.readBody(MAX_BODY_BYTES, () => undefined));
        } catch (error) {
          bodyError = error;
        }
        const seen = { ...request, body, bodyError };
        requests.push(seen);
        return answer(seen);
      },
      admit: () => Promise.resolve(undefined),
      noteConnection: () => undefined,
      refuse: ({ code, message }) => ({
        status: 500,
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        body: Buffer.from(`${code}: ${message}\n`),
      }),
      close: () => Promise.resolve(),
    },
  };
}

export const noContent = { status: 204, headers: {}, body: new Uint8Array() } as const;

export interface RunningServer {
  readonly app: FastifyInstance;
  readonly port: number;
  readonly requests: readonly SeenRequest[];
}

/** A server on a free port of loopback. Close `app` at the end of the test. */
export async function startServer(
  answer: Parameters<typeof scriptedConnector>[0],
  options: Partial<Omit<ServerOptions, 'connector'>> = {},
): Promise<RunningServer> {
  const { connector, requests } = scriptedConnector(answer);
  const app = buildServer({
    connector,
    config: { webTelemetryPath: '/metrics' },
    metrics: createPrometheusMetrics([]),
    logger: silentLogger,
    ...options,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  return { app, port: (app.server.address() as AddressInfo).port, requests };
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface RawRequest {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Uint8Array;
}

/** One request by Node's own client, which sends what it is told and reports a broken answer as an error. */
export function send(port: number, { path = '/write', method = 'POST', headers = {}, body }: RawRequest = {}): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    request.on('error', reject);
    request.end(body);
  });
}
