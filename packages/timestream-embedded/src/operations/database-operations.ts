import type { TimestreamLimits } from '../limits.js';
import { ServiceError, validationError } from '../service-error.js';
import type { DatabaseState, Store } from '../store/store.js';
import { parseModel } from '../wire/model-shape.js';
import { namePage } from './name-page.js';
import { databaseShapes } from './operation-shapes.js';
import { databaseArn, requireDatabase, type Account } from './resource.js';

export interface OperationContext {
  readonly store: Store;
  readonly account: Account;
  readonly limits: TimestreamLimits;
}

export async function createDatabase(context: OperationContext, body: unknown): Promise<object> {
  const input = parseModel(databaseShapes.CreateDatabase, body);
  const { store, account, limits } = context;
  checkNameLength('database', input.DatabaseName, limits);
  if (store.allDatabases().length >= limits.maxDatabases) {
    throw new ServiceError('ServiceQuotaExceededException', `The account has its ${limits.maxDatabases} databases.`);
  }
  const keyId = input.KmsKeyId ?? `arn:aws:kms:${account.region}:${account.accountId}:key/00000000-0000-0000-0000-000000000000`;
  const database = await store.createDatabase(input.DatabaseName, keyId);
  if (database === undefined) throw new ServiceError('ConflictException', `The database ${input.DatabaseName} already exists.`);
  if (input.Tags !== undefined) await store.tags.put(databaseArn(account, database.name), input.Tags);
  return { Database: describe(context, database) };
}

export function describeDatabase(context: OperationContext, body: unknown): object {
  const input = parseModel(databaseShapes.DescribeDatabase, body);
  return { Database: describe(context, requireDatabase(context.store, input.DatabaseName)) };
}

export async function updateDatabase(context: OperationContext, body: unknown): Promise<object> {
  const input = parseModel(databaseShapes.UpdateDatabase, body);
  const database = requireDatabase(context.store, input.DatabaseName);
  await context.store.updateDatabase(database, input.KmsKeyId);
  return { Database: describe(context, database) };
}

export async function deleteDatabase(context: OperationContext, body: unknown): Promise<object> {
  const input = parseModel(databaseShapes.DeleteDatabase, body);
  const database = requireDatabase(context.store, input.DatabaseName);
  const isDeleted = await context.store.deleteDatabase(database);
  if (!isDeleted) throw validationError(`The database ${input.DatabaseName} still has tables. Delete them first.`);
  await context.store.tags.removeAll(databaseArn(context.account, database.name));
  return {};
}

export function listDatabases(context: OperationContext, body: unknown): object {
  const input = parseModel(databaseShapes.ListDatabases, body);
  const { items, ...token } = namePage(context.store.allDatabases(), ({ name }) => name, input.MaxResults, input.NextToken);
  return { Databases: items.map((database) => describe(context, database)), ...token };
}

export function checkNameLength(kind: string, name: string, { maxResourceNameBytes }: TimestreamLimits): void {
  if (name.length > maxResourceNameBytes) throw validationError(`The ${kind} name is longer than ${maxResourceNameBytes} bytes.`);
}

function describe({ account }: OperationContext, database: DatabaseState): object {
  return {
    Arn: databaseArn(account, database.name),
    DatabaseName: database.name,
    TableCount: database.tables.size,
    KmsKeyId: database.kmsKeyId,
    CreationTime: database.createdMs / 1000,
    LastUpdatedTime: database.updatedMs / 1000,
  };
}
