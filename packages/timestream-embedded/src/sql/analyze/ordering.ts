import type { SortItem } from '../parse/syntax-tree.js';
import { invalidAt } from '../sql-error.js';
import { isScalar, typeText, type SqlType } from '../values/sql-type.js';
import type { TypedExpression } from '../values/typed-expression.js';

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
export function sortKey({ type, sql }: TypedExpression): string {
  return isScalar(type, 'DOUBLE') ? `CASE WHEN ${sql} = 0 THEN 0 ELSE ${sql} END` : sql;
}

/** The zero-based output column that `ORDER BY 2` or `GROUP BY 2` means; undefined for anything but a whole number. */
export function ordinalOf({ expression }: Pick<SortItem, 'expression'>, count: number): number | undefined {
  if (expression.kind !== 'literal' || expression.literal.type !== 'integer') return undefined;
  const { value } = expression.literal;
  if (value < 1n || value > BigInt(count)) throw invalidAt(expression.position, `Position ${value} is not in select list`);
  return Number(value) - 1;
}

export const columnList = (count: number, alias: string): string =>
  Array.from({ length: count }, (_, index) => `${alias}.c${index} AS c${index}`).join(', ');

export const orderAndLimit = (sort: readonly string[], limit: bigint | undefined): string =>
  (sort.length > 0 ? ` ORDER BY ${sort.join(', ')}` : '') + (limit === undefined ? '' : ` LIMIT ${limit}`);

/** Whether values of the type can be told apart by DISTINCT, GROUP BY and the set operations. */
export function isComparable(type: SqlType): boolean {
  return type.kind === 'scalar' || (type.kind === 'array' && isComparable(type.element));
}
