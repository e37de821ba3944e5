import { describe, expect, it } from 'vitest';
import { createMatcher } from '../../src/matcher/matcher.js';
import { MAX_QUERY_BYTES } from '../../src/model/limits.js';
import { compilePackedSelect, MAX_ROW_SPAN_MS, type PackedSelectOptions } from '../../src/sql/compile-packed.js';
import { compileDoubleProbe, isExactDoubleProbe } from '../../src/sql/double-probe.js';
import { labelOrder } from '../../src/sql/label-order.js';
import { utf8ByteLength } from '../../src/text/text-codec.js';

const options: PackedSelectOptions = {
  query: { startTimestampMs: 1000n, endTimestampMs: 1999n },
  matchers: [createMatcher({ type: '=', name: '__name__', value: 'up' })],
  database: 'db',
  table: 't',
  schema: {
    dimensions: new Set(['job', 'zone']),
    valueColumns: new Set(['sample_value']),
    columns: ['job', 'measure_name', 'time', 'sample_value', 'zone', 'note'],
  },
  regexPushdown: true,
};

const compile = (overrides: Partial<PackedSelectOptions> = {}) => {
  const select = compilePackedSelect({ ...options, ...overrides });
  if (select.kind === 'nothing') throw new Error('nothing is asked for');
  return select;
};

