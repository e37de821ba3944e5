import { ServiceError, validationError } from '../service-error.js';
import type { PartitionKey, TableProperties, TableState } from '../store/table-state.js';
import { parseModel, type ModelValue } from '../wire/model-shape.js';
import type { Retention } from '../write/retention-window.js';
import { checkNameLength, type OperationContext } from './database-operations.js';
import { namePage } from './name-page.js';
import { tableShapes } from './operation-shapes.js';
import { requireDatabase, requireTable, tableArn } from './resource.js';

/** What `CreateTable` and `UpdateTable` have in common. */
type TableInput = ModelValue<(typeof tableShapes)['UpdateTable']>;

/** What a table gets that says nothing of retention (developer guide, "Quotas": defaults). */
export const defaultRetention: Retention = { memoryHours: 6, magneticDays: 73_000, magneticWrites: false };

export async function createTable(context: OperationContext, body: unknown): Promise<object> {
  const input = parseModel(tableShapes.CreateTable, body);
  const { store, account, limits } = context;
  checkNameLength('table', input.TableName, limits);
  const database = requireDatabase(store, input.DatabaseName);
  if (store.allTables().length >= limits.maxTables) {
    throw new ServiceError('ServiceQuotaExceededException', `The account has its ${limits.maxTables} tables.`);
  }
  const properties = changedProperties({ retention: defaultRetention }, input);
  const table = await store.createTable(database, input.TableName, properties);
  if (table === undefined) throw new ServiceError('ConflictException', `The table ${input.TableName} already exists.`);
  if (input.Tags !== undefined) await store.tags.put(tableArn(account, table), input.Tags);
  return { Table: describe(context, table) };
}

export function describeTable(context: OperationContext, body: unknown): object {
  const input = parseModel(tableShapes.DescribeTable, body);
  return { Table: describe(context, requireTable(context.store, input.DatabaseName, input.TableName)) };
}

export async function updateTable(context: OperationContext, body: unknown): Promise<object> {
  const input = parseModel(tableShapes.UpdateTable, body);
  const table = requireTable(context.store, input.DatabaseName, input.TableName);
  const properties = changedProperties(table.properties, input);
  const [before, after] = [table.properties.partitionKey, properties.partitionKey];
  if (input.Schema !== undefined && (before?.Type !== after?.Type || before?.Name !== after?.Name)) {
    throw validationError('The partition key of a table cannot be changed; only its enforcement level can.');
  }
  await context.store.updateTable(table, properties);
  return { Table: describe(context, table) };
}

export async function deleteTable(context: OperationContext, body: unknown): Promise<object> {
  const input = parseModel(tableShapes.DeleteTable, body);
  const table = requireTable(context.store, input.DatabaseName, input.TableName);
  await context.store.deleteTable(table);
  await context.store.tags.removeAll(tableArn(context.account, table));
  return {};
}

export function listTables(context: OperationContext, body: unknown): object {
  const input = parseModel(tableShapes.ListTables, body);
  const { store } = context;
  const tables = input.DatabaseName === undefined ? store.allTables() : [...requireDatabase(store, input.DatabaseName).tables.values()];
  const keyOf = ({ databaseName, tableName }: TableState): string => `${databaseName}/${tableName}`;
  const { items, ...token } = namePage(tables, keyOf, input.MaxResults, input.NextToken);
  return { Tables: items.map((table) => describe(context, table)), ...token };
}

/** What is not said stays as it was. */
function changedProperties(current: TableProperties, input: TableInput): TableProperties {
  const { RetentionProperties: retention, MagneticStoreWriteProperties: magnetic } = input;
  const location = magnetic === undefined ? current.rejectedDataLocation : magnetic.MagneticStoreRejectedDataLocation;
  const partitionKey = partitionKeyOf(input) ?? current.partitionKey;
  return {
    retention: {
      memoryHours: retention?.MemoryStoreRetentionPeriodInHours ?? current.retention.memoryHours,
      magneticDays: retention?.MagneticStoreRetentionPeriodInDays ?? current.retention.magneticDays,
      magneticWrites: magnetic?.EnableMagneticStoreWrites ?? current.retention.magneticWrites,
    },
    ...(location === undefined ? {} : { rejectedDataLocation: location }),
    ...(partitionKey === undefined ? {} : { partitionKey }),
  };
}

function partitionKeyOf({ Schema }: TableInput): PartitionKey | undefined {
  const [key, ...others] = Schema?.CompositePartitionKey ?? [];
  if (others.length > 0) {
    throw validationError(
      'You have specified too many partition keys to be used in your composite partition key. Only 1 partition keys can be specified.',
    );
  }
  if (key?.Type === 'DIMENSION' && key.Name === undefined) throw validationError('A partition key of type DIMENSION needs a name.');
  if (key?.Type === 'MEASURE' && (key.Name !== undefined || key.EnforcementInRecord !== undefined)) {
    throw validationError('A partition key of type MEASURE takes neither a name nor an enforcement level.');
  }
  return key?.Type === 'DIMENSION' ? { EnforcementInRecord: 'OPTIONAL', ...key } : key;
}

function describe({ account }: OperationContext, table: TableState): object {
  const { retention, rejectedDataLocation, partitionKey } = table.properties;
  return {
    Arn: tableArn(account, table),
    TableName: table.tableName,
    DatabaseName: table.databaseName,
    TableStatus: 'ACTIVE',
    RetentionProperties: {
      MemoryStoreRetentionPeriodInHours: retention.memoryHours,
      MagneticStoreRetentionPeriodInDays: retention.magneticDays,
    },
    CreationTime: table.createdMs / 1000,
    LastUpdatedTime: table.updatedMs / 1000,
    MagneticStoreWriteProperties: {
      EnableMagneticStoreWrites: retention.magneticWrites,
      ...(rejectedDataLocation === undefined ? {} : { MagneticStoreRejectedDataLocation: rejectedDataLocation }),
    },
    Schema: { CompositePartitionKey: [partitionKey ?? { Type: 'MEASURE' }] },
  };
}
