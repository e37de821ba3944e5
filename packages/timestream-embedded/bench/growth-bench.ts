/**
 * How a file of many points behaves: its size, how fast it opens, how long a selective read and a read of everything take, and how long a
 * new process needs from its start to its first answer; and how much memory a list of all values takes before it is refused. The series are written as any record is; the points are made by the database itself,
 * in the order in which samples arrive. Arguments: points in millions, series.
 *
 *   npx nx build timestream-embedded && npm run bench:growth -w @timestream-prometheus/timestream-embedded -- 10
 */
import { QueryCommand, TimestreamQueryClient } from '@aws-sdk/client-timestream-query';
import { DuckDBInstance } from '@duckdb/node-api';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

import { serverBounds, serviceLimits } from '../src/limits.js';
import { Store } from '../src/store/store.js';
import { parseRecords } from '../src/write/parse-records.js';

const points = Number(process.argv[2] ?? 1) * 1_000_000;
const seriesCount = Number(process.argv[3] ?? 10_000);
const stepMs = 15_000;
const dataDir = mkdtempSync(path.join(tmpdir(), 'timestream-growth-'));
const options = { dataDir, clock: { nowMs: () => Date.now() }, limits: serviceLimits, bounds: serverBounds };
const steps = Math.ceil(points / seriesCount);
const startMs = Math.floor(Date.now() / stepMs) * stepMs - steps * stepMs;
const readRuns = 8;
const sliceSteps = Math.max(1, Math.floor(5_000_000 / seriesCount));

/** `cpuMs` is the processor time of all threads: what a busy machine does not change. */
async function timed<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly cpuMs: number; readonly value: T }> {
  const begin = performance.now();
  const before = process.cpuUsage();
  const value = await work();
  const { user, system } = process.cpuUsage(before);
  return { ms: Math.round(performance.now() - begin), cpuMs: Math.round((user + system) / 1000), value };
}

/** One point of each series, through the same code as a request. */
async function writeSeries(): Promise<void> {
  const store = await Store.open(options);
  const database = await store.createDatabase('db', '');
  const table =
    database && (await store.createTable(database, 't', { retention: { memoryHours: 12, magneticDays: 73_000, magneticWrites: true } }));
  if (table === undefined) throw new Error('a new store takes a table');
  for (let first = 0; first < seriesCount; first += 100) {
    const Records = Array.from({ length: 100 }, (_, index) => ({
      Dimensions: [
        { Name: 'instance', Value: `host${(first + index) % 100}:9100` },
        { Name: 'job', Value: `job${index % 10}` },
        { Name: 'shard', Value: String(first + index) },
      ],
      MeasureName: `metric_${(first / 100) % 100}`,
      MeasureValues: [{ Name: 'v', Type: 'DOUBLE' as const, Value: String(index) }],
    }));
    const CommonAttributes = { MeasureValueType: 'MULTI' as const, Time: String(startMs) };
    await store.write(table, parseRecords({ DatabaseName: 'db', TableName: 't', CommonAttributes, Records }, serviceLimits));
  }
  await store.close();
}

async function makePoints(): Promise<void> {
  const instance = await DuckDBInstance.create(path.join(dataDir, 'timestream.duckdb'), { memory_limit: '2GB' });
  const connection = await instance.connect();
  for (let from = 1; from < steps; from += sliceSteps) {
    const to = Math.min(steps, from + sliceSteps);
    await connection.run(
      `INSERT INTO points_1 SELECT (i % ${seriesCount} + 1)::INTEGER, (${startMs} + (${from} + i // ${seriesCount}) * ${stepMs}) * 1000000, 1, ` +
        `${startMs} + (${from} + i // ${seriesCount}) * ${stepMs}, round(50 + 40 * sin(i / 1000), 3) FROM range(${(to - from) * seriesCount}) t(i)`,
    );
  }
  await connection.run('CHECKPOINT');
  connection.closeSync();
  instance.closeSync();
}

