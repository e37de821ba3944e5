import { isScalar } from '../values/sql-type.js';
import { emitting, emittingOnce, plain, type FunctionRow } from './function-table.js';

const nan = `CAST('NaN' AS DOUBLE)`;

/** Where DuckDB raises an error, Java answers NaN. */
const nanWhere = (condition: (x: string) => string, name: string): FunctionRow['emit'] =>
  emittingOnce((x) => `CASE WHEN ${condition(x)} THEN ${nan} ELSE ${name}(${x}) END`);

const logarithm = (name: string): FunctionRow['emit'] =>
  emittingOnce((x) => `CASE WHEN ${x} < 0 THEN ${nan} WHEN ${x} = 0 THEN CAST('-Infinity' AS DOUBLE) ELSE ${name}(${x}) END`);

/** `a op b` for whole numbers, where a zero divisor is an error (in DuckDB it is NULL). */
export function dividedByNonZero(a: string, operator: '//' | '%', b: string): string {
  return `CASE WHEN ${b} = 0 THEN error('Division by zero') ELSE ${a} ${operator} ${b} END`;
}

const remainder = emittingOnce((a, b = '') => dividedByNonZero(a, '%', b));
const infinite = (x: string): string => `isinf(${x})`;
const outsideOne = (x: string): string => `(abs(${x}) > 1 AND NOT isnan(${x}))`;

/**
 * Rounding to digits as Java does it: scaled, rounded half away from zero, scaled back. Beyond 2^53 the scaled value has no fraction left and
 * Java's 64-bit rounding saturates, so that is refused.
 */
const roundToDigits = emittingOnce(
  (x, digits = '') =>
    `CASE WHEN isnan(${x}) OR isinf(${x}) THEN ${x} WHEN abs(${x} * pow(10, ${digits})) >= 9007199254740992 ` +
    `THEN error('round() of so many digits is not supported') ELSE round(${x} * pow(10, ${digits})) / pow(10, ${digits}) END`,
);

export const mathFunctions: readonly FunctionRow[] = [
  ...['integer', 'bigint', 'double'].map((type) => ({ signature: `abs(${type}): ${type}`, emit: plain('abs') })),
  ...['ceil', 'ceiling', 'floor', 'round'].flatMap((name) => [
    ...['integer', 'bigint'].map((type) => ({ signature: `${name}(${type}): ${type}`, emit: emitting((x = '') => x) })),
    { signature: `${name}(double): double`, emit: plain(name) },
  ]),
  { signature: 'round(double, bigint): double', emit: roundToDigits },
  { signature: 'truncate(double): double', emit: plain('trunc') },
  ...['integer', 'bigint'].map((type) => ({
    signature: `sign(${type}): ${type}`,
    emit: emitting((x = '') => `CAST(sign(${x}) AS ${type.toUpperCase()})`),
  })),
  {
    signature: 'sign(double): double',
    emit: emittingOnce((x) => `CASE WHEN ${x} = 0 OR isnan(${x}) THEN ${x} ELSE CAST(sign(${x}) AS DOUBLE) END`),
  },
  { signature: 'sqrt(double): double', emit: nanWhere((x) => `${x} < 0`, 'sqrt') },
  { signature: 'cbrt(double): double', emit: plain('cbrt') },
  { signature: 'exp(double): double', emit: plain('exp') },
  ...['ln', 'log2', 'log10'].map((name) => ({ signature: `${name}(double): double`, emit: logarithm(name) })),
  ...['power', 'pow'].map((name) => ({ signature: `${name}(double, double): double`, emit: plain('pow') })),
  ...['sin', 'cos', 'tan'].map((name) => ({ signature: `${name}(double): double`, emit: nanWhere(infinite, name) })),
  ...['asin', 'acos'].map((name) => ({ signature: `${name}(double): double`, emit: nanWhere(outsideOne, name) })),
  ...['atan', 'sinh', 'cosh', 'tanh'].map((name) => ({ signature: `${name}(double): double`, emit: plain(name) })),
  { signature: 'atan2(double, double): double', emit: plain('atan2') },
  ...['degrees', 'radians'].map((name) => ({ signature: `${name}(double): double`, emit: plain(name) })),
  { signature: 'pi(): double', emit: plain('pi') },
  { signature: 'e(): double', emit: (_, { emitter }) => emitter.bindDouble(Math.E) },
  { signature: 'nan(): double', emit: () => nan },
  { signature: 'infinity(): double', emit: () => `CAST('Infinity' AS DOUBLE)` },
  { signature: 'is_nan(double): boolean', emit: plain('isnan') },
  { signature: 'is_finite(double): boolean', emit: plain('isfinite') },
  { signature: 'is_infinite(double): boolean', emit: plain('isinf') },
  ...['integer', 'bigint'].map((type) => ({ signature: `mod(${type}, ${type}): ${type}`, emit: remainder })),
  { signature: 'mod(double, double): double', emit: emitting((a = '', b = '') => `(${a} % ${b})`) },
  { signature: 'bitwise_and(bigint, bigint): bigint', emit: emitting((a = '', b = '') => `(${a} & ${b})`) },
  { signature: 'bitwise_or(bigint, bigint): bigint', emit: emitting((a = '', b = '') => `(${a} | ${b})`) },
  { signature: 'bitwise_xor(bigint, bigint): bigint', emit: plain('xor') },
  { signature: 'bitwise_not(bigint): bigint', emit: emitting((a = '') => `(~${a})`) },
  ...['greatest', 'least'].map((name) => ({
    signature: `${name}(T...): T`,
    // Java's answer is NULL as soon as one argument is; DuckDB skips them. What is greatest beside NaN is not documented.
    emit: emittingOnceWithNaN(name),
  })),
];

function emittingOnceWithNaN(name: string): FunctionRow['emit'] {
  return (args, context) =>
    emittingOnce((...names) => {
      const checks = args.flatMap(({ type, mayBeNaN }, index) =>
        mayBeNaN && isScalar(type, 'DOUBLE') ? [`isnan(${names[index] ?? ''})`] : [],
      );
      const refusal = checks.length === 0 ? '' : `WHEN ${checks.join(' OR ')} THEN error('NaN in ${name}() is not supported') `;
      return `CASE WHEN ${names.map((each) => `${each} IS NULL`).join(' OR ')} THEN NULL ${refusal}ELSE ${name}(${names.join(', ')}) END`;
    })(args, context);
}
