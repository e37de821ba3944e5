import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { DuckDBInstance, DuckDBTimestampNanosecondsValue, TIMESTAMP_NS, VARCHAR } from '@duckdb/node-api';

import { parseTimestamp } from '../sql/values/time-text.js';

/** A column of a Parquet file: its name, and the type its texts stand for, as DuckDB writes it. */
export interface ParquetColumn {
  readonly name: string;
  readonly type: 'VARCHAR' | 'BOOLEAN' | 'BIGINT' | 'INTEGER' | 'DOUBLE' | 'TIMESTAMP_NS' | 'DATE';
}

/** The file is made in a directory of its own: more than a few groups of rows at a time are not held by it. */
const memoryLimit = '512MB';

/**
 * The bytes of a Parquet file. A database of its own writes it, because the one with the data may not touch the file system; no statement of
 * a client comes near it.
 *
 * @param rows  values as texts, in the order of the columns; undefined is NULL.
 */
export async function encodeParquet(
  columns: readonly ParquetColumn[],
  rows: readonly (readonly (string | undefined)[])[],
  compression: 'GZIP' | 'NONE',
): Promise<Buffer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'timestream-unload-'));
  try {
    const file = path.join(folder, 'rows.parquet');
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: memoryLimit,
      temp_directory: folder,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    try {
      const connection = await instance.connect();
      // A cast of text to TIMESTAMP_NS does not reach the first and the last instants that there are.
      const given = columns.map(({ type }, index) => `c${index} ${type === 'TIMESTAMP_NS' ? type : 'VARCHAR'}`);
      await connection.run(`CREATE TABLE given (${given.join(', ')})`);
      const appender = await connection.createAppender('given');
      for (const row of rows) {
        for (const [index, text] of row.entries()) {
          const timeNs = text !== undefined && columns[index]?.type === 'TIMESTAMP_NS' ? parseTimestamp(text) : undefined;
          if (timeNs === undefined) appender.appendValue(text ?? null, VARCHAR);
          else appender.appendValue(new DuckDBTimestampNanosecondsValue(timeNs), TIMESTAMP_NS);
        }
        appender.endRow();
      }
      appender.closeSync();
      const values = columns.map(({ name, type }, index) => `CAST(c${index} AS ${type}) AS "${name.replaceAll('"', '""')}"`);
      const codec = compression === 'GZIP' ? 'gzip' : 'uncompressed';
      await connection.run(
        `COPY (SELECT ${values.join(', ')} FROM given) TO '${file.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION '${codec}')`,
      );
      connection.closeSync();
    } finally {
      instance.closeSync();
    }
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
