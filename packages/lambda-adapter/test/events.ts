/** Events as the integrations send them: their documented shapes, with values of our own. */

export interface HttpMessage {
  readonly method: string;
  readonly path: string;
  /** As it stands in the address, without the question mark. */
  readonly query?: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

export interface EventShape {
  readonly name: string;
  readonly kind: 'http-api' | 'function-url' | 'rest-api' | 'alb';
  event(message: HttpMessage): Readonly<Record<string, unknown>>;
}

function bodyOf(body: Uint8Array) {
  return body.length === 0 ? {} : { body: Buffer.from(body).toString('base64') };
}

/** One value for each name, as gateways join or overwrite them. */
function joined(headers: HttpMessage['headers']): Record<string, string> {
  return Object.fromEntries(headers);
}

function multi(headers: HttpMessage['headers']): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of headers) values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries(values);
}

type Pairs = readonly (readonly [name: string, value: string])[];

/** A REST API decodes names and values, a load balancer hands them over as they stand in the address. */
function decodedPairs(query: string): Pairs {
  return [...new URLSearchParams(query)];
}

function encodedPairs(query: string): Pairs {
  const pairs = query.split('&').filter((pair) => pair !== '');
  return pairs.map((pair) => [pair.split('=', 1)[0] ?? '', pair.slice(pair.indexOf('=') + 1)]);
}

function queryValues(pairs: Pairs): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries(values);
}

function payloadV2(message: HttpMessage, place: { rawPath: string; routeKey: string; stage: string; domainName: string; proxy?: string }) {
  return {
    version: '2.0',
    routeKey: place.routeKey,
    rawPath: place.rawPath,
    rawQueryString: message.query ?? '',
    headers: Object.fromEntries(message.headers.map(([name, value]) => [name.toLowerCase(), value])),
    ...(place.proxy === undefined ? {} : { pathParameters: { proxy: place.proxy } }),
    requestContext: {
      accountId: '123456789012',
      apiId: 'a1b2c3d4e5',
      domainName: place.domainName,
      domainPrefix: place.domainName.split('.')[0],
      http: {
        method: message.method,
        path: place.rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: '198.51.100.7',
        userAgent: 'Prometheus/2.42.0',
      },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey: place.routeKey,
      stage: place.stage,
      time: '22/Nov/2026:16:00:00 +0000',
      timeEpoch: 1_795_363_200_000,
    },
    ...bodyOf(message.body),
    isBase64Encoded: message.body.length > 0,
  };
}

function payloadV1(message: HttpMessage, place: { path: string; resource: string; stage: string; proxy?: string }) {
  return {
    resource: place.resource,
    path: place.path,
    httpMethod: message.method,
    headers: joined(message.headers),
    multiValueHeaders: multi(message.headers),
    queryStringParameters: message.query === undefined ? null : Object.fromEntries(new URLSearchParams(message.query)),
    multiValueQueryStringParameters: message.query === undefined ? null : queryValues(decodedPairs(message.query)),
    pathParameters: place.proxy === undefined ? null : { proxy: place.proxy },
    stageVariables: null,
    requestContext: {
      resourceId: 'xq3zut',
      resourcePath: place.resource,
      httpMethod: message.method,
      extendedRequestId: 'JKJa-FJIvHcESRQ=',
      path: `/${place.stage}${place.path}`,
      accountId: '123456789012',
      protocol: 'HTTP/1.1',
      stage: place.stage,
      requestTimeEpoch: 1_795_363_200_000,
      requestId: 'b6a9c0f1-5a3e-4f63-8d7e-1f0a9a3b0c55',
      identity: { sourceIp: '198.51.100.7', userAgent: 'Prometheus/2.42.0' },
    },
    body: message.body.length === 0 ? null : Buffer.from(message.body).toString('base64'),
    isBase64Encoded: message.body.length > 0,
  };
}

const executeApi = 'a1b2c3d4e5.execute-api.us-east-1.amazonaws.com';

export const eventShapes: readonly EventShape[] = [
  {
    name: 'HTTP API, static route, named stage',
    kind: 'http-api',
    event: (message) =>
      payloadV2(message, {
        rawPath: `/dev${message.path}`,
        routeKey: `${message.method} ${message.path}`,
        stage: 'dev',
        domainName: executeApi,
      }),
  },
  {
    name: 'HTTP API, $default route and $default stage',
    kind: 'http-api',
    event: (message) => payloadV2(message, { rawPath: message.path, routeKey: '$default', stage: '$default', domainName: executeApi }),
  },
  {
    name: 'HTTP API, $default route, named stage',
    kind: 'http-api',
    event: (message) =>
      payloadV2(message, { rawPath: `/prod${message.path}`, routeKey: '$default', stage: 'prod', domainName: executeApi }),
  },
  {
    name: 'HTTP API, greedy route on a custom domain with a base path',
    kind: 'http-api',
    event: (message) =>
      payloadV2(message, {
        rawPath: `/metrics/v1${message.path}`,
        routeKey: 'ANY /{proxy+}',
        stage: 'prod',
        domainName: 'prometheus.example.com',
        proxy: message.path.slice(1),
      }),
  },
  {
    name: 'HTTP API, static route on a custom domain with a base path',
    kind: 'http-api',
    event: (message) =>
      payloadV2(message, {
        rawPath: `/metrics${message.path}`,
        routeKey: `${message.method} ${message.path}`,
        stage: 'prod',
        domainName: 'prometheus.example.com',
      }),
  },
  {
    name: 'HTTP API with payload format 1.0',
    kind: 'rest-api',
    event: (message) => ({
      version: '1.0',
      ...payloadV1(message, { path: `/dev${message.path}`, resource: '$default', stage: 'dev' }),
    }),
  },
  {
    name: 'Function URL',
    kind: 'function-url',
    event: (message) =>
      payloadV2(message, {
        rawPath: message.path,
        routeKey: '$default',
        stage: '$default',
        domainName: 'abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws',
      }),
  },
  {
    name: 'REST API, static resource',
    kind: 'rest-api',
    event: (message) => payloadV1(message, { path: message.path, resource: message.path, stage: 'prod' }),
  },
  {
    name: 'REST API, greedy resource on a custom domain with a base path',
    kind: 'rest-api',
    event: (message) =>
      payloadV1(message, { path: `/metrics${message.path}`, resource: '/{proxy+}', stage: 'prod', proxy: message.path.slice(1) }),
  },
  {
    name: 'load balancer, single-value headers',
    kind: 'alb',
    event: (message) => ({
      requestContext: {
        elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/prometheus/0123456789abcdef' },
      },
      httpMethod: message.method,
      path: message.path,
      queryStringParameters: Object.fromEntries(encodedPairs(message.query ?? '')),
      headers: joined(message.headers),
      body: Buffer.from(message.body).toString('base64'),
      isBase64Encoded: message.body.length > 0,
    }),
  },
  {
    name: 'load balancer, multi-value headers',
    kind: 'alb',
    event: (message) => ({
      requestContext: {
        elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/prometheus/0123456789abcdef' },
      },
      httpMethod: message.method,
      path: message.path,
      multiValueQueryStringParameters: queryValues(encodedPairs(message.query ?? '')),
      multiValueHeaders: multi(message.headers),
      body: Buffer.from(message.body).toString('base64'),
      isBase64Encoded: message.body.length > 0,
    }),
  },
];

export function eventShapeOf(name: string): EventShape {
  const shape = eventShapes.find((candidate) => candidate.name === name);
  if (shape === undefined) throw new Error(`no such event shape: ${name}`);
  return shape;
}
