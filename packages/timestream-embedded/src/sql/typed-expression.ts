import type { SqlParameter } from './engine.js';
import { invalidAt, type SourcePosition } from './sql-error.js';
import {
  bigint,
  boolean,
  date,
  dayTimeInterval,
  double,
  duckdbType,
  integer,
  sameType,
  timestamp,
  unknown,
  varchar,
  yearMonthInterval,
  type SqlType,
} from './sql-type.js';
import type { LiteralValue } from './syntax-tree.js';
import { maxInt64, parseDate, parseTimestamp } from './time-text.js';

/** An expression whose names are resolved: its type, and the DuckDB SQL that computes it. */
export interface TypedExpression {
  readonly type: SqlType;
  readonly sql: string;
  /** What a literal says, for the rules that look at literals: units, patterns, times written as strings. */
  readonly literal?: LiteralValue;
  /** Whether a DOUBLE may be NaN. A stored value never is (Timestream refuses it), so comparing one needs no precaution. */
  readonly mayBeNaN: boolean;
}

/** The values of a statement on their way to DuckDB's bound parameters; equal values share one. */
export class ParameterList {
  readonly #indexes = new Map<string, number>();
  readonly #values: SqlParameter[] = [];

  get values(): readonly SqlParameter[] {
    return this.#values;
  }

  /** The SQL of a parameter of this DuckDB type, `$3::BIGINT`. */
  bind(value: SqlParameter, type: string): string {
    const key = `${typeof value}:${Object.is(value, -0) ? '-0' : String(value)}`;
    let index = this.#indexes.get(key);
    if (index === undefined) {
      index = this.#values.push(value);
      this.#indexes.set(key, index);
    }
    return `$${index}::${type}`;
  }
}

export function computed(type: SqlType, sql: string): TypedExpression {
  return { type, sql, mayBeNaN: true };
}

/** @throws {SqlError} when an integer literal is over 2^63 - 1. */
export function literalExpression(literal: LiteralValue, position: SourcePosition, parameters: ParameterList): TypedExpression {
  const typed = (type: SqlType, value: SqlParameter): TypedExpression => ({
    type,
    sql: parameters.bind(value, duckdbType(type)),
    literal,
    mayBeNaN: false,
  });
  switch (literal.type) {
    case 'null':
      return { type: unknown, sql: 'NULL', literal, mayBeNaN: false };
    case 'boolean':
      return typed(boolean, literal.value);
    case 'integer': {
      if (literal.value > maxInt64) throw invalidAt(position, `Invalid numeric literal: ${literal.value}`);
      // As in Trino: what fits 32 bits is an INTEGER.
      return typed(literal.value === BigInt.asIntN(32, literal.value) ? integer : bigint, literal.value);
    }
    case 'double':
      return typed(double, literal.value);
    case 'string':
      return typed(varchar, literal.value);
    case 'timestamp':
      return typed(timestamp, literal.value);
    case 'date':
      return typed(date, literal.value);
    case 'interval-day-to-second':
      return typed(dayTimeInterval, literal.value);
    case 'interval-year-to-month':
      return typed(yearMonthInterval, literal.value);
  }
}

/**
 * The expression as a value of another type, where Timestream converts without being asked: to a wider number, DATE to TIMESTAMP, NULL to
 * anything, and a string literal to a time. Undefined where it does not.
 * @throws {SqlError} for a string literal that is no time.
 */
export function coerce(
  expression: TypedExpression,
  target: SqlType,
  position: SourcePosition,
  parameters: ParameterList,
): TypedExpression | undefined {
  const { type, literal, sql } = expression;
  if (sameType(type, target)) return expression;
  if (sameType(type, unknown))
    return { type: target, sql: `CAST(NULL AS ${duckdbType(target)})`, mayBeNaN: false, literal: { type: 'null' } };
  const widened = (): TypedExpression => ({
    type: target,
    sql: `CAST(${sql} AS ${duckdbType(target)})`,
    mayBeNaN: false,
    ...(literal ? { literal } : {}),
  });
  if (sameType(type, integer) && (sameType(target, bigint) || sameType(target, double))) return widened();
  if (sameType(type, bigint) && sameType(target, double)) return widened();
  if (sameType(type, date) && sameType(target, timestamp)) return computed(timestamp, `(${sql} * 86400000000000)`);
  if (literal?.type === 'string' && (sameType(target, timestamp) || sameType(target, date))) {
    const isTimestamp = sameType(target, timestamp);
    const value = isTimestamp ? parseTimestamp(literal.value) : parseDate(literal.value);
    if (value === undefined) throw invalidAt(position, `'${literal.value}' cannot be read as a ${isTimestamp ? 'timestamp' : 'date'}`);
    return literalExpression(isTimestamp ? { type: 'timestamp', value } : { type: 'date', value }, position, parameters);
  }
  if (type.kind === 'array' && target.kind === 'array') {
    const element = coerce(computed(type.element, 'v'), target.element, position, parameters);
    if (element === undefined) return undefined;
    if (sameType(type.element, unknown)) return computed(target, `list_transform(${sql}, lambda v: ${element.sql})`);
    return computed(target, `list_transform(${sql}, lambda v: ${element.sql})`);
  }
  return undefined;
}
