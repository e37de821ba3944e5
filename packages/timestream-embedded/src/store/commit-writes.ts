import { BIGINT, INTEGER, LIST, listValue, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';

import type { TimestreamLimits } from '../limits.js';
import type { Measure, ParsedRecord } from '../write/record.js';
import { inTransaction } from './duckdb-file.js';
import { needsLookup, stageRequest, type WriteOutcome } from './stage-writes.js';
import { createStagedTable, pointKey, type StagedTable } from './staged-table.js';
import type { TableAppenders } from './table-appenders.js';
import { addMeasureColumn, addMeasureName, pointsRelation, type StoredPoint, type TableState } from './table-state.js';

/** One WriteRecords request on its way to disk. */
export interface WriteRequest {
  readonly table: TableState;
  readonly records: readonly ParsedRecord[];
}

interface PointReference {
  readonly sid: number;
  readonly timeNs: bigint;
}

/**
 * Decides and stores several requests in one transaction. When this returns, they are on disk and in the tables' state;
 * when it throws, they are in neither.
 *
 * @returns one outcome per request, in order.
 */
export async function commitWrites(
  connection: DuckDBConnection,
  appenders: TableAppenders,
  requests: readonly WriteRequest[],
  nowMs: number,
  limits: TimestreamLimits,
): Promise<WriteOutcome[]> {
  const stagedByTable = new Map<TableState, StagedTable>();
  const storedByTable = new Map<TableState, ReadonlyMap<string, StoredPoint>>();
  for (const table of new Set(requests.map((request) => request.table))) {
    stagedByTable.set(table, createStagedTable(table, nowMs));
    storedByTable.set(table, await lookUpStored(connection, table, requests));
  }
  const outcomes = requests.map(({ table, records }) => {
    const staged = stagedByTable.get(table) ?? createStagedTable(table, nowMs);
    return stageRequest(staged, records, storedByTable.get(table) ?? new Map<string, StoredPoint>(), limits);
  });
  const changed = [...stagedByTable.values()].filter(({ points }) => points.size > 0);
  if (changed.length > 0) {
    try {
      await inTransaction(connection, async () => {
        for (const staged of changed) {
          await appenders.addColumns(staged);
          await deleteReplaced(connection, staged);
          await appenders.appendRecords(staged);
        }
      });
    } catch (error) {
      appenders.discard();
      throw error;
    }
    for (const staged of changed) applyStaged(staged);
  }
  return outcomes;
}

/** The committed records that memory does not know, in one query for all requests of the table. */
async function lookUpStored(
  connection: DuckDBConnection,
  table: TableState,
  requests: readonly WriteRequest[],
): Promise<ReadonlyMap<string, StoredPoint>> {
  const wanted = new Map<string, PointReference>();
  for (const { table: target, records } of requests) {
    if (target !== table) continue;
    for (const { seriesKey, timeNs } of records) {
      const series = table.series.get(seriesKey);
      if (series !== undefined && needsLookup(series, timeNs)) wanted.set(pointKey(series.sid, timeNs), { sid: series.sid, timeNs });
    }
  }
  const found = new Map<string, StoredPoint>();
  if (wanted.size === 0) return found;
  const columns = [...table.measures.values()];
  const names = ['p.sid', 'p.time_ns', 'p.version', ...columns.map(({ column }) => `p.${column}`)];
  const reader = await runForPoints(
    connection,
    [...wanted.values()],
    (points) => `SELECT ${names.join(', ')} FROM ${pointsRelation(table.tableId)} p ${points}`,
  );
  for (const row of reader) {
    const [sid, timeNs, version] = row as [number, bigint, bigint];
    const measures = columns.flatMap(({ name, type, multi }, index): Measure[] => {
      const value = row[index + 3] as Measure['value'] | null | undefined;
      return value === null || value === undefined ? [] : [{ name, type, multi, value }];
    });
    found.set(pointKey(sid, timeNs), { version, measures });
  }
  return found;
}

async function deleteReplaced(connection: DuckDBConnection, { table, points }: StagedTable): Promise<void> {
  const replaced = [...points.values()].filter(({ replaces }) => replaces);
  if (replaced.length === 0) return;
  const relation = pointsRelation(table.tableId);
  await runForPoints(connection, replaced, (join) => `DELETE FROM ${relation} WHERE rowid IN (SELECT p.rowid FROM ${relation} p ${join})`);
}

/** Runs a statement over the rows of exactly these points. The bounds on time let DuckDB skip most of the table. */
async function runForPoints(
  connection: DuckDBConnection,
  points: readonly PointReference[],
  statement: (join: string) => string,
): Promise<DuckDBValue[][]> {
  let fromNs = points[0]?.timeNs ?? 0n;
  let toNs = fromNs;
  for (const { timeNs } of points) {
    if (timeNs < fromNs) fromNs = timeNs;
    if (timeNs > toNs) toNs = timeNs;
  }
  const join = `JOIN (SELECT unnest($1) AS sid, unnest($2) AS time_ns) k ON p.sid = k.sid AND p.time_ns = k.time_ns WHERE p.time_ns BETWEEN ${fromNs} AND ${toNs}`;
  const values = [listValue(points.map(({ sid }) => sid)), listValue(points.map(({ timeNs }) => timeNs))];
  const reader = await connection.runAndReadAll(statement(join), values, [LIST(INTEGER), LIST(BIGINT)]);
  return reader.getRows();
}

/** Makes the committed changes visible: to the next batch, and to queries. */
function applyStaged(staged: StagedTable): void {
  const { table } = staged;
  for (const [name, column] of staged.dimensions) table.dimensions.set(name, column);
  for (const column of staged.measures.values()) addMeasureColumn(table, column);
  for (const { measureName, dataType, dimensions } of staged.measureNames.values())
    addMeasureName(table, measureName, dataType, dimensions);
  for (const [series, dataType] of staged.listed) series.listedDataType = dataType;
  table.nextSid = staged.nextSid;
  const newest = new Map<number, PointReference & StoredPoint>();
  const oldest = new Map<number, bigint>();
  for (const point of staged.points.values()) {
    const latest = newest.get(point.sid);
    if (latest === undefined || point.timeNs > latest.timeNs) newest.set(point.sid, point);
    const earliest = oldest.get(point.sid);
    if (earliest === undefined || point.timeNs < earliest) oldest.set(point.sid, point.timeNs);
  }
  for (const [seriesKey, { state }] of staged.series) table.series.set(seriesKey, state);
  for (const series of staged.touched) {
    const latest = newest.get(series.sid);
    const earliest = oldest.get(series.sid);
    if (latest !== undefined && latest.timeNs >= series.newestTimeNs) {
      series.newestTimeNs = latest.timeNs;
      series.newest = { version: latest.version, measures: latest.measures };
    }
    if (earliest !== undefined && earliest < series.oldestTimeNs) series.oldestTimeNs = earliest;
  }
}
