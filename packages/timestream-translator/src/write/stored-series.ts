import type { Dimension } from '../model/record.js';
import { LABELS_DIMENSION, METRIC_NAME_LABEL } from '../model/layout.js';
import { encodeLabelDimension } from '../names/label-dimension.js';
import { isHashedMeasureName } from '../names/measure-name.js';
import { doubleText } from '../text/number-text.js';
import type { CommonParts } from './common-parts.js';
import type { DimensionBudget } from './dimension-budget.js';
import type { InternedLabel, InternedLabels, InternedName, StoredMeasure } from './interned-label.js';
import { TIME_BYTES } from './record-size.js';
import type { Cell } from './target-cells.js';

/** What the records of one series have in common in Timestream, and the texts that a request is put together from. */
export class StoredSeries {
  readonly measure: StoredMeasure;
  /** At least one; sorted by name (UTF-8 bytes), `prometheus_labels` last. */
  readonly labels: readonly InternedLabel[];
  /** Metered bytes of a record of the series without its value: time, dimensions and measure name. */
  readonly baseBytes: number;
  #dimensions: Dimension[] | undefined;
  /** Where batches have put the series. */
  cell: Cell | undefined;
  /** Who was told last of the names of the dimensions. */
  namesTo: object | undefined;
  #common: CommonParts | undefined;
  #ownJson = '';
  #lastValue = NaN;
  #lastText = '';

  constructor(measure: StoredMeasure, labels: readonly InternedLabel[]) {
    this.measure = measure;
    this.labels = labels;
    let baseBytes = TIME_BYTES + measure.bytes;
    for (const { bytes } of labels) baseBytes += bytes;
    this.baseBytes = baseBytes;
  }

  get measureName(): string {
    return this.measure.name;
  }

  /** Shared: never change it. */
  get dimensions(): Dimension[] {
    return (this.#dimensions ??= this.labels.map(({ dimension }) => dimension));
  }

  /** The beginning of a record: `"Dimensions":[…],"MeasureName":"…",` without what is common to all records of a call. */
  ownJson(common: CommonParts): string {
    if (common !== this.#common) {
      this.#common = common;
      let dimensions = '';
      for (const label of this.labels) {
        if (!common.labels.includes(label)) dimensions += (dimensions === '' ? '"Dimensions":[' : ',') + label.json;
      }
      if (dimensions !== '') dimensions += '],';
      this.#ownJson = common.measure === undefined ? dimensions + this.measure.json : dimensions;
    }
    return this.#ownJson;
  }

  /** `doubleText`, remembered: most series repeat the value of the scrape before. */
  finiteText(value: number): string {
    if (value === 0) return doubleText(value);
    if (value !== this.#lastValue) {
      this.#lastValue = value;
      this.#lastText = doubleText(value);
    }
    return this.#lastText;
  }
}

/**
 * Gives each label of a series its place: a dimension of its own if the name and the table allow it, else `prometheus_labels`.
 *
 * @param measure what the records are stored under; if it does not say the name of the metric, that stands in `prometheus_labels`
 */
export function storeSeries(
  labels: readonly InternedLabel[],
  metric: InternedLabel,
  budget: DimensionBudget,
  interned: InternedLabels,
  measure: StoredMeasure = metric.measure,
): StoredSeries {
  const dimensions: InternedLabel[] = [];
  const others: InternedLabel[] = [];
  const saysName = measure === metric.measure && !isHashedMeasureName(measure.name);
  for (const label of labels) {
    if (label.internedName.canBeDimension && isGranted(label.internedName, budget)) dimensions.push(label);
    else if (label.name !== METRIC_NAME_LABEL || !saysName) others.push(label);
  }
  if (others.length > 0 || dimensions.length === 0) dimensions.push(interned.intern(LABELS_DIMENSION, encodeLabelDimension(others)));
  return new StoredSeries(measure, dimensions);
}

/**
 * Claims in this budget what a series takes that was stored by another one.
 *
 * @returns whether this budget would store the series in the same way
 */
export function isStoredAlike(stored: StoredSeries, budget: DimensionBudget): boolean {
  for (const { internedName } of stored.labels) {
    // What stands in `prometheus_labels` may be a dimension in another table.
    if (internedName.name === LABELS_DIMENSION || !isGranted(internedName, budget)) return false;
  }
  return true;
}

/** `claim`, remembered: what a budget has granted stays granted until its revision changes. */
function isGranted(internedName: InternedName, budget: DimensionBudget): boolean {
  const { revision } = budget;
  if (internedName.grantedBy === budget && internedName.grantedAt === revision) return true;
  if (!budget.claim(internedName.name)) return false;
  internedName.grantedBy = budget;
  internedName.grantedAt = revision;
  return true;
}
