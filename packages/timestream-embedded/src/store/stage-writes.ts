import type { TimestreamLimits } from '../limits.js';
import type { RejectedRecord } from '../service-error.js';
import type { Measure, ParsedRecord, SeriesState, StoredPoint } from '../write/record.js';
import { sameMeasures } from '../write/record.js';
import { retentionWindow } from '../write/retention-window.js';
import { recordFault, type RecordFault } from './record-fault.js';
import { addPoint, isKnownMeasureName, stagedPoint, type StagedTable } from './staged-table.js';
import { measureNameKey } from './table-state.js';

export interface WriteOutcome {
  readonly memoryStore: number;
  readonly magneticStore: number;
  readonly rejected: readonly RejectedRecord[];
  /** Records the magnetic store refused: the service reports them to a bucket, not in the answer. */
  readonly magneticRejected: number;
}

/** Whether memory cannot tell if the series has a record at this time. */
export function needsLookup(series: SeriesState, timeNs: bigint): boolean {
  if (timeNs > series.newestTimeNs || timeNs < series.oldestTimeNs) return false;
  return timeNs !== series.newestTimeNs || series.newest === undefined;
}

/** The committed records that `needsLookup` asked for, by series and time. */
export type StoredPoints = ReadonlyMap<SeriesState, ReadonlyMap<bigint, StoredPoint>>;

/**
 * Decides one request, record by record in its order: a later record of the same series and time meets the earlier one as if it had
 * been in an earlier request.
 *
 * @param committedSeries  of each record, where the table has it.
 */
export function stageRequest(
  staged: StagedTable,
  records: readonly ParsedRecord[],
  committedSeries: readonly (SeriesState | undefined)[],
  stored: StoredPoints,
  limits: TimestreamLimits,
): WriteOutcome {
  const window = retentionWindow(staged.table.properties.retention, staged.nowMs, limits);
  const rejected: RejectedRecord[] = [];
  let memoryStore = 0;
  let magneticStore = 0;
  let magneticRejected = 0;
  for (const [index, record] of records.entries()) {
    const committed = committedSeries[index];
    const state = committed ?? staged.series.get(record.series.key)?.state;
    const fault = recordFault(staged, record, state, window, limits) ?? stageRecord(staged, record, committed, state, stored);
    const isMagnetic = record.timeNs < window.memoryLowerNs;
    if (fault === undefined) {
      if (isMagnetic) magneticStore += 1;
      else memoryStore += 1;
    } else if (isMagnetic && fault.isVersionConflict === true) {
      magneticStore += 1;
      magneticRejected += 1;
    } else {
      const version = fault.existingVersion;
      rejected.push({
        RecordIndex: record.recordIndex,
        Reason: fault.reason,
        ...(version === undefined ? {} : { ExistingVersion: version }),
      });
    }
  }
  return { memoryStore, magneticStore, rejected, magneticRejected };
}

/** Stores the record in the batch, unless a stored version stands against it (developer guide, "Upserting data"). */
function stageRecord(
  staged: StagedTable,
  record: ParsedRecord,
  committed: SeriesState | undefined,
  state: SeriesState | undefined,
  stored: StoredPoints,
): RecordFault | undefined {
  const { timeNs, version, measures } = record;
  const inBatch = state && stagedPoint(staged, state, timeNs);
  const existing = inBatch ?? (committed && committedPoint(committed, timeNs, stored));
  if (existing !== undefined && version <= existing.version) {
    if (version < existing.version) return lowerVersion(version, existing.version);
    return sameMeasures(measures, existing.measures) ? undefined : sameVersion(existing.version);
  }
  const series = state ?? stageSeries(staged, record);
  stageColumns(staged, record, series);
  if (inBatch === undefined) addPoint(staged, { series, timeNs, version, measures, replaces: existing !== undefined });
  else {
    inBatch.version = version;
    inBatch.measures = measures;
  }
  return undefined;
}

function committedPoint(series: SeriesState, timeNs: bigint, stored: StoredPoints): StoredPoint | undefined {
  if (timeNs > series.newestTimeNs) return undefined;
  return (timeNs === series.newestTimeNs ? series.newest : undefined) ?? stored.get(series)?.get(timeNs);
}

function stageSeries(staged: StagedTable, record: ParsedRecord): SeriesState {
  const state: SeriesState = {
    sid: staged.nextSid,
    oldestTimeNs: record.timeNs,
    newestTimeNs: record.timeNs,
    newest: undefined,
    listedDataType: '',
  };
  staged.nextSid += 1;
  staged.series.set(record.series.key, { series: record.series, state });
  for (const { Name } of record.series.dimensions) {
    if (!staged.table.dimensions.has(Name) && !staged.dimensions.has(Name))
      staged.dimensions.set(Name, { name: Name, firstSeenMs: staged.nowMs });
  }
  return state;
}

function stageColumns(staged: StagedTable, record: ParsedRecord, state: SeriesState): void {
  for (const measure of record.measures) {
    if (!staged.table.measures.has(measure.name) && !staged.measures.has(measure.name)) stageMeasure(staged, measure);
  }
  if (state.listedDataType === record.dataType || staged.listed.get(state) === record.dataType) return;
  staged.listed.set(state, record.dataType);
  const key = measureNameKey(record.series.measureName, record.dataType);
  const known = staged.table.measureNames.get(key);
  const missing = record.series.dimensions.map(({ Name }) => Name).filter((name) => known?.dimensions.has(name) !== true);
  if (missing.length === 0) return;
  const pending = staged.measureNames.get(key);
  if (pending === undefined) {
    if (!isKnownMeasureName(staged, record.series.measureName)) staged.newMeasureNames.add(record.series.measureName);
    staged.measureNames.set(key, { measureName: record.series.measureName, dataType: record.dataType, dimensions: new Set(missing) });
  } else for (const name of missing) pending.dimensions.add(name);
}

function stageMeasure(staged: StagedTable, { name, type, multi }: Measure): void {
  const position = staged.table.measures.size + staged.measures.size + 1;
  staged.measures.set(name, { name, type, multi, column: `m_${position}`, position, firstSeenMs: staged.nowMs });
  if (multi) staged.multiMeasureColumns += 1;
}

function lowerVersion(version: bigint, existing: bigint): RecordFault {
  return {
    reason: `The record version ${version} is lower than the existing version ${existing}. A higher version is required to update the measure value.`,
    existingVersion: existing,
    isVersionConflict: true,
  };
}

function sameVersion(existing: bigint): RecordFault {
  return {
    reason:
      'A record already exists with the same time, dimensions, measure name, and record version. A higher record version must be specified in order to update the measure value. Specifying record version is supported by the latest SDKs.',
    existingVersion: existing,
    isVersionConflict: true,
  };
}
