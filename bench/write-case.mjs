import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encodeSnappy, encodeWriteRequest } from '@timestream-prometheus/prom-codec';
import { requestsOfInput } from './inputs/requests.mjs';
import { samplesOf } from './inputs/series.mjs';
import { postWrite } from './post-write.mjs';
import { BASIC, startCandidate, startEmbedded, startNullTimestream, stop } from './processes.mjs';
import { withoutUnknown } from './statistics.mjs';

/** @typedef {import('./cases.mjs').WriteCase} WriteCase */
/** @typedef {import('./programs.mjs').Programs} Programs */

const SCRAPES = 8;
/** What a fresh process is sent first, and measured at: its code is not compiled yet, and its caches are empty. */
const COLD_SAMPLES = 100_000;
/**
 * What it is sent before anything else is measured. V8 compiles the last of the hot code after some hundred thousand samples; a server sees them in its first
 * minute.
 */
const WARM_UP_SAMPLES = 600_000;
/** So many at a time warm it up, or more: with a Timestream that takes its time one sender would need minutes. */
const WARM_UP_SENDERS = 8;
const TOKEN = 'bench-token';
const HOUR_MS = 3_600_000;

/**
 * Remote writes over HTTP, in fresh processes.
 *
 * @param {WriteCase} writeCase
 * @param {Programs} programs
 * @param {readonly string[]} flags of the server
 * @returns {Promise<Record<string, number>>}
 */
export async function runWriteCase(writeCase, programs, flags) {
  const { input, senders, latencyMs, requests: requestCount, warmUpSamples = WARM_UP_SAMPLES, timestream, tenants } = writeCase;
  const folder = mkdtempSync(path.join(tmpdir(), 'timestream-prometheus-bench-'));
  const usersFile = path.join(folder, 'users');
  const tokenHash = createHash('sha256').update(TOKEN).digest('hex');
  writeFileSync(usersFile, `gateway may=write,metrics as=server token=$sha256$${tokenHash} table=t_{tenant} tenants=*\n`, { mode: 0o600 });
  const access =
    tenants === undefined
      ? { flags: [], authorization: BASIC, pathOf: () => '/write' }
      : {
          flags: [`--users-file=${usersFile}`],
          authorization: `Bearer ${TOKEN}`,
          pathOf: (/** @type {number} */ request) => `/tenants/n${request % tenants}/write`,
        };
  const storage = timestream === 'embedded' ? await startEmbedded(programs.embedded, latencyMs) : await startNullTimestream(latencyMs);
  const server = await startCandidate(programs, {
    writeUrl: storage.url,
    flags: [...(writeCase.flags ?? []), ...access.flags, ...flags],
    nodeFlags: writeCase.nodeFlags ?? [],
    authorization: access.authorization,
  });
  const agent = new Agent({ keepAlive: true, maxSockets: Math.max(senders, WARM_UP_SENDERS) });
  try {
    const restMib = server.restMib();
    const sets = requestsOfInput(input);
    const isChurn = (input.generations ?? 1) > 1;
    const bodyCount = isChurn ? sets.length : Math.max(SCRAPES, sets.length);
    const startMs = Date.now() - HOUR_MS;
    const bodies = Array.from({ length: bodyCount }, (_, index) => {
      const series = sets[index % sets.length] ?? [];
      return {
        samples: series.length,
        body: encodeSnappy(encodeWriteRequest({ timeseries: samplesOf(series, index, startMs), metadata: [] })),
      };
    });
    /** @type {number[]} */
    const latencies = [];
    const totals = { samples: 0, bytes: 0 };
    const send = async (/** @type {number} */ from, /** @type {number} */ to, sendersAtATime = senders) => {
      let next = from;
      const sender = async () => {
        while (next < to) {
          const request = next++;
          const { body, samples } = bodies[request % bodies.length] ?? { body: new Uint8Array(), samples: 0 };
          const beforeMs = performance.now();
          const { authorization } = access;
          const { status, text } = await postWrite(`${server.url}${access.pathOf(request)}`, { agent, body, authorization });
          if (status !== 204 && status !== 200) throw new Error(`a write was answered ${status}: ${text}`);
          latencies.push(performance.now() - beforeMs);
          totals.samples += samples;
          totals.bytes += body.length;
        }
      };
      await Promise.all(Array.from({ length: sendersAtATime }, sender));
    };
    const requestsOf = (/** @type {number} */ samples) => Math.ceil(samples / input.samplesPerRequest);
    // The peer is compiled before it starts.
    const isCompiled = programs.peer !== undefined;
    const cold = isCompiled ? 0 : requestsOf(COLD_SAMPLES);
    // New label sets stay new; everything else is measured when it is known.
    const warmUp = isChurn ? bodyCount - requestCount : Math.max(bodies.length, isCompiled ? 0 : requestsOf(warmUpSamples));
    if (warmUp <= cold)
      throw new Error(`${requestCount} requests are measured, so that ${warmUp} are left to warm up; these have to be over ${cold}`);
    const fresh = await server.readMetrics();
    await send(0, cold);
    const coldCpuSeconds = (await server.readMetrics()).sum('process_cpu_seconds_total') - fresh.sum('process_cpu_seconds_total');
    const coldCpuUsPerSample = (coldCpuSeconds * 1e6) / totals.samples;
    await send(cold, warmUp, Math.max(senders, WARM_UP_SENDERS));
    latencies.length = 0;
    totals.samples = totals.bytes = 0;
    const before = await server.readMetrics();
    const usageBefore = await storage.usage();
    const beganMs = performance.now();
    await send(warmUp, warmUp + requestCount);
    const elapsedMs = performance.now() - beganMs;
    const after = await server.readMetrics();
    const usage = await storage.usage();
    const grown = (/** @type {string} */ name, labelText = '') => after.sum(name, labelText) - before.sum(name, labelText);
    latencies.sort((left, right) => left - right);
    const quantile = (/** @type {number} */ share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
    const { samples } = totals;
    const stored = (usage?.records ?? NaN) - (usageBefore?.records ?? NaN);
    if (stored < samples) throw new Error(`${samples} samples were acknowledged, and Timestream was sent ${stored} records`);
    const cpuSeconds = grown('process_cpu_seconds_total');
    return withoutUnknown({
      cpuUsPerSample: (cpuSeconds * 1e6) / samples,
      coldCpuUsPerSample,
      samplesPerCpuSecond: samples / cpuSeconds,
      samplesPerSecond: (samples / elapsedMs) * 1_000,
      medianMs: quantile(0.5),
      p99Ms: quantile(0.99),
      bytesPerSampleIn: totals.bytes / samples,
      bytesPerSampleOut: ((usage?.bytes ?? NaN) - (usageBefore?.bytes ?? NaN)) / samples,
      meteredKibPerThousand: (grown('timestream_connector_metered_write_bytes_total') / 1024 / samples) * 1_000,
      callsPerThousand: (grown('timestream_connector_write_requests_total') / samples) * 1_000,
      eventLoopDelayP99Ms: after.sum('nodejs_eventloop_lag_p99_seconds') * 1_000,
      restMib,
      peakMib: server.peakMib(),
    });
  } finally {
    agent.destroy();
    rmSync(folder, { recursive: true, force: true });
    await Promise.all([stop(server.child), stop(storage.child)]);
  }
}
