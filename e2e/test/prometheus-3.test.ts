import { decodeSnappy, decodeWriteColumnsV2 } from '@timestream-prometheus/prom-codec';
import { prometheus3Program } from '@timestream-prometheus/scripts/install-prometheus-3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/child-program.js';
import { comparableAnswer, isEmptyAnswer } from '../harness/compare-answers.js';
import { createPrometheusApi, instantPath, rangePath, type PrometheusApi } from '../harness/prometheus-api.js';
import { protobufPage } from '../harness/protobuf-page.js';
import { startRecordingProxy, type RecordingProxy } from '../harness/recording-proxy.js';
import { isMissing } from '../harness/requirements.js';
import { runConnectorCommand } from '../harness/run-connector-command.js';
import { basicAuthorization, makeFolder, startConnector, type RunningConnector } from '../harness/start-connector.js';
import { startPrometheus, type RunningPrometheus } from '../harness/start-prometheus.js';
import { startTarget, type Target } from '../harness/start-target.js';
import { histogramFamilies, GONE_FROM } from '../harness/native-histogram-target.js';

const scrapes = 24;

const histograms = [
  'native_latency_seconds',
  'native_float_seconds',
  'native_resolution_seconds',
  'native_sometimes_seconds',
  'classic_request_seconds',
  '{"http.server.duration"}',
];
const gauges = ['native_queue_bytes'];

/** What a histogram is asked for; `$h` stands for its selector. */
const ofEach = [
  '$h',
  'histogram_count($h)',
  'histogram_sum($h)',
  'histogram_avg($h)',
  'histogram_stddev($h)',
  'histogram_stdvar($h)',
  'histogram_fraction(0.01, 0.5, $h)',
  'histogram_quantile(0.5, $h)',
  'sum($h)',
  'avg by (job) ($h)',
  '$h / 3',
  'count_over_time($h[3s])',
  'last_over_time($h[2s])',
  'sum_over_time($h[2s])',
  'avg_over_time($h[2s])',
  'absent_over_time($h[1s])',
];
const ofCounters = [
  'rate($h[3s])',
  'increase($h[4s])',
  'irate($h[3s])',
  'resets($h[6s])',
  'changes($h[3s])',
  'histogram_quantile(0.9, rate($h[3s]))',
  'histogram_quantile(0.99, sum by (route) (rate($h[4s])))',
  'histogram_count(increase($h[3s]))',
  'histogram_fraction(0, 0.25, rate($h[3s]))',
  'sum(rate($h[3s])) - sum(rate($h[3s] offset 1s))',
];
const ofGauges = ['delta($h[3s])', 'idelta($h[2s])', 'histogram_quantile(0.1, delta($h[2s]))', 'rate($h[3s])'];
const others = [
  'requests_total',
  'rate(requests_total[3s])',
  '{"temperature.außen"}',
  '{"temperature.außen", "service.name"=~".+"}',
  'sum by ("service.name") ({"temperature.außen"})',
  'up',
  'count by (__name__) ({job="histograms"})',
  'native_latency_seconds + classic_request_seconds',
  'histogram_quantile(0.9, requests_total)',
];
/** Each question is asked of two of the histograms, and of all of them where CASES is set. */
const everyNth = process.env['CASES'] === undefined ? 3 : 1;
const expressions = [
  ...[...ofEach, ...ofCounters].flatMap((text, index) =>
    histograms.filter((_name, position) => (index + position) % everyNth === 0).map((name) => text.replaceAll('$h', name)),
  ),
  ...gauges.flatMap((name) => [...ofEach, ...ofGauges].map((text) => text.replaceAll('$h', name))),
  ...others,
];

