import { setTimeout } from 'node:timers/promises';
import { encodeSnappy, encodeWriteRequest } from '@timestream-prometheus/prom-codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../src/index.js';
import { basicAuthorization, series, writeBody } from '@timestream-prometheus/connector-testing';
import { bodyText, createFixture, KEY, request, writeRequest, type RequestParts } from './support/connector-fixture.js';
import { openMemoryStorage } from './support/memory-storage.js';

const ONE_SERIES = [series({ __name__: 'up', job: 'api' }, [1_700_000_000_000, 1])];

function fixture(flags: Readonly<Record<string, string>> = {}) {
  const memory = openMemoryStorage();
  return { ...createFixture(memory.openStorage, flags), opened: memory.opened };
}

describe('routing', () => {
  it.each(['/write', '/api/v1/write'])('stores what is posted to %s', async (path) => {
    const { connector, opened } = fixture();
    const response = await connector.handle(writeRequest(ONE_SERIES, { path }));
    expect(response.status).toBe(204);
    expect(response.body).toHaveLength(0);
    expect(opened[0]?.batches).toHaveLength(1);
  });

  it.each([
    '/',
    '',
    '/writes',
    '/write/',
    '/Write',
    '//write',
    'toString',
    '__proto__',
    'constructor',
    '/write;x',
    '/api/v1/write/../read',
  ])('answers 404 for %j and names the paths', async (path) => {
    const { connector, opened } = fixture();
    const response = await connector.handle(writeRequest(ONE_SERIES, { path }));
    expect(response.status).toBe(404);
    expect(await bodyText(response)).toMatch(/^not-found: .*\/api\/v1\/read/);
    expect(opened).toHaveLength(0);
  });

  it.each(['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('answers 405 with Allow for %s on a write path', async (method) => {
    const response = await fixture().connector.handle(writeRequest(ONE_SERIES, { method }));
    expect(response).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });

  it('answers HEAD like GET, without the body', async () => {
    const { connector } = fixture();
    expect(await connector.handle(request({ method: 'HEAD', path: '/-/healthy' }))).toMatchObject({ status: 200, body: new Uint8Array() });
    expect(await connector.handle(request({ method: 'HEAD', path: '/write' }))).toMatchObject({ status: 405, body: new Uint8Array() });
  });

  it('lets the path decide what a request is, not a header', async () => {
    const { connector, opened } = fixture();
    const headers = { ...request({}).headers, 'x-prometheus-remote-write-version': '0.1.0' };
    await connector.handle(writeRequest(ONE_SERIES, { path: '/read', headers }));
    expect(opened.flatMap(({ batches }) => batches)).toHaveLength(0);
  });

  it('tells a probe without credentials that it is healthy and ready', async () => {
    const { connector } = fixture();
    for (const path of ['/-/healthy', '/-/ready'])
      expect((await connector.handle(request({ method: 'GET', path, headers: {} }))).status).toBe(200);
  });
});

describe('a base path', () => {
  it.each(['/prom/write', '/write'])('is taken off where it stands in front: %s', async (path) => {
    const { connector } = fixture({ 'base-path': '/prom' });
    expect((await connector.handle(writeRequest(ONE_SERIES, { path }))).status).toBe(204);
  });

  it.each(['/prom', '/promwrite', '/prom/prom/write', '/other/write'])('makes no path of ours out of %s', async (path) => {
    const { connector } = fixture({ 'base-path': '/prom' });
    expect((await connector.handle(writeRequest(ONE_SERIES, { path }))).status).toBe(404);
  });
});

