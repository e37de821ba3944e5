import {
  bitsFromFloat,
  compareLabels,
  createSamples,
  NORMAL_NAN_BITS,
  STALE_NAN_BITS,
  type Label,
  type TimeSeries,
  type WriteRequest,
} from '@timestream-prometheus/prom-codec';
import { createSeededRandom } from './seeded-random.js';

/** How one series comes about: its labels and its samples, in time order. */
interface SeriesPlan {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [timestampMs: number, value: number | bigint])[];
}

const scrapeMs = 30_000;

const edgeValues: readonly (number | bigint)[] = [
  0,
  -0,
  5e-324,
  -5e-324,
  2.2250738585072014e-308,
  2.225073858507201e-308,
  1e308,
  -1.7976931348623157e308,
  2 ** 53 + 2,
  (2 ** 53 + 4) * 1000,
  2 ** 54 + 4,
  1 / 3,
  0.1 + 0.2,
  1e21,
  1e-7,
  123456789.12345679,
  Infinity,
  -Infinity,
  NORMAL_NAN_BITS,
  0x7ff8000000000002n,
  0xfff8000000000001n,
  0x7ff0000000000003n,
  bitsFromFloat(Math.PI),
];

/** Label values that have broken storage adapters before. */
export const awkwardLabelValues: readonly string[] = [
  `it's`,
  `''`,
  `say "hi"`,
  '`back`',
  'C:\\path\\',
  '\\',
  'two\nlines',
  'tab\there',
  '100%',
  '%_%',
  'under_score',
  '_',
  '{"json":"text"}',
  "x' OR '1'='1",
  '"; DROP TABLE x --',
  'NULL',
  'null',
  ' leading',
  'trailing ',
  ' ',
  'a\u0000b',
  '\u0001\u001f\u007f',
  '\u2028\u2029',
  'é',
  'e\u0301',
  '日本語',
  '🎉',
  '\u{10ffff}',
  '\ufffd',
  '\ufeffbom',
  'ß',
  'İi',
  'a'.repeat(1900),
  '🎉'.repeat(400),
];

export const reservedLabelNames: readonly string[] = [
  'time',
  'measure_name',
  'measure_value',
  'ts_x',
  'ts_',
  'v',
  'sample_value',
  'sample_bits',
  'sample_histogram',
  'prometheus_labels',
  'select',
  'SELECT',
  'from',
  'order',
  'Case',
  'case',
  'CASE',
  '_',
  '_colon',
  `n${'a'.repeat(59)}`,
  `n${'a'.repeat(60)}`,
  `n${'a'.repeat(199)}`,
];

export const awkwardMetricNames: readonly string[] = [
  'job:requests:rate5m',
  ':leading',
  'a:b:c:',
  'time',
  'measure_name',
  'measure_value',
  'measure_value_x',
  'ts_metric',
  'select',
  'sample_value',
  `m${'b'.repeat(59)}`,
  `m${'b'.repeat(60)}`,
  `m${'b'.repeat(255)}`,
  `m${'b'.repeat(256)}`,
  `m${':'.repeat(100)}`,
  `m${'c'.repeat(400)}`,
];

export interface DataSet {
  readonly startMs: number;
  readonly endMs: number;
  readonly seed: number;
  readonly series: readonly { readonly labels: readonly Label[]; readonly points: SeriesPlan['points'] }[];
  /** The whole as remote-write requests in time order; the first holds a sample of every series, sorted by labels. */
  writeRequests(): WriteRequest[];
}

