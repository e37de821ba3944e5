import { MEASURE_NAME_COLUMN, METRIC_NAME_LABEL, SAMPLE_BITS_COLUMN, SAMPLE_HISTOGRAM_COLUMN, SAMPLE_VALUE_COLUMN } from './layout.js';
import type { ColumnInfo } from './record.js';

/** What a table looks like to a query. Columns exist from the first record that has them; naming one before is an error in Timestream. */
export interface TableSchema {
  /** The columns that hold labels, `prometheus_labels` among them if the table has it. */
  readonly dimensions: ReadonlySet<string>;
}

/**
 * The schema that the columns of a `SELECT *` show. Every VARCHAR column is a label, but for those of Timestream and of ours; a VARCHAR
 * measure that somebody wrote by hand cannot be told from a dimension there.
 */
export function schemaOf(columns: readonly ColumnInfo[]): TableSchema {
  return { dimensions: new Set(columns.flatMap(({ Name, Type }) => (isLabelColumn(Name, Type?.ScalarType) ? [Name] : []))) };
}

export function isLabelColumn(name: string | undefined, scalarType: string | undefined): name is string {
  return name !== undefined && scalarType === 'VARCHAR' && !name.startsWith('measure_value') && !nonLabelColumns.has(name);
}

const nonLabelColumns: ReadonlySet<string> = new Set([
  MEASURE_NAME_COLUMN,
  SAMPLE_VALUE_COLUMN,
  SAMPLE_BITS_COLUMN,
  SAMPLE_HISTOGRAM_COLUMN,
  // The metric name comes from measure_name and nowhere else.
  METRIC_NAME_LABEL,
]);
