import { NodeHttpHandler } from '@smithy/node-http-handler';
import { HttpRequest } from '@smithy/core/transport';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { selfSigned } from '@timestream-prometheus/connector-testing';
import { afterEach, describe, expect, it } from 'vitest';
import { connectorErrorOf } from '../../src/timestream/aws-error.js';
import { clientSettingsOf } from '../../src/timestream/client-settings.js';
import { ConnectionPool } from '../../src/timestream/connection-pool.js';
import { hostOfResponse } from '../../src/timestream/host-noting-handler.js';
import { createMemoryLogger } from '../support/connector-fixture.js';

const started: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
});

const OK = 'HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 2\r\n\r\n{}';

/** A server that looks at no request, but answers when the end of one has come. */
async function startServer(answer: (socket: Socket, request: number) => void, tls = false) {
  let requests = 0;
  const sockets = new Set<Socket>();
  const server: Server = tls ? createTlsServer({ ...selfSigned }) : createServer();
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      while (text.includes('THE END')) {
        text = text.slice(text.indexOf('THE END') + 'THE END'.length);
        answer(socket, ++requests);
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  started.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, sockets, requests: () => requests };
}

const LIMITS = { connectionTimeoutMs: 5_000, requestTimeoutMs: 20_000, maxSockets: 4 };

function poolOf(limits: Partial<typeof LIMITS> = {}): ConnectionPool {
  const pool = new ConnectionPool({ ...LIMITS, ...limits });
  started.push(() => {
    pool.close();
  });
  return pool;
}

function requestTo(port: number, protocol = 'http:') {
  const body = Buffer.from('a body, and THE END');
  const headers = { host: `127.0.0.1:${port}`, 'content-length': String(body.length) };
  return { protocol, hostname: '127.0.0.1', port, path: '/', method: 'POST', headers, body };
}

const never = () => new AbortController().signal;

/** What comes of a request: an answer, or what the connector says of its failure. */
async function outcomeOf(work: Promise<{ readonly statusCode: number; readonly text: string }>): Promise<unknown> {
  return work.catch((error: unknown) => {
    const { code, message } = connectorErrorOf(error, 'WriteRecords', never());
    return { code, message: message.replaceAll(/127\.0\.0\.1:\d+/g, 'server') };
  });
}

async function byPool(port: number, protocol?: string): Promise<unknown> {
  const answer = poolOf().send(requestTo(port, protocol), never());
  return outcomeOf(answer.then(({ statusCode, body }) => ({ statusCode, text: Buffer.from(body).toString() })));
}

async function collect(body: unknown): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of body as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function bySdk(port: number, protocol?: string): Promise<unknown> {
  const agent = new Agent({ keepAlive: true });
  const handler = new NodeHttpHandler({ httpAgent: agent, requestTimeout: 20_000, throwOnRequestTimeout: true });
  const work = handler.handle(new HttpRequest(requestTo(port, protocol))).then(async ({ response }) => {
    return { statusCode: response.statusCode, text: await collect(response.body) };
  });
  const outcome = await outcomeOf(work);
  handler.destroy();
  return outcome;
}

