import { invalidAt, type SourcePosition } from '../sql-error.js';
import { isScalar, sameType, typeText } from './sql-type.js';
import type { ComparisonOperator } from '../parse/syntax-tree.js';
import type { Emitter, TypedExpression } from './typed-expression.js';

/**
 * The comparison of two values of one type.
 *
 * In Timestream nothing compares with NaN but by `<>`; in DuckDB NaN equals itself and is greater than everything.
 * @throws {SqlError} for types that have no comparison here (arrays, rows, time series).
 */
export function comparisonSql(
  operator: ComparisonOperator,
  left: TypedExpression,
  right: TypedExpression,
  position: SourcePosition,
  emitter: Emitter,
): string {
  if (left.type.kind !== 'scalar' || !sameType(left.type, right.type)) {
    throw invalidAt(position, `Cannot apply operator: ${typeText(left.type)} ${operator} ${typeText(right.type)}`);
  }
  if (!isScalar(left.type, 'DOUBLE') || (!left.mayBeNaN && !right.mayBeNaN)) return `(${left.sql} ${operator} ${right.sql})`;
  return emitter.onceAll(
    [left.sql, right.sql],
    ([a = '', b = '']) =>
      `(CASE WHEN ${a} IS NULL OR ${b} IS NULL THEN NULL WHEN isnan(${a}) OR isnan(${b}) THEN ${operator === '<>' ? 'TRUE' : 'FALSE'} ELSE ${a} ${operator} ${b} END)`,
  );
}
