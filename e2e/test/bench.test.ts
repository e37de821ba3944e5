import { execFileSync, spawnSync } from 'node:child_process';
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

  it('measure beside a peer only what a peer can do as well, and say if there is none', () => {
    const names = run('bench/main.mjs', `--peer=${process.execPath}`, '--list').trim().split('\n');
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !name.startsWith('peer/'))).toEqual([]);
    expect(run('bench/main.mjs', '--list')).not.toContain('peer/');

    const missing = spawnSync(process.execPath, ['bench/main.mjs', '--peer=no-such-program'], { cwd: repositoryRoot, encoding: 'utf8' });
    expect(missing.status).toBe(1);
    expect(missing.stderr).toBe('--peer: no-such-program is no program; bench/README.md says how to build it\n');
  });

  it('count what is stored of any call, whatever its texts hold', () => {
    const nasty = { Name: '"MeasureValue":', Value: '"MeasureValues":["MeasureValue":' };
    const single = { Dimensions: [nasty], MeasureName: 'MeasureValue', MeasureValue: '1.000000', MeasureValueType: 'DOUBLE', Time: '1' };
    const multi = { MeasureName: 'm', MeasureValues: [{ Name: 'MeasureValue', Value: '1', Type: 'DOUBLE' }] };
    const calls = [
      { DatabaseName: 'db', Records: Array.from({ length: 100 }, () => single), TableName: 't' },
      {
        DatabaseName: 'db',
        TableName: 't',
        Records: [multi, single, multi],
        CommonAttributes: { Dimensions: [nasty], MeasureValueType: 'MULTI' },
      },
    ];
    const count = `
      import { countRecords } from './bench/count-records.mjs';
      console.log(JSON.stringify(${JSON.stringify(calls)}.map((call) => countRecords(Buffer.from(JSON.stringify(call))))));`;
    expect(JSON.parse(run('--input-type=module', '--eval', count))).toEqual(calls.map(({ Records }) => Records.length));
  });

  it('gave the figures that docs/performance.md shows', () => {
    const results = readdirSync(path.join(repositoryRoot, 'bench', 'results')).map((name) => `bench/results/${name}`);
    expect(run('bench/write-tables.mjs', '--check', ...results.sort())).toBe('');
  });
});
