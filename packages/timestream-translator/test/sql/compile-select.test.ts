import type { MatcherType } from '@timestream-prometheus/prom-codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CompiledSelect, compileSelect } from '../../src/sql/compile-select.js';
import { createMatcher } from '../../src/matcher/matcher.js';
import { encodeMeasureName } from '../../src/names/measure-name.js';
import { schemaOf, type TableSchema } from '../../src/model/table-schema.js';
import { evaluatePredicate } from '../support/evaluate-predicate.js';
import { dimensionsOfTable, memoryTable, type MemoryRow, pageOf, plainLabels, selects, validMatcher } from '../support/memory-table.js';

const query = { startTimestampMs: 1000n, endTimestampMs: 2000n };
const schemaWith = (...dimensions: string[]): TableSchema => ({
  dimensions: new Set(dimensions),
  valueColumns: new Set(),
  columns: dimensions,
});
const matcher = (name: string, type: MatcherType, value: string) => createMatcher({ name, type, value });
const compile = (matchers: readonly ReturnType<typeof matcher>[], overrides: Partial<Parameters<typeof compileSelect>[0]> = {}) =>
  compileSelect({
    query,
    matchers,
    database: 'db',
    table: 'metrics',
    schema: schemaWith('job', 'prometheus_labels'),
    regexPushdown: true,
    ...overrides,
  });
const whereOf = (compiled: CompiledSelect): string =>
  compiled.kind === 'nothing'
    ? 'nothing'
    : compiled.sql.replace('SELECT * FROM "db"."metrics" WHERE ', '').replace(/(?: AND )?time >= .*$/, '');

