import { invalidAt, type SourcePosition } from '../sql-error.js';
import {
  arrayOf,
  boolean,
  date,
  double,
  duckdbType,
  isScalar,
  sameType,
  time,
  timestamp,
  typeText,
  unknown,
  varchar,
  type SqlType,
} from '../values/sql-type.js';
import type { DialectFaults } from '../functions/function-table.js';
import { dateFromText, failedCast, parsedSql, textSql, timestampFromText } from '../functions/text-conversion.js';
import type { TypeName } from '../parse/syntax-tree.js';
import { coerce, computed, type Emitter, type TypedExpression } from '../values/typed-expression.js';
import { daysOfTimestamp } from '../values/time-sql.js';
import { nsPerDay } from '../values/time-text.js';
import type { ScalarTypeName } from '../values/wire-value.js';
import type { ExpressionContext } from './context.js';

const castableNames: readonly ScalarTypeName[] = ['VARCHAR', 'BOOLEAN', 'BIGINT', 'INTEGER', 'DOUBLE', 'TIMESTAMP', 'DATE', 'TIME'];

/** A time with nine digits of a second has 29 characters, an interval fewer than 64. */
const LONGEST_SCALAR_TEXT_BYTES = 64;

/** The type that CAST names. @throws {SqlError} for a type that CAST does not take here. */
export function resolveTypeName(typeName: TypeName): SqlType {
  if (typeName.element !== undefined) return arrayOf(resolveTypeName(typeName.element));
  if (typeName.fields !== undefined)
    return { kind: 'row', fields: typeName.fields.map(({ name, type }) => ({ name, type: resolveTypeName(type) })) };
  const aliased = typeName.name === 'INT' ? 'INTEGER' : typeName.name;
  const name = castableNames.find((castable) => castable === aliased);
  if (name === undefined) throw invalidAt(typeName.position, `Unknown type: ${typeName.name.toLowerCase()}`);
  return { kind: 'scalar', name };
}

/** `CAST(x AS type)`; with `safe`, TRY_CAST: NULL where the cast fails. */
export function castExpression(
  operand: TypedExpression,
  target: SqlType,
  safe: boolean,
  position: SourcePosition,
  { emitter, faults }: Pick<ExpressionContext, 'emitter' | 'faults'>,
): TypedExpression {
  if (sameType(operand.type, unknown) || sameType(operand.type, target)) {
    const same = coerce(operand, target, position, emitter);
    if (same !== undefined) return { ...same, mayBeNaN: operand.mayBeNaN };
  }
  const folded = foldedLiteral(operand, target, emitter);
  if (folded !== undefined) return folded;
  if (operand.textOfDouble !== undefined && sameType(target, double)) {
    const { mayBeNaN, exact } = operand.textOfDouble;
    return { type: double, sql: exact ?? `CAST(${operand.sql} AS DOUBLE)`, mayBeNaN };
  }
  const sql = castSql(operand, target, safe, emitter, faults);
  if (sql !== undefined) {
    const isTextOfDouble = sameType(operand.type, double) && sameType(target, varchar);
    const isExact = faults.doubleDigits === undefined && faults.castDoubleDigits === undefined;
    const textOfDouble = { mayBeNaN: operand.mayBeNaN, ...(isExact ? { exact: operand.sql } : {}) };
    const isShortText = operand.type.kind === 'scalar' && !isScalar(operand.type, 'VARCHAR') && sameType(target, varchar);
    return {
      type: target,
      sql,
      mayBeNaN: isScalar(operand.type, 'VARCHAR'),
      ...(isTextOfDouble ? { textOfDouble } : {}),
      ...(isShortText ? { maxTextBytes: LONGEST_SCALAR_TEXT_BYTES } : {}),
    };
  }
  throw invalidAt(position, `Cannot cast ${typeText(operand.type)} to ${typeText(target)}`);
}

/** `DOUBLE '0.5'` is a literal like `0.5`: units and shares may be written so. */
function foldedLiteral({ literal }: TypedExpression, target: SqlType, emitter: Emitter): TypedExpression | undefined {
  if (literal?.type !== 'string') return undefined;
  const { value } = literal;
  if (sameType(target, double) && /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(value) && Number.isFinite(Number(value)))
    return { type: double, sql: emitter.bindDouble(Number(value)), literal: { type: 'double', value: Number(value) }, mayBeNaN: false };
  if (isScalar(target, 'BIGINT', 'INTEGER') && /^-?\d{1,18}$/.test(value)) {
    const whole = BigInt(value);
    if (isScalar(target, 'INTEGER') && whole !== BigInt.asIntN(32, whole)) return undefined;
    return { type: target, sql: emitter.bind(whole, duckdbType(target)), literal: { type: 'integer', value: whole }, mayBeNaN: false };
  }
  return undefined;
}

