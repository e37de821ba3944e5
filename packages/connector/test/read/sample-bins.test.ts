import { STALE_NAN_BITS } from '@timestream-prometheus/prom-codec';
import { startEmbeddedTimestream, type EmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { basicAuthorization, series } from '@timestream-prometheus/connector-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyInHand, ConnectorError, METRICS, type Connector } from '../../src/index.js';
import { startAltered, type AlteredSubject, type AlterPage } from '../support/altered-storage.js';
import { bodyText, KEY, writeRequest } from '../support/connector-fixture.js';

const END_MS = Math.floor(Date.now() / 60_000) * 60_000 - 60_000;

describe('leaving samples out that a PromQL query cannot need', { timeout: 60_000 }, () => {
  let timestream: EmbeddedTimestream;
  const open: Connector[] = [];

  beforeAll(async () => {
    timestream = await startEmbeddedTimestream({ credentials: [KEY], create: [{ databaseName: 'db', tableName: 'tbl' }] });
    const points = Array.from({ length: 180 }, (_, index): readonly [number, number | bigint] => [
      END_MS - 10_000 * index,
      index % 20 === 7 ? STALE_NAN_BITS : ([0, -0, 1.5, -2, 1.5, -2][index % 6] ?? 0),
    ]);
    const steady = points.map(([timeMs, value], index): readonly [number, number | bigint] => [timeMs, typeof value === 'bigint' ? value : Math.floor(index / 25)]); // oxfmt-ignore
    const written = ['a', 'b', 'c'].flatMap((job) => [
      series({ __name__: 'm', job }, ...points),
      series({ __name__: 'steady', job }, ...steady),
    ]);
    expect(await bodyText(await start().connector.handle(writeRequest(written)))).toBe('');
  }, 60_000);
  afterAll(async () => {
    for (const connector of open) await connector.close();
    await timestream.close();
  });

  function start(alterPage: AlterPage = (page) => page, flags: Readonly<Record<string, string>> = {}): AlteredSubject {
    const subject = startAltered(timestream.url, alterPage, flags);
    open.push(subject.connector);
    return subject;
  }

  async function ask({ connector }: AlteredSubject, query: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
    const parameters = { query, start: String(END_MS / 1000 - 1500), end: String(END_MS / 1000), step: '60', ...more };
    const response = await connector.handle({
      method: 'GET',
      path: '/api/v1/query_range',
      query: new URLSearchParams(parameters).toString(),
      headers: { authorization: basicAuthorization(KEY) },
      ...bodyInHand(new Uint8Array()),
      signal: new AbortController().signal,
    });
    expect(response.status).toBe(200);
    return bodyText(response);
  }

  const isBinned = (sql: string): boolean => sql.includes('"packed:bin"');
  const binnedOf = ({ asked }: AlteredSubject): number => asked.filter(isBinned).length;
  const warnings = ({ log }: AlteredSubject): readonly string[] =>
    log.filter(({ level }) => level === 'warn').map(({ message }) => message);
  const queries = [
    'm',
    'last_over_time(m[5m])',
    'count_over_time(m[5m])',
    'min_over_time(m[5m])',
    'max_over_time(m[5m])',
    'changes(steady[5m])',
  ];

  it.each(queries)('gives the same answer to %s from fewer samples, and is compared with rows once', async (query) => {
    const [pushed, whole] = [start(), start(undefined, { 'promql-pushdown': 'false' })];
    const wanted = await ask(whole, query);
    for (let repetition = 0; repetition < 2; repetition += 1) expect(await ask(pushed, query)).toBe(wanted);
    expect(pushed.metrics.sum(METRICS.packedReadChecks, { outcome: 'equal' })).toBe(1);
    expect(pushed.metrics.sum(METRICS.packedReadFaults)).toBe(0);
    expect(binnedOf(pushed)).toBeGreaterThan(1);
    expect(binnedOf(whole)).toBe(0);
  });

  it.each(queries)('asks for all samples from then on when the chosen ones of %s are others than rows give', async (query) => {
    const wanted = await ask(start(undefined, { 'promql-pushdown': 'false' }), query);
    const pushed = start((page, sql) => (isBinned(sql) ? withPoints(page, (text) => text.replaceAll(/-?\d+\.\d+;/g, '77.0;')) : page));
    for (let repetition = 0; repetition < 2; repetition += 1) expect(await ask(pushed, query)).toBe(wanted);
    expect(pushed.metrics.sum(METRICS.packedReadFaults, { fault: 'bins' })).toBe(1);
    expect(warnings(pushed)).toHaveLength(1);
    const statements = pushed.asked.slice(-1);
    expect(statements.filter(isBinned)).toEqual([]);
    expect(statements.join()).toContain('array_agg(');
  });

  it('asks for all samples, still packed, when the statement is refused', async () => {
    const wanted = await ask(start(undefined, { 'promql-pushdown': 'false' }), 'm');
    const pushed = start((page, sql) => {
      if (isBinned(sql)) throw new ConnectorError('timestream-refused-query', 'line 1:8: Function max_by not registered');
      return page;
    });
    for (let repetition = 0; repetition < 2; repetition += 1) expect(await ask(pushed, 'm')).toBe(wanted);
    expect(binnedOf(pushed)).toBe(1);
    expect(pushed.asked.at(-1)).toContain('array_agg(');
  });

  it('does not speak of windows of series that may have two rows in a millisecond, but of their newest samples', async () => {
    const query = 'count_over_time(m[5m])';
    const wanted = await ask(start(undefined, { 'promql-pushdown': 'false' }), query);
    const pushed = start((page, sql) => (isBinned(sql) && sql.includes('packed:counted') ? withLast(page, '1') : page));
    for (let repetition = 0; repetition < 2; repetition += 1) expect(await ask(pushed, query)).toBe(wanted);
    expect(binnedOf(pushed)).toBe(1);
    await ask(pushed, 'm');
    expect(binnedOf(pushed)).toBeGreaterThan(1);
    expect(warnings(pushed)).toEqual([]);
  });

  it('is not done again where it has saved next to nothing', async () => {
    const pushed = start();
    await ask(pushed, 'm', { step: '12' });
    const before = binnedOf(pushed);
    await ask(pushed, 'm', { step: '12' });
    expect(binnedOf(pushed)).toBe(before);
    await ask(pushed, 'm', { step: '120' });
    expect(binnedOf(pushed)).toBe(before + 1);
  });

  it('is given up for changes alone where samples mostly differ from the one before', async () => {
    const pushed = start();
    for (const query of ['changes(m[5m])', 'max_over_time(m[5m])', 'changes(m[5m])']) await ask(pushed, query);
    const binned = pushed.asked.filter(isBinned);
    expect(binned.filter((sql) => sql.includes('lag('))).not.toEqual([]);
    expect(binned.at(-1)).not.toContain('lag(');
    expect(pushed.asked.at(-1)).not.toContain('packed:bin');
  });

  it('is not done to windows whose samples the answer has to count', async () => {
    const pushed = start();
    await ask(pushed, 'max_over_time(m[5m])', { stats: 'all' });
    expect(binnedOf(pushed)).toBe(0);
  });
});

type Page = Parameters<AlterPage>[0];

function withTexts(page: Page, change: (text: string, fromEnd: number) => string): Page {
  return {
    ...page,
    Rows: page.Rows.map(({ Data = [] }) => ({
      Data: Data.map((datum, index) =>
        datum.ScalarValue === undefined ? datum : { ScalarValue: change(datum.ScalarValue, Data.length - 1 - index) },
      ),
    })),
  };
}

/** The points stand before the two columns about bins. */
function withPoints(page: Page, change: (points: string) => string): Page {
  return withTexts(page, (text, fromEnd) => (fromEnd === 2 ? change(text) : text));
}

function withLast(page: Page, last: string): Page {
  return withTexts(page, (text, fromEnd) => (fromEnd === 0 ? last : text));
}