describe.skipIf(isMissing('prometheus3'))('a Prometheus 3 that scrapes native histograms and sends them by remote write 2.0', () => {
  let connector: RunningConnector;
  let proxy: RecordingProxy;
  let target: Target;
  let writer: RunningPrometheus;
  let reader: RunningPrometheus;
  let servers: Readonly<Record<'the sender' | 'a reader' | 'the connector', PrometheusApi>>;
  let startSeconds: number;
  let goneSeconds: number;
  let endSeconds: number;

  beforeAll(async () => {
    connector = await startConnector();
    proxy = await startRecordingProxy(connector.port);
    target = await startTarget((scrape) => protobufPage(histogramFamilies(scrape)));
    writer = await startPrometheus({
      prometheusProgram: prometheus3Program,
      scrapeConfigs: [
        '- job_name: histograms',
        '  scrape_interval: 500ms',
        '  scrape_timeout: 500ms',
        '  scrape_protocols: [PrometheusProto]',
        '  scrape_native_histograms: true',
        '  convert_classic_histograms_to_nhcb: true',
        `  static_configs: [{ targets: ["${target.address}"] }]`,
      ].join('\n'),
      remoteWriteUrl: `${proxy.url}/write`,
      // Metadata goes with 2.0 where the first is on.
      extraArguments: ['--enable-feature=metadata-wal-records,exemplar-storage'],
      remoteWriteExtra: [
        '  protobuf_message: io.prometheus.write.v2.Request\n',
        '  send_native_histograms: true\n',
        '  send_exemplars: true\n',
      ].join(''),
    });
    reader = await startPrometheus({ prometheusProgram: prometheus3Program, remoteReadUrl: `${connector.url}/read` });
    servers = {
      'the sender': writer,
      'a reader': reader,
      'the connector': createPrometheusApi(connector.url, { authorization: basicAuthorization() }),
    };
    startSeconds = Math.floor(Date.now() / 1000);
    await eventually(`${scrapes} scrapes`, async () => {
      const result = (await writer.queryInstant('count_over_time(up{job="histograms"}[1m])')) as { value: [number, string] }[];
      return Number(result[0]?.value[1] ?? 0) >= scrapes;
    });
    await target.stop();
    goneSeconds = Math.floor(Date.now() / 1000);
    await eventually(
      'the end of the series',
      async () => ((await writer.queryInstant('absent(native_latency_seconds)')) as unknown[]).length === 1,
    );
    endSeconds = Math.ceil(Date.now() / 1000);
    await eventually('the last samples in the reader', async () => {
      const expression = 'count_over_time(up[1m])';
      const [written, read] = await Promise.all([writer.queryInstant(expression, endSeconds), reader.queryInstant(expression, endSeconds)]);
      return JSON.stringify(written) === JSON.stringify(read);
    });
  });

  afterAll(async () => {
    await Promise.all([target.stop(), writer.program.stop(), reader.program.stop()]);
    expect(await connector.program.stop()).toBe(0);
    await proxy.close();
  });

  async function expectOneAnswer(path: string, mayBeEmpty: boolean): Promise<void> {
    const [wanted, ...answers] = await Promise.all(
      Object.entries(servers).map(async ([name, server]) => ({ name, answer: comparableAnswer(await server.ask(path)) })),
    );
    for (const { name, answer } of answers) expect(answer, `${name}: ${decodeURIComponent(path)}`).toEqual(wanted?.answer);
    if (!mayBeEmpty) expect(isEmptyAnswer(wanted?.answer), `${path} selects nothing, so it compares nothing`).toBe(false);
  }

  it.each(expressions)('answers %s as the one that scraped, through a reader and by itself', async (expression) => {
    const mayBeEmpty = expression.startsWith('absent') || / \+ |requests_total\)$/.test(expression);
    await expectOneAnswer(rangePath(expression, startSeconds, endSeconds, 0.5), mayBeEmpty);
    await expectOneAnswer(instantPath(expression, goneSeconds - 2.25), mayBeEmpty || expression.includes('sometimes'));
    await expectOneAnswer(instantPath(expression, endSeconds), true);
  });

  it('gives every histogram once, bit for bit as Prometheus prints it', async () => {
    for (const selector of ['{job="histograms"}', ...histograms]) await expectOneAnswer(instantPath(`${selector}[1m]`, endSeconds), false);
  });

  it('gives every exemplar as the one that scraped', async () => {
    for (const selector of ['native_latency_seconds', 'requests_total', '{job="histograms"}']) {
      const path = `/api/v1/query_exemplars?query=${encodeURIComponent(selector)}&start=${startSeconds - 1}&end=${endSeconds}`;
      const [wanted, got] = await Promise.all([writer.api(path), servers['the connector'].api(path)]);
      expect(got, selector).toEqual(wanted);
      const counts = (wanted.result as { exemplars: unknown[] }[]).map(({ exemplars }) => exemplars.length);
      expect(Math.min(...counts), selector).toBeGreaterThan(scrapes / 2);
    }
  });

  it('ends a histogram where its series left the page, and lets it come back', async () => {
    const counts = async (server: PrometheusApi): Promise<unknown> =>
      server.queryRange('count(native_sometimes_seconds)', startSeconds, endSeconds, 0.5);
    const [wanted, ...others] = await Promise.all(Object.values(servers).map(counts));
    const times = (wanted as { values: [number, string][] }[])[0]?.values.map(([time]) => time) ?? [];
    expect(times.some((time, index) => index > 0 && time - (times[index - 1] ?? 0) > 1)).toBe(true);
    expect(GONE_FROM).toBeLessThan(scrapes);
    for (const other of others) expect(other).toEqual(wanted);
  });

  it('counts in the headers of each answer what it stored, and the sender finds nothing to say', async () => {
    const sent = { samples: 0, histograms: 0, exemplars: 0 };
    const written = { samples: 0, histograms: 0, exemplars: 0 };
    const kinds = ['samples', 'histograms', 'exemplars'] as const;
    for (const { headers, body, status, answerHeaders, answerText } of proxy.exchanges) {
      expect(headers['content-type']).toBe('application/x-protobuf;proto=io.prometheus.write.v2.Request');
      expect(headers['x-prometheus-remote-write-version']).toBe('2.0.0');
      expect(answerText).toBe('');
      expect(status).toBe(204);
      const columns = decodeWriteColumnsV2(decodeSnappy(body, { maxBytes: 64 * 1024 * 1024 }));
      const own = {
        samples: columns.timestampsMs.length,
        histograms: columns.histograms.length,
        exemplars: columns.exemplars.length,
      };
      for (const kind of kinds) {
        const header = Number(answerHeaders[`x-prometheus-remote-write-${kind}-written`]);
        expect(header, kind).toBe(own[kind]);
        sent[kind] += own[kind];
        written[kind] += header;
      }
    }
    expect(written).toEqual(sent);
    for (const kind of kinds) {
      expect(sent[kind], kind).toBeGreaterThan(20);
    }
    // More may have been sent since.
    const found = await (await fetch(`${writer.url}/metrics`)).text();
    const valueOf = (metric: string): number =>
      Number(new RegExp(String.raw`^prometheus_remote_storage_${metric}\{.*\} (\S+)$`, 'm').exec(found)?.[1]);
    for (const kind of kinds) {
      expect(valueOf(`${kind}_total`)).toBeGreaterThanOrEqual(sent[kind]);
      expect(valueOf(`${kind}_failed_total`)).toBe(0);
    }
    // It says so if an answer lacks the counts, if they are too low, and if it gives something up.
    expect(writer.program.output()).not.toMatch(/level=ERROR|non-recoverable|statistics indicate/);
  });

  it('gives its histograms to an import by remote read, which finds every one of them stored as it was', async () => {
    const place = { table: 'Imported', folder: makeFolder('import-histograms') };
    expect((await runConnectorCommand(connector, place, ['table', 'create'])).exitCode).toBe(0);
    const { exitCode, out, err } = await runConnectorCommand(connector, place, [
      'import',
      writer.url,
      '--match={job="histograms"}',
      '--start=30m',
      '--output=json',
    ]);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    const { samples, verified } = JSON.parse(out) as { readonly samples: number; readonly verified: Readonly<Record<string, number>> };
    expect(verified).toMatchObject({ compared: samples, missing: 0, different: 0, examples: [] });
    const count = 'sum(count_over_time(native_latency_seconds[30m]))';
    const [ofHistograms] = (await writer.queryInstant(count, endSeconds)) as { readonly value: readonly [number, string] }[];
    expect(Number(ofHistograms?.value[1])).toBeGreaterThanOrEqual(scrapes);
    expect(samples).toBeGreaterThan(Number(ofHistograms?.value[1]));
  });
});
