import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

import type { EmbeddedClock } from '../clock.js';
import type { ServerBounds, TimestreamLimits } from '../limits.js';
import type { ParsedRecord } from '../write/record.js';
import { CatalogView, type CatalogViewOptions } from './catalog-view.js';
import { commitWrites } from './commit-writes.js';
import { inTransaction, openDuckdb, readRows } from './duckdb-file.js';
import { loadTables } from './load-tables.js';
import type { WriteOutcome } from './stage-writes.js';
import { TableAppenders } from './table-appenders.js';
import { createTableState, pointsRelation, seriesRelation, type TableProperties, type TableState } from './table-state.js';
import { SettingsStore } from './settings-store.js';
import { TagStore } from './tag-store.js';
import { WriterQueue } from './writer-queue.js';

export interface DatabaseState {
  readonly name: string;
  readonly createdMs: number;
  updatedMs: number;
  kmsKeyId: string;
  readonly tables: Map<string, TableState>;
}

export interface StoreOptions {
  /** Undefined: in memory. */
  readonly dataDir: string | undefined;
  readonly clock: EmbeddedClock;
  readonly limits: TimestreamLimits;
  readonly bounds: ServerBounds;
}

/** Connections that wait for the next query; as many as run at a time by default, and some whose results are being fetched. */
const maxIdleConnections = 8;

/** Databases, tables and records in one DuckDB file. State in memory is what is committed; every change goes through one queue. */
export class Store {
  readonly tags: TagStore;
  readonly settings: SettingsStore;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #idleConnections: DuckDBConnection[] = [];
  readonly #appenders: TableAppenders;
  readonly #queue: WriterQueue;
  readonly #clock: EmbeddedClock;
  readonly #databases: Map<string, DatabaseState>;
  #nextTableId: number;
  #isClosed = false;

