/**
 * What a sample costs on its way over HTTP into the store, in processor time of the server. Arguments: series, points per series, and
 * `file` for a file on disk in place of memory.
 *
 *   npx esbuild bench/http-ingest.ts --bundle --platform=node --format=esm --packages=external --outfile=dist/http-ingest.mjs && node dist/http-ingest.mjs
 */
import { createHash, createHmac } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startEmbeddedTimestream } from '../src/index.js';

interface Usage {
  readonly cpu: NodeJS.CpuUsage;
  /** Of the thread that runs JavaScript, in milliseconds; 0 where there is no /proc. */
  readonly mainThreadMs: number;
  readonly records: number;
}

const seriesCount = Number(process.argv[2] ?? 5_000);
const pointsPerSeries = Number(process.argv[3] ?? 60);
const requestsInFlight = 16;
const key = { accessKeyId: 'bench', secretAccessKey: 'secret' };

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
    credentials: [key],
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
  const startMs = Date.now() - pointsPerSeries * 1000;
  const before = await ask();
  const begin = performance.now();
  const inFlight: Promise<void>[] = [];
  for (let point = 0; point < pointsPerSeries; point += 1) {
    for (let series = 0; series < seriesCount; series += 100) {
      inFlight.push(send(port, agent, requestAt(series, startMs + point * 1000, point)));
      if (inFlight.length >= requestsInFlight) await inFlight.shift();
    }
  }
  await Promise.all(inFlight);
  const elapsedMs = performance.now() - begin;
  const after = await ask();
  const cpuMs = (after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system) / 1000;
  const samples = after.records - before.records;
  process.stdout.write(
    `${JSON.stringify({
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

/** 100 series at one time: what they share is in the common attributes, as the connector writes it. */
function requestAt(firstSeries: number, timestampMs: number, point: number): string {
  return JSON.stringify({
    DatabaseName: 'db',
    TableName: 't',
    CommonAttributes: {
      Dimensions: [
        { Name: 'job', Value: 'node' },
        { Name: 'cluster', Value: 'c1' },
      ],
      MeasureValueType: 'MULTI',
      Time: String(timestampMs),
      TimeUnit: 'MILLISECONDS',
    },
    Records: Array.from({ length: 100 }, (_, index) => ({
      Dimensions: [
        { Name: 'instance', Value: `host${(firstSeries + index) % 100}:9100` },
        { Name: 'mode', Value: `mode${index % 8}` },
        { Name: 'cpu', Value: String(firstSeries + index) },
      ],
      MeasureName: `metric_${(firstSeries / 100) % 500}`,
      MeasureValues: [{ Name: 'sample_value', Value: String(point * 1.1 + index), Type: 'DOUBLE' }],
    })),
  });
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const sign = (secret: Buffer | string, text: string): Buffer => createHmac('sha256', secret).update(text).digest();

function send(port: number, agent: http.Agent, body: string): Promise<void> {
  const host = `127.0.0.1:${port}`;
  const stamp = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${stamp.slice(0, 8)}/us-east-1/timestream/aws4_request`;
  const target = 'Timestream_20181101.WriteRecords';
  const type = 'application/x-amz-json-1.0';
  const canonical = `POST\n/\n\ncontent-type:${type}\nhost:${host}\nx-amz-date:${stamp}\nx-amz-target:${target}\n\ncontent-type;host;x-amz-date;x-amz-target\n${hash(body)}`;
  const secret = ['us-east-1', 'timestream', 'aws4_request'].reduce<Buffer>(sign, sign(`AWS4${key.secretAccessKey}`, stamp.slice(0, 8)));
  const signature = sign(secret, `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${hash(canonical)}`).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${key.accessKeyId}/${scope}, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=${signature}`;
  const headers = { 'content-type': type, 'x-amz-date': stamp, 'x-amz-target': target, authorization };
  return new Promise((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', method: 'POST', path: '/', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode ?? 0}`))));
    });
    request.on('error', reject);
    request.end(body);
  });
}

if (process.argv[2] === 'serve') await serve(process.argv[3]);
else await drive();
