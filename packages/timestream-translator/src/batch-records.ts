import { MEASURE_VALUE_DOUBLE_COLUMN, SAMPLE_BITS_COLUMN } from './layout.js';
import { MAX_RECORDS_PER_WRITE } from './limits.js';
import type { Dimension, TimestreamRecord, WriteBatch } from './record.js';
import type { StoredSeries } from './stored-series.js';
import type { TranslatedRecord, ValueColumn } from './translate-samples.js';

type DraftRecord = { -readonly [Field in keyof TimestreamRecord]: TimestreamRecord[Field] };

/**
 * Groups records into WriteRecords calls of at most 100.
 *
 * A call is paid by its bytes rounded up to 1 KiB, and what its records have in common is counted once if it stands in CommonAttributes
 * (Timestream developer guide, `metering-and-pricing.writes`). So records are ordered by measure name, then by series, then by time,
 * and each call states once what all its records share: time unit, value type, time, measure name, dimensions. Equal records in any order of
 * series give equal batches.
 */
export function batchRecords(records: readonly TranslatedRecord[]): WriteBatch[] {
  const ordered = orderRecords(records);
  const batches: WriteBatch[] = [];
  for (let start = 0; start < ordered.length; start += MAX_RECORDS_PER_WRITE) {
    batches.push(createBatch(ordered.slice(start, start + MAX_RECORDS_PER_WRITE)));
  }
  return batches;
}

/**
 * The records of a batch as Timestream sees them, common attributes merged in.
 *
 * @throws Error if a dimension is both common and the record's own, which Timestream refuses (API model, CommonAttributes)
 */
export function expandBatch({ CommonAttributes = {}, Records }: Pick<WriteBatch, 'CommonAttributes' | 'Records'>): TimestreamRecord[] {
  const common = CommonAttributes.Dimensions ?? [];
  const commonNames = new Set(common.map(({ Name }) => Name));
  return Records.map((record, index) => {
    const overlapping = record.Dimensions?.find(({ Name }) => commonNames.has(Name));
    if (overlapping !== undefined) throw new Error(`Records[${index}] repeats the common dimension ${overlapping.Name}`);
    return { ...CommonAttributes, ...record, Dimensions: [...common, ...(record.Dimensions ?? [])] };
  });
}

/** By measure name, series key and time. Texts are compared by UTF-16 units: any order will do that is the same every time. */
function orderRecords(records: readonly TranslatedRecord[]): readonly TranslatedRecord[] {
  const recordsByMeasureName = new Map<string, TranslatedRecord[]>();
  for (const record of records) {
    const { measureName } = record.series;
    const sameName = recordsByMeasureName.get(measureName);
    if (sameName === undefined) recordsByMeasureName.set(measureName, [record]);
    else sameName.push(record);
  }
  const ordered: TranslatedRecord[] = [];
  for (const measureName of Array.from(recordsByMeasureName.keys()).sort()) {
    const sameName = recordsByMeasureName.get(measureName) ?? [];
    if (sameName.length > 1) sameName.sort(compareSeriesAndTime);
    for (const record of sameName) ordered.push(record);
  }
  return ordered;
}

function compareSeriesAndTime(left: TranslatedRecord, right: TranslatedRecord): number {
  if (left.series === right.series) return left.timestampMs - right.timestampMs;
  const leftKey = left.series.key;
  const rightKey = right.series.key;
  return leftKey < rightKey ? -1 : leftKey > rightKey ? 1 : left.timestampMs - right.timestampMs;
}

function createBatch(records: readonly TranslatedRecord[]): WriteBatch {
  const common = records.length > 1 ? commonAttributes(records) : {};
  const commonNames = new Set(common.Dimensions?.map(({ Name }) => Name));
  const Records: TimestreamRecord[] = [];
  let series: StoredSeries | undefined;
  let ownDimensions: Dimension[] = [];
  for (const record of records) {
    if (record.series !== series) {
      series = record.series;
      ownDimensions = commonNames.size === 0 ? series.dimensions : series.dimensions.filter(({ Name }) => !commonNames.has(Name));
    }
    Records.push(createRecord(record, ownDimensions, common));
  }
  const sources = records.map(({ source }) => source);
  return records.length > 1 ? { CommonAttributes: common, Records, sources } : { Records, sources };
}

/** What all of at least two records share. With two records each of these is already shorter said once. */
function commonAttributes(records: readonly TranslatedRecord[]): TimestreamRecord {
  const attributes: DraftRecord = { TimeUnit: 'MILLISECONDS' };
  const [first] = records;
  if (first === undefined) return attributes;
  const valueType = valueTypeOf(first.column);
  let dimensions = first.series.dimensions;
  let series = first.series;
  let sameTime = true;
  let sameMeasureName = true;
  let sameValueType = true;
  for (const record of records) {
    sameTime &&= record.timestampMs === first.timestampMs;
    sameValueType &&= valueTypeOf(record.column) === valueType;
    if (record.series === series) continue;
    series = record.series;
    sameMeasureName &&= series.measureName === first.series.measureName;
    dimensions = commonDimensions(dimensions, series.dimensions);
  }
  if (sameTime) attributes.Time = String(first.timestampMs);
  if (sameValueType) attributes.MeasureValueType = valueType;
  if (sameMeasureName) attributes.MeasureName = first.series.measureName;
  if (dimensions.length > 0) attributes.Dimensions = dimensions;
  return attributes;
}

/** Those of `dimensions` that `others` has too; the same array if that is all of them. */
function commonDimensions(dimensions: Dimension[], others: readonly Dimension[]): Dimension[] {
  const isCommon = ({ Name, Value }: Dimension, index: number): boolean => {
    // Series of one metric have the same label names, so the place is nearly always the same.
    const likely = others[index];
    return likely?.Name === Name ? likely.Value === Value : others.some((other) => other.Name === Name && other.Value === Value);
  };
  return dimensions.every(isCommon) ? dimensions : dimensions.filter(isCommon);
}

function createRecord(
  { series, timestampMs, column, value }: TranslatedRecord,
  ownDimensions: Dimension[],
  common: TimestreamRecord,
): TimestreamRecord {
  const record: DraftRecord = {};
  if (ownDimensions.length > 0) record.Dimensions = ownDimensions;
  if (common.MeasureName === undefined) record.MeasureName = series.measureName;
  if (common.MeasureValueType === undefined) record.MeasureValueType = valueTypeOf(column);
  if (column === MEASURE_VALUE_DOUBLE_COLUMN) record.MeasureValue = value;
  else record.MeasureValues = [{ Name: column, Value: value, Type: column === SAMPLE_BITS_COLUMN ? 'BIGINT' : 'DOUBLE' }];
  if (common.Time === undefined) record.Time = String(timestampMs);
  if (common.TimeUnit === undefined) record.TimeUnit = 'MILLISECONDS';
  return record;
}

function valueTypeOf(column: ValueColumn): 'DOUBLE' | 'MULTI' {
  return column === MEASURE_VALUE_DOUBLE_COLUMN ? 'DOUBLE' : 'MULTI';
}
