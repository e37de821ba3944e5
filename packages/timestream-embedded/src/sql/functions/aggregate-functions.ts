import { isScalar } from '../values/sql-type.js';
import { createFunctionTable, type Emit, type FunctionRow } from './function-table.js';
import type { TypedExpression } from '../values/typed-expression.js';

/** An aggregate of DuckDB, its result converted to the type that Timestream gives. */
const aggregate =
  (name: string, castTo?: string): Emit =>
  (args, { distinct, over }) => {
    const call = `${name}(${distinct}${args.map(({ sql }) => sql).join(', ')})${over}`;
    return castTo === undefined ? call : `CAST(${call} AS ${castTo})`;
  };

/** What NaN is beside other numbers in these functions is not documented, so meeting one is an error, never a guess. */
function refusingNaN({ type, sql, mayBeNaN }: TypedExpression, name: string): string {
  if (!mayBeNaN || !isScalar(type, 'DOUBLE')) return sql;
  return `list_transform([${sql}], lambda each: CASE WHEN isnan(each) THEN error('NaN in ${name}() is not supported') ELSE each END)[1]`;
}

const extreme = (name: string): FunctionRow => ({
  signature: `${name}(T): T`,
  emit: ([value], { over }) => `${name}(${value === undefined ? '' : refusingNaN(value, name)})${over}`,
});

/** The value of the row with the least or greatest key; the value may be NULL, rows without a key do not count. */
const extremeBy = (name: string, duckdbName: string): FunctionRow => ({
  signature: `${name}(T, K): T`,
  emit: ([value, key], { over }) => `${duckdbName}(${value?.sql ?? ''}, ${key === undefined ? '' : refusingNaN(key, name)})${over}`,
});

const timeSeries: Emit = ([time, value]) => {
  const point =
    `CASE WHEN ${time?.sql ?? ''} IS NULL OR ${value?.sql ?? ''} IS NULL THEN error('CREATE_TIME_SERIES(): a time or value cannot be null') ` +
    `ELSE struct_pack("time" := ${time?.sql ?? ''}, "value" := ${value?.sql ?? ''}) END`;
  return `list(${point} ORDER BY ${time?.sql ?? ''})`;
};

const statistics = ['stddev', 'stddev_samp', 'stddev_pop', 'variance', 'var_samp', 'var_pop'];

export const aggregateFunctions = createFunctionTable(
  { signature: 'count(): bigint', emit: (_, { over }) => `count(*)${over}` },
  { signature: 'count(T): bigint', emit: aggregate('count') },
  { signature: 'count_if(boolean): bigint', emit: aggregate('count_if', 'BIGINT') },
  // Timestream's answer is an estimate; the exact number lies within its error.
  { signature: 'approx_distinct(T): bigint', emit: ([value], { over }) => `count(DISTINCT ${value?.sql ?? ''})${over}` },
  { signature: 'sum(bigint): bigint', emit: aggregate('sum', 'BIGINT') },
  { signature: 'sum(double): double', emit: aggregate('sum') },
  { signature: 'avg(bigint): double', emit: aggregate('avg') },
  { signature: 'avg(double): double', emit: aggregate('avg') },
  extreme('min'),
  extreme('max'),
  extremeBy('min_by', 'arg_min_null'),
  extremeBy('max_by', 'arg_max_null'),
  { signature: 'arbitrary(T): T', emit: aggregate('any_value') },
  { signature: 'array_agg(T): array(T)', emit: aggregate('list') },
  ...['bool_and', 'every'].map((name) => ({ signature: `${name}(boolean): boolean`, emit: aggregate('bool_and') })),
  { signature: 'bool_or(boolean): boolean', emit: aggregate('bool_or') },
  { signature: 'bitwise_and_agg(bigint): bigint', emit: aggregate('bit_and') },
  { signature: 'bitwise_or_agg(bigint): bigint', emit: aggregate('bit_or') },
  ...statistics.map((name) => ({ signature: `${name}(double): double`, emit: aggregate(name) })),
  { signature: 'create_time_series(timestamp, T): timeseries(T)', emit: timeSeries },
);

/** Aggregates that DuckDB cannot compute over a window. */
export const notOverWindows: ReadonlySet<string> = new Set(['create_time_series', 'approx_distinct']);

const windowed =
  (name: string, castTo?: string): Emit =>
  (args, { over }) => {
    const call = `${name}(${args.map(({ sql }) => sql).join(', ')})${over}`;
    return castTo === undefined ? call : `CAST(${call} AS ${castTo})`;
  };

/** Functions that exist only with OVER. */
export const windowFunctions = createFunctionTable(
  ...['row_number', 'rank', 'dense_rank'].map((name) => ({ signature: `${name}(): bigint`, emit: windowed(name, 'BIGINT') })),
  ...['percent_rank', 'cume_dist'].map((name) => ({ signature: `${name}(): double`, emit: windowed(name) })),
  { signature: 'ntile(bigint): bigint', emit: windowed('ntile', 'BIGINT') },
  ...['first_value', 'last_value'].map((name) => ({ signature: `${name}(T): T`, emit: windowed(name) })),
  { signature: 'nth_value(T, bigint): T', emit: windowed('nth_value') },
  ...['lag', 'lead'].flatMap((name) => [
    { signature: `${name}(T): T`, emit: windowed(name) },
    { signature: `${name}(T, bigint): T`, emit: windowed(name) },
    { signature: `${name}(T, bigint, T): T`, emit: windowed(name) },
  ]),
);
