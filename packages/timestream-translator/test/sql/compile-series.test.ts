import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileSchemaProbe, compileSeriesList, compileSeriesSelect } from '../../src/sql/compile-series.js';
import { MAX_QUERY_BYTES } from '../../src/model/limits.js';
import { createMatcher, type Matcher } from '../../src/matcher/matcher.js';
import { createSeriesListReader, type PhysicalSeries } from '../../src/rows/physical-series.js';
import { ReadLimitError } from '../../src/rows/read-limit-error.js';
import type { QueryPage } from '../../src/model/record.js';
import { labelsOfRow } from '../../src/rows/row-labels.js';
import { coversSchema, schemaOf } from '../../src/model/table-schema.js';
import { utf8ByteLength } from '../../src/text/text-codec.js';
import { evaluatePredicate } from '../support/evaluate-predicate.js';
import { dimensionsOfTable, memoryTable, type MemoryRow } from '../support/memory-table.js';

const table = { database: 'db', table: 'metrics' };
const query = { startTimestampMs: 1000n, endTimestampMs: 1001n };

const physicalOf = (row: MemoryRow, columns: Iterable<string>): PhysicalSeries => {
  const dimensions = [...columns].map((name) => [name, row.dimensions[name] ?? null] as const);
  return { dimensions, measureName: row.measureName, labels: labelsOfRow(dimensions, row.measureName), rowCount: 1, firstMs: 0, lastMs: 0 };
};

describe('compileSeriesList', () => {
  const list = (dimensions: string[], valueColumns: string[]) =>
    compileSeriesList({
      ...table,
      query,
      matchers: [createMatcher({ type: '=', name: '__name__', value: 'up' })],
      schema: { dimensions: new Set(dimensions), valueColumns: new Set(valueColumns), columns: [...dimensions, ...valueColumns] },
      regexPushdown: true,
    });

  it('names every dimension once to show and once to group by, and counts rows that hold a sample', () => {
    expect(list(['job', 'a b'], ['sample_value', 'measure_value::double'])).toMatchObject({
      sql:
        'SELECT "job", "a b", "measure_name", count(*), min(time), max(time) FROM "db"."metrics" ' +
        `WHERE "measure_name" = 'up' AND time >= from_milliseconds(1000) AND time < from_milliseconds(1002) AND (sample_value IS NOT NULL OR measure_value::double IS NOT NULL) ` +
        `GROUP BY "job", "a b", "measure_name"`,
      dimensionColumns: ['job', 'a b'],
    });
  });

  it('asks nothing of a table without samples, and says on which columns that relies', () => {
    expect(list(['job'], [])).toEqual({
      kind: 'nothing',
      labelsAssumedAbsent: new Set([
        'sample_bits',
        'sample_value',
        'v',
        'measure_value::double',
        'measure_value::bigint',
        'sample_histogram',
      ]),
    });
  });
});

describe('compileSchemaProbe', () => {
  it('asks for the columns and for no row', () => {
    expect(compileSchemaProbe(table)).toBe('SELECT * FROM "db"."metrics" WHERE time < from_milliseconds(0)');
  });
});

describe('coversSchema', () => {
  const schema = (...columns: (readonly [name: string, scalarType: string])[]) =>
    schemaOf(columns.map(([Name, ScalarType]) => ({ Name, Type: { ScalarType } })));
  const known = schema(['job', 'VARCHAR'], ['sample_value', 'DOUBLE'], ['note', 'BIGINT'], ['sample_bits', 'VARCHAR']);

  it('is true as long as no label and no column of values is new', () => {
    expect(known).toEqual({
      dimensions: new Set(['job']),
      valueColumns: new Set(['sample_value']),
      columns: ['job', 'sample_value', 'note', 'sample_bits'],
    });
    expect(coversSchema(known, schema(['job', 'VARCHAR']))).toBe(true);
    expect(coversSchema(known, schema(['sample_value', 'DOUBLE'], ['count', 'BIGINT']))).toBe(true);
    expect(coversSchema(known, schema(['pod', 'VARCHAR']))).toBe(false);
    expect(coversSchema(known, schema(['sample_bits', 'BIGINT']))).toBe(false);
  });
});

