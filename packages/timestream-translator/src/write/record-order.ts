import { MAX_RECORDS_PER_WRITE } from '../model/limits.js';
import type { StoredSeries } from './stored-series.js';
import type { TranslatedRecord } from './translate-samples.js';

/** How many records are looked at to learn which labels tell targets apart. */
const MAX_SAMPLED_RECORDS = 256;

const GOLDEN_RATIO = (1 + Math.sqrt(5)) / 2;

/**
 * The records by measure name, then series, then time. Texts are compared by UTF-16 units: any order will do that is the same every time,
 * whatever the order of the input.
 */
export function orderByMetric(records: readonly TranslatedRecord[]): readonly TranslatedRecord[] {
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

/**
 * The records by their labels, those first that tell targets apart (see {@link rankLabels}), then by measure name, then series, then time.
 *
 * @param byMetric what {@link orderByMetric} returned, so that the result does not depend on the order of the input either
 */
export function orderByTarget(byMetric: readonly TranslatedRecord[]): readonly TranslatedRecord[] {
  const ranks = rankLabels(byMetric);
  const targets = new Map<string, SeriesRecords[]>();
  let last: SeriesRecords | undefined;
  for (const record of byMetric) {
    if (record.series !== last?.series) {
      const { target, rest } = targetKey(record.series, ranks);
      last = { key: rest, series: record.series, records: [record] };
      const sameTarget = targets.get(target);
      if (sameTarget === undefined) targets.set(target, [last]);
      else sameTarget.push(last);
    } else last.records.push(record);
  }
  const ordered: TranslatedRecord[] = [];
  for (const target of Array.from(targets.keys()).sort()) {
    // The sort is stable: series with the same key keep the order that they came in.
    for (const { records } of targets.get(target)?.sort(compareKey) ?? []) {
      for (const record of records) ordered.push(record);
    }
  }
  return ordered;
}

interface SeriesRecords {
  readonly key: string;
  readonly series: StoredSeries;
  readonly records: TranslatedRecord[];
}

function compareKey(left: SeriesRecords, right: SeriesRecords): number {
  return left.key < right.key ? -1 : left.key > right.key ? 1 : 0;
}

function compareSeriesAndTime(left: TranslatedRecord, right: TranslatedRecord): number {
  if (left.series === right.series) return left.timestampMs - right.timestampMs;
  const leftKey = left.series.key;
  const rightKey = right.series.key;
  return leftKey < rightKey ? -1 : leftKey > rightKey ? 1 : left.timestampMs - right.timestampMs;
}

/**
 * Dimension names in the order to sort by. A label with no more values than there will be calls can have one value in most calls if it is
 * sorted by early: among those the ones that take the most bytes come first (the name of a pod brings its node and namespace with it). The
 * others follow, those with the fewest values first.
 */
function rankLabels(records: readonly TranslatedRecord[]): LabelRanks {
  const usageByName = new Map<string, { bytes: number; readonly values: Set<string> }>();
  const sampleCount = Math.min(records.length, MAX_SAMPLED_RECORDS);
  for (let sample = 0; sample < sampleCount; sample++) {
    // Steps of the golden ratio spread evenly and, unlike steps of equal length, fall in with no period of the records.
    const index = Math.floor(((sample * GOLDEN_RATIO) % 1) * records.length);
    for (const { Name, Value } of records[index]?.series.dimensions ?? []) {
      let usage = usageByName.get(Name);
      if (usage === undefined) {
        usage = { bytes: 0, values: new Set() };
        usageByName.set(Name, usage);
      }
      usage.bytes += Name.length + Value.length;
      usage.values.add(Value);
    }
  }
  const callCount = Math.ceil(records.length / MAX_RECORDS_PER_WRITE);
  const usages = Array.from(usageByName, ([name, { bytes, values }]) => ({
    name,
    bytes,
    valueCount: values.size,
    canBeShared: values.size <= callCount,
  }));
  usages.sort(
    (left, right) =>
      Number(right.canBeShared) - Number(left.canBeShared) ||
      (left.canBeShared ? right.bytes - left.bytes : left.valueCount - right.valueCount) ||
      (left.name < right.name ? -1 : 1),
  );
  return {
    rankByName: new Map(usages.map(({ name }, rank) => [name, rank])),
    sharedCount: usages.filter(({ canBeShared }) => canBeShared).length,
  };
}

interface LabelRanks {
  readonly rankByName: ReadonlyMap<string, number>;
  /** So many of the first ranks tell targets apart. */
  readonly sharedCount: number;
}

/** What the series is sorted by, in two steps: most series share the first text with many others, and it is the long one. */
function targetKey(
  { dimensions, measureName }: StoredSeries,
  { rankByName, sharedCount }: LabelRanks,
): { readonly target: string; readonly rest: string } {
  const targetValues = new Array<string>(sharedCount).fill('');
  const restValues = new Array<string>(rankByName.size - sharedCount).fill('');
  for (const { Name, Value } of dimensions) {
    const rank = rankByName.get(Name);
    if (rank === undefined) continue;
    if (rank < sharedCount) targetValues[rank] = Value;
    else restValues[rank - sharedCount] = Value;
  }
  restValues.push(measureName);
  return { target: targetValues.join('\u0000'), rest: restValues.join('\u0000') };
}
