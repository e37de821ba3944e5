/* oxlint-disable typescript/no-non-null-assertion -- every index here is below the length of its column, and this runs for every sample */

import { MEASURE_VALUE_DOUBLE_COLUMN, SAMPLE_BITS_COLUMN, type Layout } from '../model/layout.js';
import type { SampleReference, TimestreamRecord, WriteBatch } from '../model/record.js';
import { NOTHING_COMMON, type CommonParts } from './common-parts.js';
import type { InternedLabel, StoredMeasure } from './interned-label.js';
import { TIME_BYTES, valueBytes } from './record-size.js';
import { referenceOf } from './series-columns.js';
import { finiteColumns, valueColumnOf, type RecordColumns } from './translate-columns.js';

type DraftRecord = { -readonly [Field in keyof TimestreamRecord]: TimestreamRecord[Field] };

type ValueType = NonNullable<TimestreamRecord['MeasureValueType']>;

/** What all records of a call share; a record that is alone shares nothing. */
interface SharedByAll {
  readonly parts: CommonParts;
  readonly timestampMs: number | undefined;
  readonly valueType: ValueType | undefined;
}

/** What whoever cut a call knows of it. */
interface CutBytes {
  /** What the call counts. */
  readonly bytes: number;
  /** How many of them are counted once for all of its records; of no meaning for a record that is alone. */
  readonly sharedBytes: number;
}

/**
 * One WriteRecords call, as columns. Its text is put together from what is known of its series when it is sent; the objects of a
 * {@link WriteBatch} are made only if somebody asks for them.
 */
export class PlannedBatch implements WriteBatch {
  readonly #records: RecordColumns;
  readonly #order: Uint32Array;
  readonly #sharedBytes: number | undefined;
  #bytes: number | undefined;
  #shared: SharedByAll | undefined;
  #common: TimestreamRecord | undefined;
  #ownRecords: readonly TimestreamRecord[] | undefined;
  #sources: readonly SampleReference[] | undefined;

