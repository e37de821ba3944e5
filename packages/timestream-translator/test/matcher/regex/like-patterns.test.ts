import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { likeEstimateOf } from '../../../src/matcher/regex/like-patterns.js';
import { parseRegex } from '../../../src/matcher/regex/parse-regex.js';
import { stripOuterAnchors } from '../../../src/matcher/regex/regex-node.js';
import { evaluatePredicate } from '../../support/evaluate-predicate.js';
import { labelText, randomRegex } from '../../support/random-regex.js';

const estimateOf = (pattern: string) => {
  const parsed = parseRegex(pattern);
  return parsed === null ? null : likeEstimateOf(stripOuterAnchors(parsed.root));
};

describe('likeEstimateOf', () => {
  it.each([
    ['foo.*', [['foo', '']], true],
    ['.*foo.*bar', [['', 'foo', 'bar']], true],
    ['foo.+', [['foo', '']], false],
    [
      '(a|b).*',
      [
        ['a', ''],
        ['b', ''],
      ],
      true,
    ],
    ['a[0-9]{2}b.*|c', [['a', 'b', ''], ['c']], false],
    [
      'x(1|2|3|4|5|6|7|8|9|a|b|c|d|e|f|g|h)(1|2)y.*',
      [
        ['x', '1y', ''],
        ['x', '2y', ''],
      ],
      false,
    ],
    ['[^x]*', [['', '']], false],
    ['(?-s)a.*', [['a', '']], false],
    ['\\ba.*', [['a', '']], false],
  ])('sees in %s its literal parts', (pattern, patterns, exact) => {
    expect(estimateOf(pattern)).toEqual({ patterns, exact });
  });

  it('lets every text through that RE2 matches, and no other when it says exact', () => {
    let cases = 0;
    let exactPatterns = 0;
    fc.assert(
      fc.property(randomRegex, fc.array(labelText, { minLength: 1, maxLength: 8 }), (pattern, texts) => {
        cases++;
        const oracle = compileOrNull(pattern);
        const estimate = oracle === null ? null : estimateOf(pattern);
        if (oracle === null || estimate === null) return;
        if (estimate.exact) exactPatterns++;
        for (const text of texts) {
          const row = { columns: new Map([['a', text]]), timeNs: 0n };
          const fits = estimate.patterns.some((like) =>
            evaluatePredicate({ kind: 'like', column: 'a', pattern: like, negated: false }, row),
          );
          if (oracle.testExact(text)) expect(fits).toBe(true);
          else if (estimate.exact) expect(fits).toBe(false);
        }
      }),
      { numRuns: 2000 },
    );
    expect(exactPatterns).toBeGreaterThan(cases / 20);
  }, 120_000);
});

function compileOrNull(pattern: string): RE2JS | null {
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch {
    return null;
  }
}
