import type { MatcherType } from '@timestream-prometheus/prom-codec';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { createMatcher, InvalidMatcherError } from '../../src/matcher/matcher.js';
import { matchesAll } from '../../src/matcher/match-all.js';
import { RegexBudget, RegexLimitError } from '../../src/matcher/regex-budget.js';
import { labelText, randomRegex } from '../support/random-regex.js';

const matcherOf = (type: MatcherType, value: string) => createMatcher({ type, name: 'a', value });

describe('createMatcher', () => {
  // prometheus 2.42 was asked each of these with series a=<none>, "x", "xx", "y\nz"; where Prometheus 3 differs (dot matches newline) its answer stands here.
  const values = ['', 'x', 'xx', 'y\nz'];
  it.each<[MatcherType, string, string[]]>([
    ['=', '', ['']],
    ['=~', '', ['']],
    ['!=', '', ['x', 'xx', 'y\nz']],
    ['!~', '', ['x', 'xx', 'y\nz']],
    ['=', 'x', ['x']],
    ['=~', 'x', ['x']],
    ['!=', 'x', ['', 'xx', 'y\nz']],
    ['!~', 'x', ['', 'xx', 'y\nz']],
    ['=~', '.*', ['', 'x', 'xx', 'y\nz']],
    ['!~', '.*', []],
    ['=~', '.+', ['x', 'xx', 'y\nz']],
    ['!~', '.+', ['']],
    ['=~', 'x?', ['', 'x']],
    ['=~', 'x|', ['', 'x']],
    ['=~', 'y.z', ['y\nz']],
    ['=~', '(?-s)y.z', []],
    ['=~', '^x$', ['x']],
    ['=~', '(?i)X+', ['x', 'xx']],
  ])('lets a%s%j through %j', (type, value, expected) => {
    const matcher = matcherOf(type, value);
    expect(values.filter((text) => matcher.matches(text))).toEqual(expected);
    expect(matcher.matchesEmpty).toBe(expected.includes(''));
  });

  it.each([
    ['(a', 'error parsing regexp: missing closing ): `(a`'],
    ['a)|(b', 'error parsing regexp: unexpected ): `a)|(b`'],
    ['*', 'error parsing regexp: missing argument to repetition operator: `*`'],
    ['a**', 'error parsing regexp: invalid nested repetition operator: `**`'],
    ['(?=a)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
    ['(a)\\1', 'error parsing regexp: invalid escape sequence: `\\1`'],
    ['a{1001}', 'error parsing regexp: invalid repeat count: `{1001}`'],
    ['(a{100}){100}', 'error parsing regexp: invalid repeat count: `{100}`'],
    ['\\p{Alphabetic}', 'error parsing regexp: invalid character class range: `\\p{Alphabetic}`'],
    ['[\\P{White_Space}]', 'error parsing regexp: invalid character class range: `\\P{White_Space}`'],
    ['(?P<a b>x)', 'error parsing regexp: invalid named capture: `(?P<a b>`'],
    ['(?P<n>?)', 'error parsing regexp: missing argument to repetition operator: `?`'],
    ['a\\', 'error parsing regexp: trailing backslash at end of expression: ``'],
    ['\\p{white-space}', 'error parsing regexp: invalid character class range: `\\p{white-space}`'],
    ['\\C', 'error parsing regexp: invalid escape sequence: `\\C`'],
    ['[[:foo:]]', 'error parsing regexp: invalid character class range: `[:foo:]`'],
  ])('refuses %s in the words of Go', (value, message) => {
    expect(() => matcherOf('=~', value)).toThrow(new InvalidMatcherError({ type: '=~', name: 'a', value }, message));
    expect(() => matcherOf('!~', value)).toThrow(InvalidMatcherError);
  });

  it.each([
    ['\\Qa.b\\E+', 'a.bb'],
    ['\\Qa|b', 'a|b'],
    ['(?P<n>a)(?P<n>b)', 'ab'],
    ['(?<n>a)', 'a'],
    ['(?P<n>)?(?P<n>a)', 'a'],
    ['[[:alpha:]]+', 'aZ'],
    ['[[:]a]+', ':a]'],
    ['\\p{greek}\\p{Uppercase Letter}\\p{^l}\\pn', 'αB 1'],
    ['\\p{old_persian}', '\u{103A0}'],
    ['\\pL\\p{Greek}', 'aα'],
    ['\\Aa\\z', 'a'],
    ['\\x{1F600}', '\u{1F600}'],
    ['a{,2}', 'a{,2}'],
    ['[a&&b]+', '&b'],
    ['(?i)straſſe', 'STRASSE'],
    ['(?U)a+', 'aa'],
    ['a{1000}', 'a'.repeat(1000)],
    ['.', '\u{1F600}'],
  ])('takes %s as Go does', (value, text) => {
    expect(matcherOf('=~', value).matches(text)).toBe(true);
    expect(matcherOf('!~', value).matches(text)).toBe(false);
  });

  it.each([
    ['a|b|a', ['a', 'b']],
    ['10\\.0\\.0\\.1:9|x', ['10.0.0.1:9', 'x']],
    ['(a|b)', ['a', 'b']],
    ['^(?:a|b)c?$', ['a', 'ac', 'b', 'bc']],
    ['x[12]{2}', ['x11', 'x12', 'x21', 'x22']],
    ['(?i)k', ['K', 'k', '\u212a']],
    ['(?i)s', ['S', 's', '\u017f']],
    ['a{0}', ['']],
    ['[^\\x00-\\x{10FFFF}]', []],
  ])('knows the finite set that %s matches', (value, literals) => {
    expect(matcherOf('=~', value).meaning).toEqual({ kind: 'in', values: literals });
    expect(matcherOf('!~', value).meaning).toEqual({ kind: 'not-in', values: literals });
  });

  it('takes a list of thousands of quoted values whole', () => {
    const hosts = Array.from({ length: 5000 }, (_, index) => `host-${index}.example.org:9100`);
    const matcher = matcherOf('=~', `(${hosts.map((host) => host.replaceAll('.', '\\.')).join('|')})`);
    expect(matcher.meaning).toEqual({ kind: 'in', values: hosts });
    expect(matcher.matches('host-4999.example.org:9100')).toBe(true);
    expect(matcher.matches('host-4999.example-org:9100')).toBe(false);
  });

  it('refuses an expression whose repetitions would be written out to millions', () => {
    expect(() => matcherOf('=~', '(.{1000})'.repeat(500))).toThrow(
      'a regular expression of 500001 characters with its repetitions written out',
    );
    expect(() => matcherOf('=~', '.'.repeat(70_000))).toThrow('70000 characters; the limit is 65536');
    expect(() => matcherOf('=~', '(?:[a-z]{0,1000})'.repeat(3))).toThrow('3000 repeated characters; the limit is 2000');
    expect(() => matcherOf('=~', 'a?'.repeat(2001))).toThrow('2001 repeated characters');
    // Each Unicode class has hundreds of ranges to compile.
    expect(() => matcherOf('=~', '\\pL'.repeat(1_300))).toThrow('10401 characters with its repetitions written out; the limit is 10240');
    // How large it is, nobody knows.
    expect(() => matcherOf('=~', `${'x'.repeat(1_100)})`)).toThrow('a regular expression of 1101 characters that is not understood');
    expect(matcherOf('=~', '(?i)é'.repeat(1_100)).matches('É'.repeat(1_100))).toBe(true);
    expect(matcherOf('=~', '[0-9a-f]{32}').matches('0'.repeat(32))).toBe(true);
    expect(matcherOf('=~', 'a.{0,1000}b').matches(`a${'x'.repeat(1000)}b`)).toBe(true);
  });

  it('refuses what is too much only for all expressions of a request together', () => {
    const budget = new RegexBudget();
    const matcher = { name: 'l', type: '=~', value: 'a.{0,950}.{0,950}b' } as const;
    for (let count = 0; count < 4; count += 1) createMatcher(matcher, budget);
    expect(() => createMatcher(matcher, budget)).toThrow(/9500 repeated characters together; the limit is 8000/);
    const large = new RegexBudget();
    const literal = { name: 'l', type: '=~', value: `${'x'.repeat(10_000)}.*` } as const;
    for (let count = 0; count < 2; count += 1) createMatcher(literal, large);
    expect(() => createMatcher(literal, large)).toThrow(/characters together, with their repetitions written out; the limit is 20480/);
  });

  it('stops matching when it has cost too much, whatever the number of values', () => {
    const costly = createMatcher({ name: 'l', type: '=~', value: 'x.{0,950}.{0,950}y' }, new RegexBudget());
    const values = Array.from({ length: 200 }, (_none, index) => `${index}${'z'.repeat(500)}`);
    expect(() => values.map((value) => costly.matches(value))).toThrow('use fewer repetitions, or narrow what is selected');
    const cheap = createMatcher({ name: 'l', type: '=~', value: '.*foo.*' }, new RegexBudget());
    expect(values.map((value) => cheap.matches(value))).toEqual(values.map(() => false));
  });

  it('refuses to match one value, or all values of one series, when that takes longer than a turn of an event loop may', () => {
    const limit = 'repeated characters times characters of the value; the limit is 1048576';
    const budget = new RegexBudget();
    const named = (name: string, value: string) => createMatcher({ name, type: '=~', value }, budget);
    const costly = named('a', 'x.{0,950}.{0,950}y');
    expect(costly.matches('z'.repeat(500))).toBe(false);
    expect(() => costly.matches('z'.repeat(600))).toThrow(`takes 1140000 steps, ${limit}`);
    // Over Unicode classes each step takes longer.
    expect(() => named('u', '(?:\\pL{0,50}){20}').matches('z'.repeat(400))).toThrow(`takes 1200000 steps, ${limit}`);
    const matchers = [named('m', 'up|down'), costly, named('b', 'x.{0,950}y')];
    const series = (values: Readonly<Record<string, string>>) => matchesAll(matchers, (name) => values[name]);
    expect(series({ m: 'up', a: `x${'z'.repeat(198)}y`, b: `x${'z'.repeat(198)}y` })).toBe(true);
    expect(series({ m: 'up', a: 'x'.repeat(200) })).toBe(false);
    const long = { m: 'up', a: 'z'.repeat(500), b: 'z'.repeat(500) };
    expect(() => series(long)).toThrow(
      `takes 1425000 steps, ${limit}. Most of them are for a=~"x.{0,950}.{0,950}y" and a value of 500 characters`,
    );
    // The same once more: what was matched before makes no difference.
    expect(() => series(long)).toThrow(RegexLimitError);
    // Who fails a matcher that costs nothing is not matched with the others.
    expect(series({ ...long, m: 'sideways' })).toBe(false);
  });

  it('answers as RE2 does for any pattern, whatever meaning it has found', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(randomRegex, fc.array(labelText, { minLength: 1, maxLength: 5 }), (value, texts) => {
        const oracle = compileOrNull(value);
        if (oracle === null) return;
        for (const type of ['=~', '!~'] as const) {
          const matcher = matcherOf(type, value);
          kinds.add(matcher.meaning.kind);
          for (const text of ['', ...texts, ...texts]) expect(matcher.matches(text)).toBe(oracle.test(text) === (type === '=~'));
        }
      }),
      { numRuns: 1500 },
    );
    expect([...kinds].sort()).toEqual(expect.arrayContaining(['in', 'not-in', 'regex']));
  }, 120_000);
});

/** Prometheus compiles `^(?s:re)$`, after parsing `re` alone. */
function compileOrNull(pattern: string): RE2JS | null {
  try {
    RE2JS.compile(pattern);
    return RE2JS.compile(`^(?s:${pattern})$`);
  } catch {
    return null;
  }
}
