import { Agent } from 'node:http';
import { encodeSnappy, encodeWriteRequest } from '@timestream-prometheus/prom-codec';
import { requestsOfInput } from './inputs/requests.mjs';
import { samplesOf } from './inputs/series.mjs';
import { postWrite } from './post-write.mjs';
import { startHealthProber, startNullTimestream, startServer, stop } from './processes.mjs';

/** @typedef {import('./cases.mjs').OverloadCase} OverloadCase */
/** @typedef {import('./programs.mjs').Programs} Programs */

const RECORDS_PER_CALL = 100;
/** What Prometheus waits before it sends again, unless the answer says when (`min_backoff`, `max_backoff`). */
const MIN_BACKOFF_MS = 30;
const MAX_BACKOFF_MS = 5_000;

/**
 * More writes than Timestream takes, for a set time, from senders that behave like shards of Prometheus: one request each, sent again until it is
 * acknowledged, after the time that the answer names. In fresh processes.
 *
 * @param {OverloadCase} overloadCase
 * @param {Programs} programs
 * @param {readonly string[]} flags of the server
 * @returns {Promise<Record<string, number>>}
 */
export async function runOverloadCase(overloadCase, programs, flags) {
  const { input, senders, latencyMs, durationMs, callsInFlight } = overloadCase;
  const storage = await startNullTimestream(latencyMs);
  const server = await startServer(programs.server, {
    writeUrl: storage.url,
    flags: [`--max-write-concurrency=${callsInFlight}`, '--log.level=error', ...(overloadCase.flags ?? []), ...flags],
    nodeFlags: overloadCase.nodeFlags ?? [],
  });
  const prober = startHealthProber(`${server.url}/-/healthy`);
  const agent = new Agent({ keepAlive: true, maxSockets: senders });
  try {
    const restMib = server.restMib();
    const sets = requestsOfInput(input);
    const startMs = Date.now();
    // No two requests are alike: of one that was stored before, the connector knows that it is, and makes no call for it.
    const bodyOf = (/** @type {number} */ number) => {
      const series = sets[number % sets.length] ?? [];
      return {
        samples: series.length,
        body: encodeSnappy(encodeWriteRequest({ timeseries: samplesOf(series, number, startMs), metadata: [] })),
      };
    };
    // Before the time begins: it is not the connector that makes them.
    const firstBodies = Array.from({ length: senders }, (_, shard) => bodyOf(shard));
    const beganMs = performance.now();
    const endMs = beganMs + durationMs;
    const totals = { acknowledgedSamples: 0, acknowledged: 0, refused: 0, broken: 0, slowestRefusalMs: 0 };
    const sender = async (/** @type {number} */ shard) => {
      let backoffMs = MIN_BACKOFF_MS;
      let next = shard;
      let { body, samples } = firstBodies[shard] ?? bodyOf(next);
      while (performance.now() < endMs) {
        const sentMs = performance.now();
        const { status, retryAfterMs } = await postWrite(`${server.url}/write`, { agent, body });
        const answeredMs = performance.now();
        // What is acknowledged when the time is over is no part of it.
        if (status >= 200 && status < 300) {
          if (answeredMs <= endMs) {
            totals.acknowledged += 1;
            totals.acknowledgedSamples += samples;
          }
          next += senders;
          ({ body, samples } = bodyOf(next));
          backoffMs = MIN_BACKOFF_MS;
          continue;
        }
        if (status === 503) {
          totals.refused += 1;
          totals.slowestRefusalMs = Math.max(totals.slowestRefusalMs, answeredMs - sentMs);
        } else if (status === 0) totals.broken += 1;
        else throw new Error(`a write was answered ${status}`);
        const waitMs = retryAfterMs ?? backoffMs;
        backoffMs = Math.min(MAX_BACKOFF_MS, backoffMs * 2);
        await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, Math.max(0, endMs - performance.now()))));
      }
    };
    await Promise.all(Array.from({ length: senders }, (_, shard) => sender(shard)));
    const delays = await prober.delaysMs();
    const storableSamples = ((callsInFlight * RECORDS_PER_CALL) / latencyMs) * durationMs;
    return {
      acknowledgedShare: totals.acknowledgedSamples / storableSamples,
      ...totals,
      isAlive: server.child.exitCode === null && server.child.signalCode === null ? 1 : 0,
      healthyMedianMs: delays[Math.floor(delays.length / 2)] ?? NaN,
      healthyP99Ms: delays[Math.floor(delays.length * 0.99)] ?? NaN,
      healthyMaxMs: delays.at(-1) ?? NaN,
      ...(restMib === undefined ? {} : { restMib }),
      peakMib: server.peakMib() ?? NaN,
    };
  } finally {
    agent.destroy();
    await Promise.all([stop(server.child), stop(storage.child), stop(prober.child)]);
  }
}
