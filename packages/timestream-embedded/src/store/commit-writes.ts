import { BIGINT, INTEGER, LIST, listValue, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';

import type { TimestreamLimits } from '../limits.js';
import type { Measure, ParsedRecord, SeriesState, StoredPoint } from '../write/record.js';
import { inTransaction } from './duckdb-file.js';
import { needsLookup, stageRequest, type StoredPoints, type WriteOutcome } from './stage-writes.js';
import { createStagedTable, type StagedTable } from './staged-table.js';
import type { TableAppenders } from './table-appenders.js';
import { addMeasureColumn, addMeasureName, pointsRelation, type TableState } from './table-state.js';

/** One WriteRecords request on its way to disk. */
export interface WriteRequest {
  readonly table: TableState;
  readonly records: readonly ParsedRecord[];
}

interface PointReference {
  readonly series: SeriesState;
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
  const storedByTable = new Map<TableState, StoredPoints>();
  const seriesByRequest = requests.map(({ table, records }) =>
    records.map(({ series }) => (series.state ??= table.series.get(series.key))),
  );
  for (const table of new Set(requests.map((request) => request.table))) {
    stagedByTable.set(table, createStagedTable(table, nowMs));
    storedByTable.set(table, await lookUpStored(connection, table, requests, seriesByRequest));
  }
  const outcomes = requests.map(({ table, records }, index) => {
    const staged = stagedByTable.get(table) ?? createStagedTable(table, nowMs);
    return stageRequest(staged, records, seriesByRequest[index] ?? [], storedByTable.get(table) ?? new Map(), limits);
  });
  const changed = [...stagedByTable.values()].filter(({ points }) => points.length > 0);
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
  seriesByRequest: readonly (readonly (SeriesState | undefined)[])[],
): Promise<StoredPoints> {
  const wanted: PointReference[] = [];
  for (const [request, { table: target, records }] of requests.entries()) {
    if (target !== table) continue;
    for (const [index, { timeNs }] of records.entries()) {
      const series = seriesByRequest[request]?.[index];
      if (series !== undefined && needsLookup(series, timeNs)) wanted.push({ series, timeNs });
    }
  }
  const found = new Map<SeriesState, Map<bigint, StoredPoint>>();
  if (wanted.length === 0) return found;
  const seriesBySid = new Map(wanted.map(({ series }) => [series.sid, series]));
  const columns = [...table.measures.values()];
  const names = ['p.sid', 'p.time_ns', 'p.version', ...columns.map(({ column }) => `p.${column}`)];
  const reader = await runForPoints(
    connection,
    wanted,
    (points) => `SELECT ${names.join(', ')} FROM ${pointsRelation(table.tableId)} p ${points}`,
  );
  for (const row of reader) {
    const [sid, timeNs, version] = row as [number, bigint, bigint];
    const measures = columns.flatMap(({ name, type, multi }, index): Measure[] => {
      const value = row[index + 3] as Measure['value'] | null | undefined;
      return value === null || value === undefined ? [] : [{ name, type, multi, value }];
    });
    const series = seriesBySid.get(sid);
    if (series === undefined) continue;
    const points = found.get(series) ?? new Map<bigint, StoredPoint>();
    points.set(timeNs, { version, measures });
    found.set(series, points);
  }
  return found;
}

async function deleteReplaced(connection: DuckDBConnection, { table, points }: StagedTable): Promise<void> {
  const replaced = points.filter(({ replaces }) => replaces);
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
  const values = [listValue(points.map(({ series }) => series.sid)), listValue(points.map(({ timeNs }) => timeNs))];
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
  for (const [seriesKey, { state }] of staged.series) table.series.set(seriesKey, state);
  for (const { series, timeNs, version, measures } of staged.points) {
    if (timeNs >= series.newestTimeNs) {
      series.newestTimeNs = timeNs;
      series.newest = { version, measures };
    }
    if (timeNs < series.oldestTimeNs) series.oldestTimeNs = timeNs;
  }
}
