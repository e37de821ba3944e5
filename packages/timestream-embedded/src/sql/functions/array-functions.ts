import { duckdbType, isScalar } from '../values/sql-type.js';
import { emitting, emittingOnce, plain, type FunctionRow } from './function-table.js';

const extreme = (name: 'array_max' | 'array_min', duckdbName: string): FunctionRow => ({
  signature: `${name}(array(T)): T`,
  emit: (args, context) => {
    const nan = isScalar(context.resultType, 'DOUBLE')
      ? (list: string): string =>
          `WHEN list_contains(list_transform(${list}, lambda each: isnan(each)), TRUE) THEN error('NaN in ${name}() is not supported') `
      : (): string => '';
    return emittingOnce((list) => `CASE WHEN len(${list}) > list_count(${list}) THEN NULL ${nan(list)}ELSE ${duckdbName}(${list}) END`)(
      args,
      context,
    );
  },
});

const tooLong = `error('sequence() of more than 10000 entries is not supported')`;
const sequence = emittingOnce((from, to = '', step?: string) => {
  const by = step ?? `CASE WHEN ${from} <= ${to} THEN 1 ELSE -1 END`;
  return (
    `CASE WHEN ${by} = 0 OR (${to} - ${from}) * sign(${by}) < 0 THEN error('sequence(): the step does not lead to the end') ` +
    `WHEN (${to} - ${from}) // ${by} >= 10000 THEN ${tooLong} ELSE generate_series(${from}, ${to}, ${by}) END`
  );
});

/** The entries with the separator between them. DuckDB's own function wants a constant separator. */
const joined = (list: string, separator: string): string =>
  `CASE WHEN ${separator} IS NULL THEN NULL WHEN len(${list}) = 0 THEN '' ELSE list_reduce(${list}, lambda before, after: before || ${separator} || after) END`;

export const arrayFunctions: readonly FunctionRow[] = [
  { signature: 'cardinality(array(T)): bigint', emit: plain('len') },
  { signature: 'cardinality(timeseries(T)): bigint', emit: plain('len') },
  {
    signature: 'element_at(array(T), bigint): T',
    emit: emittingOnce(
      (list, index = '') => `CASE WHEN ${index} = 0 THEN error('SQL array indices start at 1') ELSE ${list}[${index}] END`,
    ),
  },
  {
    signature: 'array_join(array(varchar), varchar): varchar',
    emit: emittingOnce((list, separator = '') => joined(`list_filter(${list}, lambda each: each IS NOT NULL)`, separator)),
  },
  {
    signature: 'array_join(array(varchar), varchar, varchar): varchar',
    emit: emittingOnce((list, separator = '', absent = '') =>
      joined(`list_transform(${list}, lambda each: coalesce(each, ${absent}))`, separator),
    ),
  },
  extreme('array_max', 'list_max'),
  extreme('array_min', 'list_min'),
  { signature: 'array_sort(array(T)): array(T)', emit: emitting((list = '') => `list_sort(${list}, 'ASC', 'NULLS LAST')`) },
  {
    signature: 'array_position(array(T), T): bigint',
    emit: emitting(
      (list = '', value = '') =>
        `CAST(coalesce(list_position(${list}, ${value}), CASE WHEN ${list} IS NULL OR ${value} IS NULL THEN NULL ELSE 0 END) AS BIGINT)`,
    ),
  },
  { signature: 'reverse(array(T)): array(T)', emit: plain('list_reverse') },
  {
    signature: 'concat(array(T), array(T)...): array(T)',
    emit: emitting((...lists) =>
      lists.reduce((left, right) => `CASE WHEN ${right} IS NULL THEN NULL ELSE list_concat(${left}, ${right}) END`),
    ),
  },
  {
    signature: 'slice(array(T), bigint, bigint): array(T)',
    emit: emittingOnce(
      (list, start = '', length = '') =>
        `CASE WHEN ${start} <= 0 OR ${length} < 0 THEN error('slice() takes a start from 1 and a length from 0') ELSE list_slice(${list}, ${start}, ${start} + ${length} - 1) END`,
    ),
  },
  {
    signature: 'repeat(T, bigint): array(T)',
    emit: (args, context) =>
      emittingOnce(
        (value, count = '') =>
          `CASE WHEN ${count} > 10000 THEN error('repeat() of more than 10000 entries is not supported') ` +
          `ELSE list_transform(generate_series(1, ${count}), lambda each: CAST(${value} AS ${duckdbType(args[0]?.type ?? context.resultType)})) END`,
      )(args, context),
  },
  { signature: 'sequence(bigint, bigint): array(bigint)', emit: sequence },
  { signature: 'sequence(bigint, bigint, bigint): array(bigint)', emit: sequence },
  { signature: 'sequence(timestamp, timestamp, interval day to second): array(timestamp)', emit: sequence },
];
