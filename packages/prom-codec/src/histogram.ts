import { assertWithin } from './limits.js';
import type { BucketSpan, Histogram, HistogramResetHint } from './model.js';
import { type MessageShape, type ProtobufReader, WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT } from './protobuf-reader.js';
import type { ProtobufWriter } from './protobuf-writer.js';

const BUCKET_SPAN: MessageShape = { name: 'BucketSpan', fields: { 1: 'offset', 2: 'length' } };

/** `prompb/types.proto`, Histogram. */
const HISTOGRAM: MessageShape = {
  name: 'Histogram',
  fields: {
    1: 'count_int',
    2: 'count_float',
    3: 'sum',
    4: 'schema',
    5: 'zero_threshold',
    6: 'zero_count_int',
    7: 'zero_count_float',
    8: 'negative_spans',
    9: 'negative_deltas',
    10: 'negative_counts',
    11: 'positive_spans',
    12: 'positive_deltas',
    13: 'positive_counts',
    14: 'reset_hint',
    15: 'timestamp',
    16: 'custom_values',
    17: 'start_timestamp',
  },
};

/** By number of the enum; a number that is not here is read as unknown. */
const RESET_HINTS: readonly HistogramResetHint[] = ['unknown', 'yes', 'no', 'gauge'];

type Count = Histogram['count'];

/** Reads native histograms, counting their elements against a limit over the whole message. */
export class HistogramReader {
  readonly #reader: ProtobufReader;
  readonly #maxElements: number;
  #elements = 0;

  constructor(reader: ProtobufReader, limits: { readonly maxHistogramElements: number }) {
    this.#reader = reader;
    this.#maxElements = limits.maxHistogramElements;
  }

  /** Read the histogram at hand. `field` names the owner, e.g. `TimeSeries.histograms`. */
  read(field: string): Histogram {
    const reader = this.#reader;
    const outerEnd = reader.enter(field);
    let count: Count = { kind: 'int', value: 0n };
    let zeroCount: Count = { kind: 'int', value: 0n };
    let sumBits = 0n;
    let schema = 0;
    let zeroThresholdBits = 0n;
    let resetHint: HistogramResetHint = 'unknown';
    let timestampMs = 0n;
    let startTimestampMs = 0n;
    const negativeSpans: BucketSpan[] = [];
    const positiveSpans: BucketSpan[] = [];
    const negativeDeltas: bigint[] = [];
    const positiveDeltas: bigint[] = [];
    const negativeCounts: bigint[] = [];
    const positiveCounts: bigint[] = [];
    const customValues: bigint[] = [];
    while (!reader.atEnd()) {
      const tag = reader.readTag(HISTOGRAM);
      switch (tag) {
        case (1 << 3) | WIRE_VARINT:
          count = { kind: 'int', value: reader.readUint64('Histogram.count_int') };
          break;
        case (2 << 3) | WIRE_FIXED64:
          count = { kind: 'float', valueBits: reader.readFixed64Bits('Histogram.count_float') };
          break;
        case (3 << 3) | WIRE_FIXED64:
          sumBits = reader.readFixed64Bits('Histogram.sum');
          break;
        case (4 << 3) | WIRE_VARINT:
          schema = reader.readSint32('Histogram.schema');
          break;
        case (5 << 3) | WIRE_FIXED64:
          zeroThresholdBits = reader.readFixed64Bits('Histogram.zero_threshold');
          break;
        case (6 << 3) | WIRE_VARINT:
          zeroCount = { kind: 'int', value: reader.readUint64('Histogram.zero_count_int') };
          break;
        case (7 << 3) | WIRE_FIXED64:
          zeroCount = { kind: 'float', valueBits: reader.readFixed64Bits('Histogram.zero_count_float') };
          break;
        case (8 << 3) | WIRE_BYTES:
          this.#readSpan(negativeSpans, 'Histogram.negative_spans');
          break;
        case (11 << 3) | WIRE_BYTES:
          this.#readSpan(positiveSpans, 'Histogram.positive_spans');
          break;
        case (9 << 3) | WIRE_BYTES:
        case (9 << 3) | WIRE_VARINT:
          this.#readDeltas(tag, negativeDeltas, 'Histogram.negative_deltas');
          break;
        case (12 << 3) | WIRE_BYTES:
        case (12 << 3) | WIRE_VARINT:
          this.#readDeltas(tag, positiveDeltas, 'Histogram.positive_deltas');
          break;
        case (10 << 3) | WIRE_BYTES:
        case (10 << 3) | WIRE_FIXED64:
          this.#readDoubles(tag, negativeCounts, 'Histogram.negative_counts');
          break;
        case (13 << 3) | WIRE_BYTES:
        case (13 << 3) | WIRE_FIXED64:
          this.#readDoubles(tag, positiveCounts, 'Histogram.positive_counts');
          break;
        case (14 << 3) | WIRE_VARINT:
          resetHint = RESET_HINTS[reader.readInt32('Histogram.reset_hint')] ?? 'unknown';
          break;
        case (15 << 3) | WIRE_VARINT:
          timestampMs = reader.readInt64('Histogram.timestamp');
          break;
        case (16 << 3) | WIRE_BYTES:
        case (16 << 3) | WIRE_FIXED64:
          this.#readDoubles(tag, customValues, 'Histogram.custom_values');
          break;
        case (17 << 3) | WIRE_VARINT:
          startTimestampMs = reader.readInt64('Histogram.start_timestamp');
          break;
        default:
          reader.skip(tag, HISTOGRAM);
      }
    }
    reader.leave(outerEnd);
    return {
      count,
      sumBits,
      schema,
      zeroThresholdBits,
      zeroCount,
      negativeSpans,
      negativeDeltas: BigInt64Array.from(negativeDeltas),
      negativeCountBits: BigUint64Array.from(negativeCounts),
      positiveSpans,
      positiveDeltas: BigInt64Array.from(positiveDeltas),
      positiveCountBits: BigUint64Array.from(positiveCounts),
      resetHint,
      timestampMs,
      ...(startTimestampMs === 0n ? {} : { startTimestampMs }),
      customValueBits: BigUint64Array.from(customValues),
    };
  }

