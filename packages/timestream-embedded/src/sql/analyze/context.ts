import type { Catalog } from '../catalog.js';
import type { DialectFaults } from '../functions/function-table.js';
import type { ColumnExpression, Expression, Query } from '../parse/syntax-tree.js';
import type { LiteralValue } from '../values/literal-value.js';
import type { SqlType } from '../values/sql-type.js';
import type { Emitter, TypedExpression } from '../values/typed-expression.js';
import type { Field } from './scope.js';

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

/** The WITH queries that can be named, innermost first. */
export type NamedQueries = ReadonlyMap<string, NamedQuery>;

/** The columns of the queries around a subquery: undefined for a name that none of them has. */
export type OuterScope = (column: ColumnExpression) => TypedExpression | undefined;

/** Values of the parameters of a statement by name, or that their types are to be found. */
export type QueryParameters = 'infer' | ReadonlyMap<string, LiteralValue>;

/** What is the same in the whole statement. */
export interface StatementContext {
  readonly catalog: Catalog;
  readonly emitter: Emitter;
  readonly nowNs: () => bigint;
  readonly faults: DialectFaults;
  /** What `@name` stands for; `infer` for a query that is only prepared. */
  readonly parameters: QueryParameters;
  /** WITH queries, in the order in which DuckDB needs them. */
  readonly commonTables: { readonly sqlName: string; readonly sql: string }[];
  /** The recursion of queries into queries; `outer` for one inside an expression. */
  readonly analyzeQuery: (query: Query, named: NamedQueries, outer: OuterScope | undefined) => AnalyzedQuery;
  readonly analyzeExpression: (expression: Expression, context: ExpressionContext) => TypedExpression;
}

/** Where a query stands. */
export interface QueryPlace {
  readonly statement: StatementContext;
  readonly named: NamedQueries;
  readonly outer: OuterScope | undefined;
}

/** Where an expression stands. */
export interface ExpressionContext {
  readonly emitter: Emitter;
  readonly nowNs: () => bigint;
  readonly faults: DialectFaults;
  readonly queryParameters: QueryParameters;
  readonly fields: readonly Field[];
  /** Where neither aggregates nor window functions may stand, the name of the clause. */
  readonly clause: string | undefined;
  /** Parameters of the lambdas around the expression. */
  readonly parameters: ReadonlyMap<string, TypedExpression>;
  readonly outer: OuterScope | undefined;
  /** Looked at before anything else but parameters: how an aggregated query replaces what it has computed already. */
  readonly intercept?: (expression: Expression) => TypedExpression | undefined;
  /** A subquery of the expression; `enclosing` is the context that it stands in. */
  readonly analyzeQuery: (query: Query, enclosing: ExpressionContext) => AnalyzedQuery;
  /** The recursion of expressions into their parts. */
  readonly analyzeExpression: (expression: Expression, context: ExpressionContext) => TypedExpression;
  /** How deep the expression that is looked at stands in others; counted in place. */
  readonly nesting: { depth: number };
}

/** `clause` set: neither aggregates nor windows. */
export function expressionContext(
  { statement, named, outer }: QueryPlace,
  fields: readonly Field[],
  clause: string | undefined,
): ExpressionContext {
  const { emitter, nowNs, faults, analyzeExpression, parameters: queryParameters } = statement;
  return {
    emitter,
    nowNs,
    faults,
    queryParameters,
    fields,
    clause,
    parameters: new Map(),
    outer,
    nesting: { depth: 0 },
    analyzeExpression,
    analyzeQuery: (query, enclosing) => statement.analyzeQuery(query, named, (column) => resolveIn(column, enclosing)),
  };
}

/** A column of the enclosing query, or of one around that. */
function resolveIn(column: ColumnExpression, enclosing: ExpressionContext): TypedExpression | undefined {
  const isKnown = column.parts.some((_, index) => {
    const parts = column.parts.slice(0, index + 1);
    const name = parts.at(-1)?.name;
    return (
      enclosing.fields.some((field) => field.name === name && (parts.length === 1 || field.relation === parts.at(-2)?.name)) ||
      (index === 0 && name !== undefined && enclosing.parameters.has(name))
    );
  });
  return isKnown ? enclosing.analyzeExpression(column, enclosing) : enclosing.outer?.(column);
}
