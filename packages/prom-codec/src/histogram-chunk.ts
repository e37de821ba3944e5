import { BitReader } from './bit-reader.js';
import { BitWriter } from './bit-writer.js';
import { CodecError } from './codec-error.js';
import { lastStepOf } from './last-step-of.js';
import type { BucketSpan, Chunk, Histogram, HistogramResetHint } from './model.js';
import { bitsFromFloat, floatFromBits, STALE_NAN_BITS } from './samples.js';
import { samplesOfHistogram, StepPace } from './step-pace.js';
import { CUSTOM_BUCKETS_SCHEMA } from './validate-histogram.js';
import { readVarbitInt, readVarbitUint, writeVarbitInt, writeVarbitUint } from './varbit.js';
import { XorValueReader, XorValueWriter } from './xor-value.js';

/** A chunk is ended when it reaches this (`tsdb/chunkenc/chunk.go`, TargetBytesPerHistogramChunk). */
const TARGET_CHUNK_BYTES = 1024;
/** The sample count of a chunk is a uint16. */
const MAX_CHUNK_SAMPLES = 0xffff;
/** Spans and bounds are listed in front; nothing that is larger was ever written. */
const MAX_BUCKETS = 100_000;

/** By the two highest bits of byte 2 (`tsdb/chunkenc/histogram.go`, CounterResetHeader). */
const RESET_HEADERS: readonly HistogramResetHint[] = ['unknown', 'no', 'yes', 'gauge'];

const ZERO: Histogram['zeroCount'] = { kind: 'int', value: 0n };
const NO_DELTAS = new BigInt64Array();
const NO_BITS = new BigUint64Array();

/**
 * Encode native histograms of one series, in ascending order of time, as chunks of the types HISTOGRAM and FLOAT_HISTOGRAM.
 *
 * A reader takes every sample of a chunk but the first for one without a counter reset, and all samples of a gauge chunk for gauges. So a chunk
 * ends before a reset (a hint that says so, or a count that falls), before a change of schema, threshold, spans or bounds, before and after
 * a staleness marker, and where integers and floats or gauges and counters meet.
 *
 * @throws RangeError if the timestamps do not ascend
 */
export function encodeHistogramChunks(histograms: readonly Histogram[]): Chunk[] {
  return lastStepOf(encodeHistogramChunksInSteps(histograms, new StepPace(Infinity)));
}

/** The same in steps of a bounded number of buckets. @throws RangeError if the timestamps do not ascend */
export function* encodeHistogramChunksInSteps(histograms: readonly Histogram[], pace: StepPace): Generator<void, Chunk[], void> {
  const chunks: Chunk[] = [];
  let open: OpenChunk | undefined;
  for (const [index, histogram] of histograms.entries()) {
    const previous = histograms[index - 1];
    if (previous !== undefined && previous.timestampMs >= histogram.timestampMs) {
      throw new RangeError(`histogram chunk: the timestamp ${histogram.timestampMs} is not after ${previous.timestampMs}`);
    }
    const cut = previous === undefined ? 'unknown' : cutBetween(previous, histogram);
    if (open === undefined || cut !== undefined || open.isFull()) {
      if (open !== undefined) chunks.push(open.finish());
      open = new OpenChunk(histogram, cut ?? 'no');
    } else open.append(histogram);
    if (pace.isDue(samplesOfHistogram(histogram))) yield;
  }
  if (open !== undefined) chunks.push(open.finish());
  return chunks;
}

/**
 * Decode a chunk of the type HISTOGRAM or FLOAT_HISTOGRAM. The hints are those that Prometheus' reader gives: of a chunk that is no gauge's, the
 * first sample's is unknown, every other's `no`; a staleness marker has a sum and nothing else.
 *
 * @throws CodecError `truncated`, `malformed` or `too-large`
 */
export function decodeHistogramChunk(bytes: Uint8Array, encoding: 'histogram' | 'float-histogram'): Histogram[] {
  const reader = new BitReader(bytes);
  const count = reader.readBits(16);
  const header = RESET_HEADERS[reader.readBits(8) >>> 6] ?? 'unknown';
  if (count === 0) return [];
  const layout = readLayout(reader);
  const read = encoding === 'histogram' ? intReader(reader, layout) : floatReader(reader, layout);
  return Array.from({ length: count }, (_, index) => {
    const resetHint = header === 'gauge' ? 'gauge' : index === 0 ? 'unknown' : 'no';
    const histogram = read(index === 0, resetHint);
    // Prometheus writes a marker behind histograms of the same chunk. What its counts are then is nobody's: its own reader gives none, either.
    return isStale(histogram) ? emptied({ ...histogram, resetHint: 'unknown' }) : histogram;
  });
}

