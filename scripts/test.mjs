import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { install, nx, repositoryRoot, run } from './setup.mjs';

const resultsFolder = path.join(repositoryRoot, 'test-results');

install();
rmSync(resultsFolder, { recursive: true, force: true });

const endToEnd = '@timestream-prometheus/e2e';
const stages = [
  ['format', () => run(process.execPath, ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'])],
  ['build, lint, types', () => nx(['run-many', '-t', 'build', 'lint', 'typecheck', '--parallel=2', '--output-style=static'])],
  ['unit and property tests', () => nx(['run-many', '-t', 'test', `--exclude=${endToEnd}`, '--parallel=2', '--output-style=static'])],
  ['end-to-end tests', () => nx(['run', `${endToEnd}:test`, '--output-style=static'])],
];

const failedStages = stages
  .filter(([name, runStage]) => {
    console.log(`\n=== ${name}`);
    return runStage() !== 0;
  })
  .map(([name]) => name);

const counts = { passed: 0, failed: 0, skipped: 0 };
let files = [];
try {
  files = readdirSync(resultsFolder).filter((name) => name.endsWith('.json'));
} catch {
  // No stage got as far as running a test; said below.
}
for (const file of files) {
  const result = JSON.parse(readFileSync(path.join(resultsFolder, file), 'utf8'));
  counts.passed += result.numPassedTests;
  counts.failed += result.numFailedTests;
  counts.skipped += result.numPendingTests;
}

console.log('');
for (const name of failedStages) console.log(`FAILED: ${name}`);
if (counts.skipped > 0)
  console.log(
    `${counts.skipped} tests were skipped because something they need is not on this machine; each says above what and how to get it.`,
  );
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = failedStages.length > 0 || counts.passed === 0 ? 1 : 0;
