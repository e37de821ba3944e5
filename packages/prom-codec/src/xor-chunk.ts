import { BitReader } from './bit-reader.js';
import { BitWriter } from './bit-writer.js';
import type { Samples } from './model.js';
import { type Halves, halvesOf, SampleBuffer } from './sample-buffer.js';
import { XorValueReader, XorValueWriter } from './xor-value.js';

/** The sample count of a chunk is a uint16. */
const MAX_CHUNK_SAMPLES = 0xffff;

/** Most a sample can take: 4 + 64 bits of timestamp, 2 + 5 + 6 + 64 bits of value. */
const MAX_SAMPLE_BYTES = 19;
/** Count, and what the varints of the first two timestamps may take more than that. */
const MAX_HEADER_BYTES = 24;

/**
 * How a change of the distance between timestamps is written: a prefix, then its lowest `bits` bits. Each class holds
 * -(2^(bits-1) - 1) to 2^(bits-1): the asymmetric ranges are Prometheus' own (`tsdb/chunkenc/xor.go`, bitRange).
 */
const CHANGE_CLASSES = [
  { prefix: 0b10, prefixBits: 2, bits: 14 },
  { prefix: 0b110, prefixBits: 3, bits: 17 },
  { prefix: 0b1110, prefixBits: 4, bits: 20 },
] as const;

/**
 * Encode `samples[from, to)` as a chunk of type XOR (`tsdb/chunkenc/xor.go`, `tsdb/docs/format/chunks.md`). Exact for every int64
 * timestamp, ascending or not, and for every 64 bits of value.
 *
 * @throws RangeError if the range is not inside the samples or holds more than 65,535
 */
export function encodeXorChunk(samples: Samples, from = 0, to = samples.timestampsMs.length): Uint8Array {
  const count = to - from;
  if (!(from >= 0 && count >= 0 && to <= samples.timestampsMs.length && count <= MAX_CHUNK_SAMPLES)) {
    throw new RangeError(
      `XOR chunk: samples ${from} to ${to} of ${samples.timestampsMs.length}; a chunk holds at most ${MAX_CHUNK_SAMPLES}`,
    );
  }
  const timestamps = halvesOf(samples.timestampsMs);
  const valueBits = halvesOf(samples.valueBits);
  const writer = new BitWriter(MAX_HEADER_BYTES + count * MAX_SAMPLE_BYTES);
  writer.writeBits(count, 16);
  writeTimestampsAndValues(writer, timestamps, valueBits, from, to);
  return writer.finish();
}

function writeTimestampsAndValues(writer: BitWriter, timestamps: Halves, valueBits: Halves, from: number, to: number): void {
  const values = new XorValueWriter(writer);
  let timeLow = 0;
  let timeHigh = 0;
  let deltaLow = 0;
  let deltaHigh = 0;
  for (let index = from; index < to; index++) {
    const nextLow = timestamps.low(index);
    const nextHigh = timestamps.high(index);
    if (index === from) {
      writer.writeVarint(nextLow, nextHigh);
      values.writeFirst(valueBits.low(index), valueBits.high(index));
    } else {
      // 64-bit subtraction that wraps, in halves.
      const nextDeltaLow = (nextLow - timeLow) >>> 0;
      const nextDeltaHigh = (nextHigh - timeHigh - (nextLow < timeLow ? 1 : 0)) >>> 0;
      if (index === from + 1) {
        writer.writeUvarint(nextDeltaLow, nextDeltaHigh);
      } else {
        writeChange(writer, (nextDeltaLow - deltaLow) >>> 0, (nextDeltaHigh - deltaHigh - (nextDeltaLow < deltaLow ? 1 : 0)) >>> 0);
      }
      deltaLow = nextDeltaLow;
      deltaHigh = nextDeltaHigh;
      values.write(valueBits.low(index), valueBits.high(index));
    }
    timeLow = nextLow;
    timeHigh = nextHigh;
  }
}

function writeChange(writer: BitWriter, low: number, high: number): void {
  const change = low | 0;
  if (high === (change >> 31) >>> 0) {
    if (change === 0) {
      writer.writeBits(0, 1);
      return;
    }
    for (const { prefix, prefixBits, bits } of CHANGE_CLASSES) {
      const largest = 1 << (bits - 1);
      if (change > -largest && change <= largest) {
        writer.writeBits(prefix, prefixBits);
        writer.writeBits(change, bits);
        return;
      }
    }
  }
  writer.writeBits(0b1111, 4);
  writer.writeBits64(low, high, 64);
}

/**
 * Decode a chunk of type XOR. What follows its last sample is ignored: older versions of Prometheus leave a zero byte there.
 *
 * @throws CodecError `truncated` or `malformed`
 */
export function decodeXorChunk(bytes: Uint8Array): Samples {
  const reader = new BitReader(bytes);
  const count = reader.readBits(16);
  const columns = new SampleBuffer();
  const values = new XorValueReader(reader);
  let timeLow = 0;
  let timeHigh = 0;
  let deltaLow = 0;
  let deltaHigh = 0;
  for (let index = 0; index < count; index++) {
    if (index === 0) {
      reader.readVarint();
      timeLow = reader.low;
      timeHigh = reader.high;
      values.readFirst();
    } else {
      if (index === 1) {
        reader.readUvarint();
        deltaLow = reader.low;
        deltaHigh = reader.high;
      } else {
        readChange(reader);
        const sum = deltaLow + reader.low;
        deltaHigh = (deltaHigh + reader.high + (sum > 0xffffffff ? 1 : 0)) >>> 0;
        deltaLow = sum >>> 0;
      }
      const sum = timeLow + deltaLow;
      timeHigh = (timeHigh + deltaHigh + (sum > 0xffffffff ? 1 : 0)) >>> 0;
      timeLow = sum >>> 0;
      values.read();
    }
    columns.push(timeLow, timeHigh, values.low, values.high);
  }
  return columns.slice(0, count);
}

/** Leaves the change, sign-extended to 64 bits, in the reader's halves. */
function readChange(reader: BitReader): void {
  let ones = 0;
  while (ones < 4 && reader.readBits(1) === 1) ones++;
  if (ones === 4) {
    reader.readBits64(64);
    return;
  }
  const changeClass = CHANGE_CLASSES[ones - 1];
  const bits = changeClass?.bits ?? 0;
  let change = reader.readBits(bits);
  if (bits > 0 && change > 1 << (bits - 1)) change -= 1 << bits;
  reader.low = change >>> 0;
  reader.high = change < 0 ? 0xffffffff : 0;
}
