import { PlannedBatch, type WriteBatch } from '@timestream-prometheus/timestream-translator';

/**
 * The names of the dimensions of the records of a batch, but not of series of which this `visitor` was told last, and not of rejected records.
 */
export function dimensionNamesOf(batch: WriteBatch, rejectedIndexes: ReadonlySet<number>, visitor: object): readonly string[] {
  const names: string[] = [];
  if (batch instanceof PlannedBatch) {
    batch.visitDimensionNames(
      visitor,
      (name) => names.push(name),
      (index) => rejectedIndexes.has(index),
    );
    return names;
  }
  for (const [index, record] of batch.Records.entries()) {
    if (rejectedIndexes.has(index)) continue;
    for (const { Name } of record.Dimensions ?? []) names.push(Name);
  }
  for (const { Name } of batch.CommonAttributes?.Dimensions ?? []) names.push(Name);
  return names;
}
