import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isAuthorised, type ApiCaller } from './execute-api-signature.js';
import { httpApiEvent, type GatewayMessage } from './http-api-event.js';
import type { InvokeAnswer } from './lambda-function.js';
import { createTokenBucket } from './token-bucket.js';

/** "Payload size: 10 MB", HTTP API quotas. */
export const MAX_PAYLOAD_BYTES = 10 * 1024 * 1024;
/** "Total combined size of request line and header values: 10240 bytes", HTTP API quotas. */
export const MAX_HEADER_BYTES = 10_240;

export interface HttpApiRoute {
  /** `POST /write` or `$default`. */
  readonly routeKey: string;
  readonly isIamAuthorised: boolean;
  readonly ratePerSecond: number;
  readonly burst: number;
}

export interface HttpApiOptions {
  readonly stage: string;
  readonly routes: readonly HttpApiRoute[];
  readonly region: string;
  readonly callers: readonly ApiCaller[];
  /** 30 s at most at API Gateway. */
  readonly integrationTimeoutMs: number;
  readonly invoke: (event: unknown) => Promise<InvokeAnswer>;
}

export interface HttpApi {
  readonly url: string;
  /** The largest body that reached the function. */
  largestBodyBytes(): number;
  /** How many answers were given with this status. */
  answered(status: number): number;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** An API Gateway HTTP API on loopback: its routes, limits, throttling, IAM authorization and error texts in front of a function. */
export async function startHttpApi(options: HttpApiOptions): Promise<HttpApi> {
  const routes = new Map(options.routes.map((route) => [route.routeKey, { ...route, takeToken: createTokenBucket(route) }]));
  const answersByStatus = new Map<number, number>();
  let largestBodyBytes = 0;

  /** A route with this very path, else one with a greedy parameter, else the default: "Routing API requests", API Gateway guide. */
  function matchRoute(methodAndPath: string) {
    const exact = routes.get(methodAndPath);
    if (exact !== undefined) return { route: exact, pathParameters: undefined };
    for (const route of routes.values()) {
      const [, begin, name] = /^(.*\/)\{(\w+)\+\}$/.exec(route.routeKey) ?? [];
      if (begin !== undefined && name !== undefined && methodAndPath.startsWith(begin) && methodAndPath.length > begin.length)
        return { route, pathParameters: { [name]: methodAndPath.slice(begin.length) } };
    }
    return { route: routes.get('$default'), pathParameters: undefined };
  }

  async function answer(request: IncomingMessage): Promise<Answer> {
    const receivedAtMs = Date.now();
    const { method = '', url: target = '/', rawHeaders } = request;
    const headerBytes = rawHeaders.reduce(
      (sum, text, index) => sum + (index % 2 === 1 ? Buffer.byteLength(text) : 0),
      method.length + target.length,
    );
    if (headerBytes > MAX_HEADER_BYTES) return gatewayAnswer(431, 'Request Header Fields Too Large');
    const path = target.split('?', 1)[0] ?? '';
    const prefix = `/${options.stage}/`;
    const { route, pathParameters } = path.startsWith(prefix)
      ? matchRoute(`${method} ${path.slice(prefix.length - 1)}`)
      : { route: undefined, pathParameters: undefined };
    const body = await readBody(request, MAX_PAYLOAD_BYTES);
    if (body === undefined) return gatewayAnswer(413, 'Request Entity Too Large');
    if (route === undefined) return gatewayAnswer(404, 'Not Found');
    const message: GatewayMessage = { method, target, rawHeaders, body, sourceIp: request.socket.remoteAddress ?? '', receivedAtMs };
    if (route.isIamAuthorised && !(await isAuthorised(message, route.routeKey, options.callers, options.region)))
      return gatewayAnswer(403, 'Forbidden');
    if (!route.takeToken()) return gatewayAnswer(429, 'Too Many Requests');
    largestBodyBytes = Math.max(largestBodyBytes, body.length);
    const { routeKey } = route;
    return integrate(httpApiEvent(message, { routeKey, stage: options.stage, ...(pathParameters && { pathParameters }) }), options);
  }

  const server = createServer({ maxHeaderSize: 4 * MAX_HEADER_BYTES }, (request, response) => {
    void answer(request).then(
      (given) => {
        answersByStatus.set(given.status, (answersByStatus.get(given.status) ?? 0) + 1);
        send(response, given);
      },
      () => response.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    largestBodyBytes: () => largestBodyBytes,
    answered: (status) => answersByStatus.get(status) ?? 0,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function integrate(event: unknown, { invoke, integrationTimeoutMs }: HttpApiOptions): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), integrationTimeoutMs)));
  const invoked = await Promise.race([invoke(event), timedOut]);
  clearTimeout(timer);
  if (invoked === undefined || invoked.kind === 'throttled') return gatewayAnswer(503, 'Service Unavailable');
  if (invoked.kind === 'request-too-large') return gatewayAnswer(413, 'Request Too Long');
  return (invoked.kind === 'result' ? answerOf(invoked.payload) : undefined) ?? gatewayAnswer(500, 'Internal Server Error');
}

/** A function's result as an HTTP answer; undefined for what is no result in payload format 2.0. */
function answerOf(payload: Buffer): Answer | undefined {
  const result = JSON.parse(payload.toString('utf8')) as {
    readonly statusCode?: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly isBase64Encoded?: boolean;
  } | null;
  if (typeof result?.statusCode !== 'number') return undefined;
  return {
    status: result.statusCode,
    headers: result.headers ?? {},
    body: Buffer.from(result.body ?? '', result.isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

function gatewayAnswer(status: number, message: string): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify({ message })) };
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, {
    ...headers,
    'apigw-requestid': 'JKJaXmPLvHcESHA=',
    ...(status === 204 ? {} : { 'content-length': body.length }),
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** The body, read to its end; undefined when it is longer, so that the sender sees the answer and not a broken connection. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    sizeBytes += part.length;
    if (sizeBytes <= maxBytes) parts.push(part);
  }
  return sizeBytes > maxBytes ? undefined : Buffer.concat(parts);
}
