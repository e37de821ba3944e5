import type { Measure, RecordSeries, SeriesState } from '../write/record.js';
import type { DimensionColumn, MeasureColumn, MeasureNameState, TableState } from './table-state.js';

/** A record on its way to disk; a later record of the same batch may take its place. */
export interface StagedPoint {
  readonly series: SeriesState;
  readonly timeNs: bigint;
  version: bigint;
  measures: readonly Measure[];
  /** Whether a committed row has to give way. */
  readonly replaces: boolean;
}

/** The points of a series in a batch: mostly there is one. */
type SeriesPoints = StagedPoint | Map<bigint, StagedPoint>;

export interface StagedSeries {
  readonly series: RecordSeries;
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
  readonly points: StagedPoint[];
  readonly pointsBySeries: Map<SeriesState, SeriesPoints>;
  /** Committed series and the data types that the batch lists their dimensions under. */
  readonly listed: Map<SeriesState, string>;
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
    points: [],
    pointsBySeries: new Map(),
    listed: new Map(),
    nextSid: table.nextSid,
    multiMeasureColumns: table.multiMeasureColumns,
    newMeasureNames: new Set(),
  };
}

export function stagedPoint({ pointsBySeries }: StagedTable, series: SeriesState, timeNs: bigint): StagedPoint | undefined {
  const points = pointsBySeries.get(series);
  if (points instanceof Map) return points.get(timeNs);
  return points?.timeNs === timeNs ? points : undefined;
}

/** @param point  of a series and time that the batch does not have yet. */
export function addPoint({ points, pointsBySeries }: StagedTable, point: StagedPoint): void {
  points.push(point);
  const known = pointsBySeries.get(point.series);
  if (known === undefined) pointsBySeries.set(point.series, point);
  else if (known instanceof Map) known.set(point.timeNs, point);
  else
    pointsBySeries.set(
      point.series,
      new Map([
        [known.timeNs, known],
        [point.timeNs, point],
      ]),
    );
}

export function isKnownMeasureName(staged: StagedTable, measureName: string): boolean {
  return staged.table.distinctMeasureNames.has(measureName) || staged.newMeasureNames.has(measureName);
}
