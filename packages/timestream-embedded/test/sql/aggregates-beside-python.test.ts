import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askPython, isPythonPresent } from './python/python-oracle.js';
import { createSqlFixture, type SqlFixture } from './sql-fixture.js';

const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env['CASES'] ?? 25);

const share = fc.constantFrom(0, 0.01, 0.1, 0.25, 0.3, 0.5, 0.7, 0.75, 0.9, 0.99, 1);
const number = (type: string): fc.Arbitrary<number> =>
  fc.integer({ min: -20, max: 20 }).map((whole) => (type === 'DOUBLE' ? whole / 4 + 0.125 : whole));
const cases = fc.sample(
  fc.constantFrom('DOUBLE', 'BIGINT').chain((type) => {
    const entries = fc.array(fc.option(number(type), { freq: 5 }), { minLength: 1, maxLength: 7 });
    return fc.record({
      type: fc.constant(type),
      rows: fc.array(
        fc.record({
          x: fc.option(number(type), { freq: 5 }),
          w: fc.option(fc.integer({ min: 0, max: 4 }), { freq: 9 }),
          k: fc.option(fc.integer({ min: -9, max: 9 }), { freq: 5 }),
        }),
        { minLength: 1, maxLength: 20 },
      ),
      n: fc.integer({ min: 1, max: 6 }),
      share,
      shares: fc.array(share, { minLength: 1, maxLength: 4 }),
      p: entries,
      q: entries,
    });
  }),
  { numRuns, seed },
);
type Case = (typeof cases)[number];

let fixture: SqlFixture;
beforeAll(async () => {
  fixture = await createSqlFixture({ db: { t: { records: [] } } });
});
afterAll(() => fixture.close());

const list = (entries: readonly (number | null)[], type: string): string =>
  `ARRAY[${entries.map((entry) => `CAST(${entry ?? 'NULL'} AS ${type})`).join(', ')}]`;

/** In the order in which the Python program answers; each entry of `max_by(x, k, n)` is answered by its key. */
function callsOf({ type, n, share: part, shares, p: left, q: right }: Case): string[] {
  const [p, q] = [list(left, type), list(right, type)];
  const parts = `ARRAY[${shares.map((each) => `DOUBLE '${each}'`).join(', ')}]`;
  return [
    'approx_distinct(x)',
    'approx_distinct(x, 0.1)',
    `approx_percentile(x, ${part})`,
    `approx_percentile(x, ${parts})`,
    `approx_percentile(x, w, ${part})`,
    `approx_percentile(x, w, ${parts})`,
    `approx_percentile(x, w, ${part}, 0.01)`,
    `max(x, ${n})`,
    `min(x, ${n})`,
    `max_by(k, k, ${n})`,
    `min_by(k, k, ${n})`,
    `array_distinct(${p})`,
    `array_union(${p}, ${q})`,
    `array_intersect(${p}, ${q})`,
    `array_except(${p}, ${q})`,
    `arrays_overlap(${p}, ${q})`,
    `zip(${p}, ${q})`,
    `array_sort(${p})`,
    `array_sort(shuffle(${p}))`,
    `array_max(${p})`,
    `array_min(${p})`,
    `reverse(${p})`,
    `concat(${p}, ${q})`,
    `${p} || ${p} || ${q}`,
    `array_join(${p}, '|')`,
    `array_join(${p}, '|', 'none')`,
  ];
}

/** Numbers by value, texts by themselves, arrays entry by entry. */
function isSame(ours: unknown, theirs: unknown): boolean {
  if (Array.isArray(theirs))
    return Array.isArray(ours) && ours.length === theirs.length && theirs.every((each, index) => isSame(ours[index], each));
  if (typeof theirs === 'number') return ours !== null && Number(ours) === theirs;
  return ours === theirs;
}

describe.skipIf(!isPythonPresent())('aggregates and arrays beside Python', { timeout: 120_000 + numRuns * 500 }, () => {
  test(`come out the same (FC_SEED=${seed} CASES=${numRuns})`, async () => {
    const answers = askPython<unknown[]>('aggregate_functions.py', cases);
    const wrong: string[] = [];
    for (const [index, each] of cases.entries()) {
      const values = each.rows
        .map(({ x, w, k }) => `(CAST(${x ?? 'NULL'} AS ${each.type}), CAST(${w ?? 'NULL'} AS BIGINT), CAST(${k ?? 'NULL'} AS BIGINT))`)
        .join(', ');
      const calls = callsOf(each);
      const [row = []] = await fixture.rows(`SELECT ${calls.join(', ')} FROM (VALUES ${values}) AS v (x, w, k)`);
      for (const [column, call] of calls.entries()) {
        const theirs = answers[index]?.[column];
        if (!isSame(row[column], theirs))
          wrong.push(`${call} of ${values}: ${JSON.stringify(row[column])}, Python ${JSON.stringify(theirs)}`);
      }
      // Which of the rows of one key is taken is open: a value that is asked for belongs to a row of the key that stands in its place.
      for (const [name, isMax] of [
        ['max_by', true],
        ['min_by', false],
      ] as const) {
        const sql = `SELECT ${name}(x, k, ${each.n}), ${name}(k, k, ${each.n}), ${name}(x, k), ${isMax ? 'max' : 'min'}(k) FROM (VALUES ${values}) AS v (x, w, k)`;
        const [[many, keys, one, key] = []] = await fixture.rows(sql);
        const isOf = (x: unknown, k: unknown): boolean =>
          each.rows.some((row) => (row.x === null ? x === null : x !== null && Number(x) === row.x) && row.k === Number(k));
        const all = Array.isArray(many) && Array.isArray(keys) ? many.map((x: unknown, place) => isOf(x, keys[place])) : [many === keys];
        if (all.includes(false) || (key !== null && !isOf(one, key))) wrong.push(`${sql}: ${JSON.stringify([many, keys, one, key])}`);
      }
    }
    expect(wrong.slice(0, 10)).toEqual([]);
  });

  test('shuffle gives another order than the array’s own, sooner or later', async () => {
    const orders = new Set<string>();
    for (let run = 0; run < 50 && orders.size < 3; run += 1)
      orders.add(JSON.stringify(await fixture.value('SELECT shuffle(ARRAY[1, 2, 3, 4, 5, 6])')));
    expect(orders.size).toBeGreaterThanOrEqual(3);
  });
});
