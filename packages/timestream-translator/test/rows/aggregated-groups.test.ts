import { describe, expect, it } from 'vitest';
import { readAggregatedGroups, type AggregatedGroup } from '../../src/rows/aggregated-groups.js';
import type { SampleAggregation } from '../../src/sql/compile-aggregation.js';

const aggregation: SampleAggregation = {
  operator: 'max',
  grouping: ['job'],
  without: false,
  firstMs: 0,
  stepMs: 1000,
  steps: 5,
  lookbackMs: 1000,
  isOrdered: true,
};

function read(cells: readonly (string | null)[], operator: SampleAggregation['operator'] = 'max'): readonly AggregatedGroup[] {
  const page = {
    ColumnInfo: ['job', '__name__', 'rank', 'count', 'unsure', 'others', 'inexact', 'points'].map((Name) => ({ Name, Type: { ScalarType: 'VARCHAR' } })), // oxfmt-ignore
    Rows: [{ Data: cells.map((cell) => (cell === null ? { NullValue: true } : { ScalarValue: cell })) }],
  };
  return [...readAggregatedGroups(page, { labels: ['job', '__name__'], aggregation: { ...aggregation, operator } })];
}

const withPoints = (points: string, count: number): readonly (string | null)[] => ['a', 'up', '3', String(count), '0', '0', '0', points];

describe('the rows of an aggregation', () => {
  it('give labels in their order, and points in that of steps', () => {
    expect(read(['a', 'rule%3Asum', '3', '2', '0', '0', '0', '4:2:1.5E10;0:1:-0;'])).toEqual([
      {
        labels: [
          { name: '__name__', value: 'rule:sum' },
          { name: 'job', value: 'a' },
        ],
        rank: 3,
        steps: [0, 4],
        values: [-0, 1.5e10],
        seriesCount: 3,
      },
    ]);
    expect(read([null, 'up', '0', '1', '0', '0', '0', '0:1:N;'])[0]?.labels).toEqual([{ name: '__name__', value: 'up' }]);
  });

  it('give infinities, NaN, counts, and 1 for a group', () => {
    expect(read(withPoints('0:1:P;1:1:M;2:1:N;', 3))[0]?.values).toEqual([Infinity, -Infinity, NaN]);
    expect(read(withPoints('0:7;', 1), 'count')[0]?.values).toEqual([7]);
    expect(read(withPoints('0:7;', 1), 'group')[0]?.values).toEqual([1]);
  });

  it('give no group that has no point', () => {
    expect(read(withPoints('', 0))).toEqual([]);
  });

  it.each([
    ['unsure-bins', ['a', 'up', '0', '1', '1', '0', '0', '0:1:1;']],
    ['unsure-bins', withPoints('0:2:Z;', 1)],
    ['other-columns', ['a', 'up', '0', '1', '0', '2', '0', '0:1:1;']],
    ['inexact', ['a', 'up', '0', '1', '0', '0', '1', '0:1:1;']],
    ['incomplete', withPoints('0:1:1;', 2)],
    ['incomplete', withPoints('0:1:1;0:1:1;', 2)],
    ['incomplete', withPoints('0:1:1', 1)],
  ])('are not to be used when they show %s', (fault, cells) => {
    expect(() => read(cells)).toThrow(expect.objectContaining({ fault }));
  });

  it.each(['5:1:1;', '0:0:1;', '0:1:;', '0:1:x;', '0:1;', '0:1:1:1;', 'x:1:1;'])('are malformed with the point %s', (points) => {
    expect(() => read(withPoints(points, 1))).toThrow('Timestream answered an aggregation with');
  });
});
