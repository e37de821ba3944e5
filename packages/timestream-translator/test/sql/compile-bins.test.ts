import { describe, expect, it } from 'vitest';
import { createMatcher } from '../../src/matcher/matcher.js';
import type { SampleBins } from '../../src/sql/compile-bins.js';
import { compilePackedSelect, MAX_ROW_SPAN_MS, type PackedSelectOptions } from '../../src/sql/compile-packed.js';

const options: PackedSelectOptions = {
  query: { startTimestampMs: 100_000n, endTimestampMs: 400_000n },
  matchers: [createMatcher({ type: '=', name: '__name__', value: 'up' })],
  database: 'db',
  table: 't',
  schema: {
    dimensions: new Set(['job', 'zone']),
    valueColumns: new Set(['sample_bits', 'sample_value', 'measure_value::double', 'sample_histogram']),
    columns: ['job', 'measure_name', 'time', 'sample_value', 'zone', 'sample_bits', 'measure_value::double', 'sample_histogram'],
  },
  regexPushdown: true,
};

function compile(
  need: SampleBins['need'],
  overrides: Partial<PackedSelectOptions> = {},
): { readonly sql: string; readonly rowSpanMs: number } {
  const bins = { anchorMs: 1_000_007, widthMs: 60_000, need };
  const select = compilePackedSelect({ ...options, bins, ...overrides });
  if (select.kind === 'nothing') throw new Error('nothing is asked for');
  expect(select.layout.bins).toEqual(overrides.bins ?? bins);
  return { sql: select.sql, rowSpanMs: select.layout.rowSpanMs };
}

describe('a packed statement for some samples of each bin', () => {
  it('puts rows into bins that end with a step, whole milliseconds after the one before', () => {
    // There are steps at 40,007 ms and 100,007 ms.
    const from = (startTimestampMs: bigint) => compile('newest', { query: { startTimestampMs, endTimestampMs: 400_000n } }).sql;
    expect(from(100_007n)).toContain('(to_nanoseconds(time) - 40008000000) / 60000000000');
    expect(from(100_008n)).toContain('(to_nanoseconds(time) - 100008000000) / 60000000000');
    expect(from(100_009n)).toContain('(to_nanoseconds(time) - 100008000000) / 60000000000');
  });

  it('keeps the newest row of each column, and every histogram', () => {
    const { sql } = compile('newest');
    expect(sql).toContain('max(time) AS time, max_by(sample_bits, time) AS sample_bits, max_by(sample_value, time) AS sample_value');
    expect(sql).toContain('CASE WHEN sample_histogram IS NOT NULL THEN to_nanoseconds(time) ELSE');
    expect(sql).toContain('0 AS "packed:unsure"');
  });

  it('tells staleness markers from other values where those are no samples', () => {
    for (const need of ['last', 'count'] as const) {
      expect(compile(need).sql).toContain('CASE WHEN sample_bits = 9218868437227405314 THEN 11 ELSE 10 END');
    }
    expect(compile('count').sql).toContain(
      'CASE WHEN "packed:kind" IN (11, 40) THEN NULL ELSE cast(count(*) AS double) END AS "packed:counted"',
    );
  });

  it('keeps zeros of both signs and every value that is no number, where the least or greatest is wanted', () => {
    const { sql } = compile('least');
    expect(sql).toContain(`CASE WHEN sample_value <> 0 THEN 20 WHEN strpos(cast(sample_value AS varchar), '-') = 1 THEN 22 ELSE 21 END`);
    expect(sql).toContain(
      'CASE "packed:kind" WHEN 20 THEN min_by(time, sample_value) WHEN 30 THEN min_by(time, measure_value::double) ELSE min(time) END',
    );
    expect(sql).toContain('CASE WHEN sample_bits IS NOT NULL OR sample_histogram IS NOT NULL THEN to_nanoseconds(time) ELSE');
  });

  it('counts what speaks against it: times finer than a millisecond, and records of several types', () => {
    const { sql } = compile('last');
    expect(sql).toContain(
      'CASE WHEN "packed:kind" = 40 THEN 0 ELSE count_if(mod(to_nanoseconds(time), 1000000) <> 0) END AS "packed:fine"',
    );
    expect(sql).toContain('WHEN "packed:kind" / 10 IN (1, 2) THEN 0 WHEN "packed:kind" / 10 IN (3) THEN 1');
    const ofOneType = { ...options.schema, valueColumns: new Set(['sample_value', 'sample_bits']) };
    expect(compile('last', { schema: ofOneType }).sql).toContain('sum("packed:fine") AS "packed:unsure"');
  });

  it('still counts the rows that have a value in a dimension that is not grouped by', () => {
    const { sql } = compile('newest', { groupColumns: new Set(['job']) });
    expect(sql).toContain('CASE WHEN "zone" IS NULL THEN 0 ELSE 1 END AS "packed:rest"');
    expect(sql).toContain('sum("packed:rest") AS "packed:others"');
  });

  it('holds as many bins in a row as fit, unless every value that is no number is kept', () => {
    const query = { startTimestampMs: 0n, endTimestampMs: 10n ** 9n };
    expect(compile('newest', { query }).rowSpanMs).toBe(4000 * 60_000);
    expect(compile('greatest', { query }).rowSpanMs).toBe(MAX_ROW_SPAN_MS);
    expect(compile('newest', { query, maxRowSpanMs: 5000 }).rowSpanMs).toBe(5000);
  });

  it('keeps the first row of a bin and those whose value or kind is another one, where changes are wanted', () => {
    const { sql, rowSpanMs } = compile('changes', { query: { startTimestampMs: 0n, endTimestampMs: 10n ** 9n } });
    const part = 'PARTITION BY "job", "zone", "measure_name", "packed:bin", CASE WHEN "packed:kind" IN (11) THEN 1 ELSE 0 END';
    expect(sql).toContain(`lag("packed:kind") OVER (${part} ORDER BY time) AS "packed:kind-before"`);
    expect(sql).toContain(`lag(sample_value) OVER (${part} ORDER BY time) AS "packed:before-1"`);
    expect(sql).toContain(`count(*) OVER (${part}) AS "packed:seen"`);
    expect(sql).toContain(
      'WHERE "packed:kind-before" IS NULL OR "packed:kind-before" <> "packed:kind" OR "packed:before-0" <> sample_bits',
    );
    expect(rowSpanMs).toBe(MAX_ROW_SPAN_MS);
  });

  it('counts of the rows that do not change what speaks against it, too', () => {
    const { sql } = compile('changes', { groupColumns: new Set(['job']) });
    expect(sql).toContain('sum(CASE WHEN "packed:kind" = 40 THEN 0 WHEN mod(to_nanoseconds(time), 1000000) <> 0 THEN 1 ELSE 0 END) OVER');
    expect(sql).toContain('sum("packed:rest") OVER');
    expect(sql).toContain('CASE WHEN "packed:kind-before" IS NULL THEN "packed:fine" ELSE 0 END AS "packed:fine"');
  });
});
