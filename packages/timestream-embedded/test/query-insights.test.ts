import {
  CreateScheduledQueryCommand,
  DescribeScheduledQueryCommand,
  ExecuteScheduledQueryCommand,
  paginateQuery,
  QueryCommand,
  type QueryInsightsResponse,
  type TimestreamQueryClient,
} from '@aws-sdk/client-timestream-query';
import { CreateTableCommand, WriteRecordsCommand, type TimestreamWriteClient } from '@aws-sdk/client-timestream-write';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AdjustableClock, type EmbeddedTimestreamOptions } from '../src/index.js';
import { startServer, type RunningServer } from './start-server.js';

const nowMs = Date.parse('2024-01-01T12:00:00Z');
const hourMs = 3_600_000;
const hourNs = hourMs * 1_000_000;
const QueryInsights = { Mode: 'ENABLED_WITH_RATE_CONTROL' } as const;
const arn = (table: string): string => `arn:aws:timestream:us-east-1:000000000000:database/db/table/${table}`;

async function insights(query: TimestreamQueryClient, QueryString: string): Promise<QueryInsightsResponse | undefined> {
  return (await query.send(new QueryCommand({ QueryString, QueryInsights }))).QueryInsightsResponse;
}

/** `raw` and `sums` of fifty states, which both are partitioned by: 10 hours of the one, 20 of the other; and `t` by measure names. */
async function startEnergy(options: Partial<EmbeddedTimestreamOptions> = {}): Promise<RunningServer> {
  const clock = new AdjustableClock();
  clock.freeze();
  clock.set(nowMs);
  const create = [{ databaseName: 'db', tableName: 't', memoryStoreRetentionHours: 48 }];
  const running = await startServer({ clock, create, limits: { maxInsightsQueriesPerSecond: Infinity }, ...options });
  for (const [TableName, hours] of [
    ['raw', 10],
    ['sums', 20],
  ] as const) {
    await running.write.send(
      new CreateTableCommand({
        DatabaseName: 'db',
        TableName,
        RetentionProperties: { MemoryStoreRetentionPeriodInHours: 48, MagneticStoreRetentionPeriodInDays: 365 },
        Schema: { CompositePartitionKey: [{ Type: 'DIMENSION', Name: 'state', EnforcementInRecord: 'REQUIRED' }] },
      }),
    );
    for (const time of [nowMs, nowMs - hours * hourMs]) await writeStates(running.write, TableName, time);
  }
  const measures = ['a', 'b', 'c', 'd'].map((MeasureName) => ({ MeasureName, MeasureValue: '1', Time: String(nowMs) }));
  const CommonAttributes = { Dimensions: [{ Name: 'state', Value: 's1' }] };
  await running.write.send(new WriteRecordsCommand({ DatabaseName: 'db', TableName: 't', CommonAttributes, Records: measures }));
  return running;
}

async function writeStates(write: TimestreamWriteClient, TableName: string, timestampMs: number): Promise<void> {
  const Records = Array.from({ length: 50 }, (_, index) => ({ Dimensions: [{ Name: 'state', Value: `s${index}` }] }));
  const CommonAttributes = { MeasureName: 'energy', MeasureValue: '1', Time: String(timestampMs) };
  await write.send(new WriteRecordsCommand({ DatabaseName: 'db', TableName, CommonAttributes, Records }));
}

const max = (answer: QueryInsightsResponse | undefined): unknown => [
  answer?.QuerySpatialCoverage?.Max?.Value,
  answer?.QuerySpatialCoverage?.Max?.TableArn,
  (answer?.QueryTemporalRange?.Max?.Value ?? 0) / hourNs,
  answer?.QueryTemporalRange?.Max?.TableArn,
];

