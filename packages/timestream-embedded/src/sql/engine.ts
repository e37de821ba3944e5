import type { Catalog } from './catalog.js';
import { createFormatter } from './answer/format-value.js';
import { analyzeExpression } from './analyze/expression-analyzer.js';
import { analyzeQuery } from './analyze/query-analyzer.js';
import type { QueryParameters, StatementContext } from './analyze/context.js';
import type { DialectFaults } from './functions/function-table.js';
import { answerFromCatalog } from './answer/show-statement.js';
import { SqlError } from './sql-error.js';
import { findTableReads, type TableRead } from './analyze/table-reads.js';
import { withBoundedRows } from './answer/bounded-rows.js';
import { unloadTarget, type UnloadTarget } from './analyze/unload-target.js';
import { wireType } from './values/sql-type.js';
import { parseStatement } from './parse/statement-parser.js';
import type { Statement } from './parse/syntax-tree.js';
import { shareRoom } from './values/made-text.js';
import type { SqlParameter, StatementTemplate } from './values/statement-template.js';
import { Emitter } from './values/typed-expression.js';
import type { ColumnInfo, Row } from './values/wire-value.js';

export type { Catalog, CatalogMeasure, CatalogMeasureName, CatalogTable, MeasureDataType } from './catalog.js';
export type { ColumnInfo, Datum, Row, ScalarTypeName } from './values/wire-value.js';
export type { UnloadOptions } from './analyze/unload-target.js';
export type { DialectFaults } from './functions/function-table.js';
export { SqlError, type SqlErrorKind } from './sql-error.js';
export type { QueryParameters } from './analyze/context.js';
export type { TableRead } from './analyze/table-reads.js';
export type { SqlParameter } from './values/statement-template.js';

/** A statement for DuckDB: run it with `connection.run(duckdbSql, [...parameters])`, rows as arrays of JavaScript values. */
export interface PreparedQuery {
  readonly duckdbSql: string;
  /** `$1` is the first. */
  readonly parameters: readonly SqlParameter[];
  readonly columns: readonly ColumnInfo[];
  /** Parameters that the statement names, with the types that their uses ask for. */
  readonly namedParameters: readonly ColumnInfo[];
  /** One DuckDB row (as `getRows()` gives it) in Timestream's wire form. */
  readonly formatRow: (values: readonly unknown[]) => Row;
}

export type CompiledStatement =
  | { readonly kind: 'rows'; readonly columns: readonly ColumnInfo[]; readonly rows: readonly Row[] }
  | {
      readonly kind: 'query';
      readonly query: PreparedQuery;
      readonly unload?: UnloadStatement;
      /** Where insights were asked for. */
      readonly tableReads?: readonly TableRead[];
    };

/** Where a query is unloaded to, and how. */
export interface UnloadStatement extends UnloadTarget {
  readonly columns: readonly ColumnInfo[];
}

export interface SqlClock {
  /** Nanoseconds since the epoch. Read once per statement: `now()` is the same everywhere in it. */
  nowNs(): bigint;
}

export interface CompileOptions {
  readonly faults?: DialectFaults;
  /** Values of `@name`, or that their types are to be found and nothing runs. */
  readonly parameters?: QueryParameters;
  /** Whether to find out what the statement reads of each table. */
  readonly insights?: boolean;
}

/**
 * Compiles one Timestream statement.
 *
 * @throws {SqlError} kind `ValidationException`: whatever this engine does not take, with line and column; never an approximation.
 */
export function compileStatement(sqlText: string, catalog: Catalog, clock: SqlClock, options: CompileOptions = {}): CompiledStatement {
  const nowNs = clock.nowNs();
  const statement = parseStatement(sqlText);
  if (statement.kind !== 'query' && statement.kind !== 'unload') return { kind: 'rows', ...answerFromCatalog(statement, catalog) };
  const { template, tableReads, ...query } = compileQuery(statement, catalog, () => nowNs, options);
  const unload = statement.kind === 'unload' ? { unload: { ...unloadTarget(statement), columns: query.columns } } : {};
  return {
    kind: 'query',
    ...unload,
    ...(tableReads ? { tableReads } : {}),
    query: { duckdbSql: template.sql(), parameters: template.parameters, ...query },
  };
}

/** A query that is compiled, but for the numbers of its shape. */
export interface QueryTemplate extends Omit<PreparedQuery, 'duckdbSql' | 'parameters'> {
  readonly template: StatementTemplate;
  readonly tableReads?: readonly TableRead[];
}

/** @throws {SqlError} */
export function compileQuery(
  statement: Extract<Statement, { kind: 'query' | 'unload' }>,
  catalog: Catalog,
  nowNs: () => bigint,
  { faults = {}, parameters = new Map(), insights = false }: CompileOptions,
): QueryTemplate {
  const emitter = new Emitter();
  const context: StatementContext = {
    catalog,
    emitter,
    nowNs,
    faults,
    parameters,
    commonTables: [],
    analyzeExpression,
    analyzeQuery: (query, named, outer) => analyzeQuery(query, { statement: context, named, outer }),
  };
  const analyzed = context.analyzeQuery(statement.query, new Map(), undefined);
  const { columns } = analyzed;
  const sql = withBoundedRows(analyzed, emitter);
  const definitions = context.commonTables.map((table) => `${table.sqlName} AS (${table.sql})`).join(', ');
  const namedColumns = columns.map(({ name, type }, index) => ({ Name: name ?? `_col${index}`, Type: wireType(type) }));
  const formatters = columns.map(({ type }) => createFormatter(type, faults.doubleDigits));
  return {
    ...(insights ? { tableReads: findTableReads(statement.query, context) } : {}),
    template: emitter.finish(shareRoom(definitions === '' ? sql : `WITH ${definitions} ${sql}`)),
    namedParameters: Array.from(emitter.parameterTypes, ([name, type]) => ({ Name: name, Type: wireType(type) })),
    columns: namedColumns,
    formatRow: (values) => ({ Data: formatters.map((format, index) => format(values[index])) }),
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
  // What the engine adds about its own settings is no help to a client, who cannot change them.
  if (message.startsWith('Out of Memory Error'))
    return new SqlError('QueryExecutionException', 'The query needs more memory than the server lets it have (--memory-limit)', {
      cause: error,
    });
  if (message.includes('Max expression depth limit'))
    return new SqlError('ValidationException', 'line 1:1: The statement nests too deeply', { cause: error });
  return undefined;
}