describe('a body that need not be read', () => {
  const unreadable = {
    readBody: () => Promise.reject(new Error('the body was read')),
  };

  it.each<[string, RequestParts, number]>([
    ['an unknown path', { path: '/nowhere' }, 404],
    ['a wrong method', { method: 'PUT' }, 405],
    ['no credentials', { headers: {} }, 401],
    ['another content type', { headers: { authorization: basicAuthorization(KEY), 'content-type': 'application/json' } }, 415],
    ['another encoding', { headers: { authorization: basicAuthorization(KEY), 'content-encoding': 'zstd' } }, 415],
    ['too long a body by its own declaration', { contentLength: 32 * 1024 * 1024 + 1 }, 413],
  ])('is left where it is for a request with %s', async (_case, parts, status) => {
    for (const path of ['/write', '/read']) {
      const response = await fixture().connector.handle(request({ path, ...unreadable, ...parts }));
      expect(response.status).toBe(status);
    }
  });

  it('is not asked for by a query without credentials', async () => {
    for (const path of ['/api/v1/query', '/api/v1/labels', '/api/v1/series']) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      expect((await fixture().connector.handle(request({ path, headers, ...unreadable }))).status).toBe(401);
    }
  });

  it('is not asked for when the calls of earlier writes leave no time for it', async () => {
    const { openStorage, opened } = openMemoryStorage({
      write: async () => {
        await setTimeout(100);
        return { rejected: [] };
      },
    });
    const { connector } = createFixture(openStorage, { 'max-write-concurrency': '1', 'write-timeout': '3s' });
    // A hundred calls, which are ten seconds.
    const samples = Array.from({ length: 10_000 }, (_none, index) => [1_700_000_000_000 + index, 1] as const);
    const first = connector.handle(writeRequest([series({ __name__: 'm' }, ...samples)]));
    await expect.poll(() => opened[0]?.batches.length).toBeGreaterThan(1);
    const refused = await connector.handle(request(unreadable));
    expect(refused.status).toBe(503);
    expect(await bodyText(refused)).toMatch(/^overloaded: \d+ calls of earlier requests come first/);
    expect((await first).status).toBe(503);
  });

  it('is not asked for when the bodies of others leave no room for its declared length', async () => {
    const { connector } = fixture({ 'max-decoded-bytes-in-flight': '1MiB' });
    const client = new AbortController();
    const arriving = connector.handle(
      request({
        signal: client.signal,
        readBody: (_maxBytes, hold) => {
          hold(400_000);
          return new Promise(() => undefined);
        },
      }),
    );
    const refused = await connector.handle(request({ contentLength: 200_000, ...unreadable }));
    expect(refused.status).toBe(503);
    expect(await bodyText(refused)).toMatch(/^overloaded: .*\(max-decoded-bytes-in-flight\)/);
    client.abort();
    await arriving;
  });

  it('is not asked for when the connector is stopping', async () => {
    const { connector } = fixture();
    await connector.close();
    expect((await connector.handle(request(unreadable))).status).toBe(503);
  });
});

describe('a sender that stops in the middle of its body', () => {
  it('is answered when its time is over, and holds nothing any more', async () => {
    const { connector, metrics } = fixture({ 'write-timeout': '1s', 'max-decoded-bytes-in-flight': '1024' });
    let holdMore: (bytes: number) => void = () => undefined;
    const silent = request({
      readBody: (_maxBytes, hold) => {
        hold(1000);
        holdMore = hold;
        return new Promise(() => undefined);
      },
    });
    const answering = connector.handle(silent);
    await expect.poll(() => metrics.sum(METRICS.requestsInFlight)).toBe(1);
    const large = [series({ __name__: 'm', padding: 'x'.repeat(500) }, [1_700_000_000_000, 1])];
    expect(await bodyText(await connector.handle(writeRequest(large)))).toMatch(/^overloaded: /);
    expect(await bodyText(await answering)).toMatch(/^deadline-exceeded: not done within 1000 ms \(write-timeout\)/);
    expect((await connector.handle(writeRequest(large))).status).toBe(204);
    expect(() => holdMore(1)).toThrow();
  });

  it('has its time from when it came, however long its body takes, and is answered before twice of it', async () => {
    const untilAborted = (signal: AbortSignal): Promise<never> =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const { openStorage } = openMemoryStorage({ write: (_batch, signal) => untilAborted(signal) });
    const { connector } = createFixture(openStorage, { 'write-timeout': '2s' });
    // Timers of one process end in their order, also on a machine that has no time for any of them.
    const ended: string[] = [];
    const timer = setTimeout(3_500).then(() => ended.push('timer'));
    const answers = [0, 1_700].map(async (arrivesAfterMs) => {
      const body = writeBody(ONE_SERIES);
      const readBody = async (_maxBytes: number, hold: (bytes: number) => void) => {
        await setTimeout(arrivesAfterMs);
        hold(body.length);
        return body;
      };
      const response = await connector.handle(request({ readBody }));
      ended.push('answer');
      expect(await bodyText(response)).toMatch(/^deadline-exceeded: not done within 2000 ms \(write-timeout\)/);
    });
    await Promise.all([...answers, timer]);
    expect(ended).toEqual(['answer', 'answer', 'timer']);
  });

  it('is a client that has gone if the connection breaks', async () => {
    const { connector, metrics } = fixture();
    const response = await connector.handle(request({ readBody: () => Promise.reject(new Error('aborted')) }));
    expect(response.status).toBe(499);
    expect(metrics.sum(METRICS.responses, { error: 'client-gone' })).toBe(1);
  });
});

