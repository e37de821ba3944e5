import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSamples, type TimeSeries, type WriteRequest } from '@timestream-prometheus/prom-codec';
import { startEmbeddedTimestream, type EmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import type { Layout } from '@timestream-prometheus/timestream-translator';
import { prometheus3Program } from '@timestream-prometheus/scripts/install-prometheus-3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDataSet, type DataSet } from '../differential/data-set.js';
import type { ReadStrategy } from '../differential/in-process-connector.js';
import { createPromqlCorpus } from '../differential/promql-corpus.js';
import { createSeededRandom } from '../differential/seeded-random.js';
import { comparableAnswer } from '../harness/compare-answers.js';
import type { PrometheusAnswer } from '../harness/prometheus-answer.js';
import { createPrometheusApi, instantPath, type PrometheusApi } from '../harness/prometheus-api.js';
import { writeOnce } from '../harness/remote-client.js';
import { isMissing } from '../harness/requirements.js';
import { accessKeyId, basicAuthorization, secretAccessKey, startConnector, type RunningConnector } from '../harness/start-connector.js';
import { startPrometheus, type RunningPrometheus } from '../harness/start-prometheus.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const resultsFolder = fileURLToPath(new URL('../../test-results', import.meta.url));

interface Variant {
  readonly name: string;
  readonly layouts: readonly Layout[];
  readonly rowsPerPage?: number;
  /** Packed if not given. */
  readonly readStrategy?: ReadStrategy;
  /** Whether our own API has Timestream do what it can; yes if not given. */
  readonly pushDown?: boolean;
  readonly spanMs: number;
  /** One of so many expressions of the corpus is asked; which ones, the seed says. */
  readonly everyNth: number;
  readonly leastEqual: number;
  readonly leastFilled: number;
}

const hourMs = 3_600_000;

const variants: readonly Variant[] = [
  { name: 'the default layout', layouts: ['multi-measure'], spanMs: hourMs, everyNth: 5, leastEqual: 80, leastFilled: 65 },
  {
    name: 'the default layout, read as rows',
    layouts: ['multi-measure'],
    readStrategy: 'rows',
    pushDown: false,
    spanMs: hourMs / 6,
    everyNth: 7,
    leastEqual: 55,
    leastFilled: 40,
  },
  {
    name: 'every layout, pages of 7 rows',
    layouts: ['multi-measure', 'sample-value', 'compact', 'single-measure'],
    rowsPerPage: 7,
    spanMs: hourMs / 6,
    everyNth: 10,
    leastEqual: 40,
    leastFilled: 25,
  },
  {
    name: 'two layouts, pages of 1 row',
    layouts: ['single-measure', 'sample-value'],
    rowsPerPage: 1,
    pushDown: false,
    spanMs: hourMs / 6,
    everyNth: 14,
    leastEqual: 25,
    leastFilled: 15,
  },
];

interface Comparison {
  readonly expression: string;
  readonly series: number;
  readonly characters: number;
  readonly outcome: 'equal' | 'equal error' | 'DIFFERENT';
}

const isFinite64 = (bits: bigint): boolean => ((bits >> 52n) & 0x7ffn) !== 0x7ffn;

/** The samples of a request by layout, chosen at random; what `single-measure` cannot hold goes into another one. */
function spreadOverLayouts(
  { timeseries }: WriteRequest,
  layouts: readonly Layout[],
  pick: <Item>(items: readonly Item[]) => Item,
): Map<Layout, TimeSeries[]> {
  const spread = new Map<Layout, TimeSeries[]>(layouts.map((layout) => [layout, []]));
  for (const series of timeseries) {
    const pairs = new Map<Layout, [bigint, bigint][]>(layouts.map((layout) => [layout, []]));
    series.samples.valueBits.forEach((bits, index) => {
      const layout = pick(isFinite64(bits) ? layouts : layouts.filter((each) => each !== 'single-measure'));
      pairs.get(layout)?.push([series.samples.timestampsMs[index] ?? 0n, bits]);
    });
    for (const [layout, chosen] of pairs) if (chosen.length > 0) spread.get(layout)?.push({ ...series, samples: createSamples(chosen) });
  }
  return spread;
}

/** The answer to a range query as text, with its remarks, or the error. */
async function rangeText(server: Server, expression: string, range: string): Promise<{ text: string; failed: boolean }> {
  const response = await fetch(`${server.api.url}/api/v1/query_range`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...server.headers },
    body: `query=${encodeURIComponent(expression)}&${range}`,
  });
  const answer = (await response.json()) as PrometheusAnswer;
  const { status, error = '', warnings = [], infos = [] } = answer;
  const remarks = [...warnings, ...infos].sort().join('; ');
  return { text: status === 'success' ? `${JSON.stringify(answer.data)} ${remarks}` : `error: ${error}`, failed: status !== 'success' };
}

