import type { EmbeddedLogger } from '../logger.js';
import type { QueryService } from '../query/query-service.js';
import { ServiceError, validationError } from '../service-error.js';
import type { UsageCounters } from '../usage-counters.js';
import type { OperationCall, OperationHandler } from '../wire/http-server.js';
import { parseModel } from '../wire/model-shape.js';
import {
  createDatabase,
  deleteDatabase,
  describeDatabase,
  listDatabases,
  updateDatabase,
  type OperationContext,
} from './database-operations.js';
import { describeEndpoints } from './describe-endpoints.js';
import { queryShapes, writeRecordsShape } from './operation-shapes.js';
import { createTable, deleteTable, describeTable, listTables, updateTable } from './table-operations.js';
import { listTagsForResource, tagResource, untagResource } from './tag-operations.js';
import { writeRecords } from './write-records.js';

export interface OperationsOptions {
  readonly context: OperationContext;
  readonly queries: QueryService;
  readonly usage: UsageCounters;
  readonly logger: EmbeddedLogger;
}

/** Operations of the service that this server knows of and does not carry out. */
const unsupportedOperations: ReadonlySet<string> = new Set([
  'CreateBatchLoadTask',
  'DescribeBatchLoadTask',
  'ListBatchLoadTasks',
  'ResumeBatchLoadTask',
  'CreateScheduledQuery',
  'DescribeScheduledQuery',
  'ListScheduledQueries',
  'UpdateScheduledQuery',
  'DeleteScheduledQuery',
  'ExecuteScheduledQuery',
  'DescribeAccountSettings',
  'UpdateAccountSettings',
]);

/** One endpoint for both clients: their operations have the same prefix, and those they share are the same. */
export function createOperations({ context, queries, usage, logger }: OperationsOptions): OperationHandler {
  const writeShape = writeRecordsShape(context.limits.maxRecordsPerRequest);
  const operations = new Map<string, (call: OperationCall) => object | Promise<object | string>>([
    ['DescribeEndpoints', (call) => describeEndpoints(call)],
    ['CreateDatabase', ({ body }) => createDatabase(context, body)],
    ['DescribeDatabase', ({ body }) => describeDatabase(context, body)],
    ['UpdateDatabase', ({ body }) => updateDatabase(context, body)],
    ['DeleteDatabase', ({ body }) => deleteDatabase(context, body)],
    ['ListDatabases', ({ body }) => listDatabases(context, body)],
    ['CreateTable', ({ body }) => createTable(context, body)],
    ['DescribeTable', ({ body }) => describeTable(context, body)],
    ['UpdateTable', ({ body }) => updateTable(context, body)],
    ['DeleteTable', ({ body }) => deleteTable(context, body)],
    ['ListTables', ({ body }) => listTables(context, body)],
    ['TagResource', ({ body }) => tagResource(context, body)],
    ['UntagResource', ({ body }) => untagResource(context, body)],
    ['ListTagsForResource', ({ body }) => listTagsForResource(context, body)],
    ['WriteRecords', ({ body }) => writeRecords(context, writeShape, usage, logger, body)],
    ['Query', ({ body, credential, signal }) => queries.query(credential.accessKeyId, parseModel(queryShapes.Query, body), signal)],
    ['CancelQuery', ({ body }) => queries.cancel(parseModel(queryShapes.CancelQuery, body).QueryId)],
    ['PrepareQuery', ({ body }) => prepareQuery(queries, body)],
  ]);
  return async (call) => {
    const operation = operations.get(call.operation);
    if (operation !== undefined) return operation(call);
    if (unsupportedOperations.has(call.operation)) throw validationError(`The embedded Timestream does not support ${call.operation}.`);
    throw new ServiceError('UnknownOperationException', `There is no operation ${call.operation.slice(0, 80)}.`);
  };
}

function prepareQuery(queries: QueryService, body: unknown): object {
  const input = parseModel(queryShapes.PrepareQuery, body);
  if (input.ValidateOnly === false) throw validationError('PrepareQuery supports ValidateOnly: true only.');
  return queries.prepare(input.QueryString);
}
