import { paginateQuery, QueryCommand, TimestreamQueryClient } from '@aws-sdk/client-timestream-query';
import { TimestreamWriteClient } from '@aws-sdk/client-timestream-write';
import { describe, expect, it } from 'vitest';
import { multiRecord, sampleRecord, writeTo } from './sample-record.js';
import { credential, startServer } from './start-server.js';

const select = 'SELECT measure_value::double FROM db.t ORDER BY time DESC';
const records = (count: number): ReturnType<typeof sampleRecord>[] => {
  const nowMs = Date.now();
  return Array.from({ length: count }, (_, index) => sampleRecord({ Time: String(nowMs - index), MeasureValue: String(index) }));
};

describe('planned faults', () => {
  it('throttle as many requests as planned, of the operation planned', async () => {
    const { server, write, query } = await startServer();
    server.faults.throttleNext(2, 'WriteRecords');
    await query.send(new QueryCommand({ QueryString: 'SHOW DATABASES' }));
    for (let count = 0; count < 2; count += 1) {
      expect(await writeTo(write, records(1))).toMatchObject({ error: 'ThrottlingException', status: 429 });
    }
    expect(await writeTo(write, records(1))).toMatchObject({ total: 1 });
  });

  it('fail with any status of 500 and above', async () => {
    const { server, write } = await startServer();
    server.faults.failNext(1);
    expect(await writeTo(write, records(1))).toMatchObject({ error: 'InternalServerException', status: 500 });
    server.faults.failNext(1, 503, 'WriteRecords');
    expect(await writeTo(write, records(1))).toMatchObject({ status: 503 });
    expect(() => server.faults.failNext(1, 404)).toThrow(RangeError);
    expect(server.usage().recordsIngested).toBe(0);
  });

  it('drop a connection before the operation, or its answer after it', async () => {
    const { server, write } = await startServer();
    server.faults.dropConnectionNext(1);
    expect((await writeTo(write, records(1))).status).toBeUndefined();
    expect(server.usage().recordsIngested).toBe(0);
    server.faults.dropAnswerNext(1);
    expect((await writeTo(write, records(1))).status).toBeUndefined();
    expect(server.usage().recordsIngested).toBe(1);
  });

  it('are survived by an SDK client that retries, and the retry stores nothing twice', async () => {
    const { server, query } = await startServer();
    const client = new TimestreamWriteClient({ endpoint: server.url, region: 'us-east-1', credentials: credential });
    server.faults.dropAnswerNext(1);
    server.faults.failNext(1, 500);
    expect(await writeTo(client, records(3))).toMatchObject({ total: 3 });
    client.destroy();
    const { Rows } = await query.send(new QueryCommand({ QueryString: 'SELECT count(*) FROM db.t' }));
    expect(Rows?.[0]?.Data?.[0]?.ScalarValue).toBe('3');
  });

  it('delay a request', async () => {
    const { server, write } = await startServer();
    server.faults.delayMs(10_000, 'WriteRecords');
    const impatient = new TimestreamQueryClient({ endpoint: server.url, region: 'us-east-1', credentials: credential, maxAttempts: 1 });
    await impatient.send(new QueryCommand({ QueryString: 'SHOW DATABASES' }));
    impatient.destroy();
    const quick = new TimestreamWriteClient({
      endpoint: server.url,
      region: 'us-east-1',
      credentials: credential,
      maxAttempts: 1,
      requestHandler: { requestTimeout: 50, throwOnRequestTimeout: true },
    });
    expect(await writeTo(quick, records(1))).toMatchObject({ error: 'TimeoutError' });
    quick.destroy();
    server.faults.clear();
    expect(await writeTo(write, records(1))).toMatchObject({ total: 1 });
  });

  it('split results into small pages with empty ones between them', async () => {
    const { server, write, query } = await startServer();
    await writeTo(write, records(5));
    server.faults.splitPages({ maxRowsPerPage: 2, emptyPages: 2 });
    const sizes: (number | undefined)[] = [];
    const values: (string | undefined)[] = [];
    for await (const { Rows } of paginateQuery({ client: query }, { QueryString: select })) {
      sizes.push(Rows?.length);
      values.push(...(Rows ?? []).map(({ Data }) => Data?.[0]?.ScalarValue));
    }
    expect(sizes).toEqual([0, 0, 2, 0, 0, 2, 0, 0, 1]);
    expect(values).toEqual(['0.0', '1.0', '2.0', '3.0', '4.0']);
  });

  it('hide young records and young columns from queries', async () => {
    const clock = { ms: Date.now() };
    const { server, write, query } = await startServer({ clock: { nowMs: () => clock.ms } });
    const rows = async (): Promise<unknown> => {
      const { Rows, ColumnInfo } = await query.send(new QueryCommand({ QueryString: 'SELECT * FROM db.t ORDER BY time DESC' }));
      return { rows: Rows?.length, columns: ColumnInfo?.map(({ Name }) => Name) };
    };
    await writeTo(write, records(2));
    clock.ms += 5000;
    await writeTo(write, [
      multiRecord([{ Name: 'late', Value: '1', Type: 'DOUBLE' }], { Dimensions: [{ Name: 'host', Value: 'a' }], Time: String(clock.ms) }),
    ]);
    const old = ['job', 'measure_name', 'time', 'measure_value::double'];
    server.faults.hideNewerThanMs(1000);
    expect(await rows()).toEqual({ rows: 2, columns: old });
    clock.ms += 1000;
    expect(await rows()).toMatchObject({ rows: 3 });
    clock.ms += 1000;
    server.faults.hideNewerThanMs(10_000);
    expect(await rows()).toMatchObject({ rows: 0 });
    server.faults.clear();
    expect(await rows()).toEqual({ rows: 3, columns: ['job', 'host', 'measure_name', 'time', 'measure_value::double', 'late'] });
  });
});

