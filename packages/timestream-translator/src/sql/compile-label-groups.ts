import { LABELS_DIMENSION, MEASURE_NAME_COLUMN, METRIC_NAME_LABEL } from '../model/layout.js';
import { MAX_QUERY_BYTES } from '../model/limits.js';
import { SAMPLE_COLUMNS } from '../model/sample-column.js';
import type { TableSchema } from '../model/table-schema.js';
import { utf8ByteLength } from '../text/text-codec.js';
import { compileFilter, type CompiledFilter, type SelectOptions, tableName } from './compile-select.js';
import { printPredicate } from './predicate.js';
import { sampleCondition } from './sample-condition.js';
import { identifier, literal } from './sql.js';

export interface LabelGroupsOptions extends SelectOptions {
  readonly schema: TableSchema;
  /** Labels whose values are told apart, beside those of the matchers. */
  readonly labels: readonly string[];
  /** Whether the rows say which of the other dimensions are there, too. */
  readonly withPresence: boolean;
}

/** What the rows of an answer mean, for `createLabelGroupsReader`. */
export interface LabelGroupsLayout {
  /** The first columns, in this order. */
  readonly dimensionColumns: readonly string[];
  /** Whether the measure name is the next column. */
  readonly hasMeasureName: boolean;
  /** Two columns for each, after the count of all rows: in how many rows it is not NULL, and in how many of them it is empty. */
  readonly presenceColumns: readonly string[];
}

export type CompiledLabelGroups =
  | Extract<CompiledFilter, { kind: 'nothing' }>
  | (Extract<CompiledFilter, { kind: 'filter' }> & { readonly sql: string; readonly layout: LabelGroupsLayout });

/**
 * The values that some labels have together, one row for each combination: the labels of the matchers, so that each row can be checked against
 * them, and those that are asked for. What can stand in `prometheus_labels` is grouped by that column, too. For answers of label names and label
 * values: of a million series of one job, `job` is one row.
 */
export function compileLabelGroups(options: LabelGroupsOptions): CompiledLabelGroups {
  const { schema, matchers, withPresence } = options;
  const hasSample = sampleCondition(schema);
  if (hasSample === null) return { kind: 'nothing', labelsAssumedAbsent: new Set(SAMPLE_COLUMNS.map(({ name }) => name)) };
  const labels = new Set([LABELS_DIMENSION, ...options.labels, ...matchers.map(({ name }) => name)]);
  const dimensionColumns = [...schema.dimensions].filter((name) => labels.has(name));
  const hasMeasureName = labels.has(METRIC_NAME_LABEL);
  const presenceColumns = withPresence ? [...schema.dimensions].filter((name) => !labels.has(name)) : [];

  const groups = [...dimensionColumns, ...(hasMeasureName ? [MEASURE_NAME_COLUMN] : [])].map(identifier);
  const counts = presenceColumns.map(identifier).flatMap((column) => [`count(${column})`, `count_if(${column} = ${literal('')})`]);
  const head = `SELECT ${[...groups, 'count(*)', ...counts].join(', ')} FROM ${tableName(options)} WHERE `;
  const grouping = groups.length === 0 ? '' : ` GROUP BY ${groups.join(', ')}`;
  const tail = ` AND ${hasSample}${grouping}`;
  const filter = compileFilter(options, MAX_QUERY_BYTES - utf8ByteLength(head + tail));
  if (filter.kind === 'nothing') return filter;
  return {
    ...filter,
    sql: head + printPredicate(filter.predicate) + tail,
    layout: { dimensionColumns, hasMeasureName, presenceColumns },
  };
}