function isStale({ sumBits }: Histogram): boolean {
  return sumBits === STALE_NAN_BITS;
}

/** Why a chunk must end between two histograms: the hint for the header of the next one; undefined if it need not. */
function cutBetween(previous: Histogram, next: Histogram): HistogramResetHint | undefined {
  if (previous.count.kind !== next.count.kind) return 'unknown';
  if ((previous.resetHint === 'gauge') !== (next.resetHint === 'gauge')) return 'unknown';
  if (isStale(previous) || isStale(next)) return 'unknown';
  if (next.resetHint === 'yes') return 'yes';
  if (!isSameLayout(previous, next)) return 'unknown';
  return next.resetHint !== 'gauge' && hasFallen(previous, next) ? 'yes' : undefined;
}

function isSameLayout(left: Histogram, right: Histogram): boolean {
  return (
    left.schema === right.schema &&
    left.zeroThresholdBits === right.zeroThresholdBits &&
    isSameSpans(left.positiveSpans, right.positiveSpans) &&
    isSameSpans(left.negativeSpans, right.negativeSpans) &&
    isSameBits(left.customValueBits, right.customValueBits)
  );
}

function isSameSpans(left: readonly BucketSpan[], right: readonly BucketSpan[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ offset, length }, index) => right[index]?.offset === offset && right[index].length === length)
  );
}

function isSameBits(left: BigUint64Array, right: BigUint64Array): boolean {
  return left.length === right.length && left.every((bits, index) => right[index] === bits);
}

/** Whether a count of the same layout is lower than before. */
function hasFallen(previous: Histogram, next: Histogram): boolean {
  const before = countsOf(previous);
  return countsOf(next).some((count, index) => count < (before[index] ?? 0));
}

/** Count, zero count and every bucket, absolute. */
function countsOf(histogram: Histogram): readonly (bigint | number)[] {
  const { count, zeroCount } = histogram;
  if (count.kind === 'float') {
    return [
      floatFromBits(count.valueBits),
      floatFromBits(zeroCountBitsOf(histogram)),
      ...Array.from(histogram.positiveCountBits, floatFromBits),
      ...Array.from(histogram.negativeCountBits, floatFromBits),
    ];
  }
  return [
    count.value,
    zeroCount.kind === 'int' ? zeroCount.value : 0n,
    ...absolute(histogram.positiveDeltas),
    ...absolute(histogram.negativeDeltas),
  ];
}

function absolute(deltas: BigInt64Array): bigint[] {
  let bucket = 0n;
  return Array.from(deltas, (delta) => (bucket += delta));
}

function zeroCountBitsOf({ zeroCount }: Histogram): bigint {
  return zeroCount.kind === 'float' ? zeroCount.valueBits : bitsFromFloat(Number(zeroCount.value));
}

class OpenChunk {
  readonly #writer = new BitWriter(TARGET_CHUNK_BYTES * 2);
  readonly #encoding: 'histogram' | 'float-histogram';
  readonly #minTimeMs: bigint;
  readonly #write: (histogram: Histogram) => void;
  #maxTimeMs: bigint;
  #count = 1;

