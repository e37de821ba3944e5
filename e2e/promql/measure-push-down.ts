/**
 * What is saved by leaving a part of a PromQL query to Timestream: `npm run bench:promql-push-down -w @timestream-prometheus/e2e` after a build.
 * It prints a table.
 *
 * The embedded Timestream holds six hours of series that are scraped every 15 seconds: gauges that change at every sample, and others that rarely
 * do. Each query is explained, which reads what it needs with and without (`explain --run`). `SERIES` says how many series of each there are.
 */
import { parseConfig, openAwsStorage, bodyInHand, createConnector } from '@timestream-prometheus/connector';
import { explainRead, questionsOfQuery, type ReadMeasure } from '@timestream-prometheus/connector/operations';
import { createSamples, encodeSnappy, encodeWriteRequest, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { startEmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import process from 'node:process';
import { accessKeyId, basicAuthorization, secretAccessKey } from '../harness/start-connector.js';

const INTERVAL_MS = 15_000;
const POINTS = 6 * 240;
/** Samples of one write. */
const BATCH_POINTS = 60;
const seriesCount = Number(process.env['SERIES'] ?? 100);

interface Question {
  readonly query: string;
  /** 0: a moment. */
  readonly stepSeconds: number;
}

const QUESTIONS: readonly Question[] = [
  { query: 'load', stepSeconds: 60 },
  { query: 'max_over_time(load[5m])', stepSeconds: 60 },
  { query: 'count_over_time(load[5m])', stepSeconds: 60 },
  { query: 'changes(load[1h])', stepSeconds: 60 },
  { query: 'changes(version[1h])', stepSeconds: 60 },
  { query: 'resets(version[1h])', stepSeconds: 60 },
  { query: 'changes(version[6h])', stepSeconds: 0 },
  { query: 'count by (job) (load)', stepSeconds: 60 },
  { query: 'max by (job) (load)', stepSeconds: 60 },
  { query: 'max(load)', stepSeconds: 15 },
  { query: 'count by (__name__) ({__name__=~".+"})', stepSeconds: 0 },
  { query: 'max by (job) (load)', stepSeconds: 0 },
];

// oxlint-disable-next-line id-denylist -- the log level's own name
const logger = { debug: () => undefined, info: () => undefined, warn: (fields: object, message: string) => { throw new Error(`${message} ${JSON.stringify(fields)}`); }, error: () => undefined }; // oxfmt-ignore
const metrics = { add: () => undefined, observe: () => undefined, move: () => undefined };

const timestream = await startEmbeddedTimestream({
  credentials: [{ accessKeyId, secretAccessKey }],
  create: [{ databaseName: 'metrics', tableName: 'samples', memoryStoreRetentionHours: 24, magneticStoreWrites: true }],
});
const config = parseConfig({
  defaultsFor: 'server',
  env: {},
  flags: {
    'default-database': 'metrics',
    'default-table': 'samples',
    'write-base-endpoint': timestream.url,
    'query-base-endpoint': timestream.url,
  },
});
const openStorage = openAwsStorage(config, { logger, metrics });
const endMs = Math.floor(Date.now() / 60_000) * 60_000;

function batchOf(fromPoint: number): readonly TimeSeries[] {
  const metricsOfValues: readonly (readonly [name: string, valueAt: (index: number, point: number) => number])[] = [
    ['load', (index, point) => Math.round(1e5 * (2 + Math.sin(index + point / 37) + ((point * (index + 7)) % 11) / 10)) / 1e5],
    ['version', (index, point) => 1_795_340_322.25 + Math.floor((point + 11 * index) / 480)],
  ];
  return metricsOfValues.flatMap(([name, valueAt]) =>
    Array.from({ length: seriesCount }, (_, index): TimeSeries => {
      const points = Array.from({ length: BATCH_POINTS }, (_each, offset) => {
        const point = fromPoint + offset;
        return [endMs - (POINTS - 1 - point) * INTERVAL_MS, valueAt(index, point)] as const;
      });
      const labels = [
        { name: '__name__', value: name },
        { name: 'instance', value: `10.0.0.${index}:9100` },
        { name: 'job', value: ['api', 'web', 'db', 'queue'][index % 4] ?? 'api' },
      ];
      return { labels, samples: createSamples(points), exemplars: [], histograms: [] };
    }),
  );
}

function cellsOf({ samples, rows, bytes, pages, durationMs }: ReadMeasure): string {
  return [samples, rows, bytes, pages, durationMs].map((number) => number.toLocaleString('en')).join(' | ');
}

const connector = createConnector({ config, openStorage, logger, metrics });
try {
  for (let point = 0; point < POINTS; point += BATCH_POINTS) {
    const { status } = await connector.handle({
      method: 'POST',
      path: '/write',
      query: '',
      headers: { authorization: basicAuthorization(), 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
      ...bodyInHand(encodeSnappy(encodeWriteRequest({ timeseries: batchOf(point), metadata: [] }))),
      signal: new AbortController().signal,
    });
    if (status !== 204) throw new Error(`a write was answered with ${status}`);
  }
  const storage = openStorage({ kind: 'static', accessKeyId, secretAccessKey }, { database: 'metrics', table: 'samples' });
  process.stdout.write(
    '| query | step | pushed | samples | rows | bytes | pages | ms |\n| --- | --: | --- | --: | --: | --: | --: | --: |\n',
  );
  for (const { query, stepSeconds } of QUESTIONS) {
    const times = { startMs: stepSeconds === 0 ? endMs : endMs - (POINTS - 1) * INTERVAL_MS, endMs, stepMs: stepSeconds * 1000 };
    const questions = await questionsOfQuery(query, times, config);
    const signal = new AbortController().signal;
    const explanations = await explainRead(questions, { config, source: storage, logger, isRun: true, meteredBytes: async () => Promise.resolve(0), signal }); // oxfmt-ignore
    for (const { measure, measureOfAll } of explanations) {
      for (const [isPushed, one] of [
        ['no', measureOfAll],
        ['yes', measure],
      ] as const) {
        // oxfmt-ignore
        if (one !== undefined) process.stdout.write(`| \`${query}\` | ${stepSeconds} | ${isPushed} | ${cellsOf(one)} |\n`);
      }
    }
  }
} finally {
  await connector.close();
  await timestream.close();
}
