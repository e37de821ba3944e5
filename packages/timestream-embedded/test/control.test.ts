import { QueryCommand } from '@aws-sdk/client-timestream-query';
import { describe, expect, it } from 'vitest';
import { sampleRecord, writeTo } from './sample-record.js';
import { startServer } from './start-server.js';

const post = (url: string, name: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/_timestream/${name}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });

const seed = JSON.stringify({
  DatabaseName: 'seeded',
  TableName: 'old',
  CommonAttributes: { Dimensions: [{ Name: 'host', Value: 'a' }], MeasureName: 'cpu', MeasureValueType: 'DOUBLE' },
  Records: [
    { Time: '1600000000000', MeasureValue: '1' },
    { Time: '1600000001000', MeasureValue: '2' },
  ],
});

describe('control over HTTP', () => {
  it('plans faults, and ends them', async () => {
    const { server, write } = await startServer({ control: true });
    expect((await post(server.url, 'faults', '{"throttleNext":{"count":1,"scope":"WriteRecords"}}')).status).toBe(200);
    expect(await writeTo(write, [sampleRecord()])).toMatchObject({ error: 'ThrottlingException' });
    await post(server.url, 'faults', '{"failNext":{"count":9},"delay":{"delayMs":5}}');
    await post(server.url, 'faults', '{"clear":true}');
    expect(await writeTo(write, [sampleRecord()])).toMatchObject({ total: 1 });
    expect(await (await fetch(`${server.url}/_timestream/usage`)).json()).toMatchObject({ recordsIngested: 1 });
  });

  it('sets, freezes and moves the clock', async () => {
    const { server, query } = await startServer({ control: true });
    const now = async (): Promise<string | undefined> =>
      (await query.send(new QueryCommand({ QueryString: 'SELECT now()' }))).Rows?.[0]?.Data?.[0]?.ScalarValue;
    await post(server.url, 'clock', '{"frozen":true,"now":"2024-01-01T00:00:00Z"}');
    expect(await now()).toBe('2024-01-01 00:00:00.000000000');
    await post(server.url, 'clock', '{"advanceMs":90000}');
    expect(await now()).toBe('2024-01-01 00:01:30.000000000');
    await post(server.url, 'clock', '{"reset":true}');
    expect(Date.parse(`${(await now())?.slice(0, 23) ?? ''}Z`)).toBeGreaterThan(Date.now() - 60_000);
  });

  it('loads seeds with tables of any time, and goes back to the start', async () => {
    const { server, query } = await startServer({ control: true, load: [seed] });
    const count = async (): Promise<string | undefined> =>
      (await query.send(new QueryCommand({ QueryString: 'SELECT count(*) FROM seeded.old' }))).Rows?.[0]?.Data?.[0]?.ScalarValue;
    expect(await count()).toBe('2');
    const more = seed.replace('1600000001000', '1600000002000');
    expect(await (await post(server.url, 'load', more)).json()).toEqual({ recordsIngested: 2 });
    expect(await count()).toBe('3');
    await post(server.url, 'reset', '');
    expect(await count()).toBe('2');
  });

  it('is off unless asked for, and not for pages in a browser', async () => {
    const { server } = await startServer();
    expect((await post(server.url, 'reset', '')).status).toBe(400);
    expect((await fetch(`${server.url}/_timestream/health`)).status).toBe(200);
    const { server: open } = await startServer({ control: true });
    expect((await post(open.url, 'reset', '', { 'content-type': 'text/plain' })).status).toBe(403);
    expect((await post(open.url, 'reset', '', { origin: 'http://example.org' })).status).toBe(403);
    expect((await post(open.url, 'faults', '{"failNext":{"count":1,"httpStatus":404}}')).status).toBe(400);
    expect((await post(open.url, 'nothing', '')).status).toBe(400);
  });
});