/** Statements, the share of the partitions that they read, and of how many hours. */
const statements: readonly (readonly [string, number, number])[] = [
  ["SELECT count(*) FROM db.t WHERE measure_name = 'a'", 0.25, 0],
  ["SELECT count(*) FROM db.t WHERE measure_name IN ('a', 'b', 'nope')", 0.5, 0],
  ["SELECT count(*) FROM db.t WHERE measure_name = 'a' OR measure_name = 'b' OR 'c' = measure_name", 0.75, 0],
  ["SELECT count(*) FROM db.t WHERE measure_name = 'a' OR state = 's1'", 1, 0],
  ["SELECT count(*) FROM db.t WHERE measure_name LIKE 'a'", 1, 0],
  ["SELECT count(*) FROM db.t WHERE lower(measure_name) = 'a'", 1, 0],
  ["SELECT count(*) FROM db.t WHERE measure_name <> 'a' AND state = 's1'", 1, 0],
  ["SELECT count(*) FROM db.raw WHERE state = 's1' AND state IN ('s1', 's2')", 0.02, 10],
  ["SELECT count(*) FROM db.raw WHERE measure_name = 'energy'", 1, 10],
  ['SELECT count(*) FROM db.raw WHERE time > ago(3h)', 1, 3],
  ['SELECT count(*) FROM db.raw WHERE ago(3h) <= time AND time <= ago(1h)', 1, 2],
  ["SELECT count(*) FROM db.raw WHERE time BETWEEN '2024-01-01 08:00:00' AND TIMESTAMP '2024-01-01 12:00:00' AND time > ago(2h)", 1, 2],
  ['SELECT count(*) FROM db.raw WHERE bin(time, 1h) > ago(3h)', 1, 10],
  ['SELECT count(*) FROM db.raw WHERE time > (SELECT min(time) FROM db.t)', 1, 10],
  ['SELECT count(*) FROM db.raw WHERE time > ago(3h) OR time < ago(9h)', 1, 10],
  ['SELECT count(*) FROM db.raw WHERE time = ago(3h)', 1, 0],
  ['SELECT count(*) FROM (SELECT time FROM db.raw) WHERE time > ago(3h)', 1, 10],
  ["WITH w AS (SELECT time AS at FROM db.raw WHERE state = 's3') SELECT count(*) FROM w WHERE at > ago(1h)", 0.02, 10],
  ['SELECT count(*) FROM db.raw WHERE state IN (SELECT state FROM db.sums WHERE time > ago(15h))', 1, 15],
  ["SELECT a.state FROM db.raw a JOIN db.t b ON a.state = b.state AND a.time > ago(4h) AND b.measure_name = 'a'", 1, 4],
];

