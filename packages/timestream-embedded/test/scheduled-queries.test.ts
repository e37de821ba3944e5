import {
  CreateScheduledQueryCommand,
  DeleteScheduledQueryCommand,
  DescribeScheduledQueryCommand,
  ExecuteScheduledQueryCommand,
  ListScheduledQueriesCommand,
  QueryCommand,
  UpdateScheduledQueryCommand,
  type CreateScheduledQueryRequest,
  type TimestreamQueryClient,
} from '@aws-sdk/client-timestream-query';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { AdjustableClock } from '../src/index.js';
import { parseSchedule } from '../src/schedule/schedule-expression.js';
import { sampleRecord, writeTo } from './sample-record.js';
import { startServer } from './start-server.js';

const definition = (changes: Partial<CreateScheduledQueryRequest> = {}): CreateScheduledQueryRequest => ({
  Name: 'hourly',
  QueryString:
    'SELECT job, bin(time, 1h) AS hour, avg(measure_value::double) AS mean, count(*) AS n FROM db.t WHERE time <= @scheduled_runtime GROUP BY job, bin(time, 1h)',
  ScheduleConfiguration: { ScheduleExpression: 'rate(1 hour)' },
  NotificationConfiguration: { SnsConfiguration: { TopicArn: 'arn:aws:sns:us-east-1:000000000000:topic' } },
  ScheduledQueryExecutionRoleArn: 'arn:aws:iam::000000000000:role/r',
  ErrorReportConfiguration: { S3Configuration: { BucketName: 'reports', ObjectKeyPrefix: 'errors' } },
  TargetConfiguration: {
    TimestreamConfiguration: {
      DatabaseName: 'db',
      TableName: 'summary',
      TimeColumn: 'hour',
      DimensionMappings: [{ Name: 'job', DimensionValueType: 'VARCHAR' }],
      MultiMeasureMappings: {
        TargetMultiMeasureName: 'load',
        MultiMeasureAttributeMappings: [
          { SourceColumn: 'mean', MeasureValueType: 'DOUBLE' },
          { SourceColumn: 'n', TargetMultiMeasureAttributeName: 'samples', MeasureValueType: 'BIGINT' },
        ],
      },
    },
  },
  ...changes,
});

const create = [
  { databaseName: 'db', tableName: 't', memoryStoreRetentionHours: 24 },
  { databaseName: 'db', tableName: 'summary', memoryStoreRetentionHours: 24 },
];

async function rows(query: TimestreamQueryClient, sql: string): Promise<(string | undefined)[][]> {
  const { Rows = [] } = await query.send(new QueryCommand({ QueryString: sql }));
  return Rows.map(({ Data = [] }) => Data.map(({ ScalarValue }) => ScalarValue));
}