  private constructor(
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    databases: Map<string, DatabaseState>,
    options: StoreOptions,
  ) {
    const { clock, limits, bounds } = options;
    this.#instance = instance;
    this.#connection = connection;
    this.#databases = databases;
    this.#clock = clock;
    this.#appenders = new TableAppenders(connection);
    this.#queue = new WriterQueue((requests) => commitWrites(connection, this.#appenders, requests, clock.nowMs(), limits), bounds);
    this.tags = new TagStore(connection, this.#queue);
    this.settings = new SettingsStore(connection, this.#queue);
    this.#nextTableId = 1 + Math.max(0, ...this.allTables().map(({ tableId }) => tableId));
  }

  /** @throws {Error} when the file is in use by another process, or not ours to read. */
  static async open(options: StoreOptions): Promise<Store> {
    const instance = await openDuckdb(options.dataDir, options.bounds);
    const connection = await instance.connect();
    const databases = new Map<string, DatabaseState>();
    for (const row of await readRows(connection, 'SELECT name, kms_key_id, created_ms, updated_ms FROM ts_databases')) {
      const [name, kmsKeyId, createdMs, updatedMs] = row as [string, string, bigint, bigint];
      databases.set(name, { name, kmsKeyId, createdMs: Number(createdMs), updatedMs: Number(updatedMs), tables: new Map() });
    }
    for (const table of await loadTables(connection)) databases.get(table.databaseName)?.tables.set(table.tableName, table);
    return new Store(instance, connection, databases, options);
  }

  database(name: string): DatabaseState | undefined {
    return this.#databases.get(name);
  }

  table(databaseName: string, tableName: string): TableState | undefined {
    return this.#databases.get(databaseName)?.tables.get(tableName);
  }

  allDatabases(): readonly DatabaseState[] {
    return [...this.#databases.values()];
  }

  allTables(): readonly TableState[] {
    return [...this.#databases.values()].flatMap(({ tables }) => [...tables.values()]);
  }

  catalog(options: CatalogViewOptions): CatalogView {
    return new CatalogView(new Map([...this.#databases].map(([name, { tables }]) => [name, tables])), options);
  }

  /** A connection for queries. Whoever asks closes it, or gives it back with `release`. */
  async connect(): Promise<DuckDBConnection> {
    return this.#idleConnections.pop() ?? (await this.#instance.connect());
  }

  /** Takes a connection back on which nothing runs and nothing was changed: the next query saves the time that a new one takes. */
  release(connection: DuckDBConnection): void {
    if (this.#isClosed || this.#idleConnections.length >= maxIdleConnections) connection.closeSync();
    else this.#idleConnections.push(connection);
  }

  /** Resolves when every accepted record is on disk. */
  write(table: TableState, records: readonly ParsedRecord[]): Promise<WriteOutcome> {
    return this.#queue.write({ table, records });
  }

  /** @returns undefined if there is one of that name already. */
  createDatabase(name: string, kmsKeyId: string): Promise<DatabaseState | undefined> {
    return this.#queue.exclusive(async () => {
      if (this.#databases.has(name)) return undefined;
      const nowMs = this.#nowMs();
      await this.#connection.run('INSERT INTO ts_databases VALUES ($1, $2, $3, $3)', [name, kmsKeyId, BigInt(nowMs)]);
      const database: DatabaseState = { name, kmsKeyId, createdMs: nowMs, updatedMs: nowMs, tables: new Map() };
      this.#databases.set(name, database);
      return database;
    });
  }

  updateDatabase(database: DatabaseState, kmsKeyId: string): Promise<void> {
    return this.#queue.exclusive(async () => {
      const nowMs = this.#nowMs();
      await this.#connection.run('UPDATE ts_databases SET kms_key_id = $1, updated_ms = $2 WHERE name = $3', [
        kmsKeyId,
        BigInt(nowMs),
        database.name,
      ]);
      database.kmsKeyId = kmsKeyId;
      database.updatedMs = nowMs;
    });
  }

  /** @returns false, and does nothing, while the database has tables. */
  deleteDatabase(database: DatabaseState): Promise<boolean> {
    return this.#queue.exclusive(async () => {
      if (database.tables.size > 0) return false;
      await this.#connection.run('DELETE FROM ts_databases WHERE name = $1', [database.name]);
      if (this.#databases.get(database.name) === database) this.#databases.delete(database.name);
      return true;
    });
  }

  /** @returns undefined if the database has one of that name already, or is gone. */
  createTable(database: DatabaseState, tableName: string, properties: TableProperties): Promise<TableState | undefined> {
    return this.#queue.exclusive(async () => {
      if (database.tables.has(tableName) || this.#databases.get(database.name) !== database) return undefined;
      const tableId = this.#nextTableId;
      this.#nextTableId += 1;
      const nowMs = this.#nowMs();
      await inTransaction(this.#connection, async () => {
        await this.#connection.run(
          `CREATE TABLE ${seriesRelation(tableId)} (sid INTEGER, measure_name VARCHAR, dims MAP(VARCHAR, VARCHAR))`,
        );
        await this.#connection.run(
          `CREATE TABLE ${pointsRelation(tableId)} (sid INTEGER, time_ns BIGINT, version BIGINT, written_ms BIGINT)`,
        );
        const row = [tableId, database.name, tableName, JSON.stringify(properties), BigInt(nowMs)];
        await this.#connection.run('INSERT INTO ts_tables VALUES ($1, $2, $3, $4, $5, $5)', row);
      });
      const table = createTableState({ tableId, databaseName: database.name, tableName, createdMs: nowMs, updatedMs: nowMs, properties });
      database.tables.set(tableName, table);
      return table;
    });
  }

  updateTable(table: TableState, properties: TableProperties): Promise<void> {
    return this.#queue.exclusive(async () => {
      const nowMs = this.#nowMs();
      await this.#connection.run('UPDATE ts_tables SET properties = $1, updated_ms = $2 WHERE table_id = $3', [
        JSON.stringify(properties),
        BigInt(nowMs),
        table.tableId,
      ]);
      table.properties = properties;
      table.updatedMs = nowMs;
    });
  }

  deleteTable(table: TableState): Promise<void> {
    return this.#queue.exclusive(async () => {
      if (table.deleted) return;
      this.#appenders.forget(table.tableId);
      await inTransaction(this.#connection, async () => {
        for (const relation of ['ts_tables', 'ts_dimensions', 'ts_measures', 'ts_measure_names']) {
          await this.#connection.run(`DELETE FROM ${relation} WHERE table_id = $1`, [table.tableId]);
        }
        await this.#connection.run(`DROP TABLE ${seriesRelation(table.tableId)}`);
        await this.#connection.run(`DROP TABLE ${pointsRelation(table.tableId)}`);
      });
      table.deleted = true;
      this.#databases.get(table.databaseName)?.tables.delete(table.tableName);
    });
  }

  /** Back to an empty file: no database, no table, no tag. */
  async deleteEverything(): Promise<void> {
    for (const table of this.allTables()) await this.deleteTable(table);
    for (const database of this.allDatabases()) await this.deleteDatabase(database);
    await this.tags.removeEverything();
  }

  /** Commits what waits, then gives the file back. Connections handed out must be closed before. */
  async close(): Promise<void> {
    await this.#queue.close();
    this.#isClosed = true;
    for (const connection of this.#idleConnections.splice(0)) connection.closeSync();
    this.#appenders.discard();
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  #nowMs(): number {
    return Math.floor(this.#clock.nowMs());
  }
}
