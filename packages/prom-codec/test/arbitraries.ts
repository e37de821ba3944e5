import fc from 'fast-check';
import {
  type Chunk,
  type ChunkedReadResponse,
  type Exemplar,
  type Histogram,
  type Label,
  type MetricMetadata,
  NORMAL_NAN_BITS,
  type Query,
  type ReadRequest,
  type Samples,
  STALE_NAN_BITS,
  type TimeSeries,
  type WriteRequest,
} from '../src/index.js';

const MAX_UINT64 = (1n << 64n) - 1n;
const MIN_INT64 = -(1n << 63n);
const MAX_INT64 = (1n << 63n) - 1n;

export const anyText = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ minLength: 60, maxLength: 200 }),
);

/** Any 64 bits, with the ones that get lost most easily more often. */
export const anyBits = fc.oneof(
  fc.bigInt({ min: 0n, max: MAX_UINT64 }),
  fc.constantFrom(0n, 1n << 63n, STALE_NAN_BITS, NORMAL_NAN_BITS, 0x7ff0000000000000n, 0xfff0000000000001n, 1n, MAX_UINT64),
);

export const anyInt64 = fc.oneof(
  fc.bigInt({ min: MIN_INT64, max: MAX_INT64 }),
  fc.bigInt({ min: 1_795_340_322_000n, max: 1_795_350_322_000n }),
  fc.constantFrom(0n, -1n, 1n, MIN_INT64, MAX_INT64, 127n, 128n, (1n << 53n) + 1n),
);

const anyUint64 = fc.oneof(fc.bigInt({ min: 0n, max: MAX_UINT64 }), fc.constantFrom(0n, 1n, MAX_UINT64));
const anySint32 = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 1, -53, -(2 ** 31), 2 ** 31 - 1));
const anyUint32 = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 2 ** 32 - 1));

export const anyLabel: fc.Arbitrary<Label> = fc.record({ name: anyText, value: anyText }, { noNullPrototype: true });
const anyLabels = fc.array(anyLabel, { maxLength: 4 });

export const anySamples: fc.Arbitrary<Samples> = fc.array(fc.tuple(anyInt64, anyBits), { maxLength: 5 }).map((pairs) => ({
  timestampsMs: BigInt64Array.from(pairs, ([timestampMs]) => timestampMs),
  valueBits: BigUint64Array.from(pairs, ([, bits]) => bits),
}));

const anyExemplar: fc.Arbitrary<Exemplar> = fc.record(
  { labels: anyLabels, valueBits: anyBits, timestampMs: anyInt64 },
  { noNullPrototype: true },
);

const anyCount: fc.Arbitrary<Histogram['count']> = fc.oneof(
  anyUint64.map((value) => ({ kind: 'int' as const, value })),
  anyBits.map((valueBits) => ({ kind: 'float' as const, valueBits })),
);
const anySpans = fc.array(fc.record({ offset: anySint32, length: anyUint32 }, { noNullPrototype: true }), { maxLength: 3 });
const anyDeltas = fc.array(anyInt64, { maxLength: 4 }).map((deltas) => BigInt64Array.from(deltas));
const anyBitColumn = fc.array(anyBits, { maxLength: 4 }).map((bits) => BigUint64Array.from(bits));

export const anyHistogram: fc.Arbitrary<Histogram> = fc.record(
  {
    count: anyCount,
    sumBits: anyBits,
    schema: anySint32,
    zeroThresholdBits: anyBits,
    zeroCount: anyCount,
    negativeSpans: anySpans,
    negativeDeltas: anyDeltas,
    negativeCountBits: anyBitColumn,
    positiveSpans: anySpans,
    positiveDeltas: anyDeltas,
    positiveCountBits: anyBitColumn,
    resetHint: fc.constantFrom('unknown' as const, 'yes' as const, 'no' as const, 'gauge' as const),
    timestampMs: anyInt64,
    customValueBits: anyBitColumn,
  },
  { noNullPrototype: true },
);

export const anyTimeSeries: fc.Arbitrary<TimeSeries> = fc.record(
  {
    labels: anyLabels,
    samples: anySamples,
    exemplars: fc.array(anyExemplar, { maxLength: 2 }),
    histograms: fc.array(anyHistogram, { maxLength: 2 }),
  },
  { noNullPrototype: true },
);

const anyMetadata: fc.Arbitrary<MetricMetadata> = fc.record(
  {
    type: fc.constantFrom(
      'unknown' as const,
      'counter' as const,
      'gauge' as const,
      'histogram' as const,
      'gaugehistogram' as const,
      'summary' as const,
      'info' as const,
      'stateset' as const,
    ),
    metricFamilyName: anyText,
    help: anyText,
    unit: anyText,
  },
  { noNullPrototype: true },
);

export const anyWriteRequest: fc.Arbitrary<WriteRequest> = fc.record(
  { timeseries: fc.array(anyTimeSeries, { maxLength: 4 }), metadata: fc.array(anyMetadata, { maxLength: 3 }) },
  { noNullPrototype: true },
);

const anyQueryWithoutHints = fc.record(
  {
    startTimestampMs: anyInt64,
    endTimestampMs: anyInt64,
    matchers: fc.array(
      fc.record(
        { type: fc.constantFrom('=' as const, '!=' as const, '=~' as const, '!~' as const), name: anyText, value: anyText },
        { noNullPrototype: true },
      ),
      { maxLength: 3 },
    ),
  },
  { noNullPrototype: true },
);

const anyHints = fc.record(
  {
    stepMs: anyInt64,
    func: anyText,
    startMs: anyInt64,
    endMs: anyInt64,
    grouping: fc.array(anyText, { maxLength: 3 }),
    by: fc.boolean(),
    rangeMs: anyInt64,
  },
  { noNullPrototype: true },
);

export const anyQuery: fc.Arbitrary<Query> = fc.oneof(
  anyQueryWithoutHints,
  fc.tuple(anyQueryWithoutHints, anyHints).map(([query, hints]) => ({ ...query, hints })),
);

export const anyReadRequest: fc.Arbitrary<ReadRequest> = fc.record(
  { queries: fc.array(anyQuery, { maxLength: 3 }), acceptedResponseTypes: fc.array(anySint32, { maxLength: 3 }) },
  { noNullPrototype: true },
);

const anyChunk: fc.Arbitrary<Chunk> = fc.record(
  {
    minTimeMs: anyInt64,
    maxTimeMs: anyInt64,
    encoding: fc.constantFrom('unknown' as const, 'xor' as const, 'histogram' as const, 'float-histogram' as const, 'xor2' as const),
    bytes: fc.uint8Array({ maxLength: 200 }),
  },
  { noNullPrototype: true },
);

export const anyChunkedReadResponse: fc.Arbitrary<ChunkedReadResponse> = fc.record(
  {
    chunkedSeries: fc.array(fc.record({ labels: anyLabels, chunks: fc.array(anyChunk, { maxLength: 4 }) }, { noNullPrototype: true }), {
      minLength: 1,
      maxLength: 3,
    }),
    queryIndex: anyInt64,
  },
  { noNullPrototype: true },
);
