import type { DuckDBConnection } from '@duckdb/node-api';

import { inTransaction, readRows } from './duckdb-file.js';
import type { WriterQueue } from './writer-queue.js';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** Tags of databases and tables, by ARN. They are read so rarely that they live on disk only. */
export class TagStore {
  readonly #connection: DuckDBConnection;
  readonly #queue: WriterQueue;

  constructor(connection: DuckDBConnection, queue: WriterQueue) {
    this.#connection = connection;
    this.#queue = queue;
  }

  removeEverything(): Promise<void> {
    return this.#queue.exclusive(async () => {
      await this.#connection.run('DELETE FROM ts_tags');
    });
  }

  list(arn: string): Promise<Tag[]> {
    return this.#queue.exclusive(async () => {
      const rows = await readRows(this.#connection, 'SELECT key, value FROM ts_tags WHERE arn = $1 ORDER BY key', [arn]);
      return rows.map((row) => {
        const [Key, Value] = row as [string, string];
        return { Key, Value };
      });
    });
  }

  put(arn: string, tags: readonly Tag[]): Promise<void> {
    return this.#queue.exclusive(() =>
      inTransaction(this.#connection, async () => {
        for (const { Key, Value } of tags) {
          await this.#connection.run('DELETE FROM ts_tags WHERE arn = $1 AND key = $2', [arn, Key]);
          await this.#connection.run('INSERT INTO ts_tags VALUES ($1, $2, $3)', [arn, Key, Value]);
        }
      }),
    );
  }

  remove(arn: string, keys: readonly string[]): Promise<void> {
    return this.#queue.exclusive(() =>
      inTransaction(this.#connection, async () => {
        for (const key of keys) await this.#connection.run('DELETE FROM ts_tags WHERE arn = $1 AND key = $2', [arn, key]);
      }),
    );
  }

  removeAll(arn: string): Promise<void> {
    return this.#queue.exclusive(async () => {
      await this.#connection.run('DELETE FROM ts_tags WHERE arn = $1', [arn]);
    });
  }
}
