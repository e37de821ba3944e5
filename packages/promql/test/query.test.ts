import { describe, expect, it } from 'vitest';
import { queryInstant, queryRange, type SelectedSeries, type SeriesStorage } from '../src/index.js';

const STALE = 0x7ff0000000000002n;

function series(labels: Record<string, string>, samples: readonly (readonly [timeMs: number, value: number | bigint])[]): SelectedSeries {
  const values = new Float64Array(samples.length);
  const valueBits = new BigUint64Array(values.buffer);
  samples.forEach(([, value], index) => {
    if (typeof value === 'bigint') valueBits[index] = value;
    else values[index] = value;
  });
  return {
    labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
    timestampsMs: Float64Array.from(samples, ([timeMs]) => timeMs),
    valueBits,
  };
}

interface Asked {
  readonly fromMs: number;
  readonly toMs: number;
  readonly func: string;
}

function storageOf(...all: SelectedSeries[]): SeriesStorage & { readonly asked: Asked[] } {
  const asked: Asked[] = [];
  return {
    asked,
    // oxlint-disable-next-line typescript/require-await
    async *select(matchers, fromMs, toMs, { func }) {
      asked.push({ fromMs, toMs, func });
      for (const one of all) {
        const valueOf = (name: string): string => one.labels.find((label) => label.name === name)?.value ?? '';
        if (matchers.every((matcher) => matcher.matches(valueOf(matcher.name)))) yield one;
      }
    },
  };
}

const up = series({ __name__: 'up', job: 'api' }, [[0, 1], [60_000, 2], [120_000, STALE], [600_000, 3]]); // oxfmt-ignore

async function valuesAt(query: string, timeMs: number, storage: SeriesStorage): Promise<unknown> {
  const { value } = await queryInstant(query, timeMs, storage);
  if (value.type === 'vector') return value.samples.map((sample) => sample.value);
  return value.type === 'matrix' ? value.series.map(({ floats }) => floats.map((point) => point.value)) : value.value;
}

