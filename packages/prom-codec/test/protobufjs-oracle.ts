import protobuf from 'protobufjs';
import type { Exemplar, Histogram, Label, ReadRequest, TimeSeries, WriteRequest } from '../src/index.js';

/**
 * The messages as protobufjs reads them, written down independently of the decoder. A `double` is declared `fixed64` here: it is the same
 * eight bytes on the wire, and protobufjs then compares bits instead of numbers.
 */
const SCHEMA = `
  syntax = "proto3";
  message WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
  message TimeSeries {
    repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3; repeated Histogram histograms = 4;
  }
  message Label { string name = 1; string value = 2; }
  message Sample { fixed64 value = 1; int64 timestamp = 2; }
  message Exemplar { repeated Label labels = 1; fixed64 value = 2; int64 timestamp = 3; }
  message MetricMetadata { int32 type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
  message BucketSpan { sint32 offset = 1; uint32 length = 2; }
  message Histogram {
    oneof count { uint64 count_int = 1; fixed64 count_float = 2; }
    fixed64 sum = 3; sint32 schema = 4; fixed64 zero_threshold = 5;
    oneof zero_count { uint64 zero_count_int = 6; fixed64 zero_count_float = 7; }
    repeated BucketSpan negative_spans = 8; repeated sint64 negative_deltas = 9; repeated fixed64 negative_counts = 10;
    repeated BucketSpan positive_spans = 11; repeated sint64 positive_deltas = 12; repeated fixed64 positive_counts = 13;
    int32 reset_hint = 14; int64 timestamp = 15; repeated fixed64 custom_values = 16;
  }
  message ReadRequest { repeated Query queries = 1; repeated int32 accepted_response_types = 2; }
  message Query { int64 start_timestamp_ms = 1; int64 end_timestamp_ms = 2; repeated LabelMatcher matchers = 3; ReadHints hints = 4; }
  message LabelMatcher { int32 type = 1; string name = 2; string value = 3; }
  message ReadHints {
    int64 step_ms = 1; string func = 2; int64 start_ms = 3; int64 end_ms = 4; repeated string grouping = 5; bool by = 6; int64 range_ms = 7;
  }
  message ReadResponse { repeated QueryResult results = 1; }
  message QueryResult { repeated TimeSeries timeseries = 1; }
`;

export type MessageName = 'WriteRequest' | 'ReadRequest' | 'ReadResponse';
type Plain = Record<string, unknown>;

const packed = protobuf.parse(SCHEMA, { keepCase: true }).root;
const unpacked = protobuf.parse(
  SCHEMA.replaceAll(/repeated (sint64|fixed64|int32) (\w+) = (\d+);/g, 'repeated $1 $2 = $3 [packed = false];'),
  { keepCase: true },
).root;

export function encodeByOracle(name: MessageName, plain: Plain, scalars: 'packed' | 'unpacked' = 'packed'): Uint8Array {
  const type = (scalars === 'packed' ? packed : unpacked).lookupType(name);
  return Uint8Array.from(type.encode(type.fromObject(plain)).finish());
}

export function decodeByOracle(name: MessageName, bytes: Uint8Array): Plain {
  const type = packed.lookupType(name);
  return type.toObject(type.decode(bytes), { longs: String, defaults: true, arrays: true });
}

const text = (value: bigint | undefined): string => (value ?? 0n).toString();
const texts = (values: BigInt64Array | BigUint64Array): string[] => Array.from(values as Iterable<bigint>, text);
const plainLabels = (labels: readonly Label[]): Plain[] => labels.map(({ name, value }) => ({ name, value }));

function plainExemplar({ labels, valueBits, timestampMs }: Exemplar): Plain {
  return { labels: plainLabels(labels), value: text(valueBits), timestamp: text(timestampMs) };
}

function plainHistogram(histogram: Histogram): Plain {
  const { count, zeroCount } = histogram;
  return {
    ...(count.kind === 'int' ? { count_int: text(count.value) } : { count_float: text(count.valueBits) }),
    ...(zeroCount.kind === 'int' ? { zero_count_int: text(zeroCount.value) } : { zero_count_float: text(zeroCount.valueBits) }),
    sum: text(histogram.sumBits),
    schema: histogram.schema,
    zero_threshold: text(histogram.zeroThresholdBits),
    negative_spans: histogram.negativeSpans.map(({ offset, length }) => ({ offset, length })),
    negative_deltas: texts(histogram.negativeDeltas),
    negative_counts: texts(histogram.negativeCountBits),
    positive_spans: histogram.positiveSpans.map(({ offset, length }) => ({ offset, length })),
    positive_deltas: texts(histogram.positiveDeltas),
    positive_counts: texts(histogram.positiveCountBits),
    reset_hint: ['unknown', 'yes', 'no', 'gauge'].indexOf(histogram.resetHint),
    timestamp: text(histogram.timestampMs),
    custom_values: texts(histogram.customValueBits),
  };
}

export function plainTimeSeries({ labels, samples, exemplars, histograms }: TimeSeries): Plain {
  return {
    labels: plainLabels(labels),
    samples: Array.from(samples.timestampsMs, (timestampMs, index) => ({
      value: text(samples.valueBits[index]),
      timestamp: text(timestampMs),
    })),
    exemplars: exemplars.map(plainExemplar),
    histograms: histograms.map(plainHistogram),
  };
}

const METRIC_TYPES = ['unknown', 'counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset'];

export function plainWriteRequest({ timeseries, metadata }: WriteRequest): Plain {
  return {
    timeseries: timeseries.map(plainTimeSeries),
    metadata: metadata.map(({ type, metricFamilyName, help, unit }) => ({
      type: METRIC_TYPES.indexOf(type),
      metric_family_name: metricFamilyName,
      help,
      unit,
    })),
  };
}

export function plainReadRequest({ queries, acceptedResponseTypes }: ReadRequest): Plain {
  return {
    queries: queries.map(({ startTimestampMs, endTimestampMs, matchers, hints }) => ({
      start_timestamp_ms: text(startTimestampMs),
      end_timestamp_ms: text(endTimestampMs),
      matchers: matchers.map(({ type, name, value }) => ({ type: ['=', '!=', '=~', '!~'].indexOf(type), name, value })),
      hints: hints === undefined ? null : plainHints(hints),
    })),
    accepted_response_types: [...acceptedResponseTypes],
  };
}

function plainHints(hints: NonNullable<ReadRequest['queries'][number]['hints']>): Plain {
  const { stepMs, func, startMs, endMs, grouping, by, rangeMs } = hints;
  return {
    step_ms: text(stepMs),
    func,
    start_ms: text(startMs),
    end_ms: text(endMs),
    grouping: [...grouping],
    by,
    range_ms: text(rangeMs),
  };
}