describe('an answer that has not left yet', () => {
  it('counts as work until its last byte is sent', async () => {
    const { connector, metrics } = fixture();
    let leave: () => void = () => undefined;
    const sent = new Promise<void>((resolve) => (leave = resolve));
    const response = await connector.handle(request({ path: '/-/healthy', method: 'GET', sent }));
    expect(response.status).toBe(200);
    expect(metrics.sum(METRICS.requestsInFlight)).toBe(1);
    leave();
    await expect.poll(() => metrics.sum(METRICS.requestsInFlight)).toBe(0);
    await connector.close();
  });
});

describe('authentication', () => {
  it.each([
    ['no header', {}],
    ['an empty header', { authorization: ' ' }],
    ['a bearer token', { authorization: 'Bearer abc' }],
    ['a SigV4 signature', { authorization: 'AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/execute-api/aws4_request' }],
    ['no colon', { authorization: `Basic ${Buffer.from('AKID').toString('base64')}` }],
    ['an empty password', { authorization: `Basic ${Buffer.from('AKID:').toString('base64')}` }],
    ['an empty username', { authorization: `Basic ${Buffer.from(':secret').toString('base64')}` }],
    ['a username that would break a signature', { authorization: `Basic ${Buffer.from('A, B/C=D:secret').toString('base64')}` }],
    ['bytes that are not UTF-8', { authorization: `Basic ${Buffer.from([0xff, 0x3a, 0x61]).toString('base64')}` }],
    ['something that is not base64', { authorization: 'Basic !!!' }],
    ['two headers in one', { authorization: `${basicAuthorization(KEY)}, ${basicAuthorization(KEY)}` }],
  ])('answers 401 with a challenge to %s', async (_case, headers) => {
    const { connector, opened } = fixture();
    const response = await connector.handle(writeRequest(ONE_SERIES, { headers }));
    expect(response).toMatchObject({ status: 401, headers: { 'www-authenticate': expect.stringMatching(/^Basic realm=/) as string } });
    expect(opened).toHaveLength(0);
  });

  it.each([
    ['basic', { accessKeyId: 'AKID', secretAccessKey: 'secret' }],
    ['BASIC', { accessKeyId: 'AKID', secretAccessKey: 'with:colon' }],
    ['Basic', { accessKeyId: 'a_b-c', secretAccessKey: 'päßwörd+/=' }],
  ])('takes the scheme as %s and keeps key and secret as they are', async (scheme, key) => {
    const { connector, opened } = fixture();
    const authorization = basicAuthorization(key).replace('Basic', scheme);
    const { status } = await connector.handle(writeRequest(ONE_SERIES, { headers: { authorization } }));
    expect(status).toBe(204);
    expect(opened[0]?.credentials).toEqual({ kind: 'static', ...key });
  });

  it('uses its own credentials and no header with enable-sigv4-auth', async () => {
    const { connector, opened } = fixture({ 'enable-sigv4-auth': 'true' });
    await connector.handle(writeRequest(ONE_SERIES, { headers: {} }));
    await connector.handle(writeRequest(ONE_SERIES));
    expect(opened.map(({ credentials }) => credentials)).toEqual([{ kind: 'server' }]);
  });

  it('shows no secret in any answer or log line', async () => {
    const { connector, log } = fixture();
    const key = { accessKeyId: 'bad key', secretAccessKey: 'TOPSECRET' };
    const response = await connector.handle(writeRequest(ONE_SERIES, { headers: { authorization: basicAuthorization(key) } }));
    expect(response.status).toBe(401);
    const shown = JSON.stringify(log) + (await bodyText(response));
    expect(shown).not.toContain('TOPSECRET');
    expect(shown).not.toContain(basicAuthorization(key).slice(6));
  });
});

