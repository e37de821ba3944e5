import type { ParsedRecord } from '../write/record.js';
import type { DimensionColumn, MeasureColumn, MeasureNameState, SeriesState, StoredPoint, TableState } from './table-state.js';

export interface StagedPoint extends StoredPoint {
  readonly sid: number;
  readonly timeNs: bigint;
  /** Whether a committed row has to give way. */
  readonly replaces: boolean;
}

export interface StagedSeries {
  readonly record: ParsedRecord;
  readonly state: SeriesState;
}

/** Everything that a batch of requests changes in a table. Nothing of it is in the table's state before the commit. */
export interface StagedTable {
  readonly table: TableState;
  readonly nowMs: number;
  readonly dimensions: Map<string, DimensionColumn>;
  readonly measures: Map<string, MeasureColumn>;
  readonly measureNames: Map<string, MeasureNameState>;
  readonly series: Map<string, StagedSeries>;
  /** By `pointKey`. */
  readonly points: Map<string, StagedPoint>;
  /** Committed series and the data types that the batch lists their dimensions under. */
  readonly listed: Map<SeriesState, string>;
  /** Every series that gets a point, committed or not. */
  readonly touched: Set<SeriesState>;
  nextSid: number;
  multiMeasureColumns: number;
  /** Measure names that the table has not seen, of any data type. */
  readonly newMeasureNames: Set<string>;
}

export function createStagedTable(table: TableState, nowMs: number): StagedTable {
  return {
    table,
    nowMs,
    dimensions: new Map(),
    measures: new Map(),
    measureNames: new Map(),
    series: new Map(),
    points: new Map(),
    listed: new Map(),
    touched: new Set(),
    nextSid: table.nextSid,
    multiMeasureColumns: table.multiMeasureColumns,
    newMeasureNames: new Set(),
  };
}

export function pointKey(sid: number, timeNs: bigint): string {
  return `${sid}:${timeNs}`;
}

export function isKnownMeasureName(staged: StagedTable, measureName: string): boolean {
  return staged.table.distinctMeasureNames.has(measureName) || staged.newMeasureNames.has(measureName);
}
