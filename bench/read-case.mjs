import { decodeReadResponse, decodeSnappy, encodeReadRequest, encodeSnappy, encodeWriteRequest } from '@timestream-prometheus/prom-codec';
import { startCountingProxy } from './counting-proxy.mjs';
import { BASIC, cpuMsOf, startCandidate, startEmbedded, startServer, stop } from './processes.mjs';
import { withoutUnknown } from './statistics.mjs';
import { startSyntheticTimestream, STEP_MS } from './synthetic-timestream.mjs';

/** @typedef {import('./cases.mjs').ReadCase} ReadCase */
/** @typedef {import('./programs.mjs').Programs} Programs */
/** @typedef {import('@timestream-prometheus/prom-codec').ReadRequest} ReadRequest */
/** @typedef {Readonly<Record<string, string>>} LabelRecord */

const HEADERS = {
  authorization: BASIC,
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
};
const SERIES_PER_LOAD = 100;
const POINTS_PER_LOAD = 60;
const FIVE_MINUTES_MS = 300_000;
/** What a fresh process is asked for before anything is measured, as with writes: V8 compiles the hot code meanwhile. A server has answered as much after its first minutes. */
const WARM_UP_SAMPLES = 500_000;
const MAX_WARM_UP_READS = 100;
/** `prompb.ReadRequest.ResponseType`: STREAMED_XOR_CHUNKS, then SAMPLES. */
const STREAMED = [1, 0];
const ANSWER_LIMITS = { maxBytes: 1024 ** 3 };
const STREAM_FLAGS = ['--max-samples-per-read=50000000', '--max-pages-per-query=10000', '--read-timeout=10m'];

/**
 * Remote reads over HTTP, in fresh processes that are warmed up: the first one apart, which asks for the columns and is compared with rows.
 *
 * @param {ReadCase} readCase
 * @param {Programs} programs
 * @param {readonly string[]} flags of the server
 * @returns {Promise<Record<string, number>>}
 */
export async function runReadCase(readCase, programs, flags) {
  const endMs = Math.floor(Date.now() / STEP_MS) * STEP_MS;
  if (readCase.query === 'streamed') return runStreamed(readCase, programs, flags, endMs);
  const storage = await startEmbedded(programs.embedded, 0);
  try {
    await load(readCase, programs, storage.url, endMs);
  } catch (error) {
    await stop(storage.child);
    throw error;
  }
  const proxy = await startCountingProxy(storage.url, readCase.latencyMs);
  const server = await startCandidate(programs, { writeUrl: storage.url, queryUrl: proxy.url, flags });
  try {
    const restMib = server.restMib();
    const body =
      readCase.query === 'range'
        ? readBody('__name__', 'node_cpu_seconds_total', endMs - readCase.points * STEP_MS, endMs)
        : readBody('instance', instanceOf(1), endMs - FIVE_MINUTES_MS, endMs);
    const firstMs = (await read(server.url, body)).ms;
    const warmUpReads = Math.min(MAX_WARM_UP_READS, Math.ceil(WARM_UP_SAMPLES / (readCase.series * readCase.points)));
    for (let request = 0; request < warmUpReads; request++) await read(server.url, body);
    const before = await server.readMetrics();
    const bytesBefore = proxy.answeredBytes();
    const timestreamCpuBefore = cpuMsOf(storage.child) ?? NaN;
    /** @type {number[]} */
    const times = [];
    let answered = new Uint8Array();
    for (let request = 0; request < readCase.requests; request++) {
      const answer = await read(server.url, body);
      times.push(answer.ms);
      answered = answer.body;
    }
    const after = await server.readMetrics();
    const timestreamCpuMs = ((cpuMsOf(storage.child) ?? NaN) - timestreamCpuBefore) / readCase.requests;
    const perRead = (/** @type {string} */ name) => (after.sum(name) - before.sum(name)) / readCase.requests;
    times.sort((left, right) => left - right);
    const samples = samplesOfAnswer(answered);
    const timestreamBytes = (proxy.answeredBytes() - bytesBefore) / readCase.requests;
    return withoutUnknown({
      medianMs: times[Math.floor(times.length / 2)] ?? 0,
      firstMs,
      cpuMs: perRead('process_cpu_seconds_total') * 1_000,
      timestreamCpuMs,
      samples,
      calls: perRead('timestream_connector_read_requests_total'),
      pages: perRead('timestream_connector_read_pages_total'),
      rows: perRead('timestream_connector_read_rows_total'),
      bytesPerSampleIn: timestreamBytes / samples,
      bytesPerSampleOut: answered.length / samples,
      eventLoopDelayP99Ms: after.sum('nodejs_eventloop_lag_p99_seconds') * 1_000,
      restMib,
      peakMib: server.peakMib(),
    });
  } finally {
    proxy.close();
    await Promise.all([stop(server.child), stop(storage.child)]);
  }
}

/**
 * @param {ReadCase} readCase
 * @param {Programs} programs
 * @param {readonly string[]} flags
 * @param {number} endMs
 * @returns {Promise<Record<string, number>>}
 */
