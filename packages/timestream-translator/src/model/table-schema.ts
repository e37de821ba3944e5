import {
  EXEMPLAR_COLUMN,
  MEASURE_NAME_COLUMN,
  METADATA_COLUMN,
  METRIC_NAME_LABEL,
  SAMPLE_BITS_COLUMN,
  SAMPLE_HISTOGRAM_COLUMN,
  SAMPLE_VALUE_COLUMN,
} from './layout.js';
import type { ColumnInfo } from './record.js';
import { SAMPLE_COLUMNS } from './sample-column.js';

/** What a table looks like to a query. Columns exist from the first record that has them; naming one before is an error in Timestream. */
export interface TableSchema {
  /** The columns that hold labels, `prometheus_labels` among them if the table has it. */
  readonly dimensions: ReadonlySet<string>;
  /** The columns that hold sample values: some of {@link SAMPLE_COLUMNS}. */
  readonly valueColumns: ReadonlySet<string>;
  /** Every column, in the order in which `SELECT *` shows them. */
  readonly columns: readonly string[];
}

/**
 * The schema that the columns of a `SELECT *` show. Every VARCHAR column is a label, but for those of Timestream and of ours; a VARCHAR
 * measure that somebody wrote by hand cannot be told from a dimension there.
 */
export function schemaOf(columns: readonly ColumnInfo[]): TableSchema {
  const namesOf = (isWanted: typeof isLabelColumn): ReadonlySet<string> =>
    new Set(columns.flatMap(({ Name, Type }) => (isWanted(Name, Type?.ScalarType) ? [Name] : [])));
  return {
    dimensions: namesOf(isLabelColumn),
    valueColumns: namesOf(isValueColumn),
    columns: columns.flatMap(({ Name }) => (Name === undefined ? [] : [Name])),
  };
}

/** Whether `known` has every column of `other`: then nothing that was compiled for it can have missed a series. */
export function coversSchema(known: TableSchema, other: TableSchema): boolean {
  return (
    [...other.dimensions].every((name) => known.dimensions.has(name)) &&
    [...other.valueColumns].every((name) => known.valueColumns.has(name))
  );
}

function isValueColumn(name: string | undefined, scalarType: string | undefined): name is string {
  return name !== undefined && SAMPLE_COLUMNS.some((column) => column.name === name && column.scalarType === scalarType);
}

export function isLabelColumn(name: string | undefined, scalarType: string | undefined): name is string {
  return name !== undefined && scalarType === 'VARCHAR' && !name.startsWith('measure_value') && !nonLabelColumns.has(name);
}

const nonLabelColumns: ReadonlySet<string> = new Set([
  MEASURE_NAME_COLUMN,
  SAMPLE_VALUE_COLUMN,
  SAMPLE_BITS_COLUMN,
  SAMPLE_HISTOGRAM_COLUMN,
  EXEMPLAR_COLUMN,
  METADATA_COLUMN,
  // The metric name comes from measure_name and nowhere else.
  METRIC_NAME_LABEL,
]);
