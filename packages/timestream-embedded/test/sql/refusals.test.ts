import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileStatement, SqlError } from '../../src/sql/engine.js';
import { createSqlFixture, epochNs, type SqlFixture } from './sql-fixture.js';

let fixture: SqlFixture;
beforeAll(async () => {
  const record = {
    measureName: 'cpu',
    dimensions: { host: 'a' },
    timeNs: epochNs,
    measures: { 'measure_value::double': 1.5, 'measure_value::bigint': 9_223_372_036_854_775_807n },
  };
  fixture = await createSqlFixture({ sampleDB: { DevOps: { records: [record] }, empty: { records: [] } } });
});
afterAll(() => fixture.close());

const validation = (message: string): string => `ValidationException: ${message}`;
const execution = (message: string): string => `QueryExecutionException: ${message}`;

describe('a statement is refused, with its place, for', () => {
  test.each(['(SELECT 1)', '1 IN (SELECT 2)', 'EXISTS (SELECT 1)', '1 > ALL (SELECT 2)', 'rand()', 'random(3)', 'shuffle(ARRAY[1])'])(
    'TRY of %s',
    async (value) => {
      expect(await fixture.refusal(`SELECT try(${value})`)).toBe(
        validation('line 1:8: TRY() of a subquery or of a random value is not supported'),
      );
    },
  );

  test.each(["array_join(sequence(1, 9), ',')", "rpad('a', 1000000, 'x')", 'repeat(1, 9000)', "length(replace('a', 'a', 'b'))"])(
    'TRY of %s, which asks for room',
    async (value) => {
      expect(await fixture.refusal(`SELECT try(${value})`)).toBe(
        validation('line 1:8: TRY() of what makes a text or a list larger, as || and repeat() do, is not supported'),
      );
    },
  );

  test.each([
    [
      'a missing column',
      'SELECT host FROM "sampleDB"."DevOps" WHERE "vehicleName" = \'x\'',
      validation("line 1:44: Column 'vehicleName' does not exist"),
    ],
    ['a column on a later line', 'SELECT host,\n  nope FROM "sampleDB"."DevOps"', validation("line 2:3: Column 'nope' does not exist")],
    ['a column of another case', 'SELECT Host FROM sampleDB.DevOps', validation("line 1:8: Column 'Host' does not exist")],
    [
      'a measure of a table never written',
      'SELECT measure_value::double FROM sampleDB.empty',
      validation("line 1:8: Column 'measure_value::double' does not exist"),
    ],
    [
      'a missing database',
      'SELECT count() FROM "abc"."sampleDB"',
      validation("Requested database 'abc' not found for identifier 'abc.sampleDB' at line 1:21"),
    ],
    ['a missing table', 'SELECT 1 FROM sampleDB.nope', validation("line 1:15: Table 'sampleDB.nope' does not exist")],
    [
      'a database of another case',
      'SELECT 1 FROM sampledb.DevOps',
      validation("Requested database 'sampledb' not found for identifier 'sampledb.DevOps' at line 1:15"),
    ],
    [
      'a table without database',
      'SELECT 1 FROM DevOps',
      validation('line 1:15: Table \'DevOps\' must be named with its database, as "database"."table"'),
    ],
    ['an unknown function', 'SELECT json_parse(host) FROM sampleDB.DevOps', validation('line 1:8: Function json_parse not registered')],
    [
      'wrong arguments',
      'SELECT abs(host) FROM sampleDB.DevOps',
      validation('line 1:8: Unexpected parameters (varchar) for function abs. Expected: abs(integer), abs(bigint), abs(double)'),
    ],
    [
      'a bad regular expression',
      "SELECT regexp_like(host, '(') FROM sampleDB.DevOps",
      validation("line 1:8: Invalid or unsupported regular expression '(': a group never ends"),
    ],
    [
      'types that do not compare',
      'SELECT host = 1 FROM sampleDB.DevOps',
      validation('line 1:13: The types do not match: varchar, integer'),
    ],
    [
      'a text that is no time',
      "SELECT time > 'yesterday' FROM sampleDB.DevOps",
      validation("line 1:13: 'yesterday' cannot be read as a timestamp"),
    ],
    [
      'a condition that is not a boolean',
      'SELECT 1 FROM sampleDB.DevOps WHERE host',
      validation('line 1:37: WHERE clause must evaluate to a boolean: actual type varchar'),
    ],
    [
      'a column that is not grouped',
      'SELECT host, count(*) FROM sampleDB.DevOps',
      validation("line 1:8: 'host' must be an aggregate expression or appear in GROUP BY clause"),
    ],
    [
      'a star that is not grouped',
      'SELECT *, count(*) FROM sampleDB.DevOps',
      validation("line 1:8: 'host' must be an aggregate expression or appear in GROUP BY clause"),
    ],
    [
      'an aggregate in WHERE',
      'SELECT 1 FROM sampleDB.DevOps WHERE count(*) > 1',
      validation('line 1:37: WHERE clause cannot contain aggregations or window functions: count'),
    ],
    [
      'nested aggregates',
      'SELECT max(count(*)) FROM sampleDB.DevOps',
      validation('line 1:12: An aggregate function cannot contain aggregations or window functions: count'),
    ],
    [
      'an ordinal beyond the list',
      'SELECT host FROM sampleDB.DevOps ORDER BY 2',
      validation('line 1:43: Position 2 is not in select list'),
    ],
    [
      'OFFSET',
      'SELECT host FROM sampleDB.DevOps OFFSET 1',
      validation("line 1:34: mismatched input 'OFFSET', expecting the end of the statement"),
    ],
    [
      'FILTER',
      'SELECT count(*) FILTER (WHERE true) FROM sampleDB.DevOps',
      validation("line 1:17: mismatched input 'FILTER', expecting the end of the statement"),
    ],
    [
      'data definition',
      'DROP TABLE sampleDB.DevOps',
      validation(
        "line 1:1: mismatched input 'DROP', expecting SELECT, WITH, VALUES, UNLOAD, SHOW DATABASES, SHOW TABLES, SHOW MEASURES or DESCRIBE",
      ),
    ],
    ['two statements', 'SELECT 1; SELECT 2', validation("line 1:11: mismatched input 'SELECT', expecting the end of the statement")],
    [
      'nothing at all',
      ' -- nothing',
      validation(
        "line 1:12: mismatched input '<EOF>', expecting SELECT, WITH, VALUES, UNLOAD, SHOW DATABASES, SHOW TABLES, SHOW MEASURES or DESCRIBE",
      ),
    ],
    ['a plural unit', 'SELECT ago(5minutes)', validation("line 1:12: '5m' is not a number or a duration")],
    ['a reserved word as a name', 'SELECT select', validation("line 1:8: mismatched input 'select', expecting an expression")],
    ['a query parameter', 'SELECT @x', validation("line 1:8: mismatched input '@', expecting an expression")],
    ['a lambda outside a call', 'SELECT x -> x', validation("line 1:10: mismatched input '->', expecting the end of the statement")],
    ['a string that never ends', "SELECT 'x", validation('line 1:8: The string never ends')],
    ['half a character', "SELECT '\ud800'", validation('line 1:1: The statement is not well-formed Unicode')],
    ['an integer that is too large', 'SELECT 9223372036854775808', validation('line 1:8: Invalid numeric literal: 9223372036854775808')],
    [
      'time series in GROUP BY',
      'SELECT ts FROM (SELECT CREATE_TIME_SERIES(time, host) AS ts FROM sampleDB.DevOps) GROUP BY ts',
      validation('line 1:92: timeseries(varchar) is not comparable, and therefore cannot be used in GROUP BY'),
    ],
    [
      'SHOW TABLES of a missing database',
      'SHOW TABLES FROM nope',
      validation("Requested database 'nope' not found for identifier 'nope' at line 1:18"),
    ],
    [
      'an ambiguous column',
      'SELECT host FROM sampleDB.DevOps a CROSS JOIN sampleDB.DevOps b',
      validation("line 1:8: Column 'host' is ambiguous"),
    ],
  ])('%s', async (_, sql, expected) => {
    expect(await fixture.refusal(sql)).toBe(expected);
  });
});

