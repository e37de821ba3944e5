import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileStatement } from '../../src/sql/engine.js';
import type { WireType } from '../../src/sql/values/wire-value.js';
import { createSqlFixture, epochNs, type SqlFixture } from './sql-fixture.js';

const second = 1_000_000_000n;
let fixture: SqlFixture;

beforeAll(async () => {
  const records = [
    {
      measureName: 'cpu',
      dimensions: { host: 'a', Host: 'A' },
      timeNs: epochNs + 123_456_789n,
      measures: { 'measure_value::double': 1.5 },
    },
    { measureName: 'cpu', dimensions: { host: 'b' }, timeNs: epochNs + second, measures: { 'measure_value::double': -0 } },
    { measureName: 'mem', dimensions: { host: 'a', Host: 'A' }, timeNs: epochNs + 2n * second, measures: { 'measure_value::bigint': 7n } },
    {
      measureName: 'multi',
      dimensions: { job: 'x\u0000y' },
      timeNs: epochNs + 3n * second,
      measures: { up: true, label: 'é', seen: epochNs },
    },
    { measureName: 'cpu', dimensions: { host: 'expired' }, timeNs: epochNs - 10n * second, measures: { 'measure_value::double': 9 } },
  ];
  fixture = await createSqlFixture({
    db: { t: { records, types: { seen: 'TIMESTAMP' }, oldestTimeNs: epochNs - second }, empty: { records: [] } },
    'other.db': {},
  });
});
afterAll(() => fixture.close());

describe('the columns of an answer', () => {
  const typeName = (type: WireType): unknown => ('ScalarType' in type ? type.ScalarType : type);

  test('SELECT * gives dimensions as first seen, measure_name, time, then measures as first seen', async () => {
    const { columns } = await fixture.query('SELECT * FROM db.t');
    expect(columns.map(({ Name, Type }) => [Name, typeName(Type)])).toEqual([
      ['host', 'VARCHAR'],
      ['Host', 'VARCHAR'],
      ['job', 'VARCHAR'],
      ['measure_name', 'VARCHAR'],
      ['time', 'TIMESTAMP'],
      ['measure_value::double', 'DOUBLE'],
      ['measure_value::bigint', 'BIGINT'],
      ['up', 'BOOLEAN'],
      ['label', 'VARCHAR'],
      ['seen', 'TIMESTAMP'],
    ]);
  });

  test('a table never written has measure_name and time, no rows, and a count of 0', async () => {
    const { columns, rows } = await fixture.query('SELECT * FROM db.empty');
    expect(columns.map(({ Name }) => Name)).toEqual(['measure_name', 'time']);
    expect(rows).toEqual([]);
    expect(await fixture.query('SELECT count() FROM db.empty')).toEqual({
      columns: [{ Name: '_col0', Type: { ScalarType: 'BIGINT' } }],
      rows: [['0']],
    });
  });

  test('a computed column is named by its position, an alias and a column by their names', async () => {
    const { columns } = await fixture.query('SELECT host, 1, upper(host) AS "Loud", t.time FROM db.t');
    expect(columns.map(({ Name }) => Name)).toEqual(['host', '_col1', 'Loud', 'time']);
  });

  test.each([
    ['1', 'INTEGER'],
    ['2147483648', 'BIGINT'],
    ['1.5', 'DOUBLE'],
    ['1 + 2.5', 'DOUBLE'],
    ['count(*)', 'BIGINT'],
    ["'x'", 'VARCHAR'],
    ['true', 'BOOLEAN'],
    ['NULL', 'UNKNOWN'],
    ['5m', 'INTERVAL_DAY_TO_SECOND'],
    ['8month', 'INTERVAL_YEAR_TO_MONTH'],
    ['now()', 'TIMESTAMP'],
    ['now() - ago(1h)', 'INTERVAL_DAY_TO_SECOND'],
    ['current_date', 'DATE'],
    ['sum(1)', 'BIGINT'],
    ['avg(1)', 'DOUBLE'],
    ['coalesce(NULL, 1, 2.5)', 'DOUBLE'],
  ])('%s is of type %s', async (sql, type) => {
    const { columns } = await fixture.query(`SELECT ${sql}`);
    expect(columns.map(({ Type }) => typeName(Type))).toEqual([type]);
  });

  test('arrays, rows and time series tell the types inside them', async () => {
    const { columns } = await fixture.query("SELECT ARRAY[ROW(1, 'x')], CREATE_TIME_SERIES(time, host) FROM db.t WHERE host IS NOT NULL");
    expect(columns.map(({ Type }) => Type)).toEqual([
      {
        ArrayColumnInfo: {
          Type: {
            RowColumnInfo: [
              { Name: 'field0', Type: { ScalarType: 'INTEGER' } },
              { Name: 'field1', Type: { ScalarType: 'VARCHAR' } },
            ],
          },
        },
      },
      { TimeSeriesMeasureValueColumnInfo: { Type: { ScalarType: 'VARCHAR' } } },
    ]);
  });
});

