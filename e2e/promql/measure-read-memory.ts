/**
 * How much memory a PromQL query takes in the connector, what it reads included: `npm run bench:promql-read-memory -w @timestream-prometheus/e2e`
 * after a build, on Linux. It prints a table.
 *
 * The embedded Timestream holds a gauge that changes at every sample. Each row is a connector of its own that is asked one range query over HTTP,
 * with a moment every minute, after it was asked for one series as long. What is shown is the most that its resident memory was by the system's
 * own account, beyond what it was before.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { createSamples, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { eventually, startChildProgram } from '../harness/child-program.js';
import { destinationArguments } from '../harness/destination-arguments.js';
import { freePort } from '../harness/free-port.js';
import { writeOnce } from '../harness/remote-client.js';
import { accessKeyId, basicAuthorization, secretAccessKey, startConnector, type RunningConnector } from '../harness/start-connector.js';

const INTERVAL_MS = 5_000;
const MEGABYTE = 1_048_576;
const QUERIES = ['sum(rate(x$[5m]))', 'max_over_time(x$[5m])'];
/** Series and points of each, doubled one at a time. */
const SIZES = [
  [500, 1440],
  [1000, 1440],
  [2000, 1440],
  [1000, 720],
  [1000, 2880],
] as const;
const ALL_SERIES = Math.max(...SIZES.map(([series]) => series));
const ALL_POINTS = Math.max(...SIZES.map(([, points]) => points));
/** How many series the sets hold, each with those before it. */
const SETS = [...new Set([1, ...SIZES.map(([series]) => series)])].sort((left, right) => left - right);
const nameOfSet = (series: number): string => String(series).padStart(5, '0');
/** Samples of one write. */
const BATCH_POINTS = 20;

const timestreamPort = await freePort();
const timestreamUrl = `http://127.0.0.1:${timestreamPort}`;
const embeddedProgram = fileURLToPath(new URL('../../packages/timestream-embedded/dist/main.js', import.meta.url));
const timestream = startChildProgram(process.execPath, [
  embeddedProgram,
  `--listen-address=127.0.0.1:${timestreamPort}`,
  `--credentials=${accessKeyId}:${secretAccessKey}`,
  '--create=metrics.samples',
]);

const start = (): Promise<RunningConnector> =>
  startConnector({ storage: 'aws', extraArguments: destinationArguments({ url: timestreamUrl, database: 'metrics', table: 'samples' }) });

const endMs = Math.floor(Date.now() / 60_000) * 60_000;

/** Each series is in the sets of at least so many: a set is what a query selects. */
function labelsOf(index: number): TimeSeries['labels'] {
  return [
    { name: '__name__', value: 'x' },
    { name: 'instance', value: `i${index}` },
    { name: 'within', value: nameOfSet(SETS.find((size) => index < size) ?? ALL_SERIES) },
  ];
}

const selectorOf = (series: number): string => {
  const sets = SETS.filter((size) => size <= series).map(nameOfSet);
  return `{within=~"${sets.join('|')}"}`;
};

async function writeAll(): Promise<void> {
  const connector = await start();
  for (let from = 0; from < ALL_POINTS; from += BATCH_POINTS) {
    const timeseries = Array.from({ length: ALL_SERIES }, (_, index): TimeSeries => {
      const points = Array.from({ length: BATCH_POINTS }, (_each, point) => {
        const place = ALL_POINTS - 1 - from - point;
        return [endMs - place * INTERVAL_MS, (from + point) * (index + 1) + 0.1] as const;
      });
      return { labels: labelsOf(index), samples: createSamples(points), exemplars: [], histograms: [] };
    });
    await writeOnce(`${connector.url}/write`, timeseries, { basic: { accessKeyId, secretAccessKey } });
  }
  await connector.program.stop();
}

function kilobytesOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const [, kilobytes] = new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes);
}

async function peakBytesOf(text: string, series: number, points: number): Promise<number> {
  const connector = await start();
  const { pid } = connector.program;
  const ask = async (selected: number): Promise<void> => {
    const query = encodeURIComponent(text.replace('$', selectorOf(selected)));
    const range = `start=${(endMs - points * INTERVAL_MS) / 1000}&end=${endMs / 1000}&step=60`;
    const url = `${connector.url}/api/v1/query_range?query=${query}&${range}`;
    const response = await fetch(url, { headers: { authorization: basicAuthorization() } });
    const answer = await response.text();
    if (!response.ok || !answer.includes('"values"')) throw new Error(`${url} answered ${response.status}: ${answer.slice(0, 300)}`);
  };
  try {
    await ask(1);
    // proc(5): 5 makes the peak what it is now.
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    const beforeKilobytes = kilobytesOf(pid, 'VmRSS');
    await ask(series);
    return (kilobytesOf(pid, 'VmHWM') - beforeKilobytes) * 1024;
  } finally {
    await connector.program.stop();
  }
}

try {
  await eventually('the embedded Timestream', async () => (await fetch(`${timestreamUrl}/_timestream/health`)).ok);
  await writeAll();
  process.stdout.write('| query | series | points of each | MB at the peak | bytes for each point |\n| --- | --: | --: | --: | --: |\n');
  for (const query of QUERIES) {
    for (const [series, points] of SIZES) {
      const bytes = await peakBytesOf(query, series, points);
      const cells = [`\`${query.replace('$', '')}\``, series, points, Math.round(bytes / MEGABYTE), Math.round(bytes / (series * points))];
      process.stdout.write(`| ${cells.join(' | ')} |\n`);
    }
  }
} finally {
  await timestream.stop();
}
