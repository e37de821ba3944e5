import { compareLabels, type Label, type LabelMatcher, type TimeSeries } from '@timestream-prometheus/prom-codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileSeriesSelect } from '../../src/sql/compile-series.js';
import { createMatcher } from '../../src/matcher/matcher.js';
import type { PhysicalSeries } from '../../src/rows/physical-series.js';
import { ReadLimitError } from '../../src/rows/read-limit-error.js';
import { labelsKey, labelsOfRow } from '../../src/rows/row-labels.js';
import { createSeriesAssembler } from '../../src/rows/series-assembler.js';
import { assertSeriesCount, groupSeries, seriesWithoutSamples, sortSeries } from '../../src/rows/series-groups.js';
import { evaluatePredicate } from '../support/evaluate-predicate.js';
import { dimensionsOfTable, memoryTable, pageOf, plainAnswer, selects, validMatcher, type MemoryRow } from '../support/memory-table.js';

const query = { startTimestampMs: 1000n, endTimestampMs: 1001n };
const everything: readonly LabelMatcher[] = [{ type: '!=', name: 'nowhere', value: 'x' }];

function physical(rowCount: number, ...labels: readonly (readonly [name: string, value: string])[]): PhysicalSeries {
  return { dimensions: [], measureName: 'm', labels: labels.map(([name, value]) => ({ name, value })), rowCount, firstMs: 0, lastMs: 0 };
}

/** What `compileSeriesList` would list for a table that has these columns, by definition. */
function listSeries(rows: readonly MemoryRow[], columns: Iterable<string>, matchers: readonly LabelMatcher[]): readonly PhysicalSeries[] {
  const listed = new Map<string, PhysicalSeries>();
  for (const row of rows) {
    if (row.value === null || row.timeNs < 1_000_000_000n || row.timeNs >= 1_002_000_000n) continue;
    const dimensions = [...columns].map((name) => [name, row.dimensions[name] ?? null] as const);
    const labels = labelsOfRow(dimensions, row.measureName);
    if (!selects(matchers, labels)) continue;
    const key = JSON.stringify([row.measureName, dimensions]);
    const rowCount = (listed.get(key)?.rowCount ?? 0) + 1;
    listed.set(key, { dimensions, measureName: row.measureName, labels, rowCount, firstMs: 0, lastMs: 0 });
  }
  return [...listed.values()];
}

/** Reads group after group from the rows, as they are now, of the series that were listed before. */
function readGroups(rows: readonly MemoryRow[], listed: readonly PhysicalSeries[], matchers: readonly LabelMatcher[], maxRows: number) {
  const columns = dimensionsOfTable(rows);
  return [...groupSeries(sortSeries(listed), { maxRows, maxSeries: 3 })].map((group) => {
    const assembler = createSeriesAssembler({
      matchers: matchers.map((matcher) => createMatcher(matcher)),
      startMs: query.startTimestampMs,
      endMs: query.endTimestampMs,
      limits: { maxSamples: 1000, maxSeries: 1000 },
      only: group.keys,
    });
    for (const { predicate } of compileSeriesSelect({ query, database: 'db', table: 't', series: group.series, maxSeriesPerQuery: 2 })) {
      const found = rows.filter((row) => {
        const values = new Map<string, string | null>([...columns].map((name) => [name, row.dimensions[name] ?? null]));
        return evaluatePredicate(predicate, { columns: values.set('measure_name', row.measureName), timeNs: row.timeNs }) === true;
      });
      assembler.addPage(pageOf(found));
    }
    return { group, series: assembler.finish() };
  });
}

function isSorted(labelSets: readonly (readonly Label[])[]): boolean {
  return labelSets.every((labels, index) => index === 0 || compareLabels(labelSets[index - 1] ?? [], labels) < 0);
}

