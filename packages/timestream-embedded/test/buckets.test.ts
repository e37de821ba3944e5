import {
  PrepareQueryCommand,
  QueryCommand,
  DescribeAccountSettingsCommand,
  UpdateAccountSettingsCommand,
} from '@aws-sdk/client-timestream-query';
import { CreateBatchLoadTaskCommand, DescribeBatchLoadTaskCommand, ResumeBatchLoadTaskCommand } from '@aws-sdk/client-timestream-write';
import { DuckDBInstance, DuckDBTimestampNanosecondsValue } from '@duckdb/node-api';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { sampleRecord, writeTo } from './sample-record.js';
import { startServer } from './start-server.js';

function textOfCell(cell: unknown): string {
  if (cell instanceof DuckDBTimestampNanosecondsValue) return String(cell.nanos);
  return Object.is(cell, -0) ? '-0' : String(cell);
}

const folders: string[] = [];

async function makeBuckets(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'buckets-'));
  folders.push(folder);
  return folder;
}

afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

describe('UNLOAD', () => {
  it('writes the rows, a manifest and the metadata into the bucket, and answers where they are', async () => {
    const bucketsDir = await makeBuckets();
    const { write, query } = await startServer({ bucketsDir });
    const nowMs = Date.now();
    await writeTo(
      write,
      ['a', 'b, "c"'].map((job, index) =>
        sampleRecord({ Dimensions: [{ Name: 'job', Value: job }], Time: String(nowMs - index), MeasureValue: '1.5' }),
      ),
    );
    const sql =
      "UNLOAD (SELECT job, measure_value::double AS value FROM db.t ORDER BY job) TO 's3://exports/daily' WITH (include_header = 'true')";
    const { Rows, ColumnInfo } = await query.send(new QueryCommand({ QueryString: sql }));
    expect(ColumnInfo?.map(({ Name }) => Name)).toEqual(['rows', 'metadataFile', 'manifestFile']);
    const [count, metadata, manifest] = Rows?.[0]?.Data?.map(({ ScalarValue }) => ScalarValue) ?? [];
    expect(count).toBe('2');
    const fileOf = (url = ''): string => path.join(bucketsDir, url.replace('s3://', ''));
    const { result_files: files } = JSON.parse(await readFile(fileOf(manifest), 'utf8')) as { result_files: { url: string }[] };
    expect(gunzipSync(await readFile(fileOf(files[0]?.url))).toString()).toBe('job,value\na,1.5\n"b, \\"c\\"",1.5\n');
    expect(await readFile(fileOf(metadata), 'utf8')).toMatch(/"Name": "value"/);
  });

  it('parts by columns, and refuses what it cannot write', async () => {
    const bucketsDir = await makeBuckets();
    const { write, query } = await startServer({ bucketsDir });
    await writeTo(write, [sampleRecord()]);
    const run = (sql: string): Promise<unknown> => query.send(new QueryCommand({ QueryString: sql }));
    await run(
      "UNLOAD (SELECT measure_value::double AS v, job FROM db.t) TO 's3://exports/p' WITH (partitioned_by = ARRAY['job'], compression = 'NONE')",
    );
    await expect(run("UNLOAD (SELECT job FROM db.t) TO 's3://exports/p' WITH (format = 'ORC')")).rejects.toThrow(
      /format of UNLOAD is CSV or PARQUET, not 'ORC'/,
    );
    await expect(run("UNLOAD (SELECT job FROM db.t) TO 's3://exports/p' WITH (nope = 'x')")).rejects.toThrow(
      /line 1:\d+: UNLOAD has no option 'nope'/,
    );
    await expect(run("UNLOAD (SELECT job FROM db.t) TO 's3://exports/../../x'")).rejects.toThrow(/not a place in a bucket/);
    await expect(run("UNLOAD (SELECT ARRAY[1] AS a FROM db.t) TO 's3://exports/p'")).rejects.toThrow(/scalar types only/);
  });

  it('writes Parquet with a type for each column, bit for bit, in both compressions', async () => {
    const bucketsDir = await makeBuckets();
    const { query } = await startServer({ bucketsDir });
    const select = `SELECT * FROM (VALUES
      ('a', 'é "quoted", \nline', 9223372036854775807, 1, true, 0.1, TIMESTAMP '2024-02-29 12:34:56.123456789', DATE '2024-02-29'),
      ('a', '', -9223372036854775808, -2147483648, false, -0e0, TIMESTAMP '1677-09-21 00:12:44', DATE '1970-01-01'),
      ('b/c', 'x', 0, 0, true, infinity(), TIMESTAMP '2262-04-11 23:47:16.854775807', DATE '2262-04-11'),
      ('b/c', 'y', 5, 5, true, 4.9e-324, TIMESTAMP '2000-01-01 00:00:00.000000001', DATE '2000-01-01'),
      ('b/c', NULL, NULL, NULL, NULL, nan(), NULL, NULL)) AS v (part, text, big, small, flag, number, at, day)`;
    const expected = [
      ['a', 'é "quoted", \nline', 9223372036854775807n, 1, true, 0.1, 1_709_210_096_123_456_789n, '2024-02-29'],
      ['a', '', -9223372036854775808n, -2147483648, false, -0, -9_223_372_036_000_000_000n, '1970-01-01'],
      ['b/c', 'x', 0n, 0, true, Infinity, 9_223_372_036_854_775_807n, '2262-04-11'],
      ['b/c', 'y', 5n, 5, true, 5e-324, 946_684_800_000_000_001n, '2000-01-01'],
      ['b/c', null, null, null, null, NaN, null, null],
    ];
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const read = async (sql: string): Promise<unknown[][]> => (await connection.runAndReadAll(sql)).getRows();
    for (const compression of ['GZIP', 'NONE']) {
      const to = `s3://exports/${compression.toLowerCase()}`;
      const options = `format = 'PARQUET', compression = '${compression}', partitioned_by = ARRAY['part']`;
      await query.send(new QueryCommand({ QueryString: `UNLOAD (${select}) TO '${to}' WITH (${options})` }));
      const files = `'${path.join(bucketsDir, 'exports', compression.toLowerCase(), 'results', '*', '*.parquet')}'`;
      const columns = 'part, text, big, small, flag, number, "at", CAST("day" AS VARCHAR)';
      const rows = await read(`SELECT ${columns} FROM read_parquet(${files}, hive_partitioning = true)`);
      const sorted = (list: unknown[][]): string[] => list.map((row) => row.map(textOfCell).join('|')).sort();
      expect(sorted(rows)).toEqual(sorted(expected));
      const types = await read(
        `SELECT DISTINCT name, type, coalesce(converted_type, logical_type, '') FROM parquet_schema(${files}) WHERE type IS NOT NULL AND name NOT IN ('duckdb_schema') ORDER BY name`,
      );
      expect(types.map(([name, type, logical]) => `${String(name)} ${String(type)} ${String(logical)}`.trimEnd())).toEqual([
        expect.stringMatching(/^at INT64 TimestampType\(.*NanoSeconds/) as string,
        'big INT64 INT_64',
        'day INT32 DATE',
        'flag BOOLEAN',
        'number DOUBLE',
        'small INT32 INT_32',
        'text BYTE_ARRAY UTF8',
      ]);
      // Apart from the rest, for DuckDB's view of a file's statistics fails on the first instant that there is.
      await query.send(
        new QueryCommand({
          QueryString: `UNLOAD (SELECT 1 AS one) TO '${to}-one' WITH (format = 'PARQUET', compression = '${compression}')`,
        }),
      );
      const one = path.join(bucketsDir, 'exports', `${compression.toLowerCase()}-one`, 'results', '*.parquet');
      expect(await read(`SELECT compression FROM parquet_metadata('${one}')`)).toEqual([
        [compression === 'GZIP' ? 'GZIP' : 'UNCOMPRESSED'],
      ]);
    }
    connection.closeSync();
    instance.closeSync();
  });

  it.each([
    ["SELECT INTERVAL '1' DAY AS i", 'UNLOAD to PARQUET has no type for the column'],
    ['SELECT 1 AS a, 2 AS "A"', 'names differ in more than case'],
    ['SELECT ARRAY[1] AS a', 'UNLOAD to PARQUET takes columns of scalar types only'],
  ])('refuses what a Parquet file has no place for: %s', async (select, message) => {
    const { query } = await startServer({ bucketsDir: await makeBuckets() });
    const QueryString = `UNLOAD (${select}) TO 's3://exports/p' WITH (format = 'PARQUET')`;
    await expect(query.send(new QueryCommand({ QueryString }))).rejects.toThrow(message);
  });

  it('refuses options of CSV for Parquet, where they stand', async () => {
    const { query } = await startServer({ bucketsDir: await makeBuckets() });
    const QueryString = "UNLOAD (SELECT 1) TO 's3://exports/p' WITH (format = 'PARQUET', include_header = 'true')";
    await expect(query.send(new QueryCommand({ QueryString }))).rejects.toThrow(
      /line 1:\d+: The option include_header of UNLOAD belongs to the format CSV/,
    );
  });

  it('is refused without a folder for buckets', async () => {
    const { query } = await startServer();
    await expect(query.send(new QueryCommand({ QueryString: "UNLOAD (SELECT 1) TO 's3://exports/x'" }))).rejects.toThrow(/--buckets-dir/);
  });
});

describe('a batch load', () => {
  it('reads files of the bucket into the table, and says what became of the records', async () => {
    const bucketsDir = await makeBuckets();
    await mkdir(path.join(bucketsDir, 'imports'));
    const nowMs = Date.now();
    await writeFile(
      path.join(bucketsDir, 'imports', 'load-1.csv'),
      `when,host,"cpu",mem\n${nowMs},"a ""x""",1.5,10\n${nowMs},b,2.5,\n1,c,1,1\n`,
    );
    const { write, query } = await startServer({ bucketsDir });
    const { TaskId } = await write.send(
      new CreateBatchLoadTaskCommand({
        TargetDatabaseName: 'db',
        TargetTableName: 't',
        DataSourceConfiguration: { DataSourceS3Configuration: { BucketName: 'imports', ObjectKeyPrefix: 'load' }, DataFormat: 'CSV' },
        ReportConfiguration: { ReportS3Configuration: { BucketName: 'reports' } },
        DataModelConfiguration: {
          DataModel: {
            TimeColumn: 'when',
            DimensionMappings: [{ SourceColumn: 'host', DestinationColumn: 'machine' }],
            MultiMeasureMappings: {
              TargetMultiMeasureName: 'usage',
              MultiMeasureAttributeMappings: [{ SourceColumn: 'cpu' }, { SourceColumn: 'mem', MeasureValueType: 'BIGINT' }],
            },
          },
        },
      }),
    );
    const task = async (): Promise<unknown> => (await write.send(new DescribeBatchLoadTaskCommand({ TaskId }))).BatchLoadTaskDescription;
    await expect.poll(task, { timeout: 10_000 }).toMatchObject({
      TaskStatus: 'FAILED',
      ProgressReport: { RecordsProcessed: 3, RecordsIngested: 2, RecordIngestionFailures: 1 },
    });
    const { Rows } = await query.send(new QueryCommand({ QueryString: 'SELECT machine, cpu, mem FROM db.t ORDER BY machine' }));
    expect(Rows?.map(({ Data }) => Data?.map(({ ScalarValue }) => ScalarValue))).toEqual([
      ['a "x"', '1.5', '10'],
      ['b', '2.5', undefined],
    ]);
    expect(await readFile(path.join(bucketsDir, 'reports', TaskId ?? '', 'ingestion-failures.json'), 'utf8')).toMatch(/time range/);
    await expect(write.send(new ResumeBatchLoadTaskCommand({ TaskId }))).rejects.toThrow(/does not support ResumeBatchLoadTask/);
  });
});

describe('PrepareQuery', () => {
  it('finds the types of the parameters from where they stand', async () => {
    const { write, query } = await startServer();
    await writeTo(write, [sampleRecord()]);
    const sql =
      'SELECT job, measure_value::double * @factor AS scaled FROM db.t WHERE time > @since AND job = @job AND @unused IS NULL LIMIT 1';
    const { Parameters, Columns } = await query.send(new PrepareQueryCommand({ QueryString: sql }));
    expect(Parameters?.map(({ Name, Type }) => [Name, Type?.ScalarType]).sort()).toEqual([
      ['factor', 'DOUBLE'],
      ['job', 'VARCHAR'],
      ['since', 'TIMESTAMP'],
      ['unused', 'UNKNOWN'],
    ]);
    expect(Columns?.map(({ Name }) => Name)).toEqual(['job', 'scaled']);
    await expect(query.send(new QueryCommand({ QueryString: sql }))).rejects.toThrow(/line 1:\d+: mismatched input '@'/);
  });
});

describe('the account settings', () => {
  it('are kept, and take units in steps of four', async () => {
    const { query } = await startServer();
    expect(await query.send(new DescribeAccountSettingsCommand({}))).toMatchObject({ MaxQueryTCU: 200 });
    await expect(query.send(new UpdateAccountSettingsCommand({ MaxQueryTCU: 10 }))).rejects.toThrow(/multiple of 4/);
    await query.send(new UpdateAccountSettingsCommand({ MaxQueryTCU: 8, QueryPricingModel: 'BYTES_SCANNED' }));
    expect(await query.send(new DescribeAccountSettingsCommand({}))).toMatchObject({ MaxQueryTCU: 8, QueryPricingModel: 'BYTES_SCANNED' });
  });
});
