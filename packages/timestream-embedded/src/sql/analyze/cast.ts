import { invalidAt, type SourcePosition } from '../sql-error.js';
import {
  arrayOf,
  boolean,
  date,
  double,
  duckdbType,
  isScalar,
  sameType,
  timestamp,
  typeText,
  unknown,
  varchar,
  type SqlType,
} from '../values/sql-type.js';
import type { TypeName } from '../parse/syntax-tree.js';
import { coerce, computed, type Emitter, type TypedExpression } from '../values/typed-expression.js';
import { dateOfDays, daysOfTimestamp, microsOf, timestampOf } from '../values/time-sql.js';
import type { ScalarTypeName } from '../values/wire-value.js';

const castableNames: readonly ScalarTypeName[] = ['VARCHAR', 'BOOLEAN', 'BIGINT', 'INTEGER', 'DOUBLE', 'TIMESTAMP', 'DATE'];

/** The type that CAST names. @throws {SqlError} for a type that CAST does not take here. */
export function resolveTypeName(typeName: TypeName): SqlType {
  if (typeName.element !== undefined) return arrayOf(resolveTypeName(typeName.element));
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
  emitter: Emitter,
): TypedExpression {
  if (sameType(operand.type, unknown) || sameType(operand.type, target)) {
    const same = coerce(operand, target, position, emitter);
    if (same !== undefined) return { ...same, mayBeNaN: operand.mayBeNaN };
  }
  const sql = castSql(operand, target, safe, emitter);
  if (sql !== undefined) return { type: target, sql, mayBeNaN: isScalar(operand.type, 'VARCHAR') };
  throw invalidAt(position, `Cannot cast ${typeText(operand.type)} to ${typeText(target)}`);
}

function castSql({ type, sql }: TypedExpression, target: SqlType, safe: boolean, emitter: Emitter): string | undefined {
  const cast = `${safe ? 'TRY_CAST' : 'CAST'}(${sql} AS ${duckdbType(target)})`;
  const isNumber = isScalar(type, 'BIGINT', 'INTEGER', 'DOUBLE');
  if (sameType(target, varchar)) return textSql(type, sql, emitter);
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
          `WHEN lower(${text}) IN ('false', 'f', '0') THEN FALSE ELSE ${failure(text, target, safe)} END`,
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
    const days = (text: string): string => `(${safe ? 'TRY_CAST' : 'CAST'}(${text} AS DATE) - DATE '1970-01-01')`;
    if (sameType(type, varchar)) return parsedSql(sql, '[0-9]{4}-[0-9]{2}-[0-9]{2}', target, safe, emitter, days);
  }
  if (type.kind === 'array' && target.kind === 'array') {
    const name = emitter.name('v');
    const element = castSql(computed(type.element, name), target.element, safe, emitter);
    return element && `list_transform(${sql}, lambda ${name}: ${element})`;
  }
  return undefined;
}

const failure = (text: string, target: SqlType, safe: boolean): string =>
  safe ? 'NULL' : `error('Cannot cast ''' || ${text} || ''' to ${typeText(target)}')`;

/** DuckDB reads more forms than Java does (`1_000`, `0x10`, blanks): only what matches the form reaches its cast. */
function parsedSql(sql: string, form: string, target: SqlType, safe: boolean, emitter: Emitter, value: (text: string) => string): string {
  const cast = safe ? 'TRY_CAST' : 'CAST';
  return emitter.once(
    sql,
    (text) =>
      `CASE WHEN ${text} IS NULL THEN NULL WHEN regexp_full_match(${text}, '${form}') ` +
      `THEN ${cast}(${value(text)} AS ${duckdbType(target)}) ELSE ${failure(text, target, safe)} END`,
  );
}

function timestampFromText(text: string, safe: boolean): string {
  const cast = safe ? 'TRY_CAST' : 'CAST';
  const seconds = `epoch_us(${cast}(left(${text}, 10) || ' ' || CASE WHEN length(${text}) = 10 THEN '00:00:00' WHEN length(${text}) = 16 THEN substr(${text}, 12, 5) || ':00' ELSE substr(${text}, 12, 8) END AS TIMESTAMP))`;
  return `${seconds} * 1000 + CAST(rpad(substr(${text}, 21), 9, '0') AS BIGINT)`;
}

/** The text of a value, as it would stand in an answer. */
function textSql(type: SqlType, sql: string, emitter: Emitter): string | undefined {
  if (isScalar(type, 'BIGINT', 'INTEGER', 'BOOLEAN')) return `CAST(${sql} AS VARCHAR)`;
  if (sameType(type, double)) return doubleTextSql(sql, emitter);
  if (sameType(type, timestamp)) {
    return emitter.once(
      sql,
      (ns) =>
        `strftime(${timestampOf(microsOf(ns))}, '%Y-%m-%d %H:%M:%S.%f') || lpad(CAST(((${ns} % 1000) + 1000) % 1000 AS VARCHAR), 3, '0')`,
    );
  }
  if (sameType(type, date)) return `strftime(${dateOfDays(sql)}, '%Y-%m-%d')`;
  return undefined;
}

/**
 * Java's `Double.toString`, built from DuckDB's text, which has the same (shortest) digits in another layout: `1e-05`, `123456789.0`.
 * Below 1e-300 the two may differ in the digits, and DuckDB 1.5 writes a few powers of two wrongly (2^81 among them: half the value): both
 * are refused.
 */
function doubleTextSql(sql: string, emitter: Emitter): string {
  return emitter.once(sql, (x) => {
    const layout = emitter.once(`CAST(abs(${x}) AS VARCHAR)`, (text) => {
      const mantissa = `split_part(${text}, 'e', 1)`;
      const digits = `rtrim(ltrim(replace(${mantissa}, '.', ''), '0'), '0')`;
      const exponent =
        `CASE WHEN contains(${text}, 'e') THEN CAST(split_part(${text}, 'e', 2) AS INTEGER) ` +
        `WHEN abs(${x}) >= 1 THEN length(split_part(${text}, '.', 1)) - 1 ` +
        `ELSE length(ltrim(split_part(${text}, '.', 2), '0')) - length(split_part(${text}, '.', 2)) - 1 END`;
      return (
        `CASE WHEN TRY_CAST(${text} AS DOUBLE) IS DISTINCT FROM abs(${x}) THEN error('The text of this double is not supported') ` +
        `WHEN abs(${x}) >= 1e-3 AND abs(${x}) < 1e7 THEN ${text} ` +
        `ELSE left(${digits}, 1) || '.' || CASE WHEN length(${digits}) = 1 THEN '0' ELSE substr(${digits}, 2) END || 'E' || CAST(${exponent} AS VARCHAR) END`
      );
    });
    return (
      `CASE WHEN ${x} IS NULL THEN NULL WHEN isnan(${x}) THEN 'NaN' WHEN isinf(${x}) THEN CASE WHEN ${x} > 0 THEN 'Infinity' ELSE '-Infinity' END ` +
      `WHEN ${x} = 0 THEN CASE WHEN signbit(${x}) THEN '-0.0' ELSE '0.0' END ` +
      `WHEN abs(${x}) < 1e-300 THEN error('The text of a double below 1e-300 is not supported') ` +
      `ELSE CASE WHEN ${x} < 0 THEN '-' ELSE '' END || ${layout} END`
    );
  });
}
