import {
  LABELS_DIMENSION,
  MEASURE_NAME_COLUMN,
  METADATA_COLUMN,
  METADATA_MEASURE_NAME,
  METRIC_NAME_LABEL,
  TIME_COLUMN,
} from '../model/layout.js';
import { encodeLabelDimension } from '../names/label-dimension.js';
import { tableName } from './compile-select.js';
import { allOf, ALWAYS, isIn, printPredicate } from './predicate.js';

export interface MetadataSelectOptions {
  readonly database: string;
  readonly table: string;
  /** Only what was written since then. Milliseconds. */
  readonly sinceMs: number;
  /** Of this metric family alone; of all of them if not given. */
  readonly metric?: string;
}

/**
 * What is stored of metadata: for each text of each metric family one row with the time at which it was written last. For
 * `createMetadataReader`. A table to which no metadata was written may lack the columns.
 */
export function compileMetadataSelect({ database, table, sinceMs, metric }: MetadataSelectOptions): string {
  const ofMetric =
    metric === undefined ? ALWAYS : isIn(LABELS_DIMENSION, [encodeLabelDimension([{ name: METRIC_NAME_LABEL, value: metric }])]);
  const predicate = allOf(isIn(MEASURE_NAME_COLUMN, [METADATA_MEASURE_NAME]), ofMetric, { kind: 'time', fromMs: sinceMs, beforeMs: null });
  const groups = `${LABELS_DIMENSION}, ${METADATA_COLUMN}`;
  return `SELECT ${groups}, max(${TIME_COLUMN}) FROM ${tableName({ database, table })} WHERE ${printPredicate(predicate)} GROUP BY ${groups}`;
}
