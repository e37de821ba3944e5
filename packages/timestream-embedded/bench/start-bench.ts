/**
 * How long the command takes from its start to the answer of its first query, on the wall and in processor time: the median of 11 starts.
 * Arguments: programs to compare, started in turn; default: the command as it is built, with the command before it was bundled beside it.
 *
 *   npm run bench:start -w @timestream-prometheus/timestream-embedded
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

import { benchKey, signedCall } from './signed-call.js';

interface Start {
  readonly wallMs: number;
  readonly processorMs: number;
}

const starts = 11;

async function startOnce(program: string): Promise<Start> {
  const key = `${benchKey.accessKeyId}:${benchKey.secretAccessKey}`;
  const begin = performance.now();
  const child = spawn(process.execPath, [program, '--listen-address=127.0.0.1:0', `--credentials=${key}`, '--create=db.t'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const agent = new http.Agent({ keepAlive: true });
  try {
    let shown = '';
    let port: number | undefined;
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      shown += chunk.toString();
      const match = /listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(shown);
      if (match === null) continue;
      port = Number(match[1]);
      break;
    }
    if (port === undefined) throw new Error(`${program} ended before it listened`);
    const answer = await signedCall(
      port,
      agent,
      'Query',
      JSON.stringify({ QueryString: "SELECT bin(TIMESTAMP '2024-01-01 10:11:12', 5m)" }),
    );
    const wallMs = performance.now() - begin;
    if (!answer.includes('2024-01-01 10:10:00')) throw new Error(`not the answer: ${answer}`);
    return { wallMs, processorMs: processorMs(child.pid ?? 0) };
  } finally {
    agent.destroy();
    child.kill('SIGKILL');
    await exited;
  }
}

/** User and system time of all threads are fields 14 and 15, in hundredths of a second (proc(5)). */
function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? NaN);
}

const dist = path.dirname(fileURLToPath(import.meta.url));
const given = process.argv.slice(2);
const programs = given.length > 0 ? given : [path.join(dist, 'main.js')];
const results = new Map<string, Start[]>(programs.map((program) => [program, []]));
// In turn, so that what the machine does beside it meets all of them alike; the first round fills the system's file cache.
for (let round = 0; round <= starts; round += 1) {
  for (const [program, taken] of results) {
    const start = await startOnce(program);
    if (round > 0) taken.push(start);
  }
}
for (const [program, taken] of results) {
  const wall = taken.map(({ wallMs }) => wallMs);
  process.stdout.write(
    `${JSON.stringify({
      program: path.relative(process.cwd(), program),
      wallMs: { median: median(wall), best: Math.round(Math.min(...wall)) },
      processorMs: { median: median(taken.map((each) => each.processorMs)), best: Math.min(...taken.map((each) => each.processorMs)) },
    })}\n`,
  );
}
