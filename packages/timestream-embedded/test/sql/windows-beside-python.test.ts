import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { timestampText } from '../../src/sql/values/time-text.js';
import { askPython, isPythonPresent } from './python/python-oracle.js';
import { createSqlFixture, epochNs, type SqlFixture } from './sql-fixture.js';

const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env['CASES'] ?? 30);

/** Seconds since the first moment, as often as not equal to another's; one and a half of a second, so that fractions count. */
const stepNs = 1_500_000_000;
const row = fc.record({
  g: fc.constantFrom('a', 'b'),
  t: fc.option(fc.integer({ min: 0, max: 12 }), { freq: 6 }),
  k: fc.option(fc.integer({ min: -5, max: 5 }), { freq: 6 }),
  v: fc.option(fc.integer({ min: -100, max: 100 }), { freq: 2 }),
});
const cases = fc.sample(
  fc.record({
    rows: fc.array(row, { minLength: 1, maxLength: 16 }).map((rows) => rows.map((each, id) => ({ ...each, id }))),
    n: fc.integer({ min: 1, max: 5 }),
    offset: fc.integer({ min: 0, max: 4 }),
    before: fc.integer({ min: 0, max: 4 }),
    after: fc.integer({ min: 0, max: 4 }),
    span: fc.integer({ min: 0, max: 6 }),
    back: fc.integer({ min: 0, max: 6 }),
    descending: fc.boolean(),
    nullsFirst: fc.boolean(),
  }),
  { numRuns, seed },
);

let fixture: SqlFixture;
beforeAll(async () => {
  fixture = await createSqlFixture({ db: { t: { records: [] } } });
});
afterAll(() => fixture.close());

const nullable = (value: number | null, type: string, text = String(value)): string =>
  value === null ? `CAST(NULL AS ${type})` : `CAST(${text} AS ${type})`;

type Case = (typeof cases)[number];

/** The calls in the order in which the Python program answers them. */
function callsOf({ n, offset, before, after, span, back, descending, nullsFirst }: Case): string[] {
  const order = `${descending ? 'DESC' : 'ASC'} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`;
  const byTime = `PARTITION BY g ORDER BY t ${order}`;
  const inOrder = `${byTime}, id`;
  const rows = `OVER (${inOrder} ROWS BETWEEN ${before} PRECEDING AND ${after} FOLLOWING)`;
  const ms = (steps: number): string => `${(steps * stepNs) / 1_000_000}ms`;
  const range = `OVER (${byTime} RANGE BETWEEN ${ms(span)} PRECEDING AND ${ms(back)} FOLLOWING)`;
  // The same interval as a literal of seconds where it is one.
  const seconds = (span * stepNs) / 1_000_000_000;
  const asInterval = Number.isInteger(seconds)
    ? `OVER (${byTime} RANGE BETWEEN INTERVAL '${seconds}' SECOND PRECEDING AND ${ms(back)} FOLLOWING)`
    : range;
  const numbers = 'OVER (PARTITION BY g ORDER BY k RANGE BETWEEN 3 PRECEDING AND 2 FOLLOWING)';
  return [
    `row_number() OVER (${inOrder})`,
    `rank() OVER (${byTime})`,
    `dense_rank() OVER (${byTime})`,
    `percent_rank() OVER (${byTime})`,
    `cume_dist() OVER (${byTime})`,
    `ntile(${n}) OVER (${inOrder})`,
    `first_value(v) ${rows}`,
    `last_value(v) ${rows}`,
    `first_value(v) IGNORE NULLS ${rows}`,
    `last_value(v) IGNORE NULLS ${rows}`,
    `last_value(v) IGNORE NULLS OVER (${inOrder})`,
    `nth_value(v, ${n}) ${rows}`,
    `nth_value(v, ${n}) IGNORE NULLS ${rows}`,
    `lead(v, ${offset}) OVER (${inOrder})`,
    `lag(v, ${offset}, -1) OVER (${inOrder})`,
    `lead(v, ${offset}) IGNORE NULLS OVER (${inOrder})`,
    `lag(v, ${offset}, -1) IGNORE NULLS OVER (${inOrder})`,
    `sum(v) ${rows}`,
    `count(v) ${rows}`,
    `max(v) ${rows}`,
    `sum(v) ${range}`,
    `count(v) ${asInterval}`,
    `min(v) ${range}`,
    `sum(v) ${numbers}`,
    `count(v) ${numbers}`,
    `count(*) ${range}`,
  ];
}

describe.skipIf(!isPythonPresent())('window functions beside Python', { timeout: 120_000 + numRuns * 500 }, () => {
  test(`come out the same in every row (FC_SEED=${seed} CASES=${numRuns})`, async () => {
    const answers = askPython<Readonly<Record<string, readonly (number | null)[]>>>(
      'window_functions.py',
      cases.map(({ rows, span, back, ...rest }) => ({
        ...rest,
        spanNs: span * stepNs,
        backNs: back * stepNs,
        rows: rows.map((each) => ({ ...each, t: each.t === null ? null : each.t * stepNs })),
      })),
    );
    const wrong: string[] = [];
    for (const [index, each] of cases.entries()) {
      const values = each.rows
        .map(({ id, g, t, k, v }) => {
          const time = `'${timestampText(epochNs + BigInt(t ?? 0) * BigInt(stepNs))}'`;
          return `(${id}, '${g}', ${nullable(t, 'TIMESTAMP', time)}, ${nullable(k, 'BIGINT')}, ${nullable(v, 'BIGINT')})`;
        })
        .join(', ');
      const calls = callsOf(each);
      const rows = await fixture.rows(`SELECT id, ${calls.join(', ')} FROM (VALUES ${values}) AS w (id, g, t, k, v)`);
      for (const [id, ...ours] of rows) {
        const theirs = answers[index]?.[String(id)] ?? [];
        for (const [column, call] of calls.entries()) {
          const [a = null, b = null] = [ours[column], theirs[column]];
          const isSame = a === null || b === null ? a === b : Math.abs(Number(a) - b) < 1e-12;
          if (!isSame) wrong.push(`${call} of row ${String(id)} of ${values}: ${String(a)}, Python ${String(b)}`);
        }
      }
    }
    expect(wrong.slice(0, 10)).toEqual([]);
  });
});
