import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { selfSigned } from '@timestream-prometheus/connector-testing';
import { BodyTooLargeError, type Connector } from '@timestream-prometheus/connector';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { buildServer, createPrometheusMetrics } from '../src/index.js';
import { deferred } from './deferred.js';
import { noContent, scriptedConnector, send, silentLogger, startServer, type RunningServer } from './running-server.js';

describe('buildServer', () => {
  const started: FastifyInstance[] = [];

  async function start(...args: Parameters<typeof startServer>): Promise<RunningServer> {
    const server = await startServer(...args);
    started.push(server.app);
    return server;
  }

  /** A server whose connector refuses everything by its headers, without a look at its body. */
  async function startRefusing(): Promise<{ readonly port: number }> {
    const refusal = { status: 401, headers: {}, body: Buffer.from('unknown-user: nobody') };
    const connector: Connector = { ...scriptedConnector(() => noContent).connector, handle: () => Promise.resolve(refusal) };
    const config = { webTelemetryPath: '/metrics' };
    const app = buildServer({ connector, config, metrics: createPrometheusMetrics([]), logger: silentLogger });
    started.push(app);
    await app.listen({ host: '127.0.0.1', port: 0 });
    return { port: (app.server.address() as AddressInfo).port };
  }

  afterEach(async () => {
    await Promise.all(started.splice(0).map((app) => app.close()));
  });

  it('hands method, path, query string, headers in lower case, declared length and body to the connector', async () => {
    const { port, requests } = await start(() => noContent);
    await send(port, {
      path: '/write?tenant=1&x=%20?',
      headers: { 'X-Custom': 'a', 'content-type': 'application/x-protobuf' },
      body: Buffer.from('abc'),
    });
    const [request] = requests;
    expect(request).toMatchObject({ method: 'POST', path: '/write', query: 'tenant=1&x=%20?', contentLength: 3 });
    expect(request?.headers).toMatchObject({ 'x-custom': 'a', 'content-type': 'application/x-protobuf' });
    expect(Buffer.from(request?.body ?? []).toString()).toBe('abc');
  });

  it('gives the connector every body byte for byte, whatever the content type says', async () => {
    const { port, requests } = await start(() => noContent);
    const contentTypes = [
      'application/json',
      'text/plain; charset=utf-16',
      'application/x-www-form-urlencoded',
      'not a type',
      '/',
      undefined,
    ];
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 1024 }), fc.constantFrom(...contentTypes), async (body, contentType) => {
        const answer = await send(port, { body, headers: contentType === undefined ? {} : { 'content-type': contentType } });
        expect(answer.status).toBe(204);
        const request = requests.at(-1);
        expect(Buffer.from(request?.body ?? [1]).equals(body)).toBe(true);
        expect(request?.headers['content-type']).toBe(contentType);
      }),
      { numRuns: 60 },
    );
  });

  it('does not decompress a body, whatever the content encoding says', async () => {
    const { port, requests } = await start(() => noContent);
    for (const encoding of ['snappy', 'gzip', 'br'])
      await send(port, { headers: { 'content-encoding': encoding }, body: Buffer.from('abc') });
    expect(requests.map(({ body }) => Buffer.from(body).toString())).toEqual(['abc', 'abc', 'abc']);
  });

  it('passes every method that HTTP knows to the connector', async () => {
    const { port, requests } = await start(({ method }) => ({ ...noContent, headers: { 'x-method': method } }));
    const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'PURGE'];
    for (const method of methods) {
      expect((await send(port, { method })).headers['x-method'], method).toBe(method);
    }
    expect(requests.map(({ method }) => method)).toEqual(methods);
  });

  it.each(['/', '/write/', '//write', '/%ff', '/%zz', '/a%2fwrite', `/${'x'.repeat(5000)}`, '*', '/-/healthy', '/metrics/x'])(
    'leaves the path %s to the connector, as it came',
    async (path) => {
      const { port, requests } = await start(() => noContent);
      expect((await send(port, { path })).status).toBe(204);
      expect(requests[0]?.path).toBe(path);
    },
  );

  it('joins headers that were sent twice, so that nobody picks one of two credentials', async () => {
    const { port, requests } = await start(() => noContent);
    const socket = connect(port, '127.0.0.1');
    socket.write(
      'POST /write HTTP/1.1\r\nhost: x\r\nauthorization: Basic YTpi\r\nAuthorization: Basic Yzpk\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
    );
    socket.resume();
    await once(socket, 'close');
    expect(requests[0]?.headers['authorization']).toBe('Basic YTpi, Basic Yzpk');
  });

  it.each([undefined, selfSigned])(
    'tells the connector of each connection when it comes, before it has sent anything (%#)',
    async (tls) => {
      let connections = 0;
      const connector: Connector = { ...scriptedConnector(() => noContent).connector, noteConnection: () => (connections += 1) };
      const config = { webTelemetryPath: '/metrics' };
      const options = { connector, config, metrics: createPrometheusMetrics([]), logger: silentLogger };
      const app = buildServer(tls === undefined ? options : { ...options, tls });
      started.push(app);
      await app.listen({ host: '127.0.0.1', port: 0 });
      const sockets = [1, 2, 3].map(() => connect((app.server.address() as AddressInfo).port, '127.0.0.1'));
      await expect.poll(() => connections).toBe(3);
      for (const socket of sockets) socket.destroy();
    },
  );

  it('sends status, headers and body of the answer', async () => {
    const { port } = await start(() => ({
      status: 400,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'x-a': 'b' },
      body: Buffer.from('too bad'),
    }));
    const answer = await send(port);
    expect(answer.status).toBe(400);
    expect(answer.headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', 'x-a': 'b', 'content-length': '7' });
    expect(answer.body.toString()).toBe('too bad');
  });

  it('sends no content type with an empty answer', async () => {
    const { port } = await start(() => noContent);
    const answer = await send(port);
    expect(answer.status).toBe(204);
    expect(answer.headers['content-type']).toBeUndefined();
  });

  it('takes over a request id that is fit for a log, makes one otherwise, and tells it to the client and the connector', async () => {
    const { port, requests } = await start(() => noContent);
    const kept = await send(port, { headers: { 'x-request-id': 'gateway-1:42' } });
    expect(kept.headers['x-request-id']).toBe('gateway-1:42');
    expect(requests[0]?.headers['x-request-id']).toBe('gateway-1:42');
    for (const unfit of ['a b', 'x'.repeat(129), 'a"b']) {
      const answer = await send(port, { headers: { 'x-request-id': unfit } });
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
      expect(requests.at(-1)?.headers['x-request-id']).toBe(answer.headers['x-request-id']);
    }
  });

  it('asks the connector before it shows metrics or its state, and shows what is the same for everybody without', async () => {
    const refusal = { status: 401, headers: { 'www-authenticate': 'Basic' }, body: Buffer.from('unknown-user: nobody\n') };
    const asked: string[] = [];
    const connector: Connector = {
      ...scriptedConnector(() => noContent).connector,
      noteConnection: () => undefined,
      admit: ({ method, path, headers }) => {
        asked.push(`${method} ${path}`);
        return Promise.resolve(headers['authorization'] === undefined ? refusal : undefined);
      },
    };
    const assets = new Map([['/', { contentType: 'text/html', body: Buffer.from('page') }]]);
    const statusPage = { assets, answer: () => ({ secret: 'state' }) as never };
    const config = { webTelemetryPath: '/metrics' };
    const app = buildServer({ connector, config, metrics: createPrometheusMetrics([]), logger: silentLogger, statusPage });
    started.push(app);
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    for (const path of ['/metrics', '/-/status', '/-/status?x=1']) {
      const { status, headers, body } = await send(port, { method: 'GET', path });
      expect([status, headers['www-authenticate'], body.toString()]).toEqual([401, 'Basic', 'unknown-user: nobody\n']);
      expect((await send(port, { method: 'GET', path, headers: { authorization: 'Bearer x' } })).status).toBe(200);
    }
    expect((await send(port, { method: 'GET', path: '/' })).body.toString()).toBe('page');
    expect(new Set(asked)).toEqual(new Set(['GET /metrics', 'GET /-/status']));
  });

  describe('headers that the connector does not accept', () => {
    it('are answered before a byte of the body has come', async () => {
      const { port } = await startRefusing();
      const socket = connect(port, '127.0.0.1');
      socket.write('POST /write HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n');
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      expect(chunk.toString()).toMatch(/^HTTP\/1\.1 401 /);
      socket.destroy();
    });
  });

  describe('body limit', () => {
    it('reads a body of exactly the limit', async () => {
      const { port, requests } = await start(() => noContent);
      await send(port, { body: new Uint8Array(1024).fill(7) });
      expect(requests[0]?.body.byteLength).toBe(1024);
    });

    it.each([
      ['with a content length', {}],
      ['in chunks', { 'transfer-encoding': 'chunked' }],
    ])('tells the connector that a body %s is over its limit, over a connection that still answers', async (_name, headers) => {
      const { port, requests } = await start(({ bodyError }) => ({
        status: bodyError instanceof BodyTooLargeError ? 413 : 204,
        headers: { 'content-type': 'text/plain' },
        body: Buffer.from('body over the limit'),
      }));
      const answer = await send(port, { headers, body: new Uint8Array(300_000) });
      expect(answer.status).toBe(413);
      expect(answer.body.toString()).toBe('body over the limit');
      expect(requests[0]?.contentLength).toBe('transfer-encoding' in headers ? undefined : 300_000);
    });

    it('lets a client that sends far too much finish, so that it sees the answer and can go on over the same connection', async () => {
      const { port } = await start(({ bodyError }) => ({
        status: bodyError === undefined ? 204 : 413,
        headers: {},
        body: new Uint8Array(),
      }));
      for (const size of [16_000_000, 10, 16_000_000]) {
        const answer = await fetch(`http://127.0.0.1:${port}/write`, { method: 'POST', body: new Uint8Array(size) });
        expect(answer.status).toBe(size > 1024 ? 413 : 204);
      }
    });

    it('fails the reading of a body whose client leaves in the middle of it', async () => {
      const { port, requests } = await start(() => noContent);
      const socket = connect(port, '127.0.0.1');
      socket.write('POST /write HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nabc');
      await once(socket, 'connect');
      socket.destroy();
      await once(socket, 'close');
      await expect.poll(() => requests[0]?.bodyError).toBeInstanceOf(Error);
      expect(requests[0]?.signal.aborted).toBe(true);
    });
  });

  describe('a client that closes after its request', () => {
    it('sees why a body was too long although it is still sending', async () => {
      const { port } = await start(({ bodyError }) => ({
        status: bodyError === undefined ? 204 : 413,
        headers: { 'content-type': 'text/plain' },
        body: Buffer.from('body over the limit'),
      }));
      for (let round = 0; round < 5; round += 1) {
        const answer = await send(port, { headers: { connection: 'close' }, body: new Uint8Array(8_000_000) });
        expect(answer.status).toBe(413);
        expect(answer.body.toString()).toBe('body over the limit');
      }
    });

    /** Sends the head of a request over a connection that is to be closed after its answer, and reads nothing before it is told to. */
    async function sendHead(port: number, framing: string): Promise<{ readonly socket: Socket; readonly received: () => string }> {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString())).pause();
      socket.write(`POST /write HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${framing}\r\n\r\n`);
      await once(socket, 'connect');
      return { socket, received: () => text };
    }

    it.each([
      ['over the limit', () => start(() => ({ status: 413, headers: {}, body: Buffer.from('body over the limit') }))],
      ['of somebody who may not write', startRefusing],
    ])('can send all of a body %s, and only then look for the answer', async (_whose, startOne) => {
      const { port } = await startOne();
      const bytes = 32_000_000;
      const { socket, received } = await sendHead(port, `content-length: ${bytes}`);
      // The answer waits long before the last byte is sent: a server that closed behind it would break the connection.
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.write(new Uint8Array(bytes), () => resolve());
      });
      socket.resume();
      await once(socket, 'end');
      expect(received()).toMatch(/^HTTP\/1\.1 4\d\d [^]*(body over the limit|unknown-user: nobody)$/);
      socket.destroy();
    });

    it('has its answer before it has sent its body', async () => {
      const { port } = await startRefusing();
      const { socket, received } = await sendHead(port, 'content-length: 3');
      let hasEnded = false;
      socket.once('end', () => (hasEnded = true)).resume();
      await expect.poll(received).toMatch(/unknown-user: nobody$/);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(hasEnded).toBe(false);
      socket.write('abc');
      await once(socket, 'end');
      socket.destroy();
    });

    it('is cut off when it sends without end, however fast it is', { timeout: 60_000 }, async () => {
      const { port } = await startRefusing();
      const { socket } = await sendHead(port, 'transfer-encoding: chunked');
      socket.on('error', () => undefined);
      const chunk = Buffer.concat([Buffer.from('100000\r\n'), new Uint8Array(0x10_00_00), Buffer.from('\r\n')]);
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      for (let count = 1; count <= 4_000 && !socket.destroyed; count += 1) {
        if (!socket.write(chunk)) await Promise.race([once(socket, 'drain').catch(() => undefined), closed]);
      }
      expect(socket.destroyed).toBe(true);
      // 64 MiB, and what lies in the buffers of the system.
      expect(socket.bytesWritten).toBeLessThan(128 * 1024 * 1024);
    });

    it('is cut off after some seconds when it goes on slowly', { timeout: 60_000 }, async () => {
      const { port } = await startRefusing();
      const { socket, received } = await sendHead(port, 'transfer-encoding: chunked');
      socket.on('error', () => undefined);
      const trickle = setInterval(() => socket.write('1\r\nx\r\n'), 100);
      socket.resume();
      await once(socket, 'end');
      clearInterval(trickle);
      expect(received()).toMatch(/^HTTP\/1\.1 401 [^]*unknown-user: nobody$/);
      socket.destroy();
    });
  });

  describe('a client that takes nothing', () => {
    it.each(['whole', 'in parts'])('of an answer that is ready is disconnected, so that it holds no memory (%s)', async (kind) => {
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (;;) yield await Promise.resolve(new Uint8Array(1_048_576));
      }
      const body = kind === 'whole' ? new Uint8Array(64_000_000) : endless();
      const { port, requests } = await start(() => ({ status: 200, headers: {}, body }), { writeIdleTimeoutMs: 200 });
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write('GET /read HTTP/1.1\r\nhost: x\r\n\r\n');
      await once(socket, 'readable');
      // Resolves although the client never takes a byte more: the connector may give up what it held for the answer.
      await requests[0]?.sent;
      expect(socket.bytesRead).toBeLessThan(64_000_000);
      socket.destroy();
    });

    it('is not to blame for an answer that is being made', async () => {
      async function* slow(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('a');
        await new Promise((resolve) => setTimeout(resolve, 500));
        yield Buffer.from('b');
      }
      const { port } = await start(() => ({ status: 200, headers: {}, body: slow() }), { writeIdleTimeoutMs: 100 });
      expect((await send(port, { path: '/read' })).body.toString()).toBe('ab');
    });

    it('is disconnected all the same when it takes nothing of what was waited for', async () => {
      async function* slowThenEndless(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('a');
        await new Promise((resolve) => setTimeout(resolve, 500));
        for (;;) yield await Promise.resolve(new Uint8Array(1_048_576));
      }
      const { port, requests } = await start(() => ({ status: 200, headers: {}, body: slowThenEndless() }), { writeIdleTimeoutMs: 100 });
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write('GET /read HTTP/1.1\r\nhost: x\r\n\r\n');
      await once(socket, 'readable');
      await requests[0]?.sent;
      expect(requests[0]?.signal.aborted).toBe(true);
      socket.destroy();
    });
  });

  describe('a client that goes', () => {
    it("aborts the request's signal while the connector works", async () => {
      const aborted = deferred<boolean>();
      const working = deferred<undefined>();
      const { port } = await start(async ({ signal }) => {
        signal.addEventListener('abort', () => aborted.resolve(true));
        working.resolve(undefined);
        await aborted.promise;
        return noContent;
      });
      const socket = connect(port, '127.0.0.1');
      socket.write('POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n');
      await working.promise;
      socket.destroy();
      expect(await aborted.promise).toBe(true);
    });

    it('ends the iteration of a streamed answer', async () => {
      const ended = deferred<string>();
      async function* endless(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield await Promise.resolve(new Uint8Array(65_536));
        } finally {
          ended.resolve('ended');
        }
      }
      const { port } = await start(() => ({ status: 200, headers: {}, body: endless() }));
      const socket = connect(port, '127.0.0.1');
      socket.write('GET /read HTTP/1.1\r\nhost: x\r\n\r\n');
      await once(socket, 'data');
      socket.destroy();
      expect(await ended.promise).toBe('ended');
    });

    it('ends the iteration of an answer that is ready only after the client has gone', async () => {
      const working = deferred<undefined>();
      const ended = deferred<string>();
      async function* parts(): AsyncGenerator<Uint8Array> {
        try {
          yield await Promise.resolve(new Uint8Array(10));
          yield new Uint8Array(10);
        } finally {
          ended.resolve('ended');
        }
      }
      const { port } = await start(async ({ signal }) => {
        working.resolve(undefined);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return { status: 200, headers: {}, body: parts() };
      });
      const socket = connect(port, '127.0.0.1');
      socket.write('POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n');
      await working.promise;
      socket.destroy();
      expect(await ended.promise).toBe('ended');
    });

    it('leaves the signal alone when the answer was sent in full', async () => {
      const { app, port, requests } = await start(() => noContent);
      await send(port);
      await app.close();
      expect(requests[0]?.signal.aborted).toBe(false);
    });
  });

  describe('a streamed answer', () => {
    it('arrives part by part, before the last part is ready', async () => {
      const firstArrived = deferred<undefined>();
      async function* parts(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('first,');
        await firstArrived.promise;
        yield Buffer.from('second');
      }
      const { port } = await start(() => ({ status: 200, headers: { 'content-type': 'application/x-test' }, body: parts() }));
      const response = await fetch(`http://127.0.0.1:${port}/read`, { method: 'POST' });
      expect(response.headers.get('content-type')).toBe('application/x-test');
      expect(response.headers.get('x-request-id')).toMatch(/./);
      const received: string[] = [];
      for await (const chunk of response.body ?? []) {
        received.push(Buffer.from(chunk as Uint8Array).toString());
        firstArrived.resolve(undefined);
      }
      expect(received.join('')).toBe('first,second');
    });

    it('waits for a client that does not read: parts are not made in advance', async () => {
      let made = 0;
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (;;) {
          made += 1;
          yield await Promise.resolve(new Uint8Array(1_048_576));
        }
      }
      const { port } = await start(() => ({ status: 200, headers: {}, body: endless() }));
      const socket = connect(port, '127.0.0.1');
      socket.write('GET /read HTTP/1.1\r\nhost: x\r\n\r\n');
      await once(socket, 'data');
      socket.pause();
      // The buffers of the kernel take some MB; then production must stand still, however long we look.
      let before = -1;
      while (before !== made) {
        before = made;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(made).toBeLessThan(64);
      socket.destroy();
    });

    it.each([
      ['after its first part', 1],
      ['before its first part', 0],
    ])('that fails %s breaks the connection', async (_name, partsBefore) => {
      async function* failing(): AsyncGenerator<Uint8Array> {
        for (let part = 0; part < partsBefore; part += 1) yield await Promise.resolve(Buffer.from('part'));
        throw new Error('the page after this one could not be read');
      }
      const { port } = await start(({ path }) => (path === '/read' ? { status: 200, headers: {}, body: failing() } : noContent));
      await expect(send(port, { path: '/read' })).rejects.toThrow(/aborted|socket hang up|ECONNRESET/);
      expect((await send(port)).status).toBe(204);
    });
  });

  describe('a defect in the connector', () => {
    it('is a 500 for that request in plain text, without the reason, and the server goes on', async () => {
      const { port } = await start(({ path }) => {
        if (path === '/read') throw new Error('internal detail');
        return noContent;
      });
      const answer = await send(port, { path: '/read' });
      expect(answer.status).toBe(500);
      expect(answer.headers['content-type']).toMatch(/^text\/plain/);
      expect(answer.body.toString()).not.toContain('internal detail');
      expect((await send(port)).status).toBe(204);
    });
  });

  describe('a client that takes its time', () => {
    it('has 20 s for its headers and 60 s for its request, with and without TLS, beside at most 4095 others', async () => {
      for (const tls of [undefined, selfSigned]) {
        const { app } = await start(() => noContent, tls === undefined ? {} : { tls });
        expect(app.server).toMatchObject({ headersTimeout: 20_000, requestTimeout: 60_000, maxConnections: 4096 });
      }
    });

    it('finds the connection closed, and no 408', { timeout: 30_000 }, async () => {
      const { app, port } = await start(() => noContent);
      app.server.headersTimeout = 1;
      const socket = connect(port, '127.0.0.1');
      socket.write('POST /write HTTP/1.1\r\n');
      let received = '';
      socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
      await once(socket, 'close');
      // A 408 would be final for Prometheus, and it may be the server that was busy.
      expect(received).toBe('');
    });
  });

  describe('closing', () => {
    it('waits for the answer in flight, and answers requests on open connections meanwhile', async () => {
      const release = deferred<undefined>();
      const working = deferred<undefined>();
      const { app, port } = await start(async () => {
        working.resolve(undefined);
        await release.promise;
        return noContent;
      });
      const slow = send(port);
      await working.promise;
      const closed = app.close();
      release.resolve(undefined);
      expect((await slow).status).toBe(204);
      await closed;
      await expect(send(port)).rejects.toThrow(/ECONNREFUSED/);
    });
  });
});
