import { MEASURE_VALUE_DOUBLE_COLUMN, SAMPLE_BITS_COLUMN, type ValueColumn } from '../model/layout.js';
import { MAX_RECORDS_PER_WRITE, WRITE_METERING_UNIT_BYTES } from '../model/limits.js';
import type { Dimension, TimestreamRecord, WriteBatch } from '../model/record.js';
import { orderByMetric, orderByTarget } from './record-order.js';
import { recordBytes, valueBytes } from './record-size.js';
import type { StoredSeries } from './stored-series.js';
import type { TranslatedRecord } from './translate-samples.js';

type DraftRecord = { -readonly [Field in keyof TimestreamRecord]: TimestreamRecord[Field] };

/**
 * Groups records into WriteRecords calls of at most 100.
 *
 * A call is paid by its bytes rounded up to 1 KiB, and what its records have in common is counted once if it stands in CommonAttributes
 * (Timestream developer guide, `metering-and-pricing.writes`). So each call states once what all its records share (time unit, value type,
 * time, measure name, dimensions), and records are put together that share much. What that is differs: the samples of one scrape share
 * the labels of their target, those of one metric its name. Both orders are tried, and the cheaper one is taken.
 *
 * The records of one series stay in time order; equal records in any order of series give equal batches.
 */
export function batchRecords(records: readonly TranslatedRecord[]): WriteBatch[] {
  const byMetric = orderByMetric(records);
  let plan = planBatches(byMetric);
  if (plan.batches.length > 1) {
    const byTarget = planBatches(orderByTarget(byMetric));
    if (byTarget.meteredUnits < plan.meteredUnits) plan = byTarget;
  }
  return plan.batches.map(createBatch);
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

interface PlannedBatch {
  readonly records: readonly TranslatedRecord[];
  readonly common: TimestreamRecord;
}

function planBatches(ordered: readonly TranslatedRecord[]): { readonly batches: readonly PlannedBatch[]; readonly meteredUnits: number } {
  const batches: PlannedBatch[] = [];
  let meteredUnits = 0;
  for (let start = 0; start < ordered.length; start += MAX_RECORDS_PER_WRITE) {
    const records = ordered.slice(start, start + MAX_RECORDS_PER_WRITE);
    const common = records.length > 1 ? commonAttributes(records) : {};
    batches.push({ records, common });
    meteredUnits += Math.ceil(plannedBytes(records, common) / WRITE_METERING_UNIT_BYTES);
  }
  return { batches, meteredUnits };
}

/** `writeBytes` of the batch to be, from what is known of its series. */
function plannedBytes(records: readonly TranslatedRecord[], common: TimestreamRecord): number {
  let bytes = recordBytes(common) * (1 - records.length);
  for (const { series, column } of records) bytes += series.baseBytes + valueBytes(column);
  return bytes;
}

function createBatch({ records, common }: PlannedBatch): WriteBatch {
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
