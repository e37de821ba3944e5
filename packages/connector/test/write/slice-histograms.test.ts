import type { Histogram } from '@timestream-prometheus/prom-codec';
import { samplesOfHistogram } from '@timestream-prometheus/prom-codec';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sliceHistograms } from '../../src/write/slice-histograms.js';

function histogramWith(buckets: number, timestampMs: number): Histogram {
  return {
    timestampMs: BigInt(timestampMs),
    count: { kind: 'int', value: 0n },
    sumBits: 0n,
    schema: 0,
    zeroThresholdBits: 0n,
    zeroCount: { kind: 'int', value: 0n },
    negativeSpans: [],
    negativeDeltas: new BigInt64Array(),
    negativeCountBits: new BigUint64Array(),
    positiveSpans: [{ offset: 0, length: buckets }],
    positiveDeltas: new BigInt64Array(buckets),
    positiveCountBits: new BigUint64Array(),
    customValueBits: new BigUint64Array(),
    resetHint: 'unknown',
  };
}

it('cuts histograms by their buckets, each into one slice, in their order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(300), { maxLength: 50 }), fc.integer({ min: 1, max: 1_000 }), (sizes, maxBuckets) => {
      const histograms = sizes.map((buckets, index) => ({ seriesIndex: index % 3, histogram: histogramWith(buckets, index) }));
      const slices = [...sliceHistograms(histograms, maxBuckets)];
      expect(slices.flat()).toEqual(histograms);
      for (const slice of slices) {
        const total = slice.reduce((sum, { histogram }) => sum + samplesOfHistogram(histogram), 0);
        expect(slice.length === 1 || total <= maxBuckets).toBe(true);
        expect(slice.length).toBeGreaterThan(0);
      }
    }),
  );
  // What one turn translates: of 500 histograms of 4,000 buckets a twelfth of a million, and not all two million.
  expect(
    [
      ...sliceHistograms(
        Array.from({ length: 500 }, (_, index) => ({ seriesIndex: 0, histogram: histogramWith(4_000, index) })),
        50_000,
      ),
    ].length,
  ).toBe(42);
});
