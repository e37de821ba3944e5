import { compareUtf8 } from '@timestream-prometheus/prom-codec';
import { LABELS_DIMENSION, MEASURE_NAME_COLUMN, METRIC_NAME_LABEL } from '../model/layout.js';
import { identifier, literal } from './sql.js';

export interface LabelOrder {
  /** The place of the last label that a row has, which the keys need. */
  readonly lastLabel: string;
  /** What to order by. */
  readonly keys: readonly string[];
}

/**
 * The order in which Prometheus sorts label sets (`model/labels`, Compare), said in SQL: name by name in the order of their UTF-8 bytes, each
 * with its value. A series without a label comes behind those that have it if it has a later one, and before them if it ends there.
 *
 * Series for which columns do not show that come first, in no order: those with labels in `prometheus_labels`, and those whose metric name is
 * stored encoded. `isIrregular` is the same question for a row.
 *
 * Timestream does not document that it compares texts by their bytes; whoever relies on the order checks it.
 */
export function labelOrder(dimensionColumns: readonly string[], lastLabelColumn: string): LabelOrder {
  const hasLabelsDimension = dimensionColumns.includes(LABELS_DIMENSION);
  const labels = [...dimensionColumns.filter((name) => name !== LABELS_DIMENSION), METRIC_NAME_LABEL].sort(compareUtf8);
  const columns = labels.map((name) => identifier(name === METRIC_NAME_LABEL ? MEASURE_NAME_COLUMN : name));
  const irregular = [
    ...(hasLabelsDimension ? [`${identifier(LABELS_DIMENSION)} IS NOT NULL`] : []),
    `${identifier(MEASURE_NAME_COLUMN)} LIKE ${literal('%\\%%')} ESCAPE ${literal('\\')}`,
  ];
  const nameAt = labels.indexOf(METRIC_NAME_LABEL);
  const later = columns
    .map((column, index) => `WHEN ${column} IS NOT NULL THEN ${index}`)
    .slice(nameAt + 1)
    .reverse();
  const keys = columns.flatMap((column, index) => {
    // Every series has a name, so one without an earlier label has a later one.
    if (index <= nameAt) return [`${column} NULLS LAST`];
    return [`CASE WHEN ${column} IS NOT NULL THEN 1 WHEN ${lastLabelColumn} > ${index} THEN 2 ELSE 0 END`, column];
  });
  return {
    lastLabel: later.length === 0 ? String(nameAt) : `CASE ${later.join(' ')} ELSE ${nameAt} END`,
    keys: [`CASE WHEN ${irregular.join(' OR ')} THEN 0 ELSE 1 END`, ...keys],
  };
}

/** Whether the row is one of those that stand first, in no order. */
export function isIrregular(dimensions: readonly (readonly [name: string, value: string | null])[], measureName: string): boolean {
  return measureName.includes('%') || dimensions.some(([name, value]) => name === LABELS_DIMENSION && value !== null);
}
