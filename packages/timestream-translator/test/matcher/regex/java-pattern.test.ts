import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { javaPatternOf } from '../../../src/matcher/regex/java-pattern.js';
import { parseRegex } from '../../../src/matcher/regex/parse-regex.js';
import { stripOuterAnchors } from '../../../src/matcher/regex/regex-node.js';
import { labelText, randomRegex } from '../../support/random-regex.js';

const javaPattern = (pattern: string) => {
  const parsed = parseRegex(pattern);
  return parsed === null ? null : javaPatternOf(stripOuterAnchors(parsed.root));
};

describe('javaPatternOf', () => {
  it.each([
    ['foo.*', '(?s)\\Afoo.*\\z', true],
    ['a|b.', '(?s)\\A(?:a|b.)\\z', true],
    ['[[:digit:]]+?', '(?s)\\A[0-9]+\\z', true],
    ['(?i)ks', '(?s)\\A[Kk\u212a][Ss\u017f]\\z', true],
    ['[a&&[b]', '(?s)\\A[\\&\\[a-b]\\z', true],
    ['^a$', '(?s)\\Aa\\z', true],
    ['(?-s).', '(?s)\\A[\\x00-\\x09\\x0b-\u{10ffff}]\\z', true],
    ['\\x{1F600}\\n', '(?s)\\A\u{1F600}\\x0a\\z', true],
    ['(?P<n>ab){2,}', '(?s)\\A(?:ab){2,}\\z', true],
    ['\\pL\\bx', '(?s)\\A.x\\z', false],
    ['a[^\\x00-\\x{10FFFF}]', '(?s)\\Aa.\\z', false],
    ['a\\x{D800}', '(?s)\\Aa.\\z', false],
    ['[\\x{D800}-\\x{E000}]', '(?s)\\A\ue000\\z', true],
    ['[^\\pL]', '(?s)\\A.\\z', false],
  ])('translates %s', (pattern, expected, exact) => {
    expect(javaPattern(pattern)).toEqual({ pattern: expected, exact });
  });

  it.each(['(a+)+b', '(a*)*', '(ab|ab)*', '(a|ab)*c', '(ab|c|cd){1,30}', '.*.*.*.*', '(?:a?){20}a{20}', '(x+x+)+y', '(\\b)*'])(
    'leaves %s to the last word: a backtracking engine could try too many ways',
    (pattern) => {
      expect(javaPattern(pattern)).toBeNull();
    },
  );

  it('leaves an expression of thousands of options to the last word', () => {
    expect(javaPattern(Array.from({ length: 2000 }, (_, index) => `host-${index}.+`).join('|'))).toBeNull();
  });

  const java = spawnSync('java', ['-version']);
  const required = process.env['REQUIRE_JAVA'] === '1';
  const isMissing = java.error !== undefined;
  if (isMissing && !required)
    process.stderr.write('\n*** SKIPPED: no java on this machine, so the pushed patterns are not compared with java.util.regex ***\n\n');

  it.skipIf(isMissing && !required)(
    'finds with java.util.regex every text that RE2 matches, and no other when it says exact',
    () => {
      expect(java.error, 'REQUIRE_JAVA=1, but there is no java').toBeUndefined();
      const seed = Number(process.env['JAVA_TEST_SEED'] ?? Date.now() % 1_000_000);
      // Half of the patterns are left to the last word, and short ones come often: the oracle is slow to compile.
      const translatedOf = rememberAnswers(javaPattern);
      const oracleOf = rememberAnswers(compileOrNull);
      const cases = fc
        .sample(fc.tuple(randomRegex, fc.array(labelText, { minLength: 4, maxLength: 12 })), { numRuns: 20_000, seed })
        .flatMap(([pattern, texts]) => {
          const translated = translatedOf(pattern);
          const oracle = translated === null ? null : oracleOf(pattern);
          return oracle === null || translated === null ? [] : [{ pattern, texts, oracle, translated }];
        });
      const input = cases.map(({ translated, texts }) => [translated.pattern, ...texts].map(toField).join(' ')).join('\n');
      const run = spawnSync('java', [fileURLToPath(new URL('../java/FindPatterns.java', import.meta.url))], {
        input,
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      });
      expect(run.stderr).toBe('');
      const answers = run.stdout.trimEnd().split('\n');
      expect(answers).toHaveLength(cases.length);
      let matched = 0;
      let unmatched = 0;
      const wrong: unknown[] = [];
      cases.forEach(({ pattern, texts, oracle, translated }, index) => {
        texts.forEach((text, textIndex) => {
          const expected = oracle.testExact(text);
          const found = answers[index]?.[textIndex];
          if (found !== (expected ? '1' : '0') && (expected || translated.exact))
            wrong.push({ pattern, translated, text, expected, found });
          if (expected) matched++;
          else if (translated.exact) unmatched++;
        });
      });
      expect(wrong, `seed ${seed}`).toEqual([]);
      // The comparison must have had something to compare.
      expect(matched).toBeGreaterThan(cases.length / 10);
      expect(unmatched).toBeGreaterThan(cases.length);
    },
    120_000,
  );
});

function toField(text: string): string {
  return `.${Buffer.from(text, 'utf8').toString('base64')}`;
}

/** Asks once for each text. */
function rememberAnswers<T>(ask: (text: string) => T): (text: string) => T {
  const answers = new Map<string, T>();
  return (text) => {
    if (!answers.has(text)) answers.set(text, ask(text));
    return answers.get(text) as T;
  };
}

function compileOrNull(pattern: string): RE2JS | null {
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch {
    return null;
  }
}
