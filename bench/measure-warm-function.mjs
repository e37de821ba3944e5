#!/usr/bin/env node
/**
 * Measures what a warm function of deploy/dist/connector.zip (made by `npm run package`) takes for a write of 2,000 samples with 10 labels of series that it
 * knows: the processor time of its whole process, compiler and garbage collector included, and the time on the clock. Timestream is a program of its own that
 * answers after a set time and stores nothing. Every process is fresh, and is sent one write after the other, as Lambda does.
 *
 *   node bench/measure-warm-function.mjs [--processes=5] [--writes=1000] [--latency-ms=20]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { encodeSnappy, encodeWriteRequest } from '@timestream-prometheus/prom-codec';
import { unzipSync } from 'fflate';
import { requestsOfInput } from './inputs/requests.mjs';
import { samplesOf } from './inputs/series.mjs';
import { BASIC, startNullTimestream, stop, stopAll } from './processes.mjs';

const SAMPLES = 2_000;
const SCRAPES = 8;
const HOUR_MS = 3_600_000;
/** Which writes of a process are looked at together: the first of each is counted from one. */
const STRETCHES = [1, 2, 11, 101, 501];

/** The function as Lambda calls it; what is around a call is not measured. */
const program = `
import { handler } from './index.mjs';
process.once('message', async ({ events, writes }) => {
  const results = [];
  for (let write = 0; write < writes; write += 1) {
    const beforeMs = performance.now();
    const before = process.cpuUsage();
    const { statusCode, body } = await handler(events[write % events.length], { awsRequestId: 'warm-' + write, getRemainingTimeInMillis: () => 30000 });
    const { user, system } = process.cpuUsage(before);
    if (statusCode !== 204) throw new Error('a write was answered ' + statusCode + ': ' + body);
    results.push({ cpuMs: (user + system) / 1000, clockMs: performance.now() - beforeMs });
  }
  process.send(results);
});
process.send('ready');
`;

/** @typedef {{ readonly cpuMs: number; readonly clockMs: number }} Write */

const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '5' },
    writes: { type: 'string', default: '1000' },
    'latency-ms': { type: 'string', default: '20' },
  },
});
const [processes, writes, latencyMs] = [Number(values.processes), Number(values.writes), Number(values['latency-ms'])];
const zipBytes = readFileSync(new URL('../deploy/dist/connector.zip', import.meta.url));
const folder = mkdtempSync(path.join(os.tmpdir(), 'connector-warm-write-'));

const series = requestsOfInput({ shape: 'plain', samplesPerRequest: SAMPLES, labels: 10 })[0] ?? [];
const events = Array.from({ length: SCRAPES }, (_, scrape) => ({
  version: '2.0',
  routeKey: 'POST /write',
  rawPath: '/dev/write',
  headers: {
    authorization: BASIC,
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-write-version': '0.1.0',
  },
  requestContext: { stage: 'dev', http: { method: 'POST' } },
  body: Buffer.from(
    encodeSnappy(encodeWriteRequest({ timeseries: samplesOf(series, scrape, Date.now() - HOUR_MS), metadata: [] })),
  ).toString('base64'),
  isBase64Encoded: true,
}));

/**
 * @param {string} writeUrl
 * @returns {Promise<readonly Write[]>}
 */
async function runFunction(writeUrl) {
  const child = fork(path.join(folder, 'invoke.mjs'), {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      NODE_OPTIONS: '--enable-source-maps',
      default_database: 'PrometheusDatabase',
      default_table: 'PrometheusMetricsTable',
      AWS_REGION: 'us-east-1',
      enable_sigv4_auth: 'false',
      log_level: 'error',
      write_base_endpoint: writeUrl,
    },
    // The function logs and writes its metrics to its output.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const failed = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the function ended with ${String(code)}`)));
  failed.catch(() => undefined);
  await Promise.race([once(child, 'message'), failed]);
  child.send({ events, writes });
  const [results] = /** @type {readonly [readonly Write[]]} */ (
    /** @type {unknown} */ (await Promise.race([once(child, 'message'), failed]))
  );
  child.kill('SIGKILL');
  return results;
}

/** @param {readonly number[]} numbers */
const medianOf = (numbers) => numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? Number.NaN;

const timestream = await startNullTimestream(latencyMs);
try {
  for (const [name, bytes] of Object.entries(unzipSync(zipBytes))) writeFileSync(path.join(folder, name), bytes);
  writeFileSync(path.join(folder, 'invoke.mjs'), program);
  /** @type {(readonly Write[])[]} */
  const runs = [];
  for (let run = 0; run < processes; run += 1) runs.push(await runFunction(timestream.url));
  const processor = os.cpus()[0]?.model ?? 'an unknown processor';
  console.log(
    `writes of ${SAMPLES} samples by ${processes} processes of Node ${process.version} on ${processor}, Timestream answers in ${latencyMs} ms; medians`,
  );
  for (const [index, first] of STRETCHES.entries()) {
    const last = Math.min(writes, (STRETCHES[index + 1] ?? writes + 1) - 1);
    if (first > last) break;
    const stretch = runs.flatMap((run) => run.slice(first - 1, last));
    const cpuMs = medianOf(stretch.map((write) => write.cpuMs));
    const clockMs = medianOf(stretch.map((write) => write.clockMs));
    console.log(`  write ${first} to ${last}: ${cpuMs.toFixed(1)} ms of processor time, ${clockMs.toFixed(1)} ms on the clock`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  await stop(timestream.child);
  await stopAll();
}
