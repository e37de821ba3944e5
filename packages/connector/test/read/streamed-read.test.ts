import { createSamples, encodeChunkedReadFrame, encodeSeriesChunks, type Query, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { describe, expect, it } from 'vitest';
import { encodeSeriesFrames } from '../../src/protocol/series-frames.js';
import { ColumnNotFoundError, ConnectorError, METRICS, type ConnectorResponse } from '../../src/index.js';
import { decodeStreamedAnswer, series, STREAMED_FIRST } from '@timestream-prometheus/connector-testing';
import { bodyBytes, bodyText, createFixture, readRequest } from '../support/connector-fixture.js';
import { createLazyTable, LAZY_RANGE, type LazyTable } from '../support/lazy-table.js';
import { openMemoryStorage } from '../support/memory-storage.js';

const M: Query = { ...LAZY_RANGE, matchers: [{ type: '=', name: '__name__', value: 'm' }] };

function idsOf(count: number): string[] {
  return Array.from({ length: count }, (_none, index) => `s${String(index).padStart(4, '0')}`);
}

function equalSeries(count: number, samples: number): Readonly<Record<string, number>> {
  return Object.fromEntries(idsOf(count).map((id) => [id, samples]));
}

function fixture(table: LazyTable, flags: Readonly<Record<string, string>> = {}) {
  const memory = openMemoryStorage({ query: table.answer });
  return { ...createFixture(memory.openStorage, flags), opened: memory.opened };
}

function streamedRead(queries: readonly Query[] = [M], signal = new AbortController().signal) {
  return readRequest({ queries, acceptedResponseTypes: STREAMED_FIRST }, { signal });
}

function iteratorOf({ body }: ConnectorResponse): AsyncIterator<Uint8Array> {
  if (body instanceof Uint8Array) throw new Error('the answer is not streamed');
  return body[Symbol.asyncIterator]();
}

function countsOf(timeseries: readonly TimeSeries[] | undefined): Record<string, number> {
  const idOf = ({ labels }: TimeSeries) => labels.find(({ name }) => name === 'id')?.value ?? '';
  return Object.fromEntries((timeseries ?? []).map((one) => [idOf(one), one.samples.timestampsMs.length]));
}

/** Lets everything run that is not waiting for the outside. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function kindsOf(table: LazyTable): string[] {
  return table.statements.map(({ kind }) => kind);
}

describe('a streamed answer', () => {
  it('of fewer than stream-buffer-samples is read with one Timestream query and given whole', async () => {
    const table = createLazyTable(equalSeries(5, 20));
    const { connector, metrics } = fixture(table, { 'stream-buffer-samples': '101' });
    const response = await connector.handle(streamedRead());
    expect(response.body).toBeInstanceOf(Uint8Array);
    expect(countsOf(decodeStreamedAnswer(await bodyBytes(response), 1)[0])).toEqual(equalSeries(5, 20));
    expect(kindsOf(table)).toEqual(['select']);
    expect(metrics.sum(METRICS.responses, { status: '200', error: 'none' })).toBe(1);
    expect([METRICS.readQueries, METRICS.readSeries, METRICS.readSamples].map((metric) => metrics.sum(metric))).toEqual([1, 5, 100]);
  });

  it('of more is listed and read group by group, in order, each series once and whole', async () => {
    // The order of the rows is not that of the labels.
    const counts = Object.fromEntries(Object.entries({ ...equalSeries(40, 7), s0013: 130, s0021: 1 }).reverse());
    const table = createLazyTable(counts);
    const { connector, metrics } = fixture(table, { 'stream-buffer-samples': '100' });
    const response = await connector.handle(streamedRead());
    expect(response.body).not.toBeInstanceOf(Uint8Array);
    const [result] = decodeStreamedAnswer(await bodyBytes(response), 1);
    expect(countsOf(result)).toEqual(counts);
    expect(kindsOf(table).slice(0, 2)).toEqual(['select', 'list']);
    const groups = table.statements.slice(2);
    expect(groups.every(({ kind }) => kind === 'group')).toBe(true);
    expect(groups.flatMap(({ ids }) => ids)).toEqual(Object.keys(counts).sort());
    expect(groups.find(({ ids }) => ids.includes('s0013'))?.ids).toEqual(['s0013']);
    await settle();
    expect(metrics.sum(METRICS.requestsInFlight)).toBe(0);
    expect(metrics.sum(METRICS.responses, { status: '200', error: 'none' })).toBe(1);
    expect([METRICS.readQueries, METRICS.readSeries, METRICS.readSamples].map((metric) => metrics.sum(metric))).toEqual([1, 40, 397]);
  });

  it('has every query of a request, one after another, each with its own index', async () => {
    const table = createLazyTable(equalSeries(10, 30));
    const { connector } = fixture(table, { 'stream-buffer-samples': '100' });
    const one: Query = { ...M, matchers: [...M.matchers, { type: '=', name: 'id', value: 's0003' }] };
    const none: Query = { ...M, matchers: [] };
    const answers = decodeStreamedAnswer(await bodyBytes(await connector.handle(streamedRead([one, M, none, one]))), 4);
    expect(answers.map(countsOf)).toEqual([{ s0003: 30 }, equalSeries(10, 30), {}, { s0003: 30 }]);
  });

  it('is 200 without a frame if nothing matches', async () => {
    const { connector } = fixture(createLazyTable({}));
    const response = await connector.handle(streamedRead([M, M]));
    expect({ status: response.status, bytes: (await bodyBytes(response)).length }).toEqual({ status: 200, bytes: 0 });
  });

  it('comes through pages without rows, and through thousands of pages', async () => {
    for (const rowsPerPage of [1, 1_000_000]) {
      const { connector } = fixture(createLazyTable(equalSeries(4, 1000), rowsPerPage), { 'stream-buffer-samples': '1500' });
      const body = await bodyBytes(await connector.handle(streamedRead()));
      expect(countsOf(decodeStreamedAnswer(body, 1)[0])).toEqual(equalSeries(4, 1000));
    }
  });

  it('never reads further ahead of its client than the buffer, and stands still while the client does', async () => {
    const buffer = 500;
    const table = createLazyTable(equalSeries(200, 50));
    const { connector } = fixture(table, { 'stream-buffer-samples': String(buffer) });
    const parts = iteratorOf(await connector.handle(streamedRead()));
    let taken = 0;
    let most = 0;
    for (let part = await parts.next(); part.done !== true; part = await parts.next()) {
      const [result = []] = decodeStreamedAnswer(part.value, 1);
      taken += Object.values(countsOf(result)).reduce((sum, count) => sum + count, 0);
      const rowsOut = table.groupRowsOut;
      await settle();
      expect(table.groupRowsOut).toBe(rowsOut);
      most = Math.max(most, table.groupRowsOut - taken);
    }
    expect(taken).toBe(10_000);
    expect(most).toBeLessThanOrEqual(buffer);
  });

  it('merges and misplaces nothing when a label appears between the list and the rows', async () => {
    const table = createLazyTable(equalSeries(20, 10));
    const { connector } = fixture(table, { 'stream-buffer-samples': '50' });
    table.beforeGroupPage = () => {
      if (table.moreColumns.length === 0) table.moreColumns.push('pod');
    };
    expect(countsOf(decodeStreamedAnswer(await bodyBytes(await connector.handle(streamedRead())), 1)[0])).toEqual(equalSeries(20, 10));
  });
});

describe('a streamed answer that fails', () => {
  /** Twenty groups; the page of that number fails. */
  function failing(failAtPage: number, error: Error, flags: Readonly<Record<string, string>> = {}) {
    const table = createLazyTable(equalSeries(20, 50), 50);
    table.beforeGroupPage = (pageCount) => {
      if (pageCount === failAtPage) throw error;
    };
    return { ...fixture(table, { 'stream-buffer-samples': '50', ...flags }), table };
  }

  it('before anything was sent has a status', async () => {
    const { connector, log } = failing(1, new ConnectorError('query-failed', 'Query: too much memory'));
    const response = await connector.handle(streamedRead());
    expect(response.status).toBe(400);
    expect(await bodyText(response)).toMatch(/^query-failed: /);
    expect(log).toHaveLength(1);
  });

  it.each([
    ['a failing page', new ConnectorError('query-failed', 'Query: too much memory'), 'query-failed'],
    [
      'a page token that expired',
      new ConnectorError('timestream-refused-query', 'Query: ValidationException: invalid token'),
      'timestream-refused-query',
    ],
    ['a column that is gone', new ColumnNotFoundError('id', "Column 'id' does not exist"), 'timestream-unavailable'],
    ['a defect', new TypeError('defect'), 'internal'],
  ])('later, by %s, breaks the body, is logged once and counted by its code', async (_case, error, code) => {
    const { connector, metrics, log, opened } = failing(20, error);
    const response = await connector.handle(streamedRead());
    expect(response.status).toBe(200);
    await expect(bodyBytes(response)).rejects.toMatchObject({ code });
    await settle();
    expect(log).toMatchObject([{ fields: { code, status: 200 } }]);
    expect(metrics.sum(METRICS.responses, { status: '200', error: code })).toBe(1);
    expect(metrics.sum(METRICS.responses)).toBe(1);
    expect(metrics.sum(METRICS.requestsInFlight)).toBe(0);
    await connector.close();
    expect(opened[0]?.isClosed).toBe(true);
  });

  it('ends the other statements of its group', async () => {
    const table = createLazyTable(equalSeries(250, 1), 1);
    const waiting: AbortSignal[] = [];
    table.beforeGroupPage = async (pageCount, signal) => {
      if (pageCount === 3) throw new ConnectorError('query-failed', 'broken');
      if (pageCount > 3) return;
      waiting.push(signal);
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    };
    const { connector } = fixture(table, { 'stream-buffer-samples': '249' });
    expect((await connector.handle(streamedRead())).status).toBe(400);
    expect(waiting.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  /** An answer of which some is read, and whose next group never comes. */
  async function stuck(flags: Readonly<Record<string, string>> = {}, signal?: AbortSignal) {
    const table = createLazyTable(equalSeries(20, 50), 50);
    table.beforeGroupPage = async (pageCount, querySignal) => {
      if (pageCount < 8) return;
      await new Promise((_resolve, reject) => {
        querySignal.addEventListener('abort', () => reject(new ConnectorError('client-gone', 'aborted')));
      });
    };
    const subject = fixture(table, { 'stream-buffer-samples': '50', ...flags });
    const parts = iteratorOf(await subject.connector.handle(streamedRead([M], signal)));
    expect((await parts.next()).done).toBe(false);
    return { ...subject, table, parts };
  }

  async function drain(parts: AsyncIterator<Uint8Array>): Promise<void> {
    for (let part = await parts.next(); part.done !== true; part = await parts.next());
  }

  it('because its client has gone ends the query at Timestream', async () => {
    const client = new AbortController();
    const { connector, parts, table, metrics, log } = await stuck({}, client.signal);
    const draining = drain(parts);
    draining.catch(() => undefined);
    await settle();
    client.abort();
    await expect(draining).rejects.toMatchObject({ code: 'client-gone' });
    await settle();
    expect(table.statements.at(-1)?.signal.aborted).toBe(true);
    expect(metrics.sum(METRICS.responses, { status: '200', error: 'client-gone' })).toBe(1);
    expect(log).toMatchObject([{ level: 'debug' }]);
    await connector.close();
  });

  it('because its reader leaves while it waits ends the query at Timestream', async () => {
    const { connector, parts, table } = await stuck();
    drain(parts).catch(() => undefined);
    await settle();
    expect(table.statements.at(-1)?.signal.aborted).toBe(false);
    await parts.return?.();
    expect(table.statements.at(-1)?.signal.aborted).toBe(true);
    await connector.close();
  });

  it('because read-timeout is over fails its reader, and gives back what it holds even if nobody reads', async () => {
    const { connector, parts, metrics, opened } = await stuck({ 'read-timeout': '1s', 'max-storages': '1' });
    expect(metrics.sum(METRICS.requestsInFlight)).toBe(1);
    await expect.poll(() => metrics.sum(METRICS.requestsInFlight), { timeout: 10_000 }).toBe(0);
    expect(metrics.sum(METRICS.responses, { status: '200', error: 'deadline-exceeded' })).toBe(1);
    await expect(parts.next()).rejects.toMatchObject({ code: 'deadline-exceeded' });
    await connector.close();
    expect(opened[0]?.isClosed).toBe(true);
  });

  it('holds its place and its storage until its end', async () => {
    const { connector, parts, opened } = await stuck({ 'max-decoded-bytes-in-flight': '1024', 'max-concurrent-requests': '1' });
    expect((await connector.handle(streamedRead())).status).toBe(503);
    const closing = connector.close();
    await settle();
    expect(opened[0]?.isClosed).toBe(false);
    await parts.return?.();
    await closing;
    expect(opened[0]?.isClosed).toBe(true);
  });
});

describe('the limits of a streamed read', () => {
  it.each([
    ['max-samples-per-read', '999', [M]],
    ['max-samples-per-read', '1999', [M, M]],
    ['max-series-per-read', '19', [M]],
    ['max-series-per-read', '39', [M, M]],
  ])('refuse more than --%s=%s, or break the answer, and name the option', async (flag, value, queries) => {
    for (const buffer of ['50', '400', '5000']) {
      const { connector } = fixture(createLazyTable(equalSeries(20, 50)), { 'stream-buffer-samples': buffer, [flag]: value });
      const response = await connector.handle(streamedRead(queries));
      if (response.status === 200) await expect(bodyBytes(response)).rejects.toThrow(flag);
      else expect(await bodyText(response)).toMatch(new RegExp(`^read-limit-exceeded: .*${flag}`));
      // Of one query everything is counted before anything is sent.
      if (queries.length === 1) expect(response.status).toBe(400);
    }
  });

  it.each([
    ['max-samples-per-read', '2000'],
    ['max-series-per-read', '40'],
  ])('let exactly --%s=%s pass', async (flag, value) => {
    for (const buffer of ['50', '5000']) {
      const { connector } = fixture(createLazyTable(equalSeries(20, 50)), { 'stream-buffer-samples': buffer, [flag]: value });
      const answers = decodeStreamedAnswer(await bodyBytes(await connector.handle(streamedRead([M, M]))), 2);
      expect(answers.map(countsOf)).toEqual([equalSeries(20, 50), equalSeries(20, 50)]);
    }
  });

  it('gives others a turn within a series that is large, which is one frame all the same', () => {
    const count = 300_000;
    const samples = createSamples(Array.from({ length: count }, (_none, index) => [index * 1000, index]));
    const huge = { ...series({ __name__: 'huge' }), samples };
    const parts = [...encodeSeriesFrames([huge], 0)];
    expect(parts.filter((part) => part === undefined)).toHaveLength(5);
    expect(parts.filter((part) => part !== undefined)).toEqual([
      encodeChunkedReadFrame({ chunkedSeries: [encodeSeriesChunks(huge.labels, huge.samples)], queryIndex: 0n }),
    ]);
  });

  it('refuse a series that does not fit into a frame, by name and before any byte of it', () => {
    const small = series({ __name__: 'm', id: 'a' }, [1, 1]);
    const large = {
      ...small,
      labels: [{ name: 'id', value: 'large' }],
      samples: createSamples(Array.from({ length: 500 }, (_none, index) => [index, Math.sin(index)])),
    };
    const frames = encodeSeriesFrames([small, large], 0, 1000);
    expect(() => [...frames]).toThrow(/^series \{id="large"\} has 500 samples, a frame of \d+ bytes; Prometheus takes 1000/);
    const bytes = Buffer.concat([...encodeSeriesFrames([small, large], 0)].filter((part) => part !== undefined));
    expect(decodeStreamedAnswer(bytes, 1)[0]).toEqual([small, large]);
  });
});

describe('a read of label sets (func="series")', () => {
  const labelsOnly: Query = {
    ...M,
    hints: { stepMs: 0n, func: 'series', startMs: 0n, endMs: 0n, grouping: [], by: false, rangeMs: 0n },
  };

  it('lists the series, looks whether it knew every column, and reads no sample', async () => {
    const table = createLazyTable(equalSeries(5, 20));
    const { connector } = fixture(table);
    const [result] = decodeStreamedAnswer(await bodyBytes(await connector.handle(streamedRead([labelsOnly]))), 1);
    expect(countsOf(result)).toEqual(equalSeries(5, 0));
    expect(kindsOf(table)).toEqual(['probe', 'list', 'probe']);
    await connector.handle(streamedRead([labelsOnly]));
    expect(kindsOf(table).slice(3)).toEqual(['list', 'probe']);
  });

  it('lists again when a column has appeared that the list did not know', async () => {
    const table = createLazyTable(equalSeries(2, 1));
    table.onStatement = (kind) => {
      if (kind === 'list' && table.moreColumns.length === 0) table.moreColumns.push('pod');
    };
    const { connector, metrics } = fixture(table);
    const [result] = decodeStreamedAnswer(await bodyBytes(await connector.handle(streamedRead([labelsOnly]))), 1);
    expect(countsOf(result)).toEqual(equalSeries(2, 0));
    expect(kindsOf(table)).toEqual(['probe', 'list', 'probe', 'list', 'probe']);
    expect(metrics.sum(METRICS.readQueryReruns)).toBe(1);
  });

  it('is given up as retryable when the columns never stop changing', async () => {
    const table = createLazyTable(equalSeries(2, 1));
    table.onStatement = (kind) => {
      if (kind === 'list') table.moreColumns.push(`label${table.moreColumns.length}`);
    };
    const { connector } = fixture(table);
    const response = await connector.handle(streamedRead([labelsOnly]));
    expect(response.status).toBe(503);
    expect(await bodyText(response)).toMatch(/^timestream-unavailable: the columns of the table were others than expected 5 times/);
  });

  it('is refused over max-series-per-read', async () => {
    const { connector } = fixture(createLazyTable(equalSeries(5, 20)), { 'max-series-per-read': '4' });
    const response = await connector.handle(streamedRead([labelsOnly]));
    expect(await bodyText(response)).toMatch(/^read-limit-exceeded: .*max-series-per-read/);
  });
});

describe('a read with many queries', () => {
  it.each([[[]], [STREAMED_FIRST]])('is no reason for a warning of Node (accepted types %j)', async (acceptedResponseTypes) => {
    const warnings: string[] = [];
    const onWarning = ({ message }: Error) => void warnings.push(message);
    process.on('warning', onWarning);
    try {
      const { connector } = fixture(createLazyTable(equalSeries(300, 10)), {
        'max-read-concurrency': '2',
        'stream-buffer-samples': '1000',
      });
      const queries = Array.from({ length: 64 }, () => M);
      expect((await bodyBytes(await connector.handle(readRequest({ queries, acceptedResponseTypes })))).length).toBeGreaterThan(1000);
      await settle();
    } finally {
      process.off('warning', onWarning);
    }
    expect(warnings).toEqual([]);
  });
});
