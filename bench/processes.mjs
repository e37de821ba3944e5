import { fork, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

const CREDENTIALS = { accessKeyId: 'AKIABENCH', secretAccessKey: 'bench-secret' };

/** The access key of the programs that are measured, as Basic authentication. */
export const BASIC = `Basic ${Buffer.from(`${CREDENTIALS.accessKeyId}:${CREDENTIALS.secretAccessKey}`).toString('base64')}`;

const START_ATTEMPTS = 600;
const START_POLL_MS = 50;
const STOP_TIMEOUT_MS = 10_000;
const MIB = 1024 * 1024;

/** @type {Set<ChildProcess>} */
const running = new Set();

/** @param {ChildProcess} child */
const note = (child) => {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
};

/** Ends every process that was started here. */
export async function stopAll() {
  await Promise.all(Array.from(running, stop));
}

/** @param {ChildProcess} child */
export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  // By the way that lets a profile be written.
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}

/** @returns {Promise<number>} */
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {(output: () => string) => Promise<string | undefined> | string | undefined} ready
 * @param {readonly string[]} [nodeFlags]
 * @param {Readonly<Record<string, string>>} [env] beside this program's own
 * @returns {Promise<{ readonly child: ChildProcess; readonly found: string }>}
 */
export function startProgram(program, args, ready, nodeFlags = [], env = {}) {
  return startCommand(process.execPath, [...nodeFlags, program, ...args], ready, env);
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {(output: () => string) => Promise<string | undefined> | string | undefined} ready
 * @param {Readonly<Record<string, string>>} env beside this program's own
 * @returns {Promise<{ readonly child: ChildProcess; readonly found: string }>}
 */
async function startCommand(command, args, ready, env) {
  const child = note(spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } }));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (/** @type {Buffer} */ bytes) => {
      output = (output + bytes.toString()).slice(-10_000);
    });
  }
  for (let attempt = 0; attempt < START_ATTEMPTS && child.exitCode === null; attempt++) {
    const found = await ready(() => output);
    if (found !== undefined) return { child, found };
    await new Promise((resolve) => setTimeout(resolve, START_POLL_MS));
  }
  throw new Error(`${[command, ...args].join(' ')} did not start: ${output}`);
}

/**
 * A Timestream that answers after a fixed time and stores nothing.
 *
 * @param {number} latencyMs
 */
export async function startNullTimestream(latencyMs) {
  const child = note(fork(fileURLToPath(new URL('null-timestream.mjs', import.meta.url)), [String(latencyMs)], { execArgv: [] }));
  /** @type {() => Promise<{ readonly port: number; readonly calls: number; readonly records: number; readonly bytes: number }>} */
  const receive = () =>
    new Promise((resolve) => child.once('message', (message) => resolve(/** @type {Awaited<ReturnType<typeof receive>>} */ (message))));
  const { port } = await receive();
  return {
    child,
    url: `http://127.0.0.1:${port}`,
    /** What it was sent so far. */
    async usage() {
      const answer = receive();
      child.send('usage');
      const { calls, records, bytes } = await answer;
      return { calls, records, bytes };
    },
  };
}

/**
 * What asks a server over and over whether it is healthy.
 *
 * @param {string} url
 */
export function startHealthProber(url) {
  const child = note(fork(fileURLToPath(new URL('health-prober.mjs', import.meta.url)), [url], { execArgv: [] }));
  return {
    child,
    /**
     * Ends the questions; how long each answer took, the quickest first, infinitely long if there was none.
     *
     * @returns {Promise<readonly number[]>}
     */
    delaysMs: () =>
      new Promise((resolve) => {
        child.once('message', (delays) => resolve(/** @type {readonly number[]} */ (delays)));
        child.send('end');
      }),
  };
}

/**
 * The embedded Timestream with a table `db.t`.
 *
 * @param {string} program
 * @param {number} latencyMs of each call
 */
export async function startEmbedded(program, latencyMs) {
  const { child, found: url } = await startProgram(
    program,
    ['--listen-address=127.0.0.1:0', '--create=db.t', `--credentials=${CREDENTIALS.accessKeyId}:${CREDENTIALS.secretAccessKey}`],
    (output) => /http:\/\/127\.0\.0\.1:\d+/.exec(output())?.[0],
  );
  if (latencyMs > 0) {
    const body = JSON.stringify({ delay: { delayMs: latencyMs } });
    const response = await fetch(`${url}/_timestream/faults`, { method: 'POST', body });
    if (!response.ok) throw new Error(`the embedded Timestream takes no delay: ${response.status} ${await response.text()}`);
  }
  /** It counts no bytes. @type {() => Promise<{ readonly calls: number; readonly records: number; readonly bytes: number } | undefined>} */
  const usage = () => Promise.resolve(undefined);
  return { child, url, usage };
}

