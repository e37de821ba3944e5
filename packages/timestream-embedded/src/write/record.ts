import type { MeasureDataType } from '../sql/catalog.js';

/** `WriteRecords` as the API model has it, after the model's own checks. */
export interface WriteRecordsInput {
  readonly DatabaseName: string;
  readonly TableName: string;
  readonly CommonAttributes?: WireRecord;
  readonly Records: readonly WireRecord[];
}

export interface WireRecord {
  readonly Dimensions?: readonly WireDimension[];
  readonly MeasureName?: string;
  readonly MeasureValue?: string;
  readonly MeasureValueType?: MeasureDataType | 'MULTI';
  readonly MeasureValues?: readonly WireMeasureValue[];
  readonly Time?: string;
  readonly TimeUnit?: TimeUnit;
  readonly Version?: number | bigint;
}

export interface WireDimension {
  readonly Name: string;
  readonly Value: string;
}

export interface WireMeasureValue {
  readonly Name: string;
  readonly Value: string;
  readonly Type: MeasureDataType | 'MULTI';
}

export type TimeUnit = 'MILLISECONDS' | 'SECONDS' | 'MICROSECONDS' | 'NANOSECONDS';

/** A value as DuckDB stores it; a TIMESTAMP is a bigint of nanoseconds. */
export type StoredValue = number | bigint | boolean | string;

export interface Measure {
  /** The column's name in SQL. */
  readonly name: string;
  readonly type: MeasureDataType;
  readonly multi: boolean;
  readonly value: StoredValue;
}

/** The current record at a time of a series. */
export interface StoredPoint {
  readonly version: bigint;
  readonly measures: readonly Measure[];
}

/**
 * What is kept in memory of a series to decide most versions and duplicates without a query: samples arrive in order, so nearly every
 * record is newer than `newestTimeNs`.
 */
export interface SeriesState {
  readonly sid: number;
  /** No record is older, and none is newer. After opening a file these are the bounds of the whole table. */
  oldestTimeNs: bigint;
  newestTimeNs: bigint;
  /** The record at `newestTimeNs`; undefined after opening a file, until one is written. */
  newest: StoredPoint | undefined;
  /** The data type whose dimensions are known to be listed already: saves looking at them for every record. */
  listedDataType: string;
}

/** What a record says of its series, common attributes merged in. Records of a series may share one. */
export interface RecordSeries {
  readonly measureName: string;
  /** As in the request: the order in which new columns come into being. */
  readonly dimensions: readonly WireDimension[];
  /** Equal for records of the same measure name and dimensions, whatever the order of the dimensions. */
  readonly key: string;
  /** Of names and values of the dimensions. */
  readonly dimensionBytes: number;
  readonly nameBytes: number;
  /** The series in the table that the records are written to, once it was looked up there. */
  state: SeriesState | undefined;
}

/** A record with its common attributes merged in, its text turned into values, and all checks passed that need no table. */
export interface ParsedRecord {
  readonly recordIndex: number;
  readonly series: RecordSeries;
  readonly timeNs: bigint;
  readonly version: bigint;
  /** Lower case, as SHOW MEASURES prints it. */
  readonly dataType: string;
  readonly measures: readonly Measure[];
  /** Set when the record alone breaks a limit: it is rejected, the others are not. */
  readonly rejection: string | undefined;
}

/** Identity of a series as text: every part with its length before it, so that no two series share one. */
export function seriesKeyOf(measureName: string, dimensions: readonly WireDimension[]): string {
  let sorted = true;
  for (let index = 1; index < dimensions.length; index += 1) {
    if ((dimensions[index - 1]?.Name ?? '') > (dimensions[index]?.Name ?? '')) sorted = false;
  }
  const ordered = sorted ? dimensions : dimensions.toSorted((a, b) => (a.Name < b.Name ? -1 : 1));
  let key = `${measureName.length}:${measureName}`;
  for (const { Name, Value } of ordered) key += `${Name.length}:${Name}${Value.length}:${Value}`;
  return key;
}

/** Equality that an idempotent retry needs: the same attributes with the same bits. */
export function sameMeasures(a: readonly Measure[], b: readonly Measure[]): boolean {
  if (a.length !== b.length) return false;
  if (a.every((measure, index) => sameMeasure(measure, b[index]))) return true;
  const byName = new Map(b.map((measure) => [measure.name, measure]));
  return a.every((measure) => sameMeasure(measure, byName.get(measure.name)));
}

function sameMeasure(a: Measure, b: Measure | undefined): boolean {
  // Object.is tells -0.0 from 0.0, as the stored bits do.
  return a.name === b?.name && Object.is(a.value, b.value);
}
