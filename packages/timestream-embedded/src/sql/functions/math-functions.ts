import { isScalar } from '../values/sql-type.js';
import type { TypedExpression } from '../values/typed-expression.js';
import { emitting, emittingOnce, plain, type Emit, type FunctionExample, type FunctionRow } from './function-table.js';

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

/** A literal that needs no look at each row before something is divided by it. */
export function isNonZero({ literal }: TypedExpression): boolean {
  return literal?.type === 'integer' && literal.value !== 0n;
}

const checkedRemainder = emittingOnce((a, b = '') => dividedByNonZero(a, '%', b));
const remainder: Emit = (args, context) => {
  const [a, b] = args;
  return a !== undefined && b !== undefined && isNonZero(b) ? `(${a.sql} % ${b.sql})` : checkedRemainder(args, context);
};
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

/** Whole numbers to tens, hundreds, …: halves away from zero; 19 digits and more leave nothing. */
const roundWhole = (type: string): FunctionRow['emit'] =>
  emittingOnce((x, digits = '') => {
    const factor = `CAST(pow(10, -${digits}) AS BIGINT)`;
    return (
      `CASE WHEN ${digits} >= 0 THEN ${x} WHEN ${digits} <= -19 THEN CAST(0 AS ${type}) ` +
      `ELSE CAST((CAST(${x} AS HUGEINT) + CASE WHEN ${x} < 0 THEN -${factor} // 2 ELSE ${factor} // 2 END) // ${factor} * ${factor} AS ${type}) END`
    );
  });

/** Towards zero, to digits; as `round` for doubles it is scaled and scaled back. */
const truncateToDigits = emittingOnce(
  (x, digits = '') =>
    `CASE WHEN isnan(${x}) OR isinf(${x}) THEN ${x} WHEN abs(${x} * pow(10, ${digits})) >= 9007199254740992 ` +
    `THEN error('truncate() of so many digits is not supported') ELSE trunc(${x} * pow(10, ${digits})) / pow(10, ${digits}) END`,
);

const random = (from: string, to: string, type: string): string =>
  `CASE WHEN ${to} <= ${from} THEN error('bound must be positive') ELSE CAST(floor(random() * (${to} - ${from})) AS ${type}) + ${from} END`;

const example = (call: string, answer: unknown): { example: FunctionExample } => ({ example: [call, answer] });

