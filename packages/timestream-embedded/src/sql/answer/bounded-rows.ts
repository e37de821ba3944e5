import type { AnalyzedQuery } from '../analyze/context.js';
import { isScalar, pointOf, type SqlType } from '../values/sql-type.js';
import type { Emitter } from '../values/typed-expression.js';

/** A value takes at least this in an answer: `{"NullValue":true},`. */
const minValueBytes = 18;
const maxPageBytes = 1_048_576;
const message = 'Query aborted as max page response size has been exceeded by the output result row';

/**
 * The query with a check of the lists and joined texts that it answers: a row that cannot fit a page is refused where it is made, before it
 * is copied out of the database and written down, which takes many times its size.
 */
export function withBoundedRows({ sql, columns }: AnalyzedQuery, emitter: Emitter): string {
  const isJoined = /array_to_string\(|ts_array_join\(/.test(sql);
  const guards = columns.map(({ type }, index) => {
    const column = `bounded.c${index}`;
    const isChecked =
      type.kind === 'scalar' ? isJoined && isScalar(type, 'VARCHAR') : typeof leastBytes(column, type, emitter) === 'string';
    if (!isChecked) return undefined;
    return `CASE WHEN ${String(leastBytes(column, type, emitter))} > ${maxPageBytes} THEN error('${message}') ELSE ${column} END AS c${index}`;
  });
  if (guards.every((guard) => guard === undefined)) return sql;
  return `SELECT ${guards.map((guard, index) => guard ?? `bounded.c${index}`).join(', ')} FROM (${sql}) AS bounded`;
}

/** How many bytes a value takes at least in an answer: a number where it is the same for all values of the type, else SQL for it. */
function leastBytes(value: string, type: SqlType, emitter: Emitter): number | string {
  switch (type.kind) {
    case 'scalar':
      return isScalar(type, 'VARCHAR') ? `(${minValueBytes} + coalesce(strlen(${value}), 0))` : minValueBytes;
    case 'row': {
      // NULL is the shortest row, however many fields it has.
      const fields = type.fields.map((field, index) => leastBytes(`${value}.f${index}`, field.type, emitter));
      const varying = fields.filter((bytes) => typeof bytes === 'string');
      if (varying.length === 0) return minValueBytes;
      return `CASE WHEN ${value} IS NULL THEN ${minValueBytes} ELSE ${varying.join(' + ')} END`;
    }
    case 'array':
    case 'timeseries': {
      const entry = emitter.name('v');
      const bytes = leastBytes(entry, type.kind === 'array' ? type.element : pointOf(type.value), emitter);
      return typeof bytes === 'number'
        ? `coalesce(${bytes} * len(${value}), 0)`
        : `coalesce(list_sum(list_transform(${value}, lambda ${entry}: ${bytes})), 0)`;
    }
  }
}
