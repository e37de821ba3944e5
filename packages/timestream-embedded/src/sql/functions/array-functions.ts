import { setEntryTypes } from '../callbacks/array-callbacks.js';
import { invalidAt } from '../sql-error.js';
import { duckdbType, isScalar, typeText, type SqlType } from '../values/sql-type.js';
import { addMonths, calendarOf } from '../values/time-sql.js';
import { nsPerDay } from '../values/time-text.js';
import { bytesOf, lacksRoom } from '../values/made-text.js';
import type { TypedExpression } from '../values/typed-expression.js';
import { emitting, emittingOnce, plain, type CallContext, type FunctionRow } from './function-table.js';
import { textSql } from './text-conversion.js';

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
  example: [`${name}(ARRAY[1, 3, 2])`, name === 'array_max' ? '3' : '1'],
});

/** Of a list of numbers, and of what is made of it on the way to the answer. */
const bytesPerEntry = 16;
const tooLong = `error('sequence() of more than 10000 entries is not supported')`;
const sequenceBy = (from: string, to: string, by: string): string =>
  `CASE WHEN ${by} = 0 OR (${to} - ${from}) * sign(${by}) < 0 THEN error('sequence(): the step does not lead to the end') ` +
  `WHEN (${to} - ${from}) // ${by} >= 10000 THEN ${tooLong} WHEN ${lacksRoom(`(${bytesPerEntry} * ((${to} - ${from}) // ${by} + 1))`)} THEN NULL ELSE generate_series(${from}, ${to}, ${by}) END`;
const sequence = emittingOnce((from, to = '', step?: string) =>
  sequenceBy(from, to, step ?? `CASE WHEN ${from} <= ${to} THEN 1 ELSE -1 END`),
);

/**
 * The entries that are not NULL with the separator between them. DuckDB's own function wants a constant separator, which nearly every one is.
 * Its answer for no entries is NULL, here it is the empty text.
 */
function joined(list: string, separator: TypedExpression | undefined, context: CallContext): string {
  const cut = context.faults.maxJoinedCharacters;
  const joinedList = ((): string => {
    if (separator?.literal?.type === 'null') return 'CAST(NULL AS VARCHAR)';
    const isConstant = separator?.literal?.type === 'string';
    const between = separator?.sql ?? '';
    return context.emitter.onceAll([list, ...(isConstant ? [] : [between])], ([entries = '', computed = between]) => {
      const text = isConstant ? `coalesce(array_to_string(${entries}, ${between}), '')` : `ts_array_join(${entries}, ${computed})`;
      // The entries are counted where they are made, and what is between them here.
      const lacks =
        (separator?.maxTextBytes ?? Infinity) <= bytesPerEntry
          ? ''
          : `WHEN ${lacksRoom(`(len(${entries}) * strlen(${computed}))`)} THEN NULL `;
      return `CASE WHEN ${entries} IS NULL THEN NULL ${lacks}ELSE ${text} END`;
    });
  })();
  return cut === undefined ? joinedList : `left(${joinedList}, ${cut})`;
}

/** Entries of other types stand in the text as CAST(… AS VARCHAR) writes them. */
function entriesAsText(list: TypedExpression | undefined, { emitter, faults, position }: CallContext): string {
  const element = list?.type.kind === 'array' ? list.type.element : undefined;
  if (list === undefined || element === undefined || isScalar(element, 'VARCHAR', 'UNKNOWN')) return list?.sql ?? '';
  const name = emitter.name('v');
  const text = textSql(element, name, emitter, faults);
  if (text === undefined) throw invalidAt(position, `array_join() of ${typeText(element)} is not supported`);
  return `list_transform(${list.sql}, lambda ${name}: ${text})`;
}

/** The functions on sets run as callbacks, which there are for these types of entries. */
function setFunction(name: string, result: string, count: number): FunctionRow['emit'] {
  return (args, { position }) => {
    const [first] = args;
    const element: SqlType | undefined = first?.type.kind === 'array' ? first.type.element : undefined;
    const type = element && setEntryTypes.find((each) => each === duckdbType(element));
    if (element === undefined || type === undefined || isScalar(element, 'UNKNOWN'))
      throw invalidAt(position, `${result} of ${element === undefined ? 'this type' : typeText(element)} is not supported`);
    return `ts_${name}_${type}(${args
      .slice(0, count)
      .map(({ sql }) => sql)
      .join(', ')})`;
  };
}

/** Beside the entry itself: about as many bytes as its text has. */
const entryBytes = (value: string, type: SqlType | undefined): string =>
  type === undefined || isScalar(type, 'BIGINT', 'INTEGER', 'DOUBLE', 'BOOLEAN', 'UNKNOWN')
    ? '0'
    : `coalesce(strlen(CAST(${value} AS VARCHAR)), 0)`;

/** Months from the start, each counted from it: 31 January, 29 February, 31 March. */
const monthSequence = emittingOnce((from, to = '', step = '') => {
  // Boundaries of months between the two are at least the whole months: what goes beyond the end is dropped.
  const most = `(abs(date_diff('month', ${calendarOf(from)}, ${calendarOf(to)})) // abs(${step}))`;
  const all = `list_transform(generate_series(0, ${most}), lambda i: ${addMonths(from, `(i * ${step})`)})`;
  return (
    `CASE WHEN ${step} = 0 OR (${to} - ${from}) * sign(${step}) < 0 THEN error('sequence(): the step does not lead to the end') ` +
    `WHEN ${lacksRoom(`(${bytesPerEntry} * ${most})`)} THEN NULL ELSE list_filter(${all}, lambda each: (each - ${to}) * sign(${step}) <= 0) END`
  );
});

const zipRow = (count: number): FunctionRow => {
  const names = ['A', 'B', 'C', 'D', 'E'].slice(0, count);
  return {
    signature: `zip(${names.map((name) => `array(${name})`).join(', ')}): array(row(${names.join(', ')}))`,
    emit: emittingOnce((...lists) => {
      const longest = `greatest(${lists.map((list) => `len(${list})`).join(', ')})`;
      const fields = lists.map((list, index) => `f${index} := ${list}[i]`).join(', ');
      const isNull = lists.map((list) => `${list} IS NULL`).join(' OR ');
      return `CASE WHEN ${isNull} THEN NULL ELSE list_transform(generate_series(1, ${longest}), lambda i: struct_pack(${fields})) END`;
    }),
    ...(count === 2
      ? {
          example: [
            "zip(ARRAY[1, 2], ARRAY['1b', NULL, '3b'])",
            [
              ['1', '1b'],
              ['2', null],
              [null, '3b'],
            ],
          ] as const,
        }
      : {}),
  };
};

export const arrayFunctions: readonly FunctionRow[] = [
  { signature: 'cardinality(array(T)): bigint', emit: plain('len'), example: ['cardinality(ARRAY[6, 7, 8])', '3'] },
  { signature: 'cardinality(timeseries(T)): bigint', emit: plain('len') },
  {
    signature: 'element_at(array(T), bigint): T',
    emit: emittingOnce(
      (list, index = '') => `CASE WHEN ${index} = 0 THEN error('SQL array indices start at 1') ELSE ${list}[${index}] END`,
    ),
    example: ['element_at(ARRAY[6, 7, 8, 9], -1)', '9'],
  },
  {
    signature: 'array_join(array(T), varchar): varchar',
    emit: ([list, separator], context) => joined(entriesAsText(list, context), separator, context),
    example: ["array_join(ARRAY['6', '7', NULL, '8'], '-')", '6-7-8'],
  },
  {
    signature: 'array_join(array(T), varchar, varchar): varchar',
    emit: ([list, separator, absent], context) =>
      context.emitter.onceAll([entriesAsText(list, context), absent?.sql ?? ''], ([entries = '', text = '']) => {
        const filled = `list_transform(${entries}, lambda each: coalesce(each, ${text}))`;
        const lacks =
          (absent?.maxTextBytes ?? Infinity) <= bytesPerEntry ? '' : `WHEN ${lacksRoom(`(len(${entries}) * strlen(${text}))`)} THEN NULL `;
        return `CASE WHEN ${text} IS NULL THEN NULL ${lacks}ELSE ${joined(filled, separator, context)} END`;
      }),
    example: ["array_join(ARRAY[6, NULL, 8], '-', '?')", '6-?-8'],
  },
  {
    signature: 'array_distinct(array(T)): array(T)',
    emit: setFunction('array_distinct', 'array_distinct()', 1),
    example: ['array_distinct(ARRAY[6, 7, 8, 9, 7, 4])', ['6', '7', '8', '9', '4']],
  },
  {
    signature: 'array_intersect(array(T), array(T)): array(T)',
    emit: setFunction('array_intersect', 'array_intersect()', 2),
    example: ['array_intersect(ARRAY[6, 7, 8], ARRAY[7, 9, 8])', ['7', '8']],
  },
  {
    signature: 'array_union(array(T), array(T)): array(T)',
    emit: setFunction('array_union', 'array_union()', 2),
    example: ['array_union(ARRAY[6, 7], ARRAY[7, 9])', ['6', '7', '9']],
  },
  {
    signature: 'array_except(array(T), array(T)): array(T)',
    emit: setFunction('array_except', 'array_except()', 2),
    example: ['array_except(ARRAY[6, 7, 8], ARRAY[7])', ['6', '8']],
  },
  {
    signature: 'arrays_overlap(array(T), array(T)): boolean',
    emit: setFunction('arrays_overlap', 'arrays_overlap()', 2),
    example: ['arrays_overlap(ARRAY[6, 7], ARRAY[7, 9])', 'true'],
  },
  {
    signature: 'array_remove(array(T), T): array(T)',
    emit: emittingOnce(
      (list, value = '') =>
        `CASE WHEN ${value} IS NULL THEN NULL ELSE list_filter(${list}, lambda each: each IS NULL OR each <> ${value}) END`,
    ),
    example: ['array_remove(ARRAY[1, 2, 1], 1)', ['2']],
  },
  extreme('array_max', 'list_max'),
  extreme('array_min', 'list_min'),
  {
    signature: 'array_sort(array(T)): array(T)',
    emit: emitting((list = '') => `list_sort(${list}, 'ASC', 'NULLS LAST')`),
    example: ['array_sort(ARRAY[3, 1, NULL, 2])', ['1', '2', '3', null]],
  },
  {
    signature: 'array_position(array(T), T): bigint',
    emit: emitting(
      (list = '', value = '') =>
        `CAST(coalesce(list_position(${list}, ${value}), CASE WHEN ${list} IS NULL OR ${value} IS NULL THEN NULL ELSE 0 END) AS BIGINT)`,
    ),
    example: ['array_position(ARRAY[6, 7, 8], 8)', '3'],
  },
  { signature: 'reverse(array(T)): array(T)', emit: plain('list_reverse'), example: ['reverse(ARRAY[1, 2])', ['2', '1']] },
  {
    signature: 'concat(array(T), array(T)...): array(T)',
    emit: (lists, { emitter }) =>
      emitter.onceAll(
        lists.map(({ sql }) => sql),
        (names) => {
          const isNull = names.map((name) => `${name} IS NULL`).join(' OR ');
          const bytes = lists.map(({ type }, index) => bytesOf(names[index] ?? '', type) ?? '0').join(' + ');
          // What is joined two by two stays until the last.
          const lacks = lacksRoom(`(${Math.ceil(names.length / 2)} * (${bytes}))`);
          return `CASE WHEN ${isNull} THEN NULL WHEN ${lacks} THEN NULL ELSE ${names.reduce((left, right) => `list_concat(${left}, ${right})`)} END`;
        },
      ),
    example: ['concat(ARRAY[1], ARRAY[2, 3])', ['1', '2', '3']],
  },
  {
    signature: 'slice(array(T), bigint, bigint): array(T)',
    emit: emittingOnce((list, start = '', length = '') => {
      const from = `CASE WHEN ${start} < 0 THEN len(${list}) + ${start} + 1 ELSE ${start} END`;
      return (
        `CASE WHEN ${start} = 0 THEN error('SQL array indices start at 1') WHEN ${length} < 0 THEN error('length must be greater than or equal to 0') ` +
        `WHEN ${start} < -len(${list}) OR ${length} = 0 THEN ${list}[1:0] ELSE list_slice(${list}, ${from}, ${from} + ${length} - 1) END`
      );
    }),
    example: ['slice(ARRAY[1, 2, 3, 4], -3, 2)', ['2', '3']],
  },
  {
    signature: 'repeat(T, bigint): array(T)',
    emit: (args, context) =>
      emittingOnce(
        (value, count = '') =>
          `CASE WHEN ${count} > 10000 THEN error('repeat() of more than 10000 entries is not supported') ` +
          `WHEN ${lacksRoom(`(${count} * (${bytesPerEntry} + ${entryBytes(value, args[0]?.type)}))`)} THEN NULL ` +
          `ELSE list_transform(generate_series(1, ${count}), lambda each: CAST(${value} AS ${duckdbType(args[0]?.type ?? context.resultType)})) END`,
      )(args, context),
    example: ["repeat('a', 3)", ['a', 'a', 'a']],
  },
  { signature: 'sequence(bigint, bigint): array(bigint)', emit: sequence, example: ['sequence(2, 4)', ['2', '3', '4']] },
  { signature: 'sequence(bigint, bigint, bigint): array(bigint)', emit: sequence, example: ['sequence(1, 10, 4)', ['1', '5', '9']] },
  {
    signature: 'sequence(timestamp, timestamp, interval day to second): array(timestamp)',
    emit: sequence,
    example: [
      "sequence('2023-04-02 19:26:12.941000000', '2023-04-03 19:26:12.941000000', 1d)",
      ['2023-04-02 19:26:12.941000000', '2023-04-03 19:26:12.941000000'],
    ],
  },
  {
    signature: 'sequence(timestamp, timestamp): array(timestamp)',
    emit: emittingOnce((from, to = '') => sequenceBy(from, to, `CASE WHEN ${from} <= ${to} THEN ${nsPerDay} ELSE -${nsPerDay} END`)),
    example: [
      "sequence('2023-04-02 19:26:12', '2023-04-04 19:26:12')",
      ['2023-04-02 19:26:12.000000000', '2023-04-03 19:26:12.000000000', '2023-04-04 19:26:12.000000000'],
    ],
  },
  {
    signature: 'sequence(timestamp, timestamp, interval year to month): array(timestamp)',
    emit: monthSequence,
    example: [
      "sequence('2024-01-31 00:00:00', '2024-03-31 00:00:00', 1month)",
      ['2024-01-31 00:00:00.000000000', '2024-02-29 00:00:00.000000000', '2024-03-31 00:00:00.000000000'],
    ],
  },
  {
    signature: 'shuffle(array(T)): array(T)',
    emit: emitting(
      (list = '') =>
        `list_transform(list_sort(list_transform(${list}, lambda each: struct_pack(r := random(), v := each))), lambda each: each.v)`,
    ),
    example: ['cardinality(shuffle(ARRAY[6, 7, 8]))', '3'],
  },
  ...[2, 3, 4, 5].map(zipRow),
];
