import type { Label } from '@timestream-prometheus/prom-codec';
import type { DimensionBudget } from './dimension-budget.js';
import { canBeDimension, encodeLabelDimension } from './label-dimension.js';
import { LABELS_DIMENSION, METRIC_NAME_LABEL } from './layout.js';
import { encodeMeasureName, isHashedMeasureName } from './measure-name.js';
import type { Dimension } from './record.js';
import { dimensionsBytes, TIME_BYTES } from './record-size.js';
import type { SeriesLabels } from './series-labels.js';
import { utf8ByteLength } from './text-codec.js';

/** What the records of one series have in common in Timestream. Every record of the series in a request holds the same object. */
export interface StoredSeries {
  readonly measureName: string;
  /** At least one; sorted by name (UTF-8 bytes), `prometheus_labels` last. Shared: never change it. */
  readonly dimensions: Dimension[];
  /** Equal for equal label sets and for no others. */
  readonly key: string;
  /** Metered bytes of a record of the series without its value: time, dimensions and measure name. */
  readonly baseBytes: number;
}

/** Decides where labels go; keep one per request, it remembers each label name. */
export type StoreSeries = (series: SeriesLabels) => StoredSeries;

export function createSeriesStorer(budget: DimensionBudget): StoreSeries {
  const isDimensionByName = new Map<string, boolean>();
  const isDimension = (labelName: string): boolean => {
    let known = isDimensionByName.get(labelName);
    if (known === undefined) {
      known = canBeDimension(labelName) && budget.claim(labelName);
      isDimensionByName.set(labelName, known);
    }
    return known;
  };
  return (series) => placeLabels(series, isDimension);
}

function placeLabels({ metricName, labels, key, leastBytes }: SeriesLabels, isDimension: (labelName: string) => boolean): StoredSeries {
  const measureName = encodeMeasureName(metricName);
  const dimensions: Dimension[] = [];
  const others: Label[] = [];
  for (const label of labels) {
    if (isDimension(label.name)) dimensions.push({ Name: label.name, Value: label.value });
    else if (label.name !== METRIC_NAME_LABEL || isHashedMeasureName(measureName)) others.push(label);
  }
  // Nearly every series: all labels are dimensions and the name is stored as it is, so its size is known already.
  const isPlain = dimensions.length > 0 && dimensions.length === labels.length - 1 && measureName === metricName;
  if (isPlain) return { measureName, dimensions, key, baseBytes: leastBytes };
  if (others.length > 0 || dimensions.length === 0) dimensions.push({ Name: LABELS_DIMENSION, Value: encodeLabelDimension(others) });
  return { measureName, dimensions, key, baseBytes: TIME_BYTES + dimensionsBytes(dimensions) + utf8ByteLength(measureName) };
}
