import {
  CreateDatabaseCommand,
  CreateTableCommand,
  DeleteDatabaseCommand,
  DeleteTableCommand,
  DescribeDatabaseCommand,
  DescribeEndpointsCommand,
  DescribeTableCommand,
  ResumeBatchLoadTaskCommand,
  ListTagsForResourceCommand,
  ListTablesCommand,
  paginateListDatabases,
  paginateListTables,
  TagResourceCommand,
  TimestreamWriteClient,
  UntagResourceCommand,
  UpdateDatabaseCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-timestream-write';
import { describe, expect, it } from 'vitest';
import { credential, startServer } from './start-server.js';

const arn = 'arn:aws:timestream:us-east-1:000000000000:database/db';

async function refusal(promise: Promise<unknown>): Promise<{ name: string; status: number | undefined; message: string }> {
  try {
    await promise;
  } catch (error) {
    const known = error as Error & { $metadata?: { httpStatusCode?: number } };
    return { name: known.name, status: known.$metadata?.httpStatusCode, message: known.message };
  }
  throw new Error('the call was expected to fail');
}

describe('databases', () => {
  it('are created, described, updated and deleted', async () => {
    const { write } = await startServer({ clock: { nowMs: () => 1_700_000_000_123 } });
    const created = await write.send(new CreateDatabaseCommand({ DatabaseName: 'A.b_c-1', Tags: [{ Key: 'k', Value: 'v' }] }));
    expect(created.Database).toEqual({
      Arn: 'arn:aws:timestream:us-east-1:000000000000:database/A.b_c-1',
      DatabaseName: 'A.b_c-1',
      TableCount: 0,
      KmsKeyId: expect.stringContaining('arn:aws:kms:') as string,
      CreationTime: new Date(1_700_000_000_123),
      LastUpdatedTime: new Date(1_700_000_000_123),
    });
    await write.send(new UpdateDatabaseCommand({ DatabaseName: 'A.b_c-1', KmsKeyId: 'mine' }));
    expect((await write.send(new DescribeDatabaseCommand({ DatabaseName: 'A.b_c-1' }))).Database?.KmsKeyId).toBe('mine');
    await write.send(new DeleteDatabaseCommand({ DatabaseName: 'A.b_c-1' }));
    expect(await refusal(write.send(new DescribeDatabaseCommand({ DatabaseName: 'A.b_c-1' })))).toEqual({
      name: 'ResourceNotFoundException',
      status: 404,
      message: 'The database A.b_c-1 does not exist.',
    });
  });

  it('exist once, are case sensitive, and go only when they are empty', async () => {
    const { write } = await startServer();
    expect(await refusal(write.send(new CreateDatabaseCommand({ DatabaseName: 'db' })))).toMatchObject({
      name: 'ConflictException',
      status: 409,
    });
    await write.send(new CreateDatabaseCommand({ DatabaseName: 'DB' }));
    expect(await refusal(write.send(new DeleteDatabaseCommand({ DatabaseName: 'db' })))).toMatchObject({ name: 'ValidationException' });
    await write.send(new DeleteTableCommand({ DatabaseName: 'db', TableName: 't' }));
    await write.send(new DeleteDatabaseCommand({ DatabaseName: 'db' }));
  });

  it('are listed 20 at a time, by tokens that survive changes', async () => {
    const { write } = await startServer({ create: [] });
    const names = Array.from({ length: 45 }, (_, index) => `db${String(index).padStart(2, '0')}`);
    for (const DatabaseName of names) await write.send(new CreateDatabaseCommand({ DatabaseName }));
    const seen: (string | undefined)[] = [];
    const sizes: number[] = [];
    for await (const page of paginateListDatabases({ client: write }, {})) {
      sizes.push(page.Databases?.length ?? 0);
      seen.push(...(page.Databases ?? []).map(({ DatabaseName }) => DatabaseName));
      if (sizes.length === 1) await write.send(new DeleteDatabaseCommand({ DatabaseName: 'db05' }));
    }
    expect(sizes).toEqual([20, 20, 5]);
    expect(seen).toEqual(names);
  });

  it('have a quota', async () => {
    const { write } = await startServer({ limits: { maxDatabases: 1 } });
    expect(await refusal(write.send(new CreateDatabaseCommand({ DatabaseName: 'two' })))).toMatchObject({
      name: 'ServiceQuotaExceededException',
      status: 402,
    });
  });

  it.each([
    ['a space', 'a b', 'Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+'],
    ['nothing', undefined, 'Member must not be null'],
  ])('are not named with %s', async (_, DatabaseName, constraint) => {
    const { write } = await startServer();
    const { name, message } = await refusal(write.send(new CreateDatabaseCommand({ DatabaseName })));
    expect(name).toBe('ValidationException');
    expect(message).toBe(
      `1 validation error detected: Value ${DatabaseName === undefined ? 'null' : `'${DatabaseName}'`} at 'databaseName' failed to satisfy constraint: ${constraint}`,
    );
  });
});

describe('tables', () => {
  it('are created with what is asked for and change only in what is said', async () => {
    const { write } = await startServer();
    const { Table } = await write.send(
      new CreateTableCommand({
        DatabaseName: 'db',
        TableName: 'x',
        RetentionProperties: { MemoryStoreRetentionPeriodInHours: 24, MagneticStoreRetentionPeriodInDays: 7 },
        MagneticStoreWriteProperties: {
          EnableMagneticStoreWrites: true,
          MagneticStoreRejectedDataLocation: { S3Configuration: { BucketName: 'bucket' } },
        },
      }),
    );
    expect(Table).toMatchObject({
      Arn: `${arn}/table/x`,
      TableStatus: 'ACTIVE',
      Schema: { CompositePartitionKey: [{ Type: 'MEASURE' }] },
      MagneticStoreWriteProperties: {
        EnableMagneticStoreWrites: true,
        MagneticStoreRejectedDataLocation: { S3Configuration: { BucketName: 'bucket' } },
      },
    });
    await write.send(
      new UpdateTableCommand({
        DatabaseName: 'db',
        TableName: 'x',
        RetentionProperties: { MemoryStoreRetentionPeriodInHours: 1, MagneticStoreRetentionPeriodInDays: 8 },
      }),
    );
    const described = await write.send(new DescribeTableCommand({ DatabaseName: 'db', TableName: 'x' }));
    expect(described.Table).toMatchObject({
      RetentionProperties: { MemoryStoreRetentionPeriodInHours: 1, MagneticStoreRetentionPeriodInDays: 8 },
      MagneticStoreWriteProperties: { EnableMagneticStoreWrites: true },
    });
  });

  it('have the default retention', async () => {
    const { write } = await startServer();
    const { Table } = await write.send(new DescribeTableCommand({ DatabaseName: 'db', TableName: 't' }));
    expect(Table).toMatchObject({
      RetentionProperties: { MemoryStoreRetentionPeriodInHours: 6, MagneticStoreRetentionPeriodInDays: 73_000 },
      MagneticStoreWriteProperties: { EnableMagneticStoreWrites: false },
    });
  });

  it.each([
    [{ MemoryStoreRetentionPeriodInHours: 0, MagneticStoreRetentionPeriodInDays: 1 }, 'greater than or equal to 1'],
    [{ MemoryStoreRetentionPeriodInHours: 8767, MagneticStoreRetentionPeriodInDays: 1 }, 'less than or equal to 8766'],
    [{ MemoryStoreRetentionPeriodInHours: 1, MagneticStoreRetentionPeriodInDays: 73_001 }, 'less than or equal to 73000'],
  ])('refuse a retention out of range: %j', async (RetentionProperties, constraint) => {
    const { write } = await startServer();
    const { message } = await refusal(write.send(new CreateTableCommand({ DatabaseName: 'db', TableName: 'x', RetentionProperties })));
    expect(message).toContain(`Member must have value ${constraint}`);
  });

  it('take one partition key, which stays what it is', async () => {
    const { write } = await startServer();
    const key = { Type: 'DIMENSION' as const, Name: 'host' };
    expect(
      (
        await refusal(
          write.send(
            new CreateTableCommand({ DatabaseName: 'db', TableName: 'x', Schema: { CompositePartitionKey: [key, { ...key, Name: 'b' }] } }),
          ),
        )
      ).message,
    ).toContain('Only 1 partition keys can be specified.');
    await write.send(new CreateTableCommand({ DatabaseName: 'db', TableName: 'x', Schema: { CompositePartitionKey: [key] } }));
    const change = (Name: string): Promise<unknown> =>
      write.send(
        new UpdateTableCommand({
          DatabaseName: 'db',
          TableName: 'x',
          Schema: { CompositePartitionKey: [{ Type: 'DIMENSION', Name, EnforcementInRecord: 'REQUIRED' }] },
        }),
      );
    await change('host');
    expect(await refusal(change('other'))).toMatchObject({ name: 'ValidationException' });
  });

  it('are listed for one database and for all', async () => {
    const { write, server } = await startServer();
    await server.createTable({ databaseName: 'another', tableName: 'z' });
    for (const tableName of ['b', 'a']) await server.createTable({ databaseName: 'db', tableName });
    const seen: string[] = [];
    for await (const page of paginateListTables({ client: write, pageSize: 2 }, {})) {
      expect(page.Tables?.length).toBeLessThanOrEqual(2);
      seen.push(...(page.Tables ?? []).map(({ DatabaseName, TableName }) => `${DatabaseName ?? ''}.${TableName ?? ''}`));
    }
    expect(seen).toEqual(['another.z', 'db.a', 'db.b', 'db.t']);
    const one = await write.send(new ListTablesCommand({ DatabaseName: 'db' }));
    expect(one.Tables?.map(({ TableName }) => TableName)).toEqual(['a', 'b', 't']);
    expect(one.NextToken).toBeUndefined();
    expect(await refusal(write.send(new ListTablesCommand({ DatabaseName: 'db', NextToken: 'made up' })))).toMatchObject({
      message: 'Invalid pagination token',
    });
  });

  it('are empty again after being deleted and created', async () => {
    const { write, server } = await startServer();
    await write.send(new DeleteTableCommand({ DatabaseName: 'db', TableName: 't' }));
    expect(await refusal(write.send(new DescribeTableCommand({ DatabaseName: 'db', TableName: 't' })))).toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await server.createTable({ databaseName: 'db', tableName: 't' });
    expect((await write.send(new DescribeTableCommand({ DatabaseName: 'db', TableName: 't' }))).Table?.TableName).toBe('t');
  });
});

describe('tags', () => {
  it('are added, replaced, listed and removed, and go with their resource', async () => {
    const { write } = await startServer();
    const list = async (): Promise<unknown> => (await write.send(new ListTagsForResourceCommand({ ResourceARN: arn }))).Tags;
    await write.send(
      new TagResourceCommand({
        ResourceARN: arn,
        Tags: [
          { Key: 'b', Value: '1' },
          { Key: 'a', Value: '' },
        ],
      }),
    );
    await write.send(new TagResourceCommand({ ResourceARN: arn, Tags: [{ Key: 'b', Value: '2' }] }));
    expect(await list()).toEqual([
      { Key: 'a', Value: '' },
      { Key: 'b', Value: '2' },
    ]);
    await write.send(new UntagResourceCommand({ ResourceARN: arn, TagKeys: ['a', 'never'] }));
    expect(await list()).toEqual([{ Key: 'b', Value: '2' }]);
    await write.send(new DeleteTableCommand({ DatabaseName: 'db', TableName: 't' }));
    await write.send(new DeleteDatabaseCommand({ DatabaseName: 'db' }));
    await write.send(new CreateDatabaseCommand({ DatabaseName: 'db' }));
    expect(await list()).toEqual([]);
  });

  it('belong to resources that exist', async () => {
    const { write } = await startServer();
    const missing = write.send(new ListTagsForResourceCommand({ ResourceARN: `${arn}/table/none` }));
    expect(await refusal(missing)).toMatchObject({ name: 'ResourceNotFoundException', status: 404 });
  });
});

describe('DescribeEndpoints', () => {
  it('gives the JavaScript SDK a bare host, so that discovery over an endpoint from the environment works', async () => {
    const { write, server } = await startServer();
    const { Endpoints } = await write.send(new DescribeEndpointsCommand({}));
    expect(Endpoints).toEqual([{ Address: '127.0.0.1', CachePeriodInMinutes: 1440 }]);
    const before = process.env['AWS_ENDPOINT_URL_TIMESTREAM_WRITE'];
    process.env['AWS_ENDPOINT_URL_TIMESTREAM_WRITE'] = server.url;
    const discovering = new TimestreamWriteClient({ region: 'us-east-1', credentials: credential });
    try {
      const { Tables } = await discovering.send(new ListTablesCommand({}));
      expect(Tables).toHaveLength(1);
    } finally {
      discovering.destroy();
      if (before === undefined) delete process.env['AWS_ENDPOINT_URL_TIMESTREAM_WRITE'];
      else process.env['AWS_ENDPOINT_URL_TIMESTREAM_WRITE'] = before;
    }
  });
});

describe('an operation that is not carried out', () => {
  it('is named in the error', async () => {
    const { write } = await startServer();
    expect(await refusal(write.send(new ResumeBatchLoadTaskCommand({ TaskId: 'TASK' })))).toEqual({
      name: 'ValidationException',
      status: 400,
      message: 'The embedded Timestream does not support ResumeBatchLoadTask.',
    });
  });
});
