import type { Catalog } from '../catalog.js';
import { sortSql } from './call-analyzer.js';
import { analyzeExpression, makeAlike, type ExpressionContext } from './expression-analyzer.js';
import type { Field } from './scope.js';
import { analyzeSelect } from './select-analyzer.js';
import { invalidAt } from '../sql-error.js';
import { commonType, sameType, typeText, type SqlType } from '../values/sql-type.js';
import type { Query, QueryBody, SetOperation, SortItem, ValuesBody } from '../parse/syntax-tree.js';
import { coerce, type Emitter, type TypedExpression } from '../values/typed-expression.js';

export interface OutputColumn {
  /** Undefined for a computed column without alias; an answer prints it as `_col0` by its position. */
  readonly name: string | undefined;
  readonly type: SqlType;
  readonly mayBeNaN: boolean;
}

/** A query as a DuckDB SELECT whose columns are named c0, c1, … */
export interface AnalyzedQuery {
  readonly sql: string;
  readonly columns: readonly OutputColumn[];
}

/** A WITH query: its DuckDB name. */
export interface NamedQuery {
  readonly sqlName: string;
  readonly columns: readonly OutputColumn[];
}

/** What is the same in the whole statement. */
export interface StatementContext {
  readonly catalog: Catalog;
  readonly emitter: Emitter;
  readonly nowNs: bigint;
  /** WITH queries, in the order in which DuckDB needs them. */
  readonly commonTables: { readonly sqlName: string; readonly sql: string }[];
}

/** The WITH queries that can be named, innermost first. */
export type NamedQueries = ReadonlyMap<string, NamedQuery>;

/** @throws {SqlError} */
export function analyzeQuery(query: Query, statement: StatementContext, outer: NamedQueries): AnalyzedQuery {
  const named = new Map(outer);
  for (const { name, columns, query: definition } of query.with) {
    const analyzed = analyzeQuery(definition, statement, named);
    if (columns.length > 0 && columns.length !== analyzed.columns.length) {
      throw invalidAt(
        name.position,
        `Column alias list has ${columns.length} entries but WITH query has ${analyzed.columns.length} columns`,
      );
    }
    const sqlName = statement.emitter.name('w');
    statement.commonTables.push({ sqlName, sql: analyzed.sql });
    named.set(name.name, {
      sqlName,
      columns: analyzed.columns.map((column, index) => ({ ...column, name: columns[index]?.name ?? column.name })),
    });
  }
  const { body, orderBy, limit } = query;
  if (body.kind === 'select') return analyzeSelect(body, orderBy, limit, statement, named);
  const analyzed = analyzeBody(body, statement, named);
  if (orderBy.length === 0 && limit === undefined) return analyzed;
  const alias = statement.emitter.name('q');
  const fields = analyzed.columns.map((column, index): Field => ({
    ...column,
    relation: undefined,
    database: undefined,
    sql: `${alias}.c${index}`,
  }));
  const context = expressionContext(statement, named, fields, 'ORDER BY');
  const sort = orderBy.map((item) => {
    const ordinal = ordinalOf(item, fields.length);
    const field = ordinal === undefined ? undefined : fields[ordinal];
    return sortSql(item, field ?? analyzeExpression(item.expression, context));
  });
  return {
    columns: analyzed.columns,
    sql: `SELECT ${columnList(analyzed.columns.length, alias)} FROM (${analyzed.sql}) AS ${alias}${orderAndLimit(sort, limit)}`,
  };
}

/** `clause` set: neither aggregates nor windows. */
export function expressionContext(
  statement: StatementContext,
  named: NamedQueries,
  fields: readonly Field[],
  clause: string | undefined,
): ExpressionContext {
  const { emitter, nowNs } = statement;
  return { emitter, nowNs, fields, clause, depth: 0, analyzeQuery: (query) => analyzeQuery(query, statement, named) };
}

/** The zero-based output column that `ORDER BY 2` or `GROUP BY 2` means; undefined for anything but a whole number. */
export function ordinalOf({ expression }: Pick<SortItem, 'expression'>, count: number): number | undefined {
  if (expression.kind !== 'literal' || expression.literal.type !== 'integer') return undefined;
  const { value } = expression.literal;
  if (value < 1n || value > BigInt(count)) throw invalidAt(expression.position, `Position ${value} is not in select list`);
  return Number(value) - 1;
}

