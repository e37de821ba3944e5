/**
 * `npm run bench`: how fast the connector is, and what it costs. See README.md beside it.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { CASES } from './cases.mjs';
import { runCrowdCase } from './crowd-case.mjs';
import { describeMachine } from './machine.mjs';
import { isOfPeer, PEER_CASES } from './peer-cases.mjs';
import { stopAll } from './processes.mjs';
import { bundlePrograms, NotMeasurableError, programsOf, repositoryRoot, resultsFolder } from './programs.mjs';
import { runOverloadCase } from './overload-case.mjs';
import { runRestCase } from './rest-case.mjs';
import { runReadCase } from './read-case.mjs';
import { spreadOf } from './statistics.mjs';
import { sourcesOf } from './trees.mjs';
import { runWriteCase } from './write-case.mjs';

/** @typedef {import('./cases.mjs').BenchCase} BenchCase */
/** @typedef {import('./programs.mjs').Programs} Programs */
/** @typedef {{ readonly name: string; readonly programs: Programs; readonly flags: readonly string[] }} Candidate */
/** @typedef {import('./report.mjs').CaseResult} CaseResult */
/** @typedef {import('./report.mjs').BenchReport} BenchReport */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    compare: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    peer: { type: 'string' },
    case: { type: 'string', multiple: true, default: [] },
    repetitions: { type: 'string', default: '3' },
    output: { type: 'string', default: path.join(resultsFolder, 'report.json') },
  },
});

/** @param {BenchCase} benchCase */
const isWanted = ({ name, isQuick = false }) =>
  (!values.quick || isQuick) && (values.case.length === 0 || values.case.some((prefix) => name.startsWith(prefix)));

/**
 * One run in fresh processes.
 *
 * @param {BenchCase} benchCase
 * @param {Candidate} candidate
 * @returns {Promise<Record<string, number>>}
 */