/** A data set that holds every kind of series, label and value that Prometheus can send, over the time `spanMs` (an hour) that ends at `endMs`. */
export function createDataSet(seed: number, endMs: number, spanMs = 3_600_000): DataSet {
  const random = createSeededRandom(seed);
  const startMs = endMs - spanMs;
  const times: number[] = [];
  for (let time = startMs; time <= endMs; time += scrapeMs) times.push(time);
  const plans: SeriesPlan[] = [];
  const add = (labels: Record<string, string>, points: SeriesPlan['points']): number => plans.push({ labels, points });
  const everyScrape = (value: (index: number) => number | bigint): SeriesPlan['points'] =>
    times.map((time, index) => [time, value(index)] as const);

  for (const job of ['api', 'db']) {
    for (const instance of ['a:9100', 'b:9100', 'c:9100']) {
      for (const code of ['200', '404', '500']) {
        let counter = 0;
        const resetAt = 30 + random.below(60);
        add(
          { __name__: 'http_requests_total', job, instance, code, ...(code === '500' ? { severity: 'page' } : {}) },
          everyScrape((index) => {
            counter = index === resetAt ? 0 : counter + random.below(50);
            return counter;
          }),
        );
      }
      add(
        { __name__: 'up', job, instance },
        everyScrape((index) => (index % 37 === 5 ? 0 : 1)),
      );
      add(
        { __name__: 'temperature_celsius', job, instance, sensor: random.pick(['cpu', 'disk']) },
        everyScrape(() => (random.next() - 0.5) * 200),
      );
      add(
        { __name__: 'memory_bytes', job, instance },
        everyScrape(() => Math.floor(random.next() * 2 ** 53) * 2),
      );
      const cumulative = [0, 0, 0, 0, 0];
      const bounds = ['0.005', '0.1', '1', '10', '+Inf'];
      const buckets: (readonly [number, number])[][] = bounds.map(() => []);
      const sums: (readonly [number, number])[] = [];
      let sum = 0;
      for (const time of times) {
        const arrivals = bounds.map(() => random.below(5));
        let running = 0;
        bounds.forEach((_bound, index) => {
          running += arrivals[index] ?? 0;
          cumulative[index] = (cumulative[index] ?? 0) + running;
          buckets[index]?.push([time, cumulative[index] ?? 0]);
        });
        sum += random.next() * running;
        sums.push([time, sum]);
      }
      bounds.forEach((le, index) => add({ __name__: 'request_duration_seconds_bucket', job, instance, le }, buckets[index] ?? []));
      add({ __name__: 'request_duration_seconds_count', job, instance }, buckets[4] ?? []);
      add({ __name__: 'request_duration_seconds_sum', job, instance }, sums);
      for (const quantile of ['0.5', '0.99'])
        add(
          { __name__: 'gc_duration_seconds', job, instance, quantile },
          everyScrape((index) => (index % 50 === 7 ? NORMAL_NAN_BITS : random.next())),
        );
    }
  }
  edgeValues.forEach((value, index) => {
    add(
      { __name__: 'edge_value', which: String(index).padStart(2, '0') },
      everyScrape((position) => (position % 3 === 0 ? value : position)),
    );
    add(
      { __name__: 'edge_value_constant', which: String(index).padStart(2, '0') },
      everyScrape(() => value),
    );
  });
  // Targets that go away and come back: the staleness marker ends the series until its next sample.
  for (const instance of ['x:1', 'y:1', 'z:1']) {
    const goneFrom = 20 + random.below(20);
    const backFrom = goneFrom + 8 + random.below(40);
    add(
      { __name__: 'flapping', job: 'flap', instance },
      times.flatMap((time, index): SeriesPlan['points'] =>
        index < goneFrom || index >= backFrom ? [[time, index] as const] : index === goneFrom ? [[time, STALE_NAN_BITS] as const] : [],
      ),
    );
  }
  add(
    { __name__: 'late_starter', job: 'late' },
    times.slice(75).map((time, index) => [time, index] as const),
  );
  add(
    { __name__: 'early_ender', job: 'early' },
    times.slice(0, 45).map((time, index) => [time, index * 1.1] as const),
  );
  add(
    { __name__: 'millisecond_neighbours' },
    Array.from({ length: 500 }, (_, index) => [startMs + 600_000 + index, index / 7] as const),
  );
  add(
    { __name__: 'irregular', job: 'cron' },
    times.filter(() => random.next() < 0.4).map((time) => [time + random.below(scrapeMs - 1), random.next() * 1e6] as const),
  );
  add(
    { __name__: 'alone' },
    everyScrape((index) => index),
  );
  awkwardLabelValues.forEach((value, index) =>
    add(
      { __name__: 'awkward_value', index: String(index).padStart(2, '0'), value },
      everyScrape((position) => index + position / 8),
    ),
  );
  reservedLabelNames.forEach((name, index) =>
    add(
      { __name__: 'reserved_label', [name]: `v${index % 4}` },
      everyScrape((position) => position * index),
    ),
  );
  add(
    { __name__: 'reserved_label', ...Object.fromEntries(reservedLabelNames.slice(0, 18).map((name) => [name, 'all'])) },
    everyScrape((position) => -position),
  );
  awkwardMetricNames.forEach((name, index) =>
    add(
      { __name__: name, job: 'names' },
      everyScrape((position) => position + index),
    ),
  );
  for (let index = 0; index < 160; index += 1)
    add(
      { __name__: 'wide', [`label_${String(index).padStart(3, '0')}`]: 'on', half: index % 2 === 0 ? 'even' : 'odd' },
      everyScrape((position) => position ^ index),
    );

  const series = plans
    .map(({ labels, points }) => ({
      labels: Object.entries(labels)
        .map(([name, value]) => ({ name, value }))
        .sort((a, b) => compareLabels([a], [b])),
      points,
    }))
    .sort((a, b) => compareLabels(a.labels, b.labels));

  return {
    startMs,
    endMs,
    seed,
    series,
    writeRequests() {
      const timeSeries = (labels: readonly Label[], points: SeriesPlan['points']): TimeSeries => ({
        labels,
        samples: createSamples(points),
        exemplars: [],
        histograms: [],
      });
      const requests: WriteRequest[] = [];
      // A series is born with its first sample; a store's order of series is often that of their birth, so they are born sorted.
      const births = series.map(({ labels, points }) => timeSeries(labels, points.slice(0, 1)));
      requests.push({ timeseries: births, metadata: [] });
      const sliceMs = 5 * 60_000;
      for (let from = startMs; from <= endMs; from += sliceMs) {
        const timeseries = series.flatMap(({ labels, points }) => {
          const part = points.slice(1).filter(([timestampMs]) => timestampMs >= from && timestampMs < from + sliceMs);
          return part.length > 0 ? [timeSeries(labels, part)] : [];
        });
        requests.push({ timeseries, metadata: [] });
      }
      return requests;
    },
  };
}
