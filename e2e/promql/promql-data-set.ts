import { FloatHistogram, type HistogramSample, type SelectedSeries, type SeriesStorage } from '@timestream-prometheus/promql';
import { STALE_NAN_BITS } from '@timestream-prometheus/prom-codec';
import { neededSamples } from './needed-samples.js';
import type { SeededRandom } from '../differential/seeded-random.js';

/** The times of the data: half an hour, from a moment that is no whole minute. */
export const DATA_START_MS = 1_700_000_007_000;
const DATA_MS = 1_800_000;
export const DATA_END_MS = DATA_START_MS + DATA_MS;

/** A series that both engines are given. */
export interface TestSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly timesMs: readonly number[];
  readonly bits: readonly bigint[];
  readonly histograms: readonly HistogramSample[];
}

const bitsOf = (value: number): bigint => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0);
};

type Shape = (random: SeededRandom, index: number, before: number) => number;

const counter: Shape = (random, _index, before) => (random.next() < 0.04 ? random.below(5) : before + random.next() * 20);
const wholeCounter: Shape = (random, _index, before) => (random.next() < 0.03 ? 0 : before + random.below(30));
const gauge: Shape = (random) => (random.next() - 0.5) * 200;
const tiny: Shape = (random, index) => (index % 7 === 0 ? 1e-300 : (random.next() - 0.5) * 1e-9);
const huge: Shape = (random) => (random.next() - 0.5) * 1.7e308;
const steady: Shape = () => 42;
const stepped: Shape = (random, _index, before) => (random.next() < 0.2 ? random.below(5) : before);
const odd: Shape = (random) => random.pick([NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.1, 1e15, 5e-324, 123456789, 0.5]);
const angle: Shape = (random) => (random.next() - 0.5) * 2.2;
const unixTime: Shape = (random) => random.below(2_000_000_000) + random.next();

/** Scraped every 15 seconds or so, with gaps and with markers where a target went away. */
function scrape(random: SeededRandom, labels: Record<string, string>, shape: Shape): TestSeries {
  const timesMs: number[] = [];
  const bits: bigint[] = [];
  const intervalMs = random.pick([15_000, 15_000, 30_000, 60_000, 5_000]);
  let value = 0;
  let index = 0;
  for (let timeMs = DATA_START_MS + random.below(intervalMs); timeMs < DATA_END_MS; index++) {
    if (random.next() < 0.02) {
      timesMs.push(timeMs);
      bits.push(STALE_NAN_BITS);
      timeMs += 60_000 + random.below(600_000);
      continue;
    }
    value = shape(random, index, value);
    timesMs.push(timeMs);
    bits.push(bitsOf(value));
    timeMs += intervalMs + (random.next() < 0.3 ? random.below(200) - 100 : 0) + (random.next() < 0.02 ? 400_000 : 0);
  }
  return { labels, timesMs, bits, histograms: [] };
}

