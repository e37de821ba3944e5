import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aggregateFunctions, windowFunctions } from '../../src/sql/functions/aggregate-functions.js';
import { scalarFunctions } from '../../src/sql/functions/scalar-functions.js';
import { createSqlFixture, type SqlFixture } from './sql-fixture.js';

let fixture: SqlFixture;
beforeAll(async () => {
  fixture = await createSqlFixture({ db: {} });
});
afterAll(() => fixture.close());

const functions = [scalarFunctions, aggregateFunctions, windowFunctions].flatMap((table) => [...table]);
const examples = functions.flatMap(([, rows]) => rows.flatMap(({ row }) => (row.example === undefined ? [] : [row.example])));

describe('the example of a function', { timeout: 30_000 }, () => {
  test.each(examples)('%s', async (sql, answer) => {
    expect(await fixture.value(sql.startsWith('SELECT') ? sql : `SELECT ${sql}`)).toEqual(answer);
  });

  test('is there for every function', () => {
    const without = functions.filter(([, rows]) => rows.every(({ row }) => row.example === undefined)).map(([name]) => name);
    expect(without).toEqual([]);
  });
});