describe("a web page, with the server's own credentials", () => {
  const onLoopback = { 'enable-sigv4-auth': 'true', 'web.listen-address': '127.0.0.1:9201' };
  const answerTo = async (headers: Readonly<Record<string, string>>, flags: Readonly<Record<string, string>> = onLoopback) =>
    (await fixture(flags).connector.handle(writeRequest(ONE_SERIES, { headers }))).status;

  it.each([
    [{ host: '127.0.0.1:9201', origin: 'https://evil.example' }],
    [{ host: '127.0.0.1:9201', origin: 'null' }],
    [{ host: 'evil.example:9201', origin: 'http://evil.example:9201' }],
    [{ host: 'evil.example:9201' }],
    [{ origin: 'null' }],
    // A page can send this to the name that it came from.
    [{ host: 'evil.example:9201', authorization: 'Bearer x' }],
  ])('is refused: %j', async (headers) => {
    expect(await answerTo(headers)).toBe(403);
  });

  it.each([[{ host: '127.0.0.1:9201' }], [{ host: 'localhost:9201', origin: 'http://localhost:9201' }], [{ host: '[::1]:9201' }], [{}]])(
    'is not what a sender looks like: %j',
    async (headers) => {
      expect(await answerTo(headers)).toBe(204);
    },
  );

  it('is no danger where a secret is needed, and any name is good where everybody may connect', async () => {
    const evil = { host: 'evil.example', origin: 'https://evil.example', authorization: basicAuthorization(KEY) };
    expect(await answerTo(evil, {})).toBe(204);
    expect(await answerTo({ host: 'connector.example' }, { 'enable-sigv4-auth': 'true' })).toBe(204);
  });
});

describe('content headers', () => {
  function withContent(headers: Readonly<Record<string, string>>) {
    return writeRequest(ONE_SERIES, { headers: { authorization: basicAuthorization(KEY), ...headers } });
  }

  it.each([
    {},
    { 'content-type': 'application/x-protobuf' },
    { 'content-type': 'Application/X-Protobuf; charset=utf-8' },
    { 'content-type': 'application/x-protobuf;proto=prometheus.WriteRequest' },
    { 'content-type': 'application/x-protobuf; Proto="prometheus.WriteRequest" ' },
    { 'content-encoding': ' SNAPPY ' },
    { 'content-type': '', 'content-encoding': '' },
  ])('takes %j as remote write 1.0', async (headers) => {
    expect((await fixture().connector.handle(withContent(headers))).status).toBe(204);
  });

  it.each([
    'application/x-protobuf;proto=io.prometheus.write.v3.Request',
    'application/x-protobuf; proto="io.prometheus.write.v3.Request"',
    'application/json',
    'text/plain',
    'application/x-protobuf, application/json',
  ])('answers 415 for the content type %s, names what is supported and stores nothing', async (contentType) => {
    const { connector, opened } = fixture();
    const response = await connector.handle(withContent({ 'content-type': contentType }));
    expect(response.status).toBe(415);
    expect(await bodyText(response)).toContain('proto=prometheus.WriteRequest');
    expect(opened).toHaveLength(0);
  });

  it.each(['zstd', 'gzip', 'snappy, gzip', 'identity', 'x-snappy-framed'])(
    'answers 415 for the encoding %s, which vmagent falls back on',
    async (encoding) => {
      const response = await fixture().connector.handle(withContent({ 'content-encoding': encoding }));
      expect(response).toMatchObject({ status: 415, headers: { 'accept-encoding': 'snappy' } });
    },
  );
});

