import { invalidAt } from '../sql-error.js';
import type { TypedExpression } from '../values/typed-expression.js';
import { duckdbType, isScalar } from '../values/sql-type.js';
import { documentationPages as pages } from './documentation-page.js';
import { createFunctionTable, type CallContext, type Emit, type FunctionExample, type FunctionRow } from './function-table.js';

/** An aggregate of DuckDB, its result converted to the type that Timestream gives. */
const aggregate =
  (name: string, castTo?: string): Emit =>
  (args, { distinct, over }) => {
    const call = `${name}(${distinct}${args.map(({ sql }) => sql).join(', ')})${over}`;
    return castTo === undefined ? call : `CAST(${call} AS ${castTo})`;
  };

/** DuckDB answers NULL where every argument is NULL; it is a count, like Trino's own. */
const countIf: Emit = (args, options) => `coalesce(${aggregate('count_if', 'BIGINT')(args, options)}, 0)`;

/** What NaN is beside other numbers in these functions is not documented, so meeting one is an error, never a guess. */
function refusingNaN({ type, sql, mayBeNaN }: TypedExpression, name: string): string {
  if (!mayBeNaN || !isScalar(type, 'DOUBLE')) return sql;
  return `list_transform([${sql}], lambda each: CASE WHEN isnan(each) THEN error('NaN in ${name}() is not supported') ELSE each END)[1]`;
}

const numbers = '(VALUES 1, 2, 3, 4) AS t(c)';
const letters = "(VALUES ('a', 1), ('b', 2), ('c', 3), ('d', 4)) AS t(c1, c2)";
const booleans = '(VALUES true, true, false, true) AS t(c)';
const line = '(VALUES (1, 1), (2, 2), (3, 3), (4, 4)) AS t(c1, c2)';
const of = (call: string, source: string, answer: unknown): FunctionExample => [`SELECT ${call} FROM ${source}`, answer];

const extreme = (name: 'min' | 'max'): FunctionRow => ({
  signature: `${name}(T): T`,
  emit: ([value], { over }) => `${name}(${value === undefined ? '' : refusingNaN(value, name)})${over}`,
  example: of(`${name}(t.c)`, numbers, name === 'max' ? '4' : '1'),
});

/** How many values are asked for: as in Trino from 1 to 10000, and a literal. */
function literalCount(argument: TypedExpression | undefined, { position }: CallContext): bigint {
  const value = argument?.literal?.type === 'integer' ? argument.literal.value : undefined;
  if (value === undefined) throw invalidAt(position, 'The number of values must be a literal');
  if (value < 1n || value > 10_000n) throw invalidAt(position, `The number of values must be from 1 to 10000, not ${value}`);
  return value;
}

const sorted = (list: string, name: 'min' | 'max', count: bigint): string =>
  `list_slice(list_sort(${list}, '${name === 'max' ? 'DESC' : 'ASC'}', 'NULLS LAST'), 1, ${count})`;

/** The n greatest (least) values, in that order; NULL where there is none. */
const extremes = (name: 'min' | 'max'): FunctionRow => ({
  signature: `${name}(T, bigint): array(T)`,
  emit: ([value, count], context) => {
    const sql = value === undefined ? '' : refusingNaN(value, name);
    return sorted(`list(${sql}) FILTER (WHERE ${value?.sql ?? ''} IS NOT NULL)${context.over}`, name, literalCount(count, context));
  },
  example: of(`${name}(t.c, 2)`, numbers, name === 'max' ? ['4', '3'] : ['1', '2']),
});

/** The value of the row with the least or greatest key; the value may be NULL, rows without a key do not count. */
const extremeBy = (name: 'min_by' | 'max_by', duckdbName: string): FunctionRow => ({
  signature: `${name}(T, K): T`,
  emit: ([value, key], { over }) => `${duckdbName}(${value?.sql ?? ''}, ${key === undefined ? '' : refusingNaN(key, name)})${over}`,
  example: of(`${name}(t.c1, t.c2)`, letters, name === 'max_by' ? 'd' : 'a'),
});

const extremesBy = (name: 'min_by' | 'max_by'): FunctionRow => ({
  signature: `${name}(T, K, bigint): array(T)`,
  emit: ([value, key, count], context) => {
    const pair = `struct_pack(k := ${key === undefined ? '' : refusingNaN(key, name)}, v := ${value?.sql ?? ''})`;
    const list = `list(${pair}) FILTER (WHERE ${key?.sql ?? ''} IS NOT NULL)${context.over}`;
    return `list_transform(${sorted(list, name === 'max_by' ? 'max' : 'min', literalCount(count, context))}, lambda each: each.v)`;
  },
  example: of(`${name}(t.c1, t.c2, 2)`, letters, name === 'max_by' ? ['d', 'c'] : ['a', 'b']),
});