describe('query insights', () => {
  it('tell of the table that is read most, step by step as in the developer guide', async () => {
    const { query } = await startEnergy();
    const join =
      'SELECT s.state, r.state FROM db.sums s LEFT JOIN db.raw r ON s.state = r.state WHERE r.time >= ago(1h) AND r.time < now()';
    const first = await insights(query, join);
    expect(max(first)).toEqual([1, arn('sums'), 20, arn('sums')]);
    expect(first).toMatchObject({ QueryTableCount: 2, OutputRows: 0 });
    const bounded = `${join} AND s.time >= ago(5h) AND s.time < now() AND r.state = 's7'`;
    expect(max(await insights(query, bounded))).toEqual([1, arn('sums'), 5, arn('sums')]);
    expect(max(await insights(query, `${bounded} AND s.state = 's7'`))).toEqual([0.02, arn('sums'), 5, arn('sums')]);
  });

  it('tell how much of the partitions and of the time the conditions beside a table leave to be read', async () => {
    const { query } = await startEnergy();
    for (const [sql, coverage, hours] of statements) {
      const answer = await insights(query, sql);
      expect([answer?.QuerySpatialCoverage?.Max?.Value, answer?.QueryTemporalRange?.Max?.Value], sql).toEqual([coverage, hours * hourNs]);
    }
  });

  it('name the partition key, which is the measure name where the table has none of its own', async () => {
    const { query } = await startEnergy();
    expect((await insights(query, 'SELECT 1 FROM db.t'))?.QuerySpatialCoverage?.Max?.PartitionKey).toEqual(['measure_name']);
    expect((await insights(query, 'SELECT 1 FROM db.raw'))?.QuerySpatialCoverage?.Max?.PartitionKey).toEqual(['state']);
  });

  it('count tables once, and tell of none where none is read', async () => {
    const { query } = await startEnergy();
    expect((await insights(query, 'SELECT 1 FROM db.raw a, db.raw b, db.t LIMIT 1'))?.QueryTableCount).toBe(2);
    expect(await insights(query, 'SELECT 1')).toMatchObject({ QueryTableCount: 0, OutputRows: 1 });
    expect(await insights(query, 'SHOW DATABASES')).toEqual({
      QueryTableCount: 0,
      OutputRows: 1,
      OutputBytes: expect.any(Number) as number,
    });
  });

  it('come with the last page, and count all rows and bytes of the result', async () => {
    const { query } = await startEnergy();
    const pages: (QueryInsightsResponse | undefined)[] = [];
    let bytes = 0;
    for await (const { QueryInsightsResponse: found, Rows } of paginateQuery(
      { client: query, pageSize: 40 },
      { QueryString: 'SELECT state FROM db.raw', QueryInsights },
    )) {
      pages.push(found);
      for (const row of Rows ?? []) bytes += JSON.stringify(row).length;
    }
    expect(pages.slice(0, -1).every((page) => page === undefined)).toBe(true);
    expect(pages.at(-1)).toMatchObject({ OutputRows: 100, OutputBytes: bytes });
  });

  it('are limited to one query a second; a query without them is not', async () => {
    const { query } = await startEnergy({ limits: {} });
    await insights(query, 'SELECT 1');
    await expect(insights(query, 'SELECT 1')).rejects.toMatchObject({ name: 'ThrottlingException', $metadata: { httpStatusCode: 429 } });
    const plain = await query.send(new QueryCommand({ QueryString: 'SELECT 1' }));
    expect(plain.QueryInsightsResponse).toBeUndefined();
    await expect
      .poll(() => insights(query, 'SELECT 1').catch(() => undefined), { timeout: 5_000, interval: 200 })
      .toMatchObject({ OutputRows: 1 });
  });

  it('tell what UNLOAD wrote', async () => {
    const bucketsDir = await mkdtemp(path.join(tmpdir(), 'buckets-'));
    onTestFinished(() => rm(bucketsDir, { recursive: true }));
    const { query } = await startEnergy({ bucketsDir });
    const answer = await insights(
      query,
      "UNLOAD (SELECT measure_name, state FROM db.raw) TO 's3://exports/x' WITH (partitioned_by = ARRAY['state'], compression = 'NONE')",
    );
    expect(answer).toMatchObject({ QueryTableCount: 1, UnloadPartitionCount: 50, UnloadWrittenRows: 100, OutputRows: 1 });
    expect(answer?.UnloadWrittenBytes).toBe(100 * 'energy\n'.length);
  });

  it('stand in the summary of the run of a scheduled query that asked for them', async () => {
    const { query } = await startEnergy();
    const { Arn } = await query.send(
      new CreateScheduledQueryCommand({
        Name: 'hourly',
        QueryString: 'SELECT state FROM db.raw WHERE time > @scheduled_runtime - 2h',
        ScheduleConfiguration: { ScheduleExpression: 'rate(1 hour)' },
        NotificationConfiguration: { SnsConfiguration: { TopicArn: 'arn:aws:sns:us-east-1:000000000000:topic' } },
        ScheduledQueryExecutionRoleArn: 'arn:aws:iam::000000000000:role/r',
        ErrorReportConfiguration: { S3Configuration: { BucketName: 'reports' } },
      }),
    );
    const lastRun = async (asked: boolean): Promise<unknown> => {
      const InvocationTime = new Date(nowMs);
      await query.send(new ExecuteScheduledQueryCommand({ ScheduledQueryArn: Arn, InvocationTime, ...(asked && { QueryInsights }) }));
      return (await query.send(new DescribeScheduledQueryCommand({ ScheduledQueryArn: Arn }))).ScheduledQuery?.LastRunSummary;
    };
    expect(await lastRun(true)).toMatchObject({
      QueryInsightsResponse: {
        OutputRows: 50,
        QueryTableCount: 1,
        QueryTemporalRange: { Max: { Value: 2 * hourNs, TableArn: arn('raw') } },
      },
    });
    expect(await lastRun(false)).not.toHaveProperty('QueryInsightsResponse');
  });
});