describe('bodies', () => {
  const message = encodeWriteRequest({ timeseries: ONE_SERIES, metadata: [] });

  it.each([
    ['an empty body', new Uint8Array(), 400, 'malformed-body'],
    ['a body that is no snappy', Buffer.from('hello world'), 400, 'malformed-body'],
    ['a truncated block', encodeSnappy(message).subarray(0, -3), 400, 'malformed-body'],
    ['a truncated message', encodeSnappy(message.subarray(0, -3)), 400, 'malformed-body'],
    ['a header of 4 GiB', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0), 400, 'decoded-body-too-large'],
    ['a body over the limit', new Uint8Array(2049), 413, 'body-too-large'],
    ['a block over the limit', encodeSnappy(new Uint8Array(4097)), 400, 'decoded-body-too-large'],
  ])('refuses %s', async (_case, body, status, code) => {
    const { connector, opened } = fixture({ 'max-body-bytes': '2048', 'max-decoded-bytes': '4096' });
    const response = await connector.handle(request({ body }));
    expect(response.status).toBe(status);
    expect(await bodyText(response)).toMatch(new RegExp(`^${code}: `));
    expect(opened).toHaveLength(0);
  });

  it('takes a request without series', async () => {
    const { connector, opened } = fixture();
    expect((await connector.handle(writeRequest([]))).status).toBe(204);
    expect(opened[0]?.batches).toEqual([]);
  });

  it('takes a request with nothing but metadata, and counts it', async () => {
    const { connector, metrics } = fixture();
    const metadata = [{ type: 'counter', metricFamilyName: 'up', help: 'h', unit: '' } as const];
    const response = await connector.handle(request({ body: encodeSnappy(encodeWriteRequest({ timeseries: [], metadata })) }));
    expect(response.status).toBe(204);
    expect(metrics.sum(METRICS.metadataOnlyRequests)).toBe(1);
    expect(metrics.sum(METRICS.receivedMetadata)).toBe(1);
  });
});

