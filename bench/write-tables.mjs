/**
 * Puts the figures of reports into docs/performance.md: `node bench/write-tables.mjs bench/results/*.json`. Each table stands between two
 * comments that name the cases that it shows, and the figures. With `--check` it writes nothing, and fails if there was something to write.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'oxfmt';
import { repositoryRoot } from './programs.mjs';

/** @typedef {import('./report.mjs').BenchReport} BenchReport */

const page = path.join(repositoryRoot, 'docs', 'performance.md');
const TABLE = /<!-- measured: (\S+) \| (.+?) -->[\s\S]*?<!-- end of measured -->/g;

const isCheck = process.argv.includes('--check');
const reports = process.argv
  .slice(2)
  .filter((argument) => argument !== '--check')
  .map((file) => readReport(file));

/**
 * @param {string} file
 * @returns {BenchReport}
 */
function readReport(file) {
  /** @type {BenchReport} */
  const report = JSON.parse(readFileSync(file, 'utf8'));
  return report;
}

const numberText = (/** @type {number | undefined} */ figure) => {
  if (figure === undefined) return '';
  return String(Number.isInteger(figure) ? figure : Number(figure.toPrecision(3)));
};

/**
 * @param {string} prefix of the names of cases
 * @param {readonly string[]} figures
 */
function tableOf(prefix, figures) {
  const rows = reports.flatMap(({ cases }) =>
    cases
      .filter(({ name }) => name.startsWith(prefix))
      .flatMap(({ what, results }) =>
        results.map((result) => [
          result.candidate === 'default' ? what : `${what}; ${result.candidate}`,
          ...figures.map((figure) => numberText(result.figures[figure]?.median)),
        ]),
      ),
  );
  return [['Case', ...figures.map((figure) => `\`${figure}\``)], ['---', ...figures.map(() => '---:')], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function machines() {
  return reports
    .map(({ machine: { commit, node, cpu, cores, load, date }, repetitions }) => {
      const times = repetitions === 1 ? 'one run of each case' : `medians of ${repetitions} runs`;
      return `- ${date.slice(0, 10)}, commit ${commit.slice(0, 10)}, ${cpu}, ${cores} cores, Node ${node}, ${times}; load of the machine when it began: ${numberText(load)}`;
    })
    .join('\n');
}

const before = readFileSync(page, 'utf8');
const text = before.replaceAll(TABLE, (_whole, /** @type {string} */ prefix, /** @type {string} */ figures) => {
  const content = prefix === 'machines' ? machines() : tableOf(prefix, figures.split(' '));
  return `<!-- measured: ${prefix} | ${figures} -->\n\n${content}\n\n<!-- end of measured -->`;
});
const { code: after } = await format('performance.md', text);
if (!isCheck) writeFileSync(page, after);
else if (after !== before) {
  console.error('docs/performance.md has other figures than these reports: run `node bench/write-tables.mjs bench/results/*.json`');
  process.exitCode = 1;
}
