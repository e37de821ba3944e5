import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/child-program.js';
import { canonical, expectSameInstant, expectSameRange } from '../harness/compare-answers.js';
import { isMissing } from '../harness/requirements.js';
import { accessKeyId, secretAccessKey } from '../harness/start-connector.js';
import { scrapeJob, startPrometheus, type RunningPrometheus } from '../harness/start-prometheus.js';
import { startTarget, type Target } from '../harness/start-target.js';
import { startLocalStack, type LocalStack, type LocalStackOptions } from '../lambda/local-stack.js';
import { startSigningProxy, type SigningProxy } from '../lambda/signing-proxy.js';

const targetPage = (scrape: number): string =>
  [
    '# TYPE shop_orders_total counter',
    `shop_orders_total{code="200",path="/a\\"b\\\\c"} ${scrape * 7}`,
    `shop_orders_total{code="500",path="ünïcödé 🎉"} ${scrape}`,
    '# TYPE shop_temperature gauge',
    `shop_temperature ${Math.sin(scrape) / 3}`,
    'shop_not_a_number NaN',
    'shop_infinity{sign="-"} -Inf',
    'shop_tiny 5e-324',
    '# TYPE shop_duration_seconds histogram',
    `shop_duration_seconds_bucket{le="0.1"} ${scrape}`,
    `shop_duration_seconds_bucket{le="+Inf"} ${scrape * 4}`,
    `shop_duration_seconds_sum ${scrape * 1.1}`,
    `shop_duration_seconds_count ${scrape * 4}`,
    '',
  ].join('\n');

const expressions = [
  'up',
  'prometheus_tsdb_head_series',
  'sum by (handler, code) (rate(prometheus_http_requests_total[10s]))',
  'rate(process_cpu_seconds_total[15s])',
  'shop_orders_total',
  'increase(shop_orders_total{path!=""}[8s])',
  'avg_over_time(shop_temperature[5s])',
  'shop_not_a_number',
  'shop_infinity',
  'shop_tiny',
  'histogram_quantile(0.95, rate(shop_duration_seconds_bucket[10s]))',
  'count by (__name__) ({job="shop"})',
];

const basicAuthorization = `Basic ${Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString('base64')}`;

const resultOf = (answer: unknown): unknown => (answer as Readonly<Record<string, { readonly result: unknown }>>)['data']?.result;

const caller = { accessKeyId: 'ASIAEXAMPLEAPICALLER', secretAccessKey: 'caller/secret', sessionToken: 'caller//session==' };

interface Case {
  readonly options: LocalStackOptions;
  readonly isSigned: boolean;
  /** YAML that goes on after `queue_config`. */
  readonly remoteWriteExtra?: string;
}

const cases: readonly (readonly [string, Case])[] = [
  [
    'with access keys, through a gateway that throttles writes',
    {
      isSigned: false,
      options: { keys: [{ accessKeyId, secretAccessKey }], parameters: { WriteThrottlingBurstLimit: '1' } },
      remoteWriteExtra: '    retry_on_http_429: true\n',
    },
  ],
  [
    'with IAM signatures, through a proxy that signs',
    {
      isSigned: true,
      options: {
        parameters: { EnableSigV4Auth: 'true' },
        callers: [{ ...caller, routeKeys: ['POST /write', 'POST /read', 'POST /api/v1/{path+}'] }],
      },
    },
  ],
];

const isSkipped = isMissing('lambdaRuntime') || isMissing('prometheus');

describe.skipIf(isSkipped).each(cases)('a real Prometheus on the deployed stack %s', (_name, { options, isSigned, remoteWriteExtra }) => {
  let stack: LocalStack;
  let proxy: SigningProxy | undefined;
  let target: Target;
  let writer: RunningPrometheus;
  let reader: RunningPrometheus;
  let startSeconds: number;
  let endSeconds: number;

  beforeAll(async () => {
    stack = await startLocalStack(options);
    proxy = isSigned ? await startSigningProxy(stack.api.url, caller) : undefined;
    const through = (url: string): string => url.replace(stack.api.url, proxy?.url ?? stack.api.url);
    target = await startTarget(targetPage);
    writer = await startPrometheus({
      scrapeConfigs: [scrapeJob('prometheus', '$SELF'), scrapeJob('shop', target.address)].join('\n'),
      remoteWriteUrl: through(stack.writeUrl),
      ...(remoteWriteExtra === undefined ? {} : { remoteWriteExtra }),
    });
    reader = await startPrometheus({ remoteReadUrl: through(stack.readUrl) });
    startSeconds = Math.floor(Date.now() / 1000);
    await eventually('eight scrapes', async () => {
      const result = (await writer.queryInstant('count_over_time(shop_temperature[1m])')) as { value: [number, string] }[];
      return Number(result[0]?.value[1] ?? 0) >= 8;
    });
    endSeconds = Math.floor(Date.now() / 1000) - 1;
    await eventually(
      'the last samples in the reader',
      async () => {
        const expression = '{job=~".+"}[2m]';
        const [written, read] = await Promise.all([
          writer.queryInstant(expression, endSeconds),
          reader.queryInstant(expression, endSeconds),
        ]);
        return JSON.stringify(canonical(written)) === JSON.stringify(canonical(read));
      },
      60_000,
      1_000,
    );
  });

  afterAll(async () => {
    await Promise.all([target.stop(), writer.program.stop(), reader.program.stop()]);
    await proxy?.close();
    await stack.close();
  });

  it.each(expressions)('answers %s as the Prometheus that scraped, at one time and over a range', async (expression) => {
    await expectSameInstant(writer, reader, expression, endSeconds);
    await expectSameRange(writer, reader, expression, { startSeconds, endSeconds, stepSeconds: 1 });
  });

  it.each(expressions.filter((expression) => !expression.includes('[')))('is a data source itself: it answers %s', async (expression) => {
    const url = `${stack.queryUrl.replace(stack.api.url, proxy?.url ?? stack.api.url)}/api/v1/query`;
    const response = await fetch(url, {
      method: 'POST',
      headers: proxy === undefined ? { authorization: basicAuthorization } : {},
      body: new URLSearchParams({ query: expression, time: String(endSeconds) }),
    });
    expect(response.status).toBe(200);
    const answer: unknown = await response.json();
    expect(canonical(resultOf(answer))).toEqual(canonical(await reader.queryInstant(expression, endSeconds)));
  });

  it('gives every raw sample once, bit for bit as Prometheus prints it', async () => {
    for (const selector of ['{job="shop"}', '{job="prometheus"}', 'up', '{__name__=~"go_.*"}']) {
      await expectSameInstant(writer, reader, `${selector}[2m]`, endSeconds);
    }
  });

  it('sends each request with room to spare below what Lambda takes', () => {
    expect(stack.api.answered(204)).toBeGreaterThan(0);
    expect(stack.api.largestBodyBytes()).toBeGreaterThan(0);
    expect(stack.api.largestBodyBytes()).toBeLessThan(4_700_000 / 20);
  });

  it('was refused with 429 where the gateway throttles, and lost nothing by it', () => {
    expect(stack.api.answered(429) > 0).toBe(remoteWriteExtra !== undefined);
  });
});
