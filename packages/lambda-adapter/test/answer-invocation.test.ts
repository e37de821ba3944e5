import { PassThrough, type Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  BodyTooLargeError,
  ConnectorError,
  createConnector,
  METRICS,
  parseConfig,
  type Connector,
  type ConnectorRequest,
  type ConnectorResponse,
} from '@timestream-prometheus/connector';
import { describe, expect, it } from 'vitest';
import { answerStreamed, answerWhole, type LambdaParts } from '../src/answer-invocation.js';
import { createEmbeddedMetrics } from '../src/embedded-metrics.js';
import { DEADLINE_MARGIN_MS } from '../src/invocation-deadline.js';
import { createJsonLogger } from '../src/json-logger.js';
import { eventShapeOf, type HttpMessage } from './events.js';

const context = { awsRequestId: 'r-1', getRemainingTimeInMillis: () => 60_000 };
const shortContext = { awsRequestId: 'r-1', getRemainingTimeInMillis: () => DEADLINE_MARGIN_MS + 5 };
const read: HttpMessage = { method: 'POST', path: '/read', headers: [], body: Uint8Array.of(1, 2, 3) };
const httpApi = eventShapeOf('HTTP API, static route, named stage');
const functionUrl = eventShapeOf('Function URL');

function partsWith(handle: Connector['handle']) {
  const lines: string[] = [];
  const clock = { nowMs: () => 1_795_363_200_000 };
  const writeLine = (line: string) => lines.push(line);
  const logger = createJsonLogger({ level: 'debug', isEnabled: true, writeLine, clock, requestId: () => 'r-1' });
  const metrics = createEmbeddedMetrics({ namespace: 'Test', writeLine, clock });
  const config = parseConfig({ flags: {}, env: { default_database: 'd', default_table: 't' }, defaultsFor: 'lambda' });
  const openStorage = () => {
    throw new Error('no test here opens a storage');
  };
  const core = createConnector({ config, openStorage, logger, metrics, clock, random: () => 0.5 });
  const parts: LambdaParts = {
    connector: {
      handle,
      admit: (page) => core.admit(page),
      refuse: (error) => core.refuse(error),
      noteConnection: () => undefined,
      close: () => Promise.resolve(),
    },
    timeoutMs: config.timeoutMs,
    logger,
    metrics,
    clock,
  };
  return { parts, logged: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

const answering = (response: ConnectorResponse) => () => Promise.resolve(response);
const never = () => new Promise<never>(() => undefined);
const untilAborted = ({ signal }: ConnectorRequest) =>
  new Promise<ConnectorResponse>((resolve) => {
    signal.addEventListener('abort', () => {
      const { message } = signal.reason as ConnectorError;
      resolve({ status: 503, headers: { 'content-type': 'text/plain', 'retry-after': '2' }, body: Buffer.from(message) });
    });
  });

describe('a buffered invocation', () => {
  it('hands the request to the core and its answer back', async () => {
    const seen: ConnectorRequest[] = [];
    const { parts } = partsWith((request) => {
      seen.push(request);
      return Promise.resolve({ status: 200, headers: { 'content-type': 'application/x-protobuf' }, body: Uint8Array.of(9, 8) });
    });
    const result = await answerWhole(parts, httpApi.event(read), context);
    expect(result).toEqual({ statusCode: 200, headers: { 'content-type': 'application/x-protobuf' }, body: 'CQg=', isBase64Encoded: true });
    expect(seen).toMatchObject([{ method: 'POST', path: '/read', headers: {} }]);
    expect(seen[0]?.contentLength).toBe(3);
    const held: number[] = [];
    expect([...((await seen[0]?.readBody(3, (bytes) => held.push(bytes))) ?? [])]).toEqual([1, 2, 3]);
    expect(held).toEqual([3]);
    await expect(seen[0]?.readBody(2, () => undefined)).rejects.toThrow(BodyTooLargeError);
  });

  it('is given up by the core before the function ends', async () => {
    const { parts } = partsWith(untilAborted);
    const result = await answerWhole(parts, httpApi.event(read), shortContext);
    expect(result).toMatchObject({ statusCode: 503, headers: { 'retry-after': '2' } });
    expect(result.body).toMatch(/did not end within the 5 ms/);
  });

  it('is answered 503 by the edge when the core does not come back', async () => {
    const { parts, logged } = partsWith(never);
    const result = await answerWhole(parts, httpApi.event(read), shortContext);
    expect(result).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' }, isBase64Encoded: false });
    expect(result.body).toMatch(/^deadline-exceeded: /);
    expect(logged()).toContainEqual(expect.objectContaining({ level: 'WARN', code: 'deadline-exceeded' }));
  });

  it('tells the core the most that the integration takes, and asks for an answer in one piece', async () => {
    const seen: (number | undefined)[] = [];
    const { parts } = partsWith(({ maxResponseBytes }) => {
      seen.push(maxResponseBytes);
      return Promise.resolve({ status: 204, headers: {}, body: new Uint8Array() });
    });
    await answerWhole(parts, eventShapeOf('load balancer, single-value headers').event(read), context);
    await answerWhole(parts, httpApi.event(read), context);
    expect(seen).toEqual([783_360, 4_715_520]);
  });

  it('answers an event of no known kind with 500 and a log line that names its fields', async () => {
    const { parts, logged } = partsWith(never);
    const result = await answerWhole(parts, { Records: [] }, context);
    expect(result).toMatchObject({ statusCode: 500, isBase64Encoded: false });
    expect(result.body).toMatch(/the event is none of these/);
    expect(logged()).toContainEqual(expect.objectContaining({ level: 'ERROR', eventFields: ['Records'] }));
    expect(logged()).toContainEqual(
      expect.objectContaining({ timestream_connector_responses_total: 1, endpoint: 'other', status: '500', error: 'internal' }),
    );
  });

  it('gives the core no body that the gateway mangled, but what to change', async () => {
    const { parts } = partsWith(async (request) => {
      await expect(request.readBody(100, () => undefined)).rejects.toMatchObject({
        code: 'internal',
        message: expect.stringMatching(/binaryMediaTypes/) as string,
      });
      return { status: 500, headers: {}, body: new Uint8Array() };
    });
    const result = await answerWhole(parts, { ...httpApi.event(read), body: 'a\uFFFDb', isBase64Encoded: false }, context);
    expect(result.statusCode).toBe(500);
  });

  it('answers 500 when the core breaks its promise never to reject', async () => {
    const { parts, logged } = partsWith(() => Promise.reject(new Error('a secret detail')));
    const result = await answerWhole(parts, httpApi.event(read), context);
    expect(result.statusCode).toBe(500);
    expect(result.body).not.toContain('a secret detail');
    expect(JSON.stringify(logged())).toContain('a secret detail');
  });

  it('writes the metrics of the request with its id, path and status', async () => {
    const { parts, logged } = partsWith(() => {
      parts.metrics.add(METRICS.receivedSamples, 7);
      return Promise.resolve({ status: 204, headers: {}, body: new Uint8Array() });
    });
    await answerWhole(parts, httpApi.event({ ...read, path: '/write' }), context);
    expect(logged()).toEqual([
      expect.objectContaining({
        timestream_connector_received_samples_total: 7,
        request: { requestId: 'r-1', integration: 'http-api', method: 'POST', path: '/write', status: 204 },
      }),
    ]);
  });
});

/** Stands in for the stream of the runtime: keeps the metadata that the stream was opened with. */
function streamTarget() {
  const stream = new PassThrough({ highWaterMark: 4 });
  const metadata: unknown[] = [];
  const openHttpStream = (underlying: Writable, given: unknown): Writable => {
    metadata.push(given);
    return underlying;
  };
  return { target: { stream, openHttpStream }, metadata, received: () => buffer(stream) };
}

describe('a streamed invocation', () => {
  it('sends status and headers first, then the parts at the pace of the client', async () => {
    async function* parts(): AsyncGenerator<Uint8Array> {
      for (let part = 0; part < 20; part += 1) yield await Promise.resolve(new Uint8Array(10).fill(part));
    }
    const { target, metadata, received } = streamTarget();
    const lambda = partsWith(answering({ status: 200, headers: { 'content-type': 'application/x-streamed-protobuf' }, body: parts() }));
    const [body] = await Promise.all([received(), answerStreamed(lambda.parts, functionUrl.event(read), context, target)]);
    expect(metadata).toEqual([{ statusCode: 200, headers: { 'content-type': 'application/x-streamed-protobuf' } }]);
    expect([...body]).toEqual(Array.from({ length: 200 }, (_none, index) => Math.floor(index / 10)));
  });

  it('sends the status of an answer without a body', async () => {
    const { target, metadata, received } = streamTarget();
    const { parts } = partsWith(answering({ status: 204, headers: {}, body: new Uint8Array() }));
    const [body] = await Promise.all([received(), answerStreamed(parts, functionUrl.event(read), context, target)]);
    expect(metadata).toEqual([{ statusCode: 204, headers: {} }]);
    expect(body).toHaveLength(0);
  });

  it('answers a failure before the first part as a failure', async () => {
    // oxlint-disable-next-line require-yield -- it fails before its first part
    async function* broken(): AsyncGenerator<Uint8Array> {
      await Promise.resolve();
      throw new ConnectorError('timestream-unavailable', 'Query: 500');
    }
    const { target, metadata, received } = streamTarget();
    const { parts } = partsWith(answering({ status: 200, headers: {}, body: broken() }));
    const [body] = await Promise.all([received(), answerStreamed(parts, functionUrl.event(read), context, target)]);
    expect(metadata).toMatchObject([{ statusCode: 503 }]);
    expect(body.toString()).toBe('timestream-unavailable: Query: 500\n');
  });

  it('breaks the connection when the answer fails after it began', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Uint8Array.of(1));
      throw new ConnectorError('timestream-unavailable', 'Query: 500');
    }
    const { target } = streamTarget();
    const { parts, logged } = partsWith(answering({ status: 200, headers: {}, body: broken() }));
    const failure = answerStreamed(parts, functionUrl.event(read), context, target);
    await expect(failure).rejects.toMatchObject({ code: 'timestream-unavailable' });
    expect(target.stream.writableEnded).toBe(false);
    expect(logged()).toContainEqual(
      expect.objectContaining({ level: 'ERROR', message: expect.stringMatching(/after it began/) as string }),
    );
  });

  it('stops the work when the client goes away', async () => {
    let isStopped = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield await Promise.resolve(new Uint8Array(100));
      } finally {
        isStopped = true;
      }
    }
    const { target } = streamTarget();
    const { parts } = partsWith(answering({ status: 200, headers: {}, body: endless() }));
    const failure = answerStreamed(parts, functionUrl.event(read), context, target);
    target.stream.on('data', () => target.stream.destroy());
    await expect(failure).rejects.toThrow();
    expect(isStopped).toBe(true);
  });

  it('is answered 503 once when the core does not come back', async () => {
    const { target, metadata, received } = streamTarget();
    const { parts } = partsWith(never);
    const [body] = await Promise.all([received(), answerStreamed(parts, functionUrl.event(read), shortContext, target)]);
    expect(metadata).toMatchObject([{ statusCode: 503 }]);
    expect(body.toString()).toMatch(/^deadline-exceeded: /);
  });
});

