/**
 * How much memory a PromQL query takes: `npm run bench:promql-memory -w @timestream-prometheus/e2e` after a build. It prints a table.
 *
 * Each row is a process of its own that evaluates one range query over series which are made as they are asked for: 120 moments, a sample
 * every 15 seconds. What is shown is how far the process' resident memory grew at its peak, by the system's own account, beyond what a query
 * over one series had made it.
 */
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { queryRange, type SeriesStorage } from '@timestream-prometheus/promql';

const INTERVAL_MS = 15_000;
const START_MS = 1_700_000_000_000;
const MEGABYTE = 1_048_576;
const QUERIES = ['sum(rate(x[5m]))', 'x', 'quantile by (zone) (0.9, max_over_time(x[5m]))'];
/** Series and points of each, doubled one at a time. */
const SIZES = [
  [500, 1000],
  [1000, 1000],
  [2000, 1000],
  [4000, 1000],
  [1000, 500],
  [1000, 2000],
  [1000, 4000],
] as const;

function storageOf(seriesCount: number, pointCount: number): SeriesStorage {
  return {
    // oxlint-disable-next-line typescript/require-await -- a storage may wait; this one has no need to
    async *select() {
      for (let index = 0; index < seriesCount; index++) {
        const timestampsMs = Float64Array.from({ length: pointCount }, (_, point) => START_MS + point * INTERVAL_MS);
        const values = Float64Array.from({ length: pointCount }, (_, point) => point * (index + 1) + 0.1);
        const labels = [
          { name: '__name__', value: 'x' },
          { name: 'instance', value: `i${index}` },
          { name: 'zone', value: `z${index % 3}` },
        ];
        yield { labels, timestampsMs, valueBits: new BigUint64Array(values.buffer) };
      }
    },
  };
}

async function peakBytesOf(text: string, seriesCount: number, pointCount: number): Promise<number> {
  const endMs = START_MS + pointCount * INTERVAL_MS;
  const times = { startMs: START_MS, endMs, stepMs: Math.floor((endMs - START_MS) / 120) };
  await queryRange(text, times, storageOf(1, pointCount));
  // Kilobytes, as getrusage(2) has them.
  const beforeBytes = process.resourceUsage().maxRSS * 1024;
  await queryRange(text, times, storageOf(seriesCount, pointCount));
  return process.resourceUsage().maxRSS * 1024 - beforeBytes;
}

function measureApart(text: string, seriesCount: number, pointCount: number): number {
  const [, program = ''] = process.argv;
  const child = spawnSync(process.execPath, [program, text, String(seriesCount), String(pointCount)], { encoding: 'utf8' });
  if (child.status !== 0) throw new Error(child.stderr);
  return Number(child.stdout);
}

const [, , text, seriesCount, pointCount] = process.argv;
if (text !== undefined) {
  process.stdout.write(String(await peakBytesOf(text, Number(seriesCount), Number(pointCount))));
} else {
  process.stdout.write('| query | series | points of each | MB at the peak | bytes for each point |\n| --- | --: | --: | --: | --: |\n');
  for (const query of QUERIES) {
    for (const [series, points] of SIZES) {
      const bytes = measureApart(query, series, points);
      process.stdout.write(
        `| \`${query}\` | ${series} | ${points} | ${Math.round(bytes / MEGABYTE)} | ${Math.round(bytes / (series * points))} |\n`,
      );
    }
  }
}
