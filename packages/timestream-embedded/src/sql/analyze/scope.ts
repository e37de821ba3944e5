import { invalidAt } from '../sql-error.js';
import type { SqlType } from '../values/sql-type.js';
import type { ColumnExpression, Identifier, RelationAlias } from '../parse/syntax-tree.js';

/** A column that a statement can name. */
export interface Field {
  /** Undefined for a computed column without alias: it is in `SELECT *` but cannot be named. */
  readonly name: string | undefined;
  /** The alias of its relation, or the table's own name. */
  readonly relation: string | undefined;
  /** Set for a table without alias, which can also be named in full. */
  readonly database: string | undefined;
  readonly type: SqlType;
  readonly mayBeNaN: boolean;
  /** The DuckDB column, `r1.c0`. */
  readonly sql: string;
  /** For the time of a table: no row has an earlier one (nanoseconds). */
  readonly notBeforeNs?: bigint;
}

/** A FROM clause: its DuckDB text, and what can be named in it. */
export interface Source {
  readonly sql: string;
  readonly fields: readonly Field[];
  /** Conditions that belong into the WHERE of the SELECT. */
  readonly where?: readonly string[];
  /** Whether the conditions leave no row, whatever the table holds. */
  readonly isEmpty?: boolean;
}

/** @throws {SqlError} `line 1:76: Column 'x' does not exist` (Timestream's own words), or that it is ambiguous. */
export function resolveColumn(column: ColumnExpression, fields: readonly Field[]): Field {
  const matches = findColumn(column, fields);
  const [field] = matches;
  const text = column.parts.map(({ name }) => name).join('.');
  if (field === undefined) throw invalidAt(column.position, `Column '${text}' does not exist`);
  if (matches.length > 1) throw invalidAt(column.position, `Column '${text}' is ambiguous`);
  return field;
}

export function findColumn({ parts }: ColumnExpression, fields: readonly Field[]): readonly Field[] {
  const named = fieldsByName(fields).get(parts.at(-1)?.name) ?? [];
  return parts.length === 1 ? named : named.filter((field) => belongsTo(field, parts.slice(0, -1)));
}

const indexes = new WeakMap<readonly Field[], ReadonlyMap<string | undefined, readonly Field[]>>();

/** A statement over a table with many dimensions names hundreds of columns. */
function fieldsByName(fields: readonly Field[]): ReadonlyMap<string | undefined, readonly Field[]> {
  const known = indexes.get(fields);
  if (known !== undefined) return known;
  const index = new Map<string | undefined, Field[]>();
  for (const field of fields) {
    const named = index.get(field.name);
    if (named === undefined) index.set(field.name, [field]);
    else named.push(field);
  }
  indexes.set(fields, index);
  return index;
}

/** Whether `t.` or `db.t.` before a column or a star means the field's relation. */
export function belongsTo(field: Field, qualifier: readonly Identifier[]): boolean {
  const [first, second, third] = qualifier;
  if (first === undefined) return true;
  if (second === undefined) return field.relation === first.name;
  return third === undefined && field.database === first.name && field.relation === second.name;
}

/**
 * The columns as a relation of this name, or its alias, shows them.
 *
 * @throws {SqlError} when the alias lists another number of columns
 */
export function nameFields(
  columns: readonly Omit<Field, 'relation' | 'database'>[],
  name: string | undefined,
  database: string | undefined,
  alias: RelationAlias | undefined,
): Field[] {
  if (alias !== undefined && alias.columns.length > 0 && alias.columns.length !== columns.length) {
    throw invalidAt(
      alias.name.position,
      `Column alias list has ${alias.columns.length} entries but '${alias.name.name}' has ${columns.length} columns available`,
    );
  }
  return columns.map((column, index) => ({
    ...column,
    name: alias?.columns[index]?.name ?? column.name,
    relation: alias?.name.name ?? name,
    database: alias === undefined ? database : undefined,
  }));
}
