import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SqlError } from '../../src/sql/engine.js';
import { askJava, base64, isJavaPresent } from './java/java-oracle.js';
import { pattern as anyPattern, text as anyText } from './java/pattern-arbitrary.js';
import { createSqlFixture, type SqlFixture } from './sql-fixture.js';

const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env['CASES'] ?? 60);

/** Patterns as people write them in statements: most of them run in the database, which the matcher's own tests do not see. */
const usual = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        'a',
        'b',
        'k',
        '\\d',
        '\\w',
        '\\s',
        '[a-c]',
        '[^b]',
        '.',
        '(a)',
        '(b|c)',
        '(?:a|kk)',
        '(\\w)(\\d)',
        '(?i:K)',
        'é',
        '\\.',
      ),
      fc.constantFrom('', '', '', '+', '*', '?', '{1,2}', '+?'),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.map((each) => each.join('')).join(''));
const anchored = fc.tuple(fc.constantFrom('', '', '^'), usual, fc.constantFrom('', '', '$')).map((parts) => parts.join(''));
// Java also finds places inside a character beyond 16 bits, which is no place in a text of Timestream's.
const text = anyText.map((each) => each.replaceAll('😀', 'x'));
const cases = fc.sample(
  fc.record({
    pattern: fc.oneof(
      { weight: 3, arbitrary: anchored.map((each) => ({ each, isUsual: true })) },
      { weight: 1, arbitrary: anyPattern.map((each) => ({ each, isUsual: false })) },
    ),
    text,
    group: fc.integer({ min: 0, max: 2 }),
    replacement: fc
      .array(fc.constantFrom('x', '$1', '$0', '\\$', '-', '${1'), { maxLength: 3 })
      .map((parts) => parts.join('').replaceAll('${1', '')),
  }),
  { numRuns, seed },
);

let fixture: SqlFixture;
beforeAll(async () => {
  fixture = await createSqlFixture({ db: { t: { records: [] } } });
});
afterAll(() => fixture.close());

const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`;
const decoded = (word: string): string | null => (word === '-' ? null : Buffer.from(word.slice(1), 'base64').toString());

interface JavaMatches {
  readonly groups: readonly (string | null)[];
  readonly between: readonly (string | null)[];
}

/** Undefined where the pattern is none, or has no such group. */
function matchesOf(answer: string): JavaMatches | undefined {
  if (!answer.startsWith('g')) return undefined;
  const [groups = '', between = ''] = answer.slice(1).split(' |');
  const words = (each: string): (string | null)[] =>
    each
      .split(' ')
      .filter((word) => word !== '')
      .map(decoded);
  return { groups: words(groups), between: words(between) };
}

describe.skipIf(!isJavaPresent())('regular expressions in statements beside java.util.regex', { timeout: 120_000 + numRuns * 500 }, () => {
  test(`say the same, as literals and as columns, or are refused (FC_SEED=${seed} CASES=${numRuns})`, async () => {
    const answers = askJava(
      cases.flatMap(({ pattern: { each: pattern }, text: searched, group, replacement }) => [
        `matches ${base64(pattern)} ${base64(searched)}`,
        `regex ${base64(pattern)} ${base64(searched)} ${group}`,
        `regex ${base64(pattern)} ${base64(searched)} 0`,
        `replace ${base64(pattern)} ${base64(searched)} ${base64(replacement)}`,
        `replace ${base64(pattern)} ${base64(searched)} ${base64('')}`,
      ]),
    );
    const wrong: string[] = [];
    let compared = 0;
    for (const [
      index,
      {
        pattern: { each: pattern, isUsual },
        text: searched,
        group,
        replacement,
      },
    ] of cases.entries()) {
      const [places = '', one = '', whole = '', replaced = '', removed = ''] = answers.slice(index * 5, index * 5 + 5);
      const [byGroup, all] = [matchesOf(one), matchesOf(whole)];
      const splits = all?.groups.some((each) => each === '') === true ? undefined : all?.between;
      const expected: readonly (readonly [call: (p: string) => string, answer: unknown])[] = [
        [(p) => `regexp_like(s, ${p})`, places === 'm' ? 'false' : 'true'],
        [(p) => `regexp_extract(s, ${p})`, all?.groups[0] ?? null],
        [(p) => `regexp_extract_all(s, ${p})`, all?.groups],
        [(p) => `regexp_extract(s, ${p}, ${group})`, byGroup === undefined ? undefined : (byGroup.groups[0] ?? null)],
        [(p) => `regexp_extract_all(s, ${p}, ${group})`, byGroup?.groups],
        [(p) => `regexp_replace(s, ${p})`, removed.startsWith('=') ? decoded(removed) : undefined],
        [(p) => `regexp_replace(s, ${p}, ${quoted(replacement)})`, replaced.startsWith('=') ? decoded(replaced) : undefined],
        [
          (p) => `regexp_replace(s, ${p}, g -> '<' || coalesce(g[1], 'none') || '>')`,
          matchesOf(one) && group === 1 ? lambdaAnswer(byGroup) : undefined,
        ],
        [(p) => `regexp_split(s, ${p})`, splits],
      ];
      for (const [call, theirs] of expected) {
        // Of a split at an empty match, and of what Java takes for no pattern, nothing is said.
        if (theirs === undefined || places === 'invalid') continue;
        for (const asColumn of [false, true]) {
          const sql = `SELECT ${call(asColumn ? 'p' : quoted(pattern))} FROM (VALUES (${quoted(searched)}, ${quoted(pattern)})) AS v (s, p)`;
          try {
            const ours = await fixture.value(sql);
            compared += 1;
            if (JSON.stringify(ours) !== JSON.stringify(theirs))
              wrong.push(`${sql}: ${JSON.stringify(ours)}, Java ${JSON.stringify(theirs)}`);
          } catch (error) {
            if (!(error instanceof SqlError)) throw error;
            // Of what people write nothing may be refused but the groups of a repeated group, and a group that there is not even where Java would
            // not look for it, as nothing matches.
            if (isUsual && !/repeats a group|unknown group/.test(error.message)) wrong.push(`${sql}: ${error.message}`);
          }
        }
      }
    }
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(compared / cases.length).toBeGreaterThan(8);
  });
});

function lambdaAnswer(matches: JavaMatches | undefined): string | undefined {
  return matches?.between
    .map((part, index) => (part ?? '') + (index < matches.groups.length ? `<${matches.groups[index] ?? 'none'}>` : ''))
    .join('');
}
