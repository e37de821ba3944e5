import { getEventListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { createSamples } from '@timestream-prometheus/prom-codec';
import { batchRecords, createDimensionBudget, translateSeries, type PlannedBatch } from '@timestream-prometheus/timestream-translator';
import { describe, expect, it, type TestContext } from 'vitest';
import { METRICS, openAwsStorage, type ConnectorError, type Storage } from '../../src/index.js';
import { createSharedSignal } from '../../src/concurrency/deadline.js';
import { retryPauseMs } from '../../src/timestream/retry-pause.js';
import { createMemoryLogger, KEY, testConfig } from '../support/connector-fixture.js';
import { RecordingMetrics } from '../support/recording-metrics.js';
import { startWireServer, wireError, type WireAnswer, type WireRequest } from '../support/wire-server.js';

const [BATCH] = batchRecords(
  translateSeries(
    [{ labels: [{ name: '__name__', value: 'up' }, { name: 'job', value: 'a' }], samples: createSamples([[1, 1]]), exemplars: [], histograms: [] }], // oxfmt-ignore
    { layout: 'multi-measure', dimensionBudget: createDimensionBudget() },
  ).records,
) as [PlannedBatch];

const stored = (request: WireRequest): WireAnswer => ({
  status: 200,
  body: { RecordsIngested: { Total: (request.body['Records'] as unknown[]).length } },
});

/** In the order that the pauses are due, in a twentieth of the time. */
const pauseShortly = (pauseMs: number, signal: AbortSignal): Promise<void> =>
  setTimeout(pauseMs / 20, undefined, { signal }).catch(() => undefined);

async function start({ onTestFinished }: TestContext, answer: Parameters<typeof startWireServer>[0], keys = 1) {
  const server = await startWireServer(answer);
  const metrics = new RecordingMetrics();
  const config = testConfig({ 'write-base-endpoint': server.url, 'query-base-endpoint': server.url, 'max-write-retries': '10', 'max-read-retries': '10' }); // oxfmt-ignore
  const open = openAwsStorage(config, { logger: createMemoryLogger([]), metrics, pause: pauseShortly });
  const storages = Array.from({ length: keys }, (_none, index) =>
    open({ kind: 'static', accessKeyId: `${KEY.accessKeyId}${index}`, secretAccessKey: KEY.secretAccessKey }),
  );
  onTestFinished(async () => {
    for (const storage of storages) storage.close();
    await server.close();
  });
  /** Calls of all storages in turn, some at a time; gives the code of each failure. */
  async function callMany(count: number, call: (storage: Storage | undefined) => Promise<unknown>): Promise<readonly string[]> {
    const codes: string[] = [];
    let begun = 0;
    const work = async () => {
      while (begun < count) await call(storages[begun++ % keys]).catch((error: unknown) => codes.push((error as ConnectorError).code));
    };
    await Promise.all(Array.from({ length: 20 }, work));
    return codes;
  }
  /** As the signal of a request, to which each of its calls listens while it is under way; none of them may go on listening. */
  async function withSignal<T>(given: AbortSignal, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = createSharedSignal(given);
    const outcome = await act(signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    return outcome;
  }
  const writeMany = (count: number, given = AbortSignal.timeout(60_000)) =>
    withSignal(given, (signal) => callMany(count, async (storage) => storage?.write(BATCH, signal)));
  const queryMany = (count: number, given = AbortSignal.timeout(60_000)) =>
    withSignal(given, (signal) =>
      callMany(count, async (storage) => {
        for await (const _page of storage?.query('SELECT 1', signal) ?? []) break;
      }),
    );
  return { server, metrics, storages, writeMany, queryMany };
}

// Much of the time of each is pauses, so they pause together.
describe.concurrent('calls to a Timestream that fails', () => {
  it.for<[string, WireAnswer, string]>([
    ['answers with errors', wireError(500, 'InternalServerException', 'oops'), 'timestream-unavailable'],
    ['throttles', wireError(429, 'ThrottlingException', 'slow down'), 'throttled'],
    ['breaks every connection', 'drop', 'connection-failed'],
    ['hides behind a page', { status: 502, body: '<html>', contentType: 'text/html' }, 'timestream-unavailable'],
    ['stores nothing and says yes', { status: 200, body: {} }, 'malformed-answer'],
  ])('are not twice as many when it %s all the time, whatever max-write-retries allows each of them', async ([, answer, code], test) => {
    const { server, metrics, writeMany } = await start(test, () => answer, 3);
    const calls = 150;
    const codes = await writeMany(calls);
    expect(codes).toHaveLength(calls);
    // A busy machine may break a connection of its own.
    expect(codes.filter((each) => each === code || each === 'connection-failed').length).toBe(calls);
    expect(server.requests.length).toBeLessThan(calls * 2);
    // The budget is used: a failure that passes costs nobody anything.
    expect(server.requests.length).toBeGreaterThan(calls);
    // Attempts whose connection broke before Timestream saw them are attempts, too.
    const retries = metrics.sum(METRICS.timestreamRetries, { operation: 'WriteRecords' });
    expect(retries).toBeGreaterThanOrEqual(server.requests.length - calls);
    expect(retries).toBeLessThan(calls);
  });

  it.for<[string, WireAnswer, string]>([
    ['answers with errors', wireError(500, 'InternalServerException', 'oops'), 'timestream-unavailable'],
    ['throttles', wireError(429, 'ThrottlingException', 'slow down'), 'throttled'],
    ['hides behind a page', { status: 502, body: '<html>', contentType: 'text/html' }, 'timestream-unavailable'],
  ])(
    'are not twice as many when it is asked queries and %s, whatever max-read-retries allows each of them',
    async ([, answer, code], test) => {
      const { server, queryMany } = await start(test, () => answer, 3);
      const calls = 150;
      const codes = await queryMany(calls);
      expect(codes).toHaveLength(calls);
      expect(codes.filter((each) => each === code || each === 'connection-failed').length).toBe(calls);
      expect(server.requests.length).toBeLessThan(calls * 2);
      expect(server.requests.length).toBeGreaterThan(calls);
    },
  );

  it('all end well when three in ten are throttled', async (test) => {
    let count = 0;
    const { writeMany } = await start(test, (request) => (++count % 10 < 3 ? wireError(429, 'ThrottlingException', 'x') : stored(request)));
    expect(await writeMany(200)).toEqual([]);
  });

  it('may be made again again, once calls have ended well', async (test) => {
    let isDown = true;
    const { server, writeMany } = await start(test, (request) =>
      isDown ? wireError(500, 'InternalServerException', 'oops') : stored(request),
    );
    await writeMany(30);
    isDown = false;
    expect(await writeMany(40)).toEqual([]);
    isDown = true;
    const before = server.requests.length;
    await writeMany(1);
    expect(server.requests.length - before).toBe(10);
  });

  it('leave the retries of other credentials alone, however many fail', async (test) => {
    const isOfFirst = ({ headers }: WireRequest) => String(headers.authorization).includes(`${KEY.accessKeyId}0/`);
    let failures = 0;
    const { storages, server } = await start(
      test,
      (request) => (isOfFirst(request) || ++failures <= 5 ? wireError(500, 'InternalServerException', 'oops') : stored(request)),
      2,
    );
    const signal = AbortSignal.timeout(60_000);
    for (let call = 0; call < 40; call += 1) await storages[0]?.write(BATCH, signal).catch(() => undefined);
    expect(server.requests.length).toBeGreaterThan(40);
    expect(server.requests.length).toBeLessThan(80);
    await storages[1]?.write(BATCH, signal);
    expect(failures).toBe(6);
  });

  it('are not twice as many either where each of many credentials has only begun to fail', async (test) => {
    // Each of them alone may make ten calls again before it has paid for one.
    const keys = 30;
    const { server, writeMany } = await start(test, () => wireError(500, 'InternalServerException', 'oops'), keys);
    const calls = 5 * keys;
    expect(await writeMany(calls)).toHaveLength(calls);
    expect(server.requests.length).toBeGreaterThan(calls);
    expect(server.requests.length).toBeLessThan(calls * 2);
  });

  it('are bounded in an outage, however many calls have ended well before it', async (test) => {
    let isDown = false;
    const { server, writeMany } = await start(test, (request) =>
      isDown ? wireError(500, 'InternalServerException', 'oops') : stored(request),
    );
    expect(await writeMany(400)).toEqual([]);
    isDown = true;
    const before = server.requests.length;
    const calls = 20;
    expect(await writeMany(calls)).toHaveLength(calls);
    // What they have saved up, and what they pay in themselves.
    expect(server.requests.length - before).toBeLessThanOrEqual(calls + 100 + calls / 2);
    expect(server.requests.length - before).toBeGreaterThan(100);
  });

  it('stop with the time of their request, in the middle of a pause too', async (test) => {
    const { server, writeMany } = await start(test, () => wireError(429, 'ThrottlingException', 'slow down'));
    const deadline = new AbortController();
    const writing = writeMany(1, deadline.signal);
    await expect.poll(() => server.requests.length, { timeout: 30_000 }).toBeGreaterThan(2);
    deadline.abort();
    await writing;
    const made = server.requests.length;
    await setTimeout(300);
    expect(server.requests.length).toBe(made);
  });
});

describe('the pause before a call is made again', () => {
  it('doubles, is spread, and is at most two seconds, so that a table that scales keeps its load', () => {
    const longest = [1, 2, 3, 4, 5, 9].map((attempts) => retryPauseMs('throttled', attempts, () => 1));
    expect(longest).toEqual([200, 400, 800, 1600, 2000, 2000]);
    expect(retryPauseMs('throttled', 1, () => 0)).toBe(100);
    expect(retryPauseMs('connection-failed', 1, () => 1)).toBe(50);
  });

  it.each(['access-denied', 'timestream-refused-write', 'server-credentials-unavailable', 'client-gone', 'internal'] as const)(
    'is none after %s: the next attempt would end the same way',
    (code) => {
      expect(retryPauseMs(code, 1, () => 0)).toBeUndefined();
    },
  );
});
