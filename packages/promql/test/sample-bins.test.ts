import { describe, expect, it } from 'vitest';
import {
  queryInstant,
  queryRange,
  type QueryValue,
  type SampleBins,
  type SelectedSeries,
  type SelectHints,
  type SeriesStorage,
} from '../src/index.js';

const STALE = 0x7ff0000000000002n;
const START_MS = 1_700_000_007_000;
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

/** xorshift32: the same seed gives the same run everywhere. */
function createRandom(state: number): () => number {
  let bits = Math.imul(state ^ 0x9e3779b9, 0x85ebca6b) || 1;
  return () => {
    bits ^= bits << 13;
    bits ^= bits >>> 17;
    bits ^= bits << 5;
    return (bits >>> 0) / 0x1_0000_0000;
  };
}

interface Sample {
  readonly timeMs: number;
  readonly bits: bigint;
  readonly count: number;
}

const floatOf = (bits: bigint): number => new Float64Array(BigUint64Array.of(bits).buffer)[0] ?? NaN;
const bitsOf = (value: number): bigint => new BigUint64Array(Float64Array.of(value).buffer)[0] ?? 0n;

/** What is needed of the samples of one bin and nothing else, by the words of the documentation of each need. */
function neededOf(samples: readonly Sample[], need: SampleBins['need']): readonly Sample[] {
  const numbers = samples.filter(({ bits }) => bits !== STALE);
  const [newest] = samples.slice(-1);
  const [last] = numbers.slice(-1);
  switch (need) {
    case 'newest':
      return newest === undefined ? [] : [newest];
    case 'last':
      return last === undefined ? [] : [last];
    case 'count':
      return numbers.length === 0 ? [] : [{ timeMs: numbers[0]?.timeMs ?? 0, bits: bitsOf(-77), count: numbers.length }];
    case 'changes':
      return numbers.filter(({ bits }, index) => {
        const [value, before] = [floatOf(bits), floatOf(numbers[index - 1]?.bits ?? 0n)];
        return index === 0 || (value !== before && !(Number.isNaN(value) && Number.isNaN(before)));
      });
    default: {
      const values = numbers.map(({ bits }) => floatOf(bits)).filter((value) => !Number.isNaN(value));
      const best = need === 'least' ? Math.min(...values) : Math.max(...values);
      const oldest = [best, 0, -0].map((wanted) => numbers.find(({ bits }) => bits === bitsOf(wanted)));
      return numbers.filter((sample) => Number.isNaN(floatOf(sample.bits)) || oldest.includes(sample));
    }
  }
}

function seriesOf(labels: SelectedSeries['labels'], samples: readonly Sample[], isCounted: boolean): SelectedSeries {
  return {
    labels,
    timestampsMs: Float64Array.from(samples, ({ timeMs }) => timeMs),
    valueBits: BigUint64Array.from(samples, ({ bits }) => bits),
    ...(isCounted ? { counts: Float64Array.from(samples, ({ count }) => count) } : {}),
  };
}

interface WholeSeries {
  readonly labels: SelectedSeries['labels'];
  readonly samples: readonly Sample[];
}

/** Gives no more than the hints ask for; or all of it. */
function storageOf(all: readonly WholeSeries[], leavesOut: boolean): SeriesStorage & { readonly asked: SelectHints[] } {
  const asked: SelectHints[] = [];
  return {
    asked,
    // oxlint-disable-next-line typescript/require-await -- a storage may wait; this one has no need to
    async *select(matchers, fromMs, toMs, hints) {
      asked.push(hints);
      const { bins, newestOnly } = hints;
      for (const { labels, samples } of all) {
        const valueOf = (name: string): string => labels.find((label) => label.name === name)?.value ?? '';
        if (!matchers.every((matcher) => matcher.matches(valueOf(matcher.name)))) continue;
        const inRange = samples.filter(({ timeMs }) => timeMs >= fromMs && timeMs <= toMs);
        if (leavesOut && newestOnly) yield seriesOf(labels, inRange.slice(-1), false);
        else if (leavesOut && bins !== null) {
          const byBin = new Map<number, Sample[]>();
          for (const sample of inRange) {
            const bin = Math.ceil((sample.timeMs - bins.anchorMs) / bins.widthMs);
            byBin.set(bin, [...(byBin.get(bin) ?? []), sample]);
          }
          yield seriesOf(labels, [...byBin.values()].flatMap((found) => neededOf(found, bins.need)), bins.need === 'count'); // oxfmt-ignore
        } else yield seriesOf(labels, inRange, false);
      }
    },
  };
}

function randomSeries(random: () => number): WholeSeries[] {
  const values = [0, -0, 1, -1, NaN, Infinity, -Infinity, 0.1].map(bitsOf);
  return Array.from({ length: 6 }, (_, index) => {
    const samples: Sample[] = [];
    const intervalMs = [5000, 15_000, 60_000][index % 3] ?? 5000;
    for (let timeMs = START_MS + Math.floor(random() * intervalMs); timeMs < START_MS + 1_800_000; timeMs += intervalMs) {
      if (random() < 0.05) timeMs += Math.floor(random() * 500_000);
      const bits = random() < 0.05 ? STALE : (values[Math.floor(random() * (index < 3 ? 2 : values.length))] ?? 0n);
      samples.push({ timeMs, bits, count: 1 });
    }
    return { labels: [{ name: '__name__', value: 'x' }, { name: 'i', value: String(index) }], samples }; // oxfmt-ignore
  });
}

