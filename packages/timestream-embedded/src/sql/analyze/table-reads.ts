import type { Expression, Identifier, Query, QueryBody, Relation } from '../parse/syntax-tree.js';
import { timestamp, varchar, type SqlType } from '../values/sql-type.js';
import type { SqlParameter } from '../values/statement-template.js';
import { Emitter, type TypedExpression } from '../values/typed-expression.js';
import { expressionContext, type ExpressionContext, type StatementContext } from './context.js';
import { makeAlike } from './expression-analyzer.js';

/** A table that a statement names, and what its conditions let the service leave unread. */
export interface TableRead {
  readonly database: string;
  readonly table: string;
  /** The column that the table is partitioned by: `measure_name`, or a dimension of the customer's own choice. */
  readonly partitionKey: string;
  /**
   * A DuckDB statement of one row: the oldest and the newest time that the conditions allow, the oldest and the newest record (nanoseconds,
   * NULL where there is none), the number of different partition keys, and how many of them the conditions allow.
   */
  readonly probe: { readonly duckdbSql: string; readonly parameters: readonly SqlParameter[] };
}

interface NamedRead {
  readonly database: string;
  readonly name: string;
  readonly alias: string | undefined;
  readonly conditions: Expression[];
}

/**
 * The tables of a query that compiled, each with the conditions that stand beside it: in the WHERE of the same SELECT, or in the ON of a join
 * that leaves rows of this table out. Only `column = value`, `IN` and comparisons of `time` count, with values that no row decides: a
 * function around the column, or LIKE, makes the service read everything (developer guide, "Optimizing queries using query insights").
 */
export function findTableReads(query: Query, statement: Omit<StatementContext, 'emitter' | 'commonTables'>): TableRead[] {
  const reads: NamedRead[] = [];
  visitQuery(query, new Set(), reads);
  return reads.map((read) => describeRead(read, statement));
}

function visitQuery(query: Query, outer: ReadonlySet<string>, reads: NamedRead[]): void {
  const named = new Set(outer);
  for (const { name, query: definition } of query.with) {
    visitQuery(definition, named, reads);
    named.add(name.name);
  }
  visitBody(query.body, named, reads);
  visitSubqueries(query.orderBy, named, reads);
}

function visitBody(body: QueryBody, named: ReadonlySet<string>, reads: NamedRead[]): void {
  if (body.kind === 'nested') {
    visitQuery(body.query, named, reads);
    return;
  }
  if (body.kind === 'set-operation') {
    visitBody(body.left, named, reads);
    visitBody(body.right, named, reads);
    return;
  }
  if (body.kind === 'values') {
    visitSubqueries(body.rows, named, reads);
    return;
  }
  if (body.from !== undefined) {
    const own = visitRelation(body.from, named, reads);
    if (body.where !== undefined) for (const read of own) read.conditions.push(body.where);
  }
  visitSubqueries([body.items, body.where, body.groupBy, body.having], named, reads);
}

/** @returns the tables that conditions beside this relation may speak of. */
function visitRelation(relation: Relation, named: ReadonlySet<string>, reads: NamedRead[]): NamedRead[] {
  switch (relation.kind) {
    case 'table': {
      const [database, table] = relation.name;
      if (database === undefined || table === undefined) return [];
      const read: NamedRead = { database: database.name, name: table.name, alias: relation.alias?.name.name, conditions: [] };
      reads.push(read);
      return [read];
    }
    case 'derived':
      visitQuery(relation.query, named, reads);
      return [];
    case 'unnest':
      visitSubqueries(relation.operand, named, reads);
      return [];
    case 'join': {
      const left = visitRelation(relation.left, named, reads);
      const right = visitRelation(relation.right, named, reads);
      const { on, join } = relation;
      if (on !== undefined) {
        // An outer join keeps all rows of its own side, whatever ON says of them.
        const narrowed = [...(join === 'INNER' || join === 'RIGHT' ? left : []), ...(join === 'INNER' || join === 'LEFT' ? right : [])];
        for (const read of narrowed) read.conditions.push(on);
        visitSubqueries(on, named, reads);
      }
      return [...left, ...right];
    }
  }
}

/** Queries inside expressions: wherever they stand in this part of the tree. */
function visitSubqueries(node: unknown, named: ReadonlySet<string>, reads: NamedRead[]): void {
  for (const query of subqueriesIn(node)) visitQuery(query, named, reads);
}

function subqueriesIn(node: unknown): Query[] {
  if (typeof node !== 'object' || node === null) return [];
  if ('with' in node && 'body' in node && 'orderBy' in node) return [node as Query];
  return Object.values(node).flatMap(subqueriesIn);
}

