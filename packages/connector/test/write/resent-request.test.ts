import { afterEach, describe, expect, it } from 'vitest';
import { METRICS, openAwsStorage } from '../../src/index.js';
import { PROTOCOL_HEADERS_V2, series, writeBodyV2 } from '@timestream-prometheus/connector-testing';
import {
  basicHeaders,
  bodyText,
  createFixture,
  createMemoryLogger,
  request,
  testConfig,
  writeRequest,
} from '../support/connector-fixture.js';
import { RecordingMetrics } from '../support/recording-metrics.js';
import { startWireServer, wireError, type WireAnswer } from '../support/wire-server.js';

const started: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
});

const SAMPLES = 3_000;
const CALLS = SAMPLES / 100;

async function start(answerWrite: (callNumber: number, recordCount: number, times: readonly string[]) => WireAnswer) {
  let callNumber = 0;
  const server = await startWireServer(({ operation, body }) => {
    if (operation !== 'WriteRecords') return wireError(403, 'AccessDeniedException', 'no DESCRIBE');
    const records = body['Records'] as readonly { readonly Time?: string }[];
    return answerWrite(
      ++callNumber,
      records.length,
      records.map(({ Time = '' }) => Time),
    );
  });
  const flags = { 'write-base-endpoint': server.url, 'query-base-endpoint': server.url, 'max-write-retries': '1' };
  const open = openAwsStorage(testConfig(flags), { logger: createMemoryLogger([]), metrics: new RecordingMetrics() });
  const { connector, metrics } = createFixture(open, flags);
  started.push(
    () => server.close(),
    () => connector.close(),
  );
  const timeseries = Array.from({ length: SAMPLES }, (_none, index) => series({ __name__: 'm', host: `h${index}` }, [1_000, index]));
  /** Sends the request until its answer is final, and gives the number of attempts. */
  async function sendUntilFinal(): Promise<{ status: number; attempts: number }> {
    for (let attempts = 1; ; attempts += 1) {
      const { status } = await connector.handle(writeRequest(timeseries));
      if (status < 500 || attempts === 100) return { status, attempts };
    }
  }
  return { connector, metrics, sendUntilFinal, calls: () => callNumber };
}

const stored = (count: number): WireAnswer => ({ status: 200, body: { RecordsIngested: { Total: count } } });
const failed = wireError(500, 'InternalServerException', 'oops');

describe('a large request that its sender sends again', () => {
  it('ends although one call in five fails: what is stored already is not written again', async () => {
    const { sendUntilFinal, metrics, calls } = await start((number, count) => (number % 5 === 0 ? failed : stored(count)));
    const { status, attempts } = await sendUntilFinal();
    expect(status).toBe(204);
    expect(attempts).toBeGreaterThan(1);
    // The first attempt is not remembered: nothing had failed when its first calls were made.
    expect(calls()).toBeLessThan(CALLS * 2.5);
    expect(metrics.sum(METRICS.knownRecords)).toBeGreaterThan(0);
    expect(metrics.sum(METRICS.storedRecords)).toBeGreaterThanOrEqual(SAMPLES);
  });

  it('writes everything again that no answer accounted for', async () => {
    const accounted = new Set<number>();
    let isDown = true;
    const { sendUntilFinal, calls } = await start((number, count) => {
      if (isDown && number % 2 === 0) return stored(count - 1);
      accounted.add(number);
      if (accounted.size > CALLS / 2) isDown = false;
      return stored(count);
    });
    expect((await sendUntilFinal()).status).toBe(204);
    expect(accounted.size).toBeGreaterThanOrEqual(CALLS);
    expect(calls()).toBeGreaterThan(accounted.size);
  });

  it('names what was rejected at each attempt, though it was written with others that are stored', async () => {
    let isDown = true;
    const { connector, metrics } = await start((number, count, times) => {
      // The call that has the oldest sample is stored but for this sample, all others fail for a while.
      if (times.includes('1000'))
        return wireError(419, 'RejectedRecordsException', 'some', {
          RejectedRecords: [{ RecordIndex: times.indexOf('1000'), Reason: 'outside the time range' }],
        });
      return isDown && number > 1 ? failed : stored(count);
    });
    const timeseries = [series({ __name__: 'm' }, ...Array.from({ length: 300 }, (_none, index) => [1_000 + index, index] as const))];
    expect((await connector.handle(writeRequest(timeseries))).status).toBe(503);
    expect((await connector.handle(writeRequest(timeseries))).status).toBe(503);
    isDown = false;
    for (const attempt of ['first', 'second']) {
      const response = await connector.handle(writeRequest(timeseries));
      expect(response.status, attempt).toBe(400);
      expect(await bodyText(response)).toMatch(/^samples-rejected: 1 sample of this request can never be stored/);
    }
    expect(metrics.sum(METRICS.rejectedRecords)).toBeGreaterThanOrEqual(2);
  });

  it('says in the end of all that is stored how much it is, that of earlier attempts included', async () => {
    let isDown = true;
    const { connector } = await start((number, count) => (isDown && number % 3 === 0 ? failed : stored(count)));
    const timeseries = [series({ __name__: 'm' }, ...Array.from({ length: 1_000 }, (_none, index) => [1_000 + index, index] as const))];
    const headers = { ...basicHeaders(), ...PROTOCOL_HEADERS_V2 };
    const write = () => connector.handle(request({ body: writeBodyV2(timeseries), headers }));
    expect((await write()).status).toBe(503);
    expect((await write()).status).toBe(503);
    isDown = false;
    const { status, headers: said } = await write();
    expect([status, said['x-prometheus-remote-write-samples-written']]).toEqual([204, '1000']);
  });
});
