import { dividedByNonZero, isNonZero } from '../functions/math-functions.js';
import { invalidAt, type SourcePosition } from '../sql-error.js';
import {
  commonType,
  date,
  dayTimeInterval,
  double,
  isScalar,
  sameType,
  time,
  timestamp,
  typeText,
  yearMonthInterval,
} from '../values/sql-type.js';
import type { ArithmeticOperator } from '../parse/syntax-tree.js';
import type { LiteralValue } from '../values/literal-value.js';
import { addMonths, dateOfDays } from '../values/time-sql.js';
import { maxInt64, minInt64, nsPerDay } from '../values/time-text.js';
import { coerce, computed, literalExpression, type Emitter, type TypedExpression } from '../values/typed-expression.js';

const isNumber = ({ type }: TypedExpression): boolean => isScalar(type, 'INTEGER', 'BIGINT', 'DOUBLE');
const isInterval = ({ type }: TypedExpression): boolean => isScalar(type, 'INTERVAL_DAY_TO_SECOND', 'INTERVAL_YEAR_TO_MONTH');

/**
 * `a op b`. Whole numbers stay whole (7 / 2 is 3) and overflow is an error; DOUBLE follows IEEE 754.
 * @throws {SqlError} when the operator does not exist for the two types.
 */
export function arithmeticExpression(
  operator: ArithmeticOperator,
  left: TypedExpression,
  right: TypedExpression,
  position: SourcePosition,
  emitter: Emitter,
): TypedExpression {
  const result = numeric(operator, left, right, position, emitter) ?? temporal(operator, left, right, position, emitter);
  if (result !== undefined) return result;
  throw invalidAt(position, `Cannot apply operator: ${typeText(left.type)} ${operator} ${typeText(right.type)}`);
}

function numeric(
  operator: ArithmeticOperator,
  left: TypedExpression,
  right: TypedExpression,
  position: SourcePosition,
  emitter: Emitter,
): TypedExpression | undefined {
  const type = commonType(left.type, right.type);
  if (type === undefined || !isScalar(type, 'INTEGER', 'BIGINT', 'DOUBLE')) return undefined;
  const a = coerce(left, type, position, emitter)?.sql ?? left.sql;
  const b = coerce(right, type, position, emitter)?.sql ?? right.sql;
  if (sameType(type, double) || (operator !== '/' && operator !== '%')) return computed(type, `(${a} ${operator} ${b})`);
  const whole = operator === '/' ? '//' : '%';
  if (isNonZero(right)) return computed(type, `(${a} ${whole} ${b})`);
  const sql = emitter.onceAll([a, b], ([dividend = '', divisor = '']) => dividedByNonZero(dividend, whole, divisor));
  return computed(type, `(${sql})`);
}

/** A constant time moved by a constant interval, so that it can bound a scan; undefined when either is not constant or 64 bits do not hold it. */
function shifted({ literal: from }: TypedExpression, { literal: interval }: TypedExpression, sign: bigint): LiteralValue | undefined {
  if (from?.type !== 'timestamp' || interval?.type !== 'interval-day-to-second') return undefined;
  const value = from.value + sign * interval.value;
  return value >= minInt64 && value <= maxInt64 ? { type: 'timestamp', value } : undefined;
}

/** A date stays a date: it moves by whole days and by months. */
function movedDate(operator: '+' | '-', day: TypedExpression, interval: TypedExpression, emitter: Emitter): TypedExpression {
  if (sameType(interval.type, dayTimeInterval)) {
    const moved = emitter.onceAll(
      [day.sql, interval.sql],
      ([days = '', ns = '']) =>
        `CASE WHEN ${ns} % ${nsPerDay} <> 0 THEN error('Cannot add hour, minutes or seconds to a date') ELSE ${days} ${operator} ${ns} // ${nsPerDay} END`,
    );
    return computed(date, moved);
  }
  const months = operator === '-' ? `(-${interval.sql})` : interval.sql;
  return computed(date, `(CAST(${dateOfDays(day.sql)} + to_months(CAST(${months} AS INTEGER)) AS DATE) - DATE '1970-01-01')`);
}

/** A time of day goes round at midnight. */
function movedTime(operator: '+' | '-', ofDay: TypedExpression, interval: TypedExpression): TypedExpression | undefined {
  if (!sameType(interval.type, dayTimeInterval)) return undefined;
  return computed(time, `((((${ofDay.sql} ${operator} ${interval.sql}) % ${nsPerDay}) + ${nsPerDay}) % ${nsPerDay})`);
}

function temporal(
  operator: ArithmeticOperator,
  left: TypedExpression,
  right: TypedExpression,
  position: SourcePosition,
  emitter: Emitter,
): TypedExpression | undefined {
  const asTimestamp = (expression: TypedExpression): TypedExpression | undefined =>
    isScalar(expression.type, 'TIMESTAMP', 'DATE') || expression.literal?.type === 'string'
      ? coerce(expression, timestamp, position, emitter)
      : undefined;
  if (operator === '+' || operator === '-') {
    if (isInterval(left) && sameType(left.type, right.type)) return computed(left.type, `(${left.sql} ${operator} ${right.sql})`);
    if (operator === '+' && isInterval(left)) return temporal('+', right, left, position, emitter);
    if (isInterval(right)) {
      if (sameType(left.type, date)) return movedDate(operator, left, right, emitter);
      if (sameType(left.type, time)) return movedTime(operator, left, right);
      const timestampOperand = asTimestamp(left);
      if (timestampOperand === undefined) return undefined;
      const folded = shifted(timestampOperand, right, operator === '-' ? -1n : 1n);
      if (folded !== undefined) return literalExpression(folded, position, emitter);
      if (sameType(right.type, dayTimeInterval)) return computed(timestamp, `(${timestampOperand.sql} ${operator} ${right.sql})`);
      return computed(
        timestamp,
        emitter.once(timestampOperand.sql, (t) => addMonths(t, operator === '-' ? `(-${right.sql})` : right.sql)),
      );
    }
    if (operator === '-' && sameType(left.type, date) && sameType(right.type, date))
      return computed(dayTimeInterval, `((${left.sql} - ${right.sql}) * ${nsPerDay})`);
    if (operator === '-' && sameType(left.type, time) && sameType(right.type, time))
      return computed(dayTimeInterval, `(${left.sql} - ${right.sql})`);
    if (operator === '-' && (sameType(left.type, timestamp) || sameType(right.type, timestamp))) {
      const a = asTimestamp(left);
      const b = asTimestamp(right);
      if (a !== undefined && b !== undefined) return computed(dayTimeInterval, `(${a.sql} - ${b.sql})`);
    }
    return undefined;
  }
  if (operator === '*' && isNumber(left) && isInterval(right)) return temporal('*', right, left, position, emitter);
  const isWhole = isScalar(right.type, 'INTEGER', 'BIGINT');
  if (operator === '*' && isInterval(left) && isWhole) {
    const { type } = left;
    return computed(
      sameType(type, yearMonthInterval) ? yearMonthInterval : dayTimeInterval,
      `(${left.sql} * CAST(${right.sql} AS BIGINT))`,
    );
  }
  return undefined;
}