function describeRead(read: NamedRead, statement: Omit<StatementContext, 'emitter' | 'commonTables'>): TableRead {
  const table = statement.catalog.table(read.database, read.name);
  if (table === undefined) throw new Error(`the catalog has lost ${read.database}.${read.name}`);
  const emitter = new Emitter();
  const own: StatementContext = { ...statement, emitter, commonTables: [] };
  const context = expressionContext({ statement: own, named: new Map(), outer: undefined }, [], 'A bound');
  const partitionKey = table.partitionDimension ?? 'measure_name';
  const key = table.partitionDimension === undefined ? 'measure_name' : `dims[${emitter.bind(table.partitionDimension, 'VARCHAR')}]`;
  const bounds: Bounds = { low: [], high: [] };
  const allowed: string[] = [];
  for (const condition of read.conditions.flatMap(conjuncts)) {
    addTimeBounds(condition, read, context, bounds);
    const onKey = keyCondition(condition, partitionKey, read, context);
    if (onKey !== undefined) allowed.push(onKey);
  }
  const records = `FROM ${table.pointsRelation} WHERE time_ns >= ${emitter.bind(table.oldestTimeNs, 'BIGINT')}`;
  const bound = (name: string, values: readonly string[]): string =>
    values.length === 0 ? 'NULL::BIGINT' : `${name}(${values.join(', ')})`;
  const sql =
    `SELECT ${bound('greatest', bounds.low)}, ${bound('least', bounds.high)}, ` +
    `(SELECT min(time_ns) ${records}), (SELECT max(time_ns) ${records}), ` +
    `count(DISTINCT k), count(DISTINCT k) FILTER (WHERE ${allowed.length === 0 ? 'true' : allowed.join(' AND ')}) ` +
    `FROM (SELECT coalesce(${key}, '') AS k FROM ${table.seriesRelation})`;
  const template = emitter.finish(sql);
  return { database: read.database, table: read.name, partitionKey, probe: { duckdbSql: template.sql(), parameters: template.parameters } };
}

interface Bounds {
  readonly low: string[];
  readonly high: string[];
}

function conjuncts(condition: Expression): readonly Expression[] {
  return condition.kind === 'logical' && condition.operator === 'AND' ? condition.operands.flatMap(conjuncts) : [condition];
}

function addTimeBounds(condition: Expression, read: NamedRead, context: ExpressionContext, { low, high }: Bounds): void {
  const bound = (value: Expression): string | undefined => constantSql(value, timestamp, context);
  if (condition.kind === 'between' && !condition.negated && isColumn(condition.operand, 'time', read)) {
    const [from, to] = [bound(condition.low), bound(condition.high)];
    if (from !== undefined) low.push(from);
    if (to !== undefined) high.push(to);
  }
  if (condition.kind !== 'comparison' || condition.operator === '<>') return;
  const { left, right, operator } = condition;
  const isLeft = isColumn(left, 'time', read);
  if (!isLeft && !isColumn(right, 'time', read)) return;
  const value = bound(isLeft ? right : left);
  if (value === undefined) return;
  const isLower = operator.startsWith('>') === isLeft;
  if (operator === '=' || isLower) low.push(value);
  if (operator === '=' || !isLower) high.push(value);
}

/** The condition on the partition key `k` that this one makes, as DuckDB has it; undefined where it makes none. */
function keyCondition(condition: Expression, key: string, read: NamedRead, context: ExpressionContext): string | undefined {
  if (condition.kind === 'logical') {
    const sides = condition.operands.map((operand) => keyCondition(operand, key, read, context));
    const made = sides.filter((side) => side !== undefined);
    if (made.length === 0 || (condition.operator === 'OR' && made.length < sides.length)) return undefined;
    return `(${made.join(` ${condition.operator} `)})`;
  }
  const choices = keyChoices(condition, key, read)?.map((choice) => constantSql(choice, varchar, context));
  if (choices === undefined || choices.includes(undefined)) return undefined;
  return `k IN (${choices.join(', ')})`;
}

function keyChoices(condition: Expression, key: string, read: NamedRead): readonly Expression[] | undefined {
  if (condition.kind === 'in' && !condition.negated && isColumn(condition.operand, key, read))
    return 'body' in condition.choices ? undefined : condition.choices;
  if (condition.kind !== 'comparison' || condition.operator !== '=') return undefined;
  if (isColumn(condition.left, key, read)) return [condition.right];
  return isColumn(condition.right, key, read) ? [condition.left] : undefined;
}

/** Whether the expression is this column of this table. Without a qualifier it is: the statement compiled, so that no other has it. */
function isColumn(expression: Expression, name: string, { database, name: table, alias }: NamedRead): boolean {
  if (expression.kind !== 'column' || expression.parts.at(-1)?.name !== name) return false;
  const qualifier = expression.parts.slice(0, -1).map((part: Identifier) => part.name);
  if (qualifier.length === 0) return true;
  return alias === undefined
    ? qualifier.join('.') === table || qualifier.join('.') === `${database}.${table}`
    : qualifier.join('.') === alias;
}

/** A value that is the same for every row, in the type of what it is compared with; undefined for anything else. */
function constantSql(expression: Expression, type: SqlType, context: ExpressionContext): string | undefined {
  if (subqueriesIn(expression).length > 0) return undefined;
  try {
    const compared: TypedExpression = { type, sql: 'NULL', mayBeNaN: false };
    return makeAlike([compared, context.analyzeExpression(expression, context)], expression.position, context.emitter)[1]?.sql;
  } catch {
    // It names a column: rows decide it.
    return undefined;
  }
}
