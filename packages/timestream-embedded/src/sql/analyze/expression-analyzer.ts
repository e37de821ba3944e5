import { arithmeticExpression } from './arithmetic.js';
import { analyzeCall } from './call-analyzer.js';
import { castExpression, resolveTypeName } from './cast.js';
import { comparisonSql } from '../values/comparison-sql.js';
import { likeExpression } from './like-expression.js';
import type { AnalyzedQuery, ExpressionContext } from './context.js';
import { findColumn, resolveColumn } from './scope.js';
import { invalidAt, type SourcePosition } from '../sql-error.js';
import {
  arrayOf,
  boolean,
  commonType,
  date,
  isScalar,
  sameType,
  timestamp,
  typeText,
  unknown,
  varchar,
  duckdbType,
  type SqlType,
} from '../values/sql-type.js';
import type { CaseExpression, ColumnExpression, Expression, Identifier, InExpression, Query } from '../parse/syntax-tree.js';
import { bytesOf, lacksRoom, uncountedBytes } from '../values/made-text.js';
import { coerce, computed, literalExpression, type Emitter, type TypedExpression } from '../values/typed-expression.js';

/** The DuckDB text of one expression; a statement that grows beyond it is refused rather than left to exhaust DuckDB. */
const maxSqlLength = 2_000_000;
const maxDepth = 250;

/** @throws {SqlError} */
export function analyzeExpression(expression: Expression, context: ExpressionContext): TypedExpression {
  const { nesting } = context;
  if (nesting.depth >= maxDepth) throw invalidAt(expression.position, `The expression nests deeper than ${maxDepth} levels`);
  nesting.depth += 1;
  try {
    const typed = parameterOf(expression, context) ?? context.intercept?.(expression) ?? analyze(expression, context);
    if (typed.sql.length > maxSqlLength) throw invalidAt(expression.position, 'The expression is too large');
    return typed;
  } finally {
    nesting.depth -= 1;
  }
}

