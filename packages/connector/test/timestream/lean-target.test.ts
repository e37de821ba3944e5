import { TimestreamWriteClient } from '@aws-sdk/client-timestream-write';
import { HttpRequest } from '@smithy/core/transport';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectionPool } from '../../src/timestream/connection-pool.js';
import { LeanSender, type LastStep } from '../../src/timestream/lean-sender.js';
import { KEY } from '../support/connector-fixture.js';
import { startWireServer } from '../support/wire-server.js';

const started: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
});

/** A sender to two servers in turn, and what stands for the SDK, which knows to which of them calls go. */
async function start() {
  const servers = await Promise.all([1, 2].map(() => startWireServer(() => ({ status: 200, body: { said: 'yes' } }))));
  const state = { place: 0, nowMs: 0, asked: 0 };
  const sender = new LeanSender(
    new ConnectionPool({ connectionTimeoutMs: 5_000, requestTimeoutMs: 20_000, maxSockets: 4 }),
    () => state.nowMs,
  );
  for (const server of servers) started.push(() => server.close());
  started.push(() => sender.close());
  const { credentials, region, sha256, maxAttempts } = new TimestreamWriteClient({ region: 'eu-west-1', credentials: KEY }).config;
  const config = { credentials, region, sha256, maxAttempts, systemClockOffset: 0 };
  const body = Buffer.from('{}');
  const sendBySdk = (lastStep: LastStep): Promise<object> => {
    state.asked += 1;
    const { hostname, port } = new URL(servers[state.place]?.url ?? '');
    const headers = { host: `${hostname}:${port}`, 'x-amz-target': 'Timestream_20181101.WriteRecords' };
    const request = new HttpRequest({ protocol: 'http:', hostname, port: Number(port), path: '/', method: 'POST', headers, body });
    return lastStep(() => Promise.resolve({}))({ request });
  };
  const send = () => sender.send(config, body, sendBySdk, AbortSignal.timeout(20_000));
  return { servers, state, send };
}

describe('where calls that the connector puts together go', () => {
  it('is asked of the SDK once, however many come at a time, and again after a minute', async () => {
    const { servers, state, send } = await start();
    await Promise.all(Array.from({ length: 5 }, send));
    state.place = 1;
    state.nowMs = 59_000;
    await send();
    expect(state.asked).toBe(1);
    expect(servers.map(({ requests }) => requests.length)).toEqual([6, 0]);
    state.nowMs = 60_001;
    await send();
    await send();
    expect(state.asked).toBe(2);
    expect(servers.map(({ requests }) => requests.length)).toEqual([6, 2]);
  });

  it('is asked again when a call has failed there', async () => {
    const { servers, state, send } = await start();
    await send();
    await servers[0]?.close();
    state.place = 1;
    await expect(send()).rejects.toMatchObject({ code: expect.stringMatching(/ECONN(REFUSED|RESET)/) as string });
    expect(await send()).toEqual({ json: { said: 'yes' } });
    expect(servers[1]?.requests).toHaveLength(1);
  });
});
