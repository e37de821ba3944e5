import { EXEMPLAR_MEASURE_NAME, MEASURE_NAME_COLUMN } from '../model/layout.js';
import { MAX_QUERY_BYTES } from '../model/limits.js';
import { utf8ByteLength } from '../text/text-codec.js';
import { compileFilter, type CompiledSelect, type SelectOptions, tableName } from './compile-select.js';
import { labelCondition } from './label-condition.js';
import { allOf, isIn, printPredicate } from './predicate.js';

/**
 * `SELECT *` over the rows of the exemplars that the query can need: every column, so that the answer shows the table's schema in the same
 * breath. Their metric name stands in `prometheus_labels`, and its matchers look for it there.
 *
 * The rows must go through `createExemplarReader` with the same matchers and bounds.
 */
export function compileExemplarSelect(options: SelectOptions): CompiledSelect {
  const head = `SELECT * FROM ${tableName(options)} WHERE `;
  const isExemplar = isIn(MEASURE_NAME_COLUMN, [EXEMPLAR_MEASURE_NAME]);
  const maxBytes = MAX_QUERY_BYTES - utf8ByteLength(`${head}${printPredicate(isExemplar)} AND `);
  const filter = compileFilter(options, maxBytes, labelCondition);
  if (filter.kind === 'nothing') return filter;
  const predicate = allOf(isExemplar, filter.predicate);
  return { ...filter, predicate, sql: head + printPredicate(predicate) };
}
