import { LABELS_DIMENSION, type DimensionBudget } from '@timestream-prometheus/timestream-translator';
import { describe, expect, it } from 'vitest';
import { ConnectorError } from '../../src/errors/connector-error.js';
import { TableDimensions } from '../../src/write/table-dimensions.js';

const names = (count: number, prefix = 'label'): string[] => Array.from({ length: count }, (_none, index) => `${prefix}${index}`);

const columns = (dimensions: readonly string[], measures: readonly string[] = []) => ({ dimensions, measures });

function claimed(budget: DimensionBudget, wanted: readonly string[]): string[] {
  return wanted.filter((name) => budget.claim(name));
}

function batchWith(dimensionNames: readonly string[]) {
  return {
    CommonAttributes: { Dimensions: dimensionNames.map((Name) => ({ Name, Value: 'x' })) },
    Records: [{}],
    sources: [{ seriesIndex: 0, sampleIndex: 0 }],
  };
}

describe('the dimensions of a table', () => {
  it('are few before prometheus_labels is made, which is made once for all who wait for it, and are all used then', async () => {
    let made = 0;
    const dimensions = new TableDimensions(
      () => Promise.resolve(columns([])),
      () => Promise.resolve((made += 1) > 0),
    );
    const budget = await dimensions.budget();
    expect(claimed(budget, names(7))).toHaveLength(7);
    expect(dimensions.confirm(budget)).toBe(true);
    expect(claimed(budget, names(8))).toHaveLength(7);
    expect(await Promise.all([dimensions.confirm(budget), dimensions.confirm(budget)])).toEqual([false, false]);
    expect(made).toBe(1);
    // Whoever translated with the old budget has to do it again, for there are more places now.
    expect(await dimensions.confirm(budget)).toBe(false);
    const renewed = await dimensions.budget();
    expect(claimed(renewed, names(200))).toHaveLength(127);
    expect(dimensions.confirm(renewed)).toBe(true);
    expect(made).toBe(1);
  });

  it.each<[string, () => Promise<boolean>]>([
    ['is refused', () => Promise.resolve(false)],
    ['fails', () => Promise.reject(new ConnectorError('timestream-unavailable', 'no'))],
  ])('are half used up if the record that makes prometheus_labels %s', async (_what, make) => {
    let made = 0;
    const dimensions = new TableDimensions(
      () => Promise.resolve(undefined),
      () => {
        made += 1;
        return make();
      },
    );
    for (let request = 0; request < 2; request++) {
      const budget = await dimensions.budget();
      expect(claimed(budget, names(200))).toEqual(names(request === 0 ? 7 : 63));
      expect(await dimensions.confirm(budget)).toBe(request > 0);
    }
    expect(made).toBe(1);
    // A record of samples that has it does as well.
    dimensions.noteStored(batchWith([LABELS_DIMENSION]), new Set());
    expect(claimed(await dimensions.budget(), names(200))).toHaveLength(127);
  });

  it('are all used a minute after the record that makes prometheus_labels has failed, without a restart', async () => {
    let nowMs = 1_000_000;
    const outcomes = [false, false, true];
    const made: number[] = [];
    const dimensions = new TableDimensions(
      () => Promise.resolve(undefined),
      () => {
        made.push(nowMs);
        return Promise.resolve(outcomes[made.length - 1] ?? false);
      },
      () => nowMs,
    );
    const claimAll = async (): Promise<number> => {
      for (;;) {
        const budget = await dimensions.budget();
        const { length } = claimed(budget, names(200));
        if (await dimensions.confirm(budget)) return length;
      }
    };
    expect(await claimAll()).toBe(63);
    nowMs += 59_999;
    expect(await claimAll()).toBe(63);
    nowMs += 1;
    expect(await claimAll()).toBe(63);
    nowMs += 60_000;
    expect(await claimAll()).toBe(127);
    nowMs += 60_000;
    expect(await claimAll()).toBe(127);
    expect(made).toEqual([1_000_000, 1_060_000, 1_120_000]);
  });

  it('are half used up where nothing makes prometheus_labels, so that two writers at once leave a place for it', async () => {
    const one = new TableDimensions(() => Promise.resolve(columns([])));
    const other = new TableDimensions(() => Promise.resolve(undefined));
    const both = new Set([...claimed(await one.budget(), names(100, 'one')), ...claimed(await other.budget(), names(100, 'other'))]);
    expect(both.size).toBe(126);
  });

  it('are all used once prometheus_labels is known to be one, from the table itself or from a record that was stored', async () => {
    const described = new TableDimensions(() => Promise.resolve(columns(['a', LABELS_DIMENSION])));
    expect(claimed(await described.budget(), names(200))).toHaveLength(126);

    const writing = new TableDimensions(() => Promise.resolve(columns([])));
    const first = claimed(await writing.budget(), names(200));
    expect(first).toHaveLength(63);
    writing.noteStored(batchWith([...first, LABELS_DIMENSION]), new Set());
    expect(claimed(await writing.budget(), names(200))).toHaveLength(127);
  });

  it('are those that the table has, whatever their number, if prometheus_labels is not among them', async () => {
    const dimensions = new TableDimensions(() => Promise.resolve(columns(names(100))));
    const budget = await dimensions.budget();
    expect(claimed(budget, names(101))).toEqual(names(100));
  });

  it('are not waited for as long as a slow query service takes to name them, and are used when it does', async () => {
    let answer: (described: ReturnType<typeof columns>) => void = () => undefined;
    let asked = 0;
    const dimensions = new TableDimensions(
      () => {
        asked += 1;
        return new Promise((resolve) => (answer = resolve));
      },
      () => Promise.resolve(true),
    );
    // Both wait for a moment, and neither for an answer, which has not come.
    const [budget] = await Promise.all([dimensions.budget(), dimensions.budget()]);
    expect(claimed(budget, names(8))).toHaveLength(7);
    answer(columns(names(100, 'known'), ['time']));
    expect(await dimensions.measures()).toEqual(new Set(['time']));
    const informed = await dimensions.budget();
    expect(claimed(informed, [...names(7), ...names(100, 'known')])).toHaveLength(107);
    expect(asked).toBe(1);
  });

  it('do not grow again after Timestream has refused a new one', async () => {
    const dimensions = new TableDimensions(() => Promise.resolve(columns(['a', 'b'])));
    await dimensions.budget();
    await dimensions.refreshWhenFull();
    dimensions.noteStored(batchWith([LABELS_DIMENSION]), new Set());
    expect(claimed(await dimensions.budget(), ['a', 'b', 'c'])).toEqual(['a', 'b']);
  });
});
