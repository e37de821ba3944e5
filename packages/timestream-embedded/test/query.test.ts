import {
  CancelQueryCommand,
  paginateQuery,
  PrepareQueryCommand,
  QueryCommand,
  type QueryCommandOutput,
  type TimestreamQueryClient,
} from '@aws-sdk/client-timestream-query';
import { DeleteTableCommand } from '@aws-sdk/client-timestream-write';
import { describe, expect, it } from 'vitest';
import type { EmbeddedTimestreamOptions } from '../src/index.js';
import { multiRecord, sampleRecord, writeTo } from './sample-record.js';
import { createClients, startServer, type RunningServer } from './start-server.js';

const select = 'SELECT i, v FROM db.t ORDER BY i';
const baseMs = Math.floor(Date.now() / 1000) * 1000;

/** A server whose table has rows i = 0, 1, … of about `padding` bytes each. */
async function startWithRows(rows: number, padding = 1, options: Partial<EmbeddedTimestreamOptions> = {}): Promise<RunningServer> {
  const running = await startServer(options);
  for (let start = 0; start < rows; start += 100) {
    const records = Array.from({ length: Math.min(100, rows - start) }, (_, index) =>
      multiRecord(
        [
          { Name: 'i', Value: String(start + index), Type: 'BIGINT' },
          { Name: 'v', Value: 'x'.repeat(padding), Type: 'VARCHAR' },
        ],
        { Time: String(baseMs - start - index) },
      ),
    );
    expect(await writeTo(running.write, records)).toMatchObject({ total: records.length });
  }
  return running;
}

function firstColumn(page: Pick<QueryCommandOutput, 'Rows'>): number[] {
  return (page.Rows ?? []).map(({ Data }) => Number(Data?.[0]?.ScalarValue));
}

async function allPages(client: TimestreamQueryClient, QueryString: string, pageSize?: number): Promise<QueryCommandOutput[]> {
  const pages: QueryCommandOutput[] = [];
  for await (const page of paginateQuery({ client, ...(pageSize === undefined ? {} : { pageSize }) }, { QueryString })) pages.push(page);
  return pages;
}

