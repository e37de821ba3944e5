import { NORMAL_NAN_BITS, STALE_NAN_BITS, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { startEmbeddedTimestream, type EmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { basicAuthorization, histogramSeries, integerHistogram, series } from '@timestream-prometheus/connector-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyInHand, ConnectorError, METRICS, type Connector } from '../../src/index.js';
import { startAltered, type AlteredSubject, type AlterPage } from '../support/altered-storage.js';
import { bodyText, KEY, writeRequest } from '../support/connector-fixture.js';

const END_MS = Math.floor(Date.now() / 60_000) * 60_000 - 60_000;
const SPAN_MS = 1_800_000;
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

/** xorshift32: the same seed gives the same run everywhere. */
function createRandom(state: number): <Item>(items: readonly Item[]) => Item {
  let bits = Math.imul(state ^ 0x9e3779b9, 0x85ebca6b) || 1;
  return (items) => {
    bits ^= bits << 13;
    bits ^= bits >>> 17;
    bits ^= bits << 5;
    const item = items[(bits >>> 0) % items.length];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  };
}

const LABELS: readonly Readonly<Record<string, string>>[] = [
  { job: 'a', instance: '1' },
  { job: 'a', instance: '2', zone: 'x' },
  { job: 'a', instance: '3', code: '200', zone: 'y' },
  { job: 'b', instance: '1', alpha: 'z' },
  { job: 'b', instance: '4' },
  { job: 'c', zone: 'x' },
  { zone: 'x' },
];
/** What is no number, numbers that are hard to write, and 0 without -0 beside it, or the other way round. */
const VALUES: Readonly<Record<string, readonly (number | bigint)[]>> = {
  'rule:of:plain': [1, 2, -3],
  plain: [1, 2, 3, 0.1, 1e300, -5e-324, 123_456_789.123],
  odd: [NORMAL_NAN_BITS, NORMAL_NAN_BITS, Infinity, -Infinity, 0, -1, 0],
  below: [-0, -0, NORMAL_NAN_BITS, -1, 2],
};

function randomSeries(pick: ReturnType<typeof createRandom>): readonly TimeSeries[] {
  return Object.entries(VALUES).flatMap(([name, values]) =>
    LABELS.map((labels) => {
      const points: [number, number | bigint][] = [];
      const intervalMs = pick([5000, 15_000, 60_000]);
      for (let timeMs = END_MS - SPAN_MS + pick([0, 1, 999, 4321]); timeMs <= END_MS; timeMs += intervalMs) {
        const chance = pick(Array.from({ length: 40 }, (_, index) => index));
        if (chance === 0) points.push([timeMs, STALE_NAN_BITS]);
        if (chance <= 1) timeMs += pick([60_000, 290_000, 300_000, 301_000, 400_000]);
        else points.push([timeMs, pick(values)]);
      }
      return series({ __name__: name, ...labels }, ...points);
    }),
  );
}

describe('aggregations that Timestream computes', { timeout: 60_000 }, () => {
  let timestream: EmbeddedTimestream;
  const open: Connector[] = [];
  const pick = createRandom(seed);

  beforeAll(async () => {
    timestream = await startEmbeddedTimestream({ credentials: [KEY], create: ['tbl', 'small', 'foul'].map((tableName) => ({ databaseName: 'db', tableName })) }); // oxfmt-ignore
    const written = randomSeries(pick);
    expect(await bodyText(await start().connector.handle(writeRequest(written)))).toBe('');
    expect(await bodyText(await start({ flags: { 'table-layout': 'compact', 'default-table': 'small' } }).connector.handle(writeRequest(written)))).toBe(''); // oxfmt-ignore
    await writeFoul();
  }, 60_000);
  afterAll(async () => {
    for (const connector of open) await connector.close();
    await timestream.close();
  });

  function start({
    alterPage = (page) => page,
    flags = {},
  }: { readonly alterPage?: AlterPage; readonly flags?: Readonly<Record<string, string>> } = {}): AlteredSubject {
    const subject = startAltered(timestream.url, alterPage, flags);
    open.push(subject.connector);
    return subject;
  }

  /** What columns do not say, or what two rows say differently. */
  async function writeFoul(): Promise<void> {
    const at = (value: number | bigint): [number, number | bigint] => [END_MS - 30_000, value];
    const foul = { flags: { 'default-table': 'foul' } };
    const written = [
      series({ __name__: 'signs', i: '1' }, at(0)),
      series({ __name__: 'signs', i: '2' }, at(-0)),
      series({ __name__: 'packed', 'a:b': '1' }, at(1)),
      series({ __name__: 'packed', i: '2' }, at(2)),
      series({ __name__: 'kinds', i: '1' }, at(1)),
      series({ __name__: 'rule:sum', i: '1' }, at(1)),
      series({ __name__: 'rule.sum', i: '2' }, at(1)),
      series({ __name__: 'one%one', i: '2' }, at(1)),
      histogramSeries('kinds', [integerHistogram(END_MS - 30_000)]),
      series({ __name__: 'types', i: '1' }, at(1)),
      series({ __name__: 'types', i: '2' }, at(7)),
    ];
    expect(await bodyText(await start(foul).connector.handle(writeRequest(written)))).toBe('');
    const compact = start({ flags: { ...foul.flags, 'table-layout': 'compact' } });
    expect(
      await bodyText(await compact.connector.handle(writeRequest([series({ __name__: 'types', i: '1' }, [END_MS - 40_000, 5])]))),
    ).toBe('');
  }

  interface Times {
    readonly endMs: number;
    readonly stepSeconds: number;
  }

  async function ask(
    { connector }: AlteredSubject,
    query: string,
    { endMs, stepSeconds }: Times = { endMs: END_MS, stepSeconds: 0 },
    more: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    // oxfmt-ignore
    const times = stepSeconds === 0 ? { time: String(endMs / 1000) } : { start: String((endMs - 1_200_000) / 1000), end: String(endMs / 1000), step: String(stepSeconds) }; // oxfmt-ignore
    const response = await connector.handle({
      method: 'GET',
      path: stepSeconds === 0 ? '/api/v1/query' : '/api/v1/query_range',
      query: new URLSearchParams({ query, ...times, ...more }).toString(),
      headers: { authorization: basicAuthorization(KEY) },
      ...bodyInHand(new Uint8Array()),
      signal: new AbortController().signal,
    });
    return `${response.status} ${await bodyText(response)}`;
  }

  const isAggregated = (sql: string): boolean => sql.includes('"packed:newest"');
  const hasSamples = (sql: string): boolean => sql.includes('packed:points') || /^SELECT \* FROM .* WHERE (?!time < )/.test(sql);
  const aggregatedOf = ({ asked }: AlteredSubject): number => asked.filter(isAggregated).length;

  function randomQuery(): string {
    const operator = pick(['count', 'group', 'min', 'max']);
    const grouping = pick(['', ' by (job)', ' by (zone, job)', ' without (instance)', ' without (job, code, alpha)', ' by (nothing)', ' by (__name__)', ' without ()', ' by (instance)']); // oxfmt-ignore
    const names = pick([
      'plain',
      'plain',
      'rule:of:plain',
      'odd',
      'below',
      '{__name__=~".+"}',
      '{__name__=~"plain|odd"}',
      '{__name__=~"plain|rule:of:plain"}',
    ]);
    const matchers = pick(['', '', '{job="a"}', '{job=~"a|b"}', '{zone!=""}', '{zone=""}', '{job!~"c.*"}', '{instance=~".+"}', '{job=~"[ab]"}']); // oxfmt-ignore
    const selector = names.startsWith('{') ? names : `${names}${matchers}`;
    const modifier = pick(['', '', '', ' offset 90s', ' offset -1m', ` @ ${END_MS / 1000 - 333}`]);
    const around = pick(['$', '$', '-$', '$ > 1', 'topk(2, $)', 'sum($)', 'abs($)', '($) * 2', '$ + on (job) group_left count by (job) (plain)', 'max_over_time($[5m:1m])']); // oxfmt-ignore
    const aggregation = `${operator}${grouping} (${selector}${modifier})`;
    return around.replace('$', aggregation);
  }

  it.each(['tbl', 'small'])(
    `are those of the engine, to the last bit and in the same order, in the table %s (SEED=${seed})`,
    async (table) => {
      const flags = { 'default-table': table };
      const [pushed, whole] = [start({ flags }), start({ flags: { ...flags, 'promql-pushdown': 'false' } })];
      let alone = 0;
      for (let index = 0; index < Number(process.env['CASES'] ?? 20); index += 1) {
        const query = randomQuery();
        const times = { endMs: END_MS - pick([0, 1, 60_000, 123_456, 600_000]), stepSeconds: pick([0, 0, 7, 15, 60, 60, 300, 600]) };
        pushed.asked.length = 0;
        const got = await ask(pushed, query, times);
        const wanted = await ask(whole, query, times);
        if (got !== wanted) expect(got, `SEED=${seed}, case ${index}: ${query} ${JSON.stringify(times)}`).toBe(wanted);
        if (aggregatedOf(pushed) > 0 && !pushed.asked.some(hasSamples)) alone += 1;
      }
      expect(alone).toBeGreaterThan(2);
      expect(pushed.metrics.sum(METRICS.packedReadChecks, { outcome: 'equal' })).toBeGreaterThan(0);
      expect(pushed.metrics.sum(METRICS.packedReadFaults)).toBe(0);
    },
  );

  it.each([
    ['max(signs)', 'of 0 and -0 the first series decides'],
    ['count(packed)', 'labels in prometheus_labels are no columns'],
    ['count(kinds)', 'a native histogram counts too'],
    ['min(kinds)', 'a native histogram is ignored with a note'],
    ['count by (__name__) ({__name__=~"rule:sum|rule.sum"})', 'encoded names have another order'],
    ['count({"one%one"})', 'the measure name may be another metric’s'],
  ])('are left to the engine for %s, since %s', async (query) => {
    const flags = { 'default-table': 'foul' };
    const [pushed, whole] = [start({ flags }), start({ flags: { ...flags, 'promql-pushdown': 'false' } })];
    const wanted = await ask(whole, query);
    expect(wanted).toContain('"value":[');
    for (let repetition = 0; repetition < 2; repetition += 1) expect(await ask(pushed, query)).toBe(wanted);
    expect(aggregatedOf(pushed)).toBeLessThan(2);
    expect(pushed.metrics.sum(METRICS.packedReadFaults)).toBe(0);
  });

  it('are not asked for again where each group has one series', async () => {
    const pushed = start();
    for (let repetition = 0; repetition < 3; repetition += 1) await ask(pushed, 'max by (job, instance, zone, code, alpha) (plain)');
    expect(aggregatedOf(pushed)).toBe(1);
    await ask(pushed, 'max(plain)');
    expect(aggregatedOf(pushed)).toBeGreaterThan(1);
  });

  it('are computed from the series from then on when Timestream’s are others', async () => {
    const wanted = await ask(start({ flags: { 'promql-pushdown': 'false' } }), 'count by (job) (plain)');
    const alterPage: AlterPage = (page, sql) =>
      isAggregated(sql) ? withLast(page, (points) => points.replaceAll(/:\d+;/g, ':77;')) : page;
    const pushed = start({ alterPage });
    for (let repetition = 0; repetition < 2; repetition += 1) expect(await ask(pushed, 'count by (job) (plain)')).toBe(wanted);
    expect(pushed.metrics.sum(METRICS.packedReadFaults, { fault: 'aggregation' })).toBe(1);
    expect(pushed.log.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(isAggregated(pushed.asked.at(-1) ?? '')).toBe(false);
  });

  it.each([
    ['refuses the statement', () => { throw new ConnectorError('timestream-refused-query', 'line 1:8: Function dense_rank not registered'); }], // oxfmt-ignore
    ['answers with other columns', (page: Page): Page => ({ ...page, ColumnInfo: page.ColumnInfo.slice(1) })],
    ['leaves out points', (page: Page): Page => withLast(page, () => '')],
  ])('are computed from the series when Timestream %s', async (_what, alter) => {
    const wanted = await ask(start({ flags: { 'promql-pushdown': 'false' } }), 'min(plain)', { endMs: END_MS, stepSeconds: 60 });
    const pushed = start({ alterPage: (page, sql) => (isAggregated(sql) ? alter(page) : page) });
    for (let repetition = 0; repetition < 2; repetition += 1) {
      expect(await ask(pushed, 'min(plain)', { endMs: END_MS, stepSeconds: 60 })).toBe(wanted);
    }
    expect(aggregatedOf(pushed)).toBe(1);
  });

  it('are not asked for where the answer has to count samples, nor with the switch off, nor by rows', async () => {
    const counted = start();
    await ask(counted, 'count(plain)', { endMs: END_MS, stepSeconds: 0 }, { stats: 'all' });
    const byRows = start({ flags: { 'read-strategy': 'rows' } });
    await ask(byRows, 'count(plain)');
    expect([aggregatedOf(counted), aggregatedOf(byRows)]).toEqual([0, 0]);
  });

  it('see a label that the table did not have when it was asked the last time', async () => {
    const pushed = start({ flags: { 'default-table': 'foul' } });
    await ask(pushed, 'count by (late) (types{i="2"})');
    const added = [series({ __name__: 'types', i: '2', late: 'now' }, [END_MS - 10_000, 1])];
    expect(await bodyText(await start({ flags: { 'default-table': 'foul' } }).connector.handle(writeRequest(added)))).toBe('');
    expect(await ask(pushed, 'count by (late) (types{i="2"})')).toContain('"late":"now"');
  });
});

type Page = Parameters<AlterPage>[0];

/** The points stand last. */
function withLast(page: Page, change: (points: string) => string): Page {
  return {
    ...page,
    Rows: page.Rows.map(({ Data = [] }) => ({
      Data: Data.map((datum, index) =>
        index === Data.length - 1 && datum.ScalarValue !== undefined ? { ScalarValue: change(datum.ScalarValue) } : datum,
      ),
    })),
  };
}