describe('an instant query', () => {
  it('takes the latest sample, not older than the lookback and not after a staleness marker', async () => {
    const storage = storageOf(up);
    expect(await valuesAt('up', 60_000, storage)).toEqual([2]);
    expect(await valuesAt('up', 119_999, storage)).toEqual([2]);
    expect(await valuesAt('up', 120_000, storage)).toEqual([]);
    expect(await valuesAt('up', 899_999, storage)).toEqual([3]);
    expect(await valuesAt('up', 900_000, storage)).toEqual([]);
  });

  it('leaves the sample at the left edge of a range out and takes the one at the right edge', async () => {
    expect(await valuesAt('up[1m]', 60_000, storageOf(up))).toEqual([[2]]);
    expect(await valuesAt('count_over_time(up[10m])', 600_000, storageOf(up))).toEqual([2]);
  });

  it('asks storage for the times that can matter and no more', async () => {
    const storage = storageOf(up);
    await queryInstant('up + rate(up[10m] offset 1m) + sum(up @ 100)', 1_000_000, storage);
    expect(storage.asked).toEqual([
      { fromMs: 700_001, toMs: 1_000_000, func: '' },
      { fromMs: 340_001, toMs: 940_000, func: 'rate' },
      { fromMs: -199_999, toMs: 100_000, func: 'sum' },
    ]);
  });

  it('names the limit that it met', async () => {
    const wide = Array.from({ length: 5 }, (_, index) => series({ __name__: 'w', i: String(index) }, [[0, 1]]));
    const storage = storageOf(...wide);
    await expect(queryInstant('w', 0, storage, { limits: { maxSamples: 4 } })).rejects.toThrow(
      'query processing would load too many samples into memory in query execution',
    );
    await expect(queryInstant('w', 0, storage, { limits: { maxSeries: 4 } })).rejects.toThrow(
      'query would load too many series into memory in query execution',
    );
    await expect(queryInstant('max_over_time(w[1d:1s])', 0, storage, { limits: { maxSubquerySteps: 1000 } })).rejects.toThrow(
      'subquery would evaluate 86400 steps; the limit is 1000',
    );
  });

  it('stops when it is told to, while it computes', async () => {
    let turns = 0;
    const breathe = (): void => {
      if (++turns > 3) throw new Error('out of time');
    };
    await expect(queryInstant('sum(up) + sum(up) + sum(up)', 0, storageOf(up), { breathe })).rejects.toThrow('out of time');
  });

  it('gives others a turn again and again while two large vectors are combined', async () => {
    const many = Array.from({ length: 500 }, (_, index) => series({ __name__: 'many', index: String(index) }, [[0, index]]));
    const range = { startMs: 0, endMs: 200_000, stepMs: 1_000 };
    async function turnsOf(text: string): Promise<number> {
      let turns = 0;
      await queryRange(text, range, storageOf(...many), { breathe: () => void turns++ });
      return turns;
    }
    // 200,000 results, each of a pair of series whose labels have to be matched.
    expect(await turnsOf('many + on (index) many')).toBeGreaterThan((await turnsOf('many and on (index) many')) + 3);
  });

  it.each([
    // What reads the 200,000 values and writes the answer gives up to ten turns by itself.
    ['quantile(0.5, many)', 10],
    ['sum by (index) (many)', 13],
    ['stddev(many)', 9],
    ['topk(3, many)', 15],
    ['count_values("value", many)', 40],
    ['histogram_quantile(0.9, many)', 20],
    ['histogram_fraction(0, 1, many)', 20],
    ['label_replace(many, "other", "$1", "index", "(.*)")', 12],
    ['quantile_over_time(0.5, many[1m])', 20],
  ])('gives others a turn again and again in %s', async (text, atLeast) => {
    const many = Array.from({ length: 1_000 }, (_, index) =>
      series(
        { __name__: 'many', index: String(index), le: String(index) },
        Array.from({ length: 20 }, (_none, step): [number, number] => [step * 5_000, index]),
      ),
    );
    async function turnsOf(query: string): Promise<number> {
      let turns = 0;
      await queryRange(query, { startMs: 0, endMs: 100_000, stepMs: 500 }, storageOf(...many), { breathe: () => void turns++ });
      return turns;
    }
    expect(await turnsOf(text)).toBeGreaterThanOrEqual(atLeast);
  });

  it('refuses regular expressions that cost too much, those of all selectors together and those of functions', async () => {
    const costly = (index: number) => `m${index}{a=~"${index}(?:[a-z]{0,1000})"}`;
    const selectors = Array.from({ length: 12 }, (_, index) => costly(index)).join(' or ');
    await expect(queryInstant(selectors, 0, storageOf(up))).rejects.toThrow('repeated characters together; the limit is 8000');
    await expect(queryInstant(`label_replace(up, "a", "$1", "b", "${'(?:[a-z]{0,1000})'.repeat(20)}")`, 0, storageOf(up))).rejects.toThrow(
      'regular expression in label_replace(): a regular expression of 20001 characters with its repetitions written out; the limit is 10240',
    );
  });

  it('refuses a label_replace of which one value takes longer than a turn may, or whose expression has too many groups', async () => {
    const long = series({ __name__: 'up', path: 'a'.repeat(1_000) }, [[0, 1]]);
    const pattern = '[a-z]{0,900}[0-9a-z]{0,200}(.*)';
    await expect(queryInstant(`label_replace(up, "a", "$1", "path", "${pattern}")`, 0, storageOf(long))).rejects.toThrow(
      `regular expression in label_replace(): to match "${pattern}" with a value of 1000 characters takes`,
    );
    expect((await queryInstant(`label_replace(up, "a", "$0", "job", "${pattern}")`, 0, storageOf(up))).value).toMatchObject({
      samples: [{ labels: expect.arrayContaining([{ name: 'a', value: 'api' }]) as unknown }],
    });
    await expect(queryInstant(`label_replace(up, "a", "$1", "job", "${'(a?)'.repeat(101)}")`, 0, storageOf(up))).rejects.toThrow(
      'regular expression in label_replace(): 101 groups; the limit is 100',
    );
  });

  it('gives others a turn between the values of a label_replace that cost much', async () => {
    const many = Array.from({ length: 40 }, (_, index) => series({ __name__: 'many', path: `${index}-${'a'.repeat(400)}` }, [[0, 1]]));
    let turns = 0;
    await queryInstant('label_replace(many, "a", "$1", "path", "(?:[0-9a-z]{0,100}){10}(-.*)")', 0, storageOf(...many), {
      breathe: () => {
        turns += 1;
      },
    });
    // At most three values of 400 characters, times a thousand repeated ones each, in a turn.
    expect(turns).toBeGreaterThanOrEqual(13);
  });

  it('lets errors of the storage through as they are', async () => {
    const broken: SeriesStorage = {
      // oxlint-disable-next-line typescript/require-await, require-yield
      async *select() {
        throw new Error('table is away');
      },
    };
    await expect(queryInstant('up', 0, broken)).rejects.toThrow('table is away');
    await expect(queryInstant('1', 0, broken)).resolves.toMatchObject({ value: { type: 'scalar', value: 1 } });
  });
});

describe('a range query', () => {
  it('gives what the instant query gives at each of its steps', async () => {
    const { value } = await queryRange('up * 2', { startMs: 0, endMs: 180_000, stepMs: 60_000 }, storageOf(up));
    expect(value).toEqual({
      type: 'matrix',
      series: [{ labels: [{ name: 'job', value: 'api' }], floats: [{ timestampMs: 0, value: 2 }, { timestampMs: 60_000, value: 4 }], histograms: [] }],
    }); // oxfmt-ignore
  });

  it('does not take a range vector or a string', async () => {
    const times = { startMs: 0, endMs: 60_000, stepMs: 60_000 };
    await expect(queryRange('up[1m]', times, storageOf(up))).rejects.toThrow(
      'invalid expression type "range vector" for range query, must be Scalar or instant Vector',
    );
    await expect(queryRange('"text"', times, storageOf(up))).rejects.toThrow('invalid expression type "string"');
  });

  it('warns of what can be wrong, with the place in the query', async () => {
    const { infos, warnings } = await queryRange('rate(up[5m])', { startMs: 0, endMs: 60_000, stepMs: 60_000 }, storageOf(up));
    expect(warnings).toEqual([]);
    expect(infos).toEqual(['PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "up" (1:6)']);
  });

  it('refuses two series of one label set at one step', async () => {
    const other = series({ __name__: 'down', job: 'api' }, [[0, 1]]);
    const times = { startMs: 0, endMs: 60_000, stepMs: 60_000 };
    await expect(queryRange('abs({__name__=~"up|down"})', times, storageOf(up, other))).rejects.toThrow(
      'vector cannot contain metrics with the same labelset',
    );
  });
});
