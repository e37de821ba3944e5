import { VALUE_COLUMN } from '../model/layout.js';
import type { TableSchema } from '../model/table-schema.js';

/** What is known of the columns while a query is compiled. */
export interface ColumnKnowledge {
  /** Null: nothing is known. Then a column is taken to exist if the query gains by naming it. */
  readonly schema: TableSchema | null;
  /** Columns that Timestream has just said do not exist. */
  readonly absentColumns: ReadonlySet<string>;
  /** Filled in: names for which a condition relies on there being no such column. */
  readonly assumedAbsent: Set<string>;
  readonly regexPushdown: boolean;
}

/** Whether the table has the column; if not, notes that the query relies on it when it does. */
export function hasColumn(name: string, columns: ColumnKnowledge, reliesOnAbsence = true): boolean {
  // A column `v` is hardly ever a label's, and to compare the numbers of ours with a text is an error.
  const exists = columns.schema === null ? name !== VALUE_COLUMN && !columns.absentColumns.has(name) : columns.schema.dimensions.has(name);
  if (!exists && reliesOnAbsence) columns.assumedAbsent.add(name);
  return exists;
}
