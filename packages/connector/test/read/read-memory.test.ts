import { type Query } from '@timestream-prometheus/prom-codec';
import { STREAMED_FIRST } from '@timestream-prometheus/connector-testing';
import { describe, expect, it } from 'vitest';
import { ConnectorError, METRICS, type ConnectorResponse } from '../../src/index.js';
import { bodyBytes, bodyText, createFixture, readRequest, request } from '../support/connector-fixture.js';
import { createLazyTable, LAZY_RANGE, type LazyTable } from '../support/lazy-table.js';
import { openMemoryStorage } from '../support/memory-storage.js';

const M: Query = { ...LAZY_RANGE, matchers: [{ type: '=', name: '__name__', value: 'm' }] };
const START_S = Number(LAZY_RANGE.startTimestampMs) / 1000;
const BUDGET = { 'max-read-bytes-in-flight': '4MiB' };

function fixture(table: LazyTable, flags: Readonly<Record<string, string>> = {}) {
  const { openStorage } = openMemoryStorage({ query: table.answer });
  const created = createFixture(openStorage, { ...BUDGET, ...flags });
  return { ...created, heldBytes: () => created.metrics.sum(METRICS.readBytesInFlight) };
}

function query(signal = new AbortController().signal, text = 'm', path = '/api/v1/query') {
  const address = { time: String(START_S + 60), query: text, 'match[]': text };
  return request({ method: 'GET', path, query: new URLSearchParams(address).toString(), signal });
}

const samples = (signal?: AbortSignal) => readRequest({ queries: [M] }, signal === undefined ? {} : { signal });
const streamed = (signal?: AbortSignal) =>
  readRequest({ queries: [M], acceptedResponseTypes: STREAMED_FIRST }, signal === undefined ? {} : { signal });

/** Series of 500 samples each. */
function tableOf(seriesCount: number): LazyTable {
  return createLazyTable(Object.fromEntries(Array.from({ length: seriesCount }, (_, index) => [`s${index}`, 500])), 1_000);
}

async function drained(response: ConnectorResponse): Promise<void> {
  await bodyBytes(response);
}

