import { createHash } from 'node:crypto';
import { STALE_NAN_BITS, type Histogram, type MetricMetadata, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { expandBatch, MAX_DIMENSIONS_PER_TABLE, type WriteBatch } from '@timestream-prometheus/timestream-translator';
import {
  basicAuthorization,
  integerHistogram,
  PROTOCOL_HEADERS,
  PROTOCOL_HEADERS_V2,
  series,
  writeBody,
  writeBodyV2,
} from '@timestream-prometheus/connector-testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectorError, createConnector, METRICS, METRIC_CATALOGUE, type WriteOutcome, type WriteWorkerOptions } from '../../src/index.js';
import {
  basicHeaders,
  bodyText,
  createMemoryLogger,
  request,
  testConfig,
  writeRequest,
  type LogLine,
} from '../support/connector-fixture.js';
import { openMemoryStorage, type AnswerWrite } from '../support/memory-storage.js';
import { RecordingMetrics } from '../support/recording-metrics.js';
import { startWorkerBeside, WORKERS_BESIDE, type WorkerBeside } from '../support/worker-beside.js';

const START_MS = 1_700_000_000_000;
const CONFLICT =
  'A record already exists with the same time, dimensions, measure name, and record version. A higher record version must be specified.';

function createSubject(write: AnswerWrite, flags: Readonly<Record<string, string>>, writeWorkers?: WriteWorkerOptions) {
  const memory = openMemoryStorage({ write });
  const metrics = new RecordingMetrics();
  const log: LogLine[] = [];
  const connector = createConnector({
    config: testConfig({ workers: '2', ...flags }),
    openStorage: memory.openStorage,
    metrics,
    logger: createMemoryLogger(log),
    random: () => 0.5,
    clock: { nowMs: () => START_MS },
    writeWorkers,
  });
  const batches = (): readonly WriteBatch[] => memory.opened.flatMap((storage) => storage.batches);
  return { connector, metrics, log, batches };
}

/** A Timestream that judges each record by itself, always alike, and has a place for a few dimensions only. */
function createJudge(faultsPerThousand: number): AnswerWrite {
  const dimensions = new Set<string>();
  return (batch): WriteOutcome => {
    const rejected: WriteOutcome['rejected'][number][] = [];
    for (const [recordIndex, record] of expandBatch(batch).entries()) {
      const names = (record.Dimensions ?? []).map(({ Name }) => Name);
      const lot =
        createHash('sha256')
          .update(JSON.stringify(Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1))))
          .digest()
          .readUInt16LE(0) % 1000;
      if (lot < faultsPerThousand) {
        if (lot % 4 === 0) throw new ConnectorError('timestream-refused-write', 'WriteRecords: a record is invalid');
        if (lot % 4 === 1) throw new ConnectorError('throttled', 'WriteRecords: slow down', { retryAfterSeconds: 7 });
        rejected.push({ recordIndex, reason: CONFLICT, existingVersion: START_MS + lot });
      } else if (new Set([...dimensions, ...names]).size > 12)
        rejected.push({ recordIndex, reason: 'The table would have more than 128 dimensions.' });
      else for (const name of names) dimensions.add(name);
    }
    return { rejected };
  };
}

const label = fc.constantFrom(
  'job',
  'instance',
  'pod',
  'time',
  'measure_name',
  'a',
  'b',
  'c',
  'd',
  'e',
  'f',
  'g',
  'h',
  'i',
  'j',
  'k'.repeat(70),
  'ä',
);
const labels = fc
  .tuple(
    fc.constantFrom('up', 'm', 'n'.repeat(300), 'é', ''),
    fc.dictionary(label, fc.constantFrom('x', 'y', '', 'ü'.repeat(40), 'z'.repeat(900))),
  )
  .map(([name, others]): Record<string, string> => ({ __name__: name, ...others }));
const sample = fc.tuple(
  fc.constantFrom(START_MS, START_MS + 1, START_MS - 5000, -1, 2 ** 60),
  fc.oneof(fc.constantFrom<number | bigint>(0, -0, 1.5, 1e308, NaN, Infinity, STALE_NAN_BITS), fc.double()),
);
const histogram = fc.constantFrom<Histogram>(integerHistogram(START_MS), integerHistogram(START_MS + 1));
const oneSeries = fc
  .tuple(labels, fc.array(sample, { maxLength: 4 }), fc.array(histogram, { maxLength: 1 }), fc.boolean())
  .map(([ofSeries, samples, histograms, hasExemplar]): TimeSeries => ({
    ...series(ofSeries, ...samples),
    histograms,
    exemplars: hasExemplar ? [{ labels: [{ name: 'trace', value: 'abc' }], valueBits: 1n, timestampMs: BigInt(START_MS) }] : [],
  }));