function analyze(expression: Expression, context: ExpressionContext): TypedExpression {
  const { position } = expression;
  const { emitter } = context;
  switch (expression.kind) {
    case 'literal':
      return literalExpression(expression.literal, position, emitter);
    case 'column':
      return columnExpression(expression, context);
    case 'field':
      return fieldOf(analyzeExpression(expression.operand, context), expression.name, emitter);
    case 'parameter': {
      const { name } = expression;
      if (context.queryParameters === 'infer') {
        emitter.settleParameter(name, unknown);
        return { type: unknown, sql: 'NULL', mayBeNaN: false, parameter: name };
      }
      const value = context.queryParameters.get(name);
      // Query has no parameters: the service refuses the sign itself.
      if (value === undefined) throw invalidAt(position, "mismatched input '@', expecting an expression");
      return literalExpression(value, position, emitter);
    }
    case 'lambda':
      throw invalidAt(position, 'A function can only be given to a function that takes one');
    case 'is-distinct': {
      const [left, right] = analyzeAlike([expression.left, expression.right], context, position);
      if (left?.type.kind !== 'scalar' || right === undefined) throw invalidAt(position, 'IS DISTINCT FROM compares scalar values only');
      // Unlike `=`, this takes NaN for equal to itself, as DuckDB does.
      return computed(boolean, `(${left.sql} IS ${expression.negated ? 'NOT ' : ''}DISTINCT FROM ${right.sql})`);
    }
    case 'quantified':
      return analyzeQuantified(expression, context);
    case 'call':
      return analyzeCall(expression, context);
    case 'negate': {
      const operand = analyzeExpression(expression.operand, context);
      if (isScalar(operand.type, 'INTEGER', 'BIGINT', 'DOUBLE', 'INTERVAL_DAY_TO_SECOND', 'INTERVAL_YEAR_TO_MONTH'))
        return computed(operand.type, `(-${operand.sql})`);
      throw invalidAt(position, `Cannot negate ${typeText(operand.type)}`);
    }
    case 'not':
      return computed(boolean, `(NOT ${analyzeCondition(expression.operand, context, 'NOT').sql})`);
    case 'logical': {
      const operands = expression.operands.map((operand) => analyzeCondition(operand, context, expression.operator).sql);
      return computed(boolean, balanced(operands, expression.operator));
    }
    case 'arithmetic':
      return arithmeticExpression(
        expression.operator,
        analyzeExpression(expression.left, context),
        analyzeExpression(expression.right, context),
        position,
        emitter,
      );
    case 'comparison': {
      const [left, right] = analyzeAlike([expression.left, expression.right], context, position);
      if (left === undefined || right === undefined) throw new Error('two operands');
      return computed(boolean, comparisonSql(expression.operator, left, right, position, emitter));
    }
    case 'concat':
      return analyzeCall({ kind: 'call', name: 'concat', arguments: expression.operands, distinct: false, star: false, position }, context);
    case 'between':
      return analyzeBetween(expression, context);
    case 'in':
      return analyzeIn(expression, context);
    case 'like':
      return likeExpression(
        expression,
        [expression.operand, expression.pattern, ...(expression.escape ? [expression.escape] : [])].map((part) => {
          const text = coerce(analyzeExpression(part, context), varchar, part.position, emitter);
          if (text === undefined) throw invalidAt(part.position, 'LIKE takes varchar only');
          return text;
        }),
        emitter,
      );
    case 'is-null':
      return computed(boolean, `(${analyzeExpression(expression.operand, context).sql} IS ${expression.negated ? 'NOT ' : ''}NULL)`);
    case 'case':
      return analyzeCase(expression, context);
    case 'cast':
      return castExpression(
        analyzeExpression(expression.operand, context),
        resolveTypeName(expression.typeName),
        expression.safe,
        position,
        context,
      );
    case 'extract':
      return analyzeCall(
        { kind: 'call', name: expression.field, arguments: [expression.operand], distinct: false, star: false, position },
        context,
      );
    case 'array': {
      const elements = analyzeAlike(expression.elements, context, position);
      const element = elements[0]?.type ?? unknown;
      const type = arrayOf(element);
      const list = (entries: readonly string[]): string => `CAST([${entries.join(', ')}] AS ${duckdbType(type)})`;
      const entries = elements.map(({ sql }) => sql);
      const mayBeLong = bytesOf('', element) !== undefined && elements.some(({ maxTextBytes = Infinity }) => maxTextBytes > uncountedBytes);
      if (entries.length < 2 || !mayBeLong) return computed(type, list(entries));
      // A text that is there once is copied for each entry that names it.
      const counted = context.emitter.onceAll(entries, (names) => {
        const bytes = names.map((name) => bytesOf(name, element) ?? '0').join(' + ');
        return `CASE WHEN ${lacksRoom(`(${bytes})`)} THEN NULL ELSE ${list(names)} END`;
      });
      return computed(type, counted);
    }
    case 'row': {
      const elements = expression.elements.map((element) => analyzeExpression(element, context));
      const fields = elements.map(({ sql, type }, index) => `f${index} := CAST(${sql} AS ${duckdbType(type)})`);
      return computed(
        { kind: 'row', fields: elements.map(({ type }) => ({ name: undefined, type })) },
        `struct_pack(${fields.join(', ')})`,
      );
    }
    case 'subscript': {
      const operand = analyzeExpression(expression.operand, context);
      const index = analyzeExpression(expression.index, context);
      if (operand.type.kind !== 'array' || !isScalar(index.type, 'INTEGER', 'BIGINT')) {
        throw invalidAt(position, `Cannot use ${typeText(index.type)} for subscript of ${typeText(operand.type)}`);
      }
      const sql = emitter.onceAll(
        [operand.sql, index.sql],
        ([list = '', at = '']) =>
          `CASE WHEN ${at} < 1 OR ${at} > len(${list}) THEN error('Array subscript out of bounds') ELSE ${list}[${at}] END`,
      );
      return computed(operand.type.element, `(${sql})`);
    }
    case 'subquery': {
      const { sql, column } = singleColumn(expression.query, context);
      return { type: column.type, sql: `(${sql})`, mayBeNaN: column.mayBeNaN };
    }
    case 'exists':
      return computed(boolean, `EXISTS (${context.analyzeQuery(expression.query, context).sql})`);
  }
}

/** A parameter of a lambda, or a field of one: it hides a column of its name. */
function parameterOf(expression: Expression, { parameters, emitter }: ExpressionContext): TypedExpression | undefined {
  if (expression.kind !== 'column' || parameters.size === 0) return undefined;
  const [first, ...fields] = expression.parts;
  const parameter = first && parameters.get(first.name);
  return parameter && fields.reduce((row, field) => fieldOf(row, field, emitter), parameter);
}

/** A column of this query, a field of one that is a row, or a column of a query around this one. */
function columnExpression(column: ColumnExpression, context: ExpressionContext): TypedExpression {
  const { parts } = column;
  for (let length = parts.length; length > 0; length -= 1) {
    const base: ColumnExpression = { ...column, parts: parts.slice(0, length) };
    if (findColumn(base, context.fields).length === 0) continue;
    // The row itself may be what an aggregated query has computed already.
    const { type, sql, mayBeNaN } = length < parts.length ? analyzeExpression(base, context) : resolveColumn(base, context.fields);
    return parts.slice(length).reduce<TypedExpression>((row, field) => fieldOf(row, field, context.emitter), { type, sql, mayBeNaN });
  }
  const outer = context.outer?.(column);
  if (outer !== undefined) return outer;
  // Says that there is none.
  return resolveColumn(column, context.fields);
}

