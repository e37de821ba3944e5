/**
 * Says what the tests cost that ran last, by suite, and which files cost most. It reads what every run leaves in test-results/.
 *
 *   node scripts/test-costs.mjs [file ...]     default: all of test-results/*.json
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isProgram, repositoryRoot } from './setup.mjs';

const SLOWEST = 15;

/**
 * @typedef {{ readonly name: string; readonly startTime: number; readonly endTime: number }} FileResult
 * @typedef {{ readonly testResults: readonly FileResult[] }} RunResult
 */

/**
 * Seconds of each suite (a package, `deploy`, or a folder of `e2e`), and of the slowest files.
 *
 * @param {readonly RunResult[]} runs
 * @param {string} root the folder that the names of files are given from
 */
export function costsOf(runs, root) {
  const files = runs
    .flatMap(({ testResults }) => testResults)
    .map(({ name, startTime, endTime }) => ({ file: path.relative(root, name), seconds: (endTime - startTime) / 1000 }))
    .sort((a, b) => b.seconds - a.seconds);
  /** @type {Map<string, { files: number; seconds: number }>} */
  const suites = new Map();
  for (const { file, seconds } of files) {
    const suite = file
      .split(path.sep)
      .slice(0, file.startsWith('deploy') ? 1 : 2)
      .join('/');
    const sum = suites.get(suite) ?? { files: 0, seconds: 0 };
    suites.set(suite, { files: sum.files + 1, seconds: sum.seconds + seconds });
  }
  return { suites: [...suites].sort(([, a], [, b]) => b.seconds - a.seconds), slowest: files.slice(0, SLOWEST) };
}

if (isProgram(import.meta.url)) {
  const folder = path.join(repositoryRoot, 'test-results');
  const named = process.argv.slice(2);
  const files =
    named.length > 0
      ? named
      : readdirSync(folder)
          .filter((name) => name.endsWith('.json'))
          .map((name) => path.join(folder, name));
  const runs = files.map((file) => {
    /** @type {RunResult} */
    const result = JSON.parse(readFileSync(file, 'utf8'));
    return result;
  });
  const { suites, slowest } = costsOf(runs, repositoryRoot);
  for (const [suite, { files: count, seconds }] of suites) console.log(`${seconds.toFixed(0).padStart(6)} s  ${suite} (${count} files)`);
  console.log('\nThe slowest files:');
  for (const { file, seconds } of slowest) console.log(`${seconds.toFixed(1).padStart(6)} s  ${file}`);
}
