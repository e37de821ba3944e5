import { SAMPLE_HISTOGRAM_COLUMN } from '../model/layout.js';
import { MAX_RECORDS_PER_WRITE } from '../model/limits.js';
import type { Dimension, SampleReference, TimestreamRecord, WriteBatch } from '../model/record.js';
import type { StoredHistogram } from './translate-histograms.js';

/**
 * Groups histograms into WriteRecords calls of at most 100 records, in the order in which they came: a sender puts the series of a target
 * together, and what all records of a call share is paid once. All records of one histogram are in one call.
 *
 * @param version of the records, 1 if not given
 */
export function batchHistograms(stored: readonly StoredHistogram[], version?: number): WriteBatch[] {
  const batches: WriteBatch[] = [];
  let group: StoredHistogram[] = [];
  let recordCount = 0;
  for (const histogram of stored) {
    if (recordCount + histogram.texts.length > MAX_RECORDS_PER_WRITE) {
      batches.push(batchOf(group, version));
      group = [];
      recordCount = 0;
    }
    group.push(histogram);
    recordCount += histogram.texts.length;
  }
  if (group.length > 0) batches.push(batchOf(group, version));
  return batches;
}

function batchOf(group: readonly StoredHistogram[], version: number | undefined): WriteBatch {
  // Milliseconds where they will do: what a time is paid does not depend on its unit, but it is shorter to send.
  const isFine = group.some(({ texts }) => texts.length > 1);
  const sources: SampleReference[] = [];
  const isShared = sharedDimensionsOf(group);
  const [first] = group;
  const recordCount = group.reduce((sum, { texts }) => sum + texts.length, 0);
  const common = recordCount > 1 && first !== undefined ? first.series.dimensions.filter(isShared) : [];
  const measureName = recordCount > 1 && group.every(({ series }) => series.measureName === first?.series.measureName);
  const versioned = version === undefined ? {} : { Version: version };
  const timeUnit = isFine ? 'NANOSECONDS' : 'MILLISECONDS';
  const records = group.flatMap(({ series, seriesIndex, histogram, timestampMs, texts }) => {
    const source = { histogram, recordCount: texts.length };
    const own = recordCount > 1 ? series.dimensions.filter((dimension) => !isShared(dimension)) : series.dimensions;
    return texts.map((text, part): TimestreamRecord => {
      sources.push({ seriesIndex, sampleIndex: -1, histogram: source });
      return {
        ...(own.length === 0 ? {} : { Dimensions: own }),
        ...(measureName ? {} : { MeasureName: series.measureName }),
        ...(recordCount > 1 ? {} : { MeasureValueType: 'MULTI', TimeUnit: timeUnit, ...versioned }),
        MeasureValues: [{ Name: SAMPLE_HISTOGRAM_COLUMN, Value: text, Type: 'VARCHAR' }],
        Time: isFine ? String(BigInt(timestampMs) * 1_000_000n + BigInt(part)) : String(timestampMs),
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
function sharedDimensionsOf(group: readonly StoredHistogram[]): (dimension: Dimension) => boolean {
  const counts = new Map<Dimension, number>();
  for (const { series } of group) for (const dimension of series.dimensions) counts.set(dimension, (counts.get(dimension) ?? 0) + 1);
  return (dimension) => counts.get(dimension) === group.length;
}