  #countElement(field: string): void {
    assertWithin(this.#maxElements, 'maxHistogramElements', ++this.#elements, field, this.#reader.position);
  }

  #readSpan(spans: BucketSpan[], field: string): void {
    this.#countElement(field);
    const reader = this.#reader;
    const outerEnd = reader.enter(field);
    let offset = 0;
    let length = 0;
    while (!reader.atEnd()) {
      const tag = reader.readTag(BUCKET_SPAN);
      if (tag === ((1 << 3) | WIRE_VARINT)) offset = reader.readSint32('BucketSpan.offset');
      else if (tag === ((2 << 3) | WIRE_VARINT)) length = reader.readUint32('BucketSpan.length');
      else reader.skip(tag, BUCKET_SPAN);
    }
    reader.leave(outerEnd);
    spans.push({ offset, length });
  }

  /** A repeated scalar comes packed (one length-delimited field) or one field per element; a decoder takes both, even mixed. */
  #readDeltas(tag: number, deltas: bigint[], field: string): void {
    this.#readRepeated(tag, field, () => deltas.push(this.#reader.readSint64(field)));
  }

  #readDoubles(tag: number, bits: bigint[], field: string): void {
    this.#readRepeated(tag, field, () => bits.push(this.#reader.readFixed64Bits(field)));
  }

  #readRepeated(tag: number, field: string, readElement: () => void): void {
    if ((tag & 7) !== WIRE_BYTES) {
      this.#countElement(field);
      readElement();
      return;
    }
    const outerEnd = this.#reader.enter(field);
    while (!this.#reader.atEnd()) {
      this.#countElement(field);
      readElement();
    }
    this.#reader.leave(outerEnd);
  }
}

export function writeHistogram(writer: ProtobufWriter, field: number, histogram: Histogram): void {
  const start = writer.begin(field);
  if (histogram.count.kind === 'int') writer.presentUint64(1, histogram.count.value);
  else writer.presentDouble(2, histogram.count.valueBits);
  writer.double(3, histogram.sumBits);
  writer.sint32(4, histogram.schema);
  writer.double(5, histogram.zeroThresholdBits);
  if (histogram.zeroCount.kind === 'int') writer.presentUint64(6, histogram.zeroCount.value);
  else writer.presentDouble(7, histogram.zeroCount.valueBits);
  writeSpans(writer, 8, histogram.negativeSpans);
  writer.packedSint64(9, histogram.negativeDeltas);
  writer.packedDouble(10, histogram.negativeCountBits);
  writeSpans(writer, 11, histogram.positiveSpans);
  writer.packedSint64(12, histogram.positiveDeltas);
  writer.packedDouble(13, histogram.positiveCountBits);
  writer.uint32(14, RESET_HINTS.indexOf(histogram.resetHint));
  writer.int64(15, histogram.timestampMs);
  writer.packedDouble(16, histogram.customValueBits);
  if (histogram.startTimestampMs !== undefined) writer.int64(17, histogram.startTimestampMs);
  writer.end(start);
}

function writeSpans(writer: ProtobufWriter, field: number, spans: readonly BucketSpan[]): void {
  for (const span of spans) {
    const start = writer.begin(field);
    writer.sint32(1, span.offset);
    writer.uint32(2, span.length);
    writer.end(start);
  }
}
