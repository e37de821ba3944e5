import { bitsFromFloat, STALE_NAN_BITS, type BucketSpan, type Histogram } from '@timestream-prometheus/prom-codec';
import fc from 'fast-check';
import { anyValueBits } from './arbitraries.js';

const NO_DELTAS = new BigInt64Array();
const NO_BITS = new BigUint64Array();

/** A valid histogram of integers, and what is changed of it. */
export function histogramWith(changes: Partial<Histogram> = {}): Histogram {
  return {
    count: { kind: 'int', value: 9n },
    sumBits: bitsFromFloat(18.4),
    schema: 1,
    zeroThresholdBits: bitsFromFloat(2 ** -128),
    zeroCount: { kind: 'int', value: 2n },
    negativeSpans: [{ offset: -3, length: 1 }],
    negativeDeltas: BigInt64Array.of(1n),
    negativeCountBits: NO_BITS,
    positiveSpans: [
      { offset: 0, length: 2 },
      { offset: 3, length: 1 },
    ],
    positiveDeltas: BigInt64Array.of(3n, -2n, 1n),
    positiveCountBits: NO_BITS,
    resetHint: 'unknown',
    timestampMs: 1_700_000_000_000n,
    customValueBits: NO_BITS,
    ...changes,
  };
}

const anyCount = fc.oneof(fc.bigInt(0n, 5n), fc.bigInt(0n, 2n ** 40n));
/** A NaN for a count is odd, but Prometheus takes it. */
const anyFloatCount = fc.oneof(
  fc.double({ min: 0, noNaN: true }).map(bitsFromFloat),
  fc.constantFrom(0n, 0x7ff8000000000001n, 0x7ff8dead00000001n),
);

function anySide(firstOffset: {
  min: number;
  max: number;
}): fc.Arbitrary<{ readonly spans: readonly BucketSpan[]; readonly counts: readonly bigint[]; readonly floats: readonly bigint[] }> {
  const later = fc.record({ offset: fc.nat(4), length: fc.nat(3) });
  const first = fc.record({ offset: fc.integer(firstOffset), length: fc.nat(3) });
  return fc.tuple(fc.boolean(), first, fc.array(later, { maxLength: 3 })).chain(([isEmpty, head, rest]) => {
    const spans = isEmpty ? [] : [head, ...rest];
    const length = spans.reduce((sum, span) => sum + span.length, 0);
    const exactly = { minLength: length, maxLength: length };
    return fc.record({ spans: fc.constant(spans), counts: fc.array(anyCount, exactly), floats: fc.array(anyFloatCount, exactly) });
  });
}

function deltasOf(counts: readonly bigint[]): BigInt64Array {
  return BigInt64Array.from(counts, (count, index) => count - (counts[index - 1] ?? 0n));
}

/** Valid histograms: both kinds, exponential and custom buckets, spans that nobody would write, every hint, staleness markers. */
export const anyHistogram: fc.Arbitrary<Histogram> = fc
  .record({
    isFloat: fc.boolean(),
    isCustom: fc.boolean(),
    isStale: fc.constantFrom(false, false, false, false, true),
    positive: anySide({ min: -5, max: 2 ** 31 - 100 }),
    customSide: anySide({ min: 0, max: 9 }),
    negative: anySide({ min: -(2 ** 31), max: 5 }),
    zeroCount: anyCount,
    floatCount: anyFloatCount,
    sumBits: anyValueBits,
    schema: fc.integer({ min: -4, max: 8 }),
    zeroThreshold: fc.constantFrom(0, 2 ** -128, 0.001, 5e-324, 1e300),
    resetHint: fc.constantFrom('unknown' as const, 'yes' as const, 'no' as const, 'gauge' as const),
    startTimestampMs: fc.constantFrom(undefined, undefined, 1_600_000_000_000n),
  })
  .map((part): Histogram => {
    const { isFloat, isCustom, floatCount, schema, resetHint, startTimestampMs } = part;
    const start = startTimestampMs === undefined ? {} : { startTimestampMs };
    if (part.isStale) {
      return histogramWith({
        count: isFloat ? { kind: 'float', valueBits: 0n } : { kind: 'int', value: 0n },
        sumBits: STALE_NAN_BITS,
        schema: 0,
        zeroThresholdBits: 0n,
        zeroCount: isFloat ? { kind: 'float', valueBits: 0n } : { kind: 'int', value: 0n },
        negativeSpans: [],
        negativeDeltas: NO_DELTAS,
        positiveSpans: [],
        positiveDeltas: NO_DELTAS,
        resetHint,
      });
    }
    const positive = isCustom ? part.customSide : part.positive;
    const negative = isCustom ? { spans: [], counts: [], floats: [] } : part.negative;
    const zeroCount = isCustom ? 0n : part.zeroCount;
    const total = [...positive.counts, ...negative.counts].reduce((sum, count) => sum + count, zeroCount);
    const covered = positive.spans.reduce((sum, { offset, length }) => sum + offset + length, 0);
    const shared = {
      sumBits: part.sumBits,
      schema: isCustom ? -53 : schema,
      zeroThresholdBits: isCustom ? 0n : bitsFromFloat(part.zeroThreshold),
      positiveSpans: positive.spans,
      negativeSpans: negative.spans,
      resetHint,
      customValueBits: isCustom ? BigUint64Array.from({ length: covered }, (_, index) => bitsFromFloat(index - 2.5)) : NO_BITS,
      ...start,
    };
    if (!isFloat) {
      return histogramWith({
        ...shared,
        count: { kind: 'int', value: total },
        zeroCount: { kind: 'int', value: zeroCount },
        positiveDeltas: deltasOf(positive.counts),
        negativeDeltas: deltasOf(negative.counts),
      });
    }
    return histogramWith({
      ...shared,
      count: { kind: 'float', valueBits: floatCount },
      zeroCount: { kind: 'float', valueBits: isCustom ? 0n : bitsFromFloat(Number(zeroCount) / 4) },
      positiveDeltas: NO_DELTAS,
      negativeDeltas: NO_DELTAS,
      positiveCountBits: BigUint64Array.from(positive.floats),
      negativeCountBits: BigUint64Array.from(negative.floats),
    });
  });
