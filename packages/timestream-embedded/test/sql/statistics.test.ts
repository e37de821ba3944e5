import fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSqlFixture, epochNs, type SqlFixture } from './sql-fixture.js';

/** Python's own statistics, for the tests that compare with it. With REQUIRE_PYTHON=1 its absence is a failure. */
function isPythonPresent(): boolean {
  if (spawnSync('python3', ['-c', 'import statistics; statistics.correlation']).status === 0) return true;
  if (process.env['REQUIRE_PYTHON'] === '1') throw new Error('REQUIRE_PYTHON=1, but there is no python3 of version 3.10 or later');
  process.stderr.write('\n*** No python3 with statistics.correlation: the comparison of statistics is SKIPPED. ***\n\n');
  return false;
}

const program = `
import json, math, statistics as st, sys
answers = []
for xs, ys in json.load(sys.stdin):
    n = len(xs)
    mean = math.fsum(xs) / n
    m2 = math.fsum((x - mean) ** 2 for x in xs)
    m3 = math.fsum((x - mean) ** 3 for x in xs)
    slope, intercept = st.linear_regression(xs, ys)
    ordered = sorted(xs)
    answers.append([st.geometric_mean([abs(x) + 1 for x in xs]), math.sqrt(n) * m3 / m2 ** 1.5, st.stdev(xs), st.pstdev(xs), st.variance(xs), st.pvariance(xs),
        st.correlation(xs, ys), st.covariance(xs, ys), st.covariance(xs, ys) * (n - 1) / n, slope, intercept,
        ordered[max(1, math.ceil(0.9 * n)) - 1], ordered[max(1, math.ceil(0.25 * n)) - 1]])
json.dump(answers, sys.stdout)
`;

let fixture: SqlFixture;
const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);
const value = fc.integer({ min: -100_000, max: 100_000 }).map((whole) => whole / 64);
const samples = fc.sample(
  fc
    .array(fc.tuple(value, value), { minLength: 4, maxLength: 60 })
    .filter((pairs) => new Set(pairs.map(([x]) => x)).size > 2 && new Set(pairs.map(([, y]) => y)).size > 2),
  { numRuns: 60, seed },
);

beforeAll(async () => {
  const records = samples.flatMap((pairs, group) =>
    pairs.map(([x, y], index) => ({
      measureName: 'm',
      dimensions: { group: `g${String(group).padStart(3, '0')}` },
      timeNs: epochNs + BigInt(index),
      measures: { x, y },
    })),
  );
  fixture = await createSqlFixture({ db: { t: { records } } });
}, 60_000);
afterAll(() => fixture.close());

describe.skipIf(!isPythonPresent())('statistics beside Python', { timeout: 60_000 }, () => {
  test(`come out the same (seed ${seed})`, async () => {
    const columns = [
      'geometric_mean(abs(x) + 1)',
      'skewness(x)',
      'stddev(x)',
      'stddev_pop(x)',
      'variance(x)',
      'var_pop(x)',
      'corr(y, x)',
      'covar_samp(y, x)',
      'covar_pop(y, x)',
      'regr_slope(y, x)',
      'regr_intercept(y, x)',
      'approx_percentile(x, 0.9)',
      'approx_percentile(x, 0.25)',
    ];
    const rows = await fixture.rows(`SELECT "group", ${columns.join(', ')} FROM db.t GROUP BY "group" ORDER BY "group"`);
    const input = JSON.stringify(samples.map((pairs) => [pairs.map(([x]) => x), pairs.map(([, y]) => y)]));
    const { stdout, status, stderr } = spawnSync('python3', ['-c', program], { input, encoding: 'utf8', maxBuffer: 1 << 26 });
    if (status !== 0) throw new Error(stderr);
    const answers = JSON.parse(stdout) as number[][];
    expect(rows.length).toBe(samples.length);
    for (const [group, row] of rows.entries()) {
      for (const [index, column] of columns.entries()) {
        const theirs = answers[group]?.[index] ?? Number.NaN;
        const ours = Number(row[index + 1]);
        // The order of additions is not the same; percentiles are values of the data and exact.
        const tolerance = column.startsWith('approx') ? 0 : 1e-9 * Math.max(1, Math.abs(theirs));
        expect(Math.abs(ours - theirs), `${column} of group ${group}: ${ours}, Python ${theirs}`).toBeLessThanOrEqual(tolerance);
      }
    }
  });
});
