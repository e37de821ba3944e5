import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';

import type { ColumnInfo, PreparedQuery, Row } from '../sql/engine.js';
import { BrokenResultError, fetchChunk } from '../store/fetch-chunk.js';
import type { QueryInsights } from './query-insights.js';

/** A row as it stands in the answer. */
export interface EncodedRow {
  readonly json: string;
  readonly bytes: number;
}

/** Where the rows of a query come from, one after another. */
export interface RowSource {
  readonly columns: readonly ColumnInfo[];
  /** Whether a table was read: only that is metered. */
  readonly isMetered: boolean;
  /** Where they were asked for. */
  readonly insights?: QueryInsights;
  next(): Promise<EncodedRow | undefined>;
  /** Makes a `next` that is under way fail. */
  interrupt(): void;
  close(): void;
}

export function createListedRows(columns: readonly ColumnInfo[], rows: readonly Row[], insights?: QueryInsights): RowSource {
  let position = 0;
  return {
    columns,
    isMetered: false,
    ...(insights && { insights }),
    next: () => {
      const row = rows[position];
      position += 1;
      return Promise.resolve(row === undefined ? undefined : encodeRow(row));
    },
    interrupt: () => undefined,
    close: () => undefined,
  };
}

/** Rows that DuckDB computes while they are fetched; they hold a connection until closed. */
export class DuckdbRows implements RowSource {
  readonly columns: readonly ColumnInfo[];
  readonly isMetered = true;
  insights?: QueryInsights;
  readonly #connection: DuckDBConnection;
  readonly #query: PreparedQuery;
  #isChanged = false;
  #isInterrupted = false;
  #result: DuckDBResult | undefined;
  #chunk: DuckDBDataChunk | undefined;
  #position = 0;
  /** Whether a row was large: what a chunk's vectors give they keep, for up to 2048 rows of a megabyte each. */
  #isWide = false;
  #closed = false;
  /** Whether the connection is as it came: all rows were fetched, and nothing else was done with it. */
  #isClean = false;
  readonly #release: (connection: DuckDBConnection) => void;

  /** Takes the connection over; it is closed with the rows, or given to `release` if another query can use it. */
  constructor(connection: DuckDBConnection, query: PreparedQuery, release: (connection: DuckDBConnection) => void) {
    this.#release = release;
    this.#connection = connection;
    this.#query = query;
    this.columns = query.columns;
  }

  /**
   * Prepares the query, so that whatever is wrong with it comes before the first page.
   *
   * @param measure  finds out, over the same connection, what the query reads.
   */
  async start(preparations: readonly string[], measure?: (connection: DuckDBConnection) => Promise<QueryInsights>): Promise<void> {
    this.#isChanged = preparations.length > 0;
    for (const statement of preparations) await this.#connection.run(statement);
    if (measure !== undefined) this.insights = await measure(this.#connection);
    this.#result = await this.#connection.stream(this.#query.duckdbSql, [...this.#query.parameters]);
  }

  async next(): Promise<EncodedRow | undefined> {
    while (this.#chunk === undefined || this.#position >= this.#chunk.rowCount) {
      const chunk = await this.#fetchChunk();
      if (chunk === null) {
        this.#isClean = !this.#isChanged;
        return undefined;
      }
      this.#chunk = chunk;
      this.#position = 0;
    }
    const encoded = encodeRow(this.#query.formatRow(rowOf(this.#chunk, this.#position, this.#isWide)));
    this.#position += 1;
    if (encoded.bytes > wideRowBytes) this.#isWide = true;
    return encoded;
  }

  async #fetchChunk(): Promise<DuckDBDataChunk | null> {
    if (this.#result === undefined) return null;
    try {
      return await fetchChunk(this.#result);
    } catch (error) {
      this.#isChanged = true;
      if (!(error instanceof BrokenResultError) || this.#isInterrupted) throw error;
      // The words of the failure are lost. A query that is not streamed fails with them.
      await this.#connection.run(this.#query.duckdbSql, [...this.#query.parameters]);
      throw error;
    }
  }

  interrupt(): void {
    if (this.#closed) return;
    this.#isInterrupted = true;
    this.#isChanged = true;
    this.#isClean = false;
    this.#connection.interrupt();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#result = undefined;
    this.#chunk = undefined;
    if (this.#isClean) this.#release(this.#connection);
    else this.#connection.closeSync();
  }
}

const wideRowBytes = 16_384;

/** @param isAlone  whether to read without the vectors' own memory of what they gave. */
function rowOf(chunk: DuckDBDataChunk, row: number, isAlone: boolean): readonly unknown[] {
  if (!isAlone) return chunk.getRowValues(row);
  return Array.from({ length: chunk.columnCount }, (_, column) => chunk.getColumnVector(column).slice(row, 1).getItem(0));
}

function encodeRow(row: Row): EncodedRow {
  const json = JSON.stringify(row);
  return { json, bytes: Buffer.byteLength(json) };
}