const timeSeries: Emit = ([time, value]) => {
  const point =
    `CASE WHEN ${time?.sql ?? ''} IS NULL OR ${value?.sql ?? ''} IS NULL THEN error('CREATE_TIME_SERIES(): a time or value cannot be null') ` +
    `ELSE struct_pack(f0 := ${time?.sql ?? ''}, f1 := ${value?.sql ?? ''}) END`;
  return `list(${point} ORDER BY ${time?.sql ?? ''})`;
};

/** A literal share from 0 to 1. */
function literalShare(argument: TypedExpression | undefined, what: string, { position }: CallContext): number {
  const { literal } = argument ?? {};
  const value = literal?.type === 'double' ? literal.value : literal?.type === 'integer' ? Number(literal.value) : Number.NaN;
  if (Number.isNaN(value)) throw invalidAt(position, `${what} must be a literal`);
  if (value < 0 || value > 1) throw invalidAt(position, `${what} must be between 0 and 1`);
  return value;
}

/**
 * The least value that at least this share of all values is not greater than: a value of the data, exact where the service estimates, and so
 * within any accuracy that is asked for.
 */
const percentile =
  (accuracyAt?: number): Emit =>
  (args, context) => {
    const [value, share] = args;
    if (value === undefined) throw new Error('approx_percentile has a value');
    literalShare(share, 'The percentage of approx_percentile', context);
    if (accuracyAt !== undefined) checkAccuracy(args[accuracyAt], context);
    return `quantile_disc(${refusingNaN(value, 'approx_percentile')}, ${share?.sql ?? ''})${context.over}`;
  };

/** One value for each share. The shares are any expression that is the same in the whole group. */
const percentiles: Emit = ([value, shares], { over, emitter, resultType }) => {
  if (value === undefined) throw new Error('approx_percentile has a value');
  const list = `list(${refusingNaN(value, 'approx_percentile')}) FILTER (WHERE ${value.sql} IS NOT NULL)${over}`;
  return emitter.onceAll([`list_sort(${list})`, `any_value(${shares?.sql ?? ''})${over}`], ([values = '', wanted = '']) => {
    const share = emitter.name('v');
    const index = `CAST(greatest(1, len(${values}) - floor(len(${values}) - len(${values}) * ${share})) AS BIGINT)`;
    const checked = `CASE WHEN ${share} < 0 OR ${share} > 1 THEN error('Percentile must be between 0 and 1') ELSE ${values}[${index}] END`;
    return `CASE WHEN ${values} IS NULL THEN CAST(NULL AS ${duckdbType(resultType)}) ELSE list_transform(${wanted}, lambda ${share}: ${checked}) END`;
  });
};

const weighted =
  (type: 'double' | 'bigint', many: boolean, accuracyAt?: number): Emit =>
  (args, context) => {
    const [value, weight, share] = args;
    const { over } = context;
    if (!many) literalShare(share, 'The percentage of approx_percentile', context);
    if (accuracyAt !== undefined) checkAccuracy(args[accuracyAt], context);
    const pairs = `list(struct_pack(v := ${value?.sql ?? ''}, w := CAST(${weight?.sql ?? ''} AS DOUBLE)))${over}`;
    const shares = many ? `any_value(${share?.sql ?? ''})${over}` : `[${share?.sql ?? ''}]`;
    const answer = context.emitter.once(
      pairs,
      (list) =>
        `ts_weighted_percentiles_${type}(list_transform(${list}, lambda each: each.v), list_transform(${list}, lambda each: each.w), ${shares})`,
    );
    return many ? answer : `${answer}[1]`;
  };

function checkAccuracy(argument: TypedExpression | undefined, context: CallContext): void {
  const accuracy = literalShare(argument, 'The accuracy of approx_percentile', context);
  if (accuracy === 0 || accuracy === 1) throw invalidAt(context.position, 'The accuracy of approx_percentile must be between 0 and 1');
}

