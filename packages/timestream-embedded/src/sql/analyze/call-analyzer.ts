import { aggregateFunctions, notOverWindows, takesNullTreatment, windowFunctions } from '../functions/aggregate-functions.js';
import { emitCall, type Argument, type CallContext } from '../functions/function-table.js';
import { scalarFunctions } from '../functions/scalar-functions.js';
import type { Expression, FrameBound, FunctionCall, LambdaExpression, WindowSpecification } from '../parse/syntax-tree.js';
import { invalidAt, type SourcePosition } from '../sql-error.js';
import { nsPerDay } from '../values/time-text.js';
import { isScalar, typeText, type SqlType } from '../values/sql-type.js';
import { coerce, type TypedExpression } from '../values/typed-expression.js';
import type { ExpressionContext } from './context.js';
import { sortKey, sortSql } from './ordering.js';

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
  if (call.nulls !== undefined) throw invalidAt(position, `${call.nulls} NULLS is for window functions, not for ${name}`);
  return emitCall(functions, name, analyzeArguments(call, context), callContext(call, context, {}));
}

/** An aggregate over the rows of a group. `context` is that of the rows. */
export function analyzeAggregateCall(call: FunctionCall, context: ExpressionContext, over = ''): TypedExpression {
  const name = call.name.toLowerCase();
  const { position } = call;
  const functions = aggregateFunctions.get(name);
  if (functions === undefined) throw invalidAt(position, `Function ${name} not registered`);
  if (call.star && name !== 'count') throw invalidAt(position, `* is for count, not for ${name}`);
  if (call.distinct && !takesDistinct.has(name)) throw invalidAt(position, `DISTINCT is not supported for ${name}`);
  if (call.nulls !== undefined) throw invalidAt(position, `${call.nulls} NULLS is not supported for ${name}`);
  return emitCall(
    functions,
    name,
    analyzeArguments(call, context),
    callContext(call, context, { distinct: call.distinct ? 'DISTINCT ' : '', over }),
  );
}

/** Aggregates whose answer depends on how often a value is there, or that DISTINCT changes nothing of. */
const takesDistinct: ReadonlySet<string> = new Set(
  (
    'count count_if sum avg min max min_by max_by arbitrary array_agg bool_and every bool_or bitwise_and_agg bitwise_or_agg ' +
    'stddev stddev_samp stddev_pop variance var_samp var_pop approx_distinct'
  ).split(' '),
);

function callContext(
  { position }: FunctionCall,
  { emitter, nowNs, faults }: ExpressionContext,
  { distinct = '', over = '', nulls = '' }: { readonly distinct?: string; readonly over?: string; readonly nulls?: string },
): Omit<CallContext, 'resultType'> {
  return { emitter, nowNs, faults, position, distinct, over, nulls };
}

function analyzeArguments(call: FunctionCall, context: ExpressionContext): Argument[] {
  return call.arguments.map((argument) =>
    argument.kind === 'lambda' ? pendingLambda(argument, context) : context.analyzeExpression(argument, context),
  );
}

/** A lambda is analyzed once the types of its parameters are known: the arguments before it say them. */
function pendingLambda({ parameters, body, position }: LambdaExpression, context: ExpressionContext): Argument {
  return {
    kind: 'lambda',
    parameterCount: parameters.length,
    analyze: (types: readonly SqlType[], result: SqlType | undefined): TypedExpression => {
      const { emitter } = context;
      const names = parameters.map(() => emitter.lambdaParameter());
      const bound = new Map(context.parameters);
      for (const [index, { name, position: at }] of parameters.entries()) {
        const type = types[index];
        const sql = names[index];
        if (type === undefined || sql === undefined) throw new Error('a lambda is applied to as many types as it has parameters');
        if (parameters.findIndex((other) => other.name === name) < index) throw invalidAt(at, `The parameter '${name}' is given twice`);
        bound.set(name, { type, sql, mayBeNaN: true });
      }
      const inner: ExpressionContext = {
        ...context,
        parameters: bound,
        clause: 'A lambda',
        analyzeQuery: (query) => {
          throw invalidAt(query.position, 'A subquery inside a lambda is not supported');
        },
      };
      const typed = context.analyzeExpression(body, inner);
      const converted = (result && coerce(typed, result, position, emitter)) ?? typed;
      return { ...converted, sql: `lambda ${names.join(', ')}: ${converted.sql}` };
    },
  };
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
  if (call.nulls !== undefined && !takesNullTreatment.has(name))
    throw invalidAt(position, `${call.nulls} NULLS is not supported for ${name}`);
  const nulls = call.nulls === 'IGNORE' ? ' IGNORE NULLS' : '';
  return emitCall(functions, name, analyzeArguments(call, inner), callContext(call, inner, { over, nulls }));
}

function windowSql({ partitionBy, orderBy, frame, position }: WindowSpecification, context: ExpressionContext): string {
  const analyze = (expression: Expression): TypedExpression => context.analyzeExpression(expression, context);
  const clauses: string[] = [];
  if (partitionBy.length > 0) clauses.push(`PARTITION BY ${partitionBy.map((expression) => sortKey(analyze(expression))).join(', ')}`);
  const keys = orderBy.map((item) => ({ item, typed: analyze(item.expression) }));
  if (keys.length > 0) clauses.push(`ORDER BY ${keys.map(({ item, typed }) => sortSql(item, typed)).join(', ')}`);
  if (frame !== undefined) {
    const [first, second] = keys;
    const key = second === undefined ? first?.typed : undefined;
    const bounds = [frame.start, frame.end].map((bound) =>
      frame.unit === 'ROWS' ? rowsBound(bound, position) : rangeBound(bound, key, position),
    );
    clauses.push(`${frame.unit} BETWEEN ${bounds.join(' AND ')}`);
  }
  return clauses.join(' ');
}

const boundWords = ({ kind }: FrameBound): string => kind.replace('-', ' ').toUpperCase();

function rowsBound(bound: FrameBound, position: SourcePosition): string {
  if (!('offset' in bound)) return boundWords(bound);
  if (bound.offset.type !== 'integer') throw invalidAt(position, 'Window frame of type ROWS needs a whole number of rows');
  return `${bound.offset.value} ${boundWords(bound)}`;
}

/** Times are whole nanoseconds here and dates whole days, so that an interval is a number like any other. */
function rangeBound(bound: FrameBound, key: TypedExpression | undefined, position: SourcePosition): string {
  if (!('offset' in bound)) return boundWords(bound);
  const { offset } = bound;
  if (key === undefined) throw invalidAt(position, 'Window frame of type RANGE with an offset requires exactly one sort item in ORDER BY');
  const words = boundWords(bound);
  if (isScalar(key.type, 'TIMESTAMP') && offset.type === 'interval-day-to-second') return `CAST(${offset.value} AS BIGINT) ${words}`;
  if (isScalar(key.type, 'DATE') && offset.type === 'interval-day-to-second' && offset.value % nsPerDay === 0n)
    return `CAST(${offset.value / nsPerDay} AS BIGINT) ${words}`;
  if (isScalar(key.type, 'INTEGER', 'BIGINT') && offset.type === 'integer') return `${offset.value} ${words}`;
  if (isScalar(key.type, 'DOUBLE') && (offset.type === 'integer' || offset.type === 'double'))
    return `CAST(${offset.value} AS DOUBLE) ${words}`;
  throw invalidAt(position, `Window frame of type RANGE with this offset is not supported for ${typeText(key.type)}`);
}
