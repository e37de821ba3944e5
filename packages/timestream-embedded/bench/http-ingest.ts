/**
 * What a sample costs on its way over HTTP into the store, in processor time of the server that has run for a while: what Node.js compiles
 * in its first second is not counted. Arguments: series, points per series, `file` for a file on disk in place of memory, requests at once, and
 * whose bodies: `connector` (what records share in the common attributes), `javascript`, `boto3` or `go` (all in each record).
 *
 *   npm run bench:ingest -w @timestream-prometheus/timestream-embedded -- 5000 60
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startEmbeddedTimestream } from '../src/index.js';
import { benchKey, signedCall } from './signed-call.js';

interface Usage {
  readonly cpu: NodeJS.CpuUsage;
  /** Of the thread that runs JavaScript, in milliseconds; 0 where there is no /proc. */
  readonly mainThreadMs: number;
  readonly records: number;
}

const seriesCount = Number(process.argv[2] ?? 5_000);
const pointsPerSeries = Number(process.argv[3] ?? 60);
const requestsInFlight = Number(process.argv[5] ?? 16);
const client = process.argv[6] ?? 'connector';
/** Points of each series before anything is counted. */
const warmUpPoints = Math.ceil(200_000 / seriesCount);

/** User and system time are fields 14 and 15, in hundredths of a second (proc(5)). */
function mainThreadMs(): number {
  const path = `/proc/self/task/${process.pid}/stat`;
  if (!existsSync(path)) return 0;
  const fields = readFileSync(path, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The server in a process of its own, so that its processor time is its own. */
async function serve(dataDir: string | undefined): Promise<void> {
  const server = await startEmbeddedTimestream({
    credentials: [benchKey],
    create: [{ databaseName: 'db', tableName: 't', memoryStoreRetentionHours: 24 }],
    ...(dataDir === undefined ? {} : { dataDir }),
  });
  process.on('message', (message) => {
    if (message === 'usage')
      process.send?.({ cpu: process.cpuUsage(), mainThreadMs: mainThreadMs(), records: server.usage().recordsIngested } satisfies Usage);
    if (message === 'stop') void server.close().then(() => process.disconnect());
  });
  process.send?.({ port: server.port });
}

async function drive(): Promise<void> {
  const dataDir = process.argv[4] === 'file' ? mkdtempSync(path.join(tmpdir(), 'timestream-bench-')) : undefined;
  const child = fork(fileURLToPath(import.meta.url), ['serve', ...(dataDir === undefined ? [] : [dataDir])]);
  const receive = (): Promise<unknown> => new Promise((resolve) => child.once('message', resolve));
  const { port } = (await receive()) as { readonly port: number };
  const ask = (): Promise<Usage> => {
    const answer = receive() as Promise<Usage>;
    child.send('usage');
    return answer;
  };
  const agent = new http.Agent({ keepAlive: true, maxSockets: requestsInFlight });
  const startMs = Date.now() - (warmUpPoints + pointsPerSeries) * 1000;
  const write = async (firstPoint: number, endPoint: number): Promise<void> => {
    const inFlight: Promise<string>[] = [];
    for (let point = firstPoint; point < endPoint; point += 1) {
      for (let series = 0; series < seriesCount; series += 100) {
        inFlight.push(signedCall(port, agent, 'WriteRecords', requestAt(series, startMs + point * 1000, point)));
        if (inFlight.length >= requestsInFlight) await inFlight.shift();
      }
    }
    await Promise.all(inFlight);
  };
  await write(0, warmUpPoints);
  const before = await ask();
  const begin = performance.now();
  await write(warmUpPoints, warmUpPoints + pointsPerSeries);
  const elapsedMs = performance.now() - begin;
  const after = await ask();
  const cpuMs = (after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system) / 1000;
  const samples = after.records - before.records;
  process.stdout.write(
    `${JSON.stringify({
      client,
      samples,
      samplesPerSecond: Math.round((samples / elapsedMs) * 1000),
      samplesPerProcessorSecond: Math.round((samples / cpuMs) * 1000),
      serverMicrosecondsPerSample: microseconds(cpuMs, samples),
      ofThese: {
        javaScript: microseconds(after.mainThreadMs - before.mainThreadMs, samples),
        others: microseconds(cpuMs - after.mainThreadMs + before.mainThreadMs, samples),
      },
    })}\n`,
  );
  child.send('stop');
  agent.destroy();
  if (dataDir !== undefined) child.on('exit', () => rmSync(dataDir, { recursive: true }));
}

const microseconds = (ms: number, samples: number): number => Number(((ms * 1000) / samples).toFixed(2));

/** 100 series at one time, as the client writes them. */
function requestAt(firstSeries: number, timestampMs: number, point: number): string {
  const indices = Array.from({ length: 100 }, (_, index) => index);
  const measureName = `metric_${(firstSeries / 100) % 500}`;
  const shared = [
    { Name: 'job', Value: 'node' },
    { Name: 'cluster', Value: 'c1' },
  ];
  const own = (index: number): { Name: string; Value: string }[] => [
    { Name: 'instance', Value: `host${(firstSeries + index) % 100}:9100` },
    { Name: 'mode', Value: `mode${index % 8}` },
    { Name: 'cpu', Value: String(firstSeries + index) },
  ];
  const value = (index: number): string => String(point * 1.1 + index);
  const time = String(timestampMs);
  switch (client) {
    case 'connector':
      return JSON.stringify({
        DatabaseName: 'db',
        TableName: 't',
        CommonAttributes: { Dimensions: shared, MeasureValueType: 'MULTI', Time: time, TimeUnit: 'MILLISECONDS' },
        Records: indices.map((index) => ({
          Dimensions: own(index),
          MeasureName: measureName,
          MeasureValues: [{ Name: 'v', Value: value(index), Type: 'DOUBLE' }],
        })),
      });
    // The SDKs for JavaScript and Java write the members in the order of the API's model, boto3 in the order of the caller, with spaces.
    case 'javascript':
    case 'boto3': {
      const text = JSON.stringify({
        DatabaseName: 'db',
        TableName: 't',
        Records: indices.map((index) => ({
          Dimensions: [...shared, ...own(index)],
          MeasureName: measureName,
          MeasureValue: value(index),
          MeasureValueType: 'DOUBLE',
          Time: time,
          TimeUnit: 'MILLISECONDS',
          Version: 1,
        })),
      });
      // No text of this request has a comma or a colon behind a quote.
      return client === 'boto3' ? text.replaceAll('":', '": ').replaceAll(/([\]}"1]),(?=["{])/g, '$1, ') : text;
    }
    // The SDK for Go writes them in the order of the alphabet.
    case 'go':
      return JSON.stringify({
        DatabaseName: 'db',
        Records: indices.map((index) => ({
          Dimensions: [...shared, ...own(index)],
          MeasureName: measureName,
          MeasureValueType: 'MULTI',
          MeasureValues: [{ Name: 'v', Type: 'DOUBLE', Value: value(index) }],
          Time: time,
          TimeUnit: 'MILLISECONDS',
          Version: 1,
        })),
        TableName: 't',
      });
    default:
      throw new Error(`no client ${client}: connector, javascript, boto3 or go`);
  }
}

if (process.argv[2] === 'serve') await serve(process.argv[3]);
else await drive();
