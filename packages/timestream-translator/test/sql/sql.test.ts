import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { printPredicate } from '../../src/sql/predicate.js';
import { identifier, literal } from '../../src/sql/sql.js';

const sources = new URL('../../src/', import.meta.url);

describe('identifier and literal', () => {
  it('double the quote that would end them, and leave a backslash alone', () => {
    expect(identifier('a"b\'\\')).toBe(`"a""b'\\"`);
    expect(literal(`x' OR '1'='1" \\`)).toBe(`'x'' OR ''1''=''1" \\'`);
  });

  it.each(['a\u0000', '\ud800', 'a\udc00b'])('refuse %j, which no query can carry', (text) => {
    expect(() => literal(text)).toThrow(RangeError);
    expect(() => identifier(text)).toThrow(RangeError);
  });

  it('are the only code that writes a quote into SQL', () => {
    const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.ts') && name !== 'sql/sql.ts',
    );
    expect(files).toContain('sql/predicate.ts');
    const offences = files.flatMap((name) => {
      const text = readFileSync(new URL(name, sources), 'utf8').replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
      return [...text.matchAll(/`(?:[^`\\]|\\.)*`|'(?:[^'\\\n]|\\.)*'/g)]
        .map(([template]) => template.slice(1, -1).replace(/\$\{[^}]*\}/g, ''))
        .filter((template) =>
          /\b(?:SELECT|FROM|WHERE|AND|OR|LIKE|ESCAPE|IN|IS|NULL|GROUP|count|from_milliseconds|regexp_like)\b/.test(template),
        )
        .filter((template) => /['"]/.test(template))
        .map((template) => `${name}: ${template}`);
    });
    expect(offences).toEqual([]);
  });
});

describe('printPredicate', () => {
  it('keeps a value a value, whatever it contains', () => {
    const value = `x' OR '1'='1`;
    expect(printPredicate({ kind: 'in', column: 'a"; --', values: [value, '%'], negated: true })).toBe(
      `"a""; --" NOT IN ('x'' OR ''1''=''1', '%')`,
    );
    expect(printPredicate({ kind: 'like', column: 'a', pattern: [`50%_'\\`, ''], negated: false })).toBe(
      `"a" LIKE '50\\%\\_''\\\\%' ESCAPE '\\'`,
    );
    expect(printPredicate({ kind: 'regexp', column: 'a', pattern: `'\\z`, negated: true })).toBe(`NOT regexp_like("a", '''\\z')`);
  });

  it('puts parentheses where AND stands in OR, and OR in AND', () => {
    const a = { kind: 'null', column: 'a', negated: false } as const;
    const b = { kind: 'null', column: 'b', negated: true } as const;
    expect(printPredicate({ kind: 'all', of: [a, { kind: 'any', of: [b, { kind: 'all', of: [a, b] }] }] })).toBe(
      '"a" IS NULL AND ("b" IS NOT NULL OR ("a" IS NULL AND "b" IS NOT NULL))',
    );
  });
});