const percentileRows: readonly FunctionRow[] = (['bigint', 'double'] as const).flatMap((type): FunctionRow[] => [
  {
    signature: `approx_percentile(${type}, double): ${type}`,
    emit: percentile(),
    example: of('approx_percentile(t.c, 0.4)', numbers, '2'),
  },
  {
    signature: `approx_percentile(${type}, array(double)): array(${type})`,
    emit: percentiles,
    example: of('approx_percentile(t.c, ARRAY[0.1, 0.8])', numbers, ['1', '4']),
  },
  { signature: `approx_percentile(${type}, double, double): ${type}`, emit: weighted(type, false) },
  { signature: `approx_percentile(${type}, double, array(double)): array(${type})`, emit: weighted(type, true) },
  { signature: `approx_percentile(${type}, double, double, double): ${type}`, emit: weighted(type, false, 3) },
]);

/** Trino: the standard error of the estimate; here the number is exact. */
const approximateDistinct: Emit = ([value, error], context) => {
  if (error !== undefined) {
    const share = literalShare(error, 'The standard error of approx_distinct', context);
    if (share < 0.0040625 || share > 0.26) throw invalidAt(context.position, `Standard error must be in [0.0040625, 0.26]: ${share}`);
  }
  return `count(DISTINCT ${value?.sql ?? ''})${context.over}`;
};

/** Of pairs; NULL where DuckDB says NaN or infinity, as Trino does. */
const ofPairs =
  (name: string): Emit =>
  (args, { emitter, over }) =>
    emitter.once(`${name}(${args.map(({ sql }) => sql).join(', ')})${over}`, (x) => `CASE WHEN isfinite(${x}) THEN ${x} END`);

const logarithm = (x: string): string =>
  `CASE WHEN ${x} < 0 THEN CAST('NaN' AS DOUBLE) WHEN ${x} = 0 THEN CAST('-Infinity' AS DOUBLE) ELSE ln(${x}) END`;

const statistics = ['stddev', 'stddev_samp', 'stddev_pop', 'variance', 'var_samp', 'var_pop'];

const collected: Emit = ([value], { distinct, over, faults }) => {
  // With another order asked for: by what no client can know.
  const order = faults.reordersAggregates === true && over === '' && distinct === '' ? ` ORDER BY hash(${value?.sql ?? ''})` : '';
  return `list(${distinct}${value?.sql ?? ''}${order})${over}`;
};

export const aggregateFunctions = createFunctionTable(
  {
    page: pages.aggregate,
    rows: [
      { signature: 'count(): bigint', emit: (_, { over }) => `count(*)${over}`, example: of('count(*)', numbers, '4') },
      { signature: 'count(T): bigint', emit: aggregate('count'), example: of('count(t.c)', booleans, '4') },
      { signature: 'count_if(boolean): bigint', emit: countIf, example: of('count_if(t.c)', booleans, '3') },
      // Timestream's answer is an estimate; the exact number lies within its error.
      {
        signature: 'approx_distinct(T): bigint',
        emit: approximateDistinct,
        example: of('approx_distinct(t.c)', '(VALUES 1, 2, 3, 4, 8) AS t(c)', '5'),
      },
      {
        signature: 'approx_distinct(T, double): bigint',
        emit: approximateDistinct,
        example: of('approx_distinct(t.c, 0.2)', '(VALUES 1, 2, 3, 4, 8) AS t(c)', '5'),
      },
      ...percentileRows,
      { signature: 'sum(bigint): bigint', emit: aggregate('sum', 'BIGINT'), example: of('sum(t.c)', numbers, '10') },
      { signature: 'sum(double): double', emit: aggregate('sum') },
      { signature: 'sum(interval day to second): interval day to second', emit: aggregate('sum', 'BIGINT') },
      { signature: 'avg(bigint): double', emit: aggregate('avg'), example: of('avg(t.c)', numbers, '2.5') },
      { signature: 'avg(double): double', emit: aggregate('avg') },
      extreme('min'),
      extreme('max'),
      extremes('min'),
      extremes('max'),
      extremeBy('min_by', 'arg_min_null'),
      extremeBy('max_by', 'arg_max_null'),
      extremesBy('min_by'),
      extremesBy('max_by'),
      { signature: 'arbitrary(T): T', emit: aggregate('any_value'), example: of('arbitrary(t.c)', '(VALUES 1) AS t(c)', '1') },
      { signature: 'array_agg(T): array(T)', emit: collected, example: of('array_agg(t.c)', numbers, ['1', '2', '3', '4']) },
      ...['bool_and', 'every'].map((name) => ({
        signature: `${name}(boolean): boolean`,
        emit: aggregate('bool_and'),
        example: of(`${name}(t.c)`, booleans, 'false'),
      })),
      { signature: 'bool_or(boolean): boolean', emit: aggregate('bool_or'), example: of('bool_or(t.c)', booleans, 'true') },
      {
        signature: 'bitwise_and_agg(bigint): bigint',
        emit: aggregate('bit_and'),
        example: of('bitwise_and_agg(t.c)', '(VALUES 1, -3) AS t(c)', '1'),
      },
      {
        signature: 'bitwise_or_agg(bigint): bigint',
        emit: aggregate('bit_or'),
        example: of('bitwise_or_agg(t.c)', '(VALUES 1, -3) AS t(c)', '-3'),
      },
      {
        signature: 'geometric_mean(double): double',
        emit: ([value], { emitter, over }) => `exp(avg(${emitter.once(value?.sql ?? '', logarithm)})${over})`,
        example: of('geometric_mean(t.c)', numbers, '2.213363839400643'),
      },
      {
        signature: 'skewness(double): double',
        emit: ([value], { over }) => `ts_skewness(list(${value?.sql ?? ''})${over})`,
        example: of('skewness(t.c1)', '(VALUES 1, 2, 3, 4, 5) AS t(c1)', '0.0'),
      },
      ...statistics.map((name) => ({
        signature: `${name}(double): double`,
        emit: aggregate(name),
        example: of(
          `round(${name}(t.c), 2)`,
          numbers,
          { stddev_pop: '1.12', variance: '1.67', var_samp: '1.67', var_pop: '1.25' }[name] ?? '1.29',
        ),
      })),
      ...(['corr', 'covar_pop', 'covar_samp', 'regr_intercept', 'regr_slope'] as const).map((name) => ({
        signature: `${name}(double, double): double`,
        emit: ofPairs(name),
        example: of(
          `round(${name}(t.c1, t.c2), 10)`,
          line,
          { corr: '1.0', covar_pop: '1.25', covar_samp: '1.6666666667', regr_intercept: '0.0', regr_slope: '1.0' }[name],
        ),
      })),
    ],
  },
  {
    page: pages.views,
    rows: [
      {
        signature: 'create_time_series(timestamp, T): timeseries(T)',
        emit: timeSeries,
        example: of('create_time_series(t.c1, t.c2)', "(VALUES (TIMESTAMP '2019-12-04 19:00:00', 35.0)) AS t(c1, c2)", [
          ['2019-12-04 19:00:00.000000000', '35.0'],
        ]),
      },
    ],
  },
);

