import { invalidAt, type SourcePosition } from '../sql-error.js';
import {
  bigint,
  boolean,
  date,
  dayTimeInterval,
  double,
  duckdbType,
  integer,
  sameType,
  time,
  timestamp,
  unknown,
  varchar,
  yearMonthInterval,
  type SqlType,
} from './sql-type.js';
import { StatementTemplate, type LateNumber, type LateValue, type SqlParameter } from './statement-template.js';
import type { LiteralValue } from './literal-value.js';
import { maxInt64, parseDate, parseTimeOfDay, parseTimestamp } from './time-text.js';

/** An expression whose names are resolved: its type, and the DuckDB SQL that computes it. */
export interface TypedExpression {
  readonly type: SqlType;
  readonly sql: string;
  /** What a literal says, for the rules that look at literals: units, patterns, times written as strings. */
  readonly literal?: LiteralValue;
  /** Whether a DOUBLE may be NaN. A stored value never is (Timestream refuses it), so comparing one needs no precaution. */
  readonly mayBeNaN: boolean;
  /** A constant that is put in later. Nothing that is decided here may depend on its value. */
  readonly late?: LateNumber;
  /** The parameter of a prepared query, of a type that is yet to be found. */
  readonly parameter?: string;
  /**
   * For a text that CAST made of a DOUBLE: whether that may be NaN. Such a text can always be read back; `exact` is what it reads as then:
   * Java's text of a double has as many digits as tell it from every other one (`Double.toString`).
   */
  readonly textOfDouble?: { readonly mayBeNaN: boolean; readonly exact?: string };
  /** For a text: how many bytes it has at most, where that is known. */
  readonly maxTextBytes?: number;
}

const UNIT_SEPARATOR = '\u001f';

/** The series of a table as one statement reads them. */
interface SeriesScan {
  readonly relation: string;
  /** The column of the dimension with the index 3 is `d3`. */
  readonly dimensions: readonly string[];
  /** Computed for each series: `x0`, `x1`, … */
  readonly computed: string[];
}

/** The DuckDB text of one statement under way: its bound values, and names for values that are used more than once. */
export class Emitter {
  readonly #indexes = new Map<string, number>();
  readonly #values: (SqlParameter | LateValue)[] = [];
  readonly #parameterTypes = new Map<string, SqlType>();
  readonly #seriesScans = new Map<string, SeriesScan>();
  #names = 0;

  /** The SQL of a parameter of this DuckDB type, `$3::BIGINT`. Equal values share one parameter. */
  bind(value: SqlParameter | LateValue, type: string): string {
    const key = keyOf(value);
    let index = this.#indexes.get(key);
    if (index === undefined) {
      index = this.#values.push(value);
      this.#indexes.set(key, index);
    }
    return `$${index}::${type}`;
  }

  /** As text: DuckDB's client would bind a whole number as an integer, which loses -0 and cannot hold 1e300. JavaScript's text is exact. */
  bindDouble(value: number): string {
    return this.bind(Object.is(value, -0) ? '-0' : String(value), 'DOUBLE');
  }

  /**
   * A scan of the series of a table, for a FROM clause: `(SELECT …) AS t3`. Its columns are `sid`, `measure_name` and `d<index>` for each
   * dimension; only those that the finished statement names are read.
   */
  scanSeries(relation: string, dimensions: readonly string[]): { readonly alias: string; readonly sql: string } {
    const alias = this.name('t');
    this.#seriesScans.set(alias, { relation, dimensions, computed: [] });
    return { alias, sql: `§${alias}§ AS ${alias}` };
  }

  /**
   * The first of some dimensions of one scan that has a value, computed once for each series and not for each record; undefined unless all
   * values are such columns. Most series have few of a table's dimensions, so their names are compared before any is looked up.
   */
  firstDimension(values: readonly string[]): string | undefined {
    const columns = values.map((value) => /^(t\d+)\.d(\d+)$/.exec(value));
    const alias = columns[0]?.[1];
    const scan = alias === undefined ? undefined : this.#seriesScans.get(alias);
    if (scan === undefined || columns.some((column) => column?.[1] !== alias)) return undefined;
    const names = this.#listOfTexts(columns.map((column) => scan.dimensions[Number(column?.[2])] ?? ''));
    const found = `list_filter(list_transform(${names}, lambda each: dims[each]), lambda each: each IS NOT NULL)[1]`;
    const sql = `CASE WHEN list_has_any(map_keys(dims), ${names}) THEN ${found} END`;
    const known = scan.computed.indexOf(sql);
    return `${alias ?? ''}.x${known >= 0 ? known : scan.computed.push(sql) - 1}`;
  }

