import { bitsFromFloat, CUSTOM_BUCKETS_SCHEMA, STALE_NAN_BITS, type BucketSpan, type Histogram } from '@timestream-prometheus/prom-codec';
import type { SeededRandom } from './seeded-random.js';

export interface HistogramKind {
  readonly counts: 'int' | 'float';
  readonly isGauge: boolean;
  readonly hasOwnBounds: boolean;
}

export const histogramKinds: readonly HistogramKind[] = (['int', 'float'] as const).flatMap((counts) =>
  [false, true].flatMap((isGauge) => [false, true].map((hasOwnBounds) => ({ counts, isGauge, hasOwnBounds }))),
);

const NO_DELTAS = new BigInt64Array();
const NO_BITS = new BigUint64Array();
const someBounds = [
  [0.1, 0.5, 1, 2.5, 10],
  [0.1, 1, 10],
  [-1, 0, 1 / 3, 33_554.43],
];

type Buckets = ReadonlyMap<number, number>;

const total = (buckets: Buckets): number => [...buckets.values()].reduce((sum, count) => sum + count, 0);

function spansOf(buckets: Buckets): { readonly spans: readonly BucketSpan[]; readonly counts: readonly number[] } {
  const spans: { offset: number; length: number }[] = [];
  const inOrder = [...buckets].sort(([left], [right]) => left - right);
  let next = 0;
  for (const [index] of inOrder) {
    const last = spans[spans.length - 1];
    if (last !== undefined && index === next) last.length++;
    else spans.push({ offset: index - next, length: 1 });
    next = index + 1;
  }
  return { spans, counts: inOrder.map(([, count]) => count) };
}

function sideOf(kind: HistogramKind, buckets: Buckets): { spans: readonly BucketSpan[]; deltas: BigInt64Array; bits: BigUint64Array } {
  const { spans, counts } = spansOf(buckets);
  return kind.counts === 'float'
    ? { spans, deltas: NO_DELTAS, bits: BigUint64Array.from(counts, bitsFromFloat) }
    : { spans, deltas: BigInt64Array.from(counts, (count, index) => BigInt(count - (counts[index - 1] ?? 0))), bits: NO_BITS };
}

/**
 * Valid histograms of one series in order of time: counts that grow and start anew, other resolutions, zero buckets and bounds on the way,
 * sums that are no numbers, staleness markers.
 */
export function randomHistograms(
  random: SeededRandom,
  kind: HistogramKind,
  { startMs, stepMs, steps }: { readonly startMs: number; readonly stepMs: number; readonly steps: number },
): Histogram[] {
  const { counts, isGauge, hasOwnBounds } = kind;
  const amount = (most: number): number => (counts === 'int' ? random.below(most) : random.next() * most);
  let positive = new Map<number, number>();
  let negative = new Map<number, number>();
  let schema = random.below(13) - 4;
  let zeroThreshold = random.pick([0.001, 0.5, 2 ** -128, 0]);
  let bounds = random.pick(someBounds);
  let zeroCount = 1;
  let sum = 0;
  return Array.from({ length: steps }, (_, step): Histogram => {
    const chance = random.next();
    const isStale = chance < 0.03;
    if (isGauge || isStale || (chance > 0.03 && chance < 0.08)) {
      positive = new Map();
      negative = new Map();
      zeroCount = 1;
    }
    if (chance > 0.95) schema = Math.max(-4, Math.min(8, schema + random.pick([-1, 1])));
    if (chance > 0.9 && chance < 0.93) zeroThreshold = random.pick([0.001, 0.5, 2, 2 ** -128]);
    if (hasOwnBounds && chance > 0.96) {
      bounds = random.pick(someBounds);
      positive = new Map();
    }
    const most = hasOwnBounds ? bounds.length + 1 : 12;
    const grow = (side: Map<number, number>, least: number): void => {
      const index = least + random.below(most - least);
      side.set(index, (side.get(index) ?? 0) + amount(random.pick([3, 50, 1e6])));
    };
    // At least one bucket: of a histogram that has none Prometheus' own storage gives other answers once a later one of the chunk has some.
    grow(positive, hasOwnBounds ? 0 : -6);
    for (let times = random.below(4); times > 0; times--) grow(positive, hasOwnBounds ? 0 : -6);
    if (!hasOwnBounds) grow(negative, -3);
    zeroCount += amount(4);
    sum += random.next() * 100;
    const own = { positive: sideOf(kind, isStale ? new Map() : positive), negative: sideOf(kind, isStale || hasOwnBounds ? new Map() : negative) }; // oxfmt-ignore
    const zero = hasOwnBounds || isStale ? 0 : zeroCount;
    const count = isStale ? 0 : zero + total(positive) + (hasOwnBounds ? 0 : total(negative));
    const number = (value: number): Histogram['count'] =>
      counts === 'int' ? { kind: 'int', value: BigInt(value) } : { kind: 'float', valueBits: bitsFromFloat(value) };
    return {
      count: number(count),
      sumBits: isStale ? STALE_NAN_BITS : random.next() < 0.02 ? bitsFromFloat(NaN) : bitsFromFloat(sum),
      schema: isStale ? 0 : hasOwnBounds ? CUSTOM_BUCKETS_SCHEMA : schema,
      zeroThresholdBits: bitsFromFloat(hasOwnBounds || isStale ? 0 : zeroThreshold),
      zeroCount: number(zero),
      negativeSpans: own.negative.spans,
      negativeDeltas: own.negative.deltas,
      negativeCountBits: own.negative.bits,
      positiveSpans: own.positive.spans,
      positiveDeltas: own.positive.deltas,
      positiveCountBits: own.positive.bits,
      resetHint: isGauge ? 'gauge' : random.pick(['unknown', 'unknown', 'no']),
      timestampMs: BigInt(startMs + step * stepMs + random.below(Math.ceil(stepMs / 10))),
      customValueBits: hasOwnBounds && !isStale ? BigUint64Array.from(bounds, bitsFromFloat) : NO_BITS,
    };
  });
}
