import { randomBytes } from 'node:crypto';

/** An HTTP request as it reached the gateway. */
export interface GatewayMessage {
  readonly method: string;
  /** Path and query as they stand in the request line. */
  readonly target: string;
  /** Names and values in turn, as `IncomingMessage.rawHeaders` has them. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly receivedAtMs: number;
}

export interface MatchedRoute {
  /** `POST /write` or `$default`. */
  readonly routeKey: string;
  readonly stage: string;
  /** What stood for `{path+}` in the route. */
  readonly pathParameters?: Readonly<Record<string, string>>;
}

/** Header names in lower case, several values of one name joined by commas ("payload format 2.0", API Gateway guide). */
export function headersOf(rawHeaders: readonly string[]): Record<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return Object.fromEntries(headers);
}

/** The event that an HTTP API hands to a Lambda function: "Create AWS Lambda proxy integrations for HTTP APIs", payload format 2.0. */
export function httpApiEvent(message: GatewayMessage, { routeKey, stage, pathParameters }: MatchedRoute) {
  const { method, target, rawHeaders, body, sourceIp, receivedAtMs } = message;
  const [path = '/', query = ''] = target.split('?', 2);
  const headers = headersOf(rawHeaders);
  const isText = isTextual(headers);
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: query,
    ...(pathParameters !== undefined && { pathParameters }),
    headers: { ...headers, 'x-forwarded-for': sourceIp, 'x-forwarded-proto': 'https', 'x-forwarded-port': '443' },
    requestContext: {
      accountId: '123456789012',
      apiId: 'a1b2c3d4e5',
      domainName: 'a1b2c3d4e5.execute-api.us-east-1.amazonaws.com',
      domainPrefix: 'a1b2c3d4e5',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp, userAgent: headers['user-agent'] ?? '' },
      requestId: randomBytes(12).toString('base64'),
      routeKey,
      stage,
      time: new Date(receivedAtMs).toUTCString(),
      timeEpoch: receivedAtMs,
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** Text travels as text, everything else, and all that is compressed, as base64. */
function isTextual(headers: Readonly<Record<string, string>>): boolean {
  const isCompressed = (headers['content-encoding'] ?? 'identity') !== 'identity';
  return !isCompressed && /^(text\/|application\/(json|javascript|xml)\b)/.test(headers['content-type'] ?? '');
}
