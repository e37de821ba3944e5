import type { Catalog, CatalogTable } from '../catalog.js';
import { invalidAt, SqlError } from '../sql-error.js';
import type { Identifier } from '../parse/syntax-tree.js';

export interface NamedTable {
  readonly table: CatalogTable;
  readonly database: string;
  readonly name: string;
}

/**
 * The table that `"db"."table"` names.
 *
 * @throws {SqlError} for a missing database in Timestream's own words. Its words for a missing table are not published; these are ours.
 */
export function findTable(parts: readonly Identifier[], catalog: Catalog): NamedTable {
  const [database, name] = parts;
  if (database === undefined || name === undefined) {
    const [only] = parts;
    throw invalidAt(
      only?.position ?? { line: 1, column: 1 },
      `Table '${only?.name ?? ''}' must be named with its database, as "database"."table"`,
    );
  }
  checkDatabase(database, `${database.name}.${name.name}`, catalog);
  const table = catalog.table(database.name, name.name);
  if (table === undefined) throw invalidAt(database.position, `Table '${database.name}.${name.name}' does not exist`);
  return { table, database: database.name, name: name.name };
}

export function checkDatabase(database: Identifier, identifier: string, catalog: Catalog): void {
  if (catalog.databases().includes(database.name)) return;
  const { line, column } = database.position;
  throw new SqlError(
    'ValidationException',
    `Requested database '${database.name}' not found for identifier '${identifier}' at line ${line}:${column}`,
  );
}
