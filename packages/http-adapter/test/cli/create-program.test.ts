import { OPTIONS, environmentNameOf } from '@timestream-prometheus/connector';
import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import type { Flags } from '../../src/cli/command-definition.js';
import { createProgram } from '../../src/cli/create-program.js';
import { packageVersion } from '../../src/cli/package-version.js';

async function parse(
  ...args: readonly string[]
): Promise<{ readonly flags: Flags | undefined; readonly out: string; readonly err: string; readonly exitCode: number }> {
  let flags: Flags | undefined;
  let out = '';
  let err = '';
  const program = createProgram(
    (given) => {
      flags = given;
      return Promise.resolve();
    },
    { writeOut: (text) => (out += text), writeErr: (text) => (err += text) },
  );
  try {
    await program.parseAsync(args, { from: 'user' });
    return { flags, out, err, exitCode: 0 };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { flags, out, err, exitCode: error.exitCode };
  }
}

describe('createProgram', () => {
  it('gives exactly the flags that were given, by their names, with = and with a space', async () => {
    const { flags } = await parse('serve', '--log.level=debug', '--default-table', 'a', '--web.listen-address=:1', '--max-body-bytes=1MiB');
    expect(flags).toEqual({ 'log.level': 'debug', 'default-table': 'a', 'web.listen-address': ':1', 'max-body-bytes': '1MiB' });
  });

  it('gives no flag when none is given, so that the environment and the defaults decide', async () => {
    expect((await parse('serve')).flags).toEqual({});
  });

  it('takes a switch alone, with = and with a space', async () => {
    expect((await parse('serve', '--enable-logging')).flags).toEqual({ 'enable-logging': 'true' });
    expect((await parse('serve', '--enable-logging=false')).flags).toEqual({ 'enable-logging': 'false' });
    expect((await parse('serve', '--enable-logging', 'F')).flags).toEqual({ 'enable-logging': 'F' });
  });

  it('serves when no command is named, as the earlier connector does', async () => {
    expect((await parse('--default-database=a', '--fail-on-long-label')).flags).toEqual({
      'default-database': 'a',
      'fail-on-long-label': 'true',
    });
  });

  it('lets the last of two equal flags win, as a wrapper script expects', async () => {
    expect((await parse('serve', '--region=a-b-1', '--region=c-d-2')).flags).toEqual({ region: 'c-d-2' });
  });

  it.each([
    [['serve', '--unknown-option=1'], /unknown option '--unknown-option'/],
    [['serve', '--default-databse=x'], /Did you mean --default-database\?/],
    [['serve', '--region'], /option '--region <region>' argument missing/],
    [['serve', 'surplus'], /too many arguments/],
  ])('refuses %j, saying what is wrong', async (args, message) => {
    const { flags, err, exitCode } = await parse(...args);
    expect(flags).toBeUndefined();
    expect(err).toMatch(message);
    expect(exitCode).not.toBe(0);
  });

  it('explains every option of a server with its default and its environment names, and none of Lambda', async () => {
    const { out, exitCode } = await parse('serve', '--help');
    expect(exitCode).toBe(0);
    const text = out.replaceAll(/\s+/g, ' ');
    for (const option of Object.values(OPTIONS)) {
      if (option.scope === 'lambda') {
        expect(text).not.toContain(` --${option.flag} `);
        continue;
      }
      expect(text).toContain(` --${option.flag} `);
      expect(text).toContain(option.help);
      expect(text).toMatch(new RegExp(`env: ${environmentNameOf(option.flag)}[,)]`));
      if (typeof option.defaultText === 'string' && option.defaultText !== '') expect(text).toContain(`default: ${option.defaultText};`);
    }
    expect(text).toContain('default: false; env: enable_sigv4_auth');
  });

  it('shows the version of the package', async () => {
    const { out, exitCode } = await parse('--version');
    expect(out).toBe(`${packageVersion()}\n`);
    expect(out).toMatch(/^\d+\.\d+\.\d+/);
    expect(exitCode).toBe(0);
  });
});