describe('createSeriesListReader', () => {
  const read = (pages: readonly QueryPage[], dimensionColumns: readonly string[], matchers: readonly Matcher[] = [], maxSeries = 10) => {
    const reader = createSeriesListReader({ dimensionColumns, matchers, maxSeries });
    for (const one of pages) reader.addPage(one);
    return reader.finish();
  };
  const page = (...rows: (string | null)[][]) => ({
    ColumnInfo: [],
    Rows: rows.map((texts) => ({ Data: texts.map((text) => (text === null ? { NullValue: true } : { ScalarValue: text })) })),
  });
  const first = '1970-01-01 00:00:01.000000000';
  const last = '1970-01-01 00:00:02.000999999';

  it('gives the series that pass all matchers, with their extent', () => {
    const rows = page(['a', null, 'up', '3', first, last], ['b', '{"z":"1"}', 'job%3Aup', '1', first, first]);
    const notA = createMatcher({ type: '!=', name: 'job', value: 'a' });
    const series = read([rows], ['job', 'prometheus_labels']);
    expect(series).toHaveLength(2);
    expect(series[0]).toEqual({
      dimensions: [
        ['job', 'a'],
        ['prometheus_labels', null],
      ],
      measureName: 'up',
      labels: [
        { name: '__name__', value: 'up' },
        { name: 'job', value: 'a' },
      ],
      rowCount: 3,
      firstMs: 1000,
      lastMs: 2000,
    });
    expect(read([rows], ['job', 'prometheus_labels'], [notA])).toEqual([series[1]]);
  });

  it('refuses more series than may match, those that do not match not counted', () => {
    const many = page(...Array.from({ length: 9 }, (_, index) => [`j${index}`, 'up', '1', first, first]));
    const some = createMatcher({ type: '!~', name: 'job', value: 'j[678]' });
    expect(() => read([many], ['job'], [], 2)).toThrow(new ReadLimitError('too-many-series', 2));
    expect(read([many], ['job'], [some], 2)).toHaveLength(6);
  });

  it('refuses a row without its counts', () => {
    expect(() => read([page(['a', 'up', null, first, last])], ['job'])).toThrow(/without name, count or times/);
  });
});

describe('compileSeriesSelect', () => {
  it('says what all series have in common once, and a single difference as IN', () => {
    const row = (job: string | null, code: string) => ({
      measureName: 'up',
      dimensions: { ...(job === null ? {} : { job }), code },
      timeNs: 0n,
      value: null,
    });
    const sqlOf = (...rows: MemoryRow[]) =>
      compileSeriesSelect({ ...table, query, series: rows.map((one) => physicalOf(one, ['job', 'code'])) }).map(({ sql }) => sql);
    const time = 'time >= from_milliseconds(1000) AND time < from_milliseconds(1002)';
    expect(sqlOf(row('a', '1'), row('b', '1'))).toEqual([
      `SELECT * FROM "db"."metrics" WHERE "measure_name" = 'up' AND "code" = '1' AND "job" IN ('a', 'b') AND ${time}`,
    ]);
    expect(sqlOf(row('a', '1'), row(null, '1'))).toEqual([
      `SELECT * FROM "db"."metrics" WHERE "measure_name" = 'up' AND "code" = '1' AND ("job" = 'a' OR "job" IS NULL) AND ${time}`,
    ]);
    expect(sqlOf(row('a', '1'), row(null, '2'))).toEqual([
      `SELECT * FROM "db"."metrics" WHERE "measure_name" = 'up' AND (("job" = 'a' AND "code" = '1') OR ("job" IS NULL AND "code" = '2')) AND ${time}`,
    ]);
  });

  it('asks for exactly the rows of each series, each in one statement', () => {
    fc.assert(
      fc.property(memoryTable, fc.integer({ min: 1, max: 3 }), fc.nat(), (rows, maxSeriesPerQuery, choice) => {
        const columns = dimensionsOfTable(rows);
        const keyOf = (row: MemoryRow) => JSON.stringify(physicalOf(row, columns));
        const chosen = new Map(rows.filter((_, index) => (choice >> index) % 2 === 1).map((row) => [keyOf(row), physicalOf(row, columns)]));
        const statements = compileSeriesSelect({ ...table, query, series: [...chosen.values()], maxSeriesPerQuery });
        expect(statements.flatMap(({ series }) => series)).toEqual([...chosen.values()]);
        for (const row of rows) {
          const evaluated = {
            columns: new Map<string, string | null>([...columns].map((name) => [name, row.dimensions[name] ?? null])).set(
              'measure_name',
              row.measureName,
            ),
            timeNs: row.timeNs,
          };
          const isInTime = row.timeNs >= 1_000_000_000n && row.timeNs < 1_002_000_000n;
          const found = statements.filter(({ predicate }) => evaluatePredicate(predicate, evaluated) === true);
          const isWanted = isInTime && chosen.has(keyOf(row));
          if (isWanted) expect(found.length).toBeGreaterThanOrEqual(1);
          // A text that SQL cannot carry widens its statement.
          if (!rows.some(({ dimensions }) => Object.values(dimensions).includes('\u0000'))) expect(found).toHaveLength(isWanted ? 1 : 0);
        }
      }),
      { numRuns: 1000 },
    );
  }, 120_000);

  it('starts another statement before the text is longer than Timestream takes', () => {
    const series = Array.from({ length: 1000 }, (_, index) =>
      physicalOf({ measureName: `m${index}`, dimensions: { a: `${index}${"'".repeat(900)}`, b: `${index}` }, timeNs: 0n, value: null }, [
        'a',
        'b',
      ]),
    );
    const statements = compileSeriesSelect({ ...table, query, series, maxSeriesPerQuery: 1000 });
    expect(statements.length).toBeGreaterThan(1);
    for (const { sql } of statements) expect(utf8ByteLength(sql)).toBeLessThanOrEqual(MAX_QUERY_BYTES);
  });
});
