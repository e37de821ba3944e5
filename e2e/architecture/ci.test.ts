import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (file: string): string => readFileSync(path.join(repositoryRoot, file), 'utf8');
const trackedFiles = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: repositoryRoot,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(path.join(repositoryRoot, file)));

describe('.ci/run', () => {
  it('requires everything that a test would skip for', () => {
    const named = trackedFiles
      .filter((file) => /\.(ts|mjs)$/.test(file))
      .flatMap((file) => textOf(file).match(/\bREQUIRE_[A-Z_]\w*\b/g) ?? []);
    const [, list = ''] = /^const required = \[(.*?)\];$/ms.exec(textOf('scripts/ci.mjs')) ?? [];
    const required = Array.from(list.matchAll(/'(\w+)'/g), ([, name]) => `REQUIRE_${name ?? ''}`);
    expect(new Set(required)).toEqual(new Set(named));
  });

  it('is what the workflows run, with actions of one full version each', () => {
    for (const file of trackedFiles.filter((name) => name.startsWith('.github/workflows/'))) {
      const workflow = textOf(file);
      expect(workflow, file).toContain('bash .ci/run');
      const actions = Array.from(workflow.matchAll(/uses: (\S+)/g), ([, action]) => action ?? '');
      expect(
        actions.filter((action) => !/@v\d+\.\d+\.\d+$/.test(action)),
        file,
      ).toEqual([]);
      expect(workflow, file).toMatch(/node-version: 20\.19\.\d+/);
    }
  });
});
