import { afterEach, describe, expect, it } from 'vitest';
import { METRICS, openAwsStorage } from '../../src/index.js';
import { series } from '@timestream-prometheus/connector-testing';
import { createFixture, createMemoryLogger, testConfig, writeRequest } from '../support/connector-fixture.js';
import { RecordingMetrics } from '../support/recording-metrics.js';
import { startWireServer, wireError, type WireAnswer } from '../support/wire-server.js';

const started: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
});

const SAMPLES = 3_000;
const CALLS = SAMPLES / 100;

async function start(answerWrite: (callNumber: number, recordCount: number) => WireAnswer) {
  let callNumber = 0;
  const server = await startWireServer(({ operation, body }) => {
    if (operation !== 'WriteRecords') return wireError(403, 'AccessDeniedException', 'no DESCRIBE');
    return answerWrite(++callNumber, (body['Records'] as unknown[]).length);
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
  return { metrics, sendUntilFinal, calls: () => callNumber };
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
});
