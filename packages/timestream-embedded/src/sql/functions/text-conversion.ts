import { date, double, duckdbType, isScalar, sameType, time, timestamp, typeText, type SqlType } from '../values/sql-type.js';
import { dateOfDays, microsOf, timestampOf } from '../values/time-sql.js';
import type { Emitter } from '../values/typed-expression.js';
import type { DialectFaults } from './function-table.js';

/** What a cast that cannot be done gives. */
export const failedCast = (text: string, target: SqlType, safe: boolean): string =>
  safe ? 'NULL' : `error('Cannot cast ''' || ${text} || ''' to ${typeText(target)}')`;

/** DuckDB reads more forms than Java does (`1_000`, `0x10`, blanks): only what matches the form reaches its cast. */
export function parsedSql(
  sql: string,
  form: string,
  target: SqlType,
  safe: boolean,
  emitter: Emitter,
  value: (text: string) => string,
): string {
  const cast = safe ? 'TRY_CAST' : 'CAST';
  return emitter.once(
    sql,
    (text) =>
      `CASE WHEN ${text} IS NULL THEN NULL WHEN regexp_full_match(${text}, '${form}') ` +
      `THEN ${cast}(${value(text)} AS ${duckdbType(target)}) ELSE ${failedCast(text, target, safe)} END`,
  );
}

/** Days of `2020-08-08`. */
export const dateFromText = (sql: string, safe: boolean, emitter: Emitter): string =>
  parsedSql(
    sql,
    '[0-9]{4}-[0-9]{2}-[0-9]{2}',
    date,
    safe,
    emitter,
    (text) => `(${safe ? 'TRY_CAST' : 'CAST'}(${text} AS DATE) - DATE '1970-01-01')`,
  );

/** Nanoseconds of a text that has the form of a timestamp. */
export function timestampFromText(text: string, safe: boolean): string {
  const cast = safe ? 'TRY_CAST' : 'CAST';
  const seconds = `epoch_us(${cast}(left(${text}, 10) || ' ' || CASE WHEN length(${text}) = 10 THEN '00:00:00' WHEN length(${text}) = 16 THEN substr(${text}, 12, 5) || ':00' ELSE substr(${text}, 12, 8) END AS TIMESTAMP))`;
  return `${seconds} * 1000 + CAST(rpad(substr(${text}, 21), 9, '0') AS BIGINT)`;
}

/** The text of a value, as it would stand in an answer. */
export function textSql(type: SqlType, sql: string, emitter: Emitter, faults: DialectFaults): string | undefined {
  if (isScalar(type, 'BIGINT', 'INTEGER', 'BOOLEAN')) return `CAST(${sql} AS VARCHAR)`;
  if (sameType(type, double)) return doubleTextSql(sql, emitter, faults);
  if (sameType(type, timestamp)) {
    return emitter.once(
      sql,
      (ns) =>
        `strftime(${timestampOf(microsOf(ns))}, '%Y-%m-%d %H:%M:%S.%f') || lpad(CAST(((${ns} % 1000) + 1000) % 1000 AS VARCHAR), 3, '0')`,
    );
  }
  if (sameType(type, date)) return `strftime(${dateOfDays(sql)}, '%Y-%m-%d')`;
  if (sameType(type, time))
    return emitter.once(
      sql,
      (ns) => `strftime(make_timestamp(${ns} // 1000), '%H:%M:%S') || '.' || lpad(CAST(${ns} % 1000000000 AS VARCHAR), 9, '0')`,
    );
  return undefined;
}

/**
 * Java's `Double.toString`. From 1e-3 to 1e7, and for both zeros, DuckDB's text is the same. All others are written by callback: DuckDB's have another
 * layout there, and those of three powers of two are wrong in DuckDB 1.5 (2^81, 2^91 and 2^807: half the value).
 */
function doubleTextSql(sql: string, emitter: Emitter, { doubleDigits, castDoubleDigits = doubleDigits }: DialectFaults): string {
  if (castDoubleDigits !== undefined)
    return emitter.once(sql, (x) => `ts_double_text(CAST(printf('%.${castDoubleDigits - 1}e', ${x}) AS DOUBLE))`);
  return emitter.once(
    sql,
    (x) => `CASE WHEN (abs(${x}) >= 1e-3 OR ${x} = 0) AND abs(${x}) < 1e7 ` + `THEN CAST(${x} AS VARCHAR) ELSE ts_double_text(${x}) END`,
  );
}