async function runStreamed({ series, points }, programs, flags, endMs) {
  const table = { seriesCount: series, startMs: endMs - (points - 1) * STEP_MS, endMs };
  const timestream = await startSyntheticTimestream(table);
  const server = await startServer(programs.server, { writeUrl: timestream.url, flags: [...STREAM_FLAGS, ...flags] });
  try {
    const restMib = server.restMib();
    const response = await fetch(`${server.url}/read`, {
      method: 'POST',
      headers: HEADERS,
      body: readBody('__name__', 'synthetic', table.startMs, endMs, STREAMED),
    });
    if (!response.ok || response.body === null) throw new Error(`a read was answered ${response.status}: ${await response.text()}`);
    const beganMs = performance.now();
    /** @type {number | undefined} */
    let firstPartMs;
    let pagesAtFirstPart = 0;
    let bytes = 0;
    for await (const part of /** @type {AsyncIterable<Uint8Array>} */ (response.body)) {
      if (firstPartMs === undefined) {
        firstPartMs = performance.now() - beganMs;
        pagesAtFirstPart = timestream.packedPages();
      }
      bytes += part.length;
    }
    const metrics = await server.readMetrics();
    const samples = metrics.sum('timestream_connector_read_samples_total');
    const peakMib = server.peakMib();
    return {
      medianMs: performance.now() - beganMs,
      firstPartMs: firstPartMs ?? 0,
      pagesAtFirstPart,
      pages: timestream.packedPages(),
      samples,
      cpuUsPerSample: (metrics.sum('process_cpu_seconds_total') * 1e6) / samples,
      bytesPerSampleOut: bytes / samples,
      packedReadFaults: metrics.sum('timestream_connector_packed_read_faults_total'),
      ...(restMib === undefined || peakMib === undefined ? {} : { restMib, peakMib }),
    };
  } finally {
    await Promise.all([stop(server.child), timestream.close()]);
  }
}

/**
 * @param {string} url
 * @param {Uint8Array} body
 */
async function read(url, body) {
  const beganMs = performance.now();
  const response = await fetch(`${url}/read`, { method: 'POST', headers: HEADERS, body: Buffer.from(body) });
  if (!response.ok) throw new Error(`a read was answered ${response.status}: ${await response.text()}`);
  const answer = new Uint8Array(await response.arrayBuffer());
  return { ms: performance.now() - beganMs, body: answer };
}

/** Counted in the answer itself, so that nobody wins by leaving some out. */
const samplesOfAnswer = (/** @type {Uint8Array} */ body) =>
  decodeReadResponse(decodeSnappy(body, ANSWER_LIMITS))
    .results.flatMap(({ timeseries }) => timeseries)
    .reduce((sum, { samples }) => sum + samples.timestampsMs.length, 0);

/**
 * @param {string} name
 * @param {string} value
 * @param {number} startMs
 * @param {number} endMs
 * @param {readonly number[]} [acceptedResponseTypes]
 */
function readBody(name, value, startMs, endMs, acceptedResponseTypes = []) {
  /** @type {ReadRequest} */
  const request = {
    queries: [{ matchers: [{ type: '=', name, value }], startTimestampMs: BigInt(startMs), endTimestampMs: BigInt(endMs) }],
    acceptedResponseTypes,
  };
  return Buffer.from(encodeSnappy(encodeReadRequest(request)));
}

const instanceOf = (/** @type {number} */ target) => `host-${target}.example.com:9100`;

/**
 * @param {ReadCase} readCase
 * @returns {readonly LabelRecord[]}
 */
function seriesOf({ query, series: count }) {
  if (query === 'range') {
    return Array.from({ length: count }, (_, index) => ({
      __name__: 'node_cpu_seconds_total',
      cpu: String(index % 40),
      instance: instanceOf(Math.floor(index / 40)),
      job: 'node',
      mode: 'idle',
    }));
  }
  return [0, 1, 2].flatMap((target) =>
    Array.from({ length: count }, (_, index) => ({
      __name__: `node_metric_${index % 280}`,
      device: `device${Math.floor(index / 280)}`,
      instance: instanceOf(target),
      job: 'node',
    })),
  );
}

/** A counter with two decimals, and a gauge that needs all its digits, in turns. */
const valueOf = (/** @type {number} */ series, /** @type {number} */ index) =>
  series % 2 === 0 ? Math.round((series * 1000 + index * 14.55) * 100) / 100 : Math.sin(series + index) * 1e6;

/**
 * Fills the table through a connector of its own.
 *
 * @param {ReadCase} readCase
 * @param {Programs} programs
 * @param {string} timestreamUrl
 * @param {number} endMs
 */
async function load(readCase, programs, timestreamUrl, endMs) {
  const { points, tableLayout } = readCase;
  const flags = tableLayout === undefined ? [] : [`--table-layout=${tableLayout}`];
  const server = await startServer(programs.server, { writeUrl: timestreamUrl, flags });
  const all = seriesOf(readCase);
  for (let from = 0; from < all.length; from += SERIES_PER_LOAD) {
    const series = all.slice(from, from + SERIES_PER_LOAD);
    for (let part = 0; part < points; part += POINTS_PER_LOAD) {
      const indexes = Array.from({ length: Math.min(POINTS_PER_LOAD, points - part) }, (_, offset) => part + offset);
      const timeseries = series.map((labels, offset) => ({
        labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
        samples: {
          timestampsMs: BigInt64Array.from(indexes, (index) => BigInt(endMs - (points - index) * STEP_MS)),
          valueBits: new BigUint64Array(Float64Array.from(indexes, (index) => valueOf(from + offset, index)).buffer),
        },
        exemplars: [],
        histograms: [],
      }));
      const body = Buffer.from(encodeSnappy(encodeWriteRequest({ timeseries, metadata: [] })));
      const response = await fetch(`${server.url}/write`, { method: 'POST', headers: HEADERS, body });
      if (!response.ok) throw new Error(`a write was answered ${response.status}: ${await response.text()}`);
    }
  }
  await stop(server.child);
}
