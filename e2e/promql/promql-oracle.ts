import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import {
  type AnswerSeries,
  formatSampleValue,
  histogramAnswer,
  ParseError,
  type QueryAnswer,
  QueryError,
  queryInstant,
  queryRange,
} from '@timestream-prometheus/promql';
import { createStorage, oracleSeries, type TestSeries } from './promql-data-set.js';

/** A question to both engines; a step of 0 asks for an instant. */
export interface Question {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  readonly lookbackMs: number;
}

/** An answer in a form in which both engines' answers can be compared as text. */
export interface ComparableAnswer {
  readonly error?: string;
  readonly type?: string;
  readonly result?: unknown;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

export interface Difference {
  readonly question: Question;
  readonly expected: readonly string[];
  readonly actual: string;
}

export interface Comparison {
  readonly compared: number;
  /** Questions to which Prometheus gave more than one answer itself. */
  readonly ambiguous: number;
  readonly refused: number;
  readonly differences: readonly Difference[];
}

/** How often Prometheus is asked before a difference counts. */
const MANY_RUNS = 60;

/** So many different answers in these runs come from an order that is another one each time: there are more than can be tried. */
const MANY_ANSWERS = 5;

const moduleFolder = fileURLToPath(new URL('../promql-oracle', import.meta.url));

/** Prometheus' engine as a program. */
export class PromqlOracle {
  readonly #program: string;
  readonly #folder: string;

  constructor() {
    this.#folder = mkdtempSync(path.join(tmpdir(), 'promql-oracle-'));
    this.#program = process.env['PROMQL_ORACLE'] ?? path.join(this.#folder, 'promql-oracle');
    if (process.env['PROMQL_ORACLE'] !== undefined) return;
    // Without cgo, as Prometheus itself is compiled for the tests: what both are made of is compiled once.
    const env = { ...process.env, CGO_ENABLED: '0' };
    const build = spawnSync('go', ['build', '-o', this.#program, '.'], { cwd: moduleFolder, encoding: 'utf8', env });
    if (build.status !== 0) throw new Error(`the oracle does not build: ${build.stderr}`);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #ask(lines: readonly unknown[]): unknown[] {
    const run = spawnSync(this.#program, {
      input: lines.map((line) => JSON.stringify(line)).join('\n'),
      encoding: 'utf8',
      maxBuffer: 1024 ** 3,
    });
    if (run.status !== 0) throw new Error(`the oracle failed: ${run.stderr}`);
    return run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  }

  format(queries: readonly string[]): { error?: string; line?: string; pretty?: string }[] {
    return this.#ask(queries.map((format) => ({ format }))) as { error?: string; line?: string; pretty?: string }[];
  }

  /** Go's result as bits, or NaN. */
  compute(calls: readonly (readonly [name: string, first: string, second: string])[]): string[] {
    return this.#ask(calls.map((math) => ({ math }))) as string[];
  }

  /** What Prometheus reads in chunks of histograms, the bytes of which are given in hexadecimal. */
  decodeChunks(chunks: readonly { readonly float: boolean; readonly bytes: string }[]): unknown[] {
    return this.#ask(chunks.map((chunk) => ({ chunk })));
  }

  /** The chunks that Prometheus makes of each of these series, in hexadecimal. */
  encodeChunks(series: readonly { readonly float: boolean; readonly histograms: readonly unknown[] }[]): unknown[] {
    return this.#ask(series.map((chunks) => ({ chunks })));
  }

  /** How long Prometheus' engine takes for each query, in nanoseconds: the least of some runs. */
  time(series: readonly TestSeries[], questions: readonly Question[], runs: number): number[] {
    const asked = questions.map((question) => ({ timing: { ...question, runs } }));
    return this.#ask([{ series: oracleSeries(series) }, ...asked]) as number[];
  }

  answer(series: readonly TestSeries[], questions: readonly Question[], runs: number): ComparableAnswer[][] {
    if (questions.length === 0) return [];
    const asked = questions.map((question) => ({ query: { ...question, runs } }));
    return this.#ask([{ series: oracleSeries(series) }, ...asked]) as ComparableAnswer[][];
  }

  /**
   * Whether both engines agree on each moment of a range, asked for by itself: an instant query has one order, so that Prometheus has one
   * answer.
   */
  async #agreesAtEachMoment(
    series: readonly TestSeries[],
    question: Question,
    storage: ReturnType<typeof createStorage>,
  ): Promise<boolean> {
    const { startMs, endMs, stepMs, text } = question;
    // A moment by itself has another start and end than the range has.
    const momentText = text.replaceAll('@ start()', `@ ${startMs / 1000}`).replaceAll('@ end()', `@ ${endMs / 1000}`);
    if (/\b(start|end|step|range)\(\)/.test(momentText)) return false;
    const moments: Question[] = [];
    for (let timeMs = startMs; timeMs <= endMs; timeMs += stepMs)
      moments.push({ ...question, text: momentText, startMs: timeMs, endMs: timeMs, stepMs: 0 });
    const answers = this.answer(series, moments, 1);
    for (const [index, moment] of moments.entries()) {
      const expected = (answers[index] ?? []).map((answer) => textOf(moment, answer));
      if (!expected.includes(textOf(moment, await ownAnswer(moment, storage)))) return false;
    }
    return true;
  }

