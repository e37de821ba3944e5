/**
 * The messages of Prometheus' remote storage protocols as plain, immutable records.
 *
 * Field numbers and meanings: `prompb/remote.proto` and `prompb/types.proto` of Prometheus (package `prometheus`).
 */

/** One label. Names and values are any UTF-8 text; a missing label and one with the value `""` mean the same. */
export interface Label {
  readonly name: string;
  readonly value: string;
}

/**
 * The float samples of one series, in two columns of equal length.
 *
 * Values are carried as their IEEE-754 bits because the staleness marker (0x7ff0000000000002) is a signalling NaN, and a JavaScript
 * number that holds a signalling NaN loses its payload as soon as an engine copies it. `floatsOf` gives the same memory as numbers.
 */
export interface Samples {
  /** Milliseconds since the Unix epoch, int64, negatives included. */
  readonly timestampsMs: BigInt64Array;
  /** IEEE-754 binary64 bits. */
  readonly valueBits: BigUint64Array;
}

export interface Exemplar {
  readonly labels: readonly Label[];
  readonly valueBits: bigint;
  readonly timestampMs: bigint;
}

/** A run of consecutive buckets: `offset` from the end of the last run (the first: from bucket 0), `length` buckets. */
export interface BucketSpan {
  /** sint32. */
  readonly offset: number;
  /** uint32. */
  readonly length: number;
}

export type HistogramResetHint = 'unknown' | 'yes' | 'no' | 'gauge';

/**
 * A native histogram as it stands on the wire. It is a float histogram if and only if its `count` is one
 * (`prompb/codec.go`, IsFloatHistogram), even when that count is 0.
 */
export interface Histogram {
  /** uint64 of an integer histogram, or the bits of a float histogram's count. */
  readonly count: { readonly kind: 'int'; readonly value: bigint } | { readonly kind: 'float'; readonly valueBits: bigint };
  readonly sumBits: bigint;
  /** sint32: -4..8 exponential, -53 custom buckets. */
  readonly schema: number;
  readonly zeroThresholdBits: bigint;
  readonly zeroCount: { readonly kind: 'int'; readonly value: bigint } | { readonly kind: 'float'; readonly valueBits: bigint };
  readonly negativeSpans: readonly BucketSpan[];
  readonly negativeDeltas: BigInt64Array;
  readonly negativeCountBits: BigUint64Array;
  readonly positiveSpans: readonly BucketSpan[];
  readonly positiveDeltas: BigInt64Array;
  readonly positiveCountBits: BigUint64Array;
  readonly resetHint: HistogramResetHint;
  readonly timestampMs: bigint;
  /** Since when the histogram counts, left out if 0 or not said. Only remote write 2.0 says it. */
  readonly startTimestampMs?: bigint;
  /** Upper bounds of custom buckets (schema -53). */
  readonly customValueBits: BigUint64Array;
}

export interface TimeSeries {
  /** As they came: neither sorted nor checked for duplicates. */
  readonly labels: readonly Label[];
  /** In the order in which they came. */
  readonly samples: Samples;
  readonly exemplars: readonly Exemplar[];
  readonly histograms: readonly Histogram[];
}

export type MetricType = 'unknown' | 'counter' | 'gauge' | 'histogram' | 'gaugehistogram' | 'summary' | 'info' | 'stateset';

export interface MetricMetadata {
  readonly type: MetricType;
  readonly metricFamilyName: string;
  readonly help: string;
  readonly unit: string;
}

export interface WriteRequest {
  readonly timeseries: readonly TimeSeries[];
  readonly metadata: readonly MetricMetadata[];
}

export type MatcherType = '=' | '!=' | '=~' | '!~';

export interface LabelMatcher {
  readonly type: MatcherType;
  readonly name: string;
  readonly value: string;
}

/** What PromQL will do with the answer. Ignoring every hint is always right. */
export interface ReadHints {
  readonly stepMs: bigint;
  /** The surrounding function or aggregation, "" if none; `"series"` asks for label sets only. */
  readonly func: string;
  readonly startMs: bigint;
  readonly endMs: bigint;
  readonly grouping: readonly string[];
  readonly by: boolean;
  readonly rangeMs: bigint;
}

export interface Query {
  /** Inclusive, milliseconds since the Unix epoch, any int64. */
  readonly startTimestampMs: bigint;
  /** Inclusive, milliseconds since the Unix epoch, any int64. */
  readonly endTimestampMs: bigint;
  readonly matchers: readonly LabelMatcher[];
  readonly hints?: ReadHints;
}

export type ResponseType = 'SAMPLES' | 'STREAMED_XOR_CHUNKS';

export interface ReadRequest {
  readonly queries: readonly Query[];
  /** Numbers of the enum ResponseType as the client listed them, unknown ones kept: 0 SAMPLES, 1 STREAMED_XOR_CHUNKS. */
  readonly acceptedResponseTypes: readonly number[];
}

export interface QueryResult {
  readonly timeseries: readonly TimeSeries[];
}

export interface ReadResponse {
  /** One per query, in the order of the queries. */
  readonly results: readonly QueryResult[];
}

/** How the bytes of a chunk are coded. Every Prometheus reads the first four; the others are for its own disk. */
export type ChunkEncoding = 'unknown' | 'xor' | 'histogram' | 'float-histogram' | 'xor2' | 'histogram-st' | 'float-histogram-st';

export interface Chunk {
  /** Timestamp of the first sample, milliseconds since the Unix epoch. */
  readonly minTimeMs: bigint;
  /** Timestamp of the last sample, inclusive. The client searches by it, so it must be right. */
  readonly maxTimeMs: bigint;
  readonly encoding: ChunkEncoding;
  readonly bytes: Uint8Array;
}

/** A series of a streamed answer; its chunks are in order of time and do not overlap. */
export interface ChunkedSeries {
  readonly labels: readonly Label[];
  readonly chunks: readonly Chunk[];
}

/** One frame of a streamed answer. Prometheus' client reads only the first series of a frame. */
export interface ChunkedReadResponse {
  readonly chunkedSeries: readonly ChunkedSeries[];
  /** Which query of the request this answers, from 0. */
  readonly queryIndex: bigint;
}
