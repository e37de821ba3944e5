import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Catalog, CatalogTable } from '../../src/sql/catalog.js';
import { compileStatement, type CompiledStatement } from '../../src/sql/engine.js';
import { StatementMemory } from '../../src/sql/statement-memory.js';
import { shapeOf } from '../../src/sql/statement-shape.js';
import { createSqlFixture, type SqlFixture } from './sql-fixture.js';

const clock = { nowNs: () => 1_700_000_000_000_000_000n };
const table = '"db"."samples"';

/** Statements of the shapes that a connector asks for; the numbers are times. */
const statements = (fromMs: bigint, toMs: bigint): readonly string[] => [
  `SELECT * FROM ${table} WHERE time >= from_milliseconds(${fromMs}) AND time < from_milliseconds(${toMs})`,
  `SELECT host, (to_nanoseconds(time) - ${fromMs * 1_000_000n}) / 60000000000 AS bin, count(*) FROM ${table} ` +
    `WHERE time >= from_milliseconds(${fromMs}) GROUP BY host, (to_nanoseconds(time) - ${fromMs * 1_000_000n}) / 60000000000`,
  `SELECT max_by(v, time) FROM ${table} WHERE time BETWEEN from_nanoseconds(${fromMs * 1_000_000n}) AND from_nanoseconds(${toMs * 1_000_000n})`,
  `SELECT * FROM ${table} WHERE time < from_milliseconds(0) UNION ALL SELECT * FROM ${table} WHERE time = from_milliseconds(${toMs})`,
  `SELECT 'from_milliseconds(1700000000000)', "v" FROM ${table} WHERE time > from_milliseconds(${toMs}) -- from_milliseconds(1700000000000)`,
];

function sqlOf(compiled: CompiledStatement): unknown {
  if (compiled.kind !== 'query') return compiled;
  const { duckdbSql, parameters, columns, namedParameters } = compiled.query;
  return { duckdbSql, parameters, columns, namedParameters };
}

