import { prometheus3Program } from '@timestream-prometheus/scripts/install-prometheus-3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDataSet } from '../differential/data-set.js';
import { createSeededRandom } from '../differential/seeded-random.js';
import { writeOnce } from '../harness/remote-client.js';
import { isMissing } from '../harness/requirements.js';
import { accessKeyId, basicAuthorization, secretAccessKey, startConnector, type RunningConnector } from '../harness/start-connector.js';
import { startPrometheus, type RunningPrometheus } from '../harness/start-prometheus.js';
import { type ApiAnswer, type ApiRequest, requestText, sendApiRequest } from '../promql/api-request.js';
import { compareApiAnswers } from '../promql/compare-api-answers.js';
import { everyQuery } from '../promql/every-query.js';
import { hasOtherBytes, mutateQuery } from '../promql/mutate-query.js';
import { randomApiRequest, type StoredTimes } from '../promql/random-api-requests.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const cases = Math.min(Number(process.env['CASES'] ?? 800), 50_000);
const SPAN_MS = 600_000;
const AT_ONCE = 4;
const FORM = 'application/x-www-form-urlencoded';

const get = (target: string, headers: ApiRequest['headers'] = {}): ApiRequest => ({ method: 'GET', target, headers, body: '' });
const post = (target: string, body: string, headers: ApiRequest['headers'] = { 'content-type': FORM }): ApiRequest => ({ method: 'POST', target, headers, body }); // oxfmt-ignore

/** Requests that random ones were wrong about, or that these never make. */
const known: readonly ApiRequest[] = [
  get('/api/v1/query?query=1&time=1&timeout=0'),
  get('/api/v1/query?query=1&time=1&timeout=-1'),
  get('/api/v1/query?query=1&time=1&timeout=-1e-8'),
  get('/api/v1/query?query=1&time=1&timeout=-3661.5'),
  get('/api/v1/query?query=1&time=1&limit=x&timeout=0&lookback_delta=x'),
  get('/api/v1/query?query=1&time=1&stats=x%22y'),
  get('/api/v1/query?query=1&time=1&limit=9223372036854775808'),
  get('/api/v1/query?query=1&time=1_000'),
  get('/api/v1/query?query=1&time=0x1p4'),
  get('/api/v1/query?query=1&time=+NaN'),
  get('/api/v1/query?query=1&time=2026-11-25T1:00:00,5Z'),
  get('/api/v1/query?query=1&time=2026-02-30T10:00:00Z'),
  get('/api/v1/query?query=100%&time=1'),
  get('/api/v1/query?query=1;time=1'),
  get('/api/v1/query?query=1&time=1;&limit=%zz'),
  get('/api/v1/series?match[]=up&start=0&limit=%zz'),
  get('/api/v1/series?match[]=up&start=0;'),
  get('/api/v1/query_range?query=1&start=1&end=1e400&step=1'),
  get('/api/v1/query_range?query=count({job=~".%2B"}@1)&start=1&end=9&step=2&stats=all'),
  post('/api/v1/query?query=1&time=5', 'query=2&time=7'),
  post('/api/v1/query', '', {}),
  post('/api/v1/query', '\ufeffquery=1&time=1'),
];

describe.skipIf(isMissing('prometheus3'))(`every request to the API beside a real Prometheus with the same series (SEED=${seed})`, () => {
  let prometheus: RunningPrometheus;
  let connector: RunningConnector;
  let stored: StoredTimes;

  beforeAll(async () => {
    const features = 'promql-experimental-functions,promql-duration-expr,promql-extended-range-selectors,promql-binop-fill-modifiers';
    prometheus = await startPrometheus({
      prometheusProgram: prometheus3Program,
      extraArguments: ['--web.enable-remote-write-receiver', `--enable-feature=${features}`],
    });
    connector = await startConnector({ extraArguments: ['--promql-experimental-functions'] });
    stored = { startMs: 0, endMs: Math.floor(Date.now() / 60_000) * 60_000 };
    const dataSet = createDataSet(seed, stored.endMs, SPAN_MS);
    stored = dataSet;
    for (const { timeseries } of dataSet.writeRequests()) {
      await writeOnce(`${prometheus.url}/api/v1/write`, timeseries, undefined);
      await writeOnce(`${connector.url}/write`, timeseries, { basic: { accessKeyId, secretAccessKey } });
    }
  }, 120_000);

  afterAll(async () => {
    await prometheus.program.stop();
    await connector.program.stop();
  });

  async function askBoth(request: ApiRequest): Promise<readonly [wanted: ApiAnswer, got: ApiAnswer]> {
    return Promise.all([
      sendApiRequest(prometheus.url, request),
      sendApiRequest(connector.url, request, { authorization: basicAuthorization() }),
    ]);
  }

  /** Whether Prometheus does not agree with itself: series that come out of a map are in another order each time. */
  async function changesItsAnswer(request: ApiRequest, first: ApiAnswer): Promise<boolean> {
    for (let asked = 0; asked < 20; asked += 1) {
      const again = await sendApiRequest(prometheus.url, request);
      if (compareApiAnswers(request, first, again, stored) !== null) return true;
    }
    return false;
  }

  /** Gives how many answers were 200, and how many were other than Prometheus' for a reason. */
  async function expectSame(requests: readonly ApiRequest[]): Promise<{ good: number; excused: number }> {
    const count = { good: 0, excused: 0 };
    for (let from = 0; from < requests.length; from += AT_ONCE) {
      const some = requests.slice(from, from + AT_ONCE);
      const answers = await Promise.all(some.map(askBoth));
      for (const [index, [wanted, got]] of answers.entries()) {
        const request = some[index] ?? get('/');
        const difference = compareApiAnswers(request, wanted, got, stored);
        if (typeof difference === 'string' || (difference !== null && (await changesItsAnswer(request, wanted)))) count.excused += 1;
        else if (difference !== null) expect(difference.got, requestText(request)).toBe(difference.wanted);
        if (wanted.status === 200) count.good += 1;
      }
    }
    return count;
  }

  it('answers requests alike whose parameters are missing, repeated, malformed or extreme', { timeout: 1_800_000 }, async () => {
    const random = createSeededRandom(seed);
    const { good, excused } = await expectSame(Array.from({ length: cases }, () => randomApiRequest(random, stored)));
    expect(good).toBeGreaterThan(cases / 4);
    expect(excused).toBeLessThan(cases / 6);
  });

  it('refuses and answers mutated queries with the same words, values and trees', { timeout: 1_800_000 }, async () => {
    const random = createSeededRandom(seed + 1);
    const corpus = everyQuery();
    const texts = Array.from({ length: cases }, () => mutateQuery(random, random.pick(corpus))).filter((text) => !hasOtherBytes(text));
    const range = `start=${stored.startMs / 1000}&end=${stored.endMs / 1000}&step=30`;
    await expectSame(texts.map((text) => post('/api/v1/parse_query', `query=${encodeURIComponent(text)}`)));
    await expectSame(texts.slice(0, cases / 2).map((text) => post('/api/v1/query_range', `${range}&query=${encodeURIComponent(text)}`)));
  });

  it.each(known)('answers $method $target like Prometheus', async (request) => {
    const [wanted, got] = await askBoth(request);
    // A request whose time is malformed is answered for now, and each server has looked at the clock at another moment.
    expect([null, 'the clock']).toContainEqual(compareApiAnswers(request, wanted, got, stored));
  });
});
