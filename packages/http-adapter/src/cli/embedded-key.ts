import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StaticKey } from '@timestream-prometheus/connector';
import { StartupError, errnoOf } from './startup-error.js';

const keyFileName = 'access-key.json';

/** Same form as AWS' own: 20 upper-case letters and digits, and 40 characters of base64 without those that a shell or YAML would treat. */
function generateKey(): StaticKey {
  const accessKeyId = `LOCAL${randomBytes(16).toString('hex').toUpperCase().slice(0, 15)}`;
  return { accessKeyId, secretAccessKey: randomBytes(20).toString('hex') };
}

function directoryError(dataDir: string, error: unknown): StartupError {
  return new StartupError(`--embedded.data-dir: cannot write in ${dataDir}: ${(error as Error).message}`, { cause: error });
}

function isKey(value: unknown): value is StaticKey {
  const key = value as Partial<StaticKey> | null;
  return typeof key?.accessKeyId === 'string' && typeof key.secretAccessKey === 'string';
}

function parseKey(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Makes the directory if it is missing, for nobody but its owner: it holds all that was ever written.
 *
 * @throws StartupError
 */
export function makeDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw directoryError(dataDir, error);
  }
}

/**
 * The access key that belongs to a data directory: made at the first start, readable by its owner only, the same ever after, so that a
 * prometheus.yml goes on working.
 *
 * @throws StartupError when the file cannot be read or written
 */
export function loadOrCreateKey(dataDir: string): StaticKey {
  const file = join(dataDir, keyFileName);
  makeDataDir(dataDir);
  try {
    // Exclusive: of two programs that start at once, one makes the key.
    writeFileSync(file, `${JSON.stringify(generateKey(), undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw directoryError(dataDir, error);
  }
  const key = parseKey(readFileSync(file, 'utf8'));
  if (isKey(key)) return key;
  throw new StartupError(`--embedded.data-dir: ${file} holds no access key; delete it to have a new one made`);
}