  /** Many texts are one literal that is split: DuckDB takes milliseconds to plan a list of a hundred, and next to nothing for that. */
  #listOfTexts(texts: readonly string[]): string {
    const isSplittable = texts.length > 1 && texts.every((text) => !text.includes(UNIT_SEPARATOR));
    if (!isSplittable) return `[${texts.map((text) => this.bind(text, 'VARCHAR')).join(', ')}]`;
    return `string_split(${this.bind(texts.join(UNIT_SEPARATOR), 'VARCHAR')}, ${this.bind(UNIT_SEPARATOR, 'VARCHAR')})`;
  }

  /**
   * The finished statement. Values stand in it as literals, so that DuckDB plans it once and with what it knows of them: a statement with
   * parameters is planned when it is prepared and again when they are bound. A text with a NUL, at which DuckDB would take the statement to
   * end, stays a parameter. Nothing but `bind` writes a dollar sign, nothing but `scanSeries` a paragraph sign.
   */
  finish(sql: string): StatementTemplate {
    const numbers = new Map<string, number>();
    const parameters: SqlParameter[] = [];
    const text = this.#withSeries(sql);
    const pieces: string[] = [];
    const late: LateValue[] = [];
    let piece = '';
    let end = 0;
    for (const { 0: found, 1: old = '', index } of text.matchAll(/\$(\d+)::/g)) {
      piece += text.slice(end, index);
      end = index + found.length;
      const value = this.#values[Number(old) - 1] ?? null;
      if (typeof value === 'object' && value !== null) {
        pieces.push(piece);
        late.push(value);
        piece = '::';
      } else if (typeof value === 'string' && value.includes('\0')) {
        const number = numbers.get(old) ?? parameters.push(value);
        numbers.set(old, number);
        piece += `$${number}::`;
      } else piece += `${literalSql(value)}::`;
    }
    pieces.push(piece + text.slice(end));
    return new StatementTemplate(pieces, late, parameters);
  }

  /** The statement with its scans of series written out. */
  #withSeries(sql: string): string {
    const used = new Map<string, Set<number>>();
    for (const [, alias = '', index] of sql.matchAll(/\b(t\d+)\.d(\d+)\b/g)) {
      const indexes = used.get(alias) ?? new Set();
      used.set(alias, indexes.add(Number(index)));
    }
    return sql.replace(/§(t\d+)§/g, (_, alias: string) => {
      const scan = this.#seriesScans.get(alias);
      if (scan === undefined) throw new Error('a scan that is not known');
      const dimensions = [...(used.get(alias) ?? [])].map((index) => `, ${this.#dimensionSql(scan, index)} AS d${index}`);
      const computed = scan.computed.map((each, index) => `, ${each} AS x${index}`);
      return `(SELECT sid, measure_name${dimensions.join('')}${computed.join('')} FROM ${scan.relation})`;
    });
  }

  #dimensionSql({ dimensions }: SeriesScan, index: number): string {
    return `dims[${this.bind(dimensions[index] ?? '', 'VARCHAR')}]`;
  }

  /** Parameters of a prepared query in the order in which they are first used, with the types that their uses ask for. */
  get parameterTypes(): ReadonlyMap<string, SqlType> {
    return this.#parameterTypes;
  }

  /** The first use that asks for a type decides. */
  settleParameter(name: string, type: SqlType): void {
    const known = this.#parameterTypes.get(name);
    if (known === undefined || sameType(known, unknown)) this.#parameterTypes.set(name, type);
  }

  /** A name that no other part of the statement has. */
  name(prefix: string): string {
    this.#names += 1;
    return `${prefix}${this.#names}`;
  }

  /**
   * A name for the parameter of a lambda. Its first letter stands nowhere else in what this engine writes, not even in a literal, so that
   * `apply` can put something in its place.
   */
  lambdaParameter(): string {
    this.#names += 1;
    return `λ${this.#names}`;
  }

  /** The body of `lambda λ1, λ2: body` with values in place of the parameters. */
  apply(lambda: string, values: readonly string[]): string {
    const colon = lambda.indexOf(':');
    const names = lambda.slice('lambda '.length, colon).split(', ');
    return lambda.slice(colon + 2).replace(/λ\d+/g, (name) => values[names.indexOf(name)] ?? name);
  }

  /** SQL that names a value and uses the name as often as it likes, so that nested expressions do not double in size at every level. */
  once(sql: string, body: (name: string) => string): string {
    return this.onceAll([sql], (names) => body(names[0] ?? sql));
  }

  /** An expression of this type out of a value named once; undefined when the body says so. */
  onceOr(sql: string, body: (name: string) => string | undefined, type: SqlType): TypedExpression | undefined {
    let isRefused = false as boolean;
    const text = this.once(sql, (name) => {
      const inner = body(name);
      if (inner === undefined) isRefused = true;
      return inner ?? 'NULL';
    });
    return isRefused ? undefined : computed(type, text);
  }

  /** The same for several values. All stand outside the lambda, where DuckDB takes subqueries. */
  onceAll(values: readonly string[], body: (names: readonly string[]) => string): string {
    const isSimple = (sql: string): boolean => /^[\wλ.]+$|^\$\d+::\w+$/.test(sql);
    if (values.every(isSimple)) return body(values);
    const name = this.name('v');
    const names = values.map((sql, index) => (isSimple(sql) ? sql : `${name}.f${index}`));
    const fields = values.flatMap((sql, index) => (isSimple(sql) ? [] : [`f${index} := ${sql}`]));
    return `list_transform([struct_pack(${fields.join(', ')})], lambda ${name}: ${body(names)})[1]`;
  }
}

