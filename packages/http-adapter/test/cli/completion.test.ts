import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/commands.js';
import { runCommand } from './run-command.js';

let script: string;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'timestream-prometheus-completion-'));
  script = join(folder, 'completion.bash');
  writeFileSync(script, (await runCommand(['completion', 'bash'])).out);
  writeFileSync(join(folder, 'samples.txt'), '');
});

/** What a real bash offers behind these words; `=` is a word of its own, as readline has it. */
function complete(...words: readonly string[]): readonly string[] {
  const quoted = ['timestream-prometheus', ...words].map((word) => `'${word}'`).join(' ');
  const { stdout, stderr, status } = spawnSync(
    'bash',
    [
      '--norc',
      '-c',
      `source '${script}'; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _timestream_prometheus; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ],
    { cwd: folder, encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout.split('\n').filter((line) => line !== '');
}

describe('completion in a real bash', () => {
  it('offers the commands', () => {
    const names = COMMANDS.map(({ name }) => name.split(' ')[0] ?? '');
    expect(complete('')).toEqual([...new Set(['serve', ...names, '--help', '--version'])]);
    expect(complete('im')).toEqual(['import']);
    expect(complete('table', '')).toEqual(['create', 'describe']);
  });

  it('offers the options of the command, and those of serve where none is named', () => {
    expect(complete('doctor', '--out')).toEqual(['--output']);
    expect(complete('table', 'create', '--part')).toEqual(['--partition-key', '--partition-key-required']);
    expect(complete('--web.l')).toEqual(['--web.listen-address']);
    expect(complete('doctor', '--web.l')).toEqual([]);
  });

  it('offers the values of an option that has few', () => {
    expect(complete('doctor', '--output', '=', '')).toEqual(['text', 'json']);
    expect(complete('doctor', '--output', '=')).toEqual(['text', 'json']);
    expect(complete('serve', '--storage', 'em')).toEqual(['embedded']);
    expect(complete('serve', '--log.level', '=', 'w')).toEqual(['warn']);
    expect(complete('import', 'x', '--verify', '=', 'f')).toEqual(['false']);
  });

  it('offers files where a file is meant', () => {
    expect(complete('import', 'sam')).toEqual(['samples.txt']);
    expect(complete('explain', '--write-body', '=', 'sam')).toEqual(['samples.txt']);
    expect(complete('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });
});

describe('completion scripts of other shells', () => {
  it.each(['zsh', 'fish'])('name every command and every option in %s', async (shell) => {
    const { out, exitCode } = await runCommand(['completion', shell]);
    expect(exitCode).toBe(0);
    for (const { name, ownOptions } of COMMANDS) {
      for (const word of name.split(' ')) expect(out).toContain(word);
      for (const { flag } of ownOptions) expect(out).toMatch(new RegExp(`(--|-l )${flag.replaceAll('.', '\\.')}[= ]`));
    }
  });

  it('refuse a shell that is not known', async () => {
    expect(await runCommand(['completion', 'tcsh'])).toMatchObject({ exitCode: 2, out: '' });
  });
});
