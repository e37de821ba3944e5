import type { Catalog } from './catalog.js';
import type { ColumnInfo, Row } from './wire-value.js';
import { SqlError } from './sql-error.js';

export type { Catalog, CatalogMeasure, CatalogMeasureName, CatalogTable, MeasureDataType } from './catalog.js';
export type { ColumnInfo, Datum, Row } from './wire-value.js';
export { SqlError, type SqlErrorKind } from './sql-error.js';

/** A value as the DuckDB client binds it. The SQL text casts every parameter, so the client's own idea of its type does not matter. */
export type SqlParameter = string | number | bigint | boolean | null;

/** A statement for DuckDB: run it with `connection.run(duckdbSql, [...parameters])`, rows as arrays of JavaScript values. */
export interface PreparedQuery {
  readonly duckdbSql: string;
  /** `$1` is the first. */
  readonly parameters: readonly SqlParameter[];
  readonly columns: readonly ColumnInfo[];
  /** One DuckDB row (as `getRows()` gives it) in Timestream's wire form. */
  formatRow(values: readonly unknown[]): Row;
}

export type CompiledStatement =
  | { readonly kind: 'rows'; readonly columns: readonly ColumnInfo[]; readonly rows: readonly Row[] }
  | { readonly kind: 'query'; readonly query: PreparedQuery };

export interface SqlClock {
  /** Nanoseconds since the epoch. Read once per statement: `now()` is the same everywhere in it. */
  nowNs(): bigint;
}

/**
 * Compiles one Timestream statement.
 *
 * @throws {SqlError} kind `ValidationException`: whatever this engine does not take, with line and column; never an approximation.
 */
export function compileStatement(sqlText: string, catalog: Catalog, clock: SqlClock): CompiledStatement {
  void [sqlText, catalog, clock];
  throw new SqlError('ValidationException', 'line 1:1: no statement is supported yet');
}

/**
 * What DuckDB said while a compiled query ran, as Timestream's kind of error; undefined when it is not the statement's fault
 * (an interrupt, a full disk).
 */
export function executionError(error: unknown): SqlError | undefined {
  void error;
  return undefined;
}
