import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bitsFromFloat,
  CodecError,
  decodeHistogramChunk,
  encodeHistogramChunks,
  findHistogramFault,
  type Histogram,
  STALE_NAN_BITS,
} from '../src/index.js';
import { bytesOf } from './bytes.js';
import { anyHistogramSeries, histogramWith } from './histograms.js';

const at = (timestampMs: bigint, changes: Partial<Histogram> = {}): Histogram => histogramWith({ timestampMs, ...changes });

function decodeAll(histograms: readonly Histogram[]): Histogram[][] {
  return encodeHistogramChunks(histograms).map(({ bytes, encoding }) => {
    if (encoding !== 'histogram' && encoding !== 'float-histogram') throw new Error(`a chunk of type ${encoding}`);
    return decodeHistogramChunk(bytes, encoding);
  });
}

const withoutHint = (histogram: Histogram) => ({ ...histogram, resetHint: undefined });

/** Absolute counts of a histogram, to judge whether one of them fell. */
function countsOf(histogram: Histogram): bigint[] {
  let bucket = 0n;
  return [
    histogram.count.kind === 'int' ? histogram.count.value : histogram.count.valueBits,
    histogram.zeroCount.kind === 'int' ? histogram.zeroCount.value : histogram.zeroCount.valueBits,
    ...Array.from(histogram.positiveDeltas, (delta) => (bucket += delta)),
    ...histogram.positiveCountBits,
  ];
}

