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
 * The records by the labels that most series have (in Prometheus these say which target was scraped), those with the fewest values first,
 * then by measure name, then series, then time.
 *
 * @param byMetric what {@link orderByMetric} returned, so that the result does not depend on the order of the input either
 */
export function orderByTarget(byMetric: readonly TranslatedRecord[]): readonly TranslatedRecord[] {
  const rankByName = rankLabels(byMetric);
  let series: StoredSeries | undefined;
  let key = '';
  const keyed = byMetric.map((record) => {
    if (record.series !== series) {
      series = record.series;
      key = targetKey(series, rankByName);
    }
    return { key, record };
  });
  // The sort is stable, so the records of a series stay in time order.
  return keyed.sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0)).map(({ record }) => record);
}

function compareSeriesAndTime(left: TranslatedRecord, right: TranslatedRecord): number {
  if (left.series === right.series) return left.timestampMs - right.timestampMs;
  const leftKey = left.series.key;
  const rightKey = right.series.key;
  return leftKey < rightKey ? -1 : leftKey > rightKey ? 1 : left.timestampMs - right.timestampMs;
}

/** Dimension names in order of importance: how many records have it, most first; then how many values it has, fewest first. */
function rankLabels(records: readonly TranslatedRecord[]): ReadonlyMap<string, number> {
  const usageByName = new Map<string, { count: number; readonly values: Set<string> }>();
  const sampleCount = Math.min(records.length, MAX_SAMPLED_RECORDS);
  for (let sample = 0; sample < sampleCount; sample++) {
    // Steps of the golden ratio spread evenly and, unlike steps of equal length, fall in with no period of the records.
    const index = Math.floor(((sample * GOLDEN_RATIO) % 1) * records.length);
    for (const { Name, Value } of records[index]?.series.dimensions ?? []) {
      let usage = usageByName.get(Name);
      if (usage === undefined) {
        usage = { count: 0, values: new Set() };
        usageByName.set(Name, usage);
      }
      usage.count++;
      usage.values.add(Value);
    }
  }
  const usages = Array.from(usageByName, ([name, { count, values }]) => ({ name, count, valueCount: values.size }));
  usages.sort((left, right) => right.count - left.count || left.valueCount - right.valueCount || (left.name < right.name ? -1 : 1));
  return new Map(usages.map(({ name }, rank) => [name, rank]));
}

function targetKey({ dimensions, measureName, key }: StoredSeries, rankByName: ReadonlyMap<string, number>): string {
  const values = new Array<string>(rankByName.size).fill('');
  for (const { Name, Value } of dimensions) {
    const rank = rankByName.get(Name);
    if (rank !== undefined) values[rank] = Value;
  }
  values.push(measureName, key);
  return values.join('\u0000');
}
