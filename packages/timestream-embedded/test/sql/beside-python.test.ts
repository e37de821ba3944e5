import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askPython, isPythonPresent } from './python/python-oracle.js';
import { createSqlFixture, type SqlFixture } from './sql-fixture.js';

/** Each function in SQL, and what it is in Python: over texts a, b, c (b is one character, c as long as a), whole numbers n and m, a double x, and arrays p and q. */
const pairs: readonly (readonly [sql: string, python: string])[] = [
  ['length({a})', 'len(a)'],
  ['reverse({a})', 'a[::-1]'],
  ['concat({a}, {c})', 'a + c'],
  ['substr({a}, {m})', "a[m - 1:] if m > 0 else a[m:] if m < 0 and -m <= len(a) else ''"],
  ['substr({a}, {m}, 2)', "a[m - 1:m + 1] if m > 0 else (a[m:] if m < 0 and -m <= len(a) else '')[:2]"],
  ['strpos({a}, {b})', 'a.find(b) + 1'],
  ['strrpos({a}, {b})', 'a.rfind(b) + 1'],
  ["replace({a}, {b}, 'xy')", "a.replace(b, 'xy')"],
  ['replace({a}, {b})', "a.replace(b, '')"],
  ['trim({a})', "a.strip(' ')"],
  ['ltrim({a})', "a.lstrip(' ')"],
  ['rtrim({a})', "a.rstrip(' ')"],
  ["lpad({a}, 5, 'xy')", "('xyxyx' [:max(0, 5 - len(a))] + a)[:5]"],
  ["rpad({a}, 5, 'xy')", "(a + 'xyxyx')[:5]"],
  ["array_join(split({a}, {b}), '|')", "'|'.join(a.split(b))"],
  ['cardinality(split({a}, {b}))', 'len(a.split(b))'],
  ['split_part({a}, {b}, 2)', '(a.split(b) + [None, None])[1]'],
  ['levenshtein_distance({a}, {c})', 'levenshtein(a, c)'],
  ['hamming_distance({a}, {c})', 'sum(s != t for s, t in zip(a, c))'],
  ['codepoint({b})', 'ord(b)'],
  ['chr(codepoint({b}))', 'b'],
  ['to_base({n}, 7)', 'to_base(n, 7)'],
  ['from_base(to_base({n}, 16), 16)', 'n'],
  ['bit_count({n}, 64)', "bin(n % 2 ** 64).count('1')"],
  ['bitwise_and({n}, {m})', 'n & m'],
  ['bitwise_or({n}, {m})', 'n | m'],
  ['bitwise_xor({n}, {m})', 'n ^ m'],
  ['bitwise_not({n})', '~n'],
  ['mod({n}, 7)', 'int(math.fmod(n, 7))'],
  ['abs({n})', 'abs(n)'],
  ['sign({n})', '(n > 0) - (n < 0)'],
  ['greatest({n}, {m})', 'max(n, m)'],
  ['least({n}, {m})', 'min(n, m)'],
  ['ceil({x})', 'float(math.ceil(x))'],
  ['floor({x})', 'float(math.floor(x))'],
  ['round({x}, 1)', 'rounded(x, 1, decimal.ROUND_HALF_UP)'],
  ['round({x})', 'rounded(x, 0, decimal.ROUND_HALF_UP)'],
  ['truncate({x}, 1)', 'rounded(x, 1, decimal.ROUND_DOWN)'],
  ['truncate({x})', 'rounded(x, 0, decimal.ROUND_DOWN)'],
  ['mod({x}, 2.5)', 'math.fmod(x, 2.5)'],
  ['sqrt(abs({x}))', 'math.sqrt(abs(x))'],
  ['exp({x} / 100)', 'math.exp(x / 100)'],
  ['ln(abs({x}) + 1)', 'math.log(abs(x) + 1)'],
  ['log10(abs({x}) + 1)', 'math.log10(abs(x) + 1)'],
  ['power({x}, 3)', 'x ** 3'],
  ['sin({x})', 'math.sin(x)'],
  ['atan2({x}, 2.0)', 'math.atan2(x, 2.0)'],
  ['degrees({x})', 'math.degrees(x)'],
  ["array_join(array_sort({p}), ',')", "','.join(sorted(p))"],
  ["array_join(array_sort(array_distinct({p})), ',')", "','.join(sorted(set(p)))"],
  ["array_join(array_sort(array_union({p}, {q})), ',')", "','.join(sorted(set(p) | set(q)))"],
  ["array_join(array_sort(array_intersect({p}, {q})), ',')", "','.join(sorted(set(p) & set(q)))"],
  ["array_join(array_sort(array_except({p}, {q})), ',')", "','.join(sorted(set(p) - set(q)))"],
  ['arrays_overlap({p}, {q})', "'true' if set(p) & set(q) else 'false'"],
  ["array_join(array_remove({p}, 'k'), ',')", "','.join(e for e in p if e != 'k')"],
  ["array_position({p}, 'k')", "p.index('k') + 1 if 'k' in p else 0"],
  ["array_join(reverse({p}), ',')", "','.join(p[::-1])"],
  ["array_join(concat({p}, {q}), ',')", "','.join(p + q)"],
  ["array_join(slice({p}, 2, 2), ',')", "','.join(p[1:3])"],
  ['element_at({p}, 2)', '(p + [None, None])[1]'],
  ['element_at({p}, -1)', 'p[-1]'],
  ['array_max({p})', 'max(p)'],
  ['array_min({p})', 'min(p)'],
  ["array_join(repeat({b}, 3), '')", 'b * 3'],
  ['reduce(sequence(1, abs({m})), CAST(0 AS BIGINT), (s, e) -> s + e, s -> s)', 'sum(range(1, abs(m) + 1)) if m else 1'],
  ["array_join(transform({p}, e -> concat(e, 'z')), ',')", "','.join(e + 'z' for e in p)"],
  ["array_join(filter({p}, e -> e <> 'k'), ',')", "','.join(e for e in p if e != 'k')"],
];