  /** Ask both engines everything. */
  async compare(series: readonly TestSeries[], questions: readonly Question[], runs = 2): Promise<Comparison> {
    const storage = createStorage(series, false);
    const sparing = createStorage(series, true);
    const actual: string[] = [];
    // Every second question over a storage that leaves out what the query does not need.
    for (const [index, question] of questions.entries()) {
      actual.push(textOf(question, await ownAnswer(question, index % 2 === 0 ? storage : sparing)));
    }
    const texts = this.answer(series, questions, runs).map((answers, index) => {
      const question = questions[index];
      return question === undefined ? [] : [...new Set(answers.map((answer) => textOf(question, answer)))];
    });
    const differing = [...questions.keys()].filter((index) => texts[index]?.includes(actual[index] ?? '') !== true);
    // Prometheus adds up what comes out of its maps, whose order changes from run to run: whether it ever gives our answer shows in many.
    const again = this.answer(
      series,
      differing.map((index) => questions[index]).filter((one) => one !== undefined),
      MANY_RUNS,
    );
    const differences: Difference[] = [];
    for (const [position, index] of differing.entries()) {
      const question = questions[index];
      if (question === undefined) continue;
      const expected = [...new Set((again[position] ?? []).map((answer) => textOf(question, answer)))];
      texts[index] = expected;
      if (expected.includes(actual[index] ?? '')) continue;
      if (expected.length >= MANY_ANSWERS) continue;
      if (
        expected.length > 1 &&
        (differsByOrderOnly(expected, actual[index] ?? '') || (await this.#agreesAtEachMoment(series, question, storage)))
      )
        continue;
      differences.push({ question, expected, actual: actual[index] ?? '' });
    }
    return {
      compared: questions.length,
      ambiguous: texts.filter((possible) => possible.length > 1).length,
      refused: texts.filter((possible) => possible[0]?.startsWith('{"error"')).length,
      differences,
    };
  }
}

/**
 * Whether an answer is as far from Prometheus' answers as these are from each other where series come out of a map: other last digits of a
 * sum, or another group of series with the same labels, and another pair of them. There are more orders than can be tried.
 */
function differsByOrderOnly(expected: readonly string[], actual: string): boolean {
  const number = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g;
  const withoutPair = (text: string): string =>
    text.replace(/match group \{.*?\} (on the (?:left|right) hand-side of the operation: )\[\{.*?\}\]/, '$1');
  const shape = (text: string): string => withoutPair(text).replaceAll(number, '#');
  const numbers = (text: string): number[] => (withoutPair(text).match(number) ?? []).map(Number);
  const own = numbers(actual);
  return expected.every(
    (text) =>
      shape(text) === shape(actual) &&
      numbers(text).every((value, index) => Math.abs(value - (own[index] ?? NaN)) <= 1e-9 * Math.max(Math.abs(value), Number.MIN_VALUE)),
  );
}

async function ownAnswer(question: Question, storage: ReturnType<typeof createStorage>): Promise<ComparableAnswer> {
  const { text, startMs, endMs, stepMs, lookbackMs } = question;
  const options = { lookbackMs, experimentalFunctions: true, fillModifiers: true };
  try {
    const answer =
      stepMs === 0
        ? await queryInstant(text, startMs, storage, options)
        : await queryRange(text, { startMs, endMs, stepMs }, storage, options);
    return comparable(answer);
  } catch (error) {
    if (error instanceof ParseError || error instanceof QueryError) return { error: error.message };
    return { error: `CRASH ${error instanceof Error ? (error.stack ?? error.message) : String(error)}` };
  }
}

function comparable({ value, warnings, infos }: QueryAnswer): ComparableAnswer {
  return {
    type: value.type,
    result: resultOf(value),
    ...(warnings.length > 0 && { warnings: [...warnings].sort() }),
    ...(infos.length > 0 && { infos: [...infos].sort() }),
  };
}

function resultOf(value: QueryAnswer['value']): unknown {
  switch (value.type) {
    case 'scalar':
      return [value.timestampMs, formatSampleValue(value.value)];
    case 'string':
      return [value.timestampMs, value.value];
    case 'matrix':
      return value.series.map(seriesOf);
    case 'vector':
      return value.samples.map(({ labels, timestampMs, value: one }) =>
        typeof one === 'number'
          ? seriesOf({ labels, floats: [{ timestampMs, value: one }], histograms: [] })
          : seriesOf({ labels, floats: [], histograms: [{ timestampMs, histogram: one }] }),
      );
  }
}

function seriesOf({ labels, floats, histograms }: AnswerSeries): unknown {
  return {
    labels: Object.fromEntries(labels.map(({ name, value }) => [name, value])),
    ...(floats.length > 0 && { values: floats.map(({ timestampMs, value }) => [timestampMs, formatSampleValue(value)]) }),
    ...(histograms.length > 0 && {
      histograms: histograms.map(({ timestampMs, histogram }) => [timestampMs / 1000, histogramAnswer(histogram)]),
    }),
  };
}

/**
 * An answer as one text. The order of a vector counts only where the query asks for one: elsewhere Prometheus takes it from a map, whose
 * order is another in every run.
 */
function textOf({ text }: Question, answer: ComparableAnswer): string {
  const { result } = answer;
  if (!Array.isArray(result) || answer.type === 'scalar' || answer.type === 'string') return JSON.stringify(answer);
  const rows = result.map((row) => JSON.stringify(sortKeys(row)));
  if (!/^(sort|topk|bottomk)/.test(text)) rows.sort();
  else if (/^(sort\(|sort_desc\(|topk|bottomk)/.test(text)) sortTies(rows);
  return JSON.stringify({ ...answer, result: rows });
}

/** Series with equal values have no order that Prometheus promises. */
function sortTies(rows: string[]): void {
  const valueOf = (row: string): string => JSON.stringify((JSON.parse(row) as { values?: unknown }).values);
  for (let start = 0; start < rows.length;) {
    let end = start + 1;
    while (end < rows.length && valueOf(rows[end] ?? '') === valueOf(rows[start] ?? '')) end++;
    rows.splice(start, end - start, ...rows.slice(start, end).sort());
    start = end;
  }
}

function sortKeys(row: unknown): unknown {
  const { labels, ...rest } = row as { labels: Record<string, string> };
  return { labels: Object.fromEntries(Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1))), ...rest };
}