describe('a running statement fails for', () => {
  test.each([
    ['a division by zero', 'SELECT 1 / (cardinality(ARRAY[1]) - 1)', execution('Division by zero')],
    ['a remainder by zero', 'SELECT 1 % 0', execution('Division by zero')],
    [
      'an overflow',
      'SELECT measure_value::bigint + 1 FROM sampleDB.DevOps',
      execution('Overflow in addition of INT64 (9223372036854775807 + 1)!'),
    ],
    ['a 32-bit overflow', 'SELECT 2147483647 + 1', execution('Overflow in addition of INT32 (2147483647 + 1)!')],
    ['a text that is no number', "SELECT CAST('1_000' AS BIGINT)", execution("Cannot cast '1_000' to bigint")],
    ['a subscript outside', 'SELECT ARRAY[1][2]', execution('Array subscript out of bounds')],
    ['a negative time', 'SELECT from_milliseconds(-1)', execution('from_milliseconds(): a negative time is not supported')],
    [
      'a null in a time series',
      'SELECT CREATE_TIME_SERIES(time, nullif(host, host)) FROM sampleDB.DevOps',
      execution('CREATE_TIME_SERIES(): a time or value cannot be null'),
    ],
    ['NaN in max', 'SELECT max(x) FROM (VALUES nan(), 1e0) AS t(x)', execution('NaN in max() is not supported')],
  ])('%s', async (_, sql, expected) => {
    expect(await fixture.refusal(sql)).toBe(expected);
  });
});