  /**
   * @param order the records of the call, by index, at least one
   * @param cut if it is known already
   */
  constructor(records: RecordColumns, order: Uint32Array, cut?: CutBytes) {
    this.#records = records;
    this.#order = order;
    this.#bytes = cut?.bytes;
    this.#sharedBytes = cut?.sharedBytes;
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
    return (this.#bytes ??= this.#countBytes());
  }

  toJSON(): Pick<WriteBatch, 'CommonAttributes' | 'Records'> {
    return { CommonAttributes: this.CommonAttributes, Records: this.Records };
  }

  /**
   * Calls `visit` with the names of the dimensions of the records, but not with names that this `visitor` was told last, and not for records
   * that `isLeftOut` names by index.
   */
  visitDimensionNames(visitor: object, visit: (name: string) => void, isLeftOut: (recordIndex: number) => boolean): void {
    const { series } = this.#records;
    for (let index = 0; index < this.#order.length; index++) {
      const stored = series[this.#order[index]!]!;
      if (stored.namesTo === visitor || isLeftOut(index)) continue;
      stored.namesTo = visitor;
      for (const { internedName } of stored.labels) {
        if (internedName.toldTo === visitor) continue;
        internedName.toldTo = visitor;
        visit(internedName.name);
      }
    }
  }

  /** `"Records":[…],"CommonAttributes":{…}`: the fields of a WriteRecords request as the AWS SDK writes them, byte for byte. */
  json(): string {
    const { series, samples, columns, layout, version } = this.#records;
    const { timestampsMs, values, valueBits } = columns;
    const { parts, timestampMs: commonMs, valueType } = this.#sharedByAll;
    const finiteColumn = finiteColumns[layout];
    const isSingle = finiteColumn === MEASURE_VALUE_DOUBLE_COLUMN;
    const isAlone = this.#order.length === 1;
    const typeOf = (type: ValueType) => (valueType === undefined ? `"MeasureValueType":"${type}",` : '');
    const unitJson = isAlone ? `"TimeUnit":"MILLISECONDS",${version === undefined ? '' : `"Version":${version},`}` : '';
    // What stands between the names of a record and its value, and behind it: of few pieces for each record, since every one of them costs.
    let lastTimestampMs = -1;
    let beforeFinite = '';
    let beforeBits = '';
    let afterFinite = '';
    let afterFiniteToNext = '';
    let json = '';
    let between = '"Records":[{';
    let end = '';
    for (const record of this.#order) {
      const sample = samples[record]!;
      const stored = series[record]!;
      const value = values[sample]!;
      const timestampMs = timestampsMs[sample]!;
      if (lastTimestampMs < 0 || (commonMs === undefined && timestampMs !== lastTimestampMs)) {
        lastTimestampMs = timestampMs;
        const timeJson = commonMs === undefined ? `"Time":"${timestampMs}",` : '';
        beforeBits = `${typeOf('MULTI')}${timeJson}${unitJson}"MeasureValues":[{"Name":"${SAMPLE_BITS_COLUMN}","Value":"`;
        if (isSingle) {
          beforeFinite = '"MeasureValue":"';
          const fields = `${typeOf('DOUBLE')}${timeJson}${unitJson}`;
          afterFinite = fields === '' ? '"' : `",${fields.slice(0, -1)}`;
        } else {
          beforeFinite = `${typeOf('MULTI')}${timeJson}${unitJson}"MeasureValues":[{"Name":"${finiteColumn}","Value":"`;
          afterFinite = VALUE_JSON_END;
        }
        afterFiniteToNext = `${afterFinite}},{`;
      }
      if (Number.isFinite(value)) {
        json = json + between + stored.ownJson(parts) + beforeFinite + stored.finiteText(value);
        between = afterFiniteToNext;
        end = afterFinite;
      } else {
        json = json + between + stored.ownJson(parts) + beforeBits + bitsText(valueBits[sample] ?? 0n);
        between = BITS_JSON_TO_NEXT;
        end = BITS_JSON_END;
      }
    }
    json = `${json}${end}}]`;
    return isAlone ? json : `${json},"CommonAttributes":${this.#commonJson()}`;
  }

  #commonJson(): string {
    const { parts, timestampMs, valueType } = this.#sharedByAll;
    const texts: string[] = [];
    if (parts.labels.length > 0) texts.push(`"Dimensions":[${parts.labels.map(({ json }) => json).join(',')}]`);
    if (parts.measure !== undefined) texts.push(`"MeasureName":${JSON.stringify(parts.measure.name)}`);
    if (valueType !== undefined) texts.push(`"MeasureValueType":"${valueType}"`);
    if (timestampMs !== undefined) texts.push(`"Time":"${timestampMs}"`);
    texts.push('"TimeUnit":"MILLISECONDS"');
    if (this.#records.version !== undefined) texts.push(`"Version":${this.#records.version}`);
    return `{${texts.join(',')}}`;
  }

  #commonAttributes(): TimestreamRecord {
    const { parts, timestampMs, valueType } = this.#sharedByAll;
    const attributes: DraftRecord = { TimeUnit: 'MILLISECONDS' };
    if (timestampMs !== undefined) attributes.Time = String(timestampMs);
    if (valueType !== undefined) attributes.MeasureValueType = valueType;
    if (parts.measure !== undefined) attributes.MeasureName = parts.measure.name;
    if (parts.labels.length > 0) attributes.Dimensions = parts.labels.map(({ dimension }) => dimension);
    if (this.#records.version !== undefined) attributes.Version = this.#records.version;
    return attributes;
  }

  #createRecords(): readonly TimestreamRecord[] {
    const { series, samples, columns, layout, version } = this.#records;
    const { parts, timestampMs, valueType } = this.#sharedByAll;
    const isAlone = this.#order.length === 1;
    return Array.from(this.#order, (index) => {
      const stored = series[index]!;
      const sample = samples[index]!;
      const value = columns.values[sample]!;
      const column = valueColumnOf(layout, value);
      const ownDimensions = stored.labels.filter((label) => !parts.labels.includes(label)).map(({ dimension }) => dimension);
      const record: DraftRecord = {};
      if (ownDimensions.length > 0) record.Dimensions = ownDimensions;
      if (parts.measure === undefined) record.MeasureName = stored.measureName;
      if (valueType === undefined) record.MeasureValueType = valueTypeOf(layout, value);
      if (column === MEASURE_VALUE_DOUBLE_COLUMN) record.MeasureValue = stored.finiteText(value);
      else if (column === SAMPLE_BITS_COLUMN)
        record.MeasureValues = [{ Name: column, Value: bitsText(columns.valueBits[sample] ?? 0n), Type: 'BIGINT' }];
      else record.MeasureValues = [{ Name: column, Value: stored.finiteText(value), Type: 'DOUBLE' }];
      if (timestampMs === undefined) record.Time = String(columns.timestampsMs[sample]);
      if (isAlone) record.TimeUnit = 'MILLISECONDS';
      if (isAlone && version !== undefined) record.Version = version;
      return record;
    });
  }

