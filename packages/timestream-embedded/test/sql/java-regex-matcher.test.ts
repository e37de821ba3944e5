import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JavaRegexMatcher } from '../../src/sql/java-pattern/java-regex-matcher.js';
import { parseJavaRegex } from '../../src/sql/java-pattern/java-regex-parser.js';
import { PatternError } from '../../src/sql/java-pattern/pattern-node.js';
import { regexCallbacks } from '../../src/sql/callbacks/regex-callbacks.js';
import { textCallbacks } from '../../src/sql/callbacks/text-callbacks.js';
import { askJava, base64, isJavaPresent } from './java/java-oracle.js';
import { pattern, text } from './java/pattern-arbitrary.js';

const textOf = (value: unknown): string => {
  if (typeof value !== 'string') throw new Error('a text');
  return value;
};

function matcherOf(pattern: string): JavaRegexMatcher | string {
  try {
    return new JavaRegexMatcher(parseJavaRegex(pattern));
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
}

describe('a pattern that the matcher does not follow is refused', () => {
  test.each([
    ['\\Ga', /\\G is not supported/],
    ['\\X', /\\X is not supported/],
    ['(?U)\\w', /flag 'U'/],
    ['(?u)ä', /flag 'u'/],
    ['\\p{InGreek}', /Unicode property 'InGreek'/],
    ['\\p{javaLowerCase}', /Unicode property/],
    ['(?i)\\p{Lu}', /with \(\?i\)/],
    ['[^a[b]]', /Java versions disagree/],
    ['[^a&&b]', /Java versions disagree/],
    ['(?<=a+)b', /maximum length/],
    ['(a\\1)', /inside that group/],
    ['\\2(a)', /no group 2/],
    ['(?<n>a)(?<n>b)', /two groups/],
    ['(a', /never ends/],
    ['a)', /unmatched/],
    ['a**', /quantifier after a quantifier/],
    ['[a', /never ends/],
  ])('%s', (pattern, reason) => {
    expect(matcherOf(pattern)).toMatch(reason);
  });
});

describe('the matcher', () => {
  test.each(['(((é)){2}|x)', '(?:(a)b){2}|c', '(?:(a)|b)+', '((a)?){3}'])(
    'knows that what the groups of %s hold depends on how Java compiles it',
    (pattern) => {
      expect(matcherOf(pattern)).toMatchObject({ hasUncertainGroups: true });
    },
  );

  test.each(['(é){2}|x', '((a)b)?c', '((a)(b))', '(?:ab){2}(c)'])('knows what the groups of %s hold', (pattern) => {
    expect(matcherOf(pattern)).toMatchObject({ hasUncertainGroups: false });
  });

  test('gives up on a pattern that backtracks without end, and says so', () => {
    const matcher = matcherOf('(a+)+$');
    if (typeof matcher === 'string') throw new Error(matcher);
    expect(() => matcher.find(`${'a'.repeat(40)}b`, 0)).toThrow(/too many steps/);
  });

  test('refuses to decide a boundary beside a letter outside ASCII', () => {
    const matcher = matcherOf('\\bé');
    if (typeof matcher === 'string') throw new Error(matcher);
    expect(() => matcher.find('é', 0)).toThrow(/Java versions disagree/);
    expect(matcher.find('- -', 0)).toBeUndefined();
  });
});

/**
 * Java also matches in the middle of a character beyond 16 bits, which is no place in a text of Timestream's (UTF-8): such an empty match is
 * left out, and an answer with half a character is none.
 */
function withoutHalves(answer: string, searched: string, groupCount: number, kept: number): string | undefined {
  const numbers = answer.split(' ').slice(1);
  const width = 2 * (groupCount + 1);
  const places = ['m'];
  for (let at = 0; at < numbers.length; at += width) {
    const start = Number(numbers[at]);
    const isHalf = /^[\udc00-\udfff]$/.test(searched.charAt(start));
    if (isHalf && numbers[at] !== numbers[at + 1]) return undefined;
    if (!isHalf) places.push(...numbers.slice(at, at + kept));
  }
  return places.join(' ');
}

describe.skipIf(!isJavaPresent())('beside real Java', { timeout: 120_000 }, () => {
  const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);

  test(`matches and groups are where Java finds them (seed ${seed})`, () => {
    const pairs = fc.sample(fc.tuple(pattern, text), { numRuns: 6_000, seed });
    const answers = askJava(pairs.map(([p, t]) => `matches ${base64(p)} ${base64(t)}`));
    const wrong: string[] = [];
    let compared = 0;
    for (const [index, [p, t]] of pairs.entries()) {
      const matcher = matcherOf(p);
      const answer = answers[index] ?? '';
      if (typeof matcher === 'string') continue;
      if (answer === 'invalid') {
        wrong.push(`${JSON.stringify(p)} is no pattern in Java`);
        continue;
      }
      try {
        // Where its groups are uncertain only the whole match is compared.
        const width = matcher.hasUncertainGroups ? 2 : 2 * (matcher.groupCount + 1);
        const ours = ['m', ...Array.from(matcher.findAll(t)).flatMap((match) => Array.from(match).slice(0, width))].join(' ');
        const theirs = withoutHalves(answer, t, matcher.groupCount, width);
        if (theirs === undefined) continue;
        compared += 1;
        if (ours !== theirs) wrong.push(`${JSON.stringify(p)} on ${JSON.stringify(t)}: ours ${ours}, Java ${answer}`);
      } catch (error) {
        if (!(error instanceof PatternError)) throw error;
      }
    }
    expect(wrong.slice(0, 20)).toEqual([]);
    expect(compared / pairs.length).toBeGreaterThan(0.41);
  });

  test('a repeated line break gives back half of \\r\\n where Java gives it back', () => {
    const items = [
      '\\R',
      '(?:\\R)',
      '(\\R)',
      '(?:\\R\\n)',
      '(?:\\R|a)',
      '(?:\\Ra?)',
      '(?:a*\\R)',
      '(?:(?>\\R)b*)',
      '(?:(?>\\R)b{2})',
      '(?:\\R{2})',
      '(?:(?:\\R){2}a?)',
      '(?:\\R{1,2})',
      '(?:(\\R)?)',
    ];
    const counts = ['', '?', '??', '*', '+', '+?', '{2}', '{1,2}', '{0,1}', '{2}?', '{1,2}?', '{2}+', '?+'];
    const patterns = items.flatMap((item) => counts.flatMap((count) => ['', '\\n', '$', 'a'].map((end) => `${item}${count}${end}`)));
    const texts = ['\r\n', '\r\n\n', '\r\n\r\n', '\n\r\n', '\ra\n', '\r\na\r\na', '\r\r\n'];
    const nested = items.flatMap((item) =>
      ['{2}', '{1,2}', '+', '?'].flatMap((inner) => ['{2}', '{1,2}', '?', '*'].map((outer) => `(?:${item}${inner})${outer}a?`)),
    );
    const asked = [...patterns, ...nested].flatMap((each) => texts.map((on) => [each, on] as const));
    const answers = askJava(asked.map(([p, t]) => `matches ${base64(p)} ${base64(t)}`));
    const wrong = asked.flatMap(([p, t], index) => {
      const matcher = matcherOf(p);
      const answer = answers[index] ?? '';
      if (typeof matcher === 'string') return [`${p}: ${matcher}`];
      const all = Array.from(matcher.findAll(t)).map((match) => Array.from(match).slice(0, 2).join(' '));
      const width = 2 * (matcher.groupCount + 1);
      const numbers = answer.split(' ').slice(1);
      const theirs = Array.from({ length: numbers.length / width }, (_, at) => numbers.slice(at * width, at * width + 2).join(' '));
      return all.join() === theirs.join() ? [] : [`${p} on ${JSON.stringify(t)}: ours ${all.join()}, Java ${theirs.join()}`];
    });
    expect(wrong.slice(0, 30)).toEqual([]);
  });

  test(`replacements come out as Java's (seed ${seed})`, () => {
    const replaceAll = regexCallbacks.find(({ name }) => name === 'ts_regexp_replace')?.call;
    const replacement = fc
      .array(fc.constantFrom('x', '$1', '$0', '$2', '\\$', '\\\\', '$12', '-'), { maxLength: 4 })
      .map((parts) => parts.join(''));
    const triples = fc.sample(
      fc.tuple(
        pattern,
        text.map((each) => each.replaceAll('😀', 'x')),
        replacement,
      ),
      { numRuns: 2_000, seed },
    );
    const answers = askJava(triples.map((parts) => `replace ${parts.map(base64).join(' ')}`));
    const wrong: string[] = [];
    for (const [index, [p, t, r]] of triples.entries()) {
      if (typeof matcherOf(p) === 'string') continue;
      let ours: string;
      try {
        ours = `=${base64(textOf(replaceAll?.([t, p, r])))}`;
      } catch (error) {
        if (error instanceof PatternError) continue;
        ours = 'error';
      }
      // A replacement that is wrong fails here also where nothing matches; Java looks at it only when something does.
      if (ours !== 'error' && ours !== answers[index])
        wrong.push(`${JSON.stringify([p, t, r])}: ours ${ours}, Java ${answers[index] ?? ''}`);
    }
    expect(wrong.slice(0, 20)).toEqual([]);
  });

  test('every code point changes its case as in Java', () => {
    const codePoints = Array.from({ length: 0x20000 }, (_, index) => index).filter((codePoint) => codePoint < 0xd800 || codePoint > 0xdfff);
    const wrong: string[] = [];
    for (const name of ['upper', 'lower']) {
      const call = textCallbacks.find((each) => each.name === `ts_${name}`)?.call;
      const answers = askJava(codePoints.map((codePoint) => `${name} ${codePoint.toString(16)}`));
      for (const [index, codePoint] of codePoints.entries()) {
        const answer = answers[index] ?? '';
        const ours =
          textOf(call?.([String.fromCodePoint(codePoint)]))
            .codePointAt(0)
            ?.toString(16) ?? '';
        // A case that came with a later version of Unicode than this Java has is a difference of versions.
        const isNewer = Number.parseInt(answer, 16) === codePoint && ours !== answer;
        if (answer !== 'undefined' && ours !== answer && !isNewer)
          wrong.push(`${name} ${codePoint.toString(16)}: ours ${ours}, Java ${answer}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
