#!/usr/bin/env node
/**
 * Measures the start of deploy/dist/connector.zip (made by `npm run package`) in fresh processes: from the start of the process until the
 * handler is loaded, and until it has answered a first request. The request has no credentials, so no service is called.
 *
 *   node deploy/measure-cold-start.mjs [--runs=15]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const { unzipSync } = await import('fflate');

const event = {
  version: '2.0',
  routeKey: 'POST /write',
  rawPath: '/dev/write',
  headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
  requestContext: { stage: 'dev', http: { method: 'POST' } },
  body: 'AA==',
  isBase64Encoded: true,
};

const program = `
import { handler } from './index.mjs';
const loadedMs = performance.now();
const { statusCode } = await handler(${JSON.stringify(event)}, { awsRequestId: 'cold-start', getRemainingTimeInMillis: () => 30000 });
process.stdout.write('\\n' + JSON.stringify({ loadedMs, answeredMs: performance.now(), statusCode }));
`;

const runs = Number(process.argv.find((arg) => arg.startsWith('--runs='))?.slice('--runs='.length) ?? 15);
const zipBytes = readFileSync(new URL('./dist/connector.zip', import.meta.url));
const folder = mkdtempSync(path.join(os.tmpdir(), 'connector-cold-start-'));
try {
  for (const [name, bytes] of Object.entries(unzipSync(zipBytes))) writeFileSync(path.join(folder, name), bytes);
  writeFileSync(path.join(folder, 'start.mjs'), program);
  writeFileSync(path.join(folder, 'bare.mjs'), 'process.stdout.write(String(performance.now()));');
  const env = {
    PATH: process.env.PATH,
    default_database: 'PrometheusDatabase',
    default_table: 'PrometheusMetricsTable',
    AWS_REGION: 'us-east-1',
    enable_sigv4_auth: 'false',
  };
  const run = (file) => {
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--enable-source-maps', file], { cwd: folder, env, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout.slice(stdout.lastIndexOf('\n') + 1));
  };
  const bareMs = Array.from({ length: runs }, () => run('bare.mjs'));
  const starts = Array.from({ length: runs }, () => {
    const start = run('start.mjs');
    if (start.statusCode !== 401) throw new Error(`expected 401 for a request without credentials, got ${start.statusCode}`);
    return start;
  });
  const report = (name, values) => {
    const sorted = values.sort((a, b) => a - b);
    const at = (share) => Math.round(sorted[Math.floor((sorted.length - 1) * share)]);
    console.log(`${name}: median ${at(0.5)} ms, 90 % within ${at(0.9)} ms`);
  };
  console.log(
    `${runs} starts of Node ${process.version} on ${os.cpus()[0]?.model ?? 'an unknown processor'}, package ${Math.round(zipBytes.length / 1024)} KiB`,
  );
  report('process start to an empty program', bareMs);
  report(
    'process start to loaded handler',
    starts.map(({ loadedMs }) => loadedMs),
  );
  report(
    'process start to first answer',
    starts.map(({ answeredMs }) => answeredMs),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
