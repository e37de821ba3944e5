import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nx, nxCommand, repositoryRoot, runAside, runBeside } from './setup.mjs';

const resultsFolder = path.join(repositoryRoot, 'test-results');
const vitestProgram = path.join(repositoryRoot, 'node_modules', 'vitest', 'vitest.mjs');

/**
 * One step of a check. It gives an exit code: 0 when all is well. `results` names the file of counts that it has to leave behind.
 *
 * @typedef {{ readonly name: string; readonly run: () => number | Promise<number>; readonly results?: string }} Stage
 */

/** The test projects of all packages, by name: of two patterns with ! each would let in what the other one leaves out. */
export const packageProjects = readdirSync(path.join(repositoryRoot, 'packages'))
  .filter((name) => existsSync(path.join(repositoryRoot, 'packages', name, 'vitest.config.ts')))
  .map((name) => `--project=${name}`);

/**
 * A command beside others.
 *
 * @typedef {{ readonly name: string; readonly command: string; readonly args: readonly string[]; readonly env?: NodeJS.ProcessEnv }} Command
 */

/** @type {Command} */
export const formatCommand = {
  name: 'format',
  command: process.execPath,
  args: ['node_modules/oxfmt/bin/oxfmt', '--check', '.'],
};

/**
 * The linter: the rules of every file, those that know types too, and the layers.
 *
 * @param {readonly string[]} [paths] files and folders, from the root of the repository; all of it without them
 * @returns {Command}
 */
export const lintCommand = (paths = ['.']) => ({
  name: 'lint',
  command: process.execPath,
  args: ['node_modules/oxlint/bin/oxlint', ...paths],
});

/** @type {Command} */
export const typesCommand = {
  name: 'types',
  ...nxCommand(['run-many', '-t', 'typecheck', '--parallel=1', '--output-style=static']),
};

/**
 * Runs commands beside each other, as many as there are processors, and shows what each printed when it ends.
 *
 * @param {string} name
 * @param {readonly Command[]} commands
 * @returns {Stage}
 */
export const commandsStage = (name, commands) => ({
  name,
  run: async () => {
    const waiting = [...commands];
    let worst = 0;
    const runWaiting = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const startMs = Date.now();
        const { status, output } = await runAside(next.command, next.args, next.env === undefined ? {} : { env: next.env });
        console.log(`${output}${next.name}: ${status === 0 ? 'good' : 'FAILED'} after ${Math.round((Date.now() - startMs) / 1000)} s`);
        worst = Math.max(worst, status);
      }
    };
    await Promise.all(Array.from({ length: Math.max(2, os.availableParallelism()) }, runWaiting));
    return worst;
  },
});

/**
 * Runs nx targets in every project.
 *
 * @param {string} name
 * @param {readonly string[]} targets
 * @returns {Stage}
 */
export const nxStage = (name, targets) => ({
  name,
  run: () => nx(['run-many', '-t', ...targets, '--parallel=2', '--output-style=static']),
});

/**
 * Runs vitest over the whole repository. Each stage has a result file of its own, from which the closing line is made.
 *
 * @param {string} name
 * @param {{ readonly results: string; readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv; readonly node?: string }} options
 * @returns {Stage}
 */
export const testStage = (name, { results, args = [], env = {}, node = process.execPath }) => ({
  name,
  results,
  run: () =>
    runBeside(node, [vitestProgram, 'run', ...args], {
      // By itself vitest leaves one processor free: on two of them the tests would run one file after the other. With more than four,
      // what the end-to-end tests start would get in each other's way.
      env: { ...process.env, TEST_RESULTS: results, VITEST_MAX_WORKERS: String(Math.min(os.availableParallelism(), 4)), ...env },
    }),
});

/**
 * Runs some stages at the same time. Tests wait for much: for pauses, for answers, for another worker to end.
 *
 * @param {readonly [Stage, Stage]} stages
 * @returns {Stage}
 */
export const besideEachOther = ([first, second]) => ({
  name: `${first.name}; beside it ${second.name}`,
  run: async () => Math.max(...(await Promise.all([first.run(), second.run()]))),
  ...(second.results !== undefined && { results: second.results }),
});

/**
 * Runs the stages one after the other, a failed one too, and ends with the line `N passed, N failed, N skipped`.
 *
 * @param {readonly Stage[]} stages
 * @param {{ readonly refuseSkips?: boolean }} [options] whether a skipped test makes the whole fail
 */
export async function runStages(stages, { refuseSkips = false } = {}) {
  rmSync(resultsFolder, { recursive: true, force: true });
  /** @type {string[]} */
  const failures = [];
  /** @type {string[]} */
  const times = [];
  for (const { name, run: runStage, results } of stages) {
    console.log(`\n=== ${name}`);
    const startMs = Date.now();
    if ((await runStage()) !== 0) failures.push(name);
    if (results !== undefined && !existsSync(path.join(resultsFolder, `${results}.json`)))
      failures.push(`${name}: it left no counts behind`);
    times.push(`${name} ${Math.round((Date.now() - startMs) / 1000)} s`);
  }

  const counts = countTests();
  if (refuseSkips && counts.skipped > 0) failures.push(`${counts.skipped} tests were skipped, and here nothing may be`);
  if (counts.passed + counts.failed === 0) failures.push('no test was run');
  console.log(`\nTook: ${times.join(', ')}`);
  for (const failedTest of counts.failedTests) console.log(`FAILED TEST: ${failedTest}`);
  for (const failure of failures) console.log(`FAILED: ${failure}`);
  if (counts.skipped > 0)
    console.log(
      `${counts.skipped} tests were skipped because something they need is not on this machine; each says above what and how to get it.`,
    );
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

/**
 * What the stages left in their result files: how many tests passed, failed and were skipped, and for each that failed its name and the first
 * lines of why. Of a run of twenty minutes often only the end is kept.
 */
function countTests() {
  const counts = { passed: 0, failed: 0, skipped: 0, failedTests: /** @type {string[]} */ ([]) };
  /** @type {string[]} */
  let files = [];
  try {
    files = readdirSync(resultsFolder).filter((name) => name.endsWith('.json'));
  } catch {
    // No stage got as far as running a test; said above.
  }
  for (const file of files) {
    /**
     * @type {{
     *   numPassedTests: number;
     *   numFailedTests: number;
     *   numPendingTests: number;
     *   testResults: { name: string; status: string; message: string; assertionResults: { status: string; fullName: string; failureMessages: string[] }[] }[];
     * }}
     */
    const result = JSON.parse(readFileSync(path.join(resultsFolder, file), 'utf8'));
    counts.passed += result.numPassedTests;
    counts.failed += result.numFailedTests;
    counts.skipped += result.numPendingTests;
    for (const testFile of result.testResults.filter(({ status }) => status === 'failed')) {
      const where = `${file.replace(/\.json$/, '')}: ${path.relative(repositoryRoot, testFile.name)}`;
      const failed = testFile.assertionResults.filter(({ status }) => status === 'failed');
      for (const { fullName, failureMessages } of failed) {
        counts.failedTests.push(`${where}: ${fullName}\n${beginningOf(failureMessages.join('\n'))}`);
      }
      // A file that could not be read, or whose beforeAll failed, has no test that did.
      if (failed.length === 0) counts.failedTests.push(`${where}\n${beginningOf(testFile.message)}`);
    }
  }
  return counts;
}

/** The first lines of a message, moved to the right. */
const beginningOf = (/** @type {string} */ message) =>
  message
    .split('\n')
    .filter((line) => !line.includes('node_modules'))
    .slice(0, 12)
    .map((line) => `    ${line.slice(0, 400)}`)
    .join('\n');
