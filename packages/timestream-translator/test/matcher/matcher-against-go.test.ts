import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createMatcher, InvalidMatcherError } from '../../src/matcher/matcher.js';
import { labelText, randomRegex, regexDebris } from '../support/random-regex.js';

// Before 1.25 Go knew fewer names in \p{name}.
const go = spawnSync('go', ['version'], { encoding: 'utf8' });
const minor = Number(/go1\.(\d+)/.exec(go.stdout)?.[1] ?? 0);
const isMissing = go.error !== undefined || minor < 25;
const required = process.env['REQUIRE_GO'] === '1';
if (isMissing && !required)
  process.stderr.write('\n*** SKIPPED: no go 1.25 or later here, so matchers are not compared with Go’s regexp ***\n\n');

it.skipIf(isMissing && !required)(
  'a matcher takes the patterns that Go takes, refuses those that Go refuses, and matches what Go matches',
  () => {
    expect(isMissing, 'REQUIRE_GO=1, but there is no go 1.25 or later').toBe(false);
    const seed = Number(process.env['GO_TEST_SEED'] ?? Date.now() % 1_000_000);
    const cases = fc.sample(
      fc.record({ pattern: fc.oneof(randomRegex, regexDebris), texts: fc.array(labelText, { minLength: 3, maxLength: 6 }) }),
      { numRuns: 4000, seed },
    );
    const run = spawnSync('go', ['run', fileURLToPath(new URL('go/match-cases.go', import.meta.url))], {
      input: cases.map((question) => JSON.stringify(question)).join('\n'),
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    expect(run.stderr).toBe('');
    const answers = run.stdout.trimEnd().split('\n');
    expect(answers).toHaveLength(cases.length);
    const wrong = cases.flatMap(({ pattern, texts }, index) => {
      const ours = JSON.stringify(answersOf(pattern, texts));
      return ours === answers[index] ? [] : [{ pattern, texts, ours, go: answers[index] }];
    });
    expect(wrong, `seed ${seed}`).toEqual([]);
    // Both kinds of answer must have been compared.
    expect(answers.filter((answer) => answer === 'null').length).toBeGreaterThan(cases.length / 10);
    expect(answers.filter((answer) => answer.includes('true')).length).toBeGreaterThan(cases.length / 20);
  },
  300_000,
);

function answersOf(pattern: string, texts: readonly string[]): readonly boolean[] | null {
  try {
    const matcher = createMatcher({ type: '=~', name: 'a', value: pattern });
    return texts.map((text) => matcher.matches(text));
  } catch (error) {
    if (error instanceof InvalidMatcherError) return null;
    throw error;
  }
}