describe('whatever the text', { timeout: 60_000 }, () => {
  const words = [
    'SELECT',
    'FROM',
    'WHERE',
    'GROUP BY',
    'ORDER BY',
    'HAVING',
    'LIMIT',
    'WITH',
    'AS',
    'UNION ALL',
    'JOIN',
    'ON',
    'IN',
    'NOT',
    'NULL',
    'CASE',
    'WHEN',
    'THEN',
    'END',
    'BETWEEN',
    'AND',
    'OR',
    'LIKE',
    'CAST',
    'OVER',
    'DISTINCT',
    'sampleDB.DevOps',
    'host',
    'time',
    'measure_value::double',
    'count',
    'max',
    'bin',
    'ago',
    'substr',
    'ARRAY',
    'CREATE_TIME_SERIES',
    'UNNEST',
    'VALUES',
    'EXISTS',
    '(',
    ')',
    ',',
    '*',
    '+',
    '-',
    '/',
    '=',
    '<',
    '||',
    '[',
    ']',
    '.',
    '1',
    '2.5',
    "'a'",
    '"host"',
    '5m',
    'x',
    'EXTRACT',
    'SHOW MEASURES',
    'DESCRIBE',
    ';',
  ];
  const soup = fc.array(fc.constantFrom(...words), { maxLength: 25 }).map((parts) => parts.join(' '));
  const compiles = (sql: string): unknown => {
    try {
      return compileStatement(sql, fixture.catalog, { nowNs: () => epochNs });
    } catch (error) {
      return error;
    }
  };

  test('random characters and token soup compile or are refused with an SqlError, never anything else', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 60 }),
          fc.string({ maxLength: 60 }),
          soup,
          soup.map((text) => `SELECT ${text}`),
        ),
        (sql) => {
          const result = compiles(sql);
          if (result instanceof Error) expect(result).toBeInstanceOf(SqlError);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['parentheses', '('.repeat(20_000)],
    ['closed parentheses', `SELECT ${'('.repeat(5_000)}1${')'.repeat(5_000)}`],
    ['NOT', `SELECT ${'NOT '.repeat(20_000)}true`],
    ['minus', `SELECT ${'- '.repeat(20_000)}x`],
    ['a sum', `SELECT 1${' + 1'.repeat(20_000)}`],
    ['CASE', `SELECT ${'CASE WHEN true THEN '.repeat(5_000)}1`],
    ['subqueries', `SELECT * FROM ${'(SELECT * FROM '.repeat(5_000)}`],
    ['arrays', `SELECT ${'ARRAY['.repeat(20_000)}`],
    ['a union', `SELECT 1${' UNION SELECT 1'.repeat(5_000)}`],
    ['joins', `SELECT 1 FROM ${Array.from({ length: 500 }, () => 'sampleDB.DevOps').join(' CROSS JOIN ')}`],
    ['an over-long text', `SELECT '${'x'.repeat(300_000)}'`],
  ])('endless %s is refused without exhausting the stack', (_, sql) => {
    expect(compiles(sql)).toBeInstanceOf(SqlError);
  });

  test('ten thousand alternatives joined by OR run', async () => {
    const sql = `SELECT count(*) FROM sampleDB.DevOps WHERE ${Array.from({ length: 5_000 }, (_, index) => `host = 'h${index}'`).join(' OR ')} OR host = 'a'`;
    expect(await fixture.value(sql)).toBe('1');
  });
});

