import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SqlError } from '../../src/sql/engine.js';
import { aggregateFunctions, windowFunctions } from '../../src/sql/functions/aggregate-functions.js';
import { splitTypes } from '../../src/sql/functions/function-table.js';
import { scalarFunctions } from '../../src/sql/functions/scalar-functions.js';
import { createSqlFixture, epochNs, type SqlFixture } from './sql-fixture.js';

let fixture: SqlFixture;
beforeAll(async () => {
  const measures = { d: 2.5, b: 3n, flag: true, text: 'a1' };
  fixture = await createSqlFixture({
    db: {
      t: {
        records: [
          { measureName: 'm', dimensions: { host: 'a' }, timeNs: epochNs, measures },
          { measureName: 'n', dimensions: { host: 'b' }, timeNs: epochNs, measures: { d: 0.5 } },
        ],
      },
    },
  });
});
afterAll(() => fixture.close());

/** For each type of a signature: literals, columns (NULL in the second row), and computed values. */
const samples: Readonly<Record<string, readonly string[]>> = {
  varchar: ["'a1'", 'text', "concat(text, 'x')", 'NULL'],
  boolean: ['true', 'flag', 'd > 1', 'NULL'],
  integer: ['2', 'NULL'],
  bigint: ['2', 'b', 'b + 1', '-1', 'NULL'],
  double: ['2.5', 'd', 'd / 0', 'nan()', 'NULL'],
  timestamp: ["'2020-01-01 00:00:00'", 'time', 'time + 1h', 'NULL'],
  date: ["DATE '2020-01-01'", 'date(time)'],
  time: ["TIME '01:02:03'", 'CAST(time AS TIME)', 'NULL'],
  'interval day to second': ['5m', 'time - ago(1h)', 'NULL'],
  'interval year to month': ['2month'],
  'array(varchar)': ["ARRAY['x', NULL]", "split(text, '1')"],
  'array(T)': ['ARRAY[1.5, NULL, d]', 'ARRAY[b]', "ARRAY['x']", 'ARRAY[]'],
  'array(double)': ['ARRAY[0.5]', 'ARRAY[0.25, 1.0]'],
  'array(timestamp)': ["ARRAY[TIMESTAMP '2023-11-14 22:13:20']"],
  'timeseries(double)': [
    '(SELECT CREATE_TIME_SERIES(time, d) FROM db.t WHERE d > 1)',
    '(SELECT CREATE_TIME_SERIES(time, d) FROM db.t WHERE d > 9)',
  ],
  'timeseries(bigint)': [
    '(SELECT CREATE_TIME_SERIES(time, b) FROM db.t WHERE d > 1)',
    '(SELECT CREATE_TIME_SERIES(time, b) FROM db.t WHERE d > 9)',
  ],
  'timeseries(integer)': [
    '(SELECT CREATE_TIME_SERIES(time, 1) FROM db.t WHERE d > 1)',
    '(SELECT CREATE_TIME_SERIES(time, 1) FROM db.t WHERE d > 9)',
  ],
  'timeseries(T)': ['(SELECT CREATE_TIME_SERIES(time, d) FROM db.t WHERE d > 1)'],
  T: ['1', 'd', 'text', 'time', 'NULL'],
  K: ['b', 'd / 2', 'text'],
};
/** Where a signature says varchar and the function takes a literal of a form of its own. */
const firstLiteral: Readonly<Record<string, string>> = {
  date_trunc: "'month'",
  date_add: "'month'",
  date_diff: "'hour'",
  parse_duration: "'5m'",
  from_iso8601_timestamp: "'2020-01-01T00:00:00Z'",
};

/** Arguments that are literals of a range of their own, by place. */
const literalArguments: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  approx_distinct: { 1: '0.1' },
  min_by: { 2: '2' },
  max_by: { 2: '2' },
  from_base: { 0: "'11'", 1: '2' },
  to_base: { 1: '16' },
  bit_count: { 1: '64' },
  date_format: { 1: "'%Y'" },
  date_parse: { 0: "'2020'", 1: "'%Y'" },
  format_datetime: { 1: "'yyyy'" },
  parse_datetime: { 0: "'2020'", 1: "'yyyy'" },
  from_iso8601_date: { 0: "'2020-01-01'" },
};

function calls(signature: string): string[] {
  const [, name = '', parameters = ''] = /^(\w+)\((.*?)(?:\.\.\.)?\): /.exec(signature) ?? [];
  const types = splitTypes(parameters);
  // These are written without parentheses.
  if (/^(current_timestamp|current_date|current_time|localtime|localtimestamp)$/.test(name)) return [name];
  const count = types.length === 0 ? 1 : 5;
  return Array.from({ length: count }, (_, variant) => {
    const args = types.map((type, index) => {
      if (index === 0 && firstLiteral[name] !== undefined) return firstLiteral[name];
      const special = literalArguments[name]?.[index];
      if (special !== undefined) return special;
      if (type === 'array(A)' || /^array\([B-E]\)$/.test(type)) return 'ARRAY[1, 2]';
      if (type === 'bigint' && name.startsWith('regexp_')) return '0';
      if (index > 0 && name.startsWith('regexp_')) return index === 1 ? "'[a-z]+'" : "'-'";
      if (name === 'approx_percentile' && index > 0 && type === 'double') return '0.5';
      const choices = samples[type] ?? [];
      // T and array(T) of one call must agree: the same variant of both.
      return choices[Math.min(variant, choices.length - 1)] ?? `no sample of ${type}`;
    });
    return `${name}(${args.join(', ')})`;
  });
}

/** Only the statement's own failures may come out: anything else is SQL that DuckDB does not take. */
async function outcome(sql: string): Promise<unknown> {
  try {
    return await fixture.rows(sql);
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
}

describe('every signature runs on literals, columns, computed values and NULL', { timeout: 60_000 }, () => {
  const tables = [
    ['scalar', scalarFunctions, ''],
    ['aggregate', aggregateFunctions, ''],
    ['aggregate over a window', aggregateFunctions, ' OVER (PARTITION BY host ORDER BY time)'],
    ['window', windowFunctions, ' OVER (ORDER BY time, host)'],
  ] as const;
  for (const [kind, table, over] of tables) {
    // A lambda has no sample: the example of each such function runs in another test.
    const signatures = [...table.values()]
      .flat()
      .map(({ signature }) => signature)
      .filter((signature) => !signature.includes('function('));
    test.each(signatures)(`${kind} %s`, async (signature) => {
      const outcomes = await Promise.all(calls(signature).map((call) => outcome(`SELECT ${call}${over} FROM db.t`)));
      const withoutOver = kind === 'aggregate over a window' && /^(create_time_series|approx_distinct)/.test(signature);
      expect(
        outcomes.some((each) => Array.isArray(each)),
        outcomes.map(String).join('\n'),
      ).toBe(!withoutOver);
    });
  }
});