/** `row.name`. @throws {SqlError} unless the value is a row that has one field of the name. */
function fieldOf({ type, sql }: TypedExpression, { name, position }: Identifier, emitter: Emitter): TypedExpression {
  if (type.kind !== 'row') throw invalidAt(position, `Expression of type ${typeText(type)} has no field '${name}'`);
  const indexes = type.fields.flatMap((field, index) => (field.name?.toLowerCase() === name.toLowerCase() ? [index] : []));
  const [index] = indexes;
  const field = index === undefined ? undefined : type.fields[index];
  if (field === undefined) throw invalidAt(position, `Column '${name}' does not exist in ${typeText(type)}`);
  if (indexes.length > 1) throw invalidAt(position, `Field '${name}' is ambiguous`);
  return computed(
    field.type,
    emitter.once(sql, (row) => `${row}.f${index ?? 0}`),
  );
}

/** `x > ALL (SELECT …)`. */
function analyzeQuantified(
  { operator, quantifier, operand, query, position }: Extract<Expression, { kind: 'quantified' }>,
  context: ExpressionContext,
): TypedExpression {
  const { emitter } = context;
  const value = analyzeExpression(operand, context);
  const { sql, column } = singleColumn(query, context);
  const name = emitter.name('q');
  const [left, right] = makeAlike([value, { type: column.type, sql: `${name}.c0`, mayBeNaN: column.mayBeNaN }], position, emitter);
  if (left?.type.kind !== 'scalar' || right === undefined)
    throw invalidAt(position, `${quantifier} does not compare ${typeText(value.type)}`);
  if ((left.mayBeNaN || right.mayBeNaN) && isScalar(left.type, 'DOUBLE'))
    throw invalidAt(position, `${operator} ${quantifier} is not supported for computed doubles, which may be NaN`);
  return computed(boolean, `(${left.sql} ${operator} ${quantifier} (SELECT ${right.sql} FROM (${sql}) AS ${name}))`);
}

/** @throws {SqlError} unless the expression is BOOLEAN (or NULL). */
export function analyzeCondition(expression: Expression, context: ExpressionContext, where: string): TypedExpression {
  const typed = analyzeExpression(expression, context);
  const condition = coerce(typed, boolean, expression.position, context.emitter);
  if (condition === undefined)
    throw invalidAt(expression.position, `${where} must evaluate to a boolean: actual type ${typeText(typed.type)}`);
  return condition;
}

/** The expressions, converted to the one type that they have in common. */
function analyzeAlike(expressions: readonly Expression[], context: ExpressionContext, position: SourcePosition): TypedExpression[] {
  return makeAlike(
    expressions.map((each) => analyzeExpression(each, context)),
    position,
    context.emitter,
  );
}

/** @throws {SqlError} when there is no such type. A string literal beside times is read as a time. */
export function makeAlike(expressions: readonly TypedExpression[], position: SourcePosition, emitter: Emitter): TypedExpression[] {
  const hasTime = expressions.some(({ type }) => isScalar(type, 'TIMESTAMP', 'DATE'));
  const decisive = expressions.filter(({ literal }) => !(hasTime && literal?.type === 'string'));
  let common: SqlType = unknown;
  for (const { type } of decisive) {
    const next = commonType(common, type);
    if (next === undefined)
      throw invalidAt(position, `The types do not match: ${expressions.map((each) => typeText(each.type)).join(', ')}`);
    common = next;
  }
  // A date against a text with a time of day is a comparison of timestamps.
  const isDay = (text: string): boolean => text.length <= 10;
  if (sameType(common, date) && expressions.some(({ literal }) => literal?.type === 'string' && !isDay(literal.value))) common = timestamp;
  return expressions.map((expression) => {
    const { mayBeNaN } = expression;
    const alike = coerce(expression, common, position, emitter);
    if (alike === undefined) throw invalidAt(position, `Cannot convert ${typeText(expression.type)} to ${typeText(common)}`);
    return { ...alike, mayBeNaN: alike.mayBeNaN && mayBeNaN };
  });
}

function analyzeBetween(
  { operand, low, high, negated, position }: Extract<Expression, { kind: 'between' }>,
  context: ExpressionContext,
): TypedExpression {
  const [value, from, to] = analyzeAlike([operand, low, high], context, position);
  if (value === undefined || from === undefined || to === undefined) throw new Error('three operands');
  const { emitter } = context;
  const sql = emitter.onceAll([value.sql, from.sql, to.sql], ([v = '', f = '', t = '']) => {
    const inside =
      `${comparisonSql('>=', { ...value, sql: v }, { ...from, sql: f }, position, emitter)} AND ` +
      comparisonSql('<=', { ...value, sql: v }, { ...to, sql: t }, position, emitter);
    // "The presence of NULL in a BETWEEN … will result in the statement evaluating to NULL."
    const bounds = [from, to].every(({ literal, late }) => late !== undefined || (literal !== undefined && literal.type !== 'null'));
    return bounds ? inside : `CASE WHEN ${f} IS NULL OR ${t} IS NULL THEN NULL ELSE ${inside} END`;
  });
  return computed(boolean, negated ? `(NOT (${sql}))` : `(${sql})`);
}

