import { ServiceError } from '../service-error.js';
import type { DatabaseState, Store } from '../store/store.js';
import type { TableState } from '../store/table-state.js';

/** Where the account's resources live, as their ARNs say it. */
export interface Account {
  readonly region: string;
  readonly accountId: string;
}

export function databaseArn({ region, accountId }: Account, databaseName: string): string {
  return `arn:aws:timestream:${region}:${accountId}:database/${databaseName}`;
}

export function tableArn(account: Account, { databaseName, tableName }: Pick<TableState, 'databaseName' | 'tableName'>): string {
  return `${databaseArn(account, databaseName)}/table/${tableName}`;
}

/** @throws {ServiceError} ResourceNotFoundException */
export function requireDatabase(store: Store, databaseName: string): DatabaseState {
  const database = store.database(databaseName);
  if (database === undefined) throw new ServiceError('ResourceNotFoundException', `The database ${databaseName} does not exist.`);
  return database;
}

/** @throws {ServiceError} ResourceNotFoundException */
export function requireTable(store: Store, databaseName: string, tableName: string): TableState {
  requireDatabase(store, databaseName);
  const table = store.table(databaseName, tableName);
  if (table === undefined) throw new ServiceError('ResourceNotFoundException', `The table ${tableName} does not exist.`);
  return table;
}