/** Aggregates that DuckDB cannot compute over a window. */
export const notOverWindows: ReadonlySet<string> = new Set(['create_time_series', 'approx_distinct']);

const windowed =
  (name: string, castTo?: string): Emit =>
  (args, { over, nulls }) => {
    const call = `${name}(${args.map(({ sql }) => sql).join(', ')}${nulls})${over}`;
    return castTo === undefined ? call : `CAST(${call} AS ${castTo})`;
  };

const overNumbers = (call: string, answer: unknown): FunctionExample => of(`${call} OVER (ORDER BY t.c)`, numbers, answer);

/** Functions that exist only with OVER. */
export const windowFunctions = createFunctionTable({
  page: pages.window,
  rows: [
    ...['row_number', 'rank', 'dense_rank'].map((name) => ({
      signature: `${name}(): bigint`,
      emit: windowed(name, 'BIGINT'),
      example: overNumbers(`${name}()`, '1'),
    })),
    ...['percent_rank', 'cume_dist'].map((name) => ({
      signature: `${name}(): double`,
      emit: windowed(name),
      example: overNumbers(`${name}()`, name === 'cume_dist' ? '0.25' : '0.0'),
    })),
    { signature: 'ntile(bigint): bigint', emit: windowed('ntile', 'BIGINT'), example: overNumbers('ntile(2)', '1') },
    ...['first_value', 'last_value'].map((name) => ({
      signature: `${name}(T): T`,
      emit: windowed(name),
      example: overNumbers(`${name}(t.c)`, '1'),
    })),
    { signature: 'nth_value(T, bigint): T', emit: windowed('nth_value'), example: overNumbers('nth_value(t.c, 1)', '1') },
    ...['lag', 'lead'].flatMap((name) => [
      { signature: `${name}(T): T`, emit: windowed(name), example: overNumbers(`${name}(t.c)`, name === 'lag' ? null : '2') },
      { signature: `${name}(T, bigint): T`, emit: windowed(name) },
      { signature: `${name}(T, bigint, T): T`, emit: windowed(name) },
    ]),
  ],
});

/** Window functions that can be told to pass over NULL. */
export const takesNullTreatment: ReadonlySet<string> = new Set(['first_value', 'last_value', 'nth_value', 'lag', 'lead']);
