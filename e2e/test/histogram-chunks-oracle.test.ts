import { decodeHistogramChunk, encodeHistogramChunks, STALE_NAN_BITS, type Histogram } from '@timestream-prometheus/prom-codec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { histogramKinds, randomHistograms, type HistogramKind } from '../differential/random-histograms.js';
import { createSeededRandom } from '../differential/seeded-random.js';
import { isMissing } from '../harness/requirements.js';
import { PromqlOracle } from '../promql/promql-oracle.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const seriesOfEachKind = Math.ceil(Math.min(Number(process.env['CASES'] ?? 160), 4000) / histogramKinds.length);

const hintNames = { unknown: 'unknown', yes: 'reset', no: 'not-reset', gauge: 'gauge' } as const;
const hex = (bits: bigint): string => bits.toString(16);
const hexOfAll = (bits: BigUint64Array): string[] => Array.from(bits, hex);

/** A histogram as the Go program prints and reads it. */
function plain(histogram: Histogram): Record<string, unknown> {
  const { count, zeroCount } = histogram;
  const buckets = (deltas: BigInt64Array, bits: BigUint64Array): string[] =>
    count.kind === 'float' ? hexOfAll(bits) : Array.from(deltas, String);
  const number = (one: Histogram['count']): string => (one.kind === 'float' ? hex(one.valueBits) : one.value.toString());
  const pairs = (spans: Histogram['positiveSpans']): number[][] => spans.map(({ offset, length }) => [offset, length]);
  return {
    time: Number(histogram.timestampMs),
    hint: hintNames[histogram.resetHint],
    schema: histogram.schema,
    zeroThreshold: hex(histogram.zeroThresholdBits),
    zeroCount: number(zeroCount),
    count: number(count),
    sum: hex(histogram.sumBits),
    positiveSpans: pairs(histogram.positiveSpans),
    positive: buckets(histogram.positiveDeltas, histogram.positiveCountBits),
    negativeSpans: pairs(histogram.negativeSpans),
    negative: buckets(histogram.negativeDeltas, histogram.negativeCountBits),
    customBounds: hexOfAll(histogram.customValueBits),
  };
}

const withoutHint = (histogram: Record<string, unknown>): unknown => ({ ...histogram, hint: undefined });
const nameOf = ({ counts, isGauge, hasOwnBounds }: HistogramKind): string =>
  `${counts === 'int' ? 'integers' : 'floats'}${isGauge ? ', gauges' : ''}${hasOwnBounds ? ', bounds of their own' : ''}`;

describe.skipIf(isMissing('go'))(`chunks of histograms beside Prometheus\u2019 own (SEED=${seed})`, () => {
  let oracle: PromqlOracle;

  beforeAll(() => {
    oracle = new PromqlOracle();
  }, 1_200_000);

  afterAll(() => oracle.close());

  describe.each(histogramKinds.map((kind) => ({ kind, name: nameOf(kind) })))('$name', ({ kind, name }) => {
    const random = createSeededRandom(seed + name.length);
    const float = kind.counts === 'float';
    const encoding = float ? 'float-histogram' : 'histogram';
    const all = Array.from({ length: seriesOfEachKind }, () =>
      randomHistograms(random, kind, { startMs: 1_700_000_000_000 + random.below(1e9), stepMs: 15_000, steps: 1 + random.below(120) }),
    );

    it('that we encode are read by Prometheus to the last bit, and without a reset that is not shown', () => {
      const chunks = all.map((histograms) => encodeHistogramChunks(histograms));
      const decoded = oracle.decodeChunks(chunks.flat().map(({ bytes }) => ({ float, bytes: Buffer.from(bytes).toString('hex') })));
      let next = 0;
      for (const [index, histograms] of all.entries()) {
        const found = (chunks[index] ?? []).flatMap(() => decoded[next++] as Record<string, unknown>[]);
        expect(found.map(withoutHint)).toEqual(histograms.map(plain).map(withoutHint));
        for (const [place, { hint }] of found.entries()) {
          const sent = histograms[place];
          if (sent?.sumBits !== STALE_NAN_BITS) expect(hint === 'gauge').toBe(kind.isGauge);
          if (sent?.resetHint === 'yes') expect(hint).not.toBe('not-reset');
        }
      }
    });

    it('that Prometheus encodes are read by us as by Prometheus', () => {
      const encoded = oracle.encodeChunks(all.map((histograms) => ({ float, histograms: histograms.map(plain) }))) as string[][];
      const chunks = encoded.flat();
      const decoded = oracle.decodeChunks(chunks.map((bytes) => ({ float, bytes })));
      for (const [index, bytes] of chunks.entries()) {
        const own = decodeHistogramChunk(Buffer.from(bytes, 'hex'), encoding);
        expect(own.map(plain)).toEqual(decoded[index]);
      }
      expect(decoded.flat().length).toBe(all.flat().length);
    });
  });
});
