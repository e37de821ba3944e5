import { compareUtf8, floatFromBits, type Label, type TimeSeries } from '@timestream-prometheus/prom-codec';
import type { Layout, ValueColumn } from '../../src/model/layout.js';
import type { Dimension, SampleReference } from '../../src/model/record.js';
import { canBeDimension, encodeLabelDimension } from '../../src/names/label-dimension.js';
import { encodeMeasureName, isHashedMeasureName } from '../../src/names/measure-name.js';
import { doubleText } from '../../src/text/number-text.js';
import type { DimensionBudget } from '../../src/write/dimension-budget.js';
import { dimensionsBytes } from '../../src/write/record-size.js';
import { referenceOf } from '../../src/write/series-columns.js';
import { layoutIn, valueColumnOf, type RecordColumns } from '../../src/write/translate-columns.js';

/** One record, as an object. */
export interface RecordObject {
  readonly measureName: string;
  readonly dimensions: readonly Dimension[];
  readonly timestampMs: number;
  readonly column: ValueColumn;
  readonly value: string;
  readonly source: SampleReference;
}

export function recordObjects({ layout, series, samples, columns }: RecordColumns): readonly RecordObject[] {
  return series.map((stored, record) => {
    const sample = samples[record] ?? 0;
    const value = columns.values[sample] ?? NaN;
    return {
      measureName: stored.measureName,
      dimensions: stored.dimensions,
      timestampMs: columns.timestampsMs[sample] ?? NaN,
      column: valueColumnOf(layout, value),
      value: Number.isFinite(value) ? doubleText(value) : String(BigInt.asIntN(64, columns.valueBits[sample] ?? 0n)),
      source: referenceOf(columns, sample),
    };
  });
}

/**
 * What `translateSeries` should make of series, one sample after the other and without remembering anything.
 */
export function translateOneByOne(timeseries: readonly TimeSeries[], layout: Layout, budget: DimensionBudget): readonly RecordObject[] {
  const recordsBySeries = new Map<string, RecordObject[]>();
  for (const [seriesIndex, { labels, samples }] of timeseries.entries()) {
    const present = labels.filter(({ value }) => value !== '').sort((left, right) => compareUtf8(left.name, right.name));
    if (!isStorable(present)) continue;
    const key = JSON.stringify(present);
    for (const [sampleIndex, timestamp] of samples.timestampsMs.entries()) {
      const bits = samples.valueBits[sampleIndex] ?? 0n;
      const value = floatFromBits(bits);
      if (timestamp < 0n || timestamp > 9_223_372_036_854n || (layout === 'single-measure' && !Number.isFinite(value))) continue;
      const stored = storedForm(present, budget);
      const column = valueColumnOf(layoutIn(budget, layout), value);
      const columnBytes = column === 'measure_value::double' ? 0 : column.length;
      if (16 + columnBytes + Buffer.byteLength(stored.measureName) + dimensionsBytes(stored.dimensions) > 2048) continue;
      const records = recordsBySeries.get(key) ?? [];
      recordsBySeries.set(key, records);
      const timestampMs = Number(timestamp);
      if (records.some((record) => record.timestampMs === timestampMs)) continue;
      const text = Number.isFinite(value) ? doubleText(value) : String(BigInt.asIntN(64, bits));
      records.push({ ...stored, timestampMs, column, value: text, source: { seriesIndex, sampleIndex } });
    }
  }
  return Array.from(recordsBySeries.values(), (records) => records.toSorted((left, right) => left.timestampMs - right.timestampMs)).flat();
}

function isStorable(labels: readonly Label[]): boolean {
  const names = labels.map(({ name }) => name);
  const bytes = labels.reduce(
    (sum, { name, value }) => sum + (name === '__name__' ? 0 : Buffer.byteLength(name)) + Buffer.byteLength(value),
    8,
  );
  return names.includes('__name__') && !names.includes('') && new Set(names).size === names.length && bytes <= 2048;
}

function storedForm(
  labels: readonly Label[],
  budget: DimensionBudget,
): { readonly measureName: string; readonly dimensions: readonly Dimension[] } {
  const measureName = encodeMeasureName(labels.find(({ name }) => name === '__name__')?.value ?? '');
  const isDimension = ({ name }: Label): boolean => canBeDimension(name) && budget.claim(name);
  const dimensions: Dimension[] = [];
  const others: Label[] = [];
  for (const label of labels) {
    if (isDimension(label)) dimensions.push({ Name: label.name, Value: label.value });
    else if (label.name !== '__name__' || isHashedMeasureName(measureName)) others.push(label);
  }
  if (others.length > 0 || dimensions.length === 0) dimensions.push({ Name: 'prometheus_labels', Value: encodeLabelDimension(others) });
  return { measureName, dimensions };
}
