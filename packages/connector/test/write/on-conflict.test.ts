import { basicAuthorization, query, readBody, series, writeBody } from '@timestream-prometheus/connector-testing';
import { decodeReadResponse, decodeSnappy, floatsOf, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { startEmbeddedTimestream, type EmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnector, METRICS, openAwsStorage, type Connector } from '../../src/index.js';
import { bodyBytes, createMemoryLogger, KEY, request, testConfig, type LogLine } from '../support/connector-fixture.js';
import { RecordingMetrics } from '../support/recording-metrics.js';

const STEP_MS = 15_000;
const nowMs = Math.floor(Date.now() / STEP_MS) * STEP_MS;
const startMs = nowMs - 40 * STEP_MS;
/** One of the two clocks is wrong by more than all of the test takes. */
const BEHIND_MS = 3_600_000;

describe('two senders of one pair, each through a connector of its own', () => {
  let timestream: EmbeddedTimestream;
  const opened: Connector[] = [];

  beforeAll(async () => {
    timestream = await startEmbeddedTimestream({ credentials: [KEY], create: [{ databaseName: 'db', tableName: 'tbl' }] });
  }, 60_000);
  afterAll(async () => {
    for (const connector of opened) await connector.close();
    await timestream.close();
  });

  interface Sender {
    readonly metrics: RecordingMetrics;
    readonly log: LogLine[];
    write(timeseries: readonly TimeSeries[]): Promise<{ readonly status: number; readonly text: string }>;
    read(metric: string): Promise<readonly (readonly [step: number, value: number])[]>;
  }

  function startSender(flags: Readonly<Record<string, string>>, clockOffsetMs = 0): Sender {
    const config = testConfig({ 'write-base-endpoint': timestream.url, 'query-base-endpoint': timestream.url, ...flags });
    const metrics = new RecordingMetrics();
    const log: LogLine[] = [];
    const logger = createMemoryLogger(log);
    const connector = createConnector({
      config,
      metrics,
      logger,
      openStorage: openAwsStorage(config, { metrics, logger }),
      clock: { nowMs: () => Date.now() + clockOffsetMs },
    });
    opened.push(connector);
    return {
      metrics,
      log,
      async write(timeseries) {
        const response = await connector.handle(request({ body: writeBody(timeseries) }));
        return { status: response.status, text: Buffer.from(await bodyBytes(response)).toString() };
      },
      async read(metric) {
        const body = readBody([query(startMs, nowMs, ['__name__', '=', metric])]);
        const response = await connector.handle(request({ path: '/read', headers: { ...request({}).headers, authorization: basicAuthorization(KEY) }, body }));
        const bytes = decodeSnappy(await bodyBytes(response), { maxBytes: 1e7 });
        const [only] = decodeReadResponse(bytes).results[0]?.timeseries ?? [];
        const values = only === undefined ? [] : floatsOf(only.samples);
        return Array.from(only?.samples.timestampsMs ?? [], (timeMs, index) => [(Number(timeMs) - startMs) / STEP_MS, values[index] ?? NaN] as const);
      },
    };
  } // oxfmt-ignore

  const sample = (metric: string, step: number, value: number): TimeSeries =>
    series({ __name__: metric, job: 'pair' }, [startMs + step * STEP_MS, value]);

  /** What each of the two sends of a step: the second one sees the target a little later. */
  const valueOf = (sender: 'a' | 'b', step: number): number => step + (sender === 'a' ? 0 : 0.5);

  it.each([
    ['reject', 'lean'],
    ['first-wins', 'lean'],
    ['last-wins', 'lean'],
    ['last-wins', 'sdk'],
  ])('with %s, by %s calls, no step is missing while each is dead in turn, and the rule says whose value it is', async (rule, calls) => {
    const metric = `pair_${rule}_${calls}`.replaceAll('-', '_');
    const flags = { 'on-conflict': rule, 'aws-calls': calls };
    const a = startSender(flags);
    const b = startSender(flags, -BEHIND_MS);
    const expected: (readonly [number, number])[] = [];
    for (let step = 0; step < 12; step += 1) {
      const isADead = step >= 3 && step < 6;
      const isBDead = step >= 8 && step < 10;
      if (!isADead) expect((await a.write([sample(metric, step, valueOf('a', step))])).status).toBe(204);
      if (!isBDead) {
        const { status, text } = await b.write([sample(metric, step, valueOf('b', step))]);
        const conflicts = !isADead;
        expect({ step, status, names: text.includes('conflicting-value') }).toEqual({
          step,
          status: conflicts && rule === 'reject' ? 400 : 204,
          names: conflicts && rule === 'reject',
        });
      }
      const isBKept = isADead || (rule === 'last-wins' && !isBDead);
      expected.push([step, valueOf(isBKept ? 'b' : 'a', step)]);
    }
    expect(await a.read(metric)).toEqual(expected);
    expect(await b.read(metric)).toEqual(expected);
    const isDropped = rule === 'first-wins';
    expect(b.metrics.sum(METRICS.rejectedRecords, { reason: 'conflicting-value' })).toBe(rule === 'last-wins' ? 0 : 7);
    // Once within the minute.
    expect(b.log.filter(({ fields }) => fields['reason'] === 'conflicting-value')).toHaveLength(isDropped ? 1 : 0);
  });

  it.each(['reject', 'first-wins', 'last-wins'])('takes the same value again as often as it comes, with %s', async (rule) => {
    const metric = `again_${rule}`.replaceAll('-', '_');
    const senders = [startSender({ 'on-conflict': rule }), startSender({ 'on-conflict': rule }, -BEHIND_MS)];
    const sent = [0, 1, 2].map((step) => sample(metric, step, step));
    for (const sender of [...senders, ...senders]) expect((await sender.write(sent)).status).toBe(204);
    for (const { metrics } of senders) expect(metrics.sum(METRICS.rejectedRecords)).toBe(0);
    expect(await senders[0]?.read(metric)).toEqual([[0, 0], [1, 1], [2, 2]]); // oxfmt-ignore
  });

  it.each([
    ['reject', 400, 1],
    ['first-wins', 204, 1],
    ['last-wins', 204, 3],
  ])('decides within one request, too: %s', async (rule, status, value) => {
    const metric = `within_${rule}`.replaceAll('-', '_');
    const sender = startSender({ 'on-conflict': rule });
    const sent = [sample(metric, 0, 1), sample(metric, 0, 2), sample(metric, 0, 3), sample(metric, 1, 7)];
    expect((await sender.write(sent)).status).toBe(status);
    expect(await sender.read(metric)).toEqual([[0, value], [1, 7]]); // oxfmt-ignore
    expect(sender.metrics.sum(METRICS.droppedSamples, { reason: 'conflicting-sample' })).toBe(2);
  });

  it('writes over what a connector without versions has stored', async () => {
    const [before, after] = [startSender({}), startSender({ 'on-conflict': 'last-wins' })];
    await before.write([sample('switched', 0, 1)]);
    expect((await after.write([sample('switched', 0, 2)])).status).toBe(204);
    expect(await after.read('switched')).toEqual([[0, 2]]);
  });
});
