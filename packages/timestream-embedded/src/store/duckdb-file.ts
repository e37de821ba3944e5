import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { DuckDBInstance, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';

import { keepByteOrderMarks } from './keep-byte-order-marks.js';
import type { ServerBounds } from '../limits.js';
import { registerCallbacks } from './register-callbacks.js';

const fileName = 'timestream.duckdb';

/** Bumped when a file of an older version could be misread. */
const formatVersion = 1;

/** Younger than the format: a file of an earlier version gets it when it is opened. */
const settingsTable = 'CREATE TABLE IF NOT EXISTS ts_settings (key VARCHAR, value VARCHAR)';

const metadataTables = [
  'CREATE TABLE ts_format (version INTEGER)',
  'CREATE TABLE ts_databases (name VARCHAR, kms_key_id VARCHAR, created_ms BIGINT, updated_ms BIGINT)',
  'CREATE TABLE ts_tables (table_id INTEGER, database_name VARCHAR, table_name VARCHAR, properties VARCHAR, created_ms BIGINT, updated_ms BIGINT)',
  'CREATE TABLE ts_dimensions (table_id INTEGER, position INTEGER, name VARCHAR)',
  'CREATE TABLE ts_measures (table_id INTEGER, position INTEGER, name VARCHAR, type VARCHAR, multi BOOLEAN)',
  'CREATE TABLE ts_measure_names (table_id INTEGER, position INTEGER, measure_name VARCHAR, data_type VARCHAR, dimension VARCHAR)',
  'CREATE TABLE ts_tags (arn VARCHAR, key VARCHAR, value VARCHAR)',
  settingsTable,
  `INSERT INTO ts_format VALUES (${formatVersion})`,
];

/**
 * Opens the database file in `dataDir`, or one in memory.
 *
 * @throws {Error} when another process has the file open, or when it was written by a later version of this server.
 */
export async function openDuckdb(
  dataDir: string | undefined,
  bounds: Pick<ServerBounds, 'duckdbMemoryLimit' | 'maxListEntries' | 'maxMadeBytes'>,
): Promise<DuckDBInstance> {
  keepByteOrderMarks();
  const path = dataDir === undefined ? ':memory:' : join(dataDir, fileName);
  if (dataDir !== undefined) await makeDataDir(dataDir);
  const instance = await createInstance(path, dataDir, bounds.duckdbMemoryLimit);
  const connection = await instance.connect();
  try {
    registerCallbacks(connection, bounds);
    await prepareFile(connection, path);
  } catch (error) {
    connection.closeSync();
    instance.closeSync();
    throw error;
  }
  connection.closeSync();
  return instance;
}

/** As `mkdir` with `recursive`, which never ends in Node.js 20 where a folder is there and takes no other, as /proc does. */
async function makeFolder(path: string, mode: number, hasParent = dirname(path) === path): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || hasParent) throw error;
    await makeFolder(dirname(path), mode);
    await makeFolder(path, mode, true);
  }
}

async function makeDataDir(dataDir: string): Promise<void> {
  try {
    // For nobody but its owner: it holds all that was ever written.
    await makeFolder(dataDir, 0o700);
    await access(dataDir, constants.W_OK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const reasons: Readonly<Record<string, string>> = {
      EACCES: 'this user may not write there',
      EPERM: 'this user may not write there',
      EROFS: 'the file system is read-only',
      EEXIST: 'there is a file of that name',
      ENOTDIR: 'a part of the path is a file',
      ENOENT: 'no folder can be made there',
      ENOSPC: 'the disk is full',
    };
    const reason = reasons[String(code)] ?? (error instanceof Error ? error.message : String(error));
    throw new Error(`The data directory ${dataDir} cannot be used: ${reason}.`, { cause: error });
  }
}

async function createInstance(path: string, dataDir: string | undefined, memoryLimit: string): Promise<DuckDBInstance> {
  try {
    return await DuckDBInstance.create(path, {
      // In memory means that nothing is spilled to the working directory either. It comes first: the next line locks it.
      ...(dataDir === undefined ? { temp_directory: '' } : {}),
      // A query must reach nothing but the tables of this file.
      enable_external_access: 'false',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      memory_limit: memoryLimit,
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (!/lock/i.test(message)) throw error;
    const holder = /PID (\d+)/.exec(message)?.[1];
    throw new Error(
      `The data directory ${dataDir ?? ''} is in use by another process${holder === undefined ? '' : ` (PID ${holder})`}; stop it, or choose another directory.`,
      {
        cause: error,
      },
    );
  }
}

async function prepareFile(connection: DuckDBConnection, path: string): Promise<void> {
  await connection.run('SET lock_configuration = true');
  const known = await readRows(connection, "SELECT table_name FROM information_schema.tables WHERE table_name = 'ts_format'");
  if (known.length === 0) {
    await inTransaction(connection, () => connection.run(metadataTables.join(';')));
    return;
  }
  const [row] = await readRows(connection, 'SELECT version FROM ts_format');
  const version = row?.[0];
  if (version !== formatVersion) throw new Error(`${path} has format ${String(version)}; this version reads format ${formatVersion}.`);
  await connection.run(settingsTable);
}

/** All rows of a small result. */
export async function readRows(connection: DuckDBConnection, sql: string, values: DuckDBValue[] = []): Promise<DuckDBValue[][]> {
  const reader = await connection.runAndReadAll(sql, values);
  return reader.getRows();
}

export async function inTransaction<T>(connection: DuckDBConnection, task: () => Promise<T>): Promise<T> {
  await connection.run('BEGIN');
  try {
    const result = await task();
    await connection.run('COMMIT');
    return result;
  } catch (error) {
    // After a failed COMMIT there is nothing left to roll back; the first error is the one to tell.
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
