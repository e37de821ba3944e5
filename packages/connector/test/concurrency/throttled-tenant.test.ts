import { PROTOCOL_HEADERS, series, writeBody } from '@timestream-prometheus/connector-testing';
import { expect, it } from 'vitest';
import { createConnector, createToken, hashToken, METRICS, openAwsStorage, parseUsers } from '../../src/index.js';
import { bodyText, createMemoryLogger, request, testConfig } from '../support/connector-fixture.js';
import { RecordingMetrics } from '../support/recording-metrics.js';
import { startWireServer, wireError, type WireServer } from '../support/wire-server.js';

const SAMPLES = 300;
const SENDERS_OF_THROTTLED = 30;
const WRITES_OF_OTHER = 6;

/** A connector of several tenants, each with a table of its own, that writes with the credentials of the process. */
function connect(timestream: WireServer, flags: Readonly<Record<string, string>> = {}, pause?: () => Promise<void>) {
  const environment = { ...process.env };
  process.env['AWS_ACCESS_KEY_ID'] = 'AKIDSERVER';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'server-secret';
  const token = createToken();
  const users = parseUsers(`gateway may=write as=server table=t_{tenant} tenants=* token=${hashToken(token)}`);
  const config = testConfig({
    'users-file': 'users',
    'write-base-endpoint': timestream.url,
    'query-base-endpoint': timestream.url,
    region: 'eu-west-1',
    ...flags,
  });
  const logger = createMemoryLogger([]);
  const metrics = new RecordingMetrics();
  const connector = createConnector({
    config,
    users: () => users,
    openStorage: openAwsStorage(config, { logger, metrics, ...(pause === undefined ? {} : { pause }) }),
    logger,
    metrics,
  });
  const write = async (tenant: string, number: number): Promise<string> => {
    const timeseries = Array.from({ length: SAMPLES }, (_none, index) =>
      series({ __name__: 'm', n: String(number), i: String(index) }, [Date.now(), 1]),
    );
    const headers = { ...PROTOCOL_HEADERS, authorization: `Bearer ${token}`, 'x-scope-orgid': tenant };
    const response = await connector.handle(request({ body: writeBody(timeseries), headers }));
    return `${response.status} ${(await bodyText(response)).split(':')[0] ?? ''}`.trim();
  };
  const close = async (): Promise<void> => {
    await connector.close();
    await timestream.close();
    process.env = environment;
  };
  return { write, metrics, close };
}

/** Fewer than the throttled tenant has to make. */
const CALLS_IN_FLIGHT = 4;

it('has the calls of one tenant answered while those of another pause in all places that there are, and calls no more for that one', async () => {
  const timestream = await startWireServer(({ body }) =>
    body['TableName'] === 't_busy' && isThrottled
      ? wireError(429, 'ThrottlingException', 'slow down')
      : { status: 200, body: { RecordsIngested: { Total: (body['Records'] as readonly unknown[] | undefined)?.length ?? 0 } } },
  );
  let isThrottled = true;
  const callsOf = (table: string) =>
    timestream.requests.filter(({ operation, body }) => operation === 'WriteRecords' && body['TableName'] === table);
  let resume = (): void => undefined;
  const resumed = new Promise<void>((resolve) => (resume = resolve));
  const { write, metrics, close } = connect(timestream, { 'max-write-concurrency': String(CALLS_IN_FLIGHT) }, () => resumed);
  try {
    // Of three calls or more each.
    const busy = [1, 2, 3].map((number) => write('busy', number));
    const other = Array.from({ length: WRITES_OF_OTHER }, (_none, number) => write('other', number));
    expect(await Promise.all(other)).toEqual(other.map(() => '204'));
    expect(callsOf('t_busy')).toHaveLength(CALLS_IN_FLIGHT);
    const callsOfWrite = callsOf('t_other').length / WRITES_OF_OTHER;
    expect(callsOfWrite).toBeGreaterThanOrEqual(SAMPLES / 100);
    expect(metrics.sum(METRICS.timestreamCallsInFlight)).toBe(0);
    isThrottled = false;
    resume();
    expect(await Promise.all(busy)).toEqual(['204', '204', '204']);
    // Each of those that paused once more, and each of the others once.
    expect(callsOf('t_busy')).toHaveLength(CALLS_IN_FLIGHT + 3 * callsOfWrite);
    expect(metrics.sum(METRICS.timestreamCallsInFlight)).toBe(0);
  } finally {
    resume();
    await close();
  }
}, 60_000);

it('stores everything of one tenant while the table of another, who sends many times as much, is throttled all the time', async () => {
  const timestream = await startWireServer(({ body }) =>
    body['TableName'] === 't_busy'
      ? wireError(429, 'ThrottlingException', 'slow down')
      : { status: 200, body: { RecordsIngested: { Total: (body['Records'] as readonly unknown[] | undefined)?.length ?? 0 } } },
  );
  const { write, close } = connect(timestream);
  try {
    const ofBusy = new Map<string, number>();
    let isOver = false;
    const busy = Array.from({ length: SENDERS_OF_THROTTLED }, async (_none, sender) => {
      for (let number = 0; !isOver; number += 1) {
        const answer = await write('busy', sender * 1_000 + number);
        ofBusy.set(answer, (ofBusy.get(answer) ?? 0) + 1);
        // As senders do that are told to come again.
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    });
    const ofOther: string[] = [];
    for (let number = 0; number < WRITES_OF_OTHER; number += 1) ofOther.push(await write('other', number));
    isOver = true;
    await Promise.all(busy);
    expect(ofOther).toEqual(Array.from({ length: WRITES_OF_OTHER }, () => '204'));
    expect([...ofBusy.keys()].sort()).toContain('503 throttled');
    for (const answer of ofBusy.keys()) expect(answer).toMatch(/^503 /);
    expect([...ofBusy.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(SENDERS_OF_THROTTLED);
  } finally {
    await close();
  }
}, 60_000);
