import type { TimestreamLimits } from '../limits.js';
import type { RejectedRecord } from '../service-error.js';
import type { Measure, ParsedRecord } from '../write/record.js';
import { sameMeasures } from '../write/record.js';
import { retentionWindow } from '../write/retention-window.js';
import { recordFault, type RecordFault } from './record-fault.js';
import { isKnownMeasureName, pointKey, type StagedTable } from './staged-table.js';
import { measureNameKey, type SeriesState, type StoredPoint } from './table-state.js';

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

/**
 * Decides one request, record by record in its order: a later record of the same series and time meets the earlier one as if it had
 * been in an earlier request.
 *
 * @param stored  the committed records that `needsLookup` asked for, by `pointKey`.
 */
export function stageRequest(
  staged: StagedTable,
  records: readonly ParsedRecord[],
  stored: ReadonlyMap<string, StoredPoint>,
  limits: TimestreamLimits,
): WriteOutcome {
  const window = retentionWindow(staged.table.properties.retention, staged.nowMs, limits);
  const rejected: RejectedRecord[] = [];
  let memoryStore = 0;
  let magneticStore = 0;
  let magneticRejected = 0;
  for (const record of records) {
    const fault = recordFault(staged, record, window, limits) ?? stageRecord(staged, record, stored);
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
function stageRecord(staged: StagedTable, record: ParsedRecord, stored: ReadonlyMap<string, StoredPoint>): RecordFault | undefined {
  const committed = staged.table.series.get(record.seriesKey);
  const state = committed ?? staged.series.get(record.seriesKey)?.state;
  const key = state === undefined ? undefined : pointKey(state.sid, record.timeNs);
  const inBatch = key === undefined ? undefined : staged.points.get(key);
  const existing =
    inBatch ?? (committed === undefined || key === undefined ? undefined : committedPoint(committed, record.timeNs, stored.get(key)));
  if (existing !== undefined && record.version <= existing.version) {
    if (record.version < existing.version) return lowerVersion(record.version, existing.version);
    return sameMeasures(record.measures, existing.measures) ? undefined : sameVersion(existing.version);
  }
  const target = state ?? stageSeries(staged, record);
  stageColumns(staged, record, target);
  staged.touched.add(target);
  const replaces = inBatch === undefined ? existing !== undefined : inBatch.replaces;
  const { timeNs, version, measures } = record;
  staged.points.set(key ?? pointKey(target.sid, timeNs), { sid: target.sid, timeNs, version, measures, replaces });
  return undefined;
}

function committedPoint(series: SeriesState, timeNs: bigint, stored: StoredPoint | undefined): StoredPoint | undefined {
  return timeNs === series.newestTimeNs ? (series.newest ?? stored) : stored;
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
  staged.series.set(record.seriesKey, { record, state });
  for (const { Name } of record.dimensions) {
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
  const key = measureNameKey(record.measureName, record.dataType);
  const known = staged.table.measureNames.get(key);
  const missing = record.dimensions.map(({ Name }) => Name).filter((name) => known?.dimensions.has(name) !== true);
  if (missing.length === 0) return;
  const pending = staged.measureNames.get(key);
  if (pending === undefined) {
    if (!isKnownMeasureName(staged, record.measureName)) staged.newMeasureNames.add(record.measureName);
    staged.measureNames.set(key, { measureName: record.measureName, dataType: record.dataType, dimensions: new Set(missing) });
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
