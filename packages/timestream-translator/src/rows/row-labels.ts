import { compareUtf8, type Label } from '@timestream-prometheus/prom-codec';
import { decodeLabelDimension } from '../names/label-dimension.js';
import { EXEMPLAR_MEASURE_NAME, LABELS_DIMENSION, METRIC_NAME_LABEL } from '../model/layout.js';
import { decodeMeasureName, encodeMeasureName } from '../names/measure-name.js';

/**
 * The labels of a physical series: one measure name with one set of dimension values, null where a column is NULL.
 *
 * - A dimension column that is not NULL is the label of its name; an empty text means that the series does not have the label.
 * - `prometheus_labels` holds further labels as canonical JSON. For a label that has a column too, the column counts. Any other text there
 *   was written by somebody else and is a label of that name.
 * - The metric name is decoded from the measure name; if that holds a hash, and the JSON the name that it is the hash of, that name counts.
 *   Of an exemplar it stands in the JSON.
 *
 * @returns sorted by the UTF-8 bytes of the names, without empty values and without repetition
 */
export function labelsOfRow(dimensions: readonly (readonly [name: string, value: string | null])[], measureName: string): readonly Label[] {
  const labels = new Map<string, string>();
  let metricName = decodeMeasureName(measureName);
  const packed = dimensions.find(([name]) => name === LABELS_DIMENSION)?.[1] ?? null;
  const unpacked = packed === null ? [] : decodeLabelDimension(packed);
  if (unpacked === null) labels.set(LABELS_DIMENSION, packed ?? '');
  for (const { name, value } of unpacked ?? []) {
    if (name !== METRIC_NAME_LABEL) labels.set(name, value);
    else if (measureName === EXEMPLAR_MEASURE_NAME || encodeMeasureName(value) === measureName) metricName = value;
  }
  for (const [name, value] of dimensions) {
    if (value !== null && name !== LABELS_DIMENSION) labels.set(name, value);
  }
  labels.set(METRIC_NAME_LABEL, metricName);
  return [...labels]
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ({ name, value }))
    .sort((left, right) => compareUtf8(left.name, right.name));
}

/** One text per label set, different for different ones. The labels must be sorted. */
export function labelsKey(labels: readonly Label[]): string {
  return labels.map(({ name, value }) => `${name.length}:${name}${value.length}:${value}`).join('');
}
