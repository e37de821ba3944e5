import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));
const run = (...args: readonly string[]): string => execFileSync(process.execPath, args, { cwd: repositoryRoot, encoding: 'utf8' });

interface Report {
  readonly cases: readonly {
    readonly name: string;
    readonly results: readonly { readonly figures: Readonly<Record<string, { readonly median: number }>> }[];
  }[];
}

describe('the benchmarks', () => {
  it('bundle the programs as they are now, and report what a case costs', () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'timestream-prometheus-bench-')), 'report.json');
    run('bench/main.mjs', '--case=stages/known', '--repetitions=1', `--output=${file}`);
    const { cases } = JSON.parse(readFileSync(file, 'utf8')) as Report;
    expect(cases.map(({ name }) => name)).toEqual(['stages/known']);
    const figures = cases[0]?.results[0]?.figures ?? {};
    expect(figures['samples']?.median).toBe(2000);
    expect(figures['cpuUsPerSample']?.median).toBeGreaterThan(0);
  });

  it('bundle the server that other cases measure: it starts', () => {
    const bundleServer = `
      import { bundlePrograms, repositoryRoot } from './bench/programs.mjs';
      const { server } = await bundlePrograms('started by a test', repositoryRoot, new Set(['server']));
      console.log(server);`;
    const server = run('--input-type=module', '--eval', bundleServer).trim();
    const { version } = JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8')) as { readonly version: string };
    expect(run(server, '--version')).toContain(version);
  });

  it('gave the figures that docs/performance.md shows', () => {
    const results = readdirSync(path.join(repositoryRoot, 'bench', 'results')).map((name) => `bench/results/${name}`);
    expect(run('bench/write-tables.mjs', '--check', ...results.sort())).toBe('');
  });
});
