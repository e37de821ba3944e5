import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { translateJavaPattern } from '../../src/sql/java-pattern/java-pattern.js';
import { PatternError } from '../../src/sql/java-pattern/pattern-node.js';
import { askJava, base64, isJavaPresent } from './java/java-oracle.js';
import { createSqlFixture, type SqlFixture } from './sql-fixture.js';

const refusalOf = (pattern: string): string => {
  try {
    return `translated to ${translateJavaPattern(pattern, 'find')}`;
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
};

describe('a Java regular expression', { timeout: 30_000 }, () => {
  test.each([
    ['a(?=b)', /look-around/],
    ['a(?!b)', /look-around/],
    ['(?<=a)b', /look-around/],
    ['(?>a)b', /atomic/],
    ['(a)\\1', /\\1 is not supported/],
    ['(?<n>a)\\k<n>', /\\k is not supported/],
    ['(?<n>a)(?<n>b)', /two groups/],
    ['a++', /possessive/],
    ['a*+', /possessive/],
    ['\\bword\\b', /\\b is not supported/],
    ['[a[b]]', /class inside a class/],
    ['[[:alpha:]]', /class inside a class/],
    ['[a&&b]', /&&/],
    ['\\p{L}', /Unicode properties/],
    ['\\pL', /Unicode properties/],
    ['(?m)^a', /flag 'm'/],
    ['(?U)\\w', /flag 'U'/],
    ['(?P<n>a)', /flag 'P'/],
    ['a$b', /only at the end/],
    ['(a$)+', /only at the end/],
    ['[^a]$', /carriage return/],
    ['(?s).$', /carriage return/],
    ['a{2}{3}', /quantifier after a quantifier/],
    ['a{1001}', /1000/],
    ['*a', /nothing to repeat/],
    ['(a', /never ends/],
    ['a)', /unmatched/],
    ['[a', /never ends/],
    ['[z-a]', /before it begins/],
    ['\\', /backslash at the end/],
    ['\\y', /\\y is not supported/],
    ['\\ud83d', /half a character/],
    ['(((((((((((((((((((((((((((((((((((((((((((((((((((a)))))))))))))))))))))))))))))))))))))))))))))))))))', /nest deeper/],
  ])('%s is refused, with the reason', (pattern, reason) => {
    expect(refusalOf(pattern)).toMatch(reason);
  });

  test('never translates to anything that a SQL string would have to escape', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (pattern) => {
        const text = refusalOf(pattern);
        if (text.startsWith('translated to ')) expect(text).toMatch(/^[ -&(-~]*$/);
      }),
      { numRuns: 500 },
    );
  });
});

const atoms = [
  'a',
  'b',
  'K',
  'ſ',
  'é',
  '😀',
  '.',
  '\\.',
  '\\d',
  '\\W',
  '\\s',
  '\\S',
  '\\h',
  '\\V',
  '[abc]',
  '[^ab]',
  '[a-c0-9_]',
  '[^\\d\\s]',
  '[a\\]\\-^]',
  '[-a]',
  '[a-]',
  '\\n',
  '\\r',
  '\\t',
  '\\x41',
  '\\x{1F600}',
  '\\u00e9',
  '\\012',
  '\\cA',
  '\\Q.*\\E',
  '\\p{Alpha}',
  '\\P{Punct}',
  '^',
  '\\A',
  '\\z',
  '\\Z',
  '$',
  ' ',
  '}',
  ']',
];
const patterns = fc.letrec<{ pattern: string; term: string }>((tie) => ({
  pattern: fc.array(tie('term'), { minLength: 0, maxLength: 4 }).map((terms) => terms.join('')),
  term: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...atoms) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(...atoms), fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{2,}', '*?', '+?', '??'))
        .map((parts) => parts.join('')),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom('(', '(?:', '(?i:', '(?s:', '(?<n>', '(?is-i:'),
          tie('pattern'),
          fc.constantFrom('', '|'),
          tie('pattern'),
          fc.constantFrom(')', ')*', ')?', ')+'),
        )
        .map((parts) => parts.join('')),
    },
    { weight: 1, arbitrary: fc.constantFrom('(?i)', '(?s)', '|', '(?-i)') },
  ),
})).pattern;
const texts = fc
  .array(
    fc.constantFrom(
      'a',
      'b',
      'A',
      'K',
      'k',
      's',
      'S',
      'ſ',
      '\u212a',
      'é',
      'É',
      '😀',
      '1',
      '_',
      '.',
      '*',
      '-',
      ']',
      '^',
      '}',
      ' ',
      '\u00a0',
      '\n',
      '\r',
      '\r\n',
      '\u0085',
      '\u2028',
      '\t',
      '\u000b',
      '\u0000',
      '\u0001',
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));

describe('a letter without regard to its case', () => {
  let fixture: SqlFixture;
  beforeAll(async () => {
    fixture = await createSqlFixture({});
  });
  afterAll(() => fixture.close());

  // Unicode folds these two into letters of ASCII; Java without (?u) does not.
  test.each(['é|(?i)k', '(?i)k|s', '(?i)[k]|é', '(?i:K)|(?i:S)', '(?i)k'])(
    '%s finds no other character than the two of ASCII',
    async (pattern) => {
      const re2 = translateJavaPattern(pattern, 'find');
      const found = await fixture.connection.runAndReadAll(
        `SELECT regexp_matches('K', '${re2}'), regexp_matches('k', '${re2}'), regexp_matches('\u212a', '${re2}'), regexp_matches('\u017f', '${re2}')`,
      );
      expect(found.getRows()[0]).toEqual([true, true, false, false]);
    },
  );
});

describe.skipIf(!isJavaPresent())('a translated regular expression beside real Java', { timeout: 120_000 }, () => {
  let fixture: SqlFixture;
  beforeAll(async () => {
    fixture = await createSqlFixture({});
  });
  afterAll(() => fixture.close());

  test('is found in the same texts', async () => {
    const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);
    const drawn = fc.sample(fc.tuple(patterns, fc.array(texts, { minLength: 8, maxLength: 8 })), { numRuns: 4_000, seed });
    const cases = drawn.filter(([pattern]) => refusalOf(pattern).startsWith('translated to '));
    expect(cases.length, `seed ${seed}`).toBeGreaterThan(drawn.length / 4);
    const java = askJava(cases.map(([pattern, subjects]) => `find ${[pattern, ...subjects].map(base64).join(' ')}`));
    const wrong: string[] = [];
    for (const [index, [pattern, subjects]] of cases.entries()) {
      const re2 = translateJavaPattern(pattern, 'find');
      const items = subjects
        .map((_, each) => `CASE WHEN regexp_matches($${each + 1}::VARCHAR, '${re2}') THEN '1' ELSE '0' END`)
        .join(' || ');
      const found = await fixture.connection.runAndReadAll(`SELECT ${items}`, subjects);
      const ours = String(found.getRows()[0]?.[0]);
      if (ours !== java[index])
        wrong.push(`${JSON.stringify(pattern)} in ${JSON.stringify(subjects)}: java ${java[index] ?? ''}, here ${ours}`);
    }
    expect(wrong, `seed ${seed}`).toEqual([]);
  });
});
