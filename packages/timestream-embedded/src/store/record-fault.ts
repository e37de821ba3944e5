import type { TimestreamLimits } from '../limits.js';
import type { ParsedRecord, SeriesState } from '../write/record.js';
import type { RetentionWindow } from '../write/retention-window.js';
import { isKnownMeasureName, type StagedTable } from './staged-table.js';

/** Why one record of a request is rejected. */
export interface RecordFault {
  readonly reason: string;
  readonly existingVersion?: bigint;
  readonly isVersionConflict?: boolean;
}

/** What is wrong with a record in this table, before it is compared with what is stored. @param series  of the record, where there is one already. */
export function recordFault(
  staged: StagedTable,
  record: ParsedRecord,
  series: SeriesState | undefined,
  window: RetentionWindow,
  limits: TimestreamLimits,
): RecordFault | undefined {
  if (record.rejection !== undefined) return { reason: record.rejection };
  if (record.timeNs < window.lowerNs || record.timeNs >= window.upperNs) return { reason: window.reason };
  const key = staged.table.properties.partitionKey;
  if (key?.EnforcementInRecord === 'REQUIRED' && !record.series.dimensions.some(({ Name }) => Name === key.Name)) {
    return { reason: `The record does not have the partition key dimension '${key.Name ?? ''}', which this table requires.` };
  }
  const reason = measureFault(staged, record, limits) ?? (series === undefined ? dimensionFault(staged, record, limits) : undefined);
  return reason === undefined ? undefined : { reason };
}

function measureFault(staged: StagedTable, record: ParsedRecord, limits: TimestreamLimits): string | undefined {
  const { table } = staged;
  let added = 0;
  for (const { name, type, multi } of record.measures) {
    const known = table.measures.get(name) ?? staged.measures.get(name);
    if (known === undefined) {
      if (table.dimensions.has(name) || staged.dimensions.has(name))
        return `The measure '${name}' has the name of a dimension of the table.`;
      if (multi) added += 1;
    } else if (known.type !== type) return `The measure '${name}' is of type ${known.type}, not ${type}.`;
  }
  if (added > 0 && staged.multiMeasureColumns + added > limits.maxMultiMeasureColumnsPerTable) {
    return `The table would have more than ${limits.maxMultiMeasureColumnsPerTable} multi-measure columns.`;
  }
  return undefined;
}

/** Of a series that is new: every dimension of a known one is a column already. */
function dimensionFault(staged: StagedTable, record: ParsedRecord, limits: TimestreamLimits): string | undefined {
  const { table } = staged;
  let added = 0;
  for (const { Name } of record.series.dimensions) {
    if (table.dimensions.has(Name) || staged.dimensions.has(Name)) continue;
    if (table.measures.has(Name) || staged.measures.has(Name)) return `The dimension '${Name}' has the name of a measure of the table.`;
    added += 1;
  }
  if (added > 0 && table.dimensions.size + staged.dimensions.size + added > limits.maxDimensionsPerTable) {
    return `The table would have more than ${limits.maxDimensionsPerTable} dimensions.`;
  }
  if (
    !isKnownMeasureName(staged, record.series.measureName) &&
    staged.table.distinctMeasureNames.size + staged.newMeasureNames.size >= limits.maxMeasureNamesPerTable
  ) {
    return `The table would have more than ${limits.maxMeasureNamesPerTable} measure names.`;
  }
  return undefined;
}
