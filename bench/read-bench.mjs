/**
 * Remote reads, packed beside rows, in one run: `node bench/read-bench.mjs [range] [instant] [stream]`. The packages must be built.
 *
 * Embedded Timestream, connector and this client are processes of their own. A connector is warm: what is given is the median of its reads
 * after the first one, the two strategies in turns. The first packed read, which asks for the columns and is checked, is given beside it.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { createSamples, encodeReadRequest, encodeSnappy, encodeWriteRequest } from '@timestream-prometheus/prom-codec';
import { startCountingProxy } from './counting-proxy.mjs';
import { startSyntheticTimestream, STEP_MS } from './synthetic-timestream.mjs';

const KEY = { accessKeyId: 'AKIABENCH', secretAccessKey: 'bench-secret' };
const HEADERS = {
  authorization: `Basic ${Buffer.from(`${KEY.accessKeyId}:${KEY.secretAccessKey}`).toString('base64')}`,
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
};
const repetitions = Number(process.env.REPETITIONS ?? 5);
const program = (path) => fileURLToPath(new URL(`../packages/${path}/dist/main.js`, import.meta.url));
const started = [];

async function startProcess(path, args, ready) {
  const child = spawn(process.execPath, [program(path), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += bytes));
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const found = await ready(() => output);
    if (found) return { child, found };
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${path} did not start: ${output}`);
}

async function startConnector(timestreamUrl, strategy, flags = []) {
  const proxy = await startCountingProxy(timestreamUrl);
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const url = `http://127.0.0.1:${port}`;
  const { child } = await startProcess(
    'http-adapter',
    [
      'serve',
      '--storage=aws',
      `--web.listen-address=127.0.0.1:${port}`,
      `--query-base-endpoint=${proxy.url}`,
      `--write-base-endpoint=${timestreamUrl}`,
    ].concat(['--default-database=db', '--default-table=t', `--read-strategy=${strategy}`, '--log.level=warn', ...flags]),
    () =>
      fetch(`${url}/-/ready`).then(
        ({ status }) => status === 200,
        () => false,
      ),
  );
  const metric = async (name) => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce((sum, [, value]) => sum + Number(value), 0);
  };
  const peakBytes = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024;
  return { url, strategy, proxy, metric, peakBytes };
}

const COUNTERS = {
  pages: 'timestream_connector_read_pages_total',
  rows: 'timestream_connector_read_rows_total',
  cpuSeconds: 'process_cpu_seconds_total',
};

/** One read over HTTP: its times, and what it cost. */
async function measure(connector, body) {
  const before = await Promise.all(Object.values(COUNTERS).map(connector.metric));
  const bytesBefore = connector.proxy.answeredBytes();
  const startMs = performance.now();
  const response = await fetch(`${connector.url}/read`, { method: 'POST', headers: HEADERS, body });
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  let answerBytes = 0;
  let firstMs;
  for await (const part of response.body) {
    firstMs ??= performance.now() - startMs;
    answerBytes += part.length;
  }
  const ms = performance.now() - startMs;
  const after = await Promise.all(Object.values(COUNTERS).map(connector.metric));
  const costs = Object.fromEntries(Object.keys(COUNTERS).map((name, index) => [name, after[index] - before[index]]));
  return { ms, firstMs, answerBytes, ...costs, timestreamBytes: connector.proxy.answeredBytes() - bytesBefore };
}

const median = (numbers) => [...numbers].sort((left, right) => left - right)[Math.floor(numbers.length / 2)];

async function compare(timestreamUrl, body) {
  const connectors = [await startConnector(timestreamUrl, 'packed'), await startConnector(timestreamUrl, 'rows')];
  const results = {};
  const runs = new Map(connectors.map(({ strategy }) => [strategy, []]));
  for (const connector of connectors) results[connector.strategy] = { first: await measure(connector, body) };
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    for (const connector of repetition % 2 === 0 ? connectors : [...connectors].reverse())
      runs.get(connector.strategy).push(await measure(connector, body));
  }
  for (const connector of connectors) {
    const all = runs.get(connector.strategy);
    const keys = Object.keys(all[0]);
    Object.assign(results[connector.strategy], {
      median: Object.fromEntries(keys.map((key) => [key, median(all.map((run) => run[key]))])),
    });
    results[connector.strategy].spreadMs = [Math.min(...all.map(({ ms }) => ms)), Math.max(...all.map(({ ms }) => ms))];
    results[connector.strategy].peakBytes = connector.peakBytes();
  }
  const [packed, rows] = [results.packed.median, results.rows.median];
  results.ratio = {
    time: rows.ms / packed.ms,
    bytes: rows.timestreamBytes / packed.timestreamBytes,
    cpu: rows.cpuSeconds / packed.cpuSeconds,
  };
  return results;
}

/** A counter with two decimals, and a gauge that needs all its digits, in turns. */
const valueOf = (series, index) =>
  series % 2 === 0 ? Math.round((series * 1000 + index * 14.55) * 100) / 100 : Math.sin(series + index) * 1e6;

