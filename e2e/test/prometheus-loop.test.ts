import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/child-program.js';
import { canonical, expectSameInstant, expectSameRange } from '../harness/compare-answers.js';
import { isMissing } from '../harness/requirements.js';
import { basicAuthorization, startConnector, type RunningConnector } from '../harness/start-connector.js';
import { scrapeJob, startPrometheus, type RunningPrometheus } from '../harness/start-prometheus.js';
import { startTarget, type Target } from '../harness/start-target.js';

const passingTargetPage = (scrape: number): string =>
  [
    '# HELP passing_requests_total It\'s "many" \\\\ ü 🎉\\nof them.',
    '# TYPE passing_requests_total counter',
    `passing_requests_total{code="200",path="/a\\"b\\\\c"} ${scrape * 7}`,
    `passing_requests_total{code="500",path="ünïcödé 🎉"} ${scrape}`,
    '# TYPE passing_temperature gauge',
    `passing_temperature ${Math.sin(scrape) / 3}`,
    `passing_not_a_number NaN`,
    `passing_infinity{sign="+"} +Inf`,
    `passing_infinity{sign="-"} -Inf`,
    `passing_tiny 5e-324`,
    `passing_huge 1.7976931348623157e+308`,
    '# TYPE passing_duration_seconds histogram',
    `passing_duration_seconds_bucket{le="0.1"} ${scrape}`,
    `passing_duration_seconds_bucket{le="1"} ${scrape * 3}`,
    `passing_duration_seconds_bucket{le="+Inf"} ${scrape * 4}`,
    `passing_duration_seconds_sum ${scrape * 1.1}`,
    `passing_duration_seconds_count ${scrape * 4}`,
    '',
  ].join('\n');

/** Selectors and expressions over what Prometheus, the connector and the passing target expose. */
const expressions = [
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped{job=~"pass.*"}',
  'prometheus_tsdb_head_series',
  'prometheus_http_requests_total',
  'sum by (handler, code) (rate(prometheus_http_requests_total[10s]))',
  'go_goroutines',
  'go_memstats_heap_alloc_bytes',
  'process_cpu_seconds_total',
  'rate(process_cpu_seconds_total[15s])',
  'prometheus_remote_storage_samples_total',
  'histogram_quantile(0.9, sum by (le) (rate(prometheus_http_request_duration_seconds_bucket[15s])))',
  'prometheus_build_info',
  'timestream_connector_write_requests_total',
  'histogram_quantile(0.5, rate(timestream_connector_write_duration_seconds_bucket[15s]))',
  'passing_requests_total',
  'increase(passing_requests_total{path!=""}[12s])',
  'passing_temperature',
  'avg_over_time(passing_temperature[10s])',
  'passing_not_a_number',
  'passing_infinity',
  'passing_tiny',
  'passing_huge',
  'histogram_quantile(0.95, rate(passing_duration_seconds_bucket[10s]))',
  'count by (job) ({job=~".+"})',
  'count by (__name__) ({job="passing"})',
  'absent(passing_temperature)',
  'up{instance!~"nowhere.*"} offset 5s',
  'up unless on (instance) passing_temperature',
];

describe.skipIf(isMissing('prometheus'))('a real Prometheus that writes to the connector and one that reads from it', () => {
  let connector: RunningConnector;
  let target: Target;
  let writer: RunningPrometheus;
  let reader: RunningPrometheus;
  let startSeconds: number;
  let goneSeconds: number;
  let endSeconds: number;

  beforeAll(async () => {
    connector = await startConnector();
    target = await startTarget(passingTargetPage);
    writer = await startPrometheus({
      scrapeConfigs: [
        scrapeJob('prometheus', '$SELF'),
        scrapeJob('connector', `127.0.0.1:${connector.port}`),
        scrapeJob('passing', target.address),
      ].join('\n'),
      remoteWriteUrl: `${connector.url}/write`,
      remoteWriteExtra: '  metadata_config:\n    send_interval: 1s\n',
    });
    reader = await startPrometheus({ remoteReadUrl: `${connector.url}/read` });
    startSeconds = Math.floor(Date.now() / 1000);
    await eventually('twelve scrapes of the passing target', async () => {
      const result = (await writer.queryInstant('count_over_time(passing_temperature[1m])')) as { value: [number, string] }[];
      return Number(result[0]?.value[1] ?? 0) >= 12;
    });
    await target.stop();
    goneSeconds = Math.floor(Date.now() / 1000);
    await eventually(
      'the end of the passing series',
      async () => ((await writer.queryInstant('absent(passing_temperature)')) as unknown[]).length === 1,
    );
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    endSeconds = Math.floor(Date.now() / 1000) - 2;
    await eventually('the last samples in the reader', async () => {
      const expression = 'count_over_time(up[2m])';
      const [written, read] = await Promise.all([writer.queryInstant(expression, endSeconds), reader.queryInstant(expression, endSeconds)]);
      return JSON.stringify(canonical(written)) === JSON.stringify(canonical(read));
    });
  });

  afterAll(async () => {
    await Promise.all([target.stop(), writer.program.stop(), reader.program.stop()]);
    expect(await connector.program.stop()).toBe(0);
  });

  it.each(expressions)('answers the range query %s as the one that scraped', async (expression) => {
    await expectSameRange(writer, reader, expression, { startSeconds, endSeconds, stepSeconds: 1 });
  });

  it.each(expressions)('answers the instant query %s as the one that scraped, while the target is there', async (expression) => {
    await expectSameInstant(writer, reader, expression, goneSeconds - 2, {
      mayBeEmpty: expression.startsWith('absent') || expression.includes('unless'),
    });
  });

  it.each(expressions)('answers the instant query %s as the one that scraped, after the target has gone', async (expression) => {
    await expectSameInstant(writer, reader, expression, endSeconds, { mayBeEmpty: expression.includes('passing_') });
  });

  it('answers for metadata as the one that scraped', async () => {
    const metadataOf = async (url: string, parameters = ''): Promise<Readonly<Record<string, unknown>>> => {
      const response = await fetch(`${url}/api/v1/metadata${parameters}`, { headers: { authorization: basicAuthorization() } });
      const { data } = (await response.json()) as { readonly data: Readonly<Record<string, readonly unknown[]>> }; // oxlint-disable-line id-denylist -- Prometheus' own name
      return Object.fromEntries(
        Object.entries(data).map(([name, entries]) => [name, entries.map((entry) => JSON.stringify(entry)).sort()]),
      );
    };
    await eventually('all metadata', async () => {
      const [wanted, got] = await Promise.all([metadataOf(writer.url), metadataOf(connector.url)]);
      return Object.keys(wanted).length > 100 && JSON.stringify(canonical(got)) === JSON.stringify(canonical(wanted));
    });
    const one = '?metric=passing_requests_total';
    expect(await metadataOf(connector.url, one)).toEqual(await metadataOf(writer.url, one));
    expect(Object.keys(await metadataOf(connector.url, one))).toEqual(['passing_requests_total']);
  });

  it('gives every raw sample once, bit for bit as Prometheus prints it', async () => {
    for (const selector of ['{job="passing"}', '{job="prometheus"}', '{job="connector"}', 'up', '{__name__=~"go_.*"}']) {
      await expectSameInstant(writer, reader, `${selector}[2m]`, endSeconds);
    }
  });

  it('ends the series of a target that went away at the moment when it went', async () => {
    expect(await reader.queryInstant('passing_temperature', goneSeconds + 4)).toEqual([]);
    expect(await reader.queryInstant('absent(passing_temperature)', goneSeconds + 4)).toHaveLength(1);
  });
});