describe('a scheduled query', () => {
  it('writes its result to the target table, again and again, by hand and when its time has come', async () => {
    const clock = new AdjustableClock();
    const { write, query } = await startServer({ create, clock });
    const nowMs = clock.nowMs();
    await writeTo(
      write,
      [1, 2, 3].map((value) => sampleRecord({ Time: String(nowMs - value), MeasureValue: String(value) })),
    );
    const { Arn } = await query.send(new CreateScheduledQueryCommand(definition()));
    await query.send(new ExecuteScheduledQueryCommand({ ScheduledQueryArn: Arn, InvocationTime: new Date(nowMs) }));
    const summary = 'SELECT job, measure_name, mean, samples FROM db.summary';
    const total = (await rows(query, summary)).reduce((sum, [, , , samples]) => sum + Number(samples), 0);
    expect(total).toBe(3);
    const { ScheduledQuery } = await query.send(new DescribeScheduledQueryCommand({ ScheduledQueryArn: Arn }));
    expect(ScheduledQuery).toMatchObject({ Name: 'hourly', State: 'ENABLED', LastRunSummary: { RunStatus: 'MANUAL_TRIGGER_SUCCESS' } });
    await writeTo(write, [sampleRecord({ Time: String(nowMs - 4), MeasureValue: '9' })]);
    clock.advance(3_600_001);
    await expect
      .poll(
        async () =>
          (await query.send(new DescribeScheduledQueryCommand({ ScheduledQueryArn: Arn }))).ScheduledQuery?.LastRunSummary?.RunStatus,
        { timeout: 15_000 },
      )
      .toBe('AUTO_TRIGGER_SUCCESS');
    // The later run replaced what the first had written for the same hour.
    const later = (await rows(query, summary)).reduce((sum, [, , , samples]) => sum + Number(samples), 0);
    expect(later).toBe(4);
  });

  it('is listed, stopped and deleted, and its failures are reported as files', async () => {
    const bucketsDir = await mkdtemp(path.join(tmpdir(), 'buckets-'));
    const { write, query } = await startServer({ create, bucketsDir });
    await writeTo(write, [sampleRecord()]);
    const failing = definition({ QueryString: 'SELECT job, time AS hour, 1 / (1 - 1) AS mean, 1 AS n FROM db.t' });
    const { Arn } = await query.send(new CreateScheduledQueryCommand(failing));
    await expect(query.send(new CreateScheduledQueryCommand(failing))).rejects.toThrow(/already exists/);
    await query.send(new ExecuteScheduledQueryCommand({ ScheduledQueryArn: Arn, InvocationTime: new Date() }));
    const { ScheduledQueries } = await query.send(new ListScheduledQueriesCommand({}));
    expect(ScheduledQueries).toMatchObject([{ Arn, LastRunStatus: 'MANUAL_TRIGGER_FAILURE' }]);
    const { ScheduledQuery } = await query.send(new DescribeScheduledQueryCommand({ ScheduledQueryArn: Arn }));
    expect(ScheduledQuery?.LastRunSummary?.FailureReason).toMatch(/Division by zero/);
    const report = ScheduledQuery?.LastRunSummary?.ErrorReportLocation?.S3ReportLocation;
    expect(await readFile(path.join(bucketsDir, report?.BucketName ?? '', report?.ObjectKey ?? ''), 'utf8')).toMatch(/Division by zero/);
    await query.send(new UpdateScheduledQueryCommand({ ScheduledQueryArn: Arn, State: 'DISABLED' }));
    expect((await query.send(new ListScheduledQueriesCommand({}))).ScheduledQueries?.[0]?.NextInvocationTime).toBeUndefined();
    await query.send(new DeleteScheduledQueryCommand({ ScheduledQueryArn: Arn }));
    expect((await query.send(new ListScheduledQueriesCommand({}))).ScheduledQueries).toEqual([]);
  });

  it('is refused for a statement, a target or a schedule that is not there', async () => {
    const { query } = await startServer({ create });
    const refused = (changes: Partial<CreateScheduledQueryRequest>): Promise<unknown> =>
      query.send(new CreateScheduledQueryCommand(definition(changes)));
    await expect(refused({ QueryString: 'SELECT nope FROM db.t' })).rejects.toThrow(/Column 'nope' does not exist/);
    await expect(refused({ QueryString: 'SELECT now() AS hour', ScheduleConfiguration: { ScheduleExpression: 'hourly' } })).rejects.toThrow(
      /neither rate/,
    );
  });
});

describe('a schedule', () => {
  const at = (text: string): number => Date.parse(text);
  it.each([
    ['rate(5 minutes)', '2024-01-01T00:02:00Z', '2024-01-01T00:05:00Z'],
    ['cron(0/15 * * * ? *)', '2024-01-01T00:02:00Z', '2024-01-01T00:15:00Z'],
    ['cron(30 8 ? * MON-FRI *)', '2024-01-05T09:00:00Z', '2024-01-08T08:30:00Z'],
    ['cron(0 0 29 2 ? *)', '2024-03-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['cron(0 12 1,15 JAN ? 2030)', '2024-03-01T00:00:00Z', '2030-01-01T12:00:00Z'],
  ])('%s after %s comes at %s', (expression, after, next) => {
    expect(parseSchedule(expression, at('2024-01-01T00:00:00Z'))(at(after))).toBe(at(next));
  });

  it.each(['rate(0 minutes)', 'cron(* * * * * *)', 'cron(61 * * * ? *)', 'cron(0 0 L * ? *)', 'rate(1 week)'])(
    '%s is refused',
    (expression) => {
      expect(() => parseSchedule(expression, 0)).toThrow();
    },
  );
});
