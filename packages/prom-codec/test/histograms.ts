import fc from 'fast-check';
import { bitsFromFloat, type BucketSpan, type Histogram } from '../src/index.js';

const NO_DELTAS = new BigInt64Array();
const NO_BITS = new BigUint64Array();

/** A valid histogram with one observation in each of two buckets, and what is changed of it. */
export function histogramWith(changes: Partial<Histogram> = {}): Histogram {
  return {
    count: { kind: 'int', value: 5n },
    sumBits: bitsFromFloat(18.4),
    schema: 1,
    zeroThresholdBits: bitsFromFloat(2 ** -128),
    zeroCount: { kind: 'int', value: 2n },
    negativeSpans: [{ offset: 0, length: 1 }],
    negativeDeltas: BigInt64Array.of(1n),
    negativeCountBits: NO_BITS,
    positiveSpans: [{ offset: 0, length: 2 }],
    positiveDeltas: BigInt64Array.of(1n, 0n),
    positiveCountBits: NO_BITS,
    resetHint: 'unknown',
    timestampMs: 1_795_340_322_000n,
    customValueBits: NO_BITS,
    ...changes,
  };
}

interface Side {
  readonly spans: readonly BucketSpan[];
  readonly counts: readonly number[];
}

function deltasOf(counts: readonly number[]): BigInt64Array {
  return BigInt64Array.from(counts, (count, index) => BigInt(count) - BigInt(counts[index - 1] ?? 0));
}

const anyCount = fc.oneof(fc.nat(5), fc.nat(100_000), fc.nat(2 ** 31 - 1));

/** Spans and, for each of `steps` histograms, a count for each bucket. */
function anySides(steps: number): fc.Arbitrary<{ readonly spans: readonly BucketSpan[]; readonly counts: readonly (readonly number[])[] }> {
  return fc.array(fc.record({ offset: fc.nat(9), length: fc.nat(3) }), { maxLength: 3 }).chain((spans) => {
    const buckets = spans.reduce((sum, { length }) => sum + length, 0);
    return fc.record({
      spans: fc.constant(spans.map(({ offset, length }, index) => ({ offset: index === 0 ? offset - 4 : offset, length }))),
      counts: fc.array(fc.array(anyCount, { minLength: buckets, maxLength: buckets }), { minLength: steps, maxLength: steps }),
    });
  });
}

function histogramOf(isFloat: boolean, positive: Side, negative: Side, zeroCount: number, rest: Partial<Histogram>): Histogram {
  const total = [...positive.counts, ...negative.counts].reduce((sum, count) => sum + count, zeroCount);
  return histogramWith({
    ...rest,
    positiveSpans: positive.spans,
    negativeSpans: negative.spans,
    ...(isFloat
      ? {
          count: { kind: 'float', valueBits: bitsFromFloat(total + 0.5) },
          zeroCount: { kind: 'float', valueBits: bitsFromFloat(zeroCount) },
          positiveDeltas: NO_DELTAS,
          negativeDeltas: NO_DELTAS,
          positiveCountBits: BigUint64Array.from(positive.counts, (count) => bitsFromFloat(count / 4)),
          negativeCountBits: BigUint64Array.from(negative.counts, (count) => bitsFromFloat(count / 4)),
        }
      : {
          count: { kind: 'int', value: BigInt(total) },
          zeroCount: { kind: 'int', value: BigInt(zeroCount) },
          positiveDeltas: deltasOf(positive.counts),
          negativeDeltas: deltasOf(negative.counts),
        }),
  });
}

/** Valid histograms of one series in order of time: counters that fall now and then, gauges, both kinds, custom buckets, changes of layout. */
export const anyHistogramSeries: fc.Arbitrary<readonly Histogram[]> = fc
  .array(
    fc
      .tuple(
        fc.boolean(),
        fc.constantFrom('unknown' as const, 'yes' as const, 'no' as const, 'gauge' as const),
        fc.boolean(),
        fc.integer({ min: 1, max: 12 }),
      )
      .chain(([isFloat, resetHint, isCustom, steps]) =>
        fc
          .record({
            positive: anySides(steps),
            negative: anySides(steps),
            zeroCounts: fc.array(anyCount, { minLength: steps, maxLength: steps }),
            sums: fc.array(fc.double({ noNaN: true }), { minLength: steps, maxLength: steps }),
            schema: fc.integer({ min: -4, max: 8 }),
            zeroThreshold: fc.constantFrom(0, 2 ** -128, 0.001, 2 ** 10, 2 ** -243, 1e-300),
            bound: fc.constantFrom(0.005, 0.57, 1, 33_554.43, 1 / 3),
          })
          .map(({ positive, negative, zeroCounts, sums, schema, zeroThreshold, bound }) =>
            Array.from({ length: steps }, (_, step) => {
              const rest = { resetHint, sumBits: bitsFromFloat(sums[step] ?? 0) };
              const side = { spans: positive.spans, counts: positive.counts[step] ?? [] };
              if (!isCustom) {
                const other = { spans: negative.spans, counts: negative.counts[step] ?? [] };
                return histogramOf(isFloat, side, other, zeroCounts[step] ?? 0, {
                  ...rest,
                  schema,
                  zeroThresholdBits: bitsFromFloat(zeroThreshold),
                });
              }
              const spans = side.spans.map(({ offset, length }) => ({ offset: Math.max(0, offset), length }));
              const covered = spans.reduce((sum, { offset, length }) => sum + offset + length, 0);
              return histogramOf(isFloat, { ...side, spans }, { spans: [], counts: [] }, 0, {
                ...rest,
                schema: -53,
                zeroThresholdBits: 0n,
                customValueBits: BigUint64Array.from({ length: covered }, (__, index) => bitsFromFloat(bound + index)),
              });
            }),
          ),
      ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.flat().map((histogram, index) => ({ ...histogram, timestampMs: 1_795_340_322_000n + BigInt(index) * 15_000n })));
