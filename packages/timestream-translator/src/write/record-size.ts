import type { Dimension, TimestreamRecord, WriteBatch } from '../model/record.js';
import { MEASURE_VALUE_DOUBLE_COLUMN, type ValueColumn } from '../model/layout.js';
import { WRITE_METERING_UNIT_BYTES } from '../model/limits.js';
import { utf8ByteLength } from '../text/text-codec.js';

/** What a record is charged for its time. Source of all sizes here: Timestream developer guide, `metering-and-pricing.writes`. */
export const TIME_BYTES = 8;

/** What a DOUBLE or a BIGINT counts, however many digits it is written with. */
export const NUMBER_BYTES = 8;

/** The bytes of a number in this column: a multi-measure record pays for the column's name too. */
export function valueBytes(column: ValueColumn): number {
  return column === MEASURE_VALUE_DOUBLE_COLUMN ? NUMBER_BYTES : column.length + NUMBER_BYTES;
}

/** The bytes of dimension names and values. */
export function dimensionsBytes(dimensions: readonly Dimension[]): number {
  let bytes = 0;
  for (const { Name, Value } of dimensions) bytes += utf8ByteLength(Name) + utf8ByteLength(Value);
  return bytes;
}

/**
 * The size of a record, or of common attributes, as Timestream meters it: 8 for the time, the bytes of dimension names and values, of the
 * measure name, of a multi-measure record's column names, and 8 per number (a VARCHAR: its bytes). What is not there counts nothing.
 */
export function recordBytes(record: TimestreamRecord): number {
  let bytes = record.Time === undefined ? 0 : TIME_BYTES;
  if (record.Dimensions !== undefined) bytes += dimensionsBytes(record.Dimensions);
  if (record.MeasureName !== undefined) bytes += utf8ByteLength(record.MeasureName);
  if (record.MeasureValue !== undefined) bytes += NUMBER_BYTES;
  for (const { Name, Value, Type } of record.MeasureValues ?? []) {
    bytes += utf8ByteLength(Name) + (Type === 'VARCHAR' ? utf8ByteLength(Value) : NUMBER_BYTES);
  }
  return bytes;
}

/** A batch that knows its bytes without making its records. */
interface CountedBatch {
  readonly bytes: number;
}

/** The bytes of one WriteRecords call: those of its records, and of its common attributes once. */
export function writeBytes(batch: Pick<WriteBatch, 'CommonAttributes' | 'Records'>): number {
  let bytes = batch.CommonAttributes === undefined ? 0 : recordBytes(batch.CommonAttributes);
  for (const record of batch.Records) bytes += recordBytes(record);
  return bytes;
}

/** The bytes that one WriteRecords call is paid for: {@link writeBytes} rounded up to whole KiB. */
export function meteredWriteBytes(batch: Pick<WriteBatch, 'CommonAttributes' | 'Records'> | CountedBatch): number {
  const bytes = 'bytes' in batch ? batch.bytes : writeBytes(batch);
  return Math.ceil(bytes / WRITE_METERING_UNIT_BYTES) * WRITE_METERING_UNIT_BYTES;
}