function analyzeIn({ operand, negated, choices, position }: InExpression, context: ExpressionContext): TypedExpression {
  const not = negated ? 'NOT ' : '';
  const { emitter } = context;
  if (!('body' in choices)) {
    const [value, ...others] = analyzeAlike([operand, ...choices], context, position);
    if (value === undefined) throw new Error('one operand');
    if (others.some(({ mayBeNaN }) => mayBeNaN) || value.mayBeNaN || value.type.kind !== 'scalar') {
      const equal = (name: string): string =>
        balanced(
          others.map((other) => comparisonSql('=', { ...value, sql: name }, other, position, emitter)),
          'OR',
        );
      return computed(boolean, `(${not}${emitter.once(value.sql, equal)})`);
    }
    return computed(boolean, `(${value.sql} ${not}IN (${others.map(({ sql }) => sql).join(', ')}))`);
  }
  const value = analyzeExpression(operand, context);
  const { sql, column } = singleColumn(choices, context);
  const name = emitter.name('q');
  const [left, right] = makeAlike([value, { type: column.type, sql: `${name}.c0`, mayBeNaN: column.mayBeNaN }], position, emitter);
  if (left?.type.kind !== 'scalar' || right === undefined) throw invalidAt(position, `IN does not compare ${typeText(value.type)}`);
  if (left.mayBeNaN && right.mayBeNaN && isScalar(left.type, 'DOUBLE'))
    throw invalidAt(position, 'IN (subquery) is not supported for computed doubles, which may be NaN');
  return computed(boolean, `(${left.sql} ${not}IN (SELECT ${right.sql} FROM (${sql}) AS ${name}))`);
}

function analyzeCase({ operand, branches, otherwise, position }: CaseExpression, context: ExpressionContext): TypedExpression {
  const { emitter } = context;
  const results = analyzeAlike([...branches.map(({ then }) => then), ...(otherwise ? [otherwise] : [])], context, position);
  const write = (condition: (when: Expression) => string): string => {
    const texts = branches.map(({ when }, index) => `WHEN ${condition(when)} THEN ${results[index]?.sql ?? 'NULL'}`);
    const last = otherwise === undefined ? '' : ` ELSE ${results.at(-1)?.sql ?? 'NULL'}`;
    return `(CASE ${texts.join(' ')}${last} END)`;
  };
  const mayBeNaN = results.some((result) => result.mayBeNaN);
  const maxTextBytes = Math.max(...results.map((result) => (result.literal?.type === 'null' ? 0 : (result.maxTextBytes ?? Infinity))));
  const type = results[0]?.type ?? unknown;
  const known = { type, mayBeNaN, ...(maxTextBytes < Infinity ? { maxTextBytes } : {}) };
  if (operand === undefined) return { ...known, sql: write((when) => analyzeCondition(when, context, 'CASE WHEN').sql) };
  const [value, ...whens] = analyzeAlike([operand, ...branches.map(({ when }) => when)], context, position);
  if (value === undefined) throw new Error('one operand');
  const sql = emitter.once(value.sql, (name) => {
    let next = 0;
    return write((when) => {
      const choice = whens[next];
      next += 1;
      if (choice === undefined) throw new Error('one value for each branch');
      return comparisonSql('=', { ...value, sql: name }, choice, when.position, emitter);
    });
  });
  return { ...known, sql };
}

function singleColumn(query: Query, context: ExpressionContext): { sql: string; column: AnalyzedQuery['columns'][number] } {
  const { sql, columns } = context.analyzeQuery(query, context);
  const [column] = columns;
  if (column === undefined || columns.length > 1)
    throw invalidAt(query.position, `Multiple columns returned by subquery are not yet supported. Found ${columns.length}`);
  return { sql, column };
}

/** `((a OR b) OR (c OR d))`: DuckDB bounds how deep an expression may nest, and a long chain would nest once for each link. */
function balanced(terms: readonly string[], operator: 'AND' | 'OR'): string {
  const [only = 'NULL'] = terms;
  if (terms.length <= 1) return only;
  const half = terms.length >> 1;
  return `(${balanced(terms.slice(0, half), operator)} ${operator} ${balanced(terms.slice(half), operator)})`;
}
