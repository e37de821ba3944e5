import type { TimestreamRecord, WriteBatch } from '../model/record.js';

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
