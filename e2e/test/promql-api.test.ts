import { prometheus3Program } from '@timestream-prometheus/scripts/install-prometheus-3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSeededRandom } from '../differential/seeded-random.js';
import { isMissing } from '../harness/requirements.js';
import { basicAuthorization, startConnector, type RunningConnector } from '../harness/start-connector.js';
import { startPrometheus, type RunningPrometheus } from '../harness/start-prometheus.js';
import { fixedQueries, randomQuery, randomText } from '../promql/promql-queries.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const cases = Math.min(Number(process.env['CASES'] ?? 300), 20_000);
const AT_ONCE = 20;

/** Requests that are wrong, or at the edge of it: what is answered depends on no stored series. */
const requests = [
  'query?query=1%2B1&time=1.5',
  'query?query=1&time=2026-11-25T10:00:00Z',
  'query?query=%22text%22&time=0',
  'query?query=vector(1)&time=1&limit=5',
  'query?query=up[&time=1',
  'query?query=&time=1',
  'query?time=1',
  'query?query=1&time=yesterday',
  'query?query=1&time=1&timeout=soon',
  'query?query=1&time=1&timeout=-1s',
  'query?query=1&time=1&limit=-1',
  'query?query=1&time=1&limit=x',
  'query?query=1&time=1&lookback_delta=x',
  'query?query=up&time=1&lookback_delta=-5m',
  'query_range?query=1&start=0&end=60&step=15',
  'query_range?query=time()&start=0.5&end=1&step=0.25',
  'query_range?query=1&start=60&end=0&step=15',
  'query_range?query=1&start=0&end=60&step=0',
  'query_range?query=1&start=0&end=60&step=-1',
  'query_range?query=1&start=0&end=60',
  'query_range?query=1&start=0&end=60&step=x',
  'query_range?query=1&start=x&end=60&step=1',
  'query_range?query=1&start=0&end=y&step=1',
  'query_range?query=1&start=0&end=11001&step=1',
  'query_range?query=1&start=0&end=11000&step=1000',
  'query_range?query=%22text%22&start=0&end=60&step=15',
  'query_range?query=up[5m]&start=0&end=60&step=15',
  'query_range?query=sum(&start=0&end=60&step=15',
  'query_range?query=1&start=0&end=60&step=15&timeout=x',
  'format_query',
  'format_query?query=',
  'parse_query?query=',
  'labels?start=x',
  'labels?start=2&end=1',
  'labels?match[]=up{',
  'labels?limit=x',
  'label/in-valid/values?start=0&end=1&match[]=nothing',
  'label/job/values?match[]={}&start=0&end=1',
  'label/job/values?match[]=%7Bjob=~%22.*%22%7D&start=0&end=1',
  'series',
  'series?match[]=up{&start=0&end=1',
  'series?match[]=nothing&start=0&end=1',
  'series?match[]=nothing&start=5&end=1',
];

interface Answer {
  readonly status: number;
  readonly answer: unknown;
}

describe.skipIf(isMissing('prometheus3'))(`the query API beside a real Prometheus (SEED=${seed})`, () => {
  let prometheus: RunningPrometheus;
  let connector: RunningConnector;

  beforeAll(async () => {
    const features = 'promql-experimental-functions,promql-duration-expr,promql-extended-range-selectors,promql-binop-fill-modifiers';
    prometheus = await startPrometheus({ prometheusProgram: prometheus3Program, extraArguments: [`--enable-feature=${features}`] });
    connector = await startConnector({ extraArguments: ['--promql-experimental-functions'] });
  });

  afterAll(async () => {
    await prometheus.program.stop();
    await connector.program.stop();
  });

  async function askBoth(pathAndQuery: string): Promise<{ wanted: Answer; got: Answer }> {
    const ask = async (url: string, headers: Readonly<Record<string, string>>): Promise<Answer> => {
      const response = await fetch(`${url}/api/v1/${pathAndQuery}`, { headers });
      return { status: response.status, answer: await response.json() };
    };
    const [wanted, got] = await Promise.all([ask(prometheus.url, {}), ask(connector.url, { authorization: basicAuthorization() })]);
    return { wanted, got };
  }

  /** Gives how many of them were answered with 200. */
  async function expectSame(paths: readonly string[]): Promise<number> {
    let good = 0;
    for (let from = 0; from < paths.length; from += AT_ONCE) {
      const some = paths.slice(from, from + AT_ONCE);
      const answers = await Promise.all(some.map(askBoth));
      for (const [index, { wanted, got }] of answers.entries()) {
        expect(got, decodeURIComponent(some[index] ?? '')).toEqual(wanted);
        if (wanted.status === 200) good += 1;
      }
    }
    return good;
  }

  it('reads queries into the same trees, and prints them alike', { timeout: 600_000 }, async () => {
    const random = createSeededRandom(seed);
    const corpus = fixedQueries();
    const texts = [
      ...Array.from({ length: cases }, () => random.pick(corpus)),
      ...Array.from({ length: cases / 3 }, () => randomQuery(random, 1 + random.below(4))),
      ...Array.from({ length: cases / 3 }, () => randomText(random)),
    ];
    const trees = await expectSame(texts.map((text) => `parse_query?query=${encodeURIComponent(text)}`));
    expect(trees).toBeGreaterThan(cases);
    await expectSame(texts.slice(-cases).map((text) => `format_query?query=${encodeURIComponent(text)}`));
  });

  it.each(requests)('answers %s with the same status and words', async (request) => {
    await expectSame([request]);
  });
});