describe('compileSelect', () => {
  it('selects every column, by measure name and time, both bounds inclusive to the millisecond', () => {
    const compiled = compile([matcher('__name__', '=', 'up')]);
    expect(compiled).toMatchObject({
      kind: 'filter',
      sql: `SELECT * FROM "db"."metrics" WHERE "measure_name" = 'up' AND time >= from_milliseconds(1000) AND time < from_milliseconds(2001)`,
      droppedConditions: 0,
    });
  });

  it('leaves a long list of values as it is when it takes too long to match each with another matcher of the label', () => {
    const values = Array.from({ length: 1_200 }, (_, index) => `${index}-${'z'.repeat(100)}`);
    const costly = matcher('job', '=~', '0-.{0,950}.{0,950}');
    const schema = schemaWith('job');
    expect(whereOf(compile([matcher('job', '=~', values.slice(0, 2).join('|')), costly], { schema }))).toBe(`"job" = '${values[0]}'`);
    const where = whereOf(compile([matcher('job', '=~', values.join('|')), costly], { schema }));
    expect(where).toContain(`'${values.at(-1)}'`);
    expect(where).toContain(`"job" LIKE '0-%'`);
  });

  it.each<[string, MatcherType, string, string]>([
    ['__name__', '=', 'job:up:sum', `"measure_name" IN ('job%3Aup%3Asum', 'job:up:sum')`],
    ['__name__', '=~', 'up|time', `"measure_name" IN ('up', '%74ime', 'time')`],
    ['__name__', '!=', 'up', `"measure_name" <> 'up'`],
    ['__name__', '=~', 'go_.+', `("measure_name" LIKE 'go\\_%' ESCAPE '\\' OR "measure_name" LIKE '%\\%~%' ESCAPE '\\')`],
    ['__name__', '=~', 'ts.*', `("measure_name" LIKE '%s%' OR "measure_name" LIKE '%\\%~%' ESCAPE '\\')`],
    ['__name__', '!~', 'go_.*', `"measure_name" NOT LIKE 'go\\_%' ESCAPE '\\'`],
    ['__name__', '!~', '.*_sum', ''],
    ['job', '=', "it's", `("job" = 'it''s' OR ("job" IS NULL AND "prometheus_labels" LIKE '%"job":"it''s"%'))`],
    ['job', '=', '', `("job" IS NULL OR "job" = '')`],
    ['job', '!=', '', `("job" <> '' OR ("job" IS NULL AND "prometheus_labels" LIKE '%"job":"%'))`],
    ['job', '=~', '.+', `("job" <> '' OR ("job" IS NULL AND "prometheus_labels" LIKE '%"job":"%'))`],
    ['job', '!=', 'a', `("job" IS NULL OR "job" <> 'a')`],
    ['job', '!~', 'a|b', `("job" IS NULL OR "job" NOT IN ('a', 'b'))`],
    ['job', '=~', '.*', ''],
    ['job', '!~', '.*', 'nothing'],
    ['job', '=~', 'a|', `("job" IS NULL OR "job" IN ('a', ''))`],
    ['job', '=~', 'a.*', `("job" LIKE 'a%' OR ("job" IS NULL AND "prometheus_labels" LIKE '%"job":"a%"%'))`],
    ['job', '!~', 'a.*', `("job" IS NULL OR "job" NOT LIKE 'a%')`],
    [
      'job',
      '=~',
      'a[0-9]+',
      `(("job" LIKE 'a%' AND regexp_like("job", '(?s)\\Aa[0-9]+\\z')) OR ("job" IS NULL AND "prometheus_labels" LIKE '%"job":"a%"%'))`,
    ],
    ['job', '!~', '(?i)ab+', `("job" IS NULL OR NOT regexp_like("job", '(?s)\\A[Aa][Bb]+\\z'))`],
    ['job', '!~', '\\pL+', ''],
    ['job', '=', 'a"\\b', `("job" = 'a"\\b' OR ("job" IS NULL AND "prometheus_labels" LIKE '%"job":"a\\\\"\\\\\\\\b"%' ESCAPE '\\'))`],
    ['time', '=', 'x', `"prometheus_labels" LIKE '%"time":"x"%'`],
    ['measure_name', '=', 'x', `"prometheus_labels" LIKE '%"measure\\_name":"x"%' ESCAPE '\\'`],
    ['prometheus_labels', '=', 'x', `"prometheus_labels" IS NOT NULL`],
    ['nowhere', '=', 'x', `"prometheus_labels" LIKE '%"nowhere":"x"%'`],
    ['nowhere', '!=', 'x', ''],
    ['nowhere', '=', '', ''],
    ['job', '=', 'a\u0000b', ''],
  ])('compiles %s%s%j', (name, type, value, where) => {
    expect(whereOf(compile([matcher(name, type, value)]))).toBe(where);
  });

  it('folds what a table without the columns can never fulfil, and says which columns that relies on', () => {
    const schema = schemaWith('job');
    expect(compile([matcher('nowhere', '=', 'x')], { schema })).toEqual({
      kind: 'nothing',
      labelsAssumedAbsent: new Set(['nowhere', 'prometheus_labels']),
    });
    expect(compile([matcher('nowhere', '!=', 'x')], { schema })).toMatchObject({ kind: 'filter', labelsAssumedAbsent: new Set() });
    expect(compile([matcher('job', '=', 'x')], { schema })).toMatchObject({ labelsAssumedAbsent: new Set(['prometheus_labels']) });
    expect(compile([matcher('time', '=', 'x')], { schema })).toEqual({
      kind: 'nothing',
      labelsAssumedAbsent: new Set(['prometheus_labels']),
    });
  });

  it('names columns of an unknown table where that narrows the query, until it is told that they do not exist', () => {
    const matchers = [matcher('job', '=', 'a'), matcher('instance', '!=', 'b')];
    expect(whereOf(compile(matchers, { schema: null }))).toBe(
      `("job" = 'a' OR ("job" IS NULL AND "prometheus_labels" LIKE '%"job":"a"%'))`,
    );
    const withoutPacked = compile(matchers, { schema: null, absentColumns: new Set(['prometheus_labels']) });
    expect(whereOf(withoutPacked)).toBe(`"job" = 'a'`);
    expect(withoutPacked.labelsAssumedAbsent).toEqual(new Set(['prometheus_labels']));
    expect(compile(matchers, { schema: null, absentColumns: new Set(['prometheus_labels', 'job']) }).kind).toBe('nothing');
  });

  it.each([
    ['no matcher', []],
    ['two values for one label', [matcher('job', '=', 'a'), matcher('job', '=', 'b')]],
    ['a value that is excluded', [matcher('job', '=', 'a'), matcher('job', '!~', 'a.*')]],
    ['no metric name', [matcher('__name__', '=', '')]],
  ])('asks nothing for %s', (_title, matchers) => {
    expect(compile(matchers).kind).toBe('nothing');
  });

  it('narrows the values of a label by all its matchers, and says each condition once', () => {
    const name = matcher('__name__', '=', 'up');
    expect(whereOf(compile([name, name, matcher('job', '=~', 'a|b|c'), matcher('job', '!=', 'b')], { schema: schemaWith('job') }))).toBe(
      `"measure_name" = 'up' AND "job" IN ('a', 'c')`,
    );
  });

  it.each([
    [-5n, 10n, 'time >= from_milliseconds(0) AND time < from_milliseconds(11)'],
    [-(2n ** 63n), 2n ** 63n - 1n, 'time >= from_milliseconds(0)'],
    [7n, 9_223_372_036_854n, 'time >= from_milliseconds(7)'],
    [7n, 9_223_372_036_853n, 'time >= from_milliseconds(7) AND time < from_milliseconds(9223372036854)'],
    [9_223_372_036_854n, 9_223_372_036_854n, 'time >= from_milliseconds(9223372036854)'],
    [-5n, -1n, null],
    [9_223_372_036_855n, 2n ** 63n - 1n, null],
    [2n, 1n, null],
  ])('keeps the bounds %d to %d within what Timestream can hold', (startTimestampMs, endTimestampMs, time) => {
    const compiled = compile([matcher('__name__', '=', 'up')], { query: { startTimestampMs, endTimestampMs } });
    if (time === null) expect(compiled.kind).toBe('nothing');
    else expect(compiled).toMatchObject({ sql: `SELECT * FROM "db"."metrics" WHERE "measure_name" = 'up' AND ${time}` });
  });

  it('leaves the longest condition to the last word when the text would be longer than Timestream takes', () => {
    const hosts = Array.from({ length: 15_000 }, (_, index) => `host-${index}.example.org:9100`);
    const compiled = compile([matcher('__name__', '=', 'up'), matcher('job', '=~', hosts.join('|').replaceAll('.', '\\.'))], {
      schema: schemaWith('job'),
    });
    expect(compiled).toMatchObject({ droppedConditions: 1 });
    expect(whereOf(compiled)).toBe(`"measure_name" = 'up'`);
    const fewer = compile([matcher('job', '=~', hosts.slice(0, 8000).join('|').replaceAll('.', '\\.'))], { schema: schemaWith('job') });
    expect(fewer).toMatchObject({ droppedConditions: 0 });
  });

  it('sends no regexp_like when told not to, and still uses LIKE', () => {
    const compiled = compile([matcher('job', '=~', 'a[0-9]+')], { schema: schemaWith('job'), regexPushdown: false });
    expect(whereOf(compiled)).toBe(`"job" LIKE 'a%'`);
  });

  it('never loses a row of a series that the query selects, and does keep others away', () => {
    let cases = 0;
    let keptAway = 0;
    let selected = 0;
    fc.assert(
      fc.property(
        memoryTable,
        fc.array(validMatcher, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        fc.subarray(['job', 'instance', 'prometheus_labels', 'Job']),
        (rows, labelMatchers, regexPushdown, unknown) => {
          cases += 1;
          const all = dimensionsOfTable(rows);
          const matchers = labelMatchers.map((matcher) => createMatcher(matcher));
          const options = { query: { startTimestampMs: 1000n, endTimestampMs: 1001n }, matchers, database: 'd', table: 't', regexPushdown };
          const fresh = schemaOf(pageOf(rows).ColumnInfo);
          const old: TableSchema = { ...fresh, dimensions: new Set([...fresh.dimensions].filter((name) => !unknown.includes(name))) };
          const compiled = [
            compileSelect({ ...options, schema: fresh }),
            compileSelect({ ...options, schema: old }),
            compileUnknown({ ...options, schema: null }, all),
          ];
          for (const row of rows) {
            const isWanted = isInTime(row) && selects(labelMatchers, plainLabels(row));
            for (const [index, query] of compiled.entries()) {
              const isKept = query.kind === 'filter' && evaluatePredicate(query.predicate, evaluated(row, all)) === true;
              const mustAskAgain = [...query.labelsAssumedAbsent].some((name) => all.has(name));
              if (isWanted && !mustAskAgain && !isKept)
                throw new Error(
                  `not kept: ${JSON.stringify(row.dimensions)} ${row.measureName} by ${'sql' in query ? query.sql : 'nothing'}`,
                );
              if (isWanted) selected++;
              if (index === 0 && mustAskAgain) throw new Error('asks again for columns that it knows');
              if (index === 0 && isInTime(row) && !isWanted && !isKept) keptAway++;
            }
          }
        },
      ),
      { numRuns: 1500 },
    );
    expect(selected).toBeGreaterThan(cases / 4);
    expect(keptAway).toBeGreaterThan(cases / 2);
  }, 120_000);

  it('keeps the name condition sound for names so long that they are stored under a hash', () => {
    const long = 'n'.repeat(300);
    const compiled = compile([matcher('__name__', '=', long)]);
    expect(whereOf(compiled)).toBe(`"measure_name" = '${encodeMeasureName(long)}'`);
    expect(whereOf(compile([matcher('__name__', '!=', long)]))).toBe('');
  });
});

function isInTime({ timeNs }: MemoryRow): boolean {
  return timeNs >= 1000n * 1_000_000n && timeNs < 1002n * 1_000_000n;
}

function evaluated({ dimensions, measureName, timeNs }: MemoryRow, all: ReadonlySet<string>) {
  const columns = new Map<string, string | null>([...all].map((name) => [name, dimensions[name] ?? null]));
  return { columns: columns.set('measure_name', measureName), timeNs };
}

/** As the core does it: names a column that does not exist, is told so, and compiles again. */
function compileUnknown(options: Parameters<typeof compileSelect>[0], existing: ReadonlySet<string>): CompiledSelect {
  const absentColumns = new Set<string>();
  for (;;) {
    const compiled = compileSelect({ ...options, absentColumns });
    const named = compiled.kind === 'nothing' ? [] : columnsOf(JSON.stringify(compiled.predicate));
    const missing = named.find((name) => name !== 'measure_name' && !existing.has(name));
    if (missing === undefined) return compiled;
    expect(absentColumns.has(missing)).toBe(false);
    absentColumns.add(missing);
  }
}

function columnsOf(predicateText: string): readonly string[] {
  return [...predicateText.matchAll(/"column":"([^"]*)"/g)].map(([, name = '']) => name);
}