/** Native histograms whose counts grow, with resets, changes of resolution and of the zero bucket. */
function histogramScrape(random: SeededRandom, labels: Record<string, string>, kind: 'counter' | 'gauge' | 'custom'): TestSeries {
  const histograms: HistogramSample[] = [];
  let counts = new Map<number, number>();
  let negative = new Map<number, number>();
  let schema = random.pick([0, 1, 2, 3, -1]);
  let zeroThreshold = random.pick([0.001, 0.5, 1e-128]);
  let zeroCount = 0;
  let bounds = [0.1, 0.5, 1, 2.5, 10];
  for (let timeMs = DATA_START_MS + random.below(15_000); timeMs < DATA_END_MS; timeMs += 15_000) {
    const chance = random.next();
    if (chance < 0.02) {
      histograms.push({ timestampMs: timeMs, histogram: null });
      timeMs += 300_000;
      continue;
    }
    if (chance < 0.06 || kind === 'gauge') {
      counts = new Map();
      negative = new Map();
      zeroCount = 0;
    }
    if (kind !== 'custom' && chance > 0.95) schema = Math.max(-4, Math.min(8, schema + random.pick([-1, 1])));
    if (kind !== 'custom' && chance > 0.9 && chance < 0.93) zeroThreshold = random.pick([0.001, 0.5, 2, 1e-128]);
    if (kind === 'custom' && chance > 0.96)
      bounds = random.pick([
        [0.1, 0.5, 1, 2.5, 10],
        [0.1, 1, 10],
        [-1, 0, 1],
        [0.5, 2.5, 7],
      ]);
    const grow = (side: Map<number, number>, least: number, most: number): void => {
      const index = least + random.below(most - least);
      side.set(index, (side.get(index) ?? 0) + (random.next() < 0.5 ? random.below(20) : random.next() * 10));
    };
    const most = kind === 'custom' ? bounds.length + 1 : 8;
    if (kind === 'custom') for (const index of counts.keys()) if (index >= most) counts.delete(index);
    for (let times = random.below(5); times > 0; times--) grow(counts, kind === 'custom' ? 0 : -4, most);
    if (kind !== 'custom' && random.next() < 0.5) grow(negative, -4, 6);
    if (kind !== 'custom') zeroCount += random.below(3);
    const histogram = new FloatHistogram();
    histogram.schema = kind === 'custom' ? -53 : schema;
    histogram.hint = kind === 'gauge' ? 'gauge' : random.pick(['unknown', 'unknown', 'unknown', 'not-reset', 'reset']);
    if (kind === 'custom') histogram.customBounds = bounds;
    else Object.assign(histogram, { zeroThreshold, zeroCount });
    histogram.positive = sideOf(counts);
    histogram.negative = kind === 'custom' ? { spans: [], counts: [] } : sideOf(negative);
    const observations = [...histogram.positive.counts, ...histogram.negative.counts].reduce((sum, count) => sum + count, zeroCount);
    histogram.count = observations + (random.next() < 0.05 ? 3 : 0);
    histogram.sum = random.next() < 0.03 ? NaN : observations * random.next() * 3;
    histograms.push({ timestampMs: timeMs, histogram });
  }
  return { labels, timesMs: [], bits: [], histograms };
}

function sideOf(buckets: ReadonlyMap<number, number>): FloatHistogram['positive'] {
  const spans: { offset: number; length: number }[] = [];
  const counts: number[] = [];
  let next = 0;
  for (const [index, count] of [...buckets].sort(([left], [right]) => left - right)) {
    const last = spans[spans.length - 1];
    if (last !== undefined && index === next) last.length++;
    else spans.push({ offset: index - (last === undefined ? 0 : next), length: 1 });
    counts.push(count);
    next = index + 1;
  }
  return { spans, counts };
}

/** Every kind of series that a function treats in a way of its own. */
export function createDataSet(random: SeededRandom): TestSeries[] {
  const series: TestSeries[] = [];
  for (const job of ['api', 'db']) {
    for (const instance of ['a:9100', 'b:9100', 'c:9100']) {
      const target = { job, instance };
      series.push(scrape(random, { __name__: 'up', ...target }, stepped));
      series.push(scrape(random, { __name__: 'target_info', ...target, version: `v${random.below(3)}`, region: 'eu' }, steady));
      series.push(scrape(random, { __name__: 'memory_bytes', ...target }, gauge));
      for (const code of ['200', '404', '500']) {
        series.push(scrape(random, { __name__: 'requests_total', ...target, code }, random.pick([counter, wholeCounter])));
      }
      let cumulative = 0;
      for (const le of ['0.1', '0.5', '1', '5', '+Inf']) {
        cumulative += 3;
        const share = cumulative;
        series.push(
          scrape(random, { __name__: 'latency_bucket', ...target, le }, (own, index) => index * share + (own.next() < 0.02 ? -40 : 0)),
        );
      }
      series.push(histogramScrape(random, { __name__: 'latency', ...target }, 'counter'));
    }
    series.push(histogramScrape(random, { __name__: 'sizes', job }, 'gauge'));
    series.push(histogramScrape(random, { __name__: 'durations', job, instance: 'a:9100' }, 'custom'));
    series.push(histogramScrape(random, { __name__: 'durations', job, instance: 'b:9100' }, 'custom'));
  }
  const shapes = { tiny, huge, steady, odd, angle, unixtime: unixTime };
  for (const [name, shape] of Object.entries(shapes)) {
    for (const zone of ['x', 'y']) series.push(scrape(random, { __name__: name, zone }, shape));
  }
  const mixed = scrape(random, { __name__: 'mixed', zone: 'x' }, counter);
  const half = Math.floor(mixed.timesMs.length / 2);
  const both = histogramScrape(random, { __name__: 'mixed', zone: 'x' }, 'counter');
  series.push({
    ...mixed,
    timesMs: mixed.timesMs.slice(0, half),
    bits: mixed.bits.slice(0, half),
    histograms: both.histograms.filter(
      ({ timestampMs }) => timestampMs > (mixed.timesMs[half - 4] ?? 0) && !mixed.timesMs.includes(timestampMs),
    ),
  });
  series.push(scrape(random, { __name__: 'mixed', zone: 'y' }, gauge));
  series.push(scrape(random, { __name__: 'metric:with:colons', 'label.with.dots': 'ünï', job: 'api' }, gauge));
  series.push(scrape(random, { __name__: 'name with spaces', job: 'api' }, gauge));
  return series.filter(({ timesMs, histograms }) => timesMs.length + histograms.length > 0);
}

