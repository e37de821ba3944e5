import type { Catalog } from './catalog.js';
import { createFormatter } from './answer/format-value.js';
import { analyzeExpression } from './analyze/expression-analyzer.js';
import { analyzeQuery } from './analyze/query-analyzer.js';
import type { StatementContext } from './analyze/context.js';
import type { DialectFaults } from './functions/function-table.js';
import { answerFromCatalog } from './answer/show-statement.js';
import { SqlError } from './sql-error.js';
import { wireType } from './values/sql-type.js';
import { parseStatement } from './parse/statement-parser.js';
import { Emitter, type SqlParameter } from './values/typed-expression.js';
import type { ColumnInfo, Row } from './values/wire-value.js';

export type { Catalog, CatalogMeasure, CatalogMeasureName, CatalogTable, MeasureDataType } from './catalog.js';
export type { ColumnInfo, Datum, Row } from './values/wire-value.js';
export type { DialectFaults } from './functions/function-table.js';
export { SqlError, type SqlErrorKind } from './sql-error.js';
export type { SqlParameter } from './values/typed-expression.js';

/** A statement for DuckDB: run it with `connection.run(duckdbSql, [...parameters])`, rows as arrays of JavaScript values. */
export interface PreparedQuery {
  readonly duckdbSql: string;
  /** `$1` is the first. */
  readonly parameters: readonly SqlParameter[];
  readonly columns: readonly ColumnInfo[];
  /** One DuckDB row (as `getRows()` gives it) in Timestream's wire form. */
  readonly formatRow: (values: readonly unknown[]) => Row;
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
export function compileStatement(sqlText: string, catalog: Catalog, clock: SqlClock, faults: DialectFaults = {}): CompiledStatement {
  const statement = parseStatement(sqlText);
  if (statement.kind !== 'query') return { kind: 'rows', ...answerFromCatalog(statement, catalog) };
  const emitter = new Emitter();
  const context: StatementContext = {
    catalog,
    emitter,
    nowNs: clock.nowNs(),
    faults,
    commonTables: [],
    analyzeExpression,
    analyzeQuery: (query, named, outer) => analyzeQuery(query, { statement: context, named, outer }),
  };
  const { sql, columns } = context.analyzeQuery(statement.query, new Map(), undefined);
  const definitions = context.commonTables.map((table) => `${table.sqlName} AS (${table.sql})`).join(', ');
  const formatters = columns.map(({ type }) => createFormatter(type, faults.doubleDigits));
  return {
    kind: 'query',
    query: {
      ...emitter.finish(definitions === '' ? sql : `WITH ${definitions} ${sql}`),
      columns: columns.map(({ name, type }, index) => ({ Name: name ?? `_col${index}`, Type: wireType(type) })),
      formatRow: (values) => ({ Data: formatters.map((format, index) => format(values[index])) }),
    },
  };
}

/**
 * What DuckDB said while a compiled query ran, as Timestream's kind of error; undefined when it is not the statement's fault
 * (an interrupt, a full disk).
 */
export function executionError(error: unknown): SqlError | undefined {
  const message = error instanceof Error ? error.message : '';
  const match = /^(Invalid Input|Out of Range|Conversion) Error: (.*)/s.exec(message);
  if (match !== null) {
    const [firstLine = ''] = (match[2] ?? '').split('\n');
    return new SqlError('QueryExecutionException', firstLine, { cause: error });
  }
  if (message.includes('Max expression depth limit'))
    return new SqlError('ValidationException', 'line 1:1: The statement nests too deeply', { cause: error });
  return undefined;
}
