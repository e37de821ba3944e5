import { structure } from '../wire/model-shape.js';

/** Inputs of the operations on scheduled queries, from the API model `timestream-query` of 2018-11-01. */

const arn = { type: 'string', min: 1, max: 2048 } as const;
const schemaName = { type: 'string', min: 1 } as const;
const scalarType = { type: 'string', values: ['BIGINT', 'BOOLEAN', 'DOUBLE', 'VARCHAR', 'TIMESTAMP'] } as const;
const mixedType = { type: 'string', values: ['BIGINT', 'BOOLEAN', 'DOUBLE', 'VARCHAR', 'MULTI'] } as const;
const attributes = {
  type: 'list',
  min: 1,
  member: structure(
    { SourceColumn: schemaName, TargetMultiMeasureAttributeName: schemaName, MeasureValueType: scalarType },
    'SourceColumn',
    'MeasureValueType',
  ),
} as const;

const target = structure(
  {
    TimestreamConfiguration: structure(
      {
        DatabaseName: schemaName,
        TableName: schemaName,
        TimeColumn: schemaName,
        DimensionMappings: {
          type: 'list',
          member: structure(
            { Name: schemaName, DimensionValueType: { type: 'string', values: ['VARCHAR'] } },
            'Name',
            'DimensionValueType',
          ),
        },
        MultiMeasureMappings: structure(
          { TargetMultiMeasureName: schemaName, MultiMeasureAttributeMappings: attributes },
          'MultiMeasureAttributeMappings',
        ),
        MixedMeasureMappings: {
          type: 'list',
          min: 1,
          member: structure(
            {
              MeasureName: schemaName,
              SourceColumn: schemaName,
              TargetMeasureName: schemaName,
              MeasureValueType: mixedType,
              MultiMeasureAttributeMappings: attributes,
            },
            'MeasureValueType',
          ),
        },
        MeasureNameColumn: schemaName,
      },
      'DatabaseName',
      'TableName',
      'TimeColumn',
      'DimensionMappings',
    ),
  },
  'TimestreamConfiguration',
);

export const scheduledQueryShapes = {
  CreateScheduledQuery: structure(
    {
      Name: { type: 'string', min: 1, max: 64, pattern: /^[a-zA-Z0-9|!\-_*'()]([a-zA-Z0-9]|[!\-_*'()/.])+$/ },
      QueryString: { type: 'string', min: 1, max: 262_144 },
      ScheduleConfiguration: structure({ ScheduleExpression: { type: 'string', min: 1, max: 256 } }, 'ScheduleExpression'),
      NotificationConfiguration: structure({ SnsConfiguration: structure({ TopicArn: arn }, 'TopicArn') }, 'SnsConfiguration'),
      TargetConfiguration: target,
      ClientToken: { type: 'string', min: 32, max: 128 },
      ScheduledQueryExecutionRoleArn: arn,
      Tags: {
        type: 'list',
        max: 200,
        member: structure({ Key: { type: 'string', min: 1, max: 128 }, Value: { type: 'string', max: 256 } }, 'Key', 'Value'),
      },
      KmsKeyId: { type: 'string', min: 1, max: 2048 },
      ErrorReportConfiguration: structure(
        {
          S3Configuration: structure(
            {
              BucketName: { type: 'string', min: 3, max: 63, pattern: /^[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9]$/ },
              ObjectKeyPrefix: { type: 'string', min: 1, max: 896 },
              EncryptionOption: { type: 'string', values: ['SSE_S3', 'SSE_KMS'] },
            },
            'BucketName',
          ),
        },
        'S3Configuration',
      ),
    },
    'Name',
    'QueryString',
    'ScheduleConfiguration',
    'NotificationConfiguration',
    'ScheduledQueryExecutionRoleArn',
    'ErrorReportConfiguration',
  ),
  Named: structure({ ScheduledQueryArn: arn }, 'ScheduledQueryArn'),
  UpdateScheduledQuery: structure(
    { ScheduledQueryArn: arn, State: { type: 'string', values: ['ENABLED', 'DISABLED'] } },
    'ScheduledQueryArn',
    'State',
  ),
  ExecuteScheduledQuery: structure(
    {
      ScheduledQueryArn: arn,
      InvocationTime: { type: 'double' },
      ClientToken: { type: 'string', min: 32, max: 128 },
      QueryInsights: structure({ Mode: { type: 'string', values: ['ENABLED_WITH_RATE_CONTROL', 'DISABLED'] } }, 'Mode'),
    },
    'ScheduledQueryArn',
    'InvocationTime',
  ),
  ListScheduledQueries: structure({ MaxResults: { type: 'integer', min: 1, max: 1000 }, NextToken: { type: 'string' } }),
  UpdateAccountSettings: structure({
    MaxQueryTCU: { type: 'integer', min: 4, max: 1000 },
    QueryPricingModel: { type: 'string', values: ['BYTES_SCANNED', 'COMPUTE_UNITS'] },
  }),
};
