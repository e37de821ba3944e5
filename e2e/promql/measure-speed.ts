/**
 * How fast PromQL is here, beside Prometheus: `npm run bench:promql -w @timestream-prometheus/e2e` after a build. It prints JSON.
 * EVERY_NTH asks one query of so many, SEED gives other series.
 *
 * Evaluator: the corpus of the comparison with Prometheus' engine, the same series in memory in both, from the text of a query to its result.
 * End to end: a Prometheus of the same version with the series in its own storage, and the connector over the embedded Timestream, both asked over HTTP.
 * Each query is asked in turns, some times, and the fastest run of each counts.
 */
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { queryRange } from '@timestream-prometheus/promql';
import { prometheus3Program } from '@timestream-prometheus/scripts/install-prometheus-3';
import { createDataSet } from '../differential/data-set.js';
import { createPromqlCorpus } from '../differential/promql-corpus.js';
import { createSeededRandom } from '../differential/seeded-random.js';
import { destinationArguments } from '../harness/destination-arguments.js';
import { eventually, startChildProgram } from '../harness/child-program.js';
import { freePort } from '../harness/free-port.js';
import { writeOnce } from '../harness/remote-client.js';
import { accessKeyId, basicAuthorization, secretAccessKey, startConnector } from '../harness/start-connector.js';
import { startPrometheus } from '../harness/start-prometheus.js';
import { createDataSet as createPromqlDataSet, createStorage, DATA_END_MS, DATA_START_MS } from './promql-data-set.js';
import { PromqlOracle } from './promql-oracle.js';
import { fixedQueries } from './promql-queries.js';

const RUNS = 5;
const embeddedProgram = fileURLToPath(new URL('../../packages/timestream-embedded/dist/main.js', import.meta.url));
const seed = Number(process.env['SEED'] ?? 1);
const everyNth = Number(process.env['EVERY_NTH'] ?? 1);

interface Times {
  readonly text: string;
  readonly ownMs: number;
  readonly prometheusMs: number;
}

function summaryOf(times: readonly Times[]): Record<string, unknown> {
  const sum = (pick: (one: Times) => number): number => times.reduce((total, one) => total + pick(one), 0);
  const ratios = times.map(({ text, ownMs, prometheusMs }) => ({ text, ratio: ownMs / prometheusMs })).sort((a, b) => a.ratio - b.ratio);
  const at = (share: number): number => ratios[Math.floor((ratios.length - 1) * share)]?.ratio ?? NaN;
  const [ownMs, prometheusMs] = [sum((one) => one.ownMs), sum((one) => one.prometheusMs)];
  return {
    queries: times.length,
    ownMs,
    prometheusMs,
    ratio: ownMs / prometheusMs,
    medianRatio: at(0.5),
    ratioOf95In100: at(0.95),
    slowest: ratios.slice(-5),
  };
}

async function timesInEvaluator(): Promise<Times[]> {
  const series = createPromqlDataSet(createSeededRandom(seed));
  const storage = createStorage(series, false);
  const questions = fixedQueries()
    .filter((_text, index) => index % everyNth === 0)
    .map((text) => ({ text, startMs: DATA_START_MS, endMs: DATA_END_MS, stepMs: 15_000, lookbackMs: 300_000 }));
  const oracle = new PromqlOracle();
  try {
    const options = { lookbackMs: 300_000, experimentalFunctions: true, fillModifiers: true };
    const own = new Array<number>(questions.length).fill(Infinity);
    for (let run = 0; run < RUNS; run++) {
      for (const [index, { text, startMs, endMs, stepMs }] of questions.entries()) {
        const beganMs = performance.now();
        await queryRange(text, { startMs, endMs, stepMs }, storage, options).catch(() => undefined);
        own[index] = Math.min(own[index] ?? Infinity, performance.now() - beganMs);
      }
    }
    const theirs = oracle.time(series, questions, RUNS);
    return questions.map(({ text }, index) => ({ text, ownMs: own[index] ?? NaN, prometheusMs: (theirs[index] ?? NaN) / 1e6 }));
  } finally {
    oracle.close();
  }
}

async function timesEndToEnd(): Promise<Times[]> {
  // A process of its own, as Prometheus is: here it would share a thread with the program that asks.
  const timestreamPort = await freePort();
  const timestreamUrl = `http://127.0.0.1:${timestreamPort}`;
  const timestream = startChildProgram(process.execPath, [
    embeddedProgram,
    `--listen-address=127.0.0.1:${timestreamPort}`,
    `--credentials=${accessKeyId}:${secretAccessKey}`,
    '--create=metrics.samples',
  ]);
  await eventually('the embedded Timestream', async () => (await fetch(`${timestreamUrl}/_timestream/health`)).ok);
  const connector = await startConnector({
    storage: 'aws',
    extraArguments: [
      ...destinationArguments({ url: timestreamUrl, database: 'metrics', table: 'samples' }),
      '--promql-experimental-functions',
    ],
  });
  const prometheus = await startPrometheus({
    prometheusProgram: prometheus3Program,
    extraArguments: ['--web.enable-remote-write-receiver', '--enable-feature=promql-experimental-functions'],
  });
  try {
    const endMs = Math.floor(Date.now() / 60_000) * 60_000;
    for (const { timeseries } of createDataSet(seed, endMs).writeRequests()) {
      await writeOnce(`${prometheus.url}/api/v1/write`, timeseries, undefined);
      await writeOnce(`${connector.url}/write`, timeseries, { basic: { accessKeyId, secretAccessKey } });
    }
    const timeOf = async (url: string, text: string, headers: Readonly<Record<string, string>>): Promise<number> => {
      const beganMs = performance.now();
      const range = `start=${endMs / 1000 - 3600}&end=${endMs / 1000}&step=60`;
      const response = await fetch(`${url}/api/v1/query_range?query=${encodeURIComponent(text)}&${range}`, { headers });
      await response.arrayBuffer();
      return performance.now() - beganMs;
    };
    const times: Times[] = [];
    for (const text of createPromqlCorpus().filter((_text, index) => index % everyNth === 0)) {
      let [ownMs, prometheusMs] = [Infinity, Infinity];
      for (let run = 0; run < RUNS; run++) {
        ownMs = Math.min(ownMs, await timeOf(connector.url, text, { authorization: basicAuthorization() }));
        prometheusMs = Math.min(prometheusMs, await timeOf(prometheus.url, text, {}));
      }
      times.push({ text, ownMs, prometheusMs });
    }
    return times;
  } finally {
    await Promise.all([connector.program.stop(), prometheus.program.stop()]);
    await timestream.stop();
  }
}

const result = { seed, evaluator: summaryOf(await timesInEvaluator()), endToEnd: summaryOf(await timesEndToEnd()) };
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
