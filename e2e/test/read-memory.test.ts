import { readFileSync, rmSync } from 'node:fs';
import { PROTOCOL_HEADERS, query, readBody, STREAMED_FIRST } from '@timestream-prometheus/connector-testing';
import { bitsFromFloat } from '@timestream-prometheus/prom-codec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { series } from '../differential/series-text.js';
import { destinationArguments } from '../harness/destination-arguments.js';
import { writeUntilStored } from '../harness/remote-client.js';
import { accessKeyId, basicAuthorization, secretAccessKey, startConnector, type RunningConnector } from '../harness/start-connector.js';
import { createTimestreamProcess, type TimestreamProcess } from '../harness/timestream-process.js';

const MEBIBYTE = 1024 * 1024;
const readMib = 16;
const inFlightMib = 16;
const cacheMib = 16;
const writeCalls = 32;
/** The formulas of docs/capacity.md, "Memory". */
const heapMib = 150 + 2 * (inFlightMib + cacheMib + readMib) + 2 * writeCalls;
const boundMib = heapMib + inFlightMib + readMib + 144;

const SERIES = 100;
const SAMPLES_OF_A_SERIES = 600;
const STEP_MS = 1_000;
/** Together they would hold some 200 MiB. */
const READERS = 40;
const startMs = Math.floor(Date.now() / STEP_MS) * STEP_MS - SAMPLES_OF_A_SERIES * STEP_MS;
const endMs = startMs + SAMPLES_OF_A_SERIES * STEP_MS;
const authorization = basicAuthorization();

describe(`a connector with a heap of ${heapMib} MiB, many large reads at once`, () => {
  let timestream: TimestreamProcess;
  let connector: RunningConnector;

  beforeAll(async () => {
    timestream = await createTimestreamProcess({ database: 'db', table: 't' });
    connector = await startConnector({
      storage: 'aws',
      env: { NODE_OPTIONS: `--max-old-space-size=${heapMib}` },
      extraArguments: [
        ...destinationArguments({ url: timestream.url, database: 'db', table: 't' }),
        `--max-read-bytes-in-flight=${readMib}MiB`,
        `--max-decoded-bytes-in-flight=${inFlightMib}MiB`,
        `--max-decoded-bytes=${inFlightMib / 4}MiB`,
        `--series-cache-bytes=${cacheMib}MiB`,
        `--max-write-concurrency=${writeCalls}`,
        // Timestream, the readers and whatever else the machine does share its processors with it.
        '--read-timeout=120s',
        '--log.level=error',
      ],
    });
    for (let from = 0; from < SERIES; from += 20) {
      const written = Array.from({ length: 20 }, (_, index) =>
        series(
          [
            ['__name__', 'large'],
            ['instance', `host-${from + index}`],
          ],
          Array.from({ length: SAMPLES_OF_A_SERIES }, (_none, step) => [
            startMs + step * STEP_MS,
            bitsFromFloat((from + index + step) / 7),
          ]),
        ),
      );
      await writeUntilStored(`${connector.url}/write`, written, { basic: { accessKeyId, secretAccessKey } });
    }
  }, 180_000);

  afterAll(async () => {
    await connector.program.stop();
    await timestream.stop();
    rmSync(connector.dataDir, { recursive: true, force: true });
  });

  const selection = query(startMs, endMs, ['__name__', '=', 'large']);
  const read = (accepted: readonly number[] = []) =>
    fetch(`${connector.url}/read`, {
      method: 'POST',
      headers: { authorization, ...PROTOCOL_HEADERS },
      body: Buffer.from(readBody([selection], [...accepted])),
    });
  const rangeOf = (text: string) =>
    fetch(`${connector.url}/api/v1/query_range`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ query: text, start: String(startMs / 1000), end: String(endMs / 1000), step: '2' }),
    });
  const labels = () => fetch(`${connector.url}/api/v1/series?match[]=large`, { headers: { authorization } });

  async function metric(name: string): Promise<number> {
    const text = await (await fetch(`${connector.url}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  }

  it('lives, stays below the bound of its options, and answers each whole or says when to come again', async () => {
    const kinds = [() => read(), () => read(STREAMED_FIRST), () => rangeOf('large * 2'), () => rangeOf('rate(large[1m])'), labels];
    const counts = new Map<number, number>();
    await Promise.all(
      Array.from({ length: READERS }, async (_, index) => {
        const response = await kinds[index % kinds.length]?.();
        const bytes = await response?.arrayBuffer().catch(() => undefined);
        const status = response?.status ?? 0;
        counts.set(status, (counts.get(status) ?? 0) + 1);
        if (status === 503) expect(Number(response?.headers.get('retry-after'))).toBeGreaterThan(0);
        else if (index % kinds.length !== 1) expect(bytes?.byteLength ?? 0).toBeGreaterThan(1_000);
      }),
    );
    const peakMib = (Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${connector.program.pid}/status`, 'utf8'))?.[1]) * 1024) / MEBIBYTE;
    process.stdout.write(`${JSON.stringify([...counts])}; at most ${Math.round(peakMib)} MiB, ${boundMib} are the bound\n`);
    expect(connector.program.hasExited(), connector.program.output()).toBe(false);
    expect([...counts.keys()].filter((status) => status !== 200 && status !== 503)).toEqual([]);
    expect(counts.get(200) ?? 0).toBeGreaterThan(0);
    expect(peakMib).toBeLessThan(boundMib);
    expect(await metric('timestream_connector_read_bytes_in_flight')).toBe(0);
  });

  it('refuses for good what alone would be over the bound, and names it', async () => {
    const parts = Array.from({ length: 10 }, (_, index) => `label_replace(large + ${index}, "part", "${index}", "", "")`);
    const wide = await rangeOf(parts.join(' or '));
    const text = await wide.text();
    expect(wide.status, text.slice(0, 300)).toBe(422);
    expect(text).toMatch(/read-limit-exceeded: the read would hold \d+ bytes.*max-read-bytes-in-flight/);
    expect(await metric('timestream_connector_read_bytes_in_flight')).toBe(0);
  });
});
