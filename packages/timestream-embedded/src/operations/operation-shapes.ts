import { structure } from '../wire/model-shape.js';

/** Inputs of the operations, from the API models `timestream-write` and `timestream-query` of 2018-11-01. */

const text = { type: 'string' } as const;
const newName = { type: 'string', pattern: /^[a-zA-Z0-9_.-]+$/ } as const;
const schemaName = { type: 'string', min: 1 } as const;
const text256 = { type: 'string', min: 1, max: 256 } as const;
const text2048 = { type: 'string', min: 1, max: 2048 } as const;
const pageLimit = { type: 'integer', min: 1, max: 20 } as const;
const arn = { type: 'string', min: 1, max: 1011 } as const;

const tags = {
  type: 'list',
  max: 200,
  member: structure({ Key: { type: 'string', min: 1, max: 128 }, Value: { type: 'string', max: 256 } }, 'Key', 'Value'),
} as const;

const tableProperties = {
  RetentionProperties: structure(
    {
      MemoryStoreRetentionPeriodInHours: { type: 'integer', min: 1, max: 8766 },
      MagneticStoreRetentionPeriodInDays: { type: 'integer', min: 1, max: 73_000 },
    },
    'MemoryStoreRetentionPeriodInHours',
    'MagneticStoreRetentionPeriodInDays',
  ),
  MagneticStoreWriteProperties: structure(
    {
      EnableMagneticStoreWrites: { type: 'boolean' },
      MagneticStoreRejectedDataLocation: structure({
        S3Configuration: structure({
          BucketName: { type: 'string', min: 3, max: 63, pattern: /^[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9]$/ },
          ObjectKeyPrefix: { type: 'string', min: 1, max: 928, pattern: /^[a-zA-Z0-9|!\-_*'()]([a-zA-Z0-9]|[!\-_*'()/.])+$/ },
          EncryptionOption: { type: 'string', values: ['SSE_S3', 'SSE_KMS'] },
          KmsKeyId: text2048,
        }),
      }),
    },
    'EnableMagneticStoreWrites',
  ),
  Schema: structure({
    CompositePartitionKey: {
      type: 'list',
      min: 1,
      member: structure(
        {
          Type: { type: 'string', values: ['DIMENSION', 'MEASURE'] },
          Name: schemaName,
          EnforcementInRecord: { type: 'string', values: ['REQUIRED', 'OPTIONAL'] },
        },
        'Type',
      ),
    },
  }),
} as const;

export const recordShape = structure({
  Dimensions: {
    type: 'list',
    max: 128,
    member: structure({ Name: schemaName, Value: text, DimensionValueType: { type: 'string', values: ['VARCHAR'] } }, 'Name', 'Value'),
  },
  MeasureName: schemaName,
  MeasureValue: text2048,
  MeasureValueType: { type: 'string', values: ['DOUBLE', 'BIGINT', 'VARCHAR', 'BOOLEAN', 'TIMESTAMP', 'MULTI'] },
  MeasureValues: {
    type: 'list',
    member: structure(
      {
        Name: schemaName,
        Value: text2048,
        Type: { type: 'string', values: ['DOUBLE', 'BIGINT', 'VARCHAR', 'BOOLEAN', 'TIMESTAMP', 'MULTI'] },
      },
      'Name',
      'Value',
      'Type',
    ),
  },
  Time: text256,
  TimeUnit: { type: 'string', values: ['MILLISECONDS', 'SECONDS', 'MICROSECONDS', 'NANOSECONDS'] },
  Version: { type: 'long' },
});

export type WriteRecordsShape = ReturnType<typeof writeRecordsShape>;

/** @param maxRecords  records per request, so that a list of thousands is refused before its members are looked at. */
export function writeRecordsShape(maxRecords: number) {
  return structure(
    {
      DatabaseName: text,
      TableName: text,
      CommonAttributes: recordShape,
      Records: { type: 'list', min: 1, max: maxRecords, member: recordShape },
    },
    'DatabaseName',
    'TableName',
    'Records',
  );
}

const databaseName = structure({ DatabaseName: text }, 'DatabaseName');
const tableName = structure({ DatabaseName: text, TableName: text }, 'DatabaseName', 'TableName');

export const databaseShapes = {
  CreateDatabase: structure({ DatabaseName: newName, KmsKeyId: text2048, Tags: tags }, 'DatabaseName'),
  DescribeDatabase: databaseName,
  UpdateDatabase: structure({ DatabaseName: text, KmsKeyId: text2048 }, 'DatabaseName', 'KmsKeyId'),
  DeleteDatabase: databaseName,
  ListDatabases: structure({ NextToken: text, MaxResults: pageLimit }),
};

export const tableShapes = {
  CreateTable: structure({ DatabaseName: newName, TableName: newName, ...tableProperties, Tags: tags }, 'DatabaseName', 'TableName'),
  DescribeTable: tableName,
  UpdateTable: structure({ DatabaseName: text, TableName: text, ...tableProperties }, 'DatabaseName', 'TableName'),
  DeleteTable: tableName,
  ListTables: structure({ DatabaseName: text, NextToken: text, MaxResults: pageLimit }),
};

export const tagShapes = {
  TagResource: structure({ ResourceARN: arn, Tags: tags }, 'ResourceARN', 'Tags'),
  UntagResource: structure(
    { ResourceARN: arn, TagKeys: { type: 'list', max: 200, member: { type: 'string', min: 1, max: 128 } } },
    'ResourceARN',
    'TagKeys',
  ),
  ListTagsForResource: structure({ ResourceARN: arn, MaxResults: { type: 'integer', min: 1, max: 200 }, NextToken: text }, 'ResourceARN'),
};

export const queryShapes = {
  Query: structure(
    {
      QueryString: { type: 'string', min: 1, max: 262_144 },
      ClientToken: { type: 'string', min: 32, max: 128 },
      NextToken: { type: 'string', min: 1, max: 2048 },
      MaxRows: { type: 'integer', min: 1, max: 1000 },
      QueryInsights: structure({ Mode: { type: 'string', values: ['ENABLED_WITH_RATE_CONTROL', 'DISABLED'] } }, 'Mode'),
    },
    'QueryString',
  ),
  CancelQuery: structure({ QueryId: { type: 'string', min: 1, max: 64, pattern: /^[a-zA-Z0-9]+$/ } }, 'QueryId'),
  PrepareQuery: structure({ QueryString: { type: 'string', min: 1, max: 262_144 }, ValidateOnly: { type: 'boolean' } }, 'QueryString'),
};
