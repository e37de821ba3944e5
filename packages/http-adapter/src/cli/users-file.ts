import { readFileSync, statSync } from 'node:fs';
import { METRICS, UsersFileError, parseUsers, type MetricsSink, type UserDirectory } from '@timestream-prometheus/connector';
import type { Logger } from 'pino';
import { watchFiles } from '../watch-file.js';
import { StartupError, fileError } from './startup-error.js';

/** The largest file that is read, in bytes: 10,000 users take about a third of it. */
const maxFileBytes = 8 * 1024 * 1024;
const watchIntervalMs = 1_000;

/** The users as the file has them now. */
export interface LoadedUsers {
  readonly current: () => UserDirectory;
  /** Ends the watching. */
  readonly stop: () => void;
}

export interface UsersFileOptions {
  readonly file: string;
  readonly logger: Logger;
  readonly metrics: MetricsSink;
  /** Told of other users when the file has changed. */
  readonly onChange: (users: UserDirectory) => void;
}

/** @throws StartupError naming the option and the file */
export function readUsers(file: string): UserDirectory {
  let text: string;
  try {
    const { size } = statSync(file);
    if (size > maxFileBytes) throw new StartupError(`--users-file: ${file} has ${size} bytes, ${maxFileBytes} are allowed`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw fileError(error, 'users-file', file);
  }
  try {
    return parseUsers(text);
  } catch (error) {
    if (error instanceof UsersFileError) throw new StartupError(`--users-file: ${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Undefined if nobody but the owner can read or write the file; else a line for the log. */
export function permissionWarning(file: string): string | undefined {
  const mode = statSync(file).mode & 0o777;
  // Windows has no such bits: Node makes them up.
  if (process.platform === 'win32' || (mode & 0o077) === 0) return undefined;
  return `others than its owner can open the users file ${file} (mode ${mode.toString(8).padStart(4, '0')}): chmod 600 it`;
}

/**
 * Reads the users and reads them again whenever the file changes. A file that cannot be read or is wrong changes nothing: the users stay those
 * of the last good one, with one line in the log and one count.
 *
 * @throws StartupError if the file is wrong at the start
 */
export function loadUsers({ file, logger, metrics, onChange }: UsersFileOptions): LoadedUsers {
  let users = readUsers(file);
  const warning = permissionWarning(file);
  if (warning !== undefined) logger.warn({}, warning);
  const stop = watchFiles([file], watchIntervalMs, () => {
    let outcome: 'ok' | 'failed' = 'ok';
    try {
      users = readUsers(file);
      logger.info({ users: users.users.length }, 'the users file has changed and was read again');
      onChange(users);
    } catch (error) {
      outcome = 'failed';
      logger.error({ err: error }, 'the users file has changed and cannot be used: the users stay those that were read before');
    }
    metrics.add(METRICS.fileReloads, 1, { file: 'users', outcome });
  });
  return { current: () => users, stop };
}