const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env['CASES'] ?? 25);
const character = fc.constantFrom('a', 'b', ' ', ',', 'é', '😀', "'");
const text = (length: number): fc.Arbitrary<string> =>
  fc.array(character, { minLength: length, maxLength: length }).map((all) => all.join(''));
const words = fc.array(fc.constantFrom('k', 'l', 'm', 'n', 'o'), { minLength: 1, maxLength: 6 });
const samples = fc.sample(
  fc.integer({ min: 1, max: 7 }).chain((length) =>
    fc.record({
      a: text(length),
      b: character,
      c: text(length),
      n: fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }),
      m: fc.integer({ min: -9, max: 9 }),
      x: fc.integer({ min: -100_000, max: 100_000 }).map((whole) => whole / 128),
      p: words,
      q: words,
    }),
  ),
  { numRuns, seed },
);

function literal(value: string | number | readonly string[], name: string): string {
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  if (typeof value === 'number') return name === 'x' ? `(DOUBLE '${value}')` : `(${value})`;
  return `ARRAY[${value.map((each) => `'${each}'`).join(', ')}]`;
}

let fixture: SqlFixture;
beforeAll(async () => {
  fixture = await createSqlFixture({ db: { t: { records: [] } } });
});
afterAll(() => fixture.close());

describe.skipIf(!isPythonPresent())('texts, arrays and numbers beside Python', { timeout: 120_000 }, () => {
  test(`come out the same (FC_SEED=${seed} CASES=${numRuns})`, async () => {
    const expressionsOfPython = pairs.map(([, python]) => python);
    const answers = askPython<(string | number | null)[]>(
      'expressions.py',
      samples.map((given) => ({ expressions: expressionsOfPython, given })),
    );
    const wrong: string[] = [];
    for (const [index, sample] of samples.entries()) {
      const expressions = pairs.map(([sql]) => sql.replace(/\{(\w)\}/g, (_, name: keyof typeof sample) => literal(sample[name], name)));
      const [row = []] = await fixture.rows(`SELECT ${expressions.join(', ')}`);
      for (const [column, expression] of expressions.entries()) {
        const theirs = answers[index]?.[column] ?? null;
        const ours = row[column] ?? null;
        const isSame =
          typeof theirs === 'number' && !Number.isInteger(theirs)
            ? Math.abs(Number(ours) - theirs) <= 1e-12 * Math.max(1, Math.abs(theirs))
            : typeof theirs === 'number'
              ? Number(ours) === theirs
              : ours === theirs;
        if (!isSame) wrong.push(`${expression}: ${JSON.stringify(ours)}, Python ${JSON.stringify(theirs)}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