const metadata = fc.record<MetricMetadata>({
  type: fc.constantFrom('counter', 'gauge'),
  metricFamilyName: fc.constantFrom('up', 'm', ''),
  help: fc.constantFrom('what it is', 'x'.repeat(3000)),
  unit: fc.constant(''),
});
const message = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.array(oneSeries, { maxLength: 150 }), fc.array(metadata, { maxLength: 3 }))
      .map((parts) => ({ body: writeBody(...parts) })),
  },
  { weight: 3, arbitrary: fc.array(oneSeries, { maxLength: 20 }).map((timeseries) => ({ body: writeBodyV2(timeseries), version: '2.0' })) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((body) => ({ body })) },
);

const flags = fc.record({
  'table-layout': fc.constantFrom('multi-measure', 'sample-value', 'compact', 'single-measure'),
  'on-conflict': fc.constantFrom('reject', 'first-wins', 'last-wins'),
  'fail-on-long-label': fc.constantFrom('false', 'false', 'true'),
  exemplars: fc.constantFrom('store', 'drop'),
  // What is still sent after a failure depends on what was on its way.
  'max-write-concurrency-per-request': fc.constant('1'),
});

describe('a write that a worker does', () => {
  it('makes the same calls, to the byte, and has the same answer, counts and log as one without workers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 4 }), flags, fc.constantFrom(0, 3), async (messages, given, faults) => {
        const subjects = [createSubject(createJudge(faults), given), createSubject(createJudge(faults), given, WORKERS_BESIDE)];
        const seen = await Promise.all(
          subjects.map(async ({ connector, metrics, log, batches }) => {
            const answers: unknown[] = [];
            for (const { body, ...rest } of messages) {
              const headers = 'version' in rest ? { ...basicHeaders(), ...PROTOCOL_HEADERS_V2 } : undefined;
              const response = await connector.handle(request({ body, ...(headers === undefined ? {} : { headers }) }));
              answers.push([response.status, response.headers, await bodyText(response)]);
            }
            await connector.close();
            const counts = METRIC_CATALOGUE.filter(({ type }) => type === 'counter').map((metric) => [metric.name, metrics.sum(metric)]);
            const texts = batches().map((batch) =>
              'json' in batch ? textOf(batch.json as () => string | Uint8Array, batch) : JSON.stringify(batch.Records),
            );
            return {
              answers,
              counts,
              texts,
              log: log.map(({ level, message: text, fields }) => [level, text, fields['code'], fields['reason'], fields['example']]),
            };
          }),
        );
        expect(seen[1]).toEqual(seen[0]);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('takes no more dimensions of a table than it may have, whichever workers its labels come to', async () => {
    const { connector, batches } = createSubject(() => ({ rejected: [] }), {}, WORKERS_BESIDE);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_none, index) => {
        const own = Object.fromEntries(Array.from({ length: 10 }, (_one, place) => [`label_${index}_${place}`, 'x']));
        return connector.handle(writeRequest([series({ __name__: 'm', ...own }, [START_MS, index])]));
      }),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 204));
    const records = batches().flatMap((batch) => expandBatch(batch));
    const names = new Set(records.flatMap(({ Dimensions = [] }) => Dimensions.map(({ Name }) => Name)));
    expect(names.size).toBeLessThanOrEqual(MAX_DIMENSIONS_PER_TABLE);
    expect(names.size).toBeGreaterThan(MAX_DIMENSIONS_PER_TABLE / 2);
    // And the record that makes prometheus_labels, which belongs to no metric.
    expect(records.filter(({ MeasureName }) => MeasureName === 'm')).toHaveLength(40);
    expect(records.filter(({ MeasureName }) => MeasureName === '%metadata')).toHaveLength(1);
    await connector.close();
  });

  it('writes metadata once, whichever workers it comes to', async () => {
    const { connector, metrics } = createSubject(() => ({ rejected: [] }), {}, WORKERS_BESIDE);
    const entry: MetricMetadata = { type: 'counter', metricFamilyName: 'm', help: 'what it is', unit: '' };
    const send = () => connector.handle(request({ body: writeBody([series({ __name__: 'm' }, [START_MS, 1])], [entry]) }));
    await send();
    await Promise.all(Array.from({ length: 10 }, send));
    expect(metrics.sum(METRICS.writtenMetadata)).toBe(1);
    await connector.close();
  });

  it('is given up there when its client has gone', async () => {
    const called: AbortSignal[] = [];
    const { connector, metrics } = createSubject(
      async (_batch, signal) => {
        called.push(signal);
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new ConnectorError('client-gone', 'gone'))));
        return { rejected: [] };
      },
      {},
      WORKERS_BESIDE,
    );
    const client = new AbortController();
    const answer = connector.handle(writeRequest([series({ __name__: 'm' }, [START_MS, 1])], { signal: client.signal }));
    while (called.length === 0) await new Promise((resolve) => setImmediate(resolve));
    client.abort();
    expect((await answer).status).toBe(499);
    expect(metrics.sum(METRICS.requestsInFlight)).toBe(0);
    await connector.close();
  });

  it('is refused where what it is decompressed and decoded to has no room, though its body has', async () => {
    let store: () => void = () => undefined;
    const stored = new Promise<void>((resolve) => (store = resolve));
    const { connector, batches } = createSubject(
      async () => {
        await stored;
        return { rejected: [] };
      },
      { 'max-decoded-bytes-in-flight': '64KiB', 'max-decoded-bytes': '1MiB' },
      WORKERS_BESIDE,
    );
    const timeseries = Array.from({ length: 100 }, (_none, index) =>
      series({ __name__: 'm', padding: String(index).padEnd(500, 'x') }, [START_MS, index]),
    );
    expect(writeBody(timeseries).length).toBeLessThan(10_000);
    const first = connector.handle(writeRequest(timeseries));
    while (batches().length === 0) await new Promise((resolve) => setImmediate(resolve));
    const refused = await connector.handle(writeRequest(timeseries));
    expect(await bodyText(refused)).toMatch(/^overloaded: the requests being worked on hold/);
    store();
    expect((await first).status).toBe(204);
    expect((await connector.handle(writeRequest(timeseries))).status).toBe(204);
    await connector.close();
  });

  it('does not make the calls again that were stored at an earlier attempt', async () => {
    let calls = 0;
    let isDown = true;
    const { connector, metrics } = createSubject(
      () => {
        calls += 1;
        if (isDown && calls % 3 === 0) throw new ConnectorError('throttled', 'WriteRecords: slow down');
        return { rejected: [] };
      },
      {},
      WORKERS_BESIDE,
    );
    const samples = Array.from({ length: 3_000 }, (_none, index) => [START_MS + index, index] as const);
    const write = async () => (await connector.handle(writeRequest([series({ __name__: 'm' }, ...samples)]))).status;
    expect([await write(), await write()]).toEqual([503, 503]);
    isDown = false;
    const count = () => [metrics.sum(METRICS.knownRecords), metrics.sum(METRICS.storedRecords)] as const;
    const [knownBefore, storedBefore] = count();
    expect(await write()).toBe(204);
    const [known, stored] = count();
    expect(known - knownBefore).toBeGreaterThan(0);
    expect(known - knownBefore + stored - storedBefore).toBe(3_000);
    await connector.close();
  });

  it('is told nothing of secrets and of who may come', async () => {
    const told: unknown[] = [];
    const start: WriteWorkerOptions['start'] = () => {
      const { thread } = startWorkerBeside();
      return {
        ...thread,
        post: (sent, transferred) => {
          told.push(sent);
          thread.post(sent, transferred);
        },
      };
    };
    const { connector } = createSubject(
      () => ({ rejected: [] }),
      { 'embedded.credentials': 'EMBEDDED:secret-of-it' },
      { start, minBodyBytes: 0 },
    );
    const ofSender = basicAuthorization({ accessKeyId: 'AKIDSENDER', secretAccessKey: 'secret-of-sender' });
    const headers = { ...basicHeaders(), ...PROTOCOL_HEADERS, authorization: ofSender };
    expect((await connector.handle(writeRequest([series({ __name__: 'm' }, [START_MS, 1])], { headers }))).status).toBe(204);
    const text = JSON.stringify(told);
    expect(text).toContain('"type":"settings"');
    expect(text).not.toMatch(/EMBEDDED|AKIDSENDER|secret-of|credentials|usersFile|region/i);
    await connector.close();
  });

  it('leaves its turn and its place to others when nothing of it can be stored', async () => {
    const { connector } = createSubject(() => ({ rejected: [] }), { 'max-write-concurrency': '2', 'write-timeout': '10s' }, WORKERS_BESIDE);
    const never = Array.from({ length: 1_000 }, (_none, index) => [-1 - index, index] as const);
    for (let count = 0; count < 3; count += 1) {
      const response = await connector.handle(writeRequest([series({ __name__: 'm' }, ...never)]));
      expect(await bodyText(response)).toMatch(/^samples-rejected: 1000 samples .*timestamp-out-of-range/);
    }
    expect((await connector.handle(writeRequest([series({ __name__: 'm' }, [START_MS, 1])]))).status).toBe(204);
    await connector.close();
  });

  it('is refused with 503 and Retry-After when there is no memory for it, and nothing of it is kept', async () => {
    const limits = { 'max-decoded-bytes-in-flight': '64KiB', 'max-decoded-bytes': '1MiB' };
    const { connector, batches } = createSubject(() => ({ rejected: [] }), limits, WORKERS_BESIDE);
    const samples = Array.from({ length: 2_000 }, (_none, index) => [START_MS + index, index] as const);
    const one = () => connector.handle(writeRequest([series({ __name__: 'm' }, ...samples)]));
    const answers = await Promise.all([one(), one(), one(), one()]);
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(0);
    for (const response of refused) {
      expect(await bodyText(response)).toMatch(/^overloaded: the requests being worked on hold/);
      expect(response.headers['retry-after']).toBeDefined();
    }
    // When all have been answered there is room again.
    expect((await one()).status).toBe(204);
    const stored = answers.filter(({ status }) => status === 204).length + 1;
    expect(batches().reduce((sum, { Records }) => sum + Records.length, 0)).toBe(stored * 2_000);
    await connector.close();
  });
});

