import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));
const trackedFiles = execFileSync('git', ['ls-files'], { cwd: repositoryRoot, encoding: 'utf8' }).split('\n').filter(Boolean);
const textOf = (file: string): string => readFileSync(path.join(repositoryRoot, file), 'utf8');

describe('the repository', () => {
  const sources = trackedFiles.filter((file) => /\.(ts|mjs|js)$/.test(file));

  it('mocks no module: tests run the real parts', () => {
    const mocking = ['vi', 'mock('].join('.');
    expect(sources.filter((file) => textOf(file).includes(mocking))).toEqual([]);
  });

  it('locks versions without download addresses', () => {
    for (const file of trackedFiles.filter((name) => name.endsWith('package-lock.json'))) {
      const { packages } = JSON.parse(textOf(file)) as { packages: Record<string, { resolved?: string }> };
      const addresses = Object.values(packages).flatMap(({ resolved }) => (resolved?.includes('://') ? [resolved] : []));
      expect(addresses).toEqual([]);
    }
  });

  it('names exact versions of what it depends on', () => {
    for (const file of trackedFiles.filter((name) => /(^|\/)package\.json$/.test(name))) {
      const { dependencies, devDependencies } = JSON.parse(textOf(file)) as Partial<
        Record<'dependencies' | 'devDependencies', Record<string, string>>
      >;
      const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
        ([, version]) => !/^(npm:(@[\w-]+\/)?[\w-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
      );
      expect(loose, file).toEqual([]);
    }
  });

  it('exports by name: an API must be visible in a diff', () => {
    expect(sources.filter((file) => file.includes('/src/') && /^\s*export \*/m.test(textOf(file)))).toEqual([]);
  });

  it('keeps the AWS SDK and DuckDB each behind one door', () => {
    const importing = (module: string): string[] =>
      sources.filter((file) => file.includes('/src/') && new RegExp(`from '${module}`).test(textOf(file)));
    expect(importing('@aws-sdk/').filter((file) => !file.startsWith('packages/connector/src/timestream/'))).toEqual([]);
    expect(importing('@duckdb/').filter((file) => !file.startsWith('packages/timestream-embedded/src/'))).toEqual([]);
  });

  it('leaves no test unrun and no test alone', () => {
    const focused = /\b(?:it|describe|test)\.(?:only|todo)\b|\b(?:it|describe|test)\.skip\(/;
    expect(sources.filter((file) => file.endsWith('.test.ts') && focused.test(textOf(file)))).toEqual([]);
  });
});
