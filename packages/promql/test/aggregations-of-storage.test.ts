import { describe, expect, it } from 'vitest';
import { queryInstant, queryRange, type Aggregation, type SelectedSeries, type SeriesStorage } from '../src/index.js';

const START_MS = 1_700_000_000_000;
const TIMES = { startMs: START_MS, endMs: START_MS + 600_000, stepMs: 60_000 };

interface Subject {
  readonly storage: SeriesStorage;
  readonly asked: Aggregation[];
  selected: number;
}

/** Two groups of which the second comes first, and the storage says so in its own numbers; or nothing of it. */
function storageThat(answers: boolean): Subject {
  const asked: Aggregation[] = [];
  const series: SelectedSeries = {
    labels: [{ name: '__name__', value: 'x' }],
    timestampsMs: Float64Array.of(START_MS),
    valueBits: new BigUint64Array(Float64Array.of(5).buffer),
  };
  const subject: Subject = {
    asked,
    selected: 0,
    storage: {
      // oxlint-disable-next-line typescript/require-await -- a storage may wait; this one has no need to
      async *select() {
        subject.selected += 1;
        yield series;
      },
      // oxlint-disable-next-line typescript/require-await -- as above
      async aggregate(_matchers, _fromMs, _toMs, _hints, aggregation) {
        asked.push(aggregation);
        if (!answers) return null;
        return [
          { labels: [{ name: 'job', value: 'b' }], steps: [0], values: [-0] },
          {
            labels: [{ name: 'job', value: 'a' }],
            steps: aggregation.steps > 2 ? [0, 2] : [0],
            values: aggregation.steps > 2 ? [7, NaN] : [7],
          },
        ];
      },
    },
  };
  return subject;
}

describe('an aggregation that the storage computes', () => {
  it('is the answer, in the order of the storage at one moment and in that of labels in a range', async () => {
    const { storage } = storageThat(true);
    const moment = await queryInstant('max by (job) (x)', START_MS, storage);
    expect(moment.value).toEqual({
      type: 'vector',
      samples: [
        { labels: [{ name: 'job', value: 'b' }], timestampMs: START_MS, value: -0 },
        { labels: [{ name: 'job', value: 'a' }], timestampMs: START_MS, value: 7 },
      ],
    });
    const range = await queryRange('max by (job) (x)', TIMES, storage);
    expect(range.value).toMatchObject({
      series: [
        {
          labels: [{ value: 'a' }],
          floats: [
            { timestampMs: START_MS, value: 7 },
            { timestampMs: START_MS + 120_000, value: NaN },
          ],
        },
        { labels: [{ value: 'b' }], floats: [{ timestampMs: START_MS, value: -0 }] },
      ],
    });
  });

  it('is computed from the series if the storage cannot say it', async () => {
    const subject = storageThat(false);
    const { value } = await queryInstant('max by (job) (x)', START_MS, subject.storage);
    expect(value).toMatchObject({ samples: [{ labels: [], value: 5 }] });
    expect(subject.selected).toBe(1);
  });

  it('is asked for at the moments of the query, moved by offset and @', async () => {
    const { storage, asked } = storageThat(true);
    await queryRange('count(x offset 10s)', TIMES, storage, { lookbackMs: 30_000 });
    await queryRange('count(x @ 1700000123 offset -1s)', TIMES, storage);
    expect(asked).toMatchObject([
      { firstMs: START_MS - 10_000, stepMs: 60_000, steps: 11, lookbackMs: 30_000 },
      { firstMs: START_MS + 124_000, steps: 1, lookbackMs: 300_000 },
    ]);
  });

  it('loses what says what a metric is, where labels are named that go', async () => {
    const { storage, asked } = storageThat(true);
    await queryInstant('group without (job) (x)', START_MS, storage);
    expect(asked).toMatchObject([{ operator: 'group', without: true, grouping: ['job', '__name__', '__type__', '__unit__'] }]);
  });

  it('has to be in order unless a range query sorts its answer anyway', async () => {
    const { storage, asked } = storageThat(true);
    for (const query of ['count(x)', '-count(x) > 1', '2 * (count(x))', 'sum(count(x))', 'count(x) / count(x)', 'topk(1, count(x))']) {
      await queryRange(query, TIMES, storage);
    }
    await queryInstant('count(x)', START_MS, storage);
    expect(asked.map(({ isOrdered }) => isOrdered)).toEqual([false, false, false, true, true, true, true, true]);
  });

  it.each([
    'sum(x)',
    'avg(x)',
    'quantile(0.5, x)',
    'count_values("v", x)',
    'count(x + 1)',
    'count(abs(x))',
    'max_over_time(count(x)[5m:1m])',
    'count(last_over_time(x[5m]))',
    'min(x smoothed)',
  ])('is not asked for in %s', async (query) => {
    const { storage, asked } = storageThat(true);
    await queryRange(query, TIMES, storage, { experimentalFunctions: true });
    expect(asked).toEqual([]);
  });
});
