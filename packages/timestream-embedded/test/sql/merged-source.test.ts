import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSqlFixture, epochNs, type FixtureRecord, type SqlFixture } from './sql-fixture.js';

const second = 1_000_000_000n;
const hosts = ['a', "it's", 'x\u0000y', '𝒳', '§t1§', '$1::VARCHAR'];
const records: FixtureRecord[] = Array.from({ length: 60 }, (_, index) => ({
  measureName: index % 3 === 0 ? 'cpu' : 'mem',
  dimensions: {
    id: String(index),
    ...(index % 4 === 0 ? {} : { host: hosts[index % hosts.length] ?? '' }),
    ...(index % 5 === 0 ? {} : { zone: index % 2 === 0 ? 'x' : 'y' }),
  },
  timeNs: epochNs + BigInt(index) * second,
  measures: { v: index / 7 },
}));
let fixture: SqlFixture;

beforeAll(async () => {
  fixture = await createSqlFixture({ db: { t: { records, oldestTimeNs: epochNs } } });
});
afterAll(() => fixture.close());

/** No subquery has so many rows, so it changes nothing but that the subquery is no part of the SELECT around it any more. */
const APART = ' LIMIT 1000000';
const columns = ['id', 'host', 'zone', 'measure_name', 'time', 'v'];

describe('a subquery that only picks columns and rows', () => {
  const conditions = fc.constantFrom(
    "measure_name = 'cpu'",
    "host = 'it''s'",
    'host IS NULL',
    "zone = 'x' OR zone IS NULL",
    'v > 2.5',
    `time >= from_nanoseconds(${epochNs + 20n * second})`,
    "coalesce(host, zone) = 'x'",
    "coalesce(zone, host, 'none') <> 'y'",
    'FALSE',
  );
  const outer = fc.constantFrom(
    (from: string, where: string) => `SELECT * FROM ${from}${where} ORDER BY id`,
    (from: string, where: string) => `SELECT count(*), min(v), count(coalesce(host, zone)), max_by(id, time) FROM ${from}${where}`,
    (from: string, where: string) => `SELECT zone, coalesce(host, zone), count(*) FROM ${from}${where} GROUP BY zone, 2 ORDER BY 1, 2, 3`,
    (from: string, where: string) => `SELECT r.id, r.host, r.v * 2 FROM ${from} AS r${where} ORDER BY r.id`,
    (from: string, where: string) => `SELECT id, row_number() OVER (ORDER BY time DESC) FROM ${from}${where} ORDER BY id`,
    (from: string, where: string) => `SELECT DISTINCT zone, host FROM ${from}${where} ORDER BY 1, 2`,
  );
  const list = columns.join(', ');
  const inner = fc.oneof(
    conditions.map((condition) => `SELECT ${list} FROM db.t WHERE ${condition}`),
    conditions.map((condition) => `SELECT * FROM db.t WHERE ${condition}`),
    conditions.map((condition) => `SELECT ${list} FROM (SELECT * FROM db.t AS o WHERE ${condition}) WHERE id <> '7'`),
    conditions.map((condition) => `(SELECT ${list} FROM db.t WHERE ${condition})`),
    conditions.map((condition) => `SELECT host AS zone, zone AS host, id, v, measure_name, time FROM db.t WHERE ${condition}`),
    conditions.map(
      (condition) => `SELECT ${list} FROM db.t WHERE ${condition} UNION ALL SELECT * FROM db.t WHERE time < from_nanoseconds(0)`,
    ),
    conditions.map(
      (condition) =>
        `SELECT ${list} FROM db.t WHERE ${condition} UNION ALL SELECT * FROM db.t WHERE time < from_nanoseconds(${epochNs + 5n * second})`,
    ),
  );

  test('gives the same rows as when it is computed first', async () => {
    await fc.assert(
      fc.asyncProperty(outer, inner, fc.option(conditions, { nil: undefined }), async (around, subquery, condition) => {
        const where = condition === undefined ? '' : ` WHERE ${condition}`;
        const together = await fixture.query(around(`(${subquery})`, where));
        const apart = await fixture.query(around(`(${subquery}${APART})`, where));
        expect(together).toEqual(apart);
      }),
      { numRuns: 150 },
    );
  });

  test('names its columns as its alias says', async () => {
    expect(await fixture.rows("SELECT q.b FROM (SELECT id, zone FROM db.t WHERE id = '1') AS q(a, b)")).toEqual([['y']]);
    expect(await fixture.refusal('SELECT 1 FROM (SELECT id, zone FROM db.t) AS q(a)')).toContain(
      "Column alias list has 1 entries but 'q' has 2 columns available",
    );
    expect(await fixture.refusal('SELECT t.id FROM (SELECT id FROM db.t)')).toContain("Column 't.id' does not exist");
  });

  test('is not read where it wants a time before the first, but what is wrong with it is still said', async () => {
    const none = ' WHERE time < from_nanoseconds(0)';
    expect(await fixture.value(`SELECT count(*) FROM (SELECT id FROM db.t UNION ALL SELECT host FROM db.t${none})`)).toBe('60');
    expect(await fixture.refusal(`SELECT 1 FROM (SELECT id FROM db.t UNION ALL SELECT * FROM db.t${none})`)).toContain(
      'different number of fields',
    );
    expect(await fixture.refusal(`SELECT 1 FROM (SELECT id FROM db.t UNION ALL SELECT v FROM db.t${none})`)).toContain(
      'incompatible types',
    );
    expect(await fixture.refusal(`SELECT 1 FROM (SELECT id FROM db.t UNION ALL SELECT gone FROM db.t${none})`)).toContain(
      "'gone' does not exist",
    );
  });
});

test('coalesce of dimensions is the first of them that the series has, in the order of its arguments', async () => {
  const [first, second_, third] = await fixture.rows(
    "SELECT coalesce(host, zone, id), coalesce(zone, host, id), coalesce(id, host) FROM db.t WHERE id IN ('0', '1', '4') ORDER BY time",
  );
  expect(first).toEqual(['0', '0', '0']);
  expect(second_).toEqual(["it's", 'y', '1']);
  expect(third).toEqual(['x', 'x', '4']);
});

test('a division by a literal is one by a value, and by zero an error', async () => {
  expect(await fixture.rows('SELECT x / 7, x % 7, mod(x, 7), x / -2, mod(x, -2) FROM (VALUES -15, 15) AS t(x) ORDER BY x')).toEqual([
    ['-2', '-1', '-1', '7', '-1'],
    ['2', '1', '1', '-7', '1'],
  ]);
  for (const text of ['x / 0', 'x % 0', 'mod(x, 0)', 'x / (x - x)'])
    expect(await fixture.refusal(`SELECT ${text} FROM (VALUES 1) AS t(x)`)).toContain('Division by zero');
});
