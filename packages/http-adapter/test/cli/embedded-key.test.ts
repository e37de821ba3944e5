import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadOrCreateKey } from '../../src/cli/embedded-key.js';
import { StartupError } from '../../src/cli/startup-error.js';
import { serveInProcess } from './serve-in-process.js';

function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'timestream-prometheus-key-'));
}

describe('loadOrCreateKey', () => {
  it('makes a key that only its owner can read, in a directory that it makes', () => {
    const dataDir = join(makeFolder(), 'a', 'b');
    const key = loadOrCreateKey(dataDir);
    expect(key.accessKeyId).toMatch(/^[A-Z0-9]{20}$/);
    expect(key.secretAccessKey).toMatch(/^[a-z0-9]{40}$/);
    expect(statSync(join(dataDir, 'access-key.json')).mode & 0o777).toBe(0o600);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  });

  it('leaves the directory to nobody but its owner where the key is given as well', async () => {
    const dataDir = join(makeFolder(), 'a', 'b');
    const { stop } = await serveInProcess(
      ...['--storage=embedded', `--embedded.data-dir=${dataDir}`, '--embedded.listen-address=127.0.0.1:0'],
      '--embedded.credentials=OPERATOR:secret',
    );
    await stop();
    expect(existsSync(join(dataDir, 'access-key.json'))).toBe(false);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  });

  it('gives the same key at every later start, and another one in another directory', () => {
    const dataDir = makeFolder();
    const first = loadOrCreateKey(dataDir);
    expect(loadOrCreateKey(dataDir)).toEqual(first);
    expect(loadOrCreateKey(makeFolder())).not.toEqual(first);
  });

  it.each(['', 'no json', '{"accessKeyId":"A"}', 'null'])('refuses a key file that holds %j, and keeps it', (text) => {
    const dataDir = makeFolder();
    writeFileSync(join(dataDir, 'access-key.json'), text);
    expect(() => loadOrCreateKey(dataDir)).toThrow(StartupError);
    expect(() => loadOrCreateKey(dataDir)).toThrow(/access-key\.json holds no access key; delete it/);
    expect(readFileSync(join(dataDir, 'access-key.json'), 'utf8')).toBe(text);
  });

  it('says which directory cannot be written', () => {
    const file = join(makeFolder(), 'file');
    writeFileSync(file, '');
    expect(() => loadOrCreateKey(join(file, 'below'))).toThrow(/--embedded\.data-dir: cannot write in .*below/);
  });
});
