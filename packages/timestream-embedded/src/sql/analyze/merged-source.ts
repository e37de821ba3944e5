import type { Expression, Query, QueryBody, Relation, SelectBody } from '../parse/syntax-tree.js';
import { sameType } from '../values/sql-type.js';
import { expressionContext, type ExpressionContext, type QueryPlace } from './context.js';
import { analyzeCondition, analyzeExpression } from './expression-analyzer.js';
import { analyzeRelation } from './relation-analyzer.js';
import { findColumn, nameFields, type Field, type Source } from './scope.js';
import { expandItem } from './select-item.js';
import { findTable } from './table-name.js';
import { scanTable } from './table-scan.js';

/**
 * The FROM clause of a SELECT that names one relation. A table, and a subquery that only picks columns and rows, become part of the SELECT
 * around them: each level between would list every column again, and DuckDB's time to plan grows with them (a table of 128 dimensions has
 * 132 columns or more).
 *
 * @throws {SqlError}
 */
export function analyzeFrom(relation: Relation, place: QueryPlace): Source {
  if (relation.kind === 'table') return mergedTable(relation, place) ?? analyzeRelation(relation, place);
  if (relation.kind !== 'derived') return analyzeRelation(relation, place);
  const merged = mergedQuery(relation.query, place);
  if (merged === undefined) return analyzeRelation(relation, place);
  return { ...merged, fields: nameFields(merged.fields, undefined, undefined, relation.alias) };
}

function mergedTable({ name, alias }: Extract<Relation, { kind: 'table' }>, { statement, named }: QueryPlace): Source | undefined {
  const [first, second] = name;
  if (first !== undefined && second === undefined && named.has(first.name)) return undefined;
  const { table, database, name: tableName } = findTable(name, statement.catalog);
  const { columns, from, where } = scanTable(table, statement.emitter);
  return { sql: from, where: [where], fields: nameFields(columns, tableName, database, alias) };
}

/** Undefined: it computes something, or its order or number of rows matters. */
function mergedQuery({ with: definitions, body, orderBy, limit }: Query, place: QueryPlace): Source | undefined {
  return definitions.length > 0 || orderBy.length > 0 || limit !== undefined ? undefined : mergedBody(body, place);
}

function mergedBody(body: QueryBody, place: QueryPlace): Source | undefined {
  if (body.kind === 'nested') return mergedQuery(body.query, place);
  if (body.kind === 'select') return mergedSelect(body, place);
  if (body.kind !== 'set-operation' || body.operator !== 'UNION' || !body.all) return undefined;
  // `SELECT … UNION ALL SELECT …` of which the second gives no row. What is wrong with it is still said.
  const left = mergedBody(body.left, place);
  const right = left && mergedBody(body.right, place);
  const isLeftAlone =
    right?.isEmpty === true &&
    right.fields.length === left?.fields.length &&
    right.fields.every(({ type }, index) => sameType(type, left.fields[index]?.type ?? type));
  return isLeftAlone ? left : undefined;
}

function mergedSelect(select: SelectBody, place: QueryPlace): Source | undefined {
  if (select.distinct || select.groupBy !== undefined || select.having !== undefined || select.from === undefined) return undefined;
  if (!select.items.every((item) => item.kind === 'star' || item.expression.kind === 'column')) return undefined;
  const source = analyzeFrom(select.from, place);
  const rows = expressionContext(place, source.fields, 'WHERE clause');
  const fields: Field[] = [];
  for (const { name, expression, field } of select.items.flatMap((item) => expandItem(item, source.fields))) {
    const [found, second] = expression?.kind === 'column' ? findColumn(expression, source.fields) : [field];
    // Of a query around this one, ambiguous, or nowhere.
    if (found === undefined || second !== undefined) return undefined;
    fields.push({ ...found, name });
  }
  const where = [...(source.where ?? [])];
  if (select.where !== undefined) where.push(analyzeCondition(select.where, rows, 'WHERE clause').sql);
  const isEmpty = source.isEmpty === true || (select.where !== undefined && leavesNoRow(select.where, rows));
  return { sql: source.sql, where, isEmpty, fields };
}

/** Whether the condition wants a time before the first that a row can have. */
function leavesNoRow(condition: Expression, context: ExpressionContext): boolean {
  if (condition.kind === 'logical') {
    return condition.operator === 'AND' && condition.operands.some((operand) => leavesNoRow(operand, context));
  }
  if (condition.kind !== 'comparison' || condition.operator !== '<' || condition.left.kind !== 'column') return false;
  const [field] = findColumn(condition.left, context.fields);
  if (field?.notBeforeNs === undefined) return false;
  const { literal } = analyzeExpression(condition.right, context);
  return literal?.type === 'timestamp' && literal.value <= field.notBeforeNs;
}