async function instantText({ api }: Server, expression: string, timeSeconds: number): Promise<string> {
  return JSON.stringify(comparableAnswer(await api.ask(instantPath(expression, timeSeconds))));
}

/** What each server answered, from a little before the first place where they differ. */
function differenceText(question: string, [first = '', ...others]: readonly string[]): string {
  const from = Math.min(...others.filter((text) => text !== first).map((text) => firstDifference(first, text)));
  return [first, ...others].reduce((shown, text) => `${shown}\n  ${text.slice(Math.max(0, from - 150), from + 250)}`, question);
}

function firstDifference(one: string, other: string): number {
  let index = 0;
  while (index < one.length && one[index] === other[index]) index++;
  return index;
}

interface Server {
  readonly api: PrometheusApi;
  readonly headers: Readonly<Record<string, string>>;
}

describe.skipIf(isMissing('prometheus3')).each(variants)(
  'a real Prometheus fed the same samples, one that reads through the connector, and its own API, with $name',
  (variant) => {
    let timestream: EmbeddedTimestream;
    let connectors: Map<Layout, RunningConnector>;
    let own: RunningPrometheus;
    let through: RunningPrometheus;
    let servers: Readonly<Record<'own' | 'through' | 'our API', Server>>;
    let dataSet: DataSet;

    beforeAll(async () => {
      timestream = await startEmbeddedTimestream({
        credentials: [{ accessKeyId, secretAccessKey }],
        create: [{ databaseName: 'metrics', tableName: 'samples', memoryStoreRetentionHours: 12, magneticStoreWrites: true }],
      });
      const endpoints = [`--write-base-endpoint=${timestream.url}`, `--query-base-endpoint=${timestream.url}`];
      connectors = new Map();
      for (const layout of variant.layouts) {
        const extraArguments = [
          ...endpoints,
          '--default-database=metrics',
          '--default-table=samples',
          `--table-layout=${layout}`,
          `--read-strategy=${variant.readStrategy ?? 'packed'}`,
          `--promql-pushdown=${String(variant.pushDown ?? true)}`,
          '--promql-experimental-functions',
        ];
        connectors.set(layout, await startConnector({ storage: 'aws', extraArguments }));
      }
      const reading = connectors.get(variant.layouts[0] ?? 'multi-measure');
      const experimental = '--enable-feature=promql-experimental-functions';
      own = await startPrometheus({
        prometheusProgram: prometheus3Program,
        extraArguments: ['--web.enable-remote-write-receiver', experimental],
      });
      through = await startPrometheus({
        prometheusProgram: prometheus3Program,
        remoteReadUrl: `${reading?.url ?? ''}/read`,
        extraArguments: [experimental],
      });
      const headers = { authorization: basicAuthorization() };
      servers = {
        own: { api: own, headers: {} },
        through: { api: through, headers: {} },
        'our API': { api: createPrometheusApi(reading?.url ?? '', headers), headers },
      };
      dataSet = createDataSet(seed, Math.floor(Date.now() / 60_000) * 60_000, variant.spanMs);
      const random = createSeededRandom(seed);
      for (const request of dataSet.writeRequests()) {
        await writeOnce(`${own.url}/api/v1/write`, request.timeseries, undefined);
        for (const [layout, timeseries] of spreadOverLayouts(request, variant.layouts, (items) => random.pick(items))) {
          await writeOnce(`${connectors.get(layout)?.url ?? ''}/write`, timeseries, { basic: { accessKeyId, secretAccessKey } });
        }
      }
      timestream.faults.splitPages(variant.rowsPerPage === undefined ? {} : { maxRowsPerPage: variant.rowsPerPage });
    }, 300_000);

    afterAll(async () => {
      await Promise.all([own.program.stop(), through.program.stop()]);
      await Promise.all(Array.from(connectors.values(), ({ program }) => program.stop()));
      await timestream.close();
    });

    it(`answers every query with the same text (SEED=${seed})`, async () => {
      const comparisons: Comparison[] = [];
      const differences: string[] = [];
      const endSeconds = dataSet.endMs / 1000;
      const spanSeconds = variant.spanMs / 1000;
      const ranges = [
        `start=${endSeconds - spanSeconds}&end=${endSeconds}&step=60`,
        `start=${endSeconds - spanSeconds / 2 - 0.123}&end=${endSeconds - 60.5}&step=37`,
        `start=${endSeconds - spanSeconds / 1.2}&end=${endSeconds + 300}&step=150`,
      ];
      const random = createSeededRandom(seed);
      const everyNth = process.env['CASES'] === undefined ? variant.everyNth : 1;
      const corpus = createPromqlCorpus().filter((_expression, index) => (index + seed) % everyNth === 0);
      for (const [index, expression] of corpus.entries()) {
        const range = ranges[index % ranges.length] ?? '';
        const answers = await Promise.all(Object.values(servers).map((server) => rangeText(server, expression, range)));
        const texts = answers.map(({ text }) => text);
        const { text = '', failed = false } = answers[0] ?? {};
        const isSame = texts.every((one) => one === text);
        comparisons.push({
          expression,
          series: text.split('"metric"').length - 1,
          characters: text.length,
          outcome: isSame ? (failed ? 'equal error' : 'equal') : 'DIFFERENT',
        });
        if (!isSame) differences.push(differenceText(`${expression} (${range})`, texts));
        // A moment is asked for in another way: of each series its newest sample.
        const timeSeconds = endSeconds - random.below(spanSeconds);
        const instants = [servers.own, servers['our API']].map((server) => instantText(server, expression, timeSeconds));
        const [wanted = '', got = ''] = await Promise.all(instants);
        if (wanted !== got) differences.push(differenceText(`${expression} (at ${timeSeconds})`, [wanted, got]));
      }
      const equal = comparisons.filter(({ outcome }) => outcome === 'equal');
      const filled = equal.filter(({ series }) => series > 0);
      const errors = comparisons.filter(({ outcome }) => outcome === 'equal error');
      mkdirSync(resultsFolder, { recursive: true });
      writeFileSync(
        path.join(resultsFolder, `promql-differential-${variant.name.replaceAll(/[^a-z0-9]+/g, '-')}.md`),
        [
          `# A Prometheus with its own TSDB, one that reads through the connector, and the connector's API: ${variant.name} (SEED=${seed})`,
          '',
          `${comparisons.length} range queries: ${equal.length} equal (${filled.length} of them with series), ${errors.length} equal errors, ${differences.length} different.`,
          '',
          '| outcome | series | characters | query |',
          '| --- | ---: | ---: | --- |',
          ...comparisons.map(
            ({ expression, series, characters, outcome }) =>
              `| ${outcome} | ${series} | ${characters} | \`${JSON.stringify(expression.slice(0, 120)).replaceAll('|', '\\|')}\` |`,
          ),
          '',
        ].join('\n'),
      );
      expect(differences.slice(0, 10).join('\n'), `${differences.length} of ${comparisons.length} differ`).toBe('');
      expect(equal.length).toBeGreaterThanOrEqual(variant.leastEqual);
      expect(filled.length).toBeGreaterThanOrEqual(variant.leastFilled);
    }, 1_200_000);
  },
);
