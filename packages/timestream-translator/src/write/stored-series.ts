import type { Label } from '@timestream-prometheus/prom-codec';
import type { DimensionBudget } from './dimension-budget.js';
import { canBeDimension, encodeLabelDimension } from '../names/label-dimension.js';
import { LABELS_DIMENSION, METRIC_NAME_LABEL } from '../model/layout.js';
import { encodeMeasureName, isHashedMeasureName } from '../names/measure-name.js';
import type { Dimension } from '../model/record.js';
import { dimensionsBytes, TIME_BYTES } from './record-size.js';
import type { SeriesLabels } from './series-labels.js';
import { utf8ByteLength } from '../text/text-codec.js';

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
  // By place: series that follow each other mostly have the same label names, and those of one target the same values.
  const lastPlaced: PlacedLabel[] = [];
  const isDimensionByName = new Map<string, boolean>();
  const isDimension = (labelName: string): boolean => {
    let known = isDimensionByName.get(labelName);
    if (known === undefined) {
      known = canBeDimension(labelName) && budget.claim(labelName);
      isDimensionByName.set(labelName, known);
    }
    return known;
  };
  const place = (label: Label, index: number): PlacedLabel => {
    const { name, value } = label;
    const last = lastPlaced[index];
    if (last?.label.name === name) {
      if (last.label.value === value) return last;
      return (lastPlaced[index] = { label, dimension: last.dimension === null ? null : { Name: last.dimension.Name, Value: value } });
    }
    return (lastPlaced[index] = { label, dimension: isDimension(name) ? { Name: name, Value: value } : null });
  };
  return (series) => placeLabels(series, place);
}

interface PlacedLabel {
  readonly label: Label;
  /** Null if the label goes into `prometheus_labels`, or is the metric name. */
  readonly dimension: Dimension | null;
}

function placeLabels(
  { metricName, labels, key, leastBytes }: SeriesLabels,
  place: (label: Label, index: number) => PlacedLabel,
): StoredSeries {
  const measureName = encodeMeasureName(metricName);
  const dimensions: Dimension[] = [];
  const others: Label[] = [];
  let index = 0;
  for (const label of labels) {
    const { dimension } = place(label, index++);
    if (dimension !== null) dimensions.push(dimension);
    else if (label.name !== METRIC_NAME_LABEL || isHashedMeasureName(measureName)) others.push(label);
  }
  // Nearly every series: all labels are dimensions and the name is stored as it is, so its size is known already.
  const isPlain = dimensions.length > 0 && dimensions.length === labels.length - 1 && measureName === metricName;
  if (isPlain) return { measureName, dimensions, key, baseBytes: leastBytes };
  if (others.length > 0 || dimensions.length === 0) dimensions.push({ Name: LABELS_DIMENSION, Value: encodeLabelDimension(others) });
  return { measureName, dimensions, key, baseBytes: TIME_BYTES + dimensionsBytes(dimensions) + utf8ByteLength(measureName) };
}