function messageOf(task: () => unknown): unknown {
  try {
    task();
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
  return undefined;
}

describe('the memory of compiled statements', () => {
  let fixture: SqlFixture;

  beforeAll(async () => {
    fixture = await createSqlFixture({
      db: {
        samples: {
          records: [{ dimensions: { host: 'a' }, measureName: 'm', timeNs: 1_700_000_000_000_000_000n, measures: { v: 1.5 } }],
          types: { v: 'DOUBLE' },
        },
      },
    });
  });
  afterAll(() => fixture.close());

  const catalogWith = (change: (table: CatalogTable) => CatalogTable): Catalog => ({
    ...fixture.catalog,
    table: (database, name) => {
      const found = fixture.catalog.table(database, name);
      return found && change(found);
    },
  });

  it('gives what compiling gives, for the first times and for all others of the same shape', () => {
    const memory = new StatementMemory();
    for (const [fromMs, toMs] of [
      [1_700_000_000_000n, 1_700_003_600_000n],
      [1_700_000_015_000n, 1_700_003_615_000n],
      [9_223_372_036_854n, 9_223_372_036_854n],
      [1_700_000_000_000n, 1_700_000_000_000n],
    ] as const) {
      for (const sql of statements(fromMs, toMs))
        expect(sqlOf(memory.compile(sql, fixture.catalog, clock)), sql).toEqual(sqlOf(compileStatement(sql, fixture.catalog, clock)));
    }
  });

  it('takes statements for the same shape only if the same of their times are equal', () => {
    const [same] = statements(1_700_000_000_000n, 1_700_000_000_000n);
    const [other] = statements(1_700_000_000_000n, 1_700_003_600_000n);
    const [later] = statements(1_800_000_000_000n, 1_800_003_600_000n);
    expect(shapeOf(other ?? '')?.text).toBe(shapeOf(later ?? '')?.text);
    expect(shapeOf(same ?? '')?.text).not.toBe(shapeOf(other ?? '')?.text);
  });

  it('leaves strings, names and comments as they are, and what is no time', () => {
    expect(shapeOf(`SELECT 'from_milliseconds(1700000000000)' AS "from_milliseconds(1700000000000)"`)).toBeUndefined();
    expect(shapeOf('SELECT 1 -- from_milliseconds(1700000000000)')).toBeUndefined();
    expect(shapeOf('SELECT 1700000000000')).toBeUndefined();
    expect(shapeOf('SELECT from_milliseconds(9999999999999)')).toBeUndefined();
    expect(shapeOf(`SELECT '§0§', from_milliseconds(1700000000000)`)).toBeUndefined();
  });

  it('compiles again when a column was added, the table was made anew or more is retained', () => {
    const memory = new StatementMemory();
    const [sql = ''] = statements(1_700_000_000_000n, 1_700_003_600_000n);
    for (const catalog of [
      fixture.catalog,
      catalogWith((one) => ({ ...one, dimensions: [...one.dimensions, 'zone'] })),
      catalogWith((one) => ({ ...one, measures: [...one.measures, { name: 'w', type: 'BIGINT', multi: true, column: 'm_9' }] })),
      catalogWith((one) => ({ ...one, pointsRelation: 'points_77', seriesRelation: 'series_77' })),
      catalogWith((one) => ({ ...one, oldestTimeNs: 1_699_000_000_000_000_000n })),
      catalogWith((one) => ({ ...one, oldestTimeNs: 1_699_999_000_000_000_000n })),
      catalogWith((one) => ({ ...one, oldestTimeNs: 5n })),
    ])
      expect(sqlOf(memory.compile(sql, catalog, clock))).toEqual(sqlOf(compileStatement(sql, catalog, clock)));
  });

  it('reads the clock each time for a statement that speaks of now', () => {
    const memory = new StatementMemory();
    for (const call of ['now()', 'ago(1h)', 'current_date', 'current_timestamp']) {
      for (const nowNs of [1_700_000_000_000_000_000n, 1_700_100_000_000_000_001n]) {
        const sql = `SELECT ${call}, v FROM ${table} WHERE time > from_milliseconds(1600000000000)`;
        const at = { nowNs: () => nowNs };
        expect(sqlOf(memory.compile(sql, fixture.catalog, at)), call).toEqual(sqlOf(compileStatement(sql, fixture.catalog, at)));
      }
    }
  });

  it('refuses what compiling refuses, in the same words and with the same places', () => {
    const memory = new StatementMemory();
    for (const sql of [
      `SELECT nothing FROM ${table} WHERE time > from_milliseconds(1700000000000) AND oops`,
      `SELECT v FROM "db"."gone" WHERE time > from_milliseconds(1700000000000)`,
      `SELECT from_milliseconds(1700000000000) + 1`,
      `SELECT v FROM ${table} WHERE time > from_milliseconds(1700000000000) ORDER BY 7`,
      `SELECT v AS from_milliseconds(1700000000000) FROM ${table}`,
      `SELECT (to_nanoseconds(time) - 1700000000000000000) || 'x' FROM ${table}`,
    ]) {
      const expected = messageOf(() => compileStatement(sql, fixture.catalog, clock));
      expect(expected, sql).toBeDefined();
      expect(
        messageOf(() => memory.compile(sql, fixture.catalog, clock)),
        sql,
      ).toBe(expected);
    }
  });

  it('forgets the statements that were not used for longest, and goes on', () => {
    const memory = new StatementMemory();
    const wide = 'x'.repeat(200_000);
    for (let index = 0; index < 60; index += 1) {
      const sql = `SELECT '${wide}${index % 45}' FROM ${table} WHERE time > from_milliseconds(170000000000${index % 10})`;
      expect(sqlOf(memory.compile(sql, fixture.catalog, clock))).toEqual(sqlOf(compileStatement(sql, fixture.catalog, clock)));
    }
  });
});
