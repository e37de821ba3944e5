import { connect } from 'node:net';
import { createSamples, encodeReadRequest, encodeSnappy, encodeWriteRequest, type WriteRequest } from '@timestream-prometheus/prom-codec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basicAuthorization, secretAccessKey, startConnector, type RunningConnector } from '../harness/start-connector.js';

const nowMs = Date.now();

function writeBody(metric: string): Uint8Array {
  const request: WriteRequest = {
    timeseries: [{ labels: [{ name: '__name__', value: metric }], samples: createSamples([[nowMs, 1]]), exemplars: [], histograms: [] }],
    metadata: [],
  };
  return encodeSnappy(encodeWriteRequest(request));
}

function readBody(metric: string): Uint8Array {
  const query = {
    startTimestampMs: BigInt(nowMs - 60_000),
    endTimestampMs: BigInt(nowMs + 60_000),
    matchers: [{ type: '=' as const, name: '__name__', value: metric }],
  };
  return encodeSnappy(encodeReadRequest({ queries: [query], acceptedResponseTypes: [] }));
}

const protobufHeaders = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };

describe('requests that can never succeed', () => {
  let connector: RunningConnector;

  beforeAll(async () => {
    connector = await startConnector();
  });

  afterAll(async () => {
    expect(connector.program.hasExited(), connector.program.output()).toBe(false);
    expect(await connector.program.stop()).toBe(0);
  });

  const send = async (
    path: string,
    body: Uint8Array | undefined,
    headers: Record<string, string> = {},
    method = 'POST',
  ): Promise<{ status: number; text: string; headers: Headers }> => {
    const response = await fetch(`${connector.url}${path}`, {
      method,
      headers: { ...protobufHeaders, authorization: basicAuthorization(), ...headers },
      ...(body ? { body: Buffer.from(body) } : {}),
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };

  it('answers 204 to a good write, so that the refusals below mean something', async () => {
    expect((await send('/write', writeBody('good'))).status).toBe(204);
    expect((await send('/api/v1/write', writeBody('good'))).status).toBe(204);
    expect((await send('/read', readBody('good'))).status).toBe(200);
    expect((await send('/api/v1/read', readBody('good'))).status).toBe(200);
  });

  it('answers a wrong secret with 403 and a message that says so, and stores nothing', async () => {
    const refused = await send('/write', writeBody('written_with_a_wrong_secret'), {
      authorization: basicAuthorization(undefined, 'wrong'),
    });
    expect(refused.status).toBe(403);
    expect(refused.text).toMatch(/access key|secret|credential/i);
    const read = await send('/read', readBody('written_with_a_wrong_secret'));
    const empty = await send('/read', readBody('never_written_at_all'));
    expect(read.text).toBe(empty.text);
    expect((await send('/read', readBody('good'), { authorization: basicAuthorization(undefined, 'wrong') })).status).toBe(403);
  });

  it('answers missing and malformed credentials with 401 and a challenge', async () => {
    for (const authorization of ['', 'Bearer token', 'Basic', 'Basic !!!', `Basic ${Buffer.from('no colon').toString('base64')}`]) {
      const { status, headers } = await send('/write', writeBody('good'), { authorization });
      expect(status, authorization).toBe(401);
      expect(headers.get('www-authenticate')).toMatch(/^Basic realm=/);
    }
  });

  it('answers a wrong path with 404 and a wrong method with 405', async () => {
    expect((await send('/nowhere', writeBody('good'))).status).toBe(404);
    const wrongMethod = await send('/write', writeBody('good'), {}, 'PUT');
    expect(wrongMethod.status).toBe(405);
    expect(wrongMethod.headers.get('allow')).toBe('POST');
  });

  it('answers a content type or an encoding that it does not speak with 415, naming what it speaks', async () => {
    for (const headers of [
      { 'content-type': 'application/json' },
      { 'content-encoding': 'zstd' },
      { 'content-encoding': 'gzip' },
      { 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v3.Request' },
    ]) {
      const { status, text } = await send('/write', writeBody('good'), headers);
      expect(status, JSON.stringify(headers)).toBe(415);
      expect(text).toMatch(/snappy|x-protobuf/);
    }
  });

  it('answers a body of remote write 1.0 that says it is 2.0 with 400, and not with a success that stores nothing', async () => {
    const headers = { 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request' };
    const { status, text } = await send('/write', writeBody('good'), headers);
    expect(status).toBe(400);
    expect(text).toMatch(/^malformed-body: .*remote write 1\.0/);
  });

  it('answers a truncated body and a body that is no snappy with 400', async () => {
    const body = writeBody('good');
    for (const broken of [body.subarray(0, body.length - 3), new Uint8Array(), new TextEncoder().encode('hello')]) {
      expect((await send('/write', broken)).status).toBe(400);
      expect((await send('/read', broken)).status).toBe(400);
    }
    const notProtobuf = encodeSnappy(new TextEncoder().encode('this is no protobuf message'));
    expect((await send('/write', notProtobuf)).status).toBe(400);
  });

  it('answers five bytes that claim to be 4 GiB with 400, naming the limit', async () => {
    const { status, text } = await send('/write', new Uint8Array([0xff, 0xff, 0xff, 0xff, 0x0f]));
    expect(status).toBe(400);
    expect(text).toMatch(/4294967295/);
  });

  it('answers a body over the limit with 413, naming the limit', async () => {
    const { status, text } = await send('/write', new Uint8Array(40 * 1024 * 1024));
    expect(status).toBe(413);
    expect(text).toMatch(/\d{6,}/);
  });

  it('answers an invalid regular expression with 400 and the reason', async () => {
    const query = { startTimestampMs: 0n, endTimestampMs: 1n, matchers: [{ type: '=~' as const, name: 'job', value: 'a(' }] };
    const { status, text } = await send('/read', encodeSnappy(encodeReadRequest({ queries: [query], acceptedResponseTypes: [] })));
    expect(status).toBe(400);
    expect(text).toMatch(/missing closing \)/);
  });

  it('survives a client that leaves in the middle of its body', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(connector.port, '127.0.0.1', () => {
        socket.write(`POST /write HTTP/1.1\r\nhost: x\r\nauthorization: ${basicAuthorization()}\r\ncontent-length: 1000\r\n\r\nabc`, () => {
          socket.destroy();
          resolve();
        });
      });
    });
    expect((await send('/write', writeBody('good'))).status).toBe(204);
  });

  it('never writes a secret into its log', () => {
    expect(connector.program.output()).toContain('listening');
    expect(connector.program.output()).not.toContain(secretAccessKey);
    expect(connector.program.output()).not.toContain(basicAuthorization().slice(6));
  });
});