describe('a worker', () => {
  it('that ends in the middle of a write is replaced, and the write is to be sent again', async () => {
    const started: WorkerBeside[] = [];
    let isStuck = true;
    const { connector, metrics, log } = createSubject(
      async () => {
        if (isStuck) await new Promise(() => undefined);
        return { rejected: [] };
      },
      {},
      {
        minBodyBytes: 0,
        start: () => {
          const worker = startWorkerBeside();
          started.push(worker);
          return worker.thread;
        },
      },
    );
    const write = () => connector.handle(writeRequest([series({ __name__: 'm' }, [START_MS, 1])]));
    const lost = write();
    while (metrics.sum(METRICS.receivedSamples) === 0) await new Promise((resolve) => setImmediate(resolve));
    started[0]?.die();
    const answer = await lost;
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBeDefined();
    expect(await bodyText(answer)).toMatch(/^worker-lost: /);
    isStuck = false;
    expect((await write()).status).toBe(204);
    expect(started).toHaveLength(2);
    expect(metrics.sum(METRICS.lostWorkers)).toBe(1);
    expect(log.filter(({ level }) => level === 'error').map(({ message: text }) => text)).toEqual([
      'a worker thread ended; its requests are to be sent again, and the next one gets a new thread',
    ]);
    await connector.close();
  });

  it('that cannot be started leaves its work to the thread of the connector', async () => {
    const starts: ((reason: Error) => void)[] = [];
    const { connector, log } = createSubject(
      () => ({ rejected: [] }),
      {},
      {
        minBodyBytes: 0,
        start: () => ({
          post: () => undefined,
          listen: () => undefined,
          stop: () => undefined,
          onEnd: (onEnd) => {
            starts.push(onEnd);
            setImmediate(() => onEnd(new Error('no such file')));
          },
        }),
      },
    );
    const write = () => connector.handle(writeRequest([series({ __name__: 'm' }, [START_MS, 1])]));
    expect((await write()).status).toBe(204);
    expect((await write()).status).toBe(204);
    expect(starts).toHaveLength(1);
    expect(log.map(({ message: text }) => text)).toContain('a worker thread could not be started: writes are done without workers');
    await connector.close();
  });

  it('is begun for no write that is small, and for a second one only if the first is busy', async () => {
    let started = 0;
    const start = () => {
      started += 1;
      return startWorkerBeside().thread;
    };
    const { connector } = createSubject(() => ({ rejected: [] }), {}, { start, minBodyBytes: 1_000 });
    await connector.handle(writeRequest([series({ __name__: 'm' }, [START_MS, 1])]));
    expect(started).toBe(0);
    const large = () =>
      connector.handle(
        writeRequest(
          Array.from({ length: 200 }, (_none, index) => series({ __name__: 'm', instance: String(index * 7919) }, [START_MS, index])),
        ),
      );
    await large();
    await large();
    expect(started).toBe(1);
    await Promise.all([large(), large()]);
    expect(started).toBe(2);
    await connector.close();
  });
});

function textOf(json: () => string | Uint8Array, batch: WriteBatch): string {
  const text = json.call(batch);
  return typeof text === 'string' ? text : Buffer.from(text).toString();
}
