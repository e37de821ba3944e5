import { mkdirSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { formatExpression, GO_MATH, ParseError, parseExpression, printExpression } from '@timestream-prometheus/promql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSeededRandom, type SeededRandom } from '../differential/seeded-random.js';
import { isMissing } from '../harness/requirements.js';
import { createDataSet, DATA_END_MS, DATA_START_MS } from '../promql/promql-data-set.js';
import { knownQuestions } from '../promql/promql-known-cases.js';
import { type Comparison, PromqlOracle, type Question } from '../promql/promql-oracle.js';
import { everyQuery } from '../promql/every-query.js';
import { hasOtherBytes, mutateQuery } from '../promql/mutate-query.js';
import { fixedQueries, randomQuery, randomText } from '../promql/promql-queries.js';

const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1_000_000));
const randomCases = Number(process.env['CASES'] ?? 3000);
const mutatedCases = Number(process.env['CASES'] ?? 500);

function questionOf(random: SeededRandom, text: string): Question {
  const startMs = DATA_START_MS + random.below(DATA_END_MS - DATA_START_MS);
  if (random.next() < 0.35) return { text, startMs, endMs: startMs, stepMs: 0, lookbackMs: 300_000 };
  return {
    text,
    startMs: DATA_START_MS + random.below(600_000),
    endMs: DATA_END_MS - random.below(300_000) + random.below(400_000),
    stepMs: random.pick([15_000, 30_000, 60_000, 300_000, 77_777]),
    lookbackMs: random.pick([300_000, 300_000, 60_000]),
  };
}

const summaries: string[] = [];

function check(name: string, { compared, refused, ambiguous, differences }: Comparison): void {
  const summary = `${name}: ${compared} queries compared, ${differences.length} differing; ${refused} refused by both, ${ambiguous} with more than one answer of Prometheus itself`;
  summaries.push(summary);
  process.stdout.write(`${summary} (seed ${seed})\n`);
  const shown = differences.slice(0, 5).map(({ question, expected, actual }) => ({ question, expected: expected[0], actual }));
  expect(shown, `seed ${seed}`).toEqual([]);
}

describe.skipIf(isMissing('go'))('PromQL beside Prometheus\u2019 own engine', () => {
  let oracle: PromqlOracle;

  beforeAll(() => {
    oracle = new PromqlOracle();
  }, 1_200_000);

  afterAll(() => {
    oracle.close();
    const folder = fileURLToPath(new URL('../../test-results/', import.meta.url));
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}promql-oracle.txt`, `seed ${seed}\n${summaries.join('\n')}\n`);
  });

  it('gives the same answers, texts and annotations to each function, operator and modifier', { timeout: 900_000 }, async () => {
    const random = createSeededRandom(seed);
    const series = createDataSet(random);
    const queries = fixedQueries();
    check('corpus', await oracle.compare(series, queries.map((text) => questionOf(random, text)))); // oxfmt-ignore
  });

  it('gives the same answers to random queries over random series', { timeout: 900_000 }, async () => {
    const random = createSeededRandom(seed + 1);
    for (let left = randomCases; left > 0; left -= 1000) {
      const series = createDataSet(random);
      const texts = Array.from({ length: Math.min(left, 1000) }, () => randomQuery(random, 1 + random.below(4)));
      check('random', await oracle.compare(series, texts.map((text) => questionOf(random, text)))); // oxfmt-ignore
    }
  });

  it('gives the same answer to every question that was once answered otherwise', { timeout: 300_000 }, async () => {
    for (const { seed: dataSeed, questions } of knownQuestions) {
      check('known', await oracle.compare(createDataSet(createSeededRandom(dataSeed)), questions));
    }
  });

  it('reads, prints and refuses every text as Prometheus does', { timeout: 300_000 }, () => {
    const random = createSeededRandom(seed + 2);
    const texts = [...fixedQueries(), ...Array.from({ length: 20_000 }, () => randomText(random))];
    const differing = oracle.format(texts).flatMap((expected, index) => {
      const actual = ownFormat(texts[index] ?? '');
      return JSON.stringify(actual) === JSON.stringify(expected) ? [] : [{ text: texts[index], expected, actual }];
    });
    summaries.push(`texts: ${texts.length} compared, ${differing.length} differing`);
    process.stdout.write(`texts: ${texts.length} compared, ${differing.length} differing (seed ${seed})\n`);
    expect(differing.slice(0, 5), `seed ${seed}`).toEqual([]);
  });

  it('refuses mutated queries with the same words, and answers those that are still queries alike', { timeout: 600_000 }, async () => {
    const random = createSeededRandom(seed + 4);
    const corpus = everyQuery();
    const texts = Array.from({ length: 7 * mutatedCases }, () => mutateQuery(random, random.pick(corpus))).filter(
      (text) => !hasOtherBytes(text),
    );
    const expected = oracle.format(texts);
    const differing = texts.filter((text, index) => JSON.stringify(ownFormat(text)) !== JSON.stringify(expected[index]));
    expect(differing.slice(0, 5), `seed ${seed}`).toEqual([]);
    const queries = texts.filter((_text, index) => expected[index]?.error === undefined);
    expect(queries.length).toBeGreaterThan(mutatedCases);
    summaries.push(`mutated texts: ${texts.length} compared, ${differing.length} differing; ${queries.length} of them are queries`);
    const questions = queries.slice(0, mutatedCases).map((text) => questionOf(random, text));
    check('mutated', await oracle.compare(createDataSet(random), questions));
  });

  it('computes every function of Go\u2019s math package to the last bit', { timeout: 300_000 }, () => {
    const random = createSeededRandom(seed + 3);
    const names = Object.keys(GO_MATH);
    const view = new DataView(new ArrayBuffer(8));
    const bitsOf = (value: number): string => {
      view.setFloat64(0, value);
      return view.getBigUint64(0).toString(16);
    };
    const calls = Array.from({ length: 200_000 }, () => ({
      name: random.pick(names),
      first: randomNumber(random),
      second: randomNumber(random),
    }));
    const results = oracle.compute(calls.map(({ name, first, second }) => [name, bitsOf(first), bitsOf(second)]));
    const differing = calls.flatMap(({ name, first, second }, index) => {
      const result = GO_MATH[name]?.(first, second) ?? NaN;
      const actual = Number.isNaN(result) ? 'NaN' : bitsOf(result);
      return actual === results[index] ? [] : [{ name, first, second, actual, go: results[index] }];
    });
    expect(differing.slice(0, 5), `seed ${seed}`).toEqual([]);
  });
});

function ownFormat(text: string): { error: string } | { line: string; pretty: string } {
  try {
    const expression = parseExpression(text, { experimentalFunctions: true, fillModifiers: true });
    return { line: printExpression(expression), pretty: formatExpression(expression) };
  } catch (error) {
    if (error instanceof ParseError) return { error: error.message };
    throw error;
  }
}

function randomNumber(random: SeededRandom): number {
  const chance = random.next();
  if (chance < 0.1) return random.pick([0, -0, 1, -1, 0.5, Infinity, -Infinity, NaN, 5e-324, 1e-310, 709.78, -745.1, 2 ** 29, 1e22, 3]);
  if (chance < 0.5) return (random.next() - 0.5) * 4;
  if (chance < 0.8) return (random.next() - 0.5) * 2000;
  return (random.next() - 0.5) * 2 ** (random.next() * 2000 - 1000);
}
