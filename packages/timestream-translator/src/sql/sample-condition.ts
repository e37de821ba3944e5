import type { TableSchema } from '../model/table-schema.js';

/**
 * True for the rows that hold a sample. Names of ours and of Timestream, and `measure_value::double` stands unquoted in every example of the
 * developer guide.
 *
 * @returns null if the table has no column that could hold one
 */
export function sampleCondition({ valueColumns }: Pick<TableSchema, 'valueColumns'>): string | null {
  if (valueColumns.size === 0) return null;
  const conditions = [...valueColumns].map((column) => `${column} IS NOT NULL`);
  return `(${conditions.join(' OR ')})`;
}