/**
 * The connector as a server, on AWS storage.
 *
 * @param {string} program
 * @param {{ readonly writeUrl: string; readonly queryUrl?: string; readonly flags?: readonly string[]; readonly nodeFlags?: readonly string[]; readonly authorization?: string }} options
 */
export async function startServer(program, { writeUrl, queryUrl = writeUrl, flags = [], nodeFlags = [], authorization }) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { child } = await startProgram(
    program,
    [
      'serve',
      '--storage=aws',
      `--web.listen-address=127.0.0.1:${port}`,
      `--write-base-endpoint=${writeUrl}`,
      `--query-base-endpoint=${queryUrl}`,
      '--default-database=db',
      '--default-table=t',
      '--log.level=warn',
      ...flags,
    ],
    () =>
      fetch(`${url}/-/ready`).then(
        ({ status }) => (status === 200 ? url : undefined),
        () => undefined,
      ),
    nodeFlags,
    // Whom users of a users file ask as: the server's own credentials.
    { AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId, AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey },
  );
  return measured(child, url, authorization);
}

/**
 * The earlier Go connector as a server. It is told where Timestream is by the environment, which each of its versions with the second AWS SDK for Go
 * understands, and is spared what would cost it time: to log each call, and to ask for endpoints.
 *
 * @param {string} program
 * @param {{ readonly writeUrl: string; readonly queryUrl?: string }} options
 */
export async function startPeer(program, { writeUrl, queryUrl = writeUrl }) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { child } = await startCommand(
    program,
    ['--default-database=db', '--default-table=t', `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'],
    () =>
      fetch(`${url}/metrics`).then(
        ({ status }) => (status === 200 ? url : undefined),
        () => undefined,
      ),
    {
      AWS_ENABLE_ENDPOINT_DISCOVERY: 'false',
      AWS_ENDPOINT_URL_TIMESTREAM_WRITE: writeUrl,
      AWS_ENDPOINT_URL_TIMESTREAM_QUERY: queryUrl,
    },
  );
  return measured(child, url);
}

/**
 * What a case measures: the connector, or the peer beside it.
 *
 * @param {import('./programs.mjs').Programs} programs
 * @param {Parameters<typeof startServer>[1]} options of which the peer knows the addresses only
 */
export const startCandidate = (programs, options) =>
  programs.peer === undefined ? startServer(programs.server, options) : startPeer(programs.peer, options);

/**
 * @param {ChildProcess} child
 * @param {string} url
 * @param {string} [authorization] of who reads its metrics
 */
function measured(child, url, authorization) {
  const readMetrics = async () => {
    const text = await (await fetch(`${url}/metrics`, { headers: authorization === undefined ? {} : { authorization } })).text();
    return {
      /** The sum of all lines of a metric whose labels hold this text; not a number if it has no such metric. */
      sum(/** @type {string} */ name, labelText = '') {
        let sum = text.includes(`# TYPE ${name} `) ? 0 : NaN;
        for (const [, labels = '', value] of text.matchAll(new RegExp(`^${name}(\\{[^}]*\\})? (\\S+)$`, 'gm'))) {
          if (labels.includes(labelText)) sum += Number(value);
        }
        return sum;
      },
    };
  };
  return { child, url, readMetrics, restMib: () => memoryMib(child, 'VmRSS'), peakMib: () => memoryMib(child, 'VmHWM') };
}

/** Ticks of the clock in which Linux counts processor time (`man 5 proc`, stat). */
const CPU_TICK_MS = 10;

/**
 * Processor time so far. Linux only; undefined elsewhere.
 *
 * @param {ChildProcess} child
 * @returns {number | undefined}
 */
export function cpuMsOf({ pid }) {
  try {
    // The name of the program stands in brackets and may hold anything.
    const fields =
      readFileSync(`/proc/${pid ?? ''}/stat`, 'utf8')
        .split(') ')
        .at(-1)
        ?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * CPU_TICK_MS;
  } catch {
    return undefined;
  }
}

/**
 * Processor time of the thread with the event loop so far, more exact than `cpuMsOf`. Linux only; undefined elsewhere.
 *
 * @param {ChildProcess} child
 * @returns {number | undefined}
 */
export function mainThreadCpuMsOf({ pid }) {
  try {
    // Nanoseconds on the processor come first.
    return Number(readFileSync(`/proc/${pid ?? ''}/task/${pid ?? ''}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return undefined;
  }
}

/**
 * Linux only; undefined elsewhere.
 *
 * @param {ChildProcess} child
 * @param {'VmRSS' | 'VmHWM'} field
 * @returns {number | undefined}
 */
function memoryMib({ pid }, field) {
  try {
    const kib = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid ?? ''}/status`, 'utf8'))?.[1];
    return (Number(kib) * 1024) / MIB;
  } catch {
    return undefined;
  }
}