export const mathFunctions: readonly FunctionRow[] = [
  ...['integer', 'bigint', 'double'].map((type) => ({
    signature: `abs(${type}): ${type}`,
    emit: plain('abs'),
    ...example('abs(-2)', '2'),
  })),
  ...['ceil', 'ceiling', 'floor', 'round'].flatMap((name): FunctionRow[] => [
    ...['integer', 'bigint'].map((type) => ({ signature: `${name}(${type}): ${type}`, emit: emitting((x = '') => x) })),
    { signature: `${name}(double): double`, emit: plain(name), ...example(`${name}(1.5)`, name === 'floor' ? '1.0' : '2.0') },
  ]),
  { signature: 'round(double, bigint): double', emit: roundToDigits, ...example('round(8.01, 1)', '8.0') },
  ...['integer', 'bigint'].map((type) => ({
    signature: `round(${type}, bigint): ${type}`,
    emit: roundWhole(type.toUpperCase()),
    ...example('round(25, -1)', '30'),
  })),
  { signature: 'truncate(double): double', emit: plain('trunc'), ...example('truncate(-1.7)', '-1.0') },
  { signature: 'truncate(double, bigint): double', emit: truncateToDigits, ...example('truncate(12.375, 1)', '12.3') },
  ...['integer', 'bigint'].map((type) => ({
    signature: `sign(${type}): ${type}`,
    emit: emitting((x = '') => `CAST(sign(${x}) AS ${type.toUpperCase()})`),
    ...example('sign(-5)', '-1'),
  })),
  {
    signature: 'sign(double): double',
    emit: emittingOnce((x) => `CASE WHEN ${x} = 0 OR isnan(${x}) THEN ${x} ELSE CAST(sign(${x}) AS DOUBLE) END`),
  },
  { signature: 'sqrt(double): double', emit: nanWhere((x) => `${x} < 0`, 'sqrt'), ...example('sqrt(4)', '2.0') },
  // DuckDB's gives 3.0000000000000004 for 27; JavaScript's is the algorithm that Java's is.
  { signature: 'cbrt(double): double', emit: plain('ts_cbrt'), ...example('cbrt(27)', '3.0') },
  { signature: 'exp(double): double', emit: plain('exp'), ...example('exp(0)', '1.0') },
  ...['ln', 'log2', 'log10'].map((name) => ({
    signature: `${name}(double): double`,
    emit: logarithm(name),
    ...example(`${name}(1)`, '0.0'),
  })),
  ...['power', 'pow'].map((name) => ({
    signature: `${name}(double, double): double`,
    emit: plain('pow'),
    ...example(`${name}(2, 3)`, '8.0'),
  })),
  ...['sin', 'cos', 'tan'].map((name) => ({
    signature: `${name}(double): double`,
    emit: nanWhere(infinite, name),
    ...example(`${name}(0)`, name === 'cos' ? '1.0' : '0.0'),
  })),
  ...['asin', 'acos'].map((name) => ({
    signature: `${name}(double): double`,
    emit: nanWhere(outsideOne, name),
    ...example(`${name}(${name === 'asin' ? 0 : 1})`, '0.0'),
  })),
  ...['atan', 'sinh', 'cosh', 'tanh'].map((name) => ({
    signature: `${name}(double): double`,
    emit: plain(name),
    ...example(`${name}(0)`, name === 'cosh' ? '1.0' : '0.0'),
  })),
  { signature: 'atan2(double, double): double', emit: plain('atan2'), ...example('atan2(0, 1)', '0.0') },
  ...['degrees', 'radians'].map((name) => ({ signature: `${name}(double): double`, emit: plain(name), ...example(`${name}(0)`, '0.0') })),
  { signature: 'pi(): double', emit: plain('pi'), ...example('pi()', '3.141592653589793') },
  { signature: 'e(): double', emit: (_, { emitter }) => emitter.bindDouble(Math.E), ...example('e()', '2.718281828459045') },
  { signature: 'nan(): double', emit: () => nan, ...example('nan()', 'NaN') },
  { signature: 'infinity(): double', emit: () => `CAST('Infinity' AS DOUBLE)`, ...example('infinity()', 'Infinity') },
  { signature: 'is_nan(double): boolean', emit: plain('isnan'), ...example('is_nan(nan())', 'true') },
  { signature: 'is_finite(double): boolean', emit: plain('isfinite'), ...example('is_finite(infinity())', 'false') },
  { signature: 'is_infinite(double): boolean', emit: plain('isinf'), ...example('is_infinite(infinity())', 'true') },
  ...['integer', 'bigint'].map((type) => ({ signature: `mod(${type}, ${type}): ${type}`, emit: remainder, ...example('mod(7, 3)', '1') })),
  { signature: 'mod(double, double): double', emit: emitting((a = '', b = '') => `(${a} % ${b})`) },
  ...['rand', 'random'].flatMap((name): FunctionRow[] => [
    { signature: `${name}(): double`, emit: plain('random'), ...example(`${name}() < 1`, 'true') },
    ...['integer', 'bigint'].flatMap((type): FunctionRow[] => [
      { signature: `${name}(${type}): ${type}`, emit: emittingOnce((bound) => random('0', bound, type.toUpperCase())) },
      { signature: `${name}(${type}, ${type}): ${type}`, emit: emittingOnce((from, to = '') => random(from, to, type.toUpperCase())) },
    ]),
  ]),
  { signature: 'from_base(varchar, bigint): bigint', emit: plain('ts_from_base'), ...example("from_base('1010', 2)", '10') },
  { signature: 'to_base(bigint, bigint): varchar', emit: plain('ts_to_base'), ...example('to_base(10, 2)', '1010') },
];

export const bitwiseFunctions: readonly FunctionRow[] = [
  {
    signature: 'bit_count(bigint, bigint): bigint',
    emit: emittingOnce(
      (x, bits = '') =>
        `CASE WHEN ${bits} < 2 OR ${bits} > 64 THEN error('Bits specified in bit_count must be between 2 and 64, got ' || ${bits}) ` +
        `WHEN ${bits} < 64 AND (${x} < -(CAST(1 AS BIGINT) << (least(${bits}, 63) - 1)) OR ${x} >= (CAST(1 AS BIGINT) << (least(${bits}, 63) - 1))) ` +
        `THEN error('Number must be representable with the bits specified. ' || ${x} || ' cannot be represented with ' || ${bits} || ' bits') ` +
        `WHEN ${x} < 0 AND ${bits} < 64 THEN CAST(bit_count(${x}) - (64 - ${bits}) AS BIGINT) ELSE CAST(bit_count(${x}) AS BIGINT) END`,
    ),
    ...example('bit_count(19, 8)', '3'),
  },
  {
    signature: 'bitwise_and(bigint, bigint): bigint',
    emit: emitting((a = '', b = '') => `(${a} & ${b})`),
    ...example('bitwise_and(12, 7)', '4'),
  },
  {
    signature: 'bitwise_or(bigint, bigint): bigint',
    emit: emitting((a = '', b = '') => `(${a} | ${b})`),
    ...example('bitwise_or(12, 7)', '15'),
  },
  { signature: 'bitwise_xor(bigint, bigint): bigint', emit: plain('xor'), ...example('bitwise_xor(12, 7)', '11') },
  { signature: 'bitwise_not(bigint): bigint', emit: emitting((a = '') => `(~${a})`), ...example('bitwise_not(12)', '-13') },
];

export const comparisonFunctions: readonly FunctionRow[] = [
  ...['greatest', 'least'].map((name) => ({
    signature: `${name}(T...): T`,
    // Java's answer is NULL as soon as one argument is; DuckDB skips them. What is greatest beside NaN is not documented.
    emit: emittingOnceWithNaN(name),
    ...example(`${name}(1, 3, 2)`, name === 'greatest' ? '3' : '1'),
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
