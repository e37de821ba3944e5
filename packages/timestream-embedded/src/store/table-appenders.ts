import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBDataChunk,
  INTEGER,
  MAP,
  mapValue,
  VARCHAR,
  type DuckDBAppender,
  type DuckDBConnection,
  type DuckDBType,
} from '@duckdb/node-api';

import type { StoredValue } from '../write/record.js';
import type { StagedSeries, StagedTable } from './staged-table.js';
import { pointsRelation, seriesRelation, type MeasureColumn } from './table-state.js';

const dimensionMap = MAP(VARCHAR, VARCHAR);

/** Rows of a chunk: DuckDB's own size of a vector. */
const maxChunkRows = 2048;

/** How a measure lies in the table; a TIMESTAMP is a whole number of nanoseconds. */
const columnTypes = { DOUBLE, BIGINT, BOOLEAN, VARCHAR, TIMESTAMP: BIGINT } as const satisfies Record<MeasureColumn['type'], DuckDBType>;

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
    if (staged.points.length > 0) {
      const appender = await this.#appender(pointsRelation(table.tableId));
      appendPoints(appender, staged);
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

function appendSeries(appender: DuckDBAppender, { series, state }: StagedSeries): void {
  appender.appendInteger(state.sid);
  appender.appendVarchar(series.measureName);
  appender.appendMap(mapValue(series.dimensions.map(({ Name, Value }) => ({ key: Name, value: Value }))), dimensionMap);
  appender.endRow();
}

/** Column by column: a call into the database for each value would cost more than everything else that is done with a record. */
function appendPoints(appender: DuckDBAppender, { table, measures, points, nowMs }: StagedTable): void {
  const columns = [...table.measures.values(), ...measures.values()].sort((a, b) => a.position - b.position);
  const types = [INTEGER, BIGINT, BIGINT, BIGINT, ...columns.map(({ type }) => columnTypes[type])];
  const positions = new Map(columns.map(({ name }, index) => [name, index]));
  const written = BigInt(Math.floor(nowMs));
  for (let start = 0; start < points.length; start += maxChunkRows) {
    const rows = points.slice(start, start + maxChunkRows);
    const chunk = DuckDBDataChunk.create(types, rows.length);
    chunk.setColumnValues(
      0,
      rows.map(({ series }) => series.sid),
    );
    chunk.setColumnValues(
      1,
      rows.map(({ timeNs }) => timeNs),
    );
    chunk.setColumnValues(
      2,
      rows.map(({ version }) => version),
    );
    chunk.setColumnValues(
      3,
      rows.map(() => written),
    );
    const values = columns.map(() => new Array<StoredValue | null>(rows.length).fill(null));
    for (const [row, point] of rows.entries()) {
      for (const { name, value } of point.measures) {
        const column = values[positions.get(name) ?? -1];
        if (column === undefined) throw new Error('a staged point has a measure without a column');
        column[row] = value;
      }
    }
    for (const [index, column] of values.entries()) chunk.setColumnValues(index + 4, column);
    appender.appendDataChunk(chunk);
  }
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