describe('wrong answers on request', () => {
  it('write doubles badly, cut off aggregated texts, and give aggregated elements in another order', async () => {
    const { server, write, query } = await startServer();
    const nowMs = Date.now();
    await writeTo(
      write,
      Array.from({ length: 20 }, (_, index) => sampleRecord({ Time: String(nowMs - index), MeasureValue: `${index}.1234567890123456` })),
    );
    const joined = "SELECT array_join(array_agg(cast(measure_value::double AS varchar)), ',') FROM (SELECT * FROM db.t ORDER BY time DESC)";
    const value = async (sql: string): Promise<string | undefined> =>
      (await query.send(new QueryCommand({ QueryString: sql }))).Rows?.[0]?.Data?.[0]?.ScalarValue;
    const right = await value(joined);
    expect(right).toBe(Array.from({ length: 20 }, (_, index) => `${Number(`${index}.1234567890123456`)}`).join(','));
    server.faults.misanswer({ doubleDigits: 15 });
    expect(await value(joined)).toMatch(/^0\.123456789012346,1\.12345678901235,/);
    expect(await value('SELECT max(measure_value::double) FROM db.t')).toBe('19.1234567890123');
    server.faults.misanswer({ castDoubleDigits: 15 });
    expect(await value(joined)).toMatch(/^0\.123456789012346,1\.12345678901235,/);
    expect(await value('SELECT max(measure_value::double) FROM db.t')).toBe('19.123456789012344');
    server.faults.misanswer({ maxJoinedCharacters: 7 });
    expect(await value(joined)).toBe(right?.slice(0, 7));
    server.faults.misanswer({ reordersAggregates: true });
    const reordered = await value(joined);
    expect(reordered).not.toBe(right);
    expect(reordered?.split(',').sort()).toEqual(right?.split(',').sort());
    server.faults.clear();
    expect(await value(joined)).toBe(right);
  });
});
