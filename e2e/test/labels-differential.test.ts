import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { bitsFromFloat, createSamples, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSeededRandom } from '../differential/seeded-random.js';
import { writeOnce } from '../harness/remote-client.js';
import { isMissing } from '../harness/requirements.js';
import { accessKeyId, basicAuthorization, secretAccessKey, startConnector, type RunningConnector } from '../harness/start-connector.js';
import { startPrometheus, type RunningPrometheus } from '../harness/start-prometheus.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const CASES = Number(process.env['CASES'] ?? 60);
/** So often a question is for everything there is: by chance alone, too few would have an answer to compare. */
const WIDE_EVERY = 5;

const execFileAsync = promisify(execFile);

interface Answer {
  readonly httpStatus: number;
  readonly body: unknown;
}

describe.skipIf(isMissing('prometheus'))('labels, label values, series and exemplars, beside a real Prometheus', () => {
  const random = createSeededRandom(seed);
  const nowMs = Math.floor(Date.now() / 1000) * 1000 - 60_000;
  let connector: RunningConnector;
  let prometheus: RunningPrometheus;

  beforeAll(async () => {
    [connector, prometheus] = await Promise.all([
      startConnector(),
      startPrometheus({ extraArguments: ['--web.enable-remote-write-receiver', '--enable-feature=exemplar-storage'] }),
    ]);
    const timeseries = createSeries();
    await writeOnce(`${prometheus.url}/api/v1/write`, timeseries, undefined);
    await writeOnce(`${connector.url}/write`, timeseries, { basic: { accessKeyId, secretAccessKey } });
  }, 120_000);

  afterAll(async () => {
    await Promise.all([connector.program.stop(), prometheus.program.stop()]);
  });

  /** Names that are columns, that are reserved or have another place, and values that are hard to quote. */
  function createSeries(): readonly TimeSeries[] {
    const names = ['job', 'time', 'le', 'instance', '__meta', `l${'o'.repeat(70)}ng`];
    const values = ['a', 'b', "it's", '"q"', 'back\\slash', 'new\nline', '\u00fc', '\u{1f600}', '<&>', '%41', 'a/b?c', ' '];
    const timeseries = Array.from({ length: 80 }, (_, index) => ({
      labels: [
        { name: '__name__', value: random.pick(['up', 'job:up:sum', 'time', `m${'x'.repeat(300)}`, 'http_requests_total']) },
        { name: 'index', value: String(index) },
        ...names.filter(() => random.next() < 0.5).map((name) => ({ name, value: random.pick(values) })),
      ],
      samples: createSamples([[nowMs, index]]),
      exemplars: createExemplars(values),
      histograms: [],
    }));
    return timeseries.map((one) => ({ ...one, labels: one.labels.sort((left, right) => (left.name < right.name ? -1 : 1)) }));
  }

  /** Those of a series in the order of time, and each at a time of its own: that is all that the older Prometheus takes. */
  function createExemplars(labelValues: readonly string[]): TimeSeries['exemplars'] {
    return Array.from({ length: random.below(4) }, (_, index) => ({
      labels: ['span_id', 'time', 'trace_id']
        .filter(() => random.next() < 0.6)
        .map((name) => ({ name, value: random.pick([...labelValues, '4bf92f3577b34da6a3ce929d0e0e4736', '']) })),
      valueBits: bitsFromFloat(random.pick([0.25, 1e300, -5e-324, 0.1 + 0.2, Infinity, -Infinity, NaN, 0, 1e21, 1e-7])),
      timestampMs: BigInt(nowMs - 60_000 * (3 - index) - random.below(1_000)),
    }));
  }

  async function ask(base: string, target: string, form?: string): Promise<Answer> {
    const response = await fetch(`${base}/api/v1/${target}`, {
      headers: {
        authorization: basicAuthorization(),
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(form !== undefined && { method: 'POST', body: form }),
    });
    const text = await response.text();
    if (text === '') return { httpStatus: response.status, body: '' };
    const answer = JSON.parse(text) as Readonly<Record<string, unknown>>;
    // Our words are those of Prometheus 3, which are not always those of the one that is installed.
    const body = 'error' in answer ? { ...answer, error: 'refused' } : answer;
    const found = body['data'];
    // Prometheus gives the series of one selector in the order in which it has found them.
    const sorted =
      target.startsWith('series') && Array.isArray(found) ? { ...body, ['data']: found.map((one) => JSON.stringify(one)).sort() } : body;
    return { httpStatus: response.status, body: sorted };
  }

  function randomSelector(): string {
    const matcher = () =>
      random.pick([
        '__name__="up"',
        '__name__=~"job.*|m.+"',
        '__name__!="time"',
        'job="a"',
        'job!="a"',
        'job=~"[ab]"',
        'job!~".*s.*"',
        'time=""',
        'time!=""',
        'instance="it\'s"',
        'instance=~".+\\\\n.+"',
        'le=~"\\\\PL"',
        'le="back\\\\slash"',
        `l${'o'.repeat(70)}ng!=""`,
        'nobody=""',
        'nobody!=""',
        'job=~"*"',
      ]);
    return random.pick(['', 'up', 'http_requests_total']) + `{${Array.from({ length: random.below(4) }, matcher).join(',')}}`;
  }

  it(`answers the same, and refuses the same (SEED=${seed})`, async () => {
    const before = nowMs / 1000 - 7200;
    const times = ['', `start=${nowMs / 1000 - 3600}&end=${nowMs / 1000 + 3600}`, `start=${before}&end=${before + 60}`, 'start=x', 'end=2024-13-01T00:00:00Z'];
    let withSomething = 0;
    for (let index = 0; index < CASES; index += 1) {
      const isWide = index % WIDE_EVERY === 0;
      const selectors = isWide ? ['{__name__=~".+"}'] : Array.from({ length: random.below(3) }, randomSelector);
      const path = isWide ? 'series' : random.pick(['labels', 'series', 'label/job/values', 'label/__name__/values', 'label/time/values', `label/l${'o'.repeat(70)}ng/values`, 'label/nobody/values']);
      const query = [(isWide || random.next() < 0.7) ? (times[1] ?? '') : random.pick(times), ...selectors.map((text) => `match[]=${encodeURIComponent(text)}`)].filter((part) => part !== '').join('&');
      const asForm = !path.startsWith('label/') && (random.next() < 0.5);
      const [wanted, got] = await Promise.all(
        [prometheus.url, connector.url].map((base) => (asForm ? ask(base, path, query) : ask(base, `${path}?${query}`))),
      );
      expect({ path, query, asForm, ...got }).toEqual({ path, query, asForm, ...wanted });
      if (wanted?.httpStatus === 200 && JSON.stringify(wanted.body).length > 60) withSomething += 1;
    }
    expect(withSomething).toBeGreaterThan(CASES / 10);
  }, 120_000); // oxfmt-ignore

  it(`answers the same for exemplars, and refuses the same (SEED=${seed})`, async () => {
    let withSomething = 0;
    for (let index = 0; index < CASES; index += 1) {
      const isWide = index % WIDE_EVERY === 0;
      const [one, other] = [randomSelector(), randomSelector()];
      const query = isWide ? '{__name__=~".+"}' : random.pick([one, one, `sum(rate(${one}[5m])) by (le)`, `${one} / on (job) max_over_time(${other}[1h:1m])`, '1 + 1', 'sum(', `${one} + ${one}`]);
      const [start, end] = isWide ? [nowMs - 600_000, nowMs + 60_000] : random.pick([[nowMs - 600_000, nowMs + 60_000], [nowMs - 600_000, nowMs + 60_000], [nowMs - 121_000, nowMs - 59_000], [nowMs, nowMs - 1], [nowMs - 60_500, nowMs - 60_500]]);
      const form = new URLSearchParams({ query, start: String(start / 1000), end: String(end / 1000) }).toString();
      const asForm = random.next() < 0.5;
      const [wanted, got] = await Promise.all(
        [prometheus.url, connector.url].map((base) => (asForm ? ask(base, 'query_exemplars', form) : ask(base, `query_exemplars?${form}`))),
      );
      expect({ form, ...got }).toEqual({ form, ...wanted });
      if (wanted?.httpStatus === 200 && JSON.stringify(wanted.body).length > 60) withSomething += 1;
    }
    expect(withSomething).toBeGreaterThan(CASES / 10);
  }, 120_000); // oxfmt-ignore

  /** Aggregations come in no order, from Prometheus at least. */
  const sortedLines = (text: string): readonly string[] => text.trim().split('\n').sort();

  async function promtool(base: string, ...query: readonly string[]): Promise<readonly string[]> {
    const server = new URL(base);
    server.username = accessKeyId;
    server.password = encodeURIComponent(secretAccessKey);
    const [kind = '', ...rest] = query;
    const flags = rest.filter((text) => text.startsWith('--'));
    const words = rest.filter((text) => !text.startsWith('--'));
    const { stdout } = await execFileAsync('promtool', ['query', kind, ...flags, server.href, ...words]);
    return sortedLines(stdout);
  }

  it('gives promtool the lines that Prometheus gives it', async () => {
    const [start, end] = [`--start=${nowMs / 1000 - 600}`, `--end=${nowMs / 1000 + 60}`];
    for (const query of [
      ['instant', `--time=${nowMs / 1000}`, 'count by (__name__) ({__name__=~".+"})'],
      ['instant', `--time=${nowMs / 1000}`, 'sum(time)'],
      ['range', start, end, '--step=15s', 'sum by (job) ({__name__="up"})'],
      ['series', start, end, '--match={job="a"}', '--match=up'],
      ['labels', start, end, 'job'],
      ['labels', start, end, '--match=up', '__name__'],
    ]) {
      const [wanted, got] = await Promise.all([promtool(prometheus.url, ...query), promtool(connector.url, ...query)]);
      expect({ query, got }).toEqual({ query, got: wanted });
      expect({ query, isEmpty: wanted.join('') === '' }).toEqual({ query, isEmpty: false });
    }
  }, 60_000);

  it('answers what Grafana sends: its test of the data source, a panel, and its completion, by forms and compressed', async () => {
    const [start, end] = [String(nowMs / 1000 - 600), String(nowMs / 1000 + 60)];
    const panel = { query: 'sum by (job) ({__name__="up"})', start, end, step: '15' };
    for (const [target, form] of [
      ['query', { query: '1+1', time: '4' }],
      ['query_range', panel],
      ['query', { query: panel.query, time: end }],
      ['labels', { start, end, 'match[]': '{__name__="up"}' }],
      ['series', { start, end, 'match[]': '{job="a"}' }],
      ['label/job/values?' + new URLSearchParams({ start, end, 'match[]': 'up' }).toString(), undefined],
    ] as const) {
      const body = form === undefined ? undefined : new URLSearchParams(form).toString();
      const [wanted, got] = await Promise.all([prometheus.url, connector.url].map((base) => ask(base, target, body)));
      expect({ target, httpStatus: got?.httpStatus, lines: sortedLines(JSON.stringify(got?.body).replaceAll('},{', '\n')) }).toEqual({
        ...{ target, httpStatus: 200, lines: sortedLines(JSON.stringify(wanted?.body).replaceAll('},{', '\n')) },
      });
    }
    for (const target of ['rules', 'alerts']) expect(await ask(connector.url, target)).toEqual(await ask(prometheus.url, target));
    const { httpStatus, body } = await ask(connector.url, 'status/buildinfo');
    expect({ httpStatus, body }).toMatchObject({ httpStatus: 200, body: { status: 'success' } });
  }, 60_000);
});
