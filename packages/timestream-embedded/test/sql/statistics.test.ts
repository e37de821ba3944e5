import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askPython, isPythonPresent } from './python/python-oracle.js';
import { createSqlFixture, epochNs, type SqlFixture } from './sql-fixture.js';

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
    const answers = askPython<number[]>(
      'statistics_of_pairs.py',
      samples.map((pairs) => [pairs.map(([x]) => x), pairs.map(([, y]) => y)]),
    );
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
