import type { EmbeddedLogger } from '../logger.js';
import type { QueryService } from '../query/query-service.js';
import { ServiceError, validationError } from '../service-error.js';
import type { UsageCounters } from '../usage-counters.js';
import type { OperationCall, OperationHandler } from '../wire/http-server.js';
import { decodeJsonBody } from '../wire/json-body.js';
import { parseModel } from '../wire/model-shape.js';
import {
  createDatabase,
  deleteDatabase,
  describeDatabase,
  listDatabases,
  updateDatabase,
  type OperationContext,
} from './database-operations.js';
import { describeAccountSettings, updateAccountSettings } from './account-settings.js';
import type { BatchLoads } from './batch-load.js';
import { describeEndpoints } from './describe-endpoints.js';
import { queryShapes, writeRecordsShape } from './operation-shapes.js';
import type { ScheduledQueries } from './scheduled-queries.js';
import { createTable, deleteTable, describeTable, listTables, updateTable } from './table-operations.js';
import { listTagsForResource, tagResource, untagResource } from './tag-operations.js';
import { writeRecords } from './write-records.js';

export interface OperationsOptions {
  readonly context: OperationContext;
  readonly queries: QueryService;
  readonly scheduled: ScheduledQueries;
  readonly batchLoads: BatchLoads;
  readonly usage: UsageCounters;
  readonly logger: EmbeddedLogger;
}

interface DecodedCall extends OperationCall {
  /** The decoded JSON body, not yet checked against the model. */
  readonly body: unknown;
}

/** Operations of the service that have no meaning here: a batch load that ended has nothing that could be resumed. */
const unsupportedOperations: ReadonlySet<string> = new Set(['ResumeBatchLoadTask']);

/** One endpoint for both clients: their operations have the same prefix, and those they share are the same. */
export function createOperations({ context, queries, scheduled, batchLoads, usage, logger }: OperationsOptions): OperationHandler {
  const writeShape = writeRecordsShape(context.limits.maxRecordsPerRequest);
  const operations = new Map<string, (call: DecodedCall) => object | Promise<object | string>>([
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
    ['TagResource', ({ body }) => tagResource(context, scheduled, body)],
    ['UntagResource', ({ body }) => untagResource(context, scheduled, body)],
    ['ListTagsForResource', ({ body }) => listTagsForResource(context, scheduled, body)],
    [
      'Query',
      ({ body, credential, departure }) => queries.query(credential.accessKeyId, parseModel(queryShapes.Query, body), departure.signal),
    ],
    ['CancelQuery', ({ body }) => queries.cancel(parseModel(queryShapes.CancelQuery, body).QueryId)],
    ['PrepareQuery', ({ body }) => prepareQuery(queries, body)],
    ['CreateScheduledQuery', ({ body }) => scheduled.create(body)],
    ['DescribeScheduledQuery', ({ body }) => scheduled.describe(body)],
    ['ListScheduledQueries', ({ body }) => scheduled.list(body)],
    ['UpdateScheduledQuery', ({ body }) => scheduled.update(body)],
    ['DeleteScheduledQuery', ({ body }) => scheduled.delete(body)],
    ['ExecuteScheduledQuery', ({ body }) => scheduled.execute(body)],
    ['DescribeAccountSettings', () => describeAccountSettings(context)],
    ['UpdateAccountSettings', ({ body }) => updateAccountSettings(context, body)],
    ['CreateBatchLoadTask', ({ body }) => batchLoads.create(body)],
    ['DescribeBatchLoadTask', ({ body }) => batchLoads.describe(body)],
    ['ListBatchLoadTasks', ({ body }) => batchLoads.list(body)],
  ]);
  return async (call) => {
    // Its body is by far the largest and the most frequent, and mostly needs no decoding.
    if (call.operation === 'WriteRecords') return writeRecords(context, writeShape, usage, logger, call.bytes);
    const body = decodeJsonBody(call.bytes);
    const operation = operations.get(call.operation);
    if (operation !== undefined) return operation({ ...call, body });
    if (unsupportedOperations.has(call.operation)) throw validationError(`The embedded Timestream does not support ${call.operation}.`);
    throw new ServiceError('UnknownOperationException', `There is no operation ${call.operation.slice(0, 80)}.`);
  };
}

function prepareQuery(queries: QueryService, body: unknown): object {
  const input = parseModel(queryShapes.PrepareQuery, body);
  if (input.ValidateOnly === false) throw validationError('PrepareQuery supports ValidateOnly: true only.');
  return queries.prepare(input.QueryString);
}
