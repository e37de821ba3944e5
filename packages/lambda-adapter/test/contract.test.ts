import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { environmentNameOf } from '@timestream-prometheus/connector';
import {
  basicAuthorization,
  connectorContract,
  PROTOCOL_HEADERS,
  type ContractRequest,
  type ContractResponse,
  type ContractSubject,
} from '@timestream-prometheus/connector/testing';
import { startEmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLambdaHandlers, type LambdaHandlers, type LambdaResult } from '../src/index.js';
import { eventShapeOf } from './events.js';

const key = { accessKeyId: 'AKIAEXAMPLEACCESSKEY', secretAccessKey: 'example/secret+access/key' };
const context = { awsRequestId: '8c2f7d0a-3f0e-4a52-8f6d-0b7a4d5f9a11', getRemainingTimeInMillis: () => 60_000 };

/** Sends a request as an event of the shape with this name, and reads its answer as the integration would. */
type Invoke = (handlers: LambdaHandlers, event: Readonly<Record<string, unknown>>, opened: Opened[]) => Promise<ContractResponse>;

/** What a stream was opened with. */
interface Opened {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

async function startLambda(
  flags: Readonly<Record<string, string>>,
  shapeName: string,
  invoke: Invoke,
): Promise<ContractSubject & { readonly lines: string[] }> {
  const timestream = await startEmbeddedTimestream({ credentials: [key], create: [{ databaseName: 'metrics', tableName: 'samples' }] });
  const options = {
    'default-database': 'metrics',
    'default-table': 'samples',
    'enable-sigv4-auth': 'false',
    'write-base-endpoint': timestream.url,
    'query-base-endpoint': timestream.url,
    'log.level': 'debug',
    ...flags,
  };
  const env = Object.fromEntries(Object.entries(options).map(([flag, value]) => [environmentNameOf(flag), value]));
  const lines: string[] = [];
  const opened: Opened[] = [];
  const handlers = createLambdaHandlers({ env, writeLine: (line) => lines.push(line) }, (stream, metadata) => {
    opened.push(metadata);
    return stream;
  });
  return {
    key,
    lines,
    faults: timestream.faults,
    send: ({ headers, ...request }: ContractRequest) =>
      invoke(handlers, eventShapeOf(shapeName).event({ ...request, headers: Object.entries(headers) }), opened),
    close: () => timestream.close(),
  };
}

const invokeWhole: Invoke = async ({ handler }, event) => responseFromResult(await handler(event, context));

function responseFromResult({ statusCode, headers, multiValueHeaders, body, isBase64Encoded }: LambdaResult): ContractResponse {
  const single = Object.fromEntries(Object.entries(multiValueHeaders ?? {}).map(([name, values]) => [name, values.join(', ')]));
  return { status: statusCode, headers: headers ?? single, body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') };
}

const invokeStreamed: Invoke = async ({ streamHandler }, event, opened) => {
  const stream = new PassThrough();
  const [body] = await Promise.all([buffer(stream), streamHandler(event, stream, context)]);
  const metadata = opened.pop();
  if (metadata === undefined) throw new Error('the stream was never opened');
  return { status: metadata.statusCode, headers: metadata.headers, body };
};

for (const shape of [
  'HTTP API, static route, named stage',
  'REST API, greedy resource on a custom domain with a base path',
  'load balancer, multi-value headers',
]) {
  connectorContract(`on Lambda (${shape})`, (flags) => startLambda(flags, shape, invokeWhole));
}

connectorContract('on Lambda (Function URL, streamed)', (flags) => startLambda(flags, 'Function URL', invokeStreamed));

describe('what the function writes to its log', () => {
  let lambda: Awaited<ReturnType<typeof startLambda>>;

  beforeAll(async () => {
    lambda = await startLambda({}, 'HTTP API, static route, named stage', invokeWhole);
  });
  afterAll(() => lambda.close());

  it('is JSON, names the invocation, and holds no secret, right or wrong', async () => {
    for (const secretAccessKey of [key.secretAccessKey, 'a/wrong/secret']) {
      const headers = { ...PROTOCOL_HEADERS, authorization: basicAuthorization({ ...key, secretAccessKey }) };
      await lambda.send({ method: 'POST', path: '/write', headers, body: Uint8Array.of(1, 2, 3) });
    }
    const documents = lambda.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(documents.filter((document) => '_aws' in document)).toHaveLength(2);
    expect(documents.filter((document) => !('_aws' in document)).every(({ requestId }) => requestId === context.awsRequestId)).toBe(true);
    const log = lambda.lines.join('\n');
    for (const secret of [key.secretAccessKey, 'a/wrong/secret', basicAuthorization(key).slice('Basic '.length)]) {
      expect(log).not.toContain(secret);
    }
  });
});