/**
 * The series as a storage of our engine.
 *
 * @param leavesOut whether it gives no more than the query says that it needs
 */
export function createStorage(series: readonly TestSeries[], leavesOut: boolean): SeriesStorage {
  const selectable = series.map(({ labels, timesMs, bits, histograms }) => ({
    labels,
    selected: {
      labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
      timestampsMs: Float64Array.from(timesMs),
      valueBits: BigUint64Array.from(bits),
      histograms,
    } satisfies SelectedSeries,
  }));
  return {
    // oxlint-disable-next-line typescript/require-await
    async *select(matchers, fromMs, toMs, { newestOnly, bins }) {
      for (const { labels, selected } of selectable) {
        if (!matchers.every((matcher) => matcher.matches(labels[matcher.name] ?? ''))) continue;
        if (newestOnly) yield newestOf(selected, fromMs, toMs);
        else yield leavesOut && bins !== null ? neededSamples(selected, bins) : selected;
      }
    },
  };
}

/** What a storage gives that picks the newest sample itself. */
function newestOf(selected: Omit<Required<SelectedSeries>, 'counts'>, fromMs: number, toMs: number): SelectedSeries {
  const last = selected.timestampsMs.findLastIndex((timeMs) => timeMs >= fromMs && timeMs <= toMs);
  const histogram = selected.histograms.findLast(({ timestampMs }) => timestampMs >= fromMs && timestampMs <= toMs);
  return {
    labels: selected.labels,
    timestampsMs: last < 0 ? new Float64Array() : selected.timestampsMs.slice(last, last + 1),
    valueBits: last < 0 ? new BigUint64Array() : selected.valueBits.slice(last, last + 1),
    histograms: histogram === undefined ? [] : [histogram],
  };
}

const text = (value: number): string => (value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value));

/** The series as the oracle reads them. */
export function oracleSeries(series: readonly TestSeries[]): unknown {
  return series.map(({ labels, timesMs, bits, histograms }) => ({
    labels,
    times: timesMs,
    bits: bits.map((one) => one.toString(16)),
    histograms: histograms.map(({ timestampMs: time, histogram }) =>
      histogram === null
        ? { time, stale: true }
        : {
            time,
            hint: histogram.hint,
            schema: histogram.schema,
            zeroThreshold: text(histogram.zeroThreshold),
            zeroCount: text(histogram.zeroCount),
            count: text(histogram.count),
            sum: text(histogram.sum),
            positiveSpans: histogram.positive.spans.map(({ offset, length }) => [offset, length]),
            positive: histogram.positive.counts.map(text),
            negativeSpans: histogram.negative.spans.map(({ offset, length }) => [offset, length]),
            negative: histogram.negative.counts.map(text),
            customBounds: histogram.customBounds.map(text),
          },
    ),
  }));
}