describe('a ping that keeps the process warm', () => {
  const pings = [{ source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} }, { warmup: true }];
  const untouched = () => Promise.reject(new Error('the core is not asked'));

  it.each(pings)('is answered without asking the core, and is neither counted nor logged: %j', async (ping) => {
    const { parts, logged } = partsWith(untouched);
    expect(await answerWhole(parts, ping, context)).toMatchObject({ statusCode: 204 });
    const stream = new PassThrough();
    const heads: unknown[] = [];
    const openHttpStream = (target: Writable, head: unknown) => {
      heads.push(head);
      return target;
    };
    await answerStreamed(parts, ping, context, { stream, openHttpStream });
    expect(heads).toEqual([{ statusCode: 204, headers: {} }]);
    expect((await buffer(stream)).length).toBe(0);
    expect(logged()).toEqual([]);
  });

  it.each([{ source: 'aws.events', 'detail-type': 'EC2 Instance State-change Notification' }, { warmup: 'true' }, {}, null])(
    'is nothing else: %j is an error still',
    async (event) => {
      const { parts, logged } = partsWith(untouched);
      expect(await answerWhole(parts, event, context)).toMatchObject({ statusCode: 500 });
      expect(logged()[0]).toMatchObject({ level: 'ERROR' });
    },
  );
});