describe('text of a statement never becomes SQL of the database', { timeout: 60_000 }, () => {
  const hostile = [
    "'; DROP TABLE points_1; --",
    '"; DROP TABLE points_1; --',
    "') OR 1=1 --",
    '$1',
    '$1::VARCHAR',
    '\\',
    "\\'",
    '/* */',
    '*/',
    "read_csv('/etc/passwd')",
    'a\u0000b',
    '\u0000',
    'r1.c0',
    '%',
    "''",
    '"',
  ];
  const strings = fc.oneof(
    fc.constantFrom(...hostile),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !/\p{Surrogate}/u.test(text)),
  );
  const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const named = (text: string): string => `"${text.replaceAll('"', '""')}"`;

  test('a literal comes back as it is, in every place that takes one', async () => {
    await fc.assert(
      fc.asyncProperty(strings, async (text) => {
        const literal = quoted(text);
        const pattern = quoted(
          text.replace(/[^A-Za-z0-9]/gu, (character) =>
            character === '\u0000' ? '\\x00' : `\\x{${(character.codePointAt(0) ?? 0).toString(16)}}`,
          ),
        );
        const like = quoted(text.replace(/[%_!]/g, '!$&'));
        const rows = await fixture.rows(
          `SELECT ${literal}, ${literal} || ${literal}, x = ${literal}, x LIKE ${like} ESCAPE '!', regexp_like(x, ${pattern}), x IN (${literal}) FROM (VALUES ${literal}) AS t(x)`,
        );
        expect(rows).toEqual([[text, text + text, 'true', 'true', 'true', 'true']]);
      }),
      { numRuns: 200 },
    );
  });

  test('an identifier names what it says, in an alias as in a dimension', async () => {
    const names = hostile.filter((name) => name !== '');
    const dimensions = Object.fromEntries(names.map((name, index) => [name, `value ${index}`]));
    const own = await createSqlFixture({
      'a"b': { "t'; --": { records: [{ measureName: 'm', dimensions, timeNs: 1n, measures: { v: 1 } }] } },
    });
    const answer = await own.query(
      `SELECT ${names.map((name) => `${named(name)} AS ${named(`${name}!`)}`).join(', ')} FROM "a""b"."t'; --"`,
    );
    own.close();
    expect(answer.rows).toEqual([names.map((_, index) => `value ${index}`)]);
    expect(answer.columns.map(({ Name }) => Name)).toEqual(names.map((name) => `${name}!`));
  });
});