describe('compilePackedSelect', () => {
  it('asks for the points of each series in one text, beside every column of the table in no row', () => {
    const point =
      `concat(cast((to_nanoseconds(time) - 1000000000) / 1000000 AS varchar), ` +
      `CASE WHEN mod((to_nanoseconds(time) - 1000000000), 1000000) = 0 THEN '' ` +
      `ELSE concat('+', cast(mod((to_nanoseconds(time) - 1000000000), 1000000) AS varchar)) END, ` +
      `CASE WHEN sample_value IS NOT NULL THEN concat(':', cast(sample_value AS varchar)) END, ';')`;
    expect(compile()).toMatchObject({
      sql:
        `SELECT "job", "zone", "measure_name", 0 AS "packed:row", count(*) AS "packed:count", 0 AS "packed:others", ` +
        `count_if(sample_value IS NOT NULL AND cast(cast(sample_value AS varchar) AS double) <> sample_value) AS "packed:inexact", ` +
        `array_join(array_agg(${point}), '') AS "packed:points" ` +
        `FROM (SELECT "job", "measure_name", "time", "sample_value", "zone", "note" FROM "db"."t" ` +
        `WHERE "measure_name" = 'up' AND time >= from_milliseconds(1000) AND time < from_milliseconds(2000) AND (sample_value IS NOT NULL) ` +
        `UNION ALL SELECT * FROM "db"."t" WHERE time < from_milliseconds(0)) GROUP BY "job", "zone", "measure_name"`,
      layout: { dimensionColumns: ['job', 'zone'], fromMs: 1000, rowSpanMs: 1000, newestOnly: false },
    });
  });

  it('cuts long times into rows, and counts the milliseconds from the beginning of each', () => {
    const { sql, layout } = compile({ query: { startTimestampMs: 0n, endTimestampMs: 86_400_000n } });
    expect(layout.rowSpanMs).toBe(MAX_ROW_SPAN_MS);
    expect(sql).toContain('GROUP BY "job", "zone", "measure_name", (to_nanoseconds(time) - 0) / 14400000000000');
    expect(sql).toContain('cast(mod((to_nanoseconds(time) - 0), 14400000000000) / 1000000 AS varchar)');
  });

  it('leaves the times of equal steps out where points are many, unless it is told otherwise', () => {
    const hour = { startTimestampMs: 0n, endTimestampMs: 3_600_000n };
    expect(compile().layout.leavesTimesOut).toBe(false);
    expect(compile({ query: hour }).layout.leavesTimesOut).toBe(true);
    expect(compile({ query: hour, leavesTimesOut: false }).sql).not.toContain('packed:step');
    expect(compile({ query: hour, newestOnly: true, leavesTimesOut: true }).layout.leavesTimesOut).toBe(false);
    const { sql, layout } = compile({ leavesTimesOut: true });
    expect(layout.leavesTimesOut).toBe(true);
    expect(sql).toContain(`array_sort(array_agg(concat(lpad(cast((to_nanoseconds(time) - 1000000000) / 1000000 AS varchar), 4, '0'),`);
    expect(sql).toContain(
      `regexp_replace(array_join("packed:points", ''), '[0-9]{4}[!:$=#]')) ELSE array_join("packed:points", '') END AS "packed:points"`,
    );
  });

  it('only counts the rows that have a value in a dimension that is not grouped by', () => {
    expect(compile({ groupColumns: new Set(['job']) }).sql).toContain('count("zone") AS "packed:others"');
    expect(compile({ groupColumns: new Set() }).sql).toContain('count(coalesce("job", "zone")) AS "packed:others"');
    expect(compile({ groupColumns: new Set() }).sql).toContain('GROUP BY "measure_name"');
  });

  it('can ask for the newest point alone', () => {
    const { sql, layout } = compile({ newestOnly: true, query: { startTimestampMs: 0n, endTimestampMs: 86_400_000n } });
    expect(sql).toContain(`';'), time) AS "packed:points"`);
    expect(layout).toMatchObject({ newestOnly: true, rowSpanMs: 86_400_001 });
  });

  it('asks nothing of a table without samples, of no time and of no matcher', () => {
    expect(compilePackedSelect({ ...options, schema: { ...options.schema, valueColumns: new Set() } })).toEqual({
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
    expect(compilePackedSelect({ ...options, query: { startTimestampMs: 2n, endTimestampMs: 1n } })).toMatchObject({ kind: 'nothing' });
    expect(compilePackedSelect({ ...options, matchers: [] })).toMatchObject({ kind: 'nothing' });
  });

  it('stays within the length of a statement with the longest names of all 128 dimensions, in order', () => {
    const dimensions = Array.from({ length: 128 }, (_, index) => `label_${index}_`.padEnd(60, 'x'));
    const schema = { ...options.schema, dimensions: new Set(dimensions), columns: [...dimensions, 'measure_name', 'time', 'sample_value'] };
    const { sql } = compile({ schema, isOrdered: true });
    expect(utf8ByteLength(sql)).toBeLessThan(MAX_QUERY_BYTES / 2);
  });
});

describe('labelOrder', () => {
  it('puts absent labels where Prometheus sorts them, and series of which that is unknown first', () => {
    expect(labelOrder(['zone', 'App', 'prometheus_labels', 'job'], '"last"')).toEqual({
      lastLabel: `CASE WHEN "zone" IS NOT NULL THEN 3 WHEN "job" IS NOT NULL THEN 2 ELSE 1 END`,
      keys: [
        `CASE WHEN "prometheus_labels" IS NOT NULL OR "measure_name" LIKE '%\\%%' ESCAPE '\\' THEN 0 ELSE 1 END`,
        '"App" NULLS LAST',
        '"measure_name" NULLS LAST',
        'CASE WHEN "job" IS NOT NULL THEN 1 WHEN "last" > 2 THEN 2 ELSE 0 END',
        '"job"',
        'CASE WHEN "zone" IS NOT NULL THEN 1 WHEN "last" > 3 THEN 2 ELSE 0 END',
        '"zone"',
      ],
    });
  });
});

describe('compileDoubleProbe', () => {
  const series = [{ dimensions: [['job', 'a']] as const, measureName: 'up', labels: [], rowCount: 1, firstMs: 0, lastMs: 0 }];
  const sql = compileDoubleProbe({ ...options, series });
  const texts = [...sql.matchAll(/cast\(cast\('([^']*)' AS double\) AS varchar\)/g)].map(([, text]) => text ?? '');
  const answer = (shown: readonly string[]) => isExactDoubleProbe({ ColumnInfo: [], Rows: [{ Data: [{ ScalarValue: shown.join(';') }] }] });

  it('asks for doubles that are hard to write, beside a row of the table', () => {
    expect(texts.length).toBeGreaterThan(20);
    expect(sql).toContain(`FROM "db"."t" WHERE "measure_name" = 'up' AND "job" = 'a' AND time >= from_milliseconds(1000)`);
  });

  it('takes any texts that read as the same doubles, and no others', () => {
    expect(answer(texts)).toBe(true);
    expect(answer(texts.map((text) => (Number(text) === 0 ? text : Number(text).toExponential(16))))).toBe(true);
    expect(answer(texts.map((text) => text.replace('-0.0', '0.0')))).toBe(false);
    expect(answer(texts.map((text) => String(Number(Number(text).toPrecision(15)))))).toBe(false);
    expect(answer(texts.slice(1))).toBe(false);
    expect(answer(texts.slice(0, -1))).toBe(false);
    // JavaScript reads nothing as 0.
    expect(answer(texts.map((text) => (text === '0.0' ? '' : text)))).toBe(false);
    expect(answer([])).toBe(false);
  });

  it('says nothing when the row is gone', () => {
    expect(isExactDoubleProbe({ ColumnInfo: [], Rows: [] })).toBe(true);
  });
});