function castSql(
  { type, sql }: TypedExpression,
  target: SqlType,
  safe: boolean,
  emitter: Emitter,
  faults: DialectFaults,
): string | undefined {
  const cast = `${safe ? 'TRY_CAST' : 'CAST'}(${sql} AS ${duckdbType(target)})`;
  const isNumber = isScalar(type, 'BIGINT', 'INTEGER', 'DOUBLE');
  if (sameType(target, varchar)) return textSql(type, sql, emitter, faults);
  if (isScalar(target, 'BIGINT', 'INTEGER')) {
    if (isScalar(type, 'BIGINT', 'INTEGER', 'BOOLEAN')) return cast;
    // Halves go away from zero, as in Java's HALF_UP; DuckDB's own cast rounds them to even.
    if (sameType(type, double)) return `${safe ? 'TRY_CAST' : 'CAST'}(round(${sql}) AS ${duckdbType(target)})`;
    if (sameType(type, varchar)) return parsedSql(sql, '[+-]?[0-9]+', target, safe, emitter, (text) => text);
  }
  if (sameType(target, double)) {
    if (isScalar(type, 'BIGINT', 'INTEGER', 'BOOLEAN')) return cast;
    const decimal = '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?|NaN|[+-]?Infinity';
    if (sameType(type, varchar)) return parsedSql(sql, decimal, target, safe, emitter, (text) => text);
  }
  if (sameType(target, boolean)) {
    if (isNumber) return `(${sql} <> 0)`;
    if (sameType(type, varchar)) {
      return emitter.once(
        sql,
        (text) =>
          `CASE WHEN ${text} IS NULL THEN NULL WHEN lower(${text}) IN ('true', 't', '1') THEN TRUE ` +
          `WHEN lower(${text}) IN ('false', 'f', '0') THEN FALSE ELSE ${failedCast(text, target, safe)} END`,
      );
    }
  }
  if (sameType(target, timestamp)) {
    if (sameType(type, date)) return `(${sql} * 86400000000000)`;
    const form = '[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?)?';
    if (sameType(type, varchar)) return parsedSql(sql, form, target, safe, emitter, (text) => timestampFromText(text, safe));
  }
  if (sameType(target, date)) {
    if (sameType(type, timestamp)) return daysOfTimestamp(sql);
    if (sameType(type, varchar)) return dateFromText(sql, safe, emitter);
  }
  if (sameType(target, time)) {
    if (sameType(type, timestamp)) return emitter.once(sql, (ns) => `(((${ns} % ${nsPerDay}) + ${nsPerDay}) % ${nsPerDay})`);
    const form = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?';
    const ofDay = (text: string): string => timestampFromText(`('1970-01-01 ' || ${text})`, safe);
    if (sameType(type, varchar)) return parsedSql(sql, form, target, safe, emitter, ofDay);
  }
  if (type.kind === 'row' && target.kind === 'row' && type.fields.length === target.fields.length) {
    return emitter.onceOr(
      sql,
      (row) => {
        const fields = target.fields.map((field, index) => {
          const from = type.fields[index]?.type ?? unknown;
          const part = `${row}.f${index}`;
          return sameType(from, field.type) || sameType(from, unknown)
            ? `CAST(${part} AS ${duckdbType(field.type)})`
            : castSql(computed(from, part), field.type, safe, emitter, faults);
        });
        if (fields.includes(undefined)) return undefined;
        const packed = fields.map((field, index) => `f${index} := ${field ?? ''}`).join(', ');
        return `CASE WHEN ${row} IS NULL THEN NULL ELSE struct_pack(${packed}) END`;
      },
      target,
    )?.sql;
  }
  if (type.kind === 'array' && target.kind === 'array') {
    const name = emitter.name('v');
    const element =
      castSql(computed(type.element, name), target.element, safe, emitter, faults) ??
      (sameType(type.element, target.element) ? name : undefined);
    return element && `list_transform(${sql}, lambda ${name}: ${element})`;
  }
  return undefined;
}