describe('groups of series', () => {
  it('read one after the other give what one query gives, in the same order', () => {
    let cases = 0;
    let severalGroups = 0;
    fc.assert(
      fc.property(
        memoryTable,
        fc.array(validMatcher, { minLength: 1, maxLength: 2 }),
        fc.integer({ min: 1, max: 4 }),
        (rows, matchers, maxRows) => {
          const groups = readGroups(rows, listSeries(rows, dimensionsOfTable(rows), matchers), matchers, maxRows);
          cases += 1;
          if (groups.length > 1) severalGroups += 1;
          expect(groups.flatMap(({ series }) => series)).toEqual(plainAnswer(rows, matchers, query.startTimestampMs, query.endTimestampMs));
          for (const { group, series } of groups) {
            expect(group.keys.size).toBeLessThanOrEqual(3);
            expect(group.keys.size === 1 || group.rowCount <= maxRows).toBe(true);
            expect(series.reduce((sum, { samples }) => sum + samples.timestampsMs.length, 0)).toBeLessThanOrEqual(group.rowCount);
          }
        },
      ),
      { numRuns: 1000 },
    );
    expect(severalGroups).toBeGreaterThan(cases / 200);
  }, 120_000);

  it('lose and mix up nothing that was there when a label appears after the list', () => {
    let cases = 0;
    let appeared = 0;
    fc.assert(
      fc.property(memoryTable, fc.nat(), fc.constantFrom('x', 'a'), fc.integer({ min: 1, max: 4 }), (rows, choice, value, maxRows) => {
        // Rows like those that are there, but for one more label.
        const added = rows
          .filter((_, index) => (choice >> index) % 2 === 1)
          .map((row) => ({ ...row, dimensions: { ...row.dimensions, pod: value } }));
        const [start, end] = [query.startTimestampMs, query.endTimestampMs];
        const before = plainAnswer(rows, everything, start, end);
        const after = plainAnswer([...rows, ...added], everything, start, end);
        // The list is read with the old columns, before or after the rows came.
        for (const listedRows of [rows, [...rows, ...added]]) {
          const listed = listSeries(listedRows, dimensionsOfTable(rows), everything);
          const got = readGroups([...rows, ...added], listed, everything, maxRows).flatMap(({ series }) => series);
          cases += 1;
          if (after.length > got.length) appeared += 1;
          expect(isSorted(got.map(({ labels }) => labels))).toBe(true);
          const inAnswer = (series: TimeSeries) => after.find(({ labels }) => labelsKey(labels) === labelsKey(series.labels));
          for (const series of got) expect(series).toEqual(inAnswer(series));
          const keys = new Set(got.map(({ labels }) => labelsKey(labels)));
          expect(before.filter(({ labels }) => !keys.has(labelsKey(labels)))).toEqual([]);
        }
      }),
      { numRuns: 1000 },
    );
    expect(appeared).toBeGreaterThan(cases / 50);
  }, 120_000);

  it('keep a label set whole, alone if it has too many rows', () => {
    const [a, b, c] = [physical(2, ['a', '1']), physical(3, ['b', '1']), physical(9, ['c', '1'])];
    const groups = [...groupSeries(sortSeries([c, a, b, a]), { maxRows: 7, maxSeries: 10 })];
    expect(groups.map(({ series, rowCount }) => ({ series, rowCount }))).toEqual([
      { series: [a, a, b], rowCount: 7 },
      { series: [c], rowCount: 9 },
    ]);
    expect([...groupSeries([], { maxRows: 7, maxSeries: 10 })]).toEqual([]);
  });

  it('are in the order of UTF-8 bytes, which is not that of UTF-16', () => {
    const [low, high] = [physical(1, ['a', '\uffff']), physical(1, ['a', '\u{10000}'])];
    expect(sortSeries([high, low])).toEqual([low, high]);
  });
});

describe('assertSeriesCount', () => {
  it('counts label sets, not what stands for them in the table', () => {
    const sorted = [physical(1, ['a', '1']), physical(1, ['a', '1']), physical(1, ['a', '2'])];
    expect(() => assertSeriesCount(sorted, 2)).not.toThrow();
    expect(() => assertSeriesCount(sorted, 1)).toThrow(new ReadLimitError('too-many-series', 1));
    expect(() => assertSeriesCount([], 0)).not.toThrow();
  });
});

describe('seriesWithoutSamples', () => {
  it('gives each label set once', () => {
    const [a, b] = [physical(1, ['a', '1']), physical(1, ['b', '1'])];
    const series = seriesWithoutSamples(sortSeries([b, a, b]));
    expect(series.map(({ labels }) => labels)).toEqual([a.labels, b.labels]);
    expect(series.every(({ samples }) => samples.timestampsMs.length + samples.valueBits.length === 0)).toBe(true);
  });
});
