import { encodeSnappy, encodeWriteRequest, createSamples, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSeededRandom } from '../differential/seeded-random.js';
import { isMissing } from '../harness/requirements.js';
import { basicAuthorization, startConnector, type RunningConnector } from '../harness/start-connector.js';
import { startPrometheus, type RunningPrometheus } from '../harness/start-prometheus.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const CASES = Number(process.env['CASES'] ?? 60);

interface Answer {
  readonly httpStatus: number;
  readonly body: unknown;
}

describe.skipIf(isMissing('prometheus'))('labels, label values and series, beside a real Prometheus', () => {
  const random = createSeededRandom(seed);
  const nowMs = Math.floor(Date.now() / 1000) * 1000 - 60_000;
  let connector: RunningConnector;
  let prometheus: RunningPrometheus;

  beforeAll(async () => {
    [connector, prometheus] = await Promise.all([
      startConnector(),
      startPrometheus({ extraArguments: ['--web.enable-remote-write-receiver'] }),
    ]);
    const body = encodeSnappy(encodeWriteRequest({ timeseries: createSeries(), metadata: [] }));
    for (const [url, headers] of [
      [`${prometheus.url}/api/v1/write`, {}],
      [`${connector.url}/write`, { authorization: basicAuthorization() }],
    ] as const) {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-protobuf',
          'content-encoding': 'snappy',
          'x-prometheus-remote-write-version': '0.1.0',
          ...headers,
        },
        body: Buffer.from(body),
      });
      expect(response.status, `${url}: ${await response.text()}`).toBe(204);
    }
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
      exemplars: [],
      histograms: [],
    }));
    return timeseries.map((one) => ({ ...one, labels: one.labels.sort((left, right) => (left.name < right.name ? -1 : 1)) }));
  }

  async function ask(base: string, target: string, form?: string): Promise<Answer> {
    const response = await fetch(`${base}/api/v1/${target}`, {
      headers: {
        authorization: basicAuthorization(),
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(form !== undefined && { method: 'POST', body: form }),
    });
    const answer = (await response.json()) as Readonly<Record<string, unknown>>;
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
      const selectors = Array.from({ length: random.below(3) }, randomSelector);
      const path = random.pick(['labels', 'series', 'label/job/values', 'label/__name__/values', 'label/time/values', `label/l${'o'.repeat(70)}ng/values`, 'label/nobody/values']);
      const query = [(random.next() < 0.7) ? (times[1] ?? '') : random.pick(times), ...selectors.map((text) => `match[]=${encodeURIComponent(text)}`)].filter((part) => part !== '').join('&');
      const asForm = !path.startsWith('label/') && (random.next() < 0.5);
      const [wanted, got] = await Promise.all(
        [prometheus.url, connector.url].map((base) => (asForm ? ask(base, path, query) : ask(base, `${path}?${query}`))),
      );
      expect({ path, query, asForm, ...got }).toEqual({ path, query, asForm, ...wanted });
      if (wanted?.httpStatus === 200 && JSON.stringify(wanted.body).length > 60) withSomething += 1;
    }
    expect(withSomething).toBeGreaterThan(CASES / 10);
  }, 120_000); // prettier-ignore
});
