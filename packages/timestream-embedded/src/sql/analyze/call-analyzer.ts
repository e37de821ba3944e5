import { analyzeExpression, type ExpressionContext } from './expression-analyzer.js';
import { aggregateFunctions, notOverWindows, windowFunctions } from '../functions/aggregate-functions.js';
import { emitCall } from '../functions/function-table.js';
import { scalarFunctions } from '../functions/scalar-functions.js';
import { invalidAt } from '../sql-error.js';
import { isScalar, typeText } from '../values/sql-type.js';
import type { FrameBound, FunctionCall, SortItem, WindowSpecification } from '../parse/syntax-tree.js';
import type { TypedExpression } from '../values/typed-expression.js';

export function isAggregateCall(call: FunctionCall): boolean {
  return call.over === undefined && aggregateFunctions.has(call.name.toLowerCase());
}

/** A scalar call, or with OVER a window function. @throws {SqlError} for an aggregate: those are computed before, where they may stand. */
export function analyzeCall(call: FunctionCall, context: ExpressionContext): TypedExpression {
  const name = call.name.toLowerCase();
  const { position } = call;
  if (call.over !== undefined) return analyzeWindowCall(call, call.over, context);
  if (aggregateFunctions.has(name)) {
    throw invalidAt(position, `${context.clause ?? 'An expression'} cannot contain aggregations or window functions: ${name}`);
  }
  if (windowFunctions.has(name)) throw invalidAt(position, `Window function ${name} requires an OVER clause`);
  const functions = scalarFunctions.get(name);
  if (functions === undefined) throw invalidAt(position, `Function ${name} not registered`);
  if (call.distinct || call.star) throw invalidAt(position, `${call.star ? '*' : 'DISTINCT'} is for aggregates, not for ${name}`);
  const args = call.arguments.map((argument) => analyzeExpression(argument, context));
  return emitCall(functions, name, args, { emitter: context.emitter, nowNs: context.nowNs, position, distinct: '', over: '' });
}

/** An aggregate over the rows of a group. `context` is that of the rows. */
export function analyzeAggregateCall(call: FunctionCall, context: ExpressionContext, over = ''): TypedExpression {
  const name = call.name.toLowerCase();
  const { position } = call;
  const functions = aggregateFunctions.get(name);
  if (functions === undefined) throw invalidAt(position, `Function ${name} not registered`);
  if (call.star && name !== 'count') throw invalidAt(position, `* is for count, not for ${name}`);
  if (call.distinct && name === 'create_time_series') throw invalidAt(position, 'DISTINCT is not supported for create_time_series');
  const args = call.arguments.map((argument) => analyzeExpression(argument, context));
  return emitCall(functions, name, args, {
    emitter: context.emitter,
    nowNs: context.nowNs,
    position,
    distinct: call.distinct ? 'DISTINCT ' : '',
    over,
  });
}

function analyzeWindowCall(call: FunctionCall, window: WindowSpecification, context: ExpressionContext): TypedExpression {
  const name = call.name.toLowerCase();
  const { position } = call;
  if (context.clause !== undefined) throw invalidAt(position, `${context.clause} cannot contain aggregations or window functions: ${name}`);
  if (notOverWindows.has(name) || call.distinct)
    throw invalidAt(position, `${name}${call.distinct ? ' DISTINCT' : ''} is not supported with OVER`);
  // A window function inside a window function has no meaning.
  const inner: ExpressionContext = { ...context, clause: 'A window function' };
  const over = ` OVER (${windowSql(window, inner)})`;
  if (aggregateFunctions.has(name)) return analyzeAggregateCall(call, inner, over);
  const functions = windowFunctions.get(name);
  if (functions === undefined) throw invalidAt(position, `Function ${name} not registered as a window function`);
  const args = call.arguments.map((argument) => analyzeExpression(argument, inner));
  return emitCall(functions, name, args, { emitter: context.emitter, nowNs: context.nowNs, position, distinct: '', over });
}

function windowSql({ partitionBy, orderBy, frame, position }: WindowSpecification, context: ExpressionContext): string {
  const clauses: string[] = [];
  if (partitionBy.length > 0)
    clauses.push(`PARTITION BY ${partitionBy.map((expression) => sortKey(analyzeExpression(expression, context))).join(', ')}`);
  if (orderBy.length > 0)
    clauses.push(`ORDER BY ${orderBy.map((item) => sortSql(item, analyzeExpression(item.expression, context))).join(', ')}`);
  if (frame !== undefined) {
    const bounds = [frame.start, frame.end];
    if (frame.unit === 'RANGE' && bounds.some(({ kind }) => kind === 'preceding' || kind === 'following')) {
      throw invalidAt(position, 'RANGE with an offset is not supported; use ROWS');
    }
    clauses.push(`${frame.unit} BETWEEN ${bounds.map(frameBoundSql).join(' AND ')}`);
  }
  return clauses.join(' ');
}

const frameBoundSql = (bound: FrameBound): string =>
  'rows' in bound ? `${bound.rows} ${bound.kind.toUpperCase()}` : bound.kind.replace('-', ' ').toUpperCase();

/** `x DESC NULLS LAST`. @throws {SqlError} for a type that has no order. */
export function sortSql({ expression, descending, nullsFirst }: SortItem, typed: TypedExpression): string {
  if (typed.type.kind !== 'scalar' || isScalar(typed.type, 'UNKNOWN')) {
    throw invalidAt(expression.position, `Type ${typeText(typed.type)} is not orderable`);
  }
  return `${sortKey(typed)} ${descending ? 'DESC' : 'ASC'} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`;
}

/**
 * DuckDB gives a sorted column back out of its sort keys, in which -0.0 is 0.0. A key that is not the column itself leaves the column as it is.
 */
function sortKey({ type, sql }: TypedExpression): string {
  return isScalar(type, 'DOUBLE') ? `CASE WHEN ${sql} = 0 THEN 0 ELSE ${sql} END` : sql;
}
