import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../bench/count-allocations.mjs', import.meta.url));
const recordFile = new URL('../../bench/allocations.json', import.meta.url);

interface Allocations {
  readonly known: number;
  readonly new: number;
}

/** See the program: with these, the same sources allocate the same within a few percent, however busy the machine is. */
const flags = ['--expose-gc', '--single-threaded', '--min-semi-space-size=64', '--max-semi-space-size=64'];

const MAX_GROWTH = 1.2;

describe('the memory that a written sample allocates', () => {
  it('has not grown by a fifth over what is recorded', { timeout: 240_000 }, () => {
    const major = process.versions.node.split('.')[0] ?? '';
    const recorded = (JSON.parse(readFileSync(recordFile, 'utf8')) as Readonly<Record<string, Allocations>>)[major];
    const now = JSON.parse(execFileSync(process.execPath, [...flags, program], { encoding: 'utf8' })) as Allocations;
    if (recorded === undefined) throw new Error(`bench/allocations.json has no figures for Node ${major}; they are ${JSON.stringify(now)}`);
    for (const kind of ['known', 'new'] as const) {
      const limit = recorded[kind] * MAX_GROWTH;
      expect(now[kind], `bytes a sample of series that are ${kind}; ${recorded[kind]} are recorded in bench/allocations.json`).toBeLessThan(
        limit,
      );
      // Far below it, the record no longer guards anything: write the better figure down.
      expect(now[kind], `bytes a sample of series that are ${kind}: record the better figure in bench/allocations.json`).toBeGreaterThan(
        recorded[kind] / 2,
      );
    }
  });
});
