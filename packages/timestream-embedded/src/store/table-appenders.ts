import { MAP, mapValue, VARCHAR, type DuckDBAppender, type DuckDBConnection } from '@duckdb/node-api';

import type { StoredValue } from '../write/record.js';
import type { StagedPoint, StagedSeries, StagedTable } from './staged-table.js';
import { pointsRelation, seriesRelation, type MeasureColumn } from './table-state.js';

const dimensionMap = MAP(VARCHAR, VARCHAR);

/** DuckDB's appenders, kept open between commits: opening one for every batch costs more than the batch. */
export class TableAppenders {
  readonly #connection: DuckDBConnection;
  readonly #open = new Map<string, DuckDBAppender>();

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /**
   * Adds the batch's new columns, inside the transaction that is open. This comes before any change of rows: DuckDB does not commit a
   * table that was altered after its rows were changed.
   */
  async addColumns({ table, dimensions, measures, measureNames }: StagedTable): Promise<void> {
    if (dimensions.size > 0) {
      const appender = await this.#appender('ts_dimensions');
      let position = table.dimensions.size;
      for (const name of dimensions.keys()) {
        position += 1;
        appendMixed(appender, [table.tableId, position, name]);
      }
      appender.flushSync();
    }
    if (measures.size > 0) {
      const points = pointsRelation(table.tableId);
      // An appender knows the columns of the time it was opened.
      this.#close(points);
      const appender = await this.#appender('ts_measures');
      for (const { position, name, type, multi, column } of measures.values()) {
        await this.#connection.run(`ALTER TABLE ${points} ADD COLUMN ${column} ${type === 'TIMESTAMP' ? 'BIGINT' : type}`);
        appendMixed(appender, [table.tableId, position, name, type, multi]);
      }
      appender.flushSync();
    }
    if (measureNames.size > 0) {
      const appender = await this.#appender('ts_measure_names');
      let position = 0;
      for (const known of table.measureNames.values()) position += known.dimensions.size;
      for (const { measureName, dataType, dimensions: seen } of measureNames.values()) {
        for (const dimension of seen) {
          position += 1;
          appendMixed(appender, [table.tableId, position, measureName, dataType, dimension]);
        }
      }
      appender.flushSync();
    }
  }

  /** Adds the batch's new series and its records, inside the transaction that is open. */
  async appendRecords(staged: StagedTable): Promise<void> {
    const { table } = staged;
    if (staged.series.size > 0) {
      const appender = await this.#appender(seriesRelation(table.tableId));
      for (const series of staged.series.values()) appendSeries(appender, series);
      appender.flushSync();
    }
    if (staged.points.size > 0) {
      const appender = await this.#appender(pointsRelation(table.tableId));
      const position = (name: string): number => positionOf(table.measures.get(name) ?? staged.measures.get(name));
      const columns = table.measures.size + staged.measures.size;
      for (const point of staged.points.values()) appendPoint(appender, point, staged.nowMs, columns, position);
      appender.flushSync();
    }
  }

  /** After a failed transaction: what an appender still holds must not slip into the next one. */
  discard(): void {
    for (const relation of [...this.#open.keys()]) this.#close(relation);
  }

  forget(tableId: number): void {
    this.#close(seriesRelation(tableId));
    this.#close(pointsRelation(tableId));
  }

  async #appender(relation: string): Promise<DuckDBAppender> {
    const known = this.#open.get(relation);
    if (known !== undefined) return known;
    const appender = await this.#connection.createAppender(relation);
    this.#open.set(relation, appender);
    return appender;
  }

  #close(relation: string): void {
    const appender = this.#open.get(relation);
    this.#open.delete(relation);
    try {
      appender?.clear();
      appender?.closeSync();
    } catch {
      // Closing flushes; after a failure there is nothing left that could be flushed.
    }
  }
}

function appendSeries(appender: DuckDBAppender, { record, state }: StagedSeries): void {
  appender.appendInteger(state.sid);
  appender.appendVarchar(record.measureName);
  appender.appendMap(mapValue(record.dimensions.map(({ Name, Value }) => ({ key: Name, value: Value }))), dimensionMap);
  appender.endRow();
}

function appendPoint(
  appender: DuckDBAppender,
  point: StagedPoint,
  nowMs: number,
  columns: number,
  position: (name: string) => number,
): void {
  appender.appendInteger(point.sid);
  appender.appendBigInt(point.timeNs);
  appender.appendBigInt(point.version);
  appender.appendBigInt(BigInt(Math.floor(nowMs)));
  const [first] = point.measures;
  if (columns === 1 && first !== undefined) {
    appendStored(appender, first.value);
  } else {
    const row = new Array<StoredValue | undefined>(columns);
    for (const { name, value } of point.measures) row[position(name) - 1] = value;
    for (const value of row) {
      if (value === undefined) appender.appendNull();
      else appendStored(appender, value);
    }
  }
  appender.endRow();
}

function appendStored(appender: DuckDBAppender, value: StoredValue): void {
  if (typeof value === 'number') appender.appendDouble(value);
  else if (typeof value === 'bigint') appender.appendBigInt(value);
  else if (typeof value === 'boolean') appender.appendBoolean(value);
  else appender.appendVarchar(value);
}

/** A row of a metadata table: its numbers are all INTEGER. */
function appendMixed(appender: DuckDBAppender, values: readonly (number | string | boolean)[]): void {
  for (const value of values) {
    if (typeof value === 'number') appender.appendInteger(value);
    else if (typeof value === 'boolean') appender.appendBoolean(value);
    else appender.appendVarchar(value);
  }
  appender.endRow();
}

function positionOf(column: MeasureColumn | undefined): number {
  if (column === undefined) throw new Error('a staged point has a measure without a column');
  return column.position;
}
