/**
 * How fast records get to disk, and how fast a file opens again.
 *
 *   npm run bench:store -w @timestream-prometheus/timestream-embedded -- [series] [points per series]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';

import { serverBounds, serviceLimits } from '../src/limits.js';
import { Store } from '../src/store/store.js';
import { parseRecords } from '../src/write/parse-records.js';

const seriesCount = Number(process.argv[2] ?? 10_000);
const pointsPerSeries = Number(process.argv[3] ?? 100);
const requestsInFlight = 50;
const dataDir = mkdtempSync(path.join(tmpdir(), 'timestream-bench-'));
const options = { dataDir, clock: { nowMs: () => Date.now() }, limits: serviceLimits, bounds: serverBounds };
const startMs = Date.now() - pointsPerSeries * 1000;

const dimensionsOf = (series: number): { readonly Name: string; readonly Value: string }[] => [
  { Name: 'instance', Value: `host${series % 100}:9100` },
  { Name: 'job', Value: `job${series % 10}` },
  ...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((letter) => ({ Name: `label_${letter}`, Value: `value-${letter}-${series % 50}` })),
  { Name: 'shard', Value: String(series) },
];

/** One WriteRecords request: 100 series at one time, ten dimensions each. */
function requestAt(firstSeries: number, point: number): ReturnType<typeof parseRecords> {
  return parseRecords(
    {
      DatabaseName: 'db',
      TableName: 't',
      CommonAttributes: { MeasureValueType: 'MULTI', Time: String(startMs + point * 1000) },
      Records: Array.from({ length: 100 }, (_, index) => ({
        Dimensions: dimensionsOf(firstSeries + index),
        MeasureName: `metric_${firstSeries % 500}`,
        MeasureValues: [{ Name: 'v', Type: 'DOUBLE', Value: String(point * 1.1 + index) }],
      })),
    },
    serviceLimits,
  );
}

try {
  const store = await Store.open(options);
  const database = await store.createDatabase('db', '');
  if (database === undefined) throw new Error('a new store has a database');
  const table = await store.createTable(database, 't', { retention: { memoryHours: 12, magneticDays: 100, magneticWrites: true } });
  if (table === undefined) throw new Error('a new database has a table');
  const writeStart = performance.now();
  const inFlight = [];
  for (let point = 0; point < pointsPerSeries; point += 1) {
    for (let series = 0; series < seriesCount; series += 100) {
      inFlight.push(store.write(table, requestAt(series, point)));
      if (inFlight.length >= requestsInFlight) await inFlight.shift();
    }
  }
  await Promise.all(inFlight);
  const writeMs = performance.now() - writeStart;
  await store.close();
  const openStart = performance.now();
  const reopened = await Store.open(options);
  const openMs = performance.now() - openStart;
  await reopened.close();
  const points = seriesCount * pointsPerSeries;
  process.stdout.write(
    `${JSON.stringify({ points, recordsPerSecond: Math.round((points / writeMs) * 1000), openMs: Math.round(openMs) })}\n`,
  );
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