const send = (client: TimestreamQueryClient, QueryString: string, NextToken?: string): Promise<QueryCommandOutput> =>
  client.send(new QueryCommand({ QueryString, NextToken }));

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('Query', () => {
  it('gives back what was written, to the last bit', async () => {
    const { write, query } = await startServer();
    const doubles = ['-0', '5e-324', '1.7976931348623157e308', '0.1', '9007199254740993', '1e-7', '123456789.123456789'];
    const texts = [
      'a\u0000b',
      '\u{1F600}',
      'quote \' and " and \\',
      'line\nbreak',
      ' ',
      '\ufeff',
      '\ufeffafter a byte order mark, long enough to be no inline string',
    ];
    await writeTo(
      write,
      doubles.map((MeasureValue, index) => sampleRecord({ MeasureValue, Time: String(baseMs - index) })),
    );
    await writeTo(
      write,
      texts.map((text, index) =>
        sampleRecord({
          MeasureName: 'text',
          MeasureValueType: 'VARCHAR',
          MeasureValue: text,
          Dimensions: [{ Name: 'd', Value: text }],
          Time: String(baseMs - index),
        }),
      ),
    );
    const longs = ['-9223372036854775808', '9223372036854775807', '9007199254740993'];
    await writeTo(
      write,
      longs.map((MeasureValue, index) =>
        sampleRecord({ MeasureName: 'long', MeasureValueType: 'BIGINT', MeasureValue, Time: String(baseMs - index) }),
      ),
    );
    const valuesOf = async (statement: string): Promise<(string | undefined)[][]> =>
      (await send(query, statement)).Rows?.map(({ Data }) => (Data ?? []).map(({ ScalarValue }) => ScalarValue)) ?? [];
    const readDoubles = await valuesOf(`SELECT measure_value::double FROM db.t WHERE measure_name = 'up' ORDER BY time DESC`);
    expect(readDoubles.map(([value]) => Number(value))).toEqual(doubles.map(Number));
    expect(await valuesOf(`SELECT d, measure_value::varchar FROM db.t WHERE measure_name = 'text' ORDER BY time DESC`)).toEqual(
      texts.map((text) => [text, text]),
    );
    expect(await valuesOf(`SELECT measure_value::bigint FROM db.t WHERE measure_name = 'long' ORDER BY time DESC`)).toEqual(
      longs.map((long) => [long]),
    );
  });

  it('has an alphanumeric id, a status, and the columns on every page', async () => {
    const { query } = await startWithRows(5, 1);
    const page = await send(query, select);
    expect(page.QueryId).toMatch(/^[a-zA-Z0-9]{1,64}$/);
    expect(page.QueryStatus).toMatchObject({ ProgressPercentage: 100, CumulativeBytesMetered: 10_000_000 });
    expect(page.ColumnInfo).toEqual([
      { Name: 'i', Type: { ScalarType: 'BIGINT' } },
      { Name: 'v', Type: { ScalarType: 'VARCHAR' } },
    ]);
    expect(page.NextToken).toBeUndefined();
    const show = await send(query, 'SHOW TABLES FROM db');
    expect(show.QueryStatus).toEqual({ ProgressPercentage: 100, CumulativeBytesScanned: 0, CumulativeBytesMetered: 0 });
  });

  it('answers a wrong statement with ValidationException and a failing one with QueryExecutionException', async () => {
    const { query } = await startWithRows(1);
    await expect(send(query, 'SELECT nope FROM db.t')).rejects.toMatchObject({
      name: 'ValidationException',
      message: "line 1:8: Column 'nope' does not exist",
    });
    await expect(send(query, `SELECT CAST(v AS bigint) FROM db.t`)).rejects.toMatchObject({
      name: 'QueryExecutionException',
      $metadata: { httpStatusCode: 400 },
    });
    await expect(send(query, '')).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('sees an update and not the version before it', async () => {
    const { write, query } = await startWithRows(300);
    const update = multiRecord([{ Name: 'i', Value: '1000', Type: 'BIGINT' }], { Time: String(baseMs - 150), Version: 2 });
    expect(await writeTo(write, [update])).toMatchObject({ total: 1 });
    const values = (await allPages(query, 'SELECT i, v FROM db.t ORDER BY i')).flatMap(firstColumn);
    expect(values).toEqual([...upTo(300).filter((value) => value !== 150), 1000]);
  });

  it('does not see what is older than the retention', async () => {
    const clock = { ms: baseMs };
    const { query } = await startWithRows(3, 1, {
      clock: { nowMs: () => clock.ms },
      create: [{ databaseName: 'db', tableName: 't', memoryStoreRetentionHours: 1, magneticStoreRetentionDays: 1 }],
    });
    clock.ms = baseMs + 25 * 3_600_000 - 1;
    expect(firstColumn(await send(query, select))).toEqual([0, 1]);
    clock.ms += 3_600_000;
    expect(await send(query, select)).toMatchObject({ Rows: [], ColumnInfo: [{ Name: 'i' }, { Name: 'v' }] });
  });

  it('prepares a statement without running it', async () => {
    const { query } = await startWithRows(1);
    const prepared = await query.send(new PrepareQueryCommand({ QueryString: select, ValidateOnly: true }));
    expect(prepared).toMatchObject({
      QueryString: select,
      Columns: [{ Name: 'i', Type: { ScalarType: 'BIGINT' } }, { Name: 'v' }],
      Parameters: [],
    });
    await expect(query.send(new PrepareQueryCommand({ QueryString: select, ValidateOnly: false }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});

describe('the pages of a result', () => {
  it('have at most 1000 rows', async () => {
    const { query } = await startWithRows(2500);
    const pages = await allPages(query, select);
    expect(pages.map(({ Rows }) => Rows?.length)).toEqual([1000, 1000, 500]);
    expect(pages.flatMap(firstColumn)).toEqual(upTo(2500));
    expect(new Set(pages.map(({ QueryId }) => QueryId)).size).toBe(1);
    expect(pages.map(({ QueryStatus }) => QueryStatus?.ProgressPercentage)).toEqual([0, 50, 100]);
  });

  it('have at most 1 MB', async () => {
    const { query } = await startWithRows(1500, 1900);
    const pages = await allPages(query, select);
    expect(pages.length).toBeGreaterThan(2);
    for (const page of pages) expect(JSON.stringify(page.Rows).length).toBeLessThan(1_048_576);
    expect(pages.flatMap(firstColumn)).toEqual(upTo(1500));
  });

  it('have at most MaxRows rows, and the first of several has none', async () => {
    const { query } = await startWithRows(25);
    const pages = await allPages(query, select, 10);
    expect(pages.map(firstColumn)).toEqual([[], upTo(10), upTo(20).slice(10), upTo(25).slice(20)]);
    expect((await allPages(query, select, 25)).map(firstColumn)).toEqual([upTo(25)]);
  });

  it('fail when a row alone is larger than a page', async () => {
    const { query } = await startWithRows(800, 1900);
    await expect(send(query, 'SELECT array_agg(v) FROM db.t')).rejects.toMatchObject({
      name: 'QueryExecutionException',
      message: 'Query aborted as max page response size has been exceeded by the output result row',
    });
  });

  it('fail when the values within a row are more than a page, however they are nested, and not when they are as many as one holds', async () => {
    const { query } = await startServer();
    const from = (n: number): string => `FROM UNNEST(sequence(1, 1000)) AS a (n) CROSS JOIN UNNEST(sequence(1, ${n})) AS b (m)`;
    const long = 'a text that is not short, of which there are not as many';
    for (const [item, few, many] of [
      ['array_agg(n)', 25, 59],
      ['ARRAY[array_agg(n), array_agg(m)]', 12, 30],
      ['ROW(1, array_agg(n))', 25, 59],
      ['ARRAY[ARRAY[array_agg(n)]]', 25, 59],
      ['array_agg(ROW(n, m))', 8, 59],
      [`array_agg('${long}')`, 11, 15],
      [`array_agg(ROW('${long}'))`, 8, 15],
    ] as const) {
      await expect(send(query, `SELECT ${item} ${from(few)}`), item).resolves.toMatchObject({ Rows: [{}] });
      await expect(send(query, `SELECT ${item} ${from(many)}`), item).rejects.toMatchObject({
        message: 'Query aborted as max page response size has been exceeded by the output result row',
      });
    }
    const absent = `array_agg(IF(n > 1001, CAST(ROW('x', 'y', 'z') AS ROW(a VARCHAR, b VARCHAR, c VARCHAR))))`;
    await expect(send(query, `SELECT ${absent} ${from(50)}`)).resolves.toMatchObject({ Rows: [{}] });
  });

  it('are said to be too large where lists are refused that no page could hold, for there is a reader who then asks for less', async () => {
    const { query } = await startServer({ bounds: { maxMadeBytes: 2_000_000 } });
    const from = 'FROM UNNEST(sequence(1, 1000)) AS a (n) CROSS JOIN UNNEST(sequence(1, 500)) AS b (m)';
    for (const item of ['array_agg(n)', "array_join(array_agg(CAST(n AS VARCHAR)), '')"])
      await expect(send(query, `SELECT ${item} ${from}`)).rejects.toMatchObject({
        name: 'QueryExecutionException',
        message: expect.stringMatching(/max page response size .* 2000000 bytes .*--memory-limit/) as string,
      });
  });

  it('end with an error where a row far behind the first ones cannot be computed, and not as if it were the last one', async () => {
    const { query } = await startServer();
    const rows = 'UNNEST(sequence(1, 10000)) AS a (n) CROSS JOIN UNNEST(sequence(1, 30)) AS b (m)';
    for (const [late, message] of [
      ['10 / (n * 30 + m - 250000)', /division by zero/i],
      [`CAST(IF(n * 30 + m = 250000, 'x', '1') AS BIGINT)`, /convert|cast/i],
    ] as const) {
      let rowsSeen = 0;
      const fetching = (async () => {
        for await (const page of paginateQuery({ client: query }, { QueryString: `SELECT ${late} AS x FROM ${rows}` }))
          rowsSeen += page.Rows?.length ?? 0;
      })();
      await expect(fetching).rejects.toMatchObject({ name: 'QueryExecutionException', message: expect.stringMatching(message) as string });
      expect(rowsSeen).toBeGreaterThan(1000);
      const unloading = send(query, `UNLOAD (SELECT ${late} AS x FROM ${rows}) TO 's3://bucket/late'`);
      await expect(unloading).rejects.toMatchObject({ name: 'QueryExecutionException', message: expect.stringMatching(message) as string });
    }
  });

  it('refuse a statement that needs more memory than there is, and answer the next one', async () => {
    const { query } = await startServer({ bounds: { duckdbMemoryLimit: '64MB' } });
    const many = 'UNNEST(sequence(1, 3000)) AS a (x) CROSS JOIN UNNEST(sequence(1, 3000)) AS b (y)';
    await expect(send(query, `SELECT array_agg(a.x * b.y) FROM ${many}`)).rejects.toMatchObject({
      name: 'QueryExecutionException',
      message: expect.stringMatching(/more memory than the server lets it have \(--memory-limit\)/) as string,
    });
    expect((await send(query, 'SELECT 1')).Rows).toHaveLength(1);
  });

  it('stay what they were when the query began, whatever is written or deleted meanwhile', async () => {
    const { query, write } = await startWithRows(2500);
    const first = await send(query, 'SELECT i FROM db.t');
    await writeTo(write, [multiRecord([{ Name: 'other', Value: '1', Type: 'DOUBLE' }], { MeasureName: 'x' })]);
    await write.send(new DeleteTableCommand({ DatabaseName: 'db', TableName: 't' }));
    const second = await send(query, 'SELECT i FROM db.t', first.NextToken);
    const third = await send(query, 'SELECT i FROM db.t', second.NextToken);
    expect([first, second, third].flatMap(firstColumn).sort((a, b) => a - b)).toEqual(upTo(2500));
    await expect(send(query, 'SELECT i FROM db.t')).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('a NextToken', () => {
  it('gives the same page five times, then no more', async () => {
    const { query } = await startWithRows(2500);
    const first = await send(query, select);
    for (let use = 0; use < 5; use += 1) {
      const page = await send(query, select, first.NextToken);
      expect(firstColumn(page)).toEqual(upTo(2000).slice(1000));
    }
    await expect(send(query, select, first.NextToken)).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'Invalid pagination token',
    });
  });

  it('gives one page to two who use it at the same time', async () => {
    const { query } = await startWithRows(2500);
    const { NextToken } = await send(query, select);
    const [one, other] = await Promise.all([send(query, select, NextToken), send(query, select, NextToken)]);
    expect(one.Rows).toEqual(other.Rows);
    expect(one.NextToken).toBe(other.NextToken);
  });

  it('ends when the next one is used', async () => {
    const { query } = await startWithRows(2500);
    const first = await send(query, select);
    const second = await send(query, select, first.NextToken);
    await send(query, select, second.NextToken);
    await expect(send(query, select, first.NextToken)).rejects.toMatchObject({ message: 'Invalid pagination token' });
    expect(firstColumn(await send(query, select, second.NextToken))).toEqual(upTo(2500).slice(2000));
  });

  it('belongs to one statement and one access key', async () => {
    const other = { accessKeyId: 'OTHER', secretAccessKey: 'other' };
    const { query, server } = await startWithRows(1001, 1, {
      credentials: [{ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret/with+signs' }, other],
    });
    const { NextToken } = await send(query, select);
    await expect(send(query, `${select} `, NextToken)).rejects.toMatchObject({ message: 'Invalid pagination token' });
    const clients = createClients(server.url, other);
    await expect(send(clients.query, select, NextToken)).rejects.toMatchObject({ message: 'Invalid pagination token' });
    clients.query.destroy();
    clients.write.destroy();
    expect(firstColumn(await send(query, select, NextToken))).toEqual([1000]);
  });

  it('lives an hour', async () => {
    const clock = { ms: baseMs };
    const { query } = await startWithRows(1001, 1, { clock: { nowMs: () => clock.ms } });
    const { NextToken } = await send(query, select);
    clock.ms += 3_600_000;
    expect(firstColumn(await send(query, select, NextToken))).toEqual([1000]);
    clock.ms += 1;
    await expect(send(query, select, NextToken)).rejects.toMatchObject({ message: 'Invalid pagination token' });
  });

  it('ends when more results are open than the server keeps, the oldest first', async () => {
    const { query } = await startWithRows(1001, 1, { bounds: { maxOpenCursors: 2 } });
    const tokens: (string | undefined)[] = [];
    for (let count = 0; count < 3; count += 1) tokens.push((await send(query, select)).NextToken);
    await expect(send(query, select, tokens[0])).rejects.toMatchObject({ message: 'Invalid pagination token' });
    for (const token of tokens.slice(1)) expect(firstColumn(await send(query, select, token))).toEqual([1000]);
  });
});

describe('a ClientToken', () => {
  const ClientToken = 'x'.repeat(32);

  it('may be sent again with the same statement, not with another', async () => {
    const clock = { ms: baseMs };
    const { query } = await startWithRows(1, 1, { clock: { nowMs: () => clock.ms } });
    for (let count = 0; count < 2; count += 1) {
      expect(firstColumn(await query.send(new QueryCommand({ QueryString: select, ClientToken })))).toEqual([0]);
    }
    const other = (): Promise<unknown> => query.send(new QueryCommand({ QueryString: 'SHOW DATABASES', ClientToken }));
    await expect(other()).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'The client token was used before with other parameters.',
    });
    clock.ms += 5 * 60_000 + 1;
    await other();
  });

  it('has 32 to 128 characters', async () => {
    const { query } = await startServer();
    await expect(query.send(new QueryCommand({ QueryString: select, ClientToken: 'short' }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});

// A thousand to the power of four and more: no machine finishes it.
const endless = 'SELECT count(*) FROM db.t a CROSS JOIN db.t b CROSS JOIN db.t c CROSS JOIN db.t d';

describe('a query that takes too long', () => {
  it('is ended at the time limit of a call, and the server goes on', async () => {
    const { query } = await startWithRows(1500, 1, { limits: { maxQueryCallMs: 200 } });
    await expect(send(query, endless)).rejects.toMatchObject({
      name: 'QueryExecutionException',
      message: 'The query did not give a page within 0.2 seconds.',
    });
    expect(firstColumn(await send(query, 'SELECT count(*) FROM db.t'))).toEqual([1500]);
  });

  it('is ended when its client goes away', async () => {
    const { query, server } = await startWithRows(1500, 1, { bounds: { maxConcurrentQueries: 1 } });
    const abort = new AbortController();
    const running = query.send(new QueryCommand({ QueryString: endless }), { abortSignal: abort.signal });
    setTimeout(() => abort.abort(), 100);
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    // The only slot is free again.
    expect(firstColumn(await send(query, 'SELECT count(*) FROM db.t'))).toEqual([1500]);
    expect(server.usage().recordsIngested).toBe(1500);
  });
});

describe('CancelQuery', () => {
  it('ends a query between its pages', async () => {
    const { query } = await startWithRows(2500);
    const { QueryId, NextToken } = await send(query, select);
    expect((await query.send(new CancelQueryCommand({ QueryId }))).CancellationMessage).toBeUndefined();
    await expect(send(query, select, NextToken)).rejects.toMatchObject({ name: 'ConflictException', $metadata: { httpStatusCode: 409 } });
    expect((await query.send(new CancelQueryCommand({ QueryId }))).CancellationMessage).toBe(
      `The query ${QueryId ?? ''} has been cancelled already.`,
    );
  });

  it('does not know a query that is over or never was', async () => {
    const { query } = await startWithRows(1);
    const { QueryId } = await send(query, select);
    await expect(query.send(new CancelQueryCommand({ QueryId }))).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(query.send(new CancelQueryCommand({ QueryId: 'a-b' }))).rejects.toMatchObject({ name: 'ValidationException' });
  });
});