export const columnList = (count: number, alias: string): string =>
  Array.from({ length: count }, (_, index) => `${alias}.c${index} AS c${index}`).join(', ');

export const orderAndLimit = (sort: readonly string[], limit: bigint | undefined): string =>
  (sort.length > 0 ? ` ORDER BY ${sort.join(', ')}` : '') + (limit === undefined ? '' : ` LIMIT ${limit}`);

function analyzeBody(body: QueryBody, statement: StatementContext, named: NamedQueries): AnalyzedQuery {
  switch (body.kind) {
    case 'select':
      return analyzeSelect(body, [], undefined, statement, named);
    case 'nested':
      return analyzeQuery(body.query, statement, named);
    case 'values':
      return analyzeValues(body, statement, named);
    case 'set-operation':
      return analyzeSetOperation(body, statement, named);
  }
}

function analyzeSetOperation(
  { operator, all, left, right, position }: SetOperation,
  statement: StatementContext,
  named: NamedQueries,
): AnalyzedQuery {
  const sides = [analyzeBody(left, statement, named), analyzeBody(right, statement, named)] as const;
  const [first, second] = sides;
  if (first.columns.length !== second.columns.length) {
    throw invalidAt(position, `${operator} query has different number of fields: ${first.columns.length}, ${second.columns.length}`);
  }
  const columns = first.columns.map((column, index): OutputColumn => {
    const other = second.columns[index] ?? column;
    const type = commonType(column.type, other.type);
    if (type === undefined)
      throw invalidAt(
        position,
        `column ${index + 1} in ${operator} query has incompatible types: ${typeText(column.type)}, ${typeText(other.type)}`,
      );
    if (!all && !isComparable(type)) throw invalidAt(position, `${operator} cannot compare columns of type ${typeText(type)}`);
    return { name: column.name, type, mayBeNaN: column.mayBeNaN || other.mayBeNaN };
  });
  const [leftSql, rightSql] = sides.map((side) => {
    const alias = statement.emitter.name('q');
    const items = columns.map(({ type }, index) => {
      const column: TypedExpression = { type: side.columns[index]?.type ?? type, sql: `${alias}.c${index}`, mayBeNaN: true };
      const converted = sameType(column.type, type) ? column : coerce(column, type, position, statement.emitter);
      return `${converted?.sql ?? column.sql} AS c${index}`;
    });
    return `(SELECT ${items.join(', ')} FROM (${side.sql}) AS ${alias})`;
  });
  return { columns, sql: `${leftSql ?? ''} ${operator}${all ? ' ALL' : ''} ${rightSql ?? ''}` };
}

/** Whether values of the type can be told apart by DISTINCT, GROUP BY and the set operations. */
export function isComparable(type: SqlType): boolean {
  return type.kind === 'scalar' || (type.kind === 'array' && isComparable(type.element));
}

function analyzeValues({ rows, position }: ValuesBody, statement: StatementContext, named: NamedQueries): AnalyzedQuery {
  const context = expressionContext(statement, named, [], 'VALUES');
  const width = rows[0]?.length ?? 0;
  if (rows.some((row) => row.length !== width)) throw invalidAt(position, 'Values rows have mismatched types: their lengths differ');
  const cells = rows.map((row) => row.map((expression) => analyzeExpression(expression, context)));
  const byColumn = Array.from({ length: width }, (_, index) =>
    makeAlike(
      cells.flatMap((row) => row[index] ?? []),
      position,
      statement.emitter,
    ),
  );
  const alias = statement.emitter.name('q');
  const texts = rows.map((_, row) => `(${byColumn.map((column) => column[row]?.sql ?? 'NULL').join(', ')})`);
  const columns = byColumn.map((column): OutputColumn => {
    const [first] = column;
    if (first === undefined) throw new Error('VALUES has a row');
    return { name: undefined, type: first.type, mayBeNaN: column.some(({ mayBeNaN }) => mayBeNaN) };
  });
  const names = columns.map((_, index) => `c${index}`).join(', ');
  return { columns, sql: `SELECT ${names} FROM (VALUES ${texts.join(', ')}) AS ${alias}(${names})` };
}