const newestMs = startMs + (steps - 1) * stepMs;
const reads = {
  oneSeriesOfTenMinutes: `SELECT time, v FROM db.t WHERE measure_name = 'metric_7' AND shard = '707' AND time > from_milliseconds(${newestMs - 600_000}) ORDER BY time`,
  hundredSeriesOfTenMinutes: `SELECT shard, time, v FROM db.t WHERE measure_name = 'metric_7' AND time > from_milliseconds(${newestMs - 600_000})`,
  lastOfEachHost: `SELECT instance, max(v) FROM db.t WHERE time > from_milliseconds(${newestMs - 60_000}) GROUP BY instance`,
  countOfAll: 'SELECT count(*) FROM db.t',
  averageOfAllByHost: 'SELECT instance, avg(v) FROM db.t GROUP BY instance',
};

/** The most memory that a process has had, in megabytes; 0 where there is no /proc. */
function peakMemory(pid: number | undefined): number {
  const file = `/proc/${pid ?? 0}/status`;
  const kilobytes = existsSync(file) ? /VmHWM:\s+(\d+) kB/.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
  return Math.round(Number(kilobytes ?? 0) / 1024);
}

/** User and system time of a process are fields 14 and 15, in hundredths of a second (proc(5)). */
function processorMs(pid: number | undefined): number {
  const file = `/proc/${pid ?? 0}/stat`;
  const fields = existsSync(file) ? (readFileSync(file, 'utf8').split(') ')[1]?.split(' ') ?? []) : [];
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10;
}

/** A process of its own, as somebody starts it. */
async function startCommand(): Promise<void> {
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'secret' };
  const main = fileURLToPath(new URL('main.js', import.meta.url));
  const begin = performance.now();
  const child = spawn(process.execPath, [main, `--data-dir=${dataDir}`, '--listen-address=127.0.0.1:0', '--credentials=bench:secret'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text);
        if (found !== null) resolve(found[0]);
      });
      child.on('exit', () => reject(new Error(`the command ended: ${text}`)));
    });
    const client = new TimestreamQueryClient({ endpoint: url, region: 'us-east-1', credentials });
    const ask = (QueryString: string): Promise<unknown> => client.send(new QueryCommand({ QueryString }));
    await ask('SELECT 1');
    const firstAnswerMs = Math.round(performance.now() - begin);
    const firstAnswerCpuMs = processorMs(child.pid);
    const readMs: Record<string, readonly number[]> = {};
    // Of the server alone, in the mean: what a busy machine does not change.
    const readCpuMs: Record<string, number> = {};
    for (const [name, sql] of Object.entries(reads)) {
      const times: number[] = [];
      const before = processorMs(child.pid);
      for (let run = 0; run < readRuns; run += 1) times.push((await timed(() => ask(sql))).ms);
      readMs[name] = times;
      readCpuMs[name] = Math.round((processorMs(child.pid) - before) / readRuns);
    }
    const peakMegabytes = peakMemory(child.pid);
    const listOfAll = await ask('SELECT array_agg(v) FROM db.t').then(
      () => 'answered',
      (error: unknown) => String(error),
    );
    const listOfAllPeakMegabytes = peakMemory(child.pid);
    process.stdout.write(
      `${JSON.stringify({ firstAnswerMs, firstAnswerCpuMs, readMs, readCpuMs, peakMegabytes, listOfAll, listOfAllPeakMegabytes })}\n`,
    );
    client.destroy();
  } finally {
    child.kill();
    await new Promise((resolve) => child.on('exit', resolve));
  }
}

try {
  await writeSeries();
  const made = await timed(makePoints);
  const megabytes = Math.round(statSync(path.join(dataDir, 'timestream.duckdb')).size / 1_000_000);
  const opened = await timed(() => Store.open(options));
  await opened.value.close();
  process.stdout.write(
    `${JSON.stringify({ points: steps * seriesCount, series: seriesCount, makeMs: made.ms, megabytes, openMs: opened.ms, openCpuMs: opened.cpuMs })}\n`,
  );
  await startCommand();
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