  constructor(first: Histogram, hint: HistogramResetHint) {
    const header = first.resetHint === 'gauge' ? 'gauge' : first.resetHint === 'yes' ? 'yes' : hint;
    this.#minTimeMs = this.#maxTimeMs = first.timestampMs;
    this.#encoding = first.count.kind === 'float' ? 'float-histogram' : 'histogram';
    this.#writer.writeBits(0, 16);
    this.#writer.writeBits(RESET_HEADERS.indexOf(header) << 6, 8);
    const plain = isStale(first) ? emptied(first) : first;
    writeLayout(this.#writer, plain);
    this.#write = this.#encoding === 'histogram' ? intWriter(this.#writer, plain) : floatWriter(this.#writer, plain);
  }

  isFull(): boolean {
    return this.#count === MAX_CHUNK_SAMPLES || this.#writer.length >= TARGET_CHUNK_BYTES;
  }

  append(histogram: Histogram): void {
    this.#write(histogram);
    this.#maxTimeMs = histogram.timestampMs;
    this.#count++;
  }

  finish(): Chunk {
    const bytes = this.#writer.finish();
    new DataView(bytes.buffer, bytes.byteOffset).setUint16(0, this.#count);
    return { minTimeMs: this.#minTimeMs, maxTimeMs: this.#maxTimeMs, encoding: this.#encoding, bytes };
  }
}

/** A staleness marker has a sum and nothing else. */
function emptied(histogram: Histogram): Histogram {
  const isFloat = histogram.count.kind === 'float';
  return {
    count: isFloat ? { kind: 'float', valueBits: 0n } : { kind: 'int', value: 0n },
    sumBits: histogram.sumBits,
    schema: 0,
    zeroThresholdBits: 0n,
    zeroCount: isFloat ? { kind: 'float', valueBits: 0n } : ZERO,
    negativeSpans: [],
    negativeDeltas: NO_DELTAS,
    negativeCountBits: NO_BITS,
    positiveSpans: [],
    positiveDeltas: NO_DELTAS,
    positiveCountBits: NO_BITS,
    resetHint: histogram.resetHint,
    timestampMs: histogram.timestampMs,
    customValueBits: NO_BITS,
  };
}

type Layout = Pick<Histogram, 'schema' | 'zeroThresholdBits' | 'positiveSpans' | 'negativeSpans' | 'customValueBits'>;

/** `tsdb/chunkenc/histogram_meta.go`, writeHistogramChunkLayout. */
function writeLayout(writer: BitWriter, layout: Layout): void {
  writeZeroThreshold(writer, layout.zeroThresholdBits);
  writeVarbitInt(writer, BigInt(layout.schema));
  for (const spans of [layout.positiveSpans, layout.negativeSpans]) {
    writeVarbitUint(writer, BigInt(spans.length));
    for (const { offset, length } of spans) {
      writeVarbitUint(writer, BigInt(length));
      writeVarbitInt(writer, BigInt(offset));
    }
  }
  if (layout.schema !== CUSTOM_BUCKETS_SCHEMA) return;
  writeVarbitUint(writer, BigInt(layout.customValueBits.length));
  for (const bits of layout.customValueBits) writeBound(writer, bits);
}

function readLayout(reader: BitReader): Layout {
  const zeroThresholdBits = readZeroThreshold(reader);
  const schema = Number(readVarbitInt(reader));
  const positiveSpans = readSpans(reader);
  const negativeSpans = readSpans(reader);
  const bounds = schema === CUSTOM_BUCKETS_SCHEMA ? readListLength(reader) : 0;
  const customValueBits = BigUint64Array.from({ length: bounds }, () => readBound(reader));
  return { schema, zeroThresholdBits, positiveSpans, negativeSpans, customValueBits };
}

function readSpans(reader: BitReader): BucketSpan[] {
  return Array.from({ length: readListLength(reader) }, () => {
    const length = Number(BigInt.asUintN(32, readVarbitUint(reader)));
    return { length, offset: Number(BigInt.asIntN(32, readVarbitInt(reader))) };
  });
}

function readListLength(reader: BitReader): number {
  const length = readVarbitUint(reader);
  if (length > MAX_BUCKETS)
    throw new CodecError('too-large', `histogram chunk: a list of ${length}, the limit is ${MAX_BUCKETS}`, reader.position);
  return Number(length);
}

function bucketCount(reader: BitReader, spans: readonly BucketSpan[]): number {
  const count = spans.reduce((sum, { length }) => sum + length, 0);
  if (count > MAX_BUCKETS)
    throw new CodecError('too-large', `histogram chunk: ${count} buckets, the limit is ${MAX_BUCKETS}`, reader.position);
  return count;
}

/** A power of two that is 0.5 * 2^e with e from -242 to 11 is the byte e + 243; 0 is the byte 0; all else 255 and 64 bits. */
function writeZeroThreshold(writer: BitWriter, bits: bigint): void {
  if (bits === 0n) {
    writer.writeBits(0, 8);
    return;
  }
  // The exponent of frexp, whose fraction is in [0.5, 1): one more than that of the bits.
  const exponent = Number(bits >> 52n) - 1022;
  if ((bits & 0xfffffffffffffn) === 0n && exponent >= -242 && exponent <= 11) {
    writer.writeBits(exponent + 243, 8);
    return;
  }
  writer.writeBits(255, 8);
  writeBits64(writer, bits);
}

function readZeroThreshold(reader: BitReader): bigint {
  const byte = reader.readBits(8);
  if (byte === 0) return 0n;
  return byte === 255 ? readBits64(reader) : BigInt(byte - 243 + 1022) << 52n;
}

/** A whole multiple of 0.001 from 0 to 33554.430 is that multiple plus 1; all else a zero bit and 64 bits. */
function writeBound(writer: BitWriter, bits: bigint): void {
  const bound = floatFromBits(bits);
  const thousandths = Math.round(bound * 1000);
  // Not the negative zero: it would come back as the positive one.
  if (bound >= 0 && bound <= 33_554.43 && thousandths / 1000 === bound && !Object.is(bound, -0)) {
    writeVarbitUint(writer, BigInt(thousandths) + 1n);
    return;
  }
  writer.writeBits(0, 1);
  writeBits64(writer, bits);
}

function readBound(reader: BitReader): bigint {
  const coded = readVarbitUint(reader);
  return coded === 0n ? readBits64(reader) : bitsFromFloat(Number(coded - 1n) / 1000);
}

function writeBits64(writer: BitWriter, bits: bigint): void {
  writer.writeBits64(Number(bits & 0xffffffffn), Number(bits >> 32n), 64);
}

function readBits64(reader: BitReader): bigint {
  reader.readBits64(64);
  return (BigInt(reader.high) << 32n) | BigInt(reader.low);
}

/** A number whose changes of change are written (`tsdb/chunkenc/histogram.go`). */
class DeltaOfDelta {
  #value: bigint;
  #delta = 0n;

  constructor(value: bigint) {
    this.#value = value;
  }

  /** What is written for the next value. */
  changeTo(value: bigint): bigint {
    const delta = BigInt.asIntN(64, value - this.#value);
    const change = BigInt.asIntN(64, delta - this.#delta);
    this.#value = value;
    this.#delta = delta;
    return change;
  }

  /** The next value, from what was written. */
  apply(change: bigint): bigint {
    this.#delta = BigInt.asIntN(64, this.#delta + change);
    this.#value = BigInt.asIntN(64, this.#value + this.#delta);
    return this.#value;
  }
}

function writeXor(values: XorValueWriter, bits: bigint, isFirst: boolean): void {
  const low = Number(bits & 0xffffffffn);
  const high = Number(bits >> 32n);
  if (isFirst) values.writeFirst(low, high);
  else values.write(low, high);
}

function readXor(values: XorValueReader, isFirst: boolean): bigint {
  if (isFirst) values.readFirst();
  else values.read();
  return (BigInt(values.high >>> 0) << 32n) | BigInt(values.low >>> 0);
}

/** Writes the first histogram; the function given writes each next. */
function intWriter(writer: BitWriter, first: Histogram): (next: Histogram) => void {
  const numbersOf = (histogram: Histogram): bigint[] => [
    histogram.timestampMs,
    histogram.count.kind === 'int' ? histogram.count.value : 0n,
    histogram.zeroCount.kind === 'int' ? histogram.zeroCount.value : 0n,
  ];
  const bucketsOf = (histogram: Histogram): bigint[] => [...histogram.positiveDeltas, ...histogram.negativeDeltas];
  const [timestampMs = 0n, count = 0n, zeroCount = 0n] = numbersOf(first);
  writeVarbitInt(writer, timestampMs);
  writeVarbitUint(writer, count);
  writeVarbitUint(writer, zeroCount);
  const sum = new XorValueWriter(writer);
  writeXor(sum, first.sumBits, true);
  for (const delta of bucketsOf(first)) writeVarbitInt(writer, delta);
  const numbers = numbersOf(first).map((value) => new DeltaOfDelta(value));
  const buckets = bucketsOf(first).map((value) => new DeltaOfDelta(value));
  return (next) => {
    numbersOf(next).forEach((value, index) => writeVarbitInt(writer, numbers[index]?.changeTo(value) ?? 0n));
    writeXor(sum, next.sumBits, false);
    bucketsOf(next).forEach((value, index) => writeVarbitInt(writer, buckets[index]?.changeTo(value) ?? 0n));
  };
}

function floatWriter(writer: BitWriter, first: Histogram): (next: Histogram) => void {
  const bitsOf = (histogram: Histogram): bigint[] => [
    histogram.count.kind === 'float' ? histogram.count.valueBits : 0n,
    zeroCountBitsOf(histogram),
    histogram.sumBits,
    ...histogram.positiveCountBits,
    ...histogram.negativeCountBits,
  ];
  writeVarbitInt(writer, first.timestampMs);
  const time = new DeltaOfDelta(first.timestampMs);
  const values = bitsOf(first).map((bits) => {
    const value = new XorValueWriter(writer);
    writeXor(value, bits, true);
    return value;
  });
  return (next) => {
    writeVarbitInt(writer, time.changeTo(next.timestampMs));
    bitsOf(next).forEach((bits, index) => {
      const value = values[index];
      if (value !== undefined) writeXor(value, bits, false);
    });
  };
}

type ReadHistogram = (isFirst: boolean, resetHint: HistogramResetHint) => Histogram;

function intReader(reader: BitReader, layout: Layout): ReadHistogram {
  const positive = bucketCount(reader, layout.positiveSpans);
  const negative = bucketCount(reader, layout.negativeSpans);
  const sum = new XorValueReader(reader);
  let numbers: DeltaOfDelta[] = [];
  let buckets: DeltaOfDelta[] = [];
  return (isFirst, resetHint) => {
    const [timestampMs = 0n, count = 0n, zeroCount = 0n] = isFirst
      ? [readVarbitInt(reader), readVarbitUint(reader), readVarbitUint(reader)]
      : numbers.map((number) => number.apply(readVarbitInt(reader)));
    const sumBits = readXor(sum, isFirst);
    const isMarker = sumBits === STALE_NAN_BITS;
    const deltas = isMarker
      ? []
      : isFirst
        ? Array.from({ length: positive + negative }, () => readVarbitInt(reader))
        : buckets.map((bucket) => bucket.apply(readVarbitInt(reader)));
    if (isFirst) {
      numbers = [timestampMs, count, zeroCount].map((value) => new DeltaOfDelta(value));
      buckets = deltas.map((value) => new DeltaOfDelta(value));
    }
    return {
      ...(isMarker ? NO_LAYOUT : layout),
      count: { kind: 'int', value: BigInt.asUintN(64, count) },
      zeroCount: { kind: 'int', value: BigInt.asUintN(64, zeroCount) },
      sumBits,
      positiveDeltas: BigInt64Array.from(deltas.slice(0, positive)),
      negativeDeltas: BigInt64Array.from(deltas.slice(positive)),
      positiveCountBits: NO_BITS,
      negativeCountBits: NO_BITS,
      resetHint,
      timestampMs,
    };
  };
}

const NO_LAYOUT: Layout = { schema: 0, zeroThresholdBits: 0n, positiveSpans: [], negativeSpans: [], customValueBits: NO_BITS };

function floatReader(reader: BitReader, layout: Layout): ReadHistogram {
  const positive = bucketCount(reader, layout.positiveSpans);
  const negative = bucketCount(reader, layout.negativeSpans);
  const values = Array.from({ length: 3 + positive + negative }, () => new XorValueReader(reader));
  let time = new DeltaOfDelta(0n);
  return (isFirst, resetHint) => {
    const change = readVarbitInt(reader);
    const timestampMs = isFirst ? change : time.apply(change);
    if (isFirst) time = new DeltaOfDelta(timestampMs);
    const [count = 0n, zeroCount = 0n, sumBits = 0n] = values.slice(0, 3).map((value) => readXor(value, isFirst));
    const isMarker = sumBits === STALE_NAN_BITS;
    const buckets = isMarker ? [] : values.slice(3).map((value) => readXor(value, isFirst));
    return {
      ...(isMarker ? NO_LAYOUT : layout),
      count: { kind: 'float', valueBits: count },
      zeroCount: { kind: 'float', valueBits: zeroCount },
      sumBits,
      positiveDeltas: NO_DELTAS,
      negativeDeltas: NO_DELTAS,
      positiveCountBits: BigUint64Array.from(buckets.slice(0, positive)),
      negativeCountBits: BigUint64Array.from(buckets.slice(positive)),
      resetHint,
      timestampMs,
    };
  };
}
