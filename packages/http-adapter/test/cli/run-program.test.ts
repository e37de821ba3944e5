import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSigned } from '@timestream-prometheus/connector-testing';
import { describe, expect, it } from 'vitest';
import { runCommand, type CommandRun } from './run-command.js';

const run = (args: readonly string[], env: Record<string, string> = {}, secret = ''): Promise<CommandRun> =>
  runCommand(args, { env, secret });

const destination = ['--default-database=d', '--default-table=t'];

describe('a start that cannot succeed', () => {
  it.each([
    ['log.level', 'loud', 'must be one of debug, info, warn, error'],
    ['max-read-retries', '-1', 'must be a whole number'],
    ['enable-logging', 'maybe', 'must be a boolean'],
    ['web.listen-address', 'nowhere', 'must be an address such as'],
    ['storage', 'floppy', 'must be one of aws, embedded'],
    ['max-body-bytes', '1TB', 'must be a size'],
  ])('prints one line naming option, rule and value for --%s=%s, and exits with 2', async (option, value, rule) => {
    const { exitCode, out, err } = await run(['serve', ...destination, `--${option}=${value}`]);
    expect(exitCode).toBe(2);
    expect(out).toBe('');
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    for (const part of [`--${option}`, rule, JSON.stringify(value)]) expect(err).toContain(part);
  });

  it('says where a bad value came from when it is the environment', async () => {
    const { exitCode, err } = await run(['serve', ...destination], { log_level: 'loud' });
    expect(exitCode).toBe(2);
    expect(err).toMatch(/--log\.level .* "loud" \(from the environment variable log_level\)/);
  });

  it('asks for the destination', async () => {
    const { exitCode, err } = await run(['serve']);
    expect(exitCode).toBe(2);
    expect(err).toMatch(/--default-database must be given .* default_database/);
  });

  it('exits with 2 for an option that does not exist', async () => {
    const { exitCode, err } = await run(['serve', '--fail-on-invalid-sample']);
    expect(exitCode).toBe(2);
    expect(err).toMatch(/unknown option '--fail-on-invalid-sample'/);
  });

  it('does not show a refused secret', async () => {
    const { exitCode, err } = await run(['serve', '--storage=embedded', '--embedded.credentials=hidden-secret']);
    expect(exitCode).toBe(2);
    expect(err).toContain('--embedded.credentials');
    expect(err).not.toContain('hidden-secret');
  });

  it('exits with 0 after --help and --version', async () => {
    expect((await run(['--help'])).exitCode).toBe(0);
    expect((await run(['serve', '--help'])).out).toContain('--web.listen-address');
    expect((await run(['--version'])).exitCode).toBe(0);
  });

  it('names a port in use and exits with 1', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { exitCode, out, err } = await run(['serve', ...destination, `--web.listen-address=127.0.0.1:${port}`]);
    expect(exitCode).toBe(1);
    expect(out).toBe('');
    expect(err).toBe(
      `timestream-prometheus: --web.listen-address: cannot listen on 127.0.0.1:${port}: the port is in use by another program; stop it or choose another port\n`,
    );
    other.close();
  });

  describe('with TLS', () => {
    const folder = mkdtempSync(join(tmpdir(), 'timestream-prometheus-tls-'));
    const fileWith = (name: string, text: string): string => {
      const file = join(folder, name);
      writeFileSync(file, text);
      return file;
    };
    const certificate = fileWith('cert.pem', selfSigned.cert);
    const key = fileWith('key.pem', selfSigned.key);
    const otherKey = fileWith('other-key.pem', selfSigned.otherKey);
    const text = fileWith('text.pem', 'no pem');

    it('wants both files or none', async () => {
      const { exitCode, err } = await run(['serve', ...destination, `--tls-key=${key}`]);
      expect(exitCode).toBe(2);
      expect(err).toContain('--tls-certificate must be given together with --tls-key');
    });

    it.each([
      ['a missing certificate', join(folder, 'missing.pem'), key, /--tls-certificate: cannot read .*missing\.pem: there is no such file/],
      ['a missing key', certificate, join(folder, 'missing.pem'), /--tls-key: cannot read .*missing\.pem: there is no such file/],
      ['a directory', folder, key, /--tls-certificate: cannot read .*: it is a directory/],
      ['a file that is no certificate', text, key, /--tls-certificate: .*text\.pem is no certificate in PEM form/],
      ['a file that is no key', certificate, text, /--tls-key: .*text\.pem is no private key/],
      [
        'a key of another certificate',
        certificate,
        otherKey,
        /--tls-key: .*other-key\.pem is not the key of the certificate in .*cert\.pem/,
      ],
    ])('refuses %s in one line and exits with 1', async (_name, certificateFile, keyFile, message) => {
      const { exitCode, err } = await run(['serve', ...destination, `--tls-certificate=${certificateFile}`, `--tls-key=${keyFile}`]);
      expect(exitCode).toBe(1);
      expect(err).toMatch(message);
      expect(err.trimEnd().split('\n')).toHaveLength(1);
    });
  });
});
