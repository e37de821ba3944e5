import {
  PrepareQueryCommand,
  QueryCommand,
  DescribeAccountSettingsCommand,
  UpdateAccountSettingsCommand,
} from '@aws-sdk/client-timestream-query';
import { CreateBatchLoadTaskCommand, DescribeBatchLoadTaskCommand, ResumeBatchLoadTaskCommand } from '@aws-sdk/client-timestream-write';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sampleRecord, writeTo } from './sample-record.js';
import { startServer } from './start-server.js';

const makeBuckets = (): Promise<string> => mkdtemp(path.join(tmpdir(), 'buckets-'));

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
    await expect(run("UNLOAD (SELECT job FROM db.t) TO 's3://exports/p' WITH (format = 'PARQUET')")).rejects.toThrow(
      /PARQUET is not supported/,
    );
    await expect(run("UNLOAD (SELECT job FROM db.t) TO 's3://exports/p' WITH (nope = 'x')")).rejects.toThrow(
      /line 1:\d+: UNLOAD has no option 'nope'/,
    );
    await expect(run("UNLOAD (SELECT job FROM db.t) TO 's3://exports/../../x'")).rejects.toThrow(/not a place in a bucket/);
    await expect(run("UNLOAD (SELECT ARRAY[1] AS a FROM db.t) TO 's3://exports/p'")).rejects.toThrow(/scalar types only/);
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
