import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { selfSigned } from '@timestream-prometheus/connector-testing';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectionDoor } from '../src/connection-door.js';
import { sendAsCrowd } from './crowd.js';
import { noContent, startServer, type RunningServer } from './running-server.js';

/** Fewer than wait to be taken by default (511). */
const CROWD = 400;

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;
const post = (body: string) => `POST /write HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

async function textOf(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

describe('a server to which a crowd connects at once', () => {
  let server: RunningServer;

  afterEach(async () => {
    await server.app.close();
  });

  it.each(['/-/healthy', '/prometheus/-/healthy', '/-/ready?from=probe'])(
    'answers the probe %s before the crowd, though it came last, and then everybody',
    async (path) => {
      server = await startServer(() => noContent);
      const answers = await sendAsCrowd(server.port, [...Array.from({ length: CROWD }, (_, index) => post(`body ${index}`)), get(path)]);
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: CROWD + 1 }, () => 204));
      // Some may have been let in between; without the door all of them were before it.
      expect(answers.findIndex(({ index }) => index === CROWD)).toBeLessThan(CROWD / 2);
      const bodies = server.requests.flatMap(({ method, body }) => (method === 'POST' ? [Buffer.from(body).toString()] : []));
      expect(bodies.sort()).toEqual(Array.from({ length: CROWD }, (_, index) => `body ${index}`).sort());
    },
  );

  it('answers a probe over TLS before most of the handshakes of a crowd before it, and then everybody', async () => {
    let handshakes = 0;
    let handshakesBefore = 0;
    server = await startServer(
      ({ path }) => {
        if (path === '/-/healthy') handshakesBefore = handshakes;
        return noContent;
      },
      { tls: selfSigned },
    );
    server.app.server.on('secureConnection', () => (handshakes += 1));
    const requests = [...Array.from({ length: CROWD }, (_, index) => post(`body ${index}`)), get('/-/healthy')];
    const answers = await sendAsCrowd(server.port, requests, { isTls: true });
    expect(answers.map(({ status }) => status)).toEqual(requests.map(() => 204));
    expect(handshakesBefore).toBeGreaterThan(0);
    // Of those that begin while the probe waits for the answers of its own handshake. In a plain queue it is the last.
    expect(handshakesBefore).toBeLessThan(CROWD / 2);
    process.stdout.write(`${handshakesBefore} of ${CROWD} handshakes had ended when the probe was answered\n`);
  });

  it('lets in what only looks like a probe in its turn', async () => {
    server = await startServer(() => noContent);
    const texts = [post('GET /-/healthy HTTP/1.1'), get('/write?/-/healthy'), get('/-/healthyish'), get('/x/-/ready/y')];
    const answers = await sendAsCrowd(server.port, [...Array.from({ length: 50 }, () => texts).flat(), get('/-/healthy')]);
    expect(answers).toHaveLength(201);
    expect(answers.findIndex(({ index }) => index === 200)).toBeLessThan(100);
  });

  it('gives over TLS, too, every request its answer, whole or in pieces of a few bytes', async () => {
    server = await startServer(({ body }) => ({ ...noContent, status: 200, body }), { tls: selfSigned });
    const texts = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const socket = connectTls({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false });
        const text = post(`body ${index}`).replace('host: a', 'host: a\r\nconnection: close');
        for (let at = 0; at < text.length; at += 40) {
          socket.write(text.slice(at, at + 40));
          if (index % 2 === 1) await new Promise((resolve) => setTimeout(resolve, 2));
        }
        return textOf(socket);
      }),
    );
    texts.forEach((text, index) => expect(text.endsWith(`\r\n\r\nbody ${index}`), text).toBe(true));
  });
});

describe('ConnectionDoor', () => {
  let server: Server;

  async function start({
    letIn,
    ...options
  }: {
    readonly silenceTimeoutMs?: number;
    readonly maxBytes?: number;
    readonly letIn?: (socket: Socket) => void;
  }): Promise<{
    readonly door: ConnectionDoor;
    readonly port: number;
  }> {
    server = createServer((request, response) => {
      let length = 0;
      request.on('data', (chunk: Buffer) => (length += chunk.length)).on('end', () => response.end(String(length)));
    });
    if (letIn !== undefined) server.on('connection', letIn);
    const door = new ConnectionDoor({ server, event: 'connection', silenceTimeoutMs: 60_000, ...options });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { door, port: (server.address() as AddressInfo).port };
  }

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('ends a connection that sends nothing for its time, and one that ends without a word', async () => {
    const { port } = await start({ silenceTimeoutMs: 50 });
    const silent = connect(port, '127.0.0.1');
    const wordless = connect(port, '127.0.0.1').end();
    expect(await Promise.all([textOf(silent), textOf(wordless)])).toEqual(['', '']);
  });

  it('limits the silence before the first byte only: after it the server counts the time', async () => {
    const { port } = await start({ silenceTimeoutMs: 100 });
    const socket = connect(port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: a\r\n');
    await new Promise((resolve) => setTimeout(resolve, 300));
    socket.write('connection: close\r\ncontent-length: 3\r\n\r\nabc');
    expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 200 OK[^]*3$/);
  });

  it('ends the silent ones when it is closed, so that a server that stops waits for none of them', async () => {
    const { door, port } = await start({});
    const silent = Array.from({ length: 5 }, () => connect(port, '127.0.0.1'));
    const texts = Promise.all(silent.map(textOf));
    const countOpen = () => new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
    while ((await countOpen()) < 5) await new Promise((resolve) => setTimeout(resolve, 5));
    door.close();
    server.close();
    expect(await texts).toEqual(['', '', '', '', '']);
    server = createServer().listen(0, '127.0.0.1');
  });

  it('lets in whoever came first when more was sent than may wait, and loses no byte of anybody', async () => {
    const { port } = await start({ maxBytes: 100_000 });
    const texts = Array.from({ length: 100 }, (_, index) => post('x'.repeat(50_000 + index)));
    const lengths = await Promise.all(
      texts.map(async (text) => {
        const socket = connect(port, '127.0.0.1');
        socket.write(text.replace('host: a', 'host: a\r\nconnection: close'));
        return Number((await textOf(socket)).split('\r\n').at(-1));
      }),
    );
    expect(lengths).toEqual(Array.from({ length: 100 }, (_, index) => 50_000 + index));
  });

  it('has read no more of those who wait than shows a probe, however much they have sent', async () => {
    const lengths: number[] = [];
    // Behind the parser of the server, which begins to read in the next tick.
    const { port } = await start({ letIn: (socket) => lengths.push(socket.readableLength + socket.bytesRead) });
    const answers = await sendAsCrowd(
      port,
      Array.from({ length: CROWD }, () => post('x'.repeat(50_000))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: CROWD }, () => 200));
    expect(lengths).toHaveLength(CROWD);
    // Together, because Node reads of one that had sent nothing when its turn came.
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThan(CROWD * 2_048);
  });

  it('ends those who have sent nothing when it is closed right after they came', async () => {
    const { door, port } = await start({});
    const silent = Array.from({ length: 5 }, () => connect(port, '127.0.0.1'));
    const texts = Promise.all(silent.map(textOf));
    let taken = 0;
    await new Promise<void>((resolve) => {
      server.prependListener('connection', () => {
        taken += 1;
        if (taken < silent.length) return;
        door.close();
        server.close();
        resolve();
      });
    });
    expect(await texts).toEqual(['', '', '', '', '']);
    server = createServer().listen(0, '127.0.0.1');
  });

  it.each([
    ['lets in at once whoever has sent something when nothing may wait', 1, 0, true],
    ['counts as waiting what waits and no more, however much has come through it', 100_000, 10, false],
  ])('%s', async (_title, maxBytes, sentBefore, isProbeLate) => {
    const { port } = await start({ maxBytes });
    const close = (text: string) => text.replace('host: a', 'host: a\r\nconnection: close');
    for (let count = 0; count < sentBefore; count += 1)
      await textOf(
        connect(port, '127.0.0.1')
          .setNoDelay()
          .end(close(post('x'.repeat(50_000)))),
      );
    const answers = await sendAsCrowd(port, [...Array.from({ length: CROWD }, () => close(post('abc'))), close(get('/-/healthy'))]);
    expect(answers).toHaveLength(CROWD + 1);
    expect(answers.findIndex(({ index }) => index === CROWD) > CROWD / 2).toBe(isProbeLate);
  });

  it('forgets who has gone while waiting, and lets in those behind', async () => {
    const { port } = await start({});
    const sockets = Array.from({ length: 60 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    sockets.forEach((socket, index) => {
      socket.write(post('abc').replace('host: a', 'host: a\r\nconnection: close'), () => {
        if (index % 2 === 0) socket.resetAndDestroy();
      });
    });
    const texts = await Promise.all(sockets.filter((_socket, index) => index % 2 === 1).map(textOf));
    for (const text of texts) expect(text.endsWith('3')).toBe(true);
  });
});
