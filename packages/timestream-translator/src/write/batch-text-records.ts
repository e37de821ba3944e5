import { MAX_RECORDS_PER_WRITE, NANOSECONDS_PER_MILLISECOND } from '../model/limits.js';
import type { Dimension, SampleReference, TimestreamRecord, WriteBatch } from '../model/record.js';
import type { StoredSeries } from './stored-series.js';

/** Something that is stored as text, in one record or in several that follow each other by a nanosecond. */
export interface TextRecords {
  readonly series: StoredSeries;
  readonly timestampMs: number;
  /** After the millisecond, 0 to 999,999; 0 if not given. */
  readonly nanoseconds?: number;
  /** One for each record. */
  readonly texts: readonly string[];
  readonly source: SampleReference;
}

/**
 * Groups texts into WriteRecords calls of at most 100 records, in the order in which they came: a sender puts the series of a target together,
 * and what all records of a call share is paid once. All records of one text are in one call.
 *
 * @param column the VARCHAR measure that holds the texts
 * @param version of the records, 1 if not given
 */
export function batchTextRecords(column: string, stored: Iterable<TextRecords>, version?: number): WriteBatch[] {
  const batches: WriteBatch[] = [];
  let group: TextRecords[] = [];
  let recordCount = 0;
  for (const entry of stored) {
    if (recordCount + entry.texts.length > MAX_RECORDS_PER_WRITE) {
      batches.push(batchOf(column, group, version));
      group = [];
      recordCount = 0;
    }
    group.push(entry);
    recordCount += entry.texts.length;
  }
  if (group.length > 0) batches.push(batchOf(column, group, version));
  return batches;
}

function batchOf(column: string, group: readonly TextRecords[], version: number | undefined): WriteBatch {
  // Milliseconds where they will do: what a time is paid does not depend on its unit, but it is shorter to send.
  const isFine = group.some(({ texts, nanoseconds = 0 }) => texts.length > 1 || nanoseconds > 0);
  const sources: SampleReference[] = [];
  const isShared = sharedDimensionsOf(group);
  const [first] = group;
  const recordCount = group.reduce((sum, { texts }) => sum + texts.length, 0);
  const common = recordCount > 1 && first !== undefined ? first.series.dimensions.filter(isShared) : [];
  const measureName = recordCount > 1 && group.every(({ series }) => series.measureName === first?.series.measureName);
  const versioned = version === undefined ? {} : { Version: version };
  const timeUnit = isFine ? 'NANOSECONDS' : 'MILLISECONDS';
  const records = group.flatMap(({ series, timestampMs, nanoseconds = 0, texts, source }) => {
    const own = recordCount > 1 ? series.dimensions.filter((dimension) => !isShared(dimension)) : series.dimensions;
    return texts.map((text, part): TimestreamRecord => {
      sources.push(source);
      return {
        ...(own.length === 0 ? {} : { Dimensions: own }),
        ...(measureName ? {} : { MeasureName: series.measureName }),
        ...(recordCount > 1 ? {} : { MeasureValueType: 'MULTI', TimeUnit: timeUnit, ...versioned }),
        MeasureValues: [{ Name: column, Value: text, Type: 'VARCHAR' }],
        Time: isFine ? String(BigInt(timestampMs) * BigInt(NANOSECONDS_PER_MILLISECOND) + BigInt(nanoseconds + part)) : String(timestampMs),
      };
    });
  });
  if (recordCount === 1) return { CommonAttributes: undefined, Records: records, sources };
  return {
    CommonAttributes: {
      TimeUnit: timeUnit,
      MeasureValueType: 'MULTI',
      ...versioned,
      ...(measureName && first !== undefined ? { MeasureName: first.series.measureName } : {}),
      ...(common.length === 0 ? {} : { Dimensions: common }),
    },
    Records: records,
    sources,
  };
}

/** Whether all of them have the dimension, with the same value. A series keeps one object for it, and so do equal labels of all series. */
function sharedDimensionsOf(group: readonly TextRecords[]): (dimension: Dimension) => boolean {
  const counts = new Map<Dimension, number>();
  for (const { series } of group) for (const dimension of series.dimensions) counts.set(dimension, (counts.get(dimension) ?? 0) + 1);
  return (dimension) => counts.get(dimension) === group.length;
}
