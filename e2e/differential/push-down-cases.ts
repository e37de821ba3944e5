import { bitsFromFloat, createSamples, NORMAL_NAN_BITS, STALE_NAN_BITS, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { histogramKinds, randomHistograms } from './random-histograms.js';
import type { SeededRandom } from './seeded-random.js';

const metricNames = ['m', 'n', 'rule:m:sum', 'métrique'];
const labelSets: readonly Readonly<Record<string, string>>[] = [
  { job: 'a' },
  { job: 'a', zone: 'x' },
  { job: 'b', zone: 'x' },
  { job: 'b', zone: 'y', instance: '1' },
  { job: 'c', instance: '2', code: '500' },
  { zone: 'y', 'with:colon': 'v' },
];
const intervalsMs = [5_000, 15_000, 15_000, 30_000, 60_000];
const windows = ['30s', '1m', '2m', '5m', '90s', '7m30s'];
const steps = [15, 30, 60, 60, 120, 300, 37];

type Values = (random: SeededRandom, before: bigint) => bigint;

/** Values among which equal ones, zeros of both signs, and what is no number are frequent. */
const shapes: readonly Values[] = [
  (random) => bitsFromFloat(random.pick([0, -0, 1, -1, 0, -0])),
  (random) => random.pick([bitsFromFloat(0), bitsFromFloat(-0), NORMAL_NAN_BITS, 0xfff8000000000123n, bitsFromFloat(Infinity), bitsFromFloat(-Infinity), bitsFromFloat(3)]), // oxfmt-ignore
  (random) => bitsFromFloat((random.next() - 0.5) * 10 ** (random.below(40) - 20)),
  (random, before) => (random.next() < 0.2 ? bitsFromFloat(random.below(4)) : before),
  () => NORMAL_NAN_BITS,
];

/** Series as they are scraped: gaps, restarts, staleness markers, times beside the beat; some of native histograms, some of both kinds. */
export function createScrapedSeries(random: SeededRandom, endMs: number, spanMs: number): TimeSeries[] {
  const series: TimeSeries[] = [];
  for (const name of metricNames) {
    for (const labels of labelSets) {
      if (random.next() < 0.3) continue;
      const intervalMs = random.pick(intervalsMs);
      const values = random.pick(shapes);
      const pairs: [bigint, bigint][] = [];
      let before = bitsFromFloat(0);
      for (let timeMs = endMs - spanMs + random.below(intervalMs); timeMs <= endMs; timeMs += intervalMs) {
        const chance = random.next();
        if (chance < 0.03) {
          pairs.push([BigInt(timeMs), STALE_NAN_BITS]);
          timeMs += random.below(600_000);
          continue;
        }
        if (chance < 0.05) timeMs += random.below(400_000);
        before = values(random, before);
        pairs.push([BigInt(timeMs + (random.next() < 0.3 ? random.below(20) - 10 : 0)), before]);
      }
      const ascending = pairs.filter(([timeMs], index) => index === 0 || timeMs > (pairs[index - 1]?.[0] ?? 0n));
      const sorted = Object.entries({ __name__: name, ...labels }).sort(([left], [right]) => (left < right ? -1 : 1));
      const chance = random.next();
      const histograms =
        chance < 0.15
          ? randomHistograms(random, random.pick(histogramKinds), {
              startMs: endMs - spanMs,
              stepMs: 30_000,
              steps: Math.floor(spanMs / 30_000),
            })
          : [];
      const samples = createSamples(chance < 0.1 ? [] : chance < 0.15 ? ascending.slice(0, ascending.length / 2) : ascending);
      if (samples.timestampsMs.length + histograms.length === 0) continue;
      series.push({ labels: sorted.map(([label, value]) => ({ name: label, value })), samples, exemplars: [], histograms });
    }
  }
  return series;
}

export interface RangeQuestion {
  readonly query: string;
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** 0: a moment. */
  readonly stepSeconds: number;
}

const matchers = ['', '', '{job="a"}', '{job=~"a|b"}', '{zone!=""}', '{zone=""}', '{job!~"c.*"}'];
const rangeFunctions = [
  'last_over_time',
  'present_over_time',
  'absent_over_time',
  'count_over_time',
  'min_over_time',
  'max_over_time',
  'changes',
  'resets',
];
const otherFunctions = ['first_over_time', 'sum_over_time', 'rate', 'quantile_over_time'];
const aggregations = ['sum', 'count', 'min', 'max', 'group', 'avg', 'topk', 'count_values'];
const groupings = [
  '',
  ' by (job)',
  ' by (zone, job)',
  ' without (instance)',
  ' by (nothing)',
  ' by (__name__)',
  ' by ("with:colon")',
  ' without ()',
];

function selectorOf(random: SeededRandom): string {
  const name = random.pick(metricNames);
  const matcher = random.pick(matchers);
  if (random.next() < 0.1) return `{__name__=~"${random.pick(['m|n', '.+', 'm.*', 'rule.*'])}"}`;
  return name === 'métrique' ? `{"métrique"${matcher === '' ? '' : `,${matcher.slice(1, -1)}`}}` : `${name}${matcher}`;
}

function modifierOf(random: SeededRandom, endMs: number): string {
  const chance = random.next();
  if (chance < 0.1) return ` offset ${random.pick(windows)}`;
  if (chance < 0.15) return ` offset -${random.pick(windows)}`;
  if (chance < 0.22) return ` @ ${(endMs - random.below(1_800_000)) / 1000}`;
  return chance < 0.25 ? ' @ start() offset 1m' : '';
}

function vectorOf(random: SeededRandom, endMs: number, depth: number): string {
  const chance = random.next();
  const selector = selectorOf(random);
  const inner = (): string => vectorOf(random, endMs, depth - 1);
  if (chance < 0.35 || depth === 0) return `${selector}${modifierOf(random, endMs)}`;
  if (chance < 0.65) {
    const name = random.pick(random.next() < 0.85 ? rangeFunctions : otherFunctions);
    return `${name}(${name === 'quantile_over_time' ? '0.5, ' : ''}${selector}[${random.pick(windows)}]${modifierOf(random, endMs)})`;
  }
  if (chance < 0.7) return `${random.pick(rangeFunctions)}(${inner()}[${random.pick(windows)}:${random.pick(['30s', '1m', ''])}])`;
  if (chance < 0.8) {
    const name = random.pick(['count', 'min', 'max', 'group']);
    return `${name}${random.pick(groupings)} (${selector}${modifierOf(random, endMs)})`;
  }
  if (chance < 0.9) {
    const name = random.pick(aggregations);
    const parameter = name === 'topk' ? '2, ' : name === 'count_values' ? '"value", ' : '';
    return `${name}${random.pick(groupings)} (${parameter}${inner()})`;
  }
  if (chance < 0.95) return `${random.pick(['timestamp', 'abs', 'absent', 'sort', 'histogram_count'])}(${inner()})`;
  return `${inner()} ${random.pick(['or', 'unless', 'and', '> bool', '==', '+'])} ${inner()}`;
}

/** Queries of which parts can be left to Timestream, and others around and beside them. */
export function createPushDownQuestion(random: SeededRandom, endMs: number, spanMs: number): RangeQuestion {
  const query = vectorOf(random, endMs, 2);
  const endSeconds = Math.floor((endMs - random.below(spanMs / 2)) / 1000) + (random.next() < 0.2 ? 0.123 : 0);
  if (random.next() < 0.3) return { query, startSeconds: endSeconds, endSeconds, stepSeconds: 0 };
  return { query, startSeconds: endSeconds - random.below(spanMs / 1500), endSeconds, stepSeconds: random.pick(steps) };
}