  #countBytes(): number {
    const { samples, series, layout, columns } = this.#records;
    const { parts, timestampMs } = this.#sharedByAll;
    let bytes = 0;
    for (const record of this.#order) {
      const stored = series[record]!;
      bytes += stored.baseBytes + valueBytes(valueColumnOf(layout, columns.values[samples[record]!]!));
    }
    const shared = parts.bytes + (timestampMs === undefined ? 0 : TIME_BYTES);
    return bytes - shared * (this.#order.length - 1);
  }

  get #sharedByAll(): SharedByAll {
    return (this.#shared ??= this.#findShared());
  }

  /**
   * Finds what all records share; a single record shares nothing with itself. Most often that is what the first and the last share: everything that all share is
   * among it, so if it comes to as many bytes, it is the same, and no other record is looked at.
   */
  #findShared(): SharedByAll {
    const { series, samples, columns, cache, layout } = this.#records;
    const order = this.#order;
    const first = series[order[0]!]!;
    if (order.length === 1) return { parts: NOTHING_COMMON, timestampMs: undefined, valueType: undefined };
    const timestampMs = columns.timestampsMs[samples[order[0]!]!]!;
    let hasTime = true;
    let hasMeasure = true;
    const labels = first.labels.slice();
    let previous = first;
    for (let index = order.length - 1; index > 0; index--) {
      const record = order[index]!;
      const stored = series[record]!;
      hasTime &&= columns.timestampsMs[samples[record]!] === timestampMs;
      if (stored !== previous) {
        previous = stored;
        hasMeasure &&= stored.measure === first.measure;
        if (labels.length > 0) keepShared(labels, stored.labels);
      }
      if (index === order.length - 1 && this.#sharedBytes === bytesOf(labels, hasMeasure ? first.measure : undefined, hasTime)) break;
    }
    return {
      parts: cache.commonParts.partsOf(labels, hasMeasure ? first.measure : undefined),
      timestampMs: hasTime ? timestampMs : undefined,
      valueType: this.#findSharedValueType(layout),
    };
  }

  /**
   * Where records differ in it, each has its own: which of the two counts if both the common attributes and a record have one is documented
   * nowhere (API model, CommonAttributes).
   */
  #findSharedValueType(layout: Layout): ValueType | undefined {
    if (finiteColumns[layout] !== MEASURE_VALUE_DOUBLE_COLUMN) return 'MULTI';
    const { samples, columns } = this.#records;
    const valueType = valueTypeOf(layout, columns.values[samples[this.#order[0]!]!]!);
    for (const record of this.#order) if (valueTypeOf(layout, columns.values[samples[record]!]!) !== valueType) return undefined;
    return valueType;
  }
}

const VALUE_JSON_END = '","Type":"DOUBLE"}]';
const BITS_JSON_END = '","Type":"BIGINT"}]';
const BITS_JSON_TO_NEXT = `${BITS_JSON_END}},{`;

/** Leaves in `labels` those that are among `others` too. Series have their labels in one order, so what both have comes in that order. */
function keepShared(labels: InternedLabel[], others: readonly InternedLabel[]): void {
  let kept = 0;
  let place = 0;
  for (const label of labels) {
    if (others[place] !== label) {
      const found = others.indexOf(label, place);
      if (found < 0) continue;
      place = found;
    }
    place += 1;
    // Never ahead of the loop, which reads what it has not reached yet as it was.
    labels[kept++] = label;
  }
  labels.length = kept;
}

function bytesOf(labels: readonly InternedLabel[], measure: StoredMeasure | undefined, hasTime: boolean): number {
  let bytes = (measure?.bytes ?? 0) + (hasTime ? TIME_BYTES : 0);
  for (const label of labels) bytes += label.bytes;
  return bytes;
}

function valueTypeOf(layout: Layout, value: number): ValueType {
  return valueColumnOf(layout, value) === MEASURE_VALUE_DOUBLE_COLUMN ? 'DOUBLE' : 'MULTI';
}

function bitsText(bits: bigint): string {
  return String(BigInt.asIntN(64, bits));
}

/** The records of a call, without making their objects if it has none yet. */
export function recordCountOf(batch: WriteBatch): number {
  return batch instanceof PlannedBatch ? batch.recordCount : batch.Records.length;
}
