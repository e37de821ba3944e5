import type { DuckDBConnection } from '@duckdb/node-api';

import type { MeasureDataType } from '../sql/catalog.js';
import { seriesKeyOf, type WireDimension } from '../write/record.js';
import { readRows } from './duckdb-file.js';
import { fetchChunk } from './fetch-chunk.js';
import {
  addMeasureColumn,
  addMeasureName,
  createTableState,
  pointsRelation,
  seriesRelation,
  type TableProperties,
  type TableState,
} from './table-state.js';

/** Reads back what a table's state was when the file was last written. */
export async function loadTables(connection: DuckDBConnection): Promise<TableState[]> {
  const rows = await readRows(
    connection,
    'SELECT table_id, database_name, table_name, created_ms, updated_ms, properties FROM ts_tables ORDER BY table_id',
  );
  const tables = rows.map((row) => {
    const [tableId, databaseName, tableName, createdMs, updatedMs, properties] = row as [number, string, string, bigint, bigint, string];
    return createTableState({
      tableId,
      databaseName,
      tableName,
      createdMs: Number(createdMs),
      updatedMs: Number(updatedMs),
      properties: JSON.parse(properties) as TableProperties,
    });
  });
  const byId = new Map(tables.map((table) => [table.tableId, table]));
  await loadColumns(connection, byId);
  for (const table of tables) await loadSeries(connection, table);
  return tables;
}

async function loadColumns(connection: DuckDBConnection, byId: ReadonlyMap<number, TableState>): Promise<void> {
  for (const row of await readRows(connection, 'SELECT table_id, name FROM ts_dimensions ORDER BY table_id, position')) {
    const [tableId, name] = row as [number, string];
    byId.get(tableId)?.dimensions.set(name, { name, firstSeenMs: 0 });
  }
  for (const row of await readRows(
    connection,
    'SELECT table_id, position, name, type, multi FROM ts_measures ORDER BY table_id, position',
  )) {
    const [tableId, position, name, type, multi] = row as [number, number, string, MeasureDataType, boolean];
    const table = byId.get(tableId);
    if (table !== undefined) addMeasureColumn(table, { name, type, multi, position, column: `m_${position}`, firstSeenMs: 0 });
  }
  for (const row of await readRows(
    connection,
    'SELECT table_id, measure_name, data_type, dimension FROM ts_measure_names ORDER BY table_id, position',
  )) {
    const [tableId, measureName, dataType, dimension] = row as [number, string, string, string];
    const table = byId.get(tableId);
    if (table !== undefined) addMeasureName(table, measureName, dataType, [dimension]);
  }
}

/**
 * The oldest and the newest time of a series are only known for the whole table here: DuckDB has them without reading, and a look at every
 * point would make opening a large file slow. What lies between is asked for when a record comes, as long as the series has no newer one.
 */
async function loadSeries(connection: DuckDBConnection, table: TableState): Promise<void> {
  const [bounds] = await readRows(connection, `SELECT min(time_ns), max(time_ns) FROM ${pointsRelation(table.tableId)}`);
  const [oldestTimeNs, newestTimeNs] = (bounds as [bigint | null, bigint | null] | undefined)?.map((bound) => bound ?? 0n) ?? [];
  // As text, because lists come out of DuckDB's client several times slower than JSON does.
  const texts = 'to_json(map_keys(dims))::VARCHAR, to_json(map_values(dims))::VARCHAR';
  await eachRow(connection, `SELECT sid, measure_name, ${texts} FROM ${seriesRelation(table.tableId)}`, (row) => {
    const [sid, measureName, namesText, valuesText] = row as [number, string, string, string];
    const values = JSON.parse(valuesText) as readonly string[];
    const dimensions = (JSON.parse(namesText) as readonly string[]).map((Name, index): WireDimension => ({
      Name,
      Value: values[index] ?? '',
    }));
    table.series.set(seriesKeyOf(measureName, dimensions), {
      sid,
      oldestTimeNs: oldestTimeNs ?? 0n,
      newestTimeNs: newestTimeNs ?? 0n,
      newest: undefined,
      listedDataType: '',
    });
    table.nextSid = Math.max(table.nextSid, sid + 1);
  });
}

async function eachRow(connection: DuckDBConnection, sql: string, visit: (row: readonly unknown[]) => void): Promise<void> {
  const result = await connection.stream(sql);
  for (let chunk = await fetchChunk(result); chunk !== null; chunk = await fetchChunk(result))
    for (const row of chunk.getRows()) visit(row);
}