const textOf = (value: QueryValue): string =>
  JSON.stringify(value, (_key, part: unknown) => (typeof part === 'number' ? (Object.is(part, -0) ? '-0' : String(part)) : part));

const QUERIES = [
  'x',
  'x offset 90s',
  'x offset -1m',
  'timestamp(x)',
  'timestamp(x @ 1700000900)',
  'absent(x)',
  'sum(x) by (i)',
  'topk(2, x)',
  'x @ 1700000900 offset 30s',
  'quantile(scalar(x{i="1"} @ end()), x)',
  'quantile(scalar(x{i="1"}), x @ 1700000900)',
  'quantile(scalar(x{i="1"} offset 1m), x @ 1700000900 offset 30s)',
  ...['last', 'present', 'absent', 'count', 'min', 'max', 'sum', 'first', 'stddev'].flatMap((name) => [
    `${name}_over_time(x[5m])`,
    `${name}_over_time(x[90s] offset 1m)`,
    `${name}_over_time(x[2m] @ 1700001200)`,
    `${name}_over_time(x[10m:1m])`,
    `max_over_time(${name}_over_time(x[1m])[5m:30s] offset 10s)`,
    `sum_over_time((${name}_over_time(x[1m] @ 1700001200))[5m:1m])`,
  ]),
  ...['changes', 'resets'].flatMap((name) => [
    `${name}(x[5m])`,
    `${name}(x[90s] offset 1m)`,
    `${name}(x[2m] @ 1700001200)`,
    `max_over_time(${name}(x[3m])[5m:30s] offset 10s)`,
    `${name}(x[5m] anchored)`,
  ]),
  'ts_of_max_over_time(x[5m])',
  'min_over_time(x[3m]) or max_over_time(x[3m])',
];

describe(`leaving out what bins do not need (SEED=${seed})`, () => {
  const random = createRandom(seed);
  const all = Array.from({ length: 2 }, () => randomSeries(random));
  const options = { experimentalFunctions: true };

  it.each(QUERIES)('changes no answer of %s', async (query) => {
    for (const [index, series] of all.entries()) {
      for (const stepMs of [15_000, 37_000, 60_000, 300_000]) {
        const times = { startMs: START_MS + 400_000 + index * 1234, endMs: START_MS + 1_700_000, stepMs };
        const got = await queryRange(query, times, storageOf(series, true), options);
        const wanted = await queryRange(query, times, storageOf(series, false), options);
        expect(textOf(got.value), `step ${stepMs}, series ${index}`).toBe(textOf(wanted.value));
      }
      for (let moment = 0; moment < 5; moment++) {
        const timeMs = START_MS + Math.floor(random() * 2_000_000);
        const got = await queryInstant(query, timeMs, storageOf(series, true), options);
        const wanted = await queryInstant(query, timeMs, storageOf(series, false), options);
        expect(textOf(got.value), `at ${timeMs}, series ${index}`).toBe(textOf(wanted.value));
      }
    }
  });
});

describe('the bins of a query', () => {
  const times = { startMs: START_MS, endMs: START_MS + 600_000, stepMs: 60_000 };
  const binsOf = async (query: string, isInstant = false): Promise<readonly (SampleBins | null)[]> => {
    const storage = storageOf([], false);
    await (isInstant ? queryInstant(query, START_MS, storage) : queryRange(query, times, storage));
    return storage.asked.map(({ bins }) => bins);
  };

  it('are the steps of an instant vector', async () => {
    expect(await binsOf('x')).toEqual([{ anchorMs: START_MS, widthMs: 60_000, need: 'newest' }]);
    expect(await binsOf('x offset 10s')).toEqual([{ anchorMs: START_MS - 10_000, widthMs: 60_000, need: 'newest' }]);
  });

  it('tile both ends of a window that moves', async () => {
    expect(await binsOf('count_over_time(x[90s])')).toEqual([{ anchorMs: START_MS, widthMs: 30_000, need: 'count' }]);
    expect(await binsOf('max_over_time(x[5m])')).toEqual([{ anchorMs: START_MS, widthMs: 60_000, need: 'greatest' }]);
    expect(await binsOf('changes(x[1h])')).toEqual([{ anchorMs: START_MS, widthMs: 60_000, need: 'changes' }]);
  });

  it('are the window itself where that stays', async () => {
    expect(await binsOf('min_over_time(x[5m])', true)).toEqual([{ anchorMs: START_MS, widthMs: 300_000, need: 'least' }]);
    expect(await binsOf('last_over_time(x[5m] @ 1000)')).toEqual([{ anchorMs: 1_000_000, widthMs: 300_000, need: 'last' }]);
  });

  it('lie at multiples of the step inside a subquery', async () => {
    expect(await binsOf('max_over_time(x[5m:20s])')).toEqual([{ anchorMs: 0, widthMs: 20_000, need: 'newest' }]);
  });

  it('are none where every sample counts', async () => {
    for (const query of ['rate(x[5m])', 'sum_over_time(x[5m])', 'changes(x[5m] anchored)', 'first_over_time(x[5m])']) {
      expect(await binsOf(query)).toEqual([null]);
    }
    expect(await binsOf('x[5m]', true)).toEqual([null]);
  });

  it('are not needed for a moment, of which the newest sample alone counts, nor for what is the same at every step', async () => {
    const storage = storageOf([], false);
    await queryInstant('x', START_MS, storage);
    await queryRange('x @ 1000', times, storage);
    expect(storage.asked.map(({ newestOnly }) => newestOnly)).toEqual([true, true]);
  });
});