describe('the value of', () => {
  test.each<[string, unknown]>([
    ['7 / 2', '3'],
    ['-7 / 2', '-3'],
    ['-7 % 3', '-1'],
    ['7 / 2.0', '3.5'],
    ['1e0 / 0', 'Infinity'],
    ['0e0 / 0', 'NaN'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['-0.0', '-0.0'],
    ['1e300', '1.0E300'],
    ['nan() = nan()', 'false'],
    ['nan() <> nan()', 'true'],
    ['infinity() > 1e308', 'true'],
    ['nan() > 1', 'false'],
    ['nan() BETWEEN 1 AND 2', 'false'],
    ['nan() IN (1.0, nan())', 'false'],
    ['NOT (nan() < 1)', 'true'],
    ['1 BETWEEN NULL AND 0', null],
    ['NULL IN (1)', null],
    ["'a' < 'B'", 'false'],
    ["'é' > 'z'", 'true'],
    ["'a''b' || 'c\\d'", "a'bc\\d"],
    ["'a' || NULL", null],
    ['CAST(2.5 AS BIGINT)', '3'],
    ['CAST(-2.5 AS BIGINT)', '-3'],
    ["CAST('+12' AS INTEGER)", '12'],
    ["TRY_CAST('x' AS DOUBLE)", null],
    ["TRY_CAST('1_0' AS DOUBLE)", null],
    ["CAST('-Infinity' AS DOUBLE)", '-Infinity'],
    ["CAST('T' AS BOOLEAN)", 'true'],
    ['CAST(true AS BIGINT)', '1'],
    ['CAST(1e7 AS VARCHAR)', '1.0E7'],
    ["CAST('2020-08-08 01:02:03.5' AS TIMESTAMP)", '2020-08-08 01:02:03.500000000'],
    ["CAST(concat('2020-08-08', ' 01:02') AS TIMESTAMP)", '2020-08-08 01:02:00.000000000'],
    ["CAST(concat('2020-08-08', ' 01:02:03.123456789') AS TIMESTAMP)", '2020-08-08 01:02:03.123456789'],
    ["CAST(TIMESTAMP '1969-12-31 23:59:59.999999999' AS VARCHAR)", '1969-12-31 23:59:59.999999999'],
    ["CAST(TIMESTAMP '1969-12-31 23:59:59.999999999' AS DATE)", '1969-12-31'],
    ['5m', '0 00:05:00.000000000'],
    ['-36h', '-1 12:00:00.000000000'],
    ['31month', '2-7'],
    ["INTERVAL '2' DAY", '2 00:00:00.000000000'],
    ["bin('2022-06-17 10:15:20', 5m)", '2022-06-17 10:15:00.000000000'],
    ["bin(TIMESTAMP '2022-06-17 10:15:20', 30day)", '2022-05-28 00:00:00.000000000'],
    ["bin(TIMESTAMP '1969-12-31 23:59:59', 1m)", '1969-12-31 23:59:00.000000000'],
    ["date_trunc('week', TIMESTAMP '2022-06-17 10:15:20')", '2022-06-13 00:00:00.000000000'],
    ["date_trunc('quarter', TIMESTAMP '2022-06-17 10:15:20')", '2022-04-01 00:00:00.000000000'],
    ["date_add('month', 1, TIMESTAMP '2022-01-31 00:00:00.000000001')", '2022-02-28 00:00:00.000000001'],
    ["TIMESTAMP '2022-01-31 00:00:00' + 1month", '2022-02-28 00:00:00.000000000'],
    ["date_diff('hour', TIMESTAMP '2020-01-01 00:59:00', TIMESTAMP '2020-01-01 03:00:00')", '2'],
    ["TIMESTAMP '2020-01-02' - TIMESTAMP '2020-01-01'", '1 00:00:00.000000000'],
    ['from_milliseconds(1700000000123)', '2023-11-14 22:13:20.123000000'],
    ['from_nanoseconds(1700000000123456789)', '2023-11-14 22:13:20.123456789'],
    ['to_milliseconds(from_nanoseconds(1700000000123999999))', '1700000000123'],
    ['to_milliseconds(1h)', '3600000'],
    ['to_nanoseconds(now())', '1700000000000000000'],
    ["to_unixtime('2022-06-17 17:44:43.771000000')", '1.6554878837710001E9'],
    ['from_unixtime(1.5)', '1970-01-01 00:00:01.500000000'],
    ["from_iso8601_timestamp('2022-06-17T08:04:05+05:00')", '2022-06-17 03:04:05.000000000'],
    ['ago(15m)', '2023-11-14 21:58:20.000000000'],
    ["hour(TIMESTAMP '2022-06-17 10:15:20')", '10'],
    ["extract(DOW FROM TIMESTAMP '2022-06-19 10:15:20')", '7'],
    ["'2020-01-01' < now()", 'true'],
    ["DATE '2020-08-08' = TIMESTAMP '2020-08-08'", 'true'],
    ['coalesce(NULL, 2, 3)', '2'],
    ['nullif(1, 1)', null],
    ['if(1 > 2, 3)', null],
    ["CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", 'b'],
    ["substr('hello', -3, 2)", 'll'],
    ["substr('hello', 0)", ''],
    ["length('a😀')", '2'],
    ["reverse('aé😀')", '😀éa'],
    ["trim('\u2003 x\t')", 'x'],
    ["split_part('a.b', '.', 3)", null],
    ["strpos('a😀b', 'b')", '3'],
    ["position('b' IN 'ab')", '2'],
    ["regexp_like('a\nb', 'a.b')", 'false'],
    ["regexp_like('xabcx', 'b')", 'true'],
    ["regexp_like('k', '(?i)\u212a')", 'false'],
    ["regexp_extract('a12b34', '[0-9]+')", '12'],
    ["regexp_extract('abc', '[0-9]+')", null],
    ["regexp_extract_all('a12b34', '\\d+')", ['12', '34']],
    ["regexp_replace('a12b34', '\\d', '')", 'ab'],
    ["regexp_split('a1b22c', '\\d+')", ['a', 'b', 'c']],
    ["'a_c' LIKE 'a!_c' ESCAPE '!'", 'true'],
    ["'abc' LIKE 'a!_c' ESCAPE '!'", 'false'],
    ["'a\n😀' LIKE 'a__'", 'true'],
    ["'x' LIKE ''", 'false'],
    ["'axbyc' LIKE 'a%b%c'", 'true'],
    ["'ABC' LIKE 'abc'", 'false'],
    ['round(2.345, 2)', '2.35'],
    ['round(-2.5)', '-3.0'],
    ['round(1.005, 2)', '1.0'],
    ['mod(7, 3)', '1'],
    ['sign(-2.5)', '-1.0'],
    ['sqrt(-1)', 'NaN'],
    ['ln(0)', '-Infinity'],
    ['power(2, 10)', '1024.0'],
    ['greatest(1, 2.5)', '2.5'],
    ['greatest(1, NULL)', null],
    ['is_nan(nan())', 'true'],
    ['bitwise_and(12, 10)', '8'],
    ['ARRAY[1, NULL, 3]', ['1', null, '3']],
    ['ARRAY[10, 20][2]', '20'],
    ['element_at(ARRAY[1], 5)', null],
    ['cardinality(sequence(1, 5))', '5'],
    ["array_join(ARRAY['a', NULL, 'b'], '-', '?')", 'a-?-b'],
    ['array_max(ARRAY[1, 3, 2])', '3'],
    ["ROW(1, 'x')", ['1', 'x']],
    ['(SELECT 5)', '5'],
    ['EXISTS (SELECT 1 FROM db.empty)', 'false'],
    ['1 IN (SELECT 2 UNION SELECT 1)', 'true'],
  ])('%s is %j', async (sql, expected) => {
    expect(await fixture.value(`SELECT ${sql}`)).toEqual(expected);
  });
});

describe('the rows of', () => {
  const t0 = '2023-11-14 22:13:20.123456789';
  test.each<[string, readonly (readonly unknown[])[]]>([
    [
      "SELECT host, time, measure_value::double FROM db.t WHERE measure_name = 'cpu' ORDER BY time",
      [
        ['a', t0, '1.5'],
        ['b', '2023-11-14 22:13:21.000000000', '-0.0'],
      ],
    ],
    [
      'SELECT "Host", job, up, label, seen FROM db.t WHERE measure_name = \'multi\'',
      [[null, 'x\u0000y', 'true', 'é', '2023-11-14 22:13:20.000000000']],
    ],
    ["SELECT count(*) FROM db.t WHERE job = 'x\u0000y' AND job <> 'x\u0000z'", [['1']]],
    ["SELECT measure_name FROM db.t WHERE Host IS NULL OR Host <> 'A' ORDER BY 1", [['cpu'], ['multi']]],
    ["SELECT count(*) FROM db.t WHERE host = 'expired'", [['0']]],
    [
      'SELECT host, count(*) FROM db.t GROUP BY host ORDER BY host NULLS FIRST',
      [
        [null, '1'],
        ['a', '2'],
        ['b', '1'],
      ],
    ],
    ['SELECT host FROM db.t GROUP BY 1 ORDER BY 1 DESC', [['b'], ['a'], [null]]],
    ['SELECT measure_name, count(*) AS n FROM db.t GROUP BY measure_name HAVING count(*) > 1', [['cpu', '2']]],
    ['SELECT measure_name FROM db.t GROUP BY measure_name ORDER BY count(*) DESC, 1 LIMIT 2', [['cpu'], ['mem']]],
    [
      'SELECT bin(time, 2s) AS b, count(*) FROM db.t GROUP BY bin(time, 2s) ORDER BY b',
      [
        ['2023-11-14 22:13:20.000000000', '2'],
        ['2023-11-14 22:13:22.000000000', '2'],
      ],
    ],
    ['SELECT length(host) + 1, count(*) FROM db.t WHERE host IS NOT NULL GROUP BY length(host) ORDER BY LENGTH(host)', [['2', '3']]],
    ['SELECT DISTINCT host FROM db.t WHERE host IS NOT NULL ORDER BY host', [['a'], ['b']]],
    [
      "SELECT host, CREATE_TIME_SERIES(time, measure_value::double) AS ts FROM db.t WHERE measure_name = 'cpu' GROUP BY host ORDER BY 1",
      [
        ['a', [[t0, '1.5']]],
        ['b', [['2023-11-14 22:13:21.000000000', '-0.0']]],
      ],
    ],
    [
      "WITH s AS (SELECT host, CREATE_TIME_SERIES(time, measure_value::double) AS ts FROM db.t WHERE measure_name = 'cpu' GROUP BY host) SELECT s.host, time, v FROM s CROSS JOIN UNNEST(ts) AS u (time, v) ORDER BY v DESC",
      [
        ['a', t0, '1.5'],
        ['b', '2023-11-14 22:13:21.000000000', '-0.0'],
      ],
    ],
    ['SELECT v FROM UNNEST(ARRAY[3, 1, 2]) AS u (v) ORDER BY v', [['1'], ['2'], ['3']]],
    ['SELECT a.host, b.measure_name FROM db.t a JOIN db.t AS b ON a.host = b.host AND a.time < b.time', [['a', 'mem']]],
    [
      'SELECT x.n, y.n FROM (VALUES 1, 2) AS x(n) LEFT JOIN (VALUES 2, 3) AS y(n) ON x.n = y.n ORDER BY 1',
      [
        ['1', null],
        ['2', '2'],
      ],
    ],
    ['SELECT "db"."t".host FROM "db"."t" WHERE t.measure_name = \'mem\'', [['a']]],
    ['SELECT t.* FROM (SELECT host, 1 FROM db.t LIMIT 0) AS t', []],
    ['SELECT 1 UNION ALL SELECT 2.5 UNION ALL SELECT NULL ORDER BY 1', [['1.0'], ['2.5'], [null]]],
    ['(SELECT 1 UNION SELECT 2) EXCEPT SELECT 1', [['2']]],
    ['SELECT 1 INTERSECT SELECT 1', [['1']]],
    [
      'SELECT host, row_number() OVER (PARTITION BY host ORDER BY time DESC) AS n FROM db.t WHERE host IS NOT NULL ORDER BY 1, 2',
      [
        ['a', '1'],
        ['a', '2'],
        ['b', '1'],
      ],
    ],
    [
      "SELECT measure_value::double, lag(measure_value::double) OVER (ORDER BY time), sum(measure_value::double) OVER (ORDER BY time ROWS UNBOUNDED PRECEDING) FROM db.t WHERE measure_name = 'cpu' ORDER BY time",
      [
        ['1.5', null, '1.5'],
        ['-0.0', '1.5', '1.5'],
      ],
    ],
    [
      'SELECT min_by(measure_name, time), max_by(measure_name, time), max(time), count_if(up), sum(measure_value::bigint), approx_distinct(host), bool_and(up) FROM db.t',
      [['cpu', 'multi', '2023-11-14 22:13:23.000000000', '1', '7', '2', 'true']],
    ],
    ['SELECT array_agg(n) FROM (SELECT n FROM (VALUES 1) AS t(n))', [[['1']]]],
    [
      'SELECT sum(n), avg(n), stddev(n), var_pop(n), count(DISTINCT n) FROM (VALUES 1, 3, 3) AS t(n)',
      [['7', '2.3333333333333335', '1.1547005383792515', '0.8888888888888888', '2']],
    ],
    ['SELECT count_if(n = 1), count_if(n IS NULL) FROM (SELECT CAST(NULL AS bigint) FROM (VALUES 1, 2) AS t(m)) AS u(n)', [['0', '2']]],
    ['SELECT count(*), sum(n), max(n) FROM (SELECT n FROM (VALUES 1) AS t(n) WHERE n > 1)', [['0', null, null]]],
    [
      "VALUES (1, 'a'), (2, 'b')",
      [
        ['1', 'a'],
        ['2', 'b'],
      ],
    ],
    [
      "SELECT /* a comment */ host -- and another\nFROM db.t WHERE time BETWEEN from_milliseconds(1700000000000) AND '2023-11-14 22:13:20.999' ",
      [['a']],
    ],
  ])('%s', async (sql, expected) => {
    expect(await fixture.rows(sql)).toEqual(expected);
  });
});

describe('SHOW and DESCRIBE', () => {
  test.each<[string, readonly string[], readonly (readonly unknown[])[]]>([
    ['SHOW DATABASES', ['Database'], [['db'], ['other.db']]],
    ["SHOW DATABASES LIKE 'other%'", ['Database'], [['other.db']]],
    ['SHOW TABLES FROM db', ['Table'], [['t'], ['empty']]],
    ['SHOW TABLES FROM "db" LIKE \'em%y\'', ['Table'], [['empty']]],
    ['show tables from "other.db"', ['Table'], []],
    [
      'DESCRIBE "db"."empty"',
      ['Column', 'Type', 'Timestream attribute type'],
      [
        ['measure_name', 'varchar', 'MEASURE_NAME'],
        ['time', 'timestamp', 'TIMESTAMP'],
      ],
    ],
    [
      "SHOW MEASURES FROM db.t LIKE 'm_m'",
      ['measure_name', 'data_type', 'dimensions'],
      [
        [
          'mem',
          'double',
          [
            ['host', 'varchar'],
            ['Host', 'varchar'],
          ],
        ],
      ],
    ],
  ])('%s', async (sql, names, expected) => {
    const { columns, rows } = await fixture.query(sql);
    expect(columns.map(({ Name }) => Name)).toEqual(names);
    expect(rows).toEqual(expected);
  });

  test('DESCRIBE tells dimensions, measures of single records and of multi-measure records apart', async () => {
    expect(await fixture.rows('DESCRIBE db.t')).toEqual([
      ['host', 'varchar', 'DIMENSION'],
      ['Host', 'varchar', 'DIMENSION'],
      ['job', 'varchar', 'DIMENSION'],
      ['measure_name', 'varchar', 'MEASURE_NAME'],
      ['time', 'timestamp', 'TIMESTAMP'],
      ['measure_value::double', 'double', 'MEASURE_VALUE'],
      ['measure_value::bigint', 'bigint', 'MEASURE_VALUE'],
      ['up', 'boolean', 'MULTI'],
      ['label', 'varchar', 'MULTI'],
      ['seen', 'timestamp', 'MULTI'],
    ]);
  });
});

describe('what is joined of texts', () => {
  const point = (value: string): string =>
    `SELECT concat(lpad(cast(to_nanoseconds(time) / 1000000 AS varchar), 14, '0'), CASE WHEN measure_name = 'cpu' THEN concat('$', ${value}) END, ';') FROM db.t`;
  const sqlOf = (sql: string): string => {
    const compiled = compileStatement(sql, fixture.catalog, { nowNs: () => epochNs });
    return compiled.kind === 'query' ? compiled.query.duckdbSql : '';
  };

  test('is not counted where all of it is short, and is where one of it may be long', async () => {
    expect(sqlOf(point('cast("measure_value::double" AS varchar)'))).not.toContain('ts_has_room');
    for (const value of ['label', "lpad('', 1000, 'x')", "CASE WHEN host = 'a' THEN 'short' ELSE label END"])
      expect(sqlOf(point(value))).toContain('ts_has_room');
    expect(await fixture.rows(`${point('cast("measure_value::double" AS varchar)')} ORDER BY time`)).toEqual([
      [`${String(epochNs / 1_000_000n + 123n).padStart(14, '0')}$1.5;`],
      [`${String(epochNs / 1_000_000n + 1000n).padStart(14, '0')}$-0.0;`],
      [null],
      [null],
    ]);
  });
});
