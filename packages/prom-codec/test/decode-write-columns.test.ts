import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CodecError,
  decodeWriteColumns,
  decodeWriteRequest,
  encodeWriteRequest,
  LabelSetCache,
  type WriteColumns,
  type WriteRequest,
  type WriteRequestLimits,
} from '../src/index.js';
import { anyLabel, anySamples, anyWriteRequest } from './arbitraries.js';
import { anyMutation, mutate } from './mutations.js';

/** The columns of a request in object form, for comparison. */
function columnsOf({ timeseries, metadata }: WriteRequest) {
  let samples = 0;
  return {
    labels: timeseries.map(({ labels }) => labels),
    sampleEnds: timeseries.map((series) => (samples += series.samples.timestampsMs.length)),
    timestampsMs: timeseries.flatMap((series) => Array.from(series.samples.timestampsMs, Number)),
    valueBits: timeseries.flatMap((series) => [...series.samples.valueBits]),
    histograms: timeseries.flatMap(({ histograms }, seriesIndex) => histograms.map((histogram) => ({ seriesIndex, histogram }))),
    exemplars: timeseries.flatMap(({ exemplars }, seriesIndex) => exemplars.map((exemplar) => ({ seriesIndex, exemplar }))),
    metadata,
  };
}

function plain(columns: WriteColumns) {
  const { labelSets, sampleEnds, timestampsMs, valueBits, histograms, exemplars, metadata } = columns;
  return {
    labels: labelSets.map(({ labels }) => labels),
    sampleEnds: [...sampleEnds],
    timestampsMs: [...timestampsMs],
    valueBits: [...valueBits],
    histograms,
    exemplars,
    metadata,
  };
}

/** What decoding came to: the columns, or code, offset and message of the error. */
function outcome(decode: () => unknown): unknown {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return { code: error.code, offset: error.offset, message: error.message };
  }
}

const tightLimits: fc.Arbitrary<Partial<WriteRequestLimits>> = fc.record(
  {
    maxSeries: fc.integer({ min: 0, max: 4 }),
    maxSamples: fc.integer({ min: 0, max: 8 }),
    maxLabels: fc.integer({ min: 0, max: 8 }),
    maxLabelsPerSeries: fc.integer({ min: 0, max: 3 }),
    maxExemplars: fc.integer({ min: 0, max: 3 }),
    maxHistograms: fc.integer({ min: 0, max: 3 }),
    maxMetadata: fc.integer({ min: 0, max: 2 }),
  },
  { requiredKeys: [], noNullPrototype: true },
);

/** Series as Prometheus sends them, which take the quick way through the decoder. */
const plainRequest: fc.Arbitrary<WriteRequest> = fc
  .array(fc.record({ labels: fc.array(anyLabel, { minLength: 1, maxLength: 4 }), samples: anySamples }), { maxLength: 6 })
  .map((series) => ({ timeseries: series.map((one) => ({ ...one, exemplars: [], histograms: [] })), metadata: [] }));

describe('decodeWriteColumns', () => {
  it('gives what the object form gives, with a cold and a warm cache', () => {
    const seen = { all: 0, kept: 0 };
    fc.assert(
      fc.property(fc.oneof(anyWriteRequest, plainRequest), (request) => {
        const bytes = encodeWriteRequest(request);
        const labelSets = new LabelSetCache({ maxBytes: 1 << 20 });
        const [cold, second, third] = [1, 2, 3].map(() => decodeWriteColumns(bytes, { labelSets })) as [
          WriteColumns,
          WriteColumns,
          WriteColumns,
        ];
        expect(plain(cold)).toEqual(columnsOf(decodeWriteRequest(bytes)));
        expect(plain(second)).toEqual(plain(cold));
        expect(plain(third)).toEqual(plain(cold));
        seen.all += third.labelSets.length;
        seen.kept += third.labelSets.filter((labelSet, index) => labelSet === second.labelSets[index]).length;
      }),
      { numRuns: 500 },
    );
    // What came twice is kept, but for two sets that take each other's place among those seen once.
    expect(seen.kept / seen.all).toBeGreaterThan(0.99);
  });

  it('takes and refuses what the object form does, with the same error at the same byte, on messages that were tampered with', () => {
    const labelSets = new LabelSetCache({ maxBytes: 1 << 20 });
    const seen = { decoded: 0, refused: 0 };
    fc.assert(
      fc.property(
        fc.oneof(anyWriteRequest, plainRequest).map(encodeWriteRequest),
        fc.array(anyMutation, { maxLength: 4 }),
        tightLimits,
        (bytes, mutations, limits) => {
          const broken = mutations.reduce(mutate, bytes);
          const expected = outcome(() => columnsOf(decodeWriteRequest(broken, limits)));
          expect(outcome(() => plain(decodeWriteColumns(broken, { labelSets, limits })))).toEqual(expected);
          seen[expected instanceof Object && 'code' in expected ? 'refused' : 'decoded']++;
        },
      ),
      { numRuns: 3_000 },
    );
    expect(Math.min(seen.decoded, seen.refused)).toBeGreaterThan((seen.decoded + seen.refused) / 30);
  });

  it('takes and refuses what the object form does on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(outcome(() => plain(decodeWriteColumns(bytes)))).toEqual(outcome(() => columnsOf(decodeWriteRequest(bytes))));
      }),
      { numRuns: 1_500 },
    );
  });

  it('takes and refuses what the object form does on a message cut anywhere', () => {
    fc.assert(
      fc.property(fc.oneof(anyWriteRequest, plainRequest).map(encodeWriteRequest), (bytes) => {
        const labelSets = new LabelSetCache({ maxBytes: 1 << 20 });
        for (let length = 0; length < bytes.length; length++) {
          const cut = bytes.subarray(0, length);
          expect(outcome(() => plain(decodeWriteColumns(cut, { labelSets })))).toEqual(outcome(() => columnsOf(decodeWriteRequest(cut))));
        }
      }),
      { numRuns: 8 },
    );
  });

  it('gives series with equal labels one label set, in whatever order their fields come', () => {
    const labels = [{ name: '__name__', value: 'up' }];
    const bytes = encodeWriteRequest({
      timeseries: [
        { labels, samples: { timestampsMs: BigInt64Array.of(1n), valueBits: BigUint64Array.of(2n) }, exemplars: [], histograms: [] },
        {
          labels,
          samples: { timestampsMs: BigInt64Array.of(2n), valueBits: BigUint64Array.of(2n) },
          exemplars: [{ labels: [], valueBits: 0n, timestampMs: 2n }],
          histograms: [],
        },
      ],
      metadata: [],
    });
    const labelSets = new LabelSetCache({ maxBytes: 1 << 20 });
    decodeWriteColumns(bytes, { labelSets });
    const [first, second] = decodeWriteColumns(bytes, { labelSets }).labelSets;
    expect(first).toBe(second);
  });

  it('has values and their bits in the same memory', () => {
    const { values, valueBits } = decodeWriteColumns(
      encodeWriteRequest({
        timeseries: [
          {
            labels: [],
            samples: { timestampsMs: BigInt64Array.of(1n, 2n), valueBits: BigUint64Array.of(0x7ff0000000000002n, 0x3ff0000000000000n) },
            exemplars: [],
            histograms: [],
          },
        ],
        metadata: [],
      }),
    );
    expect(values.buffer).toBe(valueBits.buffer);
    expect(values[1]).toBe(1);
    expect(valueBits[0]).toBe(0x7ff0000000000002n);
  });
});