describe('load and stopping', () => {
  function blockedFixture(flags: Readonly<Record<string, string>>) {
    let unblock: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      unblock = resolve;
    });
    const memory = openMemoryStorage({
      write: async () => {
        await gate;
        return { rejected: [] };
      },
    });
    return { ...createFixture(memory.openStorage, flags), opened: memory.opened, unblock };
  }

  it('answers 503 with Retry-After above max-concurrent-requests, is then not ready, and goes on afterwards', async () => {
    const { connector, unblock } = blockedFixture({ 'max-concurrent-requests': '2' });
    const working = [connector.handle(writeRequest(ONE_SERIES)), connector.handle(writeRequest(ONE_SERIES))];
    const refused = await connector.handle(writeRequest(ONE_SERIES));
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(await bodyText(refused)).toMatch(/^overloaded: /);
    expect(await bodyText(await connector.handle(request({ method: 'GET', path: '/-/ready' })))).toMatch(/^overloaded: /);
    expect((await connector.handle(request({ method: 'GET', path: '/-/healthy' }))).status).toBe(200);
    unblock();
    expect((await Promise.all(working)).map(({ status }) => status)).toEqual([204, 204]);
    expect((await connector.handle(writeRequest(ONE_SERIES))).status).toBe(204);
  });

  it('answers 503 when the decompressed bodies of all requests are over their limit together, and gives the place back', async () => {
    const { connector, opened, unblock } = blockedFixture({ 'max-decoded-bytes-in-flight': '1024' });
    const large = [series({ __name__: 'm', padding: 'x'.repeat(800) }, [1_700_000_000_000, 1])];
    const working = connector.handle(writeRequest(large));
    await expect.poll(() => opened[0]?.batches.length).toBe(1);
    expect(await bodyText(await connector.handle(writeRequest(large)))).toMatch(/^overloaded: .*max-decoded-bytes-in-flight/);
    unblock();
    expect((await working).status).toBe(204);
    expect((await connector.handle(writeRequest(large))).status).toBe(204);
  });

  it('makes nothing of a write behind a crowd before its calls are near, and stores it then', async () => {
    const { connector, opened, unblock, metrics } = blockedFixture({ 'max-write-concurrency': '1' });
    const working = [1, 2, 3].map((value) => connector.handle(writeRequest([series({ __name__: 'up' }, [1_700_000_000_000, value])])));
    await expect.poll(() => opened[0]?.batches.length).toBe(1);
    // The second one is next; of the third nothing is known but how many samples it has.
    await expect.poll(() => metrics.sum(METRICS.receivedSamples)).toBe(2);
    await setTimeout(50);
    expect(metrics.sum(METRICS.receivedSamples)).toBe(2);
    unblock();
    expect((await Promise.all(working)).map(({ status }) => status)).toEqual([204, 204, 204]);
    expect(metrics.sum(METRICS.receivedSamples)).toBe(3);
  });

  it('holds no more of writes behind a crowd than their bodies, but looks at none that would not fit decompressed', async () => {
    const { connector, opened, unblock, metrics } = blockedFixture({
      'max-write-concurrency': '1',
      'max-decoded-bytes-in-flight': '80KiB',
    });
    // Two that are being worked on: one call in flight, and the next one.
    const working = [1, 2].map((value) => connector.handle(writeRequest([series({ __name__: 'up' }, [1_700_000_000_000, value])])));
    await expect.poll(() => metrics.sum(METRICS.receivedSamples)).toBe(2);
    const decompressTo = (bytes: number) =>
      writeRequest(
        Array.from({ length: bytes / 500 }, (_none, index) => series({ __name__: 'm', padding: String(index).padEnd(480, 'x') }, [1, 1])),
      );
    let answered = 0;
    const waiting = Array.from({ length: 4 }, async () => {
      const { status } = await connector.handle(decompressTo(50_000));
      answered += 1;
      return status;
    });
    // Each is looked at in a turn of its own.
    await setTimeout(50);
    const tooLarge = await connector.handle(decompressTo(100_000));
    expect(await bodyText(tooLarge)).toMatch(/^overloaded: .*\(max-decoded-bytes-in-flight\)/);
    expect([answered, opened[0]?.batches.length]).toEqual([0, 1]);
    unblock();
    expect((await Promise.all(working)).map(({ status }) => status)).toEqual([204, 204]);
    // When their turn comes they take what they need, and may find no room beside another.
    for (const status of await Promise.all(waiting)) expect([204, 503]).toContain(status);
  });

  it('answers a malformed write that waits behind a crowd as any other', async () => {
    const { connector, opened, unblock } = blockedFixture({ 'max-write-concurrency': '1' });
    const working = [1, 2].map(() => connector.handle(writeRequest(ONE_SERIES)));
    await expect.poll(() => opened[0]?.batches.length).toBe(1);
    const notSnappy = await connector.handle(request({ body: Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff) }));
    expect(await bodyText(notSnappy)).toMatch(/^malformed-body: /);
    const notWrite = connector.handle(request({ body: encodeSnappy(Uint8Array.of(0x0a, 0x7f)) }));
    unblock();
    expect(await bodyText(await notWrite)).toMatch(/^malformed-body: /);
    expect((await Promise.all(working)).map(({ status }) => status)).toEqual([204, 204]);
  });

  it('keeps no place for writes that were refused before they made a call', async () => {
    const { connector } = fixture({ 'max-write-concurrency': '1', 'write-timeout': '5s' });
    for (let count = 0; count < 5; count += 1) {
      const refused = await connector.handle(request({ body: new Uint8Array(100_000).fill(0xff) }));
      expect(await bodyText(refused)).toMatch(/^malformed-body: /);
    }
    expect((await connector.handle(writeRequest(ONE_SERIES))).status).toBe(204);
  });

  it('finishes the requests in flight before it closes the clients, and takes no new ones', async () => {
    const { connector, opened, unblock, metrics } = blockedFixture({});
    const working = connector.handle(writeRequest(ONE_SERIES));
    await expect.poll(() => opened[0]?.batches.length).toBe(1);
    let hasClosed = false;
    const closing = connector.close().then(() => (hasClosed = true));
    const refused = await connector.handle(writeRequest(ONE_SERIES));
    expect(await bodyText(refused)).toMatch(/^shutting-down: /);
    expect((await connector.handle(request({ method: 'GET', path: '/-/ready' }))).status).toBe(503);
    await setTimeout(20);
    expect([hasClosed, opened[0]?.isClosed]).toEqual([false, false]);
    unblock();
    expect((await working).status).toBe(204);
    await closing;
    expect(opened[0]?.isClosed).toBe(true);
    expect(metrics.sum(METRICS.requestsInFlight)).toBe(0);
    expect(metrics.sum(METRICS.openStorages)).toBe(0);
  });

  it('waits longer, up to a limit, the more often a sender has tried', async () => {
    const { connector } = fixture();
    await connector.close();
    const waits = [];
    for (const attempt of ['', '1', '3', '50', 'x']) {
      const response = await connector.handle(writeRequest(ONE_SERIES, { headers: { 'retry-attempt': attempt } }));
      waits.push(Number(response.headers['retry-after']));
    }
    expect(waits).toEqual([1, 2, 8, 30, 1]);
  });
});