describe('connections of calls that the connector puts together itself', () => {
  const answers: readonly (readonly [string, (socket: Socket) => void])[] = [
    ['an answer', (socket) => socket.write(OK)],
    ['an answer byte by byte', (socket) => OK.split('').forEach((character) => socket.write(character))],
    ['an answer in chunks', (socket) => socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n')],
    ['an answer that ends with its connection', (socket) => socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}')],
    ['an answer behind an informational one', (socket) => socket.write(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${OK}`)],
    ['an empty answer', (socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n')],
    ['a redirect, which nobody follows', (socket) => socket.write('HTTP/1.1 307 Moved\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n')],
    ['an error', (socket) => socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy')],
    ['a connection that is closed', (socket) => socket.end()],
    ['a connection that is broken', (socket) => socket.resetAndDestroy()],
    ['half a head', (socket) => socket.end('HTTP/1.1 200 OK\r\nconte')],
    ['half a body', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}')],
    ['half of its chunks', (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n')],
  ];
  it.each(answers)('lead to the same as those of the SDK where there comes %s', async (_what, answer) => {
    const { port } = await startServer(answer);
    expect(await byPool(port)).toEqual(await bySdk(port));
  });

  it.each<readonly [string, (socket: Socket) => void]>([
    // The reset may overtake what was sent before it.
    [
      'half a body, and a broken connection',
      (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}', () => socket.resetAndDestroy()),
    ],
    ['what is no HTTP', (socket) => socket.write('SSH-2.0-server\r\n\r\n')],
    [
      'an answer to another question',
      (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n'),
    ],
  ])('are broken ones, as those of the SDK are, where there comes %s', async (_what, answer) => {
    const { port } = await startServer(answer);
    expect(await byPool(port)).toMatchObject({ code: 'connection-failed' });
  });

  it('fail as those of the SDK do where nobody listens', async () => {
    const { port } = await startServer(() => undefined);
    for (const stop of started.splice(0)) await stop();
    expect(await byPool(port)).toEqual(await bySdk(port));
    expect(await byPool(port)).toMatchObject({ code: 'connection-failed' });
  });

  it('trust no certificate that the SDK would not trust', async () => {
    const { port, requests } = await startServer((socket) => socket.write(OK), true);
    const [ours, theirs] = [await byPool(port, 'https:'), await bySdk(port, 'https:')];
    expect(ours).toEqual(theirs);
    expect(ours).toMatchObject({ code: 'connection-failed' });
    expect(requests()).toBe(0);
  });

  it('are kept for the next call, as many as may be open and no more', async () => {
    const { port, sockets } = await startServer((socket) => setTimeout(() => socket.write(OK), 5));
    const pool = poolOf({ maxSockets: 3 });
    let most = 0;
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        Array.from({ length: 12 }, async () => {
          await pool.send(requestTo(port), never());
          most = Math.max(most, sockets.size);
        }),
      );
    }
    expect(most).toBe(3);
  });

  it('carry one call at a time, so that an answer that does not come holds up nobody else', async () => {
    let answer: () => void = () => undefined;
    const { port, requests } = await startServer((socket) => {
      answer = () => socket.write(OK);
    });
    const pool = poolOf({ maxSockets: 1 });
    const calls = [1, 2].map(async () => pool.send(requestTo(port), never()));
    while (requests() < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(requests()).toBe(1);
    answer();
    await Promise.race(calls);
    while (requests() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    answer();
    for (const { statusCode } of await Promise.all(calls)) expect(statusCode).toBe(200);
  });

  it('are opened anew for the next call where the server has closed them in the meantime', async () => {
    const { port, requests } = await startServer((socket) => {
      socket.end(OK);
    });
    const pool = poolOf();
    for (let call = 0; call < 5; call++) {
      expect((await pool.send(requestTo(port), never())).statusCode).toBe(200);
      // The end of the connection has arrived.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(requests()).toBe(5);
  });

  it('note which host has answered', async () => {
    const { port } = await startServer((socket) => socket.write(OK));
    expect(hostOfResponse(await poolOf().send(requestTo(port), never()))).toBe(`127.0.0.1:${port}`);
  });

  it.each<readonly [string, (socket: Socket) => void]>([
    ['no answer', () => undefined],
    ['half an answer', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}')],
  ])('are given up, and those of the SDK too, when %s comes in time', async (_what, answer) => {
    const { port } = await startServer(answer);
    const pool = poolOf({ requestTimeoutMs: 300 });
    expect(await outcomeOf(pool.send(requestTo(port), never()) as never)).toMatchObject({ code: 'deadline-exceeded' });
    const choices = { region: 'eu-central-1', endpoint: '', credentials: undefined, maxSockets: 1, logger: createMemoryLogger([]) };
    const { requestHandler } = clientSettingsOf({ ...choices, requestTimeoutMs: 300 });
    const bySdkInTime = requestHandler.handle(new HttpRequest(requestTo(port))).then(({ response }) => collect(response.body));
    expect(await outcomeOf(bySdkInTime as never)).toMatchObject({ code: 'deadline-exceeded' });
    requestHandler.destroy();
  });

  it('are broken off at once by an abort, whether they wait for an answer, for the rest of it or for a connection', async () => {
    const { port, sockets, requests } = await startServer((socket, request) => {
      if (request === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}');
    });
    // Longer than the test may take: what ends the connections is the abort.
    const pool = poolOf({ maxSockets: 2, requestTimeoutMs: 600_000 });
    const abort = new AbortController();
    const calls = Array.from({ length: 4 }, () => pool.send(requestTo(port), abort.signal));
    const ends = Promise.allSettled(calls);
    while (requests() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const inUse = [...sockets];
    abort.abort(new Error('enough'));
    for (const end of await ends) expect(end).toMatchObject({ status: 'rejected', reason: { name: 'AbortError' } });
    await expect(pool.send(requestTo(port), abort.signal)).rejects.toMatchObject({ name: 'AbortError' });
    while (inUse.some((socket) => sockets.has(socket))) await new Promise((resolve) => setTimeout(resolve, 5));
    // Those that waited were never sent.
    expect(requests()).toBe(2);
  });

  it('end in their own time when they are closed, and are opened again for another place', async () => {
    const slow = await startServer((socket) => setTimeout(() => socket.write(OK), 50));
    const other = await startServer((socket) => socket.write(OK));
    const pool = poolOf();
    const first = pool.send(requestTo(slow.port), never());
    while (slow.requests() < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await pool.send(requestTo(other.port), never())).statusCode).toBe(200);
    pool.close();
    expect((await first).statusCode).toBe(200);
    while (slow.sockets.size + other.sockets.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