async function runOnce(benchCase, { programs, flags }) {
  if (benchCase.kind === 'write') return runWriteCase(benchCase, programs, flags);
  if (benchCase.kind === 'overload') return runOverloadCase(benchCase, programs, flags);
  if (benchCase.kind === 'crowd') return runCrowdCase(benchCase, programs, flags);
  if (benchCase.kind === 'rest') return runRestCase(programs, flags);
  if (benchCase.kind === 'read') return runReadCase(benchCase, programs, flags);
  const { status, stdout, stderr } = spawnSync(process.execPath, [programs.stages, JSON.stringify(benchCase)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  /** @type {Record<string, number>} */
  const figures = JSON.parse(stdout);
  return figures;
}

/**
 * @param {BenchCase} benchCase
 * @param {readonly Candidate[]} candidates
 * @returns {Promise<CaseResult>}
 */
async function runCase(benchCase, candidates) {
  /** @type {Map<Candidate, Record<string, number>[]>} */
  const runs = new Map(candidates.map((candidate) => [candidate, []]));
  for (let repetition = 0; repetition < Number(values.repetitions); repetition++) {
    // In turns, and the other way round the next time: what the machine does meanwhile meets all of them.
    for (const candidate of repetition % 2 === 0 ? candidates : [...candidates].reverse()) {
      runs.get(candidate)?.push(await runOnce(benchCase, candidate));
    }
  }
  const { name, what, kind } = benchCase;
  return {
    name,
    what,
    kind,
    results: Array.from(runs, ([candidate, figures]) => ({
      candidate: candidate.name,
      flags: candidate.flags,
      figures: Object.fromEntries(
        Object.keys(figures[0] ?? {}).map((figure) => [figure, spreadOf(figures.map((run) => run[figure] ?? NaN))]),
      ),
    })),
  };
}

/** @param {CaseResult} result */
function print({ name, what, results }) {
  console.log(`\n${name}: ${what}`);
  const [first, ...others] = results;
  for (const [figure, { median, min, max }] of Object.entries(first?.figures ?? {})) {
    const compared = others.map(({ candidate, figures }) => {
      const other = figures[figure]?.median ?? NaN;
      return `   ${candidate} ${format(other)} (x ${format(other / median)})`;
    });
    console.log(`  ${figure.padEnd(24)} ${format(median).padStart(10)} [${format(min)}, ${format(max)}]${compared.join('')}`);
  }
}

/** @param {number} figure */
const format = (figure) => (Number.isFinite(figure) ? String(Number(figure.toPrecision(4))) : '-');

/**
 * Two reports beside each other, without a run.
 *
 * @param {string} left
 * @param {string} right
 */
function printReports(left, right) {
  /** @type {BenchReport} */
  const before = JSON.parse(readFileSync(left, 'utf8'));
  /** @type {BenchReport} */
  const after = JSON.parse(readFileSync(right, 'utf8'));
  console.log(`${left} (${before.machine.commit}) and ${right} (${after.machine.commit})`);
  for (const { name, what, kind, results } of before.cases) {
    const other = after.cases.find((result) => result.name === name)?.results[0];
    const own = results[0];
    if (own !== undefined && other !== undefined) print({ name, what, kind, results: [own, { ...other, candidate: 'after' }] });
  }
}

/**
 * The variants of the connector in each tree of sources, and the peer beside them if there is one.
 *
 * @param {BenchCase} benchCase
 * @param {readonly Programs[]} trees
 * @returns {readonly Candidate[]}
 */
function candidatesOf(benchCase, trees) {
  if (values.compare) return trees.map((programs) => ({ name: programs.name, programs, flags: [] }));
  const { variants = [] } = benchCase;
  const own = variants.length === 0 ? [{ name: 'default', flags: [] }] : variants;
  return trees.flatMap((programs) => [
    ...own.map(({ name, flags }) => ({ name, programs, flags })),
    ...(values.peer !== undefined && isOfPeer(benchCase)
      ? [{ name: 'peer', programs: { ...programs, peer: path.resolve(values.peer) }, flags: [] }]
      : []),
  ]);
}

/** @param {string} program */
function assertExecutable(program) {
  try {
    accessSync(program, constants.X_OK);
  } catch {
    throw new NotMeasurableError(`--peer: ${program} is no program; bench/README.md says how to build it`);
  }
}

async function main() {
  const all = values.peer === undefined ? CASES : PEER_CASES;
  if (values.list) {
    for (const { name, what } of all) console.log(`${name.padEnd(44)} ${what}`);
    return;
  }
  if (values.compare && positionals.length !== 2) throw new Error('--compare takes two revisions, folders or reports');
  if (values.compare && values.peer !== undefined) throw new Error('--compare and --peer do not go together');
  if (values.peer !== undefined) assertExecutable(values.peer);
  const [left = '', right = ''] = positionals;
  if (values.compare && left.endsWith('.json') && right.endsWith('.json')) {
    printReports(left, right);
    return;
  }
  const trees = values.compare ? positionals.map((name) => ({ name, folder: sourcesOf(name) })) : [{ name: '', folder: repositoryRoot }];
  const benchCases = all.filter(isWanted);
  const wanted = new Set(benchCases.flatMap(programsOf));
  /** @type {Programs[]} */
  const programs = [];
  for (const { name, folder } of trees) programs.push(await bundlePrograms(name === '' ? 'work' : name, folder, wanted));
  /** @type {CaseResult[]} */
  const cases = [];
  const machine = describeMachine();
  for (const benchCase of benchCases) {
    const result = await runCase(benchCase, candidatesOf(benchCase, programs));
    print(result);
    cases.push(result);
    mkdirSync(path.dirname(values.output), { recursive: true });
    /** @type {BenchReport} */
    const report = { machine, repetitions: Number(values.repetitions), cases };
    writeFileSync(values.output, JSON.stringify(report, null, 2));
  }
  console.log(`\n${values.output}`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof NotMeasurableError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await stopAll();
}