async function load(timestreamUrl, series, points, endMs) {
  const connector = await startConnector(timestreamUrl, 'rows');
  for (let from = 0; from < series.length; from += 100) {
    const timeseries = series.slice(from, from + 100).map((labels, offset) => ({
      labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
      samples: createSamples(
        Array.from({ length: points }, (_, index) => [endMs - (points - index) * STEP_MS, valueOf(from + offset, index)]),
      ),
      exemplars: [],
      histograms: [],
    }));
    for (let part = 0; part < points; part += 60) {
      const some = timeseries.map((one) => ({
        ...one,
        samples: { timestampsMs: one.samples.timestampsMs.slice(part, part + 60), valueBits: one.samples.valueBits.slice(part, part + 60) },
      }));
      const response = await fetch(`${connector.url}/write`, {
        method: 'POST',
        headers: HEADERS,
        body: encodeSnappy(encodeWriteRequest({ timeseries: some, metadata: [] })),
      });
      if (response.status !== 204) throw new Error(`${response.status}: ${await response.text()}`);
    }
  }
}

async function startEmbedded() {
  const { found } = await startProcess(
    'timestream-embedded',
    ['--listen-address=127.0.0.1:0', '--create=db.t', `--credentials=${KEY.accessKeyId}:${KEY.secretAccessKey}`],
    (output) => /http:\/\/127\.0\.0\.1:\d+/.exec(output())?.[0],
  );
  return found;
}

const matcher = (name, value) => ({ type: '=', name, value });
const readBody = (matchers, startMs, endMs, acceptedResponseTypes = []) =>
  encodeSnappy(
    encodeReadRequest({ queries: [{ matchers, startTimestampMs: BigInt(startMs), endTimestampMs: BigInt(endMs) }], acceptedResponseTypes }),
  );

const CASES = {
  /** 1,000 series of an hour, a sample every 15 seconds. */
  async range() {
    const url = await startEmbedded();
    const endMs = Math.floor(Date.now() / 1000) * 1000;
    const series = Array.from({ length: 1000 }, (_, index) => ({
      __name__: 'node_cpu_seconds_total',
      cpu: String(index % 40),
      instance: `host-${Math.floor(index / 40)}.example.com:9100`,
      job: 'node',
      mode: 'idle',
    }));
    await load(url, series, 240, endMs);
    return compare(url, readBody([matcher('__name__', 'node_cpu_seconds_total')], endMs - 3_600_000, endMs));
  },
  /** All 1,019 series of one target in the five minutes before an instant, in a table with two further targets. */
  async instant() {
    const url = await startEmbedded();
    const endMs = Math.floor(Date.now() / 1000) * 1000;
    const series = [0, 1, 2].flatMap((target) =>
      Array.from({ length: 1019 }, (_, index) => ({
        __name__: `node_metric_${index % 280}`,
        device: `device${Math.floor(index / 280)}`,
        instance: `host-${target}.example.com:9100`,
        job: 'node',
      })),
    );
    await load(url, series, 20, endMs);
    return compare(url, readBody([matcher('instance', 'host-1.example.com:9100')], endMs - 300_000, endMs));
  },
  /** 10,000 series of eight hours, streamed; of a table that is computed. */
  async stream() {
    const endMs = Math.floor(Date.now() / STEP_MS) * STEP_MS;
    const table = { seriesCount: Number(process.env.STREAM_SERIES ?? 10_000), startMs: endMs - 8 * 3_600_000 + STEP_MS, endMs };
    const timestream = await startSyntheticTimestream(table);
    const connector = await startConnector(timestream.url, 'packed', [
      '--max-samples-per-read=50000000',
      '--max-pages-per-query=10000',
      '--read-timeout=10m',
    ]);
    const restBytes = connector.peakBytes();
    const body = readBody([matcher('__name__', 'synthetic')], table.startMs, table.endMs, [1, 0]);
    const response = await fetch(`${connector.url}/read`, { method: 'POST', headers: HEADERS, body });
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    const startMs = performance.now();
    const reader = response.body.getReader();
    await reader.read();
    const pagesAtFirstFrame = timestream.packedPages();
    let parts = 1;
    for (let next = await reader.read(); !next.done; next = await reader.read()) parts += 1;
    const samples = await connector.metric('timestream_connector_read_samples_total');
    const faults = await connector.metric('timestream_connector_packed_read_faults_total');
    await timestream.close();
    return {
      samples,
      pages: timestream.packedPages(),
      pagesAtFirstFrame,
      parts,
      faults,
      ms: performance.now() - startMs,
      restBytes,
      peakBytes: connector.peakBytes(),
    };
  },
};

const wanted = process.argv.slice(2).length > 0 ? process.argv.slice(2) : Object.keys(CASES);
const report = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length, cases: {} };
try {
  for (const name of wanted) {
    report.cases[name] = await CASES[name]();
    console.log(
      name,
      JSON.stringify(report.cases[name], (_key, value) => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value), 1),
    );
  }
  mkdirSync(new URL('../test-results/', import.meta.url), { recursive: true });
  writeFileSync(new URL('../test-results/read-bench.json', import.meta.url), JSON.stringify(report, null, 2));
} finally {
  for (const child of started) child.kill();
}
process.exit(0);
