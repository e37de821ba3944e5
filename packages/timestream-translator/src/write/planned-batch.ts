/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index here is below the length of its column, and this runs for every sample */

import { MEASURE_VALUE_DOUBLE_COLUMN, SAMPLE_BITS_COLUMN, SAMPLE_VALUE_COLUMN } from '../model/layout.js';
import type { Dimension, SampleReference, TimestreamRecord, WriteBatch } from '../model/record.js';
import type { InternedLabel, Shareable } from './interned-label.js';
import { TIME_BYTES, valueBytes } from './record-size.js';
import { referenceOf } from './series-columns.js';
import type { StoredSeries } from './stored-series.js';
import { valueColumnOf, type RecordColumns } from './translate-columns.js';

type DraftRecord = { -readonly [Field in keyof TimestreamRecord]: TimestreamRecord[Field] };

/** Marks of `Shareable` are counted over all batches, so that no batch takes another's for its own. */
let nextMark = 1;

/** What all records of a call share. */
interface CommonParts {
  readonly series: StoredSeries;
  readonly timestampMs: number | undefined;
  readonly hasMeasure: boolean;
  readonly hasValueType: boolean;
  /** What is marked with it is common. */
  readonly mark: number;
}

/**
 * One WriteRecords call, as columns. Its text is put together from what is known of its series when it is sent; the objects of a
 * {@link WriteBatch} are made only if somebody asks for them.
 */
export class PlannedBatch implements WriteBatch {
  readonly #records: RecordColumns;
  readonly #order: Uint32Array;
  #common: TimestreamRecord | undefined;
  #ownRecords: readonly TimestreamRecord[] | undefined;
  #sources: readonly SampleReference[] | undefined;

  /** @param order the records of the call, by index, at least one */
  constructor(records: RecordColumns, order: Uint32Array) {
    this.#records = records;
    this.#order = order;
  }

  get recordCount(): number {
    return this.#order.length;
  }

