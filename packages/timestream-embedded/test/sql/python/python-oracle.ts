import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Whether these tests can ask Python. With REQUIRE_PYTHON=1 its absence is a failure instead of a loud skip. */
export function isPythonPresent(): boolean {
  if (spawnSync('python3', ['-c', 'import statistics; statistics.correlation']).status === 0) return true;
  if (process.env['REQUIRE_PYTHON'] === '1') throw new Error('REQUIRE_PYTHON=1, but there is no python3 of version 3.10 or later');
  process.stderr.write('\n*** No python3 of version 3.10 or later: comparisons with Python are SKIPPED. ***\n\n');
  return false;
}

/** The answers of a program, of this folder unless it is named whole: one for each case. One process for all of them. */
export function askPython<Answer>(program: string | URL, cases: readonly unknown[]): Answer[] {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const { stdout, status, stderr } = spawnSync('python3', [file], { input: JSON.stringify(cases), encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(stderr);
  const answers = JSON.parse(stdout) as Answer[];
  if (answers.length !== cases.length) throw new Error(`Python gave ${answers.length} answers for ${cases.length} cases`);
  return answers;
}
