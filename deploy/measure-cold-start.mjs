#!/usr/bin/env node
/**
 * Measures the start of deploy/dist/connector.zip (made by `npm run package`) in fresh processes: from the start of the process until the
 * handler is loaded, and until it has answered a first request. The request has no credentials, so no service is called. Where AWS' own
 * runtime client is installed (scripts/install-lambda-runtime.mjs), the same under it, against a Runtime API on loopback.
 *
 *   node deploy/measure-cold-start.mjs [--runs=15]
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';

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
const runtimeClient = fileURLToPath(new URL('../e2e/runtime/node_modules/aws-lambda-ric/index.mjs', import.meta.url));
const zipBytes = readFileSync(new URL('./dist/connector.zip', import.meta.url));
const folder = mkdtempSync(path.join(os.tmpdir(), 'connector-cold-start-'));
const env = {
  PATH: process.env['PATH'],
  default_database: 'PrometheusDatabase',
  default_table: 'PrometheusMetricsTable',
  AWS_REGION: 'us-east-1',
  enable_sigv4_auth: 'false',
  NODE_OPTIONS: '--enable-source-maps',
};

/**
 * @typedef {{ readonly loadedMs: number; readonly answeredMs: number }} Times
 * @typedef {Partial<Times> & { readonly statusCode: unknown }} Start
 */

/**
 * @param {string} file
 * @returns {unknown} what it printed as JSON
 */
function startAlone(file) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [file], { cwd: folder, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n') + 1));
}

/**
 * @param {Start} start
 * @returns {Times}
 */
function expect401({ statusCode, loadedMs, answeredMs }) {
  if (statusCode !== 401 || loadedMs === undefined || answeredMs === undefined)
    throw new Error(`expected 401 for a request without credentials, got ${String(statusCode)}`);
  return { loadedMs, answeredMs };
}

/**
 * One start under the runtime client: it asks for an invocation when the function is loaded, and hands over what the function answers.
 *
 * @returns {Promise<Start>}
 */
async function startUnderRuntime() {
  let startMs = 0;
  /** @type {number | undefined} */
  let loadedMs;
  /** @type {(start: Start) => void} */
  let finish = () => undefined;
  const answered = /** @type {Promise<Start>} */ (new Promise((resolve) => (finish = resolve)));
  const answer = async (
    /** @type {import('node:http').IncomingMessage} */ request,
    /** @type {import('node:http').ServerResponse} */ response,
  ) => {
    if (request.url?.endsWith('/invocation/next')) {
      if (loadedMs !== undefined) return;
      loadedMs = performance.now() - startMs;
      response.writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': 'cold-start',
        'lambda-runtime-deadline-ms': String(Date.now() + 30_000),
        'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:us-east-1:123456789012:function:connector',
      });
      response.end(JSON.stringify(event));
      return;
    }
    const answeredMs = performance.now() - startMs;
    const { statusCode } = /** @type {{ statusCode: unknown }} */ (await json(request));
    response.writeHead(202).end('{}');
    finish({ ...(loadedMs === undefined ? {} : { loadedMs }), answeredMs, statusCode });
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  startMs = performance.now();
  const child = spawn(process.execPath, [runtimeClient, 'index.handler'], {
    cwd: folder,
    env: {
      ...env,
      AWS_LAMBDA_FUNCTION_NAME: 'connector',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/connector',
      AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
      LAMBDA_TASK_ROOT: folder,
      _HANDLER: 'index.handler',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  const times = await Promise.race([answered, exited.then(([code]) => ({ statusCode: `the end of the process (${String(code)})` }))]);
  child.kill('SIGKILL');
  await exited;
  server.closeAllConnections();
  server.close();
  return times;
}

/**
 * @param {string} name
 * @param {number[]} values
 */
function report(name, values) {
  const sorted = values.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN);
  console.log(`  ${name}: best ${at(0)} ms, median ${at(0.5)} ms, 90 % within ${at(0.9)} ms`);
}

/** @param {readonly Times[]} starts */
function reportStarts(starts) {
  report(
    'until the handler is loaded',
    starts.map(({ loadedMs }) => loadedMs),
  );
  report(
    'until the first answer',
    starts.map(({ answeredMs }) => answeredMs),
  );
}

try {
  for (const [name, bytes] of Object.entries(unzipSync(zipBytes))) writeFileSync(path.join(folder, name), bytes);
  writeFileSync(path.join(folder, 'start.mjs'), program);
  writeFileSync(path.join(folder, 'bare.mjs'), 'process.stdout.write(String(performance.now()));');
  const processor = os.cpus()[0]?.model ?? 'an unknown processor';
  console.log(
    `${runs} starts of Node ${process.version} on ${processor}, package ${Math.round(zipBytes.length / 1024)} KiB, from the start of the process`,
  );
  report(
    'until an empty program runs',
    Array.from({ length: runs }, () => /** @type {number} */ (startAlone('bare.mjs'))),
  );
  console.log('by itself:');
  reportStarts(Array.from({ length: runs }, () => expect401(/** @type {Start} */ (startAlone('start.mjs')))));
  if (existsSync(runtimeClient)) {
    console.log("under AWS' runtime client:");
    const starts = [];
    for (let run = 0; run < runs; run += 1) starts.push(expect401(await startUnderRuntime()));
    reportStarts(starts);
  } else console.log("AWS' runtime client is not installed: node scripts/install-lambda-runtime.mjs");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