  get sources(): readonly SampleReference[] {
    const { samples, columns } = this.#records;
    return (this.#sources ??= Array.from(this.#order, (record) => referenceOf(columns, samples[record]!)));
  }

  get CommonAttributes(): TimestreamRecord | undefined {
    if (this.#order.length === 1) return undefined;
    return (this.#common ??= this.#commonAttributes());
  }

  get Records(): readonly TimestreamRecord[] {
    return (this.#ownRecords ??= this.#createRecords());
  }

  /** What the call counts in bytes, before it is rounded up: `writeBytes`. */
  get bytes(): number {
    const common = this.#markCommon();
    const { samples, series, layout, columns } = this.#records;
    let bytes = 0;
    for (const record of this.#order) {
      const stored = series[record]!;
      bytes += stored.baseBytes + valueBytes(valueColumnOf(layout, columns.values[samples[record]!]!));
    }
    let shared = common.timestampMs === undefined ? 0 : TIME_BYTES;
    if (common.hasMeasure) shared += common.series.measure.bytes;
    for (const label of common.series.labels) if (label.mark === common.mark) shared += label.bytes;
    return bytes - shared * (this.#order.length - 1);
  }

  toJSON(): Pick<WriteBatch, 'CommonAttributes' | 'Records'> {
    return { CommonAttributes: this.CommonAttributes, Records: this.Records };
  }

  /** Calls `visit` with the name of each dimension of the records, a few times perhaps; not of those that `isLeftOut` names by index. */
  visitDimensionNames(visit: (name: string) => void, isLeftOut: (recordIndex: number) => boolean): void {
    const { series } = this.#records;
    const mark = nextMark++;
    for (let index = 0; index < this.#order.length; index++) {
      if (isLeftOut(index)) continue;
      for (const label of series[this.#order[index]!]!.labels) {
        if (label.mark === mark) continue;
        label.mark = mark;
        visit(label.name);
      }
    }
  }

  /** `"Records":[…],"CommonAttributes":{…}`: the fields of a WriteRecords request as the AWS SDK writes them, byte for byte. */
  json(): string {
    const { series, samples, columns, layout } = this.#records;
    const { timestampsMs, values, valueBits } = columns;
    const common = this.#markCommon();
    const isSingle = layout === 'single-measure';
    const unitJson = this.#order.length === 1 ? ',"TimeUnit":"MILLISECONDS"' : '';
    const typeJson = common.hasValueType ? '' : isSingle ? ',"MeasureValueType":"DOUBLE"' : '"MeasureValueType":"MULTI",';
    let lastTimestampMs = -1;
    let timeText = '';
    let json = '"Records":[';
    let separator = '{';
    for (const record of this.#order) {
      const sample = samples[record]!;
      const stored = series[record]!;
      const value = values[sample]!;
      const timestampMs = timestampsMs[sample]!;
      if (timestampMs !== lastTimestampMs) {
        lastTimestampMs = timestampMs;
        timeText = String(timestampMs);
      }
      json += separator + stored.ownDimensionsJson(common.mark);
      separator = '},{';
      if (!common.hasMeasure) json += stored.measure.json;
      if (isSingle) {
        json += `"MeasureValue":"${stored.finiteText(value)}"${typeJson}`;
        if (common.timestampMs === undefined) json += `,"Time":"${timeText}"`;
        json += unitJson;
        continue;
      }
      json += typeJson;
      if (common.timestampMs === undefined) json += `"Time":"${timeText}",`;
      if (unitJson !== '') json += '"TimeUnit":"MILLISECONDS",';
      json += Number.isFinite(value)
        ? `${VALUE_JSON}${stored.finiteText(value)}${VALUE_JSON_END}`
        : `${BITS_JSON}${bitsText(valueBits[sample] ?? 0n)}${BITS_JSON_END}`;
    }
    json += '}]';
    return this.#order.length === 1 ? json : `${json},"CommonAttributes":${this.#commonJson(common)}`;
  }

  #commonJson(common: CommonParts): string {
    const dimensions = common.series.labels.filter(({ mark }) => mark === common.mark).map(({ json }) => json);
    const parts: string[] = [];
    if (dimensions.length > 0) parts.push(`"Dimensions":[${dimensions.join(',')}]`);
    if (common.hasMeasure) parts.push(`"MeasureName":${JSON.stringify(common.series.measureName)}`);
    if (common.hasValueType) parts.push(`"MeasureValueType":"${valueTypeOf(this.#records)}"`);
    if (common.timestampMs !== undefined) parts.push(`"Time":"${common.timestampMs}"`);
    parts.push('"TimeUnit":"MILLISECONDS"');
    return `{${parts.join(',')}}`;
  }

  #commonAttributes(): TimestreamRecord {
    const common = this.#markCommon();
    const dimensions = commonDimensions(common);
    const attributes: DraftRecord = { TimeUnit: 'MILLISECONDS' };
    if (common.timestampMs !== undefined) attributes.Time = String(common.timestampMs);
    if (common.hasValueType) attributes.MeasureValueType = valueTypeOf(this.#records);
    if (common.hasMeasure) attributes.MeasureName = common.series.measureName;
    if (dimensions.length > 0) attributes.Dimensions = dimensions;
    return attributes;
  }

  #createRecords(): readonly TimestreamRecord[] {
    const { series, samples, columns, layout } = this.#records;
    const common = this.#markCommon();
    return Array.from(this.#order, (index) => {
      const stored = series[index]!;
      const sample = samples[index]!;
      const value = columns.values[sample]!;
      const column = valueColumnOf(layout, value);
      const ownDimensions = stored.labels.filter(({ mark }) => mark !== common.mark).map(({ dimension }) => dimension);
      const record: DraftRecord = {};
      if (ownDimensions.length > 0) record.Dimensions = ownDimensions;
      if (!common.hasMeasure) record.MeasureName = stored.measureName;
      if (!common.hasValueType) record.MeasureValueType = valueTypeOf(this.#records);
      if (column === MEASURE_VALUE_DOUBLE_COLUMN) record.MeasureValue = stored.finiteText(value);
      else if (column === SAMPLE_BITS_COLUMN)
        record.MeasureValues = [{ Name: column, Value: bitsText(columns.valueBits[sample] ?? 0n), Type: 'BIGINT' }];
      else record.MeasureValues = [{ Name: column, Value: stored.finiteText(value), Type: 'DOUBLE' }];
      if (common.timestampMs === undefined) record.Time = String(columns.timestampsMs[sample]);
      if (this.#order.length === 1) record.TimeUnit = 'MILLISECONDS';
      return record;
    });
  }

  /** Finds what all records share; a single record shares nothing with itself. The marks hold until the next call of this method, anywhere. */
  #markCommon(): CommonParts {
    const { series, samples, columns } = this.#records;
    const order = this.#order;
    const count = order.length;
    const firstRecord = order[0]!;
    const first = series[firstRecord]!;
    const base = nextMark;
    nextMark += count + 1;
    if (count === 1) return { series: first, timestampMs: undefined, hasMeasure: false, hasValueType: false, mark: -1 };
    const timestampMs = columns.timestampsMs[samples[firstRecord]!]!;
    let hasTime = true;
    // Each record moves on the marks of what it has and all before it had; what has the last mark in the end is common.
    let mark = base;
    for (const label of first.labels) label.mark = mark;
    first.measure.mark = mark;
    let previous = first;
    for (let index = 1; index < count; index++) {
      const record = order[index]!;
      const stored = series[record]!;
      hasTime &&= columns.timestampsMs[samples[record]!] === timestampMs;
      if (stored === previous) continue;
      previous = stored;
      for (const label of stored.labels) moveMark(label, mark);
      moveMark(stored.measure, mark);
      mark += 1;
    }
    return {
      series: first,
      timestampMs: hasTime ? timestampMs : undefined,
      hasMeasure: first.measure.mark === mark,
      // Both columns of the layout multi-measure have the same type.
      hasValueType: true,
      mark,
    };
  }
}

const VALUE_JSON = `"MeasureValues":[{"Name":"${SAMPLE_VALUE_COLUMN}","Value":"`;
const VALUE_JSON_END = '","Type":"DOUBLE"}]';
const BITS_JSON = `"MeasureValues":[{"Name":"${SAMPLE_BITS_COLUMN}","Value":"`;
const BITS_JSON_END = '","Type":"BIGINT"}]';

function moveMark(shareable: Shareable, mark: number): void {
  if (shareable.mark === mark) shareable.mark = mark + 1;
}

function commonDimensions({ series, mark }: CommonParts): Dimension[] {
  return series.labels.filter((label: InternedLabel) => label.mark === mark).map(({ dimension }) => dimension);
}

function valueTypeOf({ layout }: RecordColumns): 'DOUBLE' | 'MULTI' {
  return layout === 'single-measure' ? 'DOUBLE' : 'MULTI';
}

function bitsText(bits: bigint): string {
  return String(BigInt.asIntN(64, bits));
}

/** The records of a call, without making their objects if it has none yet. */
export function recordCountOf(batch: WriteBatch): number {
  return batch instanceof PlannedBatch ? batch.recordCount : batch.Records.length;
}
