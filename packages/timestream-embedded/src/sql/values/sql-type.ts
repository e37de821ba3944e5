import type { MeasureDataType } from '../catalog.js';
import type { ScalarTypeName, WireType } from './wire-value.js';

export type SqlType =
  | { readonly kind: 'scalar'; readonly name: ScalarTypeName }
  | { readonly kind: 'array'; readonly element: SqlType }
  | { readonly kind: 'row'; readonly fields: readonly RowField[] }
  /** Points in order of time; the time is a TIMESTAMP. */
  | { readonly kind: 'timeseries'; readonly value: SqlType };

export interface RowField {
  /** Undefined for a field of `ROW(…)` that no cast has named. */
  readonly name: string | undefined;
  readonly type: SqlType;
}

const scalar = (name: ScalarTypeName): SqlType => ({ kind: 'scalar', name });

export const varchar = scalar('VARCHAR');
export const boolean = scalar('BOOLEAN');
export const bigint = scalar('BIGINT');
export const integer = scalar('INTEGER');
export const double = scalar('DOUBLE');
export const timestamp = scalar('TIMESTAMP');
export const date = scalar('DATE');
export const time = scalar('TIME');
export const dayTimeInterval = scalar('INTERVAL_DAY_TO_SECOND');
export const yearMonthInterval = scalar('INTERVAL_YEAR_TO_MONTH');
/** The type of NULL itself. */
export const unknown = scalar('UNKNOWN');

export const arrayOf = (element: SqlType): SqlType => ({ kind: 'array', element });

/** A point of a time series as a lambda sees it: `x.time`, `x.value`. */
export const pointOf = (value: SqlType): SqlType => ({
  kind: 'row',
  fields: [
    { name: 'time', type: timestamp },
    { name: 'value', type: value },
  ],
});

export function isScalar(type: SqlType, ...names: readonly ScalarTypeName[]): boolean {
  return type.kind === 'scalar' && names.includes(type.name);
}

export function sameType(a: SqlType, b: SqlType): boolean {
  return typeText(a) === typeText(b);
}

const scalarTexts: Readonly<Record<ScalarTypeName, string>> = {
  VARCHAR: 'varchar',
  BOOLEAN: 'boolean',
  BIGINT: 'bigint',
  INTEGER: 'integer',
  DOUBLE: 'double',
  TIMESTAMP: 'timestamp',
  DATE: 'date',
  TIME: 'time',
  INTERVAL_DAY_TO_SECOND: 'interval day to second',
  INTERVAL_YEAR_TO_MONTH: 'interval year to month',
  UNKNOWN: 'unknown',
};

/** The type as an error message or `DESCRIBE` prints it, e.g. `array(varchar)`. */
export function typeText(type: SqlType): string {
  switch (type.kind) {
    case 'scalar':
      return scalarTexts[type.name];
    case 'array':
      return `array(${typeText(type.element)})`;
    case 'row':
      return `row(${type.fields.map((field) => `${field.name === undefined ? '' : `${field.name} `}${typeText(field.type)}`).join(', ')})`;
    case 'timeseries':
      return `timeseries(${typeText(type.value)})`;
  }
}

/**
 * How DuckDB holds a value of the type. Times are 64-bit integers, because DuckDB's own arithmetic on times knows microseconds only:
 * TIMESTAMP, TIME and INTERVAL_DAY_TO_SECOND in nanoseconds, DATE in days, INTERVAL_YEAR_TO_MONTH in months.
 */
export function duckdbType(type: SqlType): string {
  switch (type.kind) {
    case 'array':
      return `${duckdbType(type.element)}[]`;
    case 'row':
      return `STRUCT(${type.fields.map((field, index) => `f${index} ${duckdbType(field.type)}`).join(', ')})`;
    case 'timeseries':
      return `${duckdbType(pointOf(type.value))}[]`;
    case 'scalar':
      switch (type.name) {
        case 'VARCHAR':
        case 'BOOLEAN':
        case 'INTEGER':
        case 'DOUBLE':
          return type.name;
        case 'UNKNOWN':
          return 'INTEGER';
        default:
          return 'BIGINT';
      }
  }
}

export function wireType(type: SqlType): WireType {
  switch (type.kind) {
    case 'scalar':
      return { ScalarType: type.name };
    case 'array':
      return { ArrayColumnInfo: { Type: wireType(type.element) } };
    case 'row':
      // A field without a name gets the one that Presto's clients show: Grafana's plug-in does not survive a field without any.
      return { RowColumnInfo: type.fields.map((field, index) => ({ Name: field.name ?? `field${index}`, Type: wireType(field.type) })) };
    case 'timeseries':
      return { TimeSeriesMeasureValueColumnInfo: { Type: wireType(type.value) } };
  }
}

export function measureType(name: MeasureDataType): SqlType {
  return scalar(name);
}

/** The type that two values meet in (branches of a CASE, both sides of a comparison), or undefined. String literals are not looked at here. */
export function commonType(a: SqlType, b: SqlType): SqlType | undefined {
  if (sameType(a, b) || isScalar(b, 'UNKNOWN')) return a;
  if (isScalar(a, 'UNKNOWN')) return b;
  if (a.kind === 'scalar' && b.kind === 'scalar') {
    for (const ladder of [
      [integer, bigint, double],
      [date, timestamp],
    ]) {
      const higher = Math.max(
        ladder.findIndex((type) => sameType(type, a)),
        ladder.findIndex((type) => sameType(type, b)),
      );
      if (ladder.some((type) => sameType(type, a)) && ladder.some((type) => sameType(type, b))) return ladder[higher];
    }
    return undefined;
  }
  if (a.kind === 'row' && b.kind === 'row' && a.fields.length === b.fields.length) {
    const fields = a.fields.flatMap((field, index): RowField[] => {
      const other = b.fields[index];
      const type = other && commonType(field.type, other.type);
      return type === undefined ? [] : [{ name: field.name === other?.name ? field.name : undefined, type }];
    });
    return fields.length === a.fields.length ? { kind: 'row', fields } : undefined;
  }
  if (a.kind === 'array' && b.kind === 'array') {
    const element = commonType(a.element, b.element);
    return element === undefined ? undefined : arrayOf(element);
  }
  return undefined;
}
