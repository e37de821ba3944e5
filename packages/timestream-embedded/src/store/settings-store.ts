import type { DuckDBConnection } from '@duckdb/node-api';

import { encodeJsonBody } from '../wire/json-body.js';
import { readRows } from './duckdb-file.js';
import type { WriterQueue } from './writer-queue.js';

/** Small things beside databases and tables (scheduled queries, account settings) as JSON by key. */
export class SettingsStore {
  readonly #connection: DuckDBConnection;
  readonly #queue: WriterQueue;

  constructor(connection: DuckDBConnection, queue: WriterQueue) {
    this.#connection = connection;
    this.#queue = queue;
  }

  /** Values whose keys begin so, in the order of the keys. */
  list(prefix: string): Promise<unknown[]> {
    return this.#queue.exclusive(async () => {
      const rows = await readRows(this.#connection, 'SELECT value FROM ts_settings WHERE starts_with(key, $1) ORDER BY key', [prefix]);
      return rows.map(([value]) => JSON.parse(String(value)) as unknown);
    });
  }

  put(key: string, value: object): Promise<void> {
    return this.#queue.exclusive(async () => {
      await this.#connection.run('DELETE FROM ts_settings WHERE key = $1', [key]);
      await this.#connection.run('INSERT INTO ts_settings VALUES ($1, $2)', [key, encodeJsonBody(value)]);
    });
  }

  remove(prefix: string): Promise<void> {
    return this.#queue.exclusive(async () => {
      await this.#connection.run('DELETE FROM ts_settings WHERE starts_with(key, $1)', [prefix]);
    });
  }
}