describe('chunks of histograms', () => {
  it('give back every histogram, exactly and in order', () => {
    fc.assert(
      fc.property(anyHistogramSeries, (histograms) => {
        expect(decodeAll(histograms).flat().map(withoutHint)).toEqual(histograms.map(withoutHint));
      }),
      { numRuns: 300 },
    );
  });

  it('say their first and last time, and never say "no reset" where a count fell', () => {
    fc.assert(
      fc.property(anyHistogramSeries, (histograms) => {
        expect(histograms.map(findHistogramFault)).toEqual(histograms.map(() => undefined));
        const chunks = encodeHistogramChunks(histograms);
        let index = 0;
        for (const [chunkIndex, decoded] of decodeAll(histograms).entries()) {
          expect(chunks[chunkIndex]?.minTimeMs).toBe(decoded[0]?.timestampMs);
          expect(chunks[chunkIndex]?.maxTimeMs).toBe(decoded.at(-1)?.timestampMs);
          decoded.forEach((histogram, place) => {
            const original = histograms[index++];
            if (original === undefined) throw new Error('more came back than went in');
            expect(histogram.resetHint === 'gauge').toBe(original.resetHint === 'gauge');
            if (histogram.resetHint !== 'no') return;
            expect(original.resetHint).not.toBe('yes');
            const before = countsOf(decoded[place - 1] ?? original);
            countsOf(histogram).forEach((count, bucket) => expect(count).toBeGreaterThanOrEqual(before[bucket] ?? 0n));
          });
        }
      }),
      { numRuns: 300 },
    );
  });

  it('put a staleness marker into a chunk of its own', () => {
    const stale = at(2n, { sumBits: STALE_NAN_BITS });
    const [first, second, third] = decodeAll([at(1n), stale, at(3n)]);
    expect([first, second, third].map((chunk) => chunk?.length)).toEqual([1, 1, 1]);
    expect(second?.[0]).toMatchObject({ sumBits: STALE_NAN_BITS, positiveSpans: [], timestampMs: 2n });
  });

  it.each([
    ['histogram', '000200008c648c51ac8ffc000000000000228c4c3f4000000000000002'],
    [
      'float-histogram',
      '000200008c648c51401400000000000040000000000000003ff00000000000003ff00000000000003ff00000000000003ff00000000000008e13600b841e1fa000000000000001',
    ],
  ] as const)('that Prometheus wrote (%s) give a staleness marker behind other histograms no counts', (encoding, hex) => {
    const [first, marker, ...others] = decodeHistogramChunk(bytesOf(hex), encoding);
    expect(others).toEqual([]);
    expect(first?.positiveSpans).toEqual([{ offset: 0, length: 2 }]);
    expect(marker).toMatchObject({ timestampMs: 2n, sumBits: STALE_NAN_BITS, positiveSpans: [], negativeSpans: [], resetHint: 'unknown' });
    expect(marker?.count).toEqual(encoding === 'histogram' ? { kind: 'int', value: 0n } : { kind: 'float', valueBits: 0n });
  });

  it('stay near 1024 bytes', () => {
    const histograms = Array.from({ length: 500 }, (_, index) =>
      at(BigInt(index), { sumBits: bitsFromFloat(Math.sqrt(index)), resetHint: 'unknown' }),
    );
    const chunks = encodeHistogramChunks(histograms);
    expect(chunks.length).toBeGreaterThan(2);
    chunks.forEach(({ bytes }) => expect(bytes.length).toBeLessThan(1_100));
    // A chunk that only ran full is no reset: its header says so.
    expect(chunks.map(({ bytes }) => (bytes[2] ?? 0) >>> 6)).toEqual(chunks.map((_, index) => (index === 0 ? 0 : 1)));
  });

  it('refuse times that do not ascend', () => {
    expect(() => encodeHistogramChunks([at(2n), at(2n)])).toThrow(new RangeError('histogram chunk: the timestamp 2 is not after 2'));
  });

  it('throw nothing but CodecError when tampered with', () => {
    fc.assert(
      fc.property(anyHistogramSeries, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), (histograms, position, change, isCut) => {
        for (const { bytes, encoding } of encodeHistogramChunks(histograms)) {
          const where = position % bytes.length;
          const broken = isCut ? bytes.subarray(0, where) : bytes.map((byte, index) => (index === where ? byte ^ change : byte));
          try {
            decodeHistogramChunk(broken, encoding === 'histogram' ? 'histogram' : 'float-histogram');
          } catch (error) {
            if (!(error instanceof CodecError)) throw error;
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a histogram', () => {
  const float = { kind: 'float' as const, valueBits: bitsFromFloat(5) };
  const custom: Partial<Histogram> = {
    schema: -53,
    count: { kind: 'int', value: 2n },
    zeroCount: { kind: 'int', value: 0n },
    zeroThresholdBits: 0n,
    negativeSpans: [],
    negativeDeltas: new BigInt64Array(),
    customValueBits: BigUint64Array.of(bitsFromFloat(0.5), bitsFromFloat(1)),
  };

  it('is valid as Prometheus sends it', () => {
    expect(findHistogramFault(histogramWith())).toBeUndefined();
    expect(findHistogramFault(histogramWith(custom))).toBeUndefined();
    // With a NaN for the sum, observations may be missing from the buckets.
    expect(findHistogramFault(histogramWith({ sumBits: bitsFromFloat(NaN), count: { kind: 'int', value: 9n } }))).toBeUndefined();
  });

  it.each<{ fault: string; changes: Partial<Histogram> }>([
    {
      fault: "5 observations found in buckets, but the Count field is 6: histogram's observation count should equal",
      changes: { count: { kind: 'int', value: 6n } },
    },
    {
      fault: "5 observations found in buckets, but the Count field is 4: histogram's observation count should be at least",
      changes: { count: { kind: 'int', value: 4n }, sumBits: bitsFromFloat(NaN) },
    },
    { fault: 'positive side: spans need 3 buckets, have 2 buckets', changes: { positiveSpans: [{ offset: 0, length: 3 }] } },
    {
      fault: 'negative side: span number 2 with offset -1: histogram has a span whose offset is negative',
      changes: {
        negativeSpans: [
          { offset: 0, length: 1 },
          { offset: -1, length: 0 },
        ],
      },
    },
    { fault: 'positive side: bucket number 2 has observation count of -1', changes: { positiveDeltas: BigInt64Array.of(1n, -2n) } },
    { fault: 'got schema 9', changes: { schema: 9 } },
    { fault: 'got schema -5', changes: { schema: -5 } },
    { fault: 'histogram with exponential schema must not have custom bounds', changes: { customValueBits: BigUint64Array.of(1n) } },
    {
      fault: 'custom buckets: histogram custom bounds must not be NaN',
      changes: { ...custom, customValueBits: BigUint64Array.of(0n, bitsFromFloat(NaN)) },
    },
    {
      fault: 'custom buckets: previous bound is 1 and current is 1',
      changes: { ...custom, customValueBits: BigUint64Array.of(bitsFromFloat(1), bitsFromFloat(1)) },
    },
    {
      fault: 'custom buckets: last +Inf bound must not be explicitly defined',
      changes: { ...custom, customValueBits: BigUint64Array.of(bitsFromFloat(1), bitsFromFloat(Infinity)) },
    },
    {
      fault: 'custom buckets: only 0 custom bounds defined which is insufficient to cover total span length of 2',
      changes: { ...custom, customValueBits: new BigUint64Array() },
    },
    { fault: 'custom buckets: must have zero count of 0', changes: { ...custom, zeroCount: { kind: 'int', value: 1n } } },
    { fault: 'custom buckets: must have zero threshold of 0', changes: { ...custom, zeroThresholdBits: 1n } },
    { fault: 'custom buckets: must not have negative spans', changes: { ...custom, negativeSpans: [{ offset: 0, length: 0 }] } },
    { fault: 'histogram has a float count and integer buckets', changes: { count: float, zeroCount: float } },
    { fault: 'histogram has an integer count and a float zero count', changes: { zeroCount: float } },
    {
      fault: 'positive side: bucket number 1 has observation count of -1',
      changes: {
        count: float,
        zeroCount: float,
        negativeSpans: [],
        negativeDeltas: new BigInt64Array(),
        positiveDeltas: new BigInt64Array(),
        positiveCountBits: BigUint64Array.of(bitsFromFloat(-1), 0n),
      },
    },
  ])('is refused: $fault', ({ fault, changes }) => {
    expect(findHistogramFault(histogramWith(changes))).toContain(fault);
  });
});
