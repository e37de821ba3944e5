import { connect, type AddressInfo } from 'node:net';
import {
  METRIC_CATALOGUE,
  createConnector,
  createToken,
  hashToken,
  parseConfig,
  parseUsers,
  type Storage,
} from '@timestream-prometheus/connector';
import { query, readBody, series, writeBody } from '@timestream-prometheus/connector-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildServer, createPrometheusMetrics } from '../src/index.js';
import { RAW_REQUESTS, type Reached } from './raw-requests.js';
import { silentLogger } from './running-server.js';

const tokens = { writer: createToken(), reader: createToken() };
const WRITE = Buffer.from(writeBody([series({ __name__: 'm' }, [Date.now(), 1])]));
const READ = Buffer.from(readBody([query(0, Date.now(), ['__name__', '=', 'm'])]));

/** What a request has reached in the storage. */
const reached: Reached[] = [];
const storage: Storage = {
  write: () => {
    reached.push('write');
    return Promise.resolve({ rejected: [] });
  },
  // oxlint-disable-next-line typescript/require-await -- the port wants an async iterable; this one has no page
  async *query() {
    reached.push('read');
    yield* [];
  },
  close: () => undefined,
};

/** Sends bytes as they are, and gives all that comes back until the server closes or says no more. */
function sendRaw(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const end = () => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('latin1'));
    };
    // A server that waits for more than it will get says nothing: what it does then is to be seen by what it reached.
    socket.setTimeout(1_500, end);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', end);
    socket.on('close', end);
  });
}

describe('raw requests to the server, by two users of whom each may do one thing', () => {
  const config = parseConfig({
    flags: { 'default-database': 'd', 'default-table': 't', 'users-file': 'users', 'read-strategy': 'rows' },
    env: {},
    defaultsFor: 'server',
  });
  const directory = parseUsers(
    `writer may=write as=server token=${hashToken(tokens.writer)}\nreader may=read as=server token=${hashToken(tokens.reader)}`,
  );
  const metrics = createPrometheusMetrics(METRIC_CATALOGUE);
  const connector = createConnector({
    config,
    users: () => directory,
    openStorage: () => storage,
    logger: silentLogger,
    metrics: metrics.sink,
  });
  const app = buildServer({ connector, config, metrics, logger: silentLogger });
  let port = 0;

  beforeAll(async () => {
    await app.listen({ host: '127.0.0.1', port: 0 });
    ({ port } = app.server.address() as AddressInfo);
    // The first write asks for the columns of the table.
    await sendRaw(port, RAW_REQUESTS[0]?.bytes({ ...tokens, write: WRITE, read: READ }) ?? Buffer.alloc(0));
  });
  afterAll(() => app.close());

  it.each(RAW_REQUESTS.map((raw) => [raw.name, raw] as const))('%s', async (_name, raw) => {
    reached.length = 0;
    const text = await sendRaw(port, raw.bytes({ ...tokens, write: WRITE, read: READ }));
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
    expect(statuses, text).toEqual(raw.statuses);
    // Pipelined requests are answered in order, and worked on at once.
    expect([...new Set(reached)].sort()).toEqual([...raw.reaches].sort());
    expect(text).not.toContain(tokens.writer);
    expect(text).not.toContain(tokens.reader);
  });
});