describe('what reads hold', () => {
  it.each([
    ['a remote read', () => samples()],
    ['a streamed one', () => streamed()],
    ['a PromQL query', () => query()],
    ['a question for series', () => query(undefined, 'm', '/api/v1/series')],
    ['a question for exemplars', () => query(undefined, 'm', '/api/v1/query_exemplars')],
  ])('is held while %s is answered, and given back when the answer has left', async (_what, ask) => {
    const table = tableOf(20);
    let most = 0;
    const { connector, metrics, heldBytes } = fixture(table);
    const move = metrics.move.bind(metrics);
    metrics.move = (...given) => {
      move(...given);
      most = Math.max(most, heldBytes());
    };
    const response = await connector.handle(ask());
    expect(response.status).toBe(200);
    await drained(response);
    expect(most).toBeGreaterThan(1024 * 1024);
    expect(heldBytes()).toBe(0);
  });

  it.each([
    ['a remote read', () => samples(), 400],
    ['a PromQL query', () => query(undefined, 'm[1h]'), 422],
  ])(
    'refuses %s that would take more than all together may, names the option, and holds nothing afterwards',
    async (_what, ask, status) => {
      // 64 bytes a sample as they are put together, 32 for PromQL.
      const { connector, heldBytes } = fixture(tableOf(400));
      const response = await connector.handle(ask());
      expect(response.status).toBe(status);
      expect(await bodyText(response)).toMatch(/read-limit-exceeded: the read would hold \d+ bytes.*\(max-read-bytes-in-flight\)/);
      expect(heldBytes()).toBe(0);
      // The same as a stream needs only a part of it at a time.
      const whole = await connector.handle(streamed());
      expect(whole.status).toBe(400);
      const inParts = fixture(tableOf(400), { 'stream-buffer-samples': '10000' });
      await drained(await inParts.connector.handle(streamed()));
      expect(inParts.heldBytes()).toBe(0);
    },
  );

  it.each([
    ['a remote read', samples],
    ['a streamed one', streamed],
    ['a PromQL query', query],
  ])('is given back when Timestream fails in the middle of %s', async (_what, ask) => {
    const table = tableOf(20);
    const { openStorage } = openMemoryStorage({
      async *query(sql, signal) {
        let pages = 0;
        for await (const page of table.answer(sql, signal)) {
          if (++pages > 3) throw new ConnectorError('timestream-unavailable', 'Query: oops');
          yield page;
        }
      },
    });
    const { connector, metrics } = createFixture(openStorage, BUDGET);
    const response = await connector.handle(ask());
    expect(response.status).toBe(503);
    expect(metrics.sum(METRICS.readBytesInFlight)).toBe(0);
  });

  it('is given back when Timestream fails in the middle of a stream that has begun', async () => {
    const table = tableOf(40);
    let isDown = false;
    const { openStorage } = openMemoryStorage({
      async *query(sql, signal) {
        for await (const page of table.answer(sql, signal)) {
          if (isDown) throw new ConnectorError('timestream-unavailable', 'Query: oops');
          yield page;
        }
      },
    });
    const { connector, metrics } = createFixture(openStorage, { ...BUDGET, 'stream-buffer-samples': '2000' });
    const { status, body } = await connector.handle(streamed());
    expect(status).toBe(200);
    if (body instanceof Uint8Array) throw new Error('the answer is not streamed');
    const parts = body[Symbol.asyncIterator]();
    await parts.next();
    expect(metrics.sum(METRICS.readBytesInFlight)).toBeGreaterThan(0);
    isDown = true;
    const readAll = async () => {
      while ((await parts.next()).done !== true) continue;
    };
    await expect(readAll()).rejects.toThrow('Query: oops');
    expect(metrics.sum(METRICS.readBytesInFlight)).toBe(0);
  });

  /** A read that has begun and then waits for Timestream for ever. */
  async function stuck(ask: (signal: AbortSignal) => ReturnType<typeof samples>, flags: Readonly<Record<string, string>> = {}) {
    const table = tableOf(20);
    let begun = (): void => undefined;
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const { openStorage } = openMemoryStorage({
      async *query(sql, signal) {
        for await (const page of table.answer(sql, signal)) {
          yield page;
          begun();
          // On a busy machine its time may be over before it comes here, and then no event follows.
          signal.throwIfAborted();
          await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
        }
      },
    });
    const { connector, metrics } = createFixture(openStorage, { ...BUDGET, ...flags });
    const client = new AbortController();
    const answer = connector.handle(ask(client.signal));
    await hasBegun;
    const heldBytes = () => metrics.sum(METRICS.readBytesInFlight);
    expect(heldBytes()).toBeGreaterThan(0);
    return { client, answer, heldBytes };
  }

  it.each([
    ['a remote read', samples],
    ['a streamed one', streamed],
    ['a PromQL query', query],
  ])('is given back when the client of %s has gone, and when its time is over', async (_what, ask) => {
    const left = await stuck(ask);
    left.client.abort();
    await left.answer;
    expect(left.heldBytes()).toBe(0);
    const late = await stuck(ask, { 'read-timeout': '1s' });
    expect((await late.answer).status).toBe(503);
    expect(late.heldBytes()).toBe(0);
  });

  it('is given back when a stream is left in the middle', async () => {
    const { connector, heldBytes } = fixture(tableOf(40), { 'stream-buffer-samples': '2000' });
    const { body } = await connector.handle(streamed());
    if (body instanceof Uint8Array) throw new Error('the answer is not streamed');
    const parts = body[Symbol.asyncIterator]();
    await parts.next();
    expect(heldBytes()).toBeGreaterThan(0);
    await parts.return?.();
    expect(heldBytes()).toBe(0);
  });

  it('stays below the bound while many read at once, of whom each is answered or told when to come again', async () => {
    const { connector, metrics, heldBytes } = fixture(tableOf(40), { 'max-read-concurrency': '20' });
    let most = 0;
    const move = metrics.move.bind(metrics);
    metrics.move = (...given) => {
      move(...given);
      most = Math.max(most, heldBytes());
    };
    const responses = await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const response = await connector.handle(index % 3 === 0 ? samples() : index % 3 === 1 ? streamed() : query());
        await drained(response).catch(() => undefined);
        return response;
      }),
    );
    expect(most).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(most).toBeGreaterThan(2 * 1024 * 1024);
    expect(heldBytes()).toBe(0);
    const statuses = new Set(responses.map(({ status }) => status));
    expect(statuses).toContain(200);
    for (const { status, headers } of responses) {
      expect([200, 503]).toContain(status);
      if (status === 503) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
  });
});