function keyOf(value: SqlParameter | LateValue): string {
  if (typeof value !== 'object' || value === null) return `${typeof value}:${String(value)}`;
  return 'index' in value ? `late:${value.index}*${value.times}` : `oldest:${value.relation}`;
}

function literalSql(value: SqlParameter): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  return typeof value === 'bigint' && value < 0n ? `(${value})` : String(value);
}

export function computed(type: SqlType, sql: string): TypedExpression {
  return { type, sql, mayBeNaN: true };
}

/** @throws {SqlError} when an integer literal is over 2^63 - 1. */
export function literalExpression(literal: LiteralValue, position: SourcePosition, emitter: Emitter): TypedExpression {
  const typed = (type: SqlType, value: SqlParameter): TypedExpression => ({
    type,
    sql: emitter.bind(value, duckdbType(type)),
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
    case 'late-integer': {
      const late = { index: literal.index, times: 1n };
      return { type: bigint, sql: emitter.bind(late, 'BIGINT'), late, mayBeNaN: false };
    }
    case 'double':
      return { type: double, sql: emitter.bindDouble(literal.value), literal, mayBeNaN: false };
    case 'string':
      return { ...typed(varchar, literal.value), maxTextBytes: 4 * literal.value.length };
    case 'timestamp':
      return typed(timestamp, literal.value);
    case 'date':
      return typed(date, literal.value);
    case 'time':
      return typed(time, literal.value);
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
  emitter: Emitter,
): TypedExpression | undefined {
  const { type, literal, sql } = expression;
  if (sameType(type, target)) return expression;
  if (expression.parameter !== undefined) emitter.settleParameter(expression.parameter, target);
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
  if (literal?.type === 'string' && sameType(target, time)) {
    const value = parseTimeOfDay(literal.value);
    if (value === undefined) throw invalidAt(position, `'${literal.value}' cannot be read as a time`);
    return literalExpression({ type: 'time', value }, position, emitter);
  }
  if (literal?.type === 'string' && (sameType(target, timestamp) || sameType(target, date))) {
    const isTimestamp = sameType(target, timestamp);
    const value = isTimestamp ? parseTimestamp(literal.value) : parseDate(literal.value);
    if (value === undefined) throw invalidAt(position, `'${literal.value}' cannot be read as a ${isTimestamp ? 'timestamp' : 'date'}`);
    return literalExpression(isTimestamp ? { type: 'timestamp', value } : { type: 'date', value }, position, emitter);
  }
  if (type.kind === 'row' && target.kind === 'row' && type.fields.length === target.fields.length) {
    return emitter.onceOr(
      sql,
      (row) => {
        const fields = target.fields.map((field, index) =>
          coerce(computed(type.fields[index]?.type ?? unknown, `${row}.f${index}`), field.type, position, emitter),
        );
        if (fields.some((field) => field === undefined)) return undefined;
        const packed = fields.map((field, index) => `f${index} := ${field?.sql ?? 'NULL'}`).join(', ');
        return `CASE WHEN ${row} IS NULL THEN NULL ELSE struct_pack(${packed}) END`;
      },
      target,
    );
  }
  if (type.kind === 'array' && target.kind === 'array') {
    const name = emitter.name('v');
    const element = coerce(computed(type.element, name), target.element, position, emitter);
    return element && computed(target, `list_transform(${sql}, lambda ${name}: ${element.sql})`);
  }
  return undefined;
}