describe('what a failure leaves behind', () => {
  it('counts each answer by endpoint, status and code, and logs a failed request once', async () => {
    const { connector, metrics, log } = fixture();
    await connector.handle(writeRequest(ONE_SERIES));
    await connector.handle(writeRequest(ONE_SERIES, { headers: { 'x-request-id': 'r1' } }));
    expect(metrics.sum(METRICS.responses, { endpoint: 'write', status: '204', error: 'none' })).toBe(1);
    expect(metrics.sum(METRICS.responses, { endpoint: 'write', status: '401', error: 'missing-credentials' })).toBe(1);
    expect(log).toMatchObject([{ level: 'warn', fields: { code: 'missing-credentials', status: 401, requestId: 'r1' } }]);
  });

  it('answers a defect with 500, tells the client nothing of it and logs it', async () => {
    const { connector, log } = createFixture(() => {
      throw new TypeError('inner detail');
    });
    const response = await connector.handle(writeRequest(ONE_SERIES));
    expect(response.status).toBe(500);
    expect(await bodyText(response)).not.toContain('inner detail');
    expect(log).toMatchObject([{ level: 'error', fields: { err: { message: 'inner detail' } } }]);
  });
});

describe('any request at all', () => {
  const valid = encodeSnappy(encodeWriteRequest({ timeseries: ONE_SERIES, metadata: [] }));
  const headers = fc.record(
    {
      authorization: fc.oneof(fc.constant(basicAuthorization(KEY)), fc.string()),
      'content-type': fc.oneof(fc.constantFrom('application/x-protobuf', 'application/x-protobuf;proto=a;;=;"'), fc.string()),
      'content-encoding': fc.oneof(fc.constant('snappy'), fc.string()),
      'retry-attempt': fc.string(),
    },
    { requiredKeys: [] },
  );
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    // The valid message with one byte changed.
    fc.tuple(fc.nat(valid.length - 1), fc.nat(255)).map(([position, byte]) => valid.map((old, index) => (index === position ? byte : old))),
  );

  it('is answered with a status of ours and, if refused, with a line that names its code', async () => {
    const { connector, log } = fixture();
    const paths = fc.oneof(fc.constantFrom('/write', '/read', '/-/ready'), fc.string());
    const methods = fc.oneof(fc.constant('POST'), fc.constantFrom('GET', 'HEAD', 'PUT'), fc.string());
    await fc.assert(
      fc.asyncProperty(methods, paths, headers, body, async (method, path, someHeaders, someBody) => {
        const response = await connector.handle(request({ method, path, headers: someHeaders, body: someBody }));
        expect([200, 204, 400, 401, 404, 405, 413, 415]).toContain(response.status);
        if (response.status >= 400 && method !== 'HEAD') expect(await bodyText(response)).toMatch(/^[a-z-]+: [^\n]+\n$/);
      }),
      { numRuns: 500 },
    );
    expect(log.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
