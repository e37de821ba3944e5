import { rmSync } from 'node:fs';
import { query, readBody, series, writeBody } from '@timestream-prometheus/connector-testing';
import { decodeReadResponse, decodeSnappy } from '@timestream-prometheus/prom-codec';
import { describe, expect, it } from 'vitest';
import { eventually } from '../harness/child-program.js';
import { post } from '../harness/remote-client.js';
import { accessKeyId, makeFolder, secretAccessKey, startConnector } from '../harness/start-connector.js';

const identity = { basic: { accessKeyId, secretAccessKey } };
const nowMs = Date.now() - 60_000;
const SENDERS = 12;
const READERS = 4;
/** What is stored before the signal comes. */
const REQUESTS_BEFORE = 60;
const SERIES_PER_REQUEST = 10;
/** What is in flight has 25 s (docs/systemd.md), and the end of the storage 4 s after it. */
const STOP_MS = 30_000;

describe('the connector with its embedded Timestream, told to stop by SIGTERM while it is written to and read from', () => {
  it('has stored whatever it acknowledged, lets everybody else come again, and ends with 0', async () => {
    const dataDir = makeFolder('shutdown');
    const connector = await startConnector({ dataDir });
    const acknowledged: number[] = [];
    const finalRefusals: string[] = [];
    let [next, broken, refusedForNow, readsAnswered, isStopping] = [0, 0, 0, 0, false];
    let onEnough = (): void => undefined;
    const enough = new Promise<void>((resolve) => (onEnough = resolve));

    /** A request that nobody answers may be sent again, like one that is answered with 503. */
    async function sendWrites(): Promise<void> {
      for (;;) {
        const number = next++;
        const timeseries = Array.from({ length: SERIES_PER_REQUEST }, (_, index) =>
          series({ __name__: 'stopped', request: String(number), index: String(index) }, [nowMs, number + index / 100]),
        );
        const answer = await post(`${connector.url}/write`, writeBody(timeseries), identity).catch(() => undefined);
        if (answer === undefined) broken += 1;
        else if (answer.status === 204) acknowledged.push(number);
        else if (answer.status === 503 && Number(answer.retryAfter) > 0) refusedForNow += 1;
        else finalRefusals.push(`write ${number}: ${answer.status} ${answer.text}`);
        if (acknowledged.length >= REQUESTS_BEFORE) onEnough();
        if (isStopping && answer?.status !== 204) return;
      }
    }

    async function readOn(): Promise<void> {
      const body = readBody([query(nowMs, nowMs, ['__name__', '=', 'stopped'])], [1, 0]);
      for (;;) {
        const answer = await post(`${connector.url}/read`, body, identity).catch(() => undefined);
        if (answer?.status === 200) readsAnswered += 1;
        else if (answer !== undefined && answer.status !== 503) finalRefusals.push(`read: ${answer.status} ${answer.text}`);
        if (isStopping && answer?.status !== 200) return;
      }
    }

    const work = Promise.all([...Array.from({ length: SENDERS }, sendWrites), ...Array.from({ length: READERS }, readOn)]);
    await enough;
    isStopping = true;
    const signalledMs = performance.now();
    process.kill(connector.program.pid, 'SIGTERM');
    await eventually('the end of the connector', () => Promise.resolve(connector.program.hasExited()), STOP_MS);
    const stoppedAfterMs = Math.round(performance.now() - signalledMs);
    const exitCode = await connector.program.stop();
    await work;
    process.stdout.write(
      `${acknowledged.length} acknowledged, ${refusedForNow} refused for now, ${broken} without an answer; ${readsAnswered} reads; ended after ${stoppedAfterMs} ms\n`,
    );
    expect(connector.program.output()).not.toContain('at the end of the grace period');
    expect(exitCode, connector.program.output()).toBe(0);
    expect(finalRefusals).toEqual([]);
    expect(readsAnswered).toBeGreaterThan(0);
    // The signal came in the middle: somebody was sent away.
    expect(refusedForNow + broken).toBeGreaterThan(0);
    expect(connector.program.output()).not.toContain('level=error');

    const again = await startConnector({ dataDir });
    try {
      const stored = new Map<string, Set<string>>();
      const { status, body } = await post(`${again.url}/read`, readBody([query(nowMs, nowMs, ['__name__', '=', 'stopped'])]), identity);
      expect(status).toBe(200);
      const [result] = decodeReadResponse(decodeSnappy(body, { maxBytes: 1e8 })).results;
      for (const { labels, samples } of result?.timeseries ?? []) {
        const valueOf = (wanted: string) => labels.find(({ name }) => name === wanted)?.value ?? '';
        const [value] = new Float64Array(samples.valueBits.slice().buffer);
        expect(value).toBe(Number(valueOf('request')) + Number(valueOf('index')) / 100);
        const ofRequest = stored.get(valueOf('request')) ?? new Set();
        stored.set(valueOf('request'), ofRequest.add(valueOf('index')));
      }
      for (const number of acknowledged) expect(stored.get(String(number))?.size, `request ${number}`).toBe(SERIES_PER_REQUEST);
    } finally {
      await again.program.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }
  }, 120_000);
});
