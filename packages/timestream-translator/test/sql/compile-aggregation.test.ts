import { describe, expect, it } from 'vitest';
import { createMatcher } from '../../src/matcher/matcher.js';
import { compileAggregation, type AggregationOptions, type SampleAggregation } from '../../src/sql/compile-aggregation.js';

const aggregation: SampleAggregation = {
  operator: 'count',
  grouping: ['job', 'unknown'],
  without: false,
  firstMs: 1_000_000,
  stepMs: 60_000,
  steps: 11,
  lookbackMs: 300_000,
  isOrdered: false,
};

const options: AggregationOptions = {
  query: { startTimestampMs: 700_001n, endTimestampMs: 1_600_000n },
  matchers: [createMatcher({ type: '=', name: '__name__', value: 'up' })],
  database: 'db',
  table: 't',
  schema: {
    dimensions: new Set(['job', 'zo"ne', 'prometheus_labels']),
    valueColumns: new Set(['sample_bits', 'v', 'measure_value::double', 'sample_histogram']),
    columns: ['job', 'measure_name', 'time', 'v', 'zo"ne', 'prometheus_labels', 'sample_bits', 'measure_value::double', 'sample_histogram'],
  },
  regexPushdown: true,
  aggregation,
};

function compile(
  changes: Partial<SampleAggregation> = {},
  overrides: Partial<AggregationOptions> = {},
): { readonly sql: string; readonly labels: readonly string[] } {
  // oxfmt-ignore
  const compiled = compileAggregation({ ...options, aggregation: { ...aggregation, ...changes }, ...overrides });
  if (compiled.kind === 'impossible') throw new Error('Timestream cannot be asked');
  return { sql: compiled.sql, labels: compiled.layout.labels };
}

const isPossible = (matcher: Parameters<typeof createMatcher>[0]): boolean =>
  compileAggregation({ ...options, matchers: [...options.matchers, createMatcher(matcher)] }).kind === 'statement';

describe('a statement for an aggregation', () => {
  it('groups by those labels of the grouping that are columns, or by all others', () => {
    expect(compile().labels).toEqual(['job']);
    expect(compile({ grouping: ['__name__', 'zo"ne'] }).labels).toEqual(['zo"ne', '__name__']);
    expect(compile({ without: true, grouping: ['job', '__name__'] }).labels).toEqual(['zo"ne']);
    expect(compile({ grouping: ['prometheus_labels'] }).labels).toEqual([]);
  });

  it('counts a row from the first step that sees it up to the next row, the lookback and the last step', () => {
    const { sql } = compile();
    // Five steps of a minute reach back 300 s, so the first bin begins one millisecond after 700,000 ms.
    expect(sql).toContain('greatest((to_nanoseconds(time) - 700001000000) / 60000000000 - 4, 0) AS "packed:step"');
    expect(sql).toContain('least(("packed:newest" / 1000000 - 700001) / 60000, coalesce("packed:next", 11) - 1)');
    expect(sql).toContain(
      'lead("packed:step") OVER (PARTITION BY "job", "zo""ne", "prometheus_labels", "measure_name" ORDER BY "packed:step")',
    );
    expect(compile({ steps: 1 }).sql).not.toContain('UNNEST');
  });

  it('counts what speaks against it', () => {
    const { sql } = compile({ operator: 'max' });
    expect(sql).toContain('mod(to_nanoseconds(time), 1000000) <> 0 OR sample_histogram IS NOT NULL OR sample_bits < -4503599627370496 OR');
    expect(sql).toContain(`"job" = '' OR "zo""ne" = '' OR "prometheus_labels" IS NOT NULL`);
    expect(sql).toContain('CASE WHEN max(CASE WHEN sample_bits IS NOT NULL OR v IS NOT NULL THEN to_nanoseconds(time) END) = max(CASE');
  });

  it('takes %3A for the colon that it stands for, unless the order of names counts', () => {
    const matchers = [createMatcher({ type: '=~', name: '__name__', value: 'up|job:up:sum' })];
    const isEncoded = `strpos(replace("measure_name", '%3A', ''), '%') > 0`;
    expect(compile({}, { matchers }).sql).toContain(isEncoded);
    expect(compile({ isOrdered: true }, { matchers }).sql).toContain(`strpos("measure_name", '%') > 0`);
    expect(compile({ isOrdered: true }).sql).toContain(isEncoded);
  });

  it('still counts the rows that have a value in a dimension that is not grouped by', () => {
    expect(compile({}, { groupColumns: new Set(['job']) }).sql).toContain(
      'count(coalesce("zo""ne", "prometheus_labels")) AS "packed:others"',
    );
  });

  it('is there only if SQL lets through what the matchers do and nothing else', () => {
    expect(isPossible({ type: '=~', name: 'job', value: 'a|b' })).toBe(true);
    expect(isPossible({ type: '!~', name: 'job', value: 'a.*' })).toBe(true);
    expect(isPossible({ type: '=~', name: 'job', value: '.+' })).toBe(true);
    expect(isPossible({ type: '=~', name: '__name__', value: '.+' })).toBe(true);
    expect(isPossible({ type: '=~', name: '__name__', value: 'u.*' })).toBe(false);
    expect(isPossible({ type: '=~', name: 'job', value: '\\bx' })).toBe(false);
    expect(isPossible({ type: '!=', name: 'prometheus_labels', value: 'x' })).toBe(false);
    // No statement can carry a NUL, and a condition without it lets more through.
    for (const type of ['=', '!=', '=~', '!~'] as const) expect(isPossible({ type, name: 'job', value: 'a\0b' }), type).toBe(false);
    expect(isPossible({ type: '!~', name: 'job', value: 'a\0b.*' })).toBe(false);
    expect(isPossible({ type: '!~', name: 'job', value: 'a|b|c\0' })).toBe(false);
  });

  it('is none without a column that could hold a sample, or a time that could be stored', () => {
    expect(compileAggregation({ ...options, schema: { ...options.schema, valueColumns: new Set() } }).kind).toBe('impossible');
    expect(compileAggregation({ ...options, query: { startTimestampMs: 2n, endTimestampMs: 1n } }).kind).toBe('impossible');
  });
});
