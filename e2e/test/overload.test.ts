import { readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { createSamples, encodeSnappy, encodeWriteRequest, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { destinationArguments } from '../harness/destination-arguments.js';
import { basicAuthorization, startConnector, type RunningConnector } from '../harness/start-connector.js';

const MEBIBYTE = 1024 * 1024;
const heapMib = 512;
const inFlightMib = 64;
const cacheMib = 64;
const decodedMib = 16;
const writeCalls = 32;
/** `WORKERS=2` holds the same bodies to the bound of a process with threads. */
const workers = Number(process.env['WORKERS'] ?? 0);
/** A request that is alone may take four times `max-decoded-bytes`, if that is more than the budget. */
const budgetMib = Math.max(inFlightMib, 4 * decodedMib);
/** The formulas and the example of docs/capacity.md, "Memory". */
const neededHeapMib = 150 + 2 * (budgetMib + cacheMib) + 2 * writeCalls;
const boundMib = heapMib + budgetMib + 144 + 96 * workers;

const headers = { authorization: basicAuthorization(), 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };

/** A Timestream that answers after a while and counts the records that it was sent. */
async function startSlowTimestream(latencyMs: number): Promise<{ readonly server: Server; readonly url: string; records(): number }> {
  let records = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const isWrite = String(request.headers['x-amz-target']).endsWith('WriteRecords');
      const { Records } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly Records?: readonly unknown[] };
      const count = Records?.length ?? 0;
      setTimeout(() => {
        response.setHeader('content-type', 'application/x-amz-json-1.0');
        if (isWrite) {
          records += count;
          response.end(JSON.stringify({ RecordsIngested: { Total: count, MemoryStore: count, MagneticStore: 0 } }));
        } else response.writeHead(403).end('{"__type":"AccessDeniedException","message":"this Timestream only takes writes"}');
      }, latencyMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, records: () => records };
}

function bodyOf(name: string, seriesCount: number): Uint8Array {
  const nowMs = Date.now();
  const timeseries = Array.from({ length: seriesCount }, (_, index): TimeSeries => {
    const labels = {
      __name__: name,
      instance: `host-${index}.example:9100`,
      job: 'node',
      path: `/var/lib/containers/${index}`.padEnd(120, 'x'),
    };
    return {
      labels: Object.entries(labels).map(([label, value]) => ({ name: label, value })),
      samples: createSamples([[nowMs, index]]),
      exemplars: [],
      histograms: [],
    };
  });
  return encodeSnappy(encodeWriteRequest({ timeseries, metadata: [] }));
}

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

/** A series of empty messages of a field, two bytes each: what takes the most memory for its bytes. */
function emptyFields(tag: number, count: number): Uint8Array {
  const fields = new Uint8Array(2 * count);
  for (let index = 0; index < count; index++) fields[2 * index] = tag;
  return encodeSnappy(Uint8Array.from([0x0a, ...varint(fields.length), ...fields]));
}

const HISTOGRAMS_TAG = 0x22;
const EXEMPLARS_TAG = 0x1a;
const SAMPLES_TAG = 0x12;

function peakMibOf({ program }: RunningConnector): number {
  return (Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${program.pid}/status`, 'utf8'))?.[1]) * 1024) / MEBIBYTE;
}

describe(`a connector with a heap of ${heapMib} MiB, ten times the load that it admits`, () => {
  let timestream: Awaited<ReturnType<typeof startSlowTimestream>>;
  let connector: RunningConnector;

  beforeAll(async () => {
    timestream = await startSlowTimestream(200);
    connector = await startConnector({
      storage: 'aws',
      env: { NODE_OPTIONS: `--max-old-space-size=${heapMib}` },
      extraArguments: [
        ...destinationArguments({ url: timestream.url, database: 'db', table: 't' }),
        `--max-decoded-bytes-in-flight=${inFlightMib}MiB`,
        `--max-decoded-bytes=${decodedMib}MiB`,
        `--series-cache-bytes=${cacheMib}MiB`,
        `--max-write-concurrency=${writeCalls}`,
        `--workers=${workers}`,
        // Timestream, the senders and whatever else the machine does share its processors with it.
        '--write-timeout=60s',
        '--log.level=error',
      ],
    });
  });

  afterAll(async () => {
    expect(connector.program.hasExited(), connector.program.output()).toBe(false);
    process.stdout.write(`at most ${Math.round(peakMibOf(connector))} MiB, ${boundMib} are the bound\n`);
    await connector.program.stop();
    timestream.server.closeAllConnections();
    timestream.server.close();
    rmSync(connector.dataDir, { recursive: true, force: true });
  });

  const write = async (
    body: Uint8Array,
  ): Promise<{ readonly status: number; readonly retryAfter: string | null; readonly text: string }> => {
    const response = await fetch(`${connector.url}/write`, { method: 'POST', headers, body: Buffer.from(body) });
    return { status: response.status, retryAfter: response.headers.get('retry-after'), text: await response.text() };
  };
  const answerHealthy = async () => (await fetch(`${connector.url}/-/healthy`)).status;

  it('has the heap that its options ask for', () => {
    expect(neededHeapMib).toBeLessThanOrEqual(heapMib);
  });

  it('stores what it acknowledges, and tells all others when to come again', async () => {
    // Some 2 MB decoded each: ten times what the budget holds beside what they become.
    const samples = 8_000;
    const bodies = Array.from({ length: 4 }, (_, index) => bodyOf(`crowd_${index}`, samples));
    const before = timestream.records();
    const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => write(bodies[index % bodies.length] ?? new Uint8Array())));
    expect(await answerHealthy()).toBe(200);
    const statuses = answers.map(({ status }) => status);
    const acknowledged = statuses.filter((status) => status === 204).length;
    const refused = answers.filter(({ status }) => status === 503);
    expect(acknowledged + refused.length).toBe(100);
    expect(acknowledged).toBeGreaterThan(0);
    expect(refused.length).toBeGreaterThan(20);
    for (const { retryAfter, text } of refused) {
      expect(Number(retryAfter), text).toBeGreaterThan(0);
      expect(text).toMatch(/^(overloaded|deadline-exceeded): /);
    }
    // Of equal bodies one may be stored: the connector remembers what it has stored of a request that comes again.
    const stored = new Set(statuses.flatMap((status, index) => (status === 204 ? [index % bodies.length] : [])));
    expect(timestream.records() - before).toBeGreaterThanOrEqual(stored.size * samples);
    expect(peakMibOf(connector)).toBeLessThan(boundMib);
  }, 120_000);

  it.each([
    ['native histograms', HISTOGRAMS_TAG, 100_000],
    ['exemplars', EXEMPLARS_TAG, 100_000],
    ['samples', SAMPLES_TAG, 1_000_000],
  ])(
    'survives bodies of empty %s, which are two bytes each and grow more than anything else',
    async (_what, tag, count) => {
      const body = emptyFields(tag, count);
      const answers = await Promise.all(Array.from({ length: 15 }, () => write(body)));
      for (const { status, retryAfter, text } of answers) {
        expect([204, 400, 503], text).toContain(status);
        if (status === 503) expect(Number(retryAfter)).toBeGreaterThan(0);
      }
      expect(await answerHealthy()).toBe(200);
      expect(connector.program.hasExited()).toBe(false);
      expect(peakMibOf(connector)).toBeLessThan(boundMib);
    },
    120_000,
  );

  it('holds nothing for senders that declare a large body and send little of it', async () => {
    const sockets = Array.from({ length: 80 }, () => {
      const socket = connect(connector.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(
        `POST /write HTTP/1.1\r\nhost: x\r\nauthorization: ${headers.authorization}\r\ncontent-length: ${15 * MEBIBYTE}\r\n\r\nabc`,
      );
      return socket;
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await write(bodyOf('beside_silent_senders', 100))).status).toBe(204);
    for (const socket of sockets) socket.destroy();
  });
});
