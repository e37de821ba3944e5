import type { Samples } from './model.js';
import { WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT } from './protobuf-reader.js';
import { HIGH, LOW } from './sample-buffer.js';
import { encodeUtf8 } from './text-codec.js';

/** With its tag and its length; a negative timestamp has 10 bytes. */
export const MAX_SAMPLE_BYTES = 22;

/**
 * Writes protobuf fields into a buffer that grows by doubling.
 *
 * A nested message is written in place with one byte kept free for its length; a message of 128 bytes or more is moved up when its length
 * is known. So no size is computed beforehand, and no nested message has a buffer of its own.
 */
export class ProtobufWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(initialBytes = 1024) {
    this.#bytes = new Uint8Array(initialBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** What was written so far. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** The same without a copy: it may keep more memory than it has bytes, and nothing may be written afterwards. */
  finishInPlace(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Begin the message of field number `field`. Give what it returns to {@link end}. */
  begin(field: number): number {
    this.#tag(field, WIRE_BYTES);
    this.#reserve(1);
    return ++this.#length;
  }

  end(start: number): void {
    const length = this.#length - start;
    const extra = varintSize(length) - 1;
    if (extra > 0) {
      this.#reserve(extra);
      this.#bytes.copyWithin(start + extra, start, this.#length);
    }
    this.#length = start - 1;
    this.#varint32(length);
    this.#length += length;
  }

  /** A string field, left out if empty as proto3 does. */
  string(field: number, text: string): void {
    if (text !== '') this.repeatedString(field, text);
  }

  /** One element of a repeated string field: an empty one counts. */
  repeatedString(field: number, text: string): void {
    this.#tag(field, WIRE_BYTES);
    const { length } = text;
    this.#reserve(5 + length);
    const lengthAt = this.#length;
    this.#varint32(length);
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code >= 0x80) {
        this.#length = lengthAt;
        this.#lengthAndBytes(encodeUtf8(text));
        return;
      }
      this.#bytes[this.#length++] = code;
    }
  }

  /** A `bytes` field, left out if empty. */
  bytes(field: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#tag(field, WIRE_BYTES);
    this.#lengthAndBytes(bytes);
  }

  /** An int64 field (two's complement: a negative number takes 10 bytes), left out if 0. */
  int64(field: number, value: bigint): void {
    if (value !== 0n) this.presentUint64(field, value);
  }

  /** A uint64 or int64 field that is written even if 0: a member of a `oneof`. */
  presentUint64(field: number, value: bigint): void {
    this.#tag(field, WIRE_VARINT);
    this.#varint64(value);
  }

  /**
   * Messages of a double (field 1, always written) and an int64 (field 2, left out if 0): Samples. Each is never longer than 20 bytes, so its length
   * takes one; there are so many of them that this is worth a method of its own.
   */
  samples(field: number, { timestampsMs, valueBits }: Samples, from = 0, to = timestampsMs.length): void {
    const tag = (field << 3) | WIRE_BYTES;
    if (tag >= 0x80) throw new RangeError('the tag of a sample takes one byte');
    this.#reserve(MAX_SAMPLE_BYTES * (to - from));
    const bytes = this.#bytes;
    const view = this.#view;
    const times = new Uint32Array(timestampsMs.buffer, timestampsMs.byteOffset, 2 * timestampsMs.length);
    const values = new Uint32Array(valueBits.buffer, valueBits.byteOffset, 2 * valueBits.length);
    let at = this.#length;
    for (let word = 2 * from; word < 2 * to; word += 2) {
      const start = at;
      bytes[start] = tag;
      bytes[start + 2] = (1 << 3) | WIRE_FIXED64;
      view.setUint32(start + 3, values[word + LOW] ?? 0, true);
      view.setUint32(start + 7, values[word + HIGH] ?? 0, true);
      at += 11;
      let low = times[word + LOW] ?? 0;
      let high = times[word + HIGH] ?? 0;
      if (low !== 0 || high !== 0) {
        bytes[at++] = (2 << 3) | WIRE_VARINT;
        for (; high !== 0; high >>>= 7) {
          bytes[at++] = (low & 0x7f) | 0x80;
          low = ((low >>> 7) | (high << 25)) >>> 0;
        }
        for (; low >= 0x80; low >>>= 7) bytes[at++] = (low & 0x7f) | 0x80;
        bytes[at++] = low;
      }
      bytes[start + 1] = at - start - 2;
    }
    this.#length = at;
  }

  /** An enum, bool or uint32 field, left out if 0. */
  uint32(field: number, value: number): void {
    if (value === 0) return;
    this.#tag(field, WIRE_VARINT);
    this.#reserve(5);
    this.#varint32(value);
  }

  /** A sint32 field (zigzag), left out if 0. */
  sint32(field: number, value: number): void {
    this.uint32(field, ((value << 1) ^ (value >> 31)) >>> 0);
  }

  /** A double field by its bits, left out only if every bit is 0: `-0.0` is written. */
  double(field: number, bits: bigint): void {
    if (bits !== 0n) this.presentDouble(field, bits);
  }

  /** A double field by its bits, always written. */
  presentDouble(field: number, bits: bigint): void {
    this.#tag(field, WIRE_FIXED64);
    this.#fixed64(bits);
  }

  /** A packed repeated sint64 field, left out if empty. */
  packedSint64(field: number, values: BigInt64Array): void {
    if (values.length === 0) return;
    const start = this.begin(field);
    for (const value of values) this.#varint64((value << 1n) ^ (value >> 63n));
    this.end(start);
  }

  /** A packed repeated double field by its bits, left out if empty. */
  packedDouble(field: number, bits: BigUint64Array): void {
    if (bits.length === 0) return;
    const start = this.begin(field);
    for (const each of bits) this.#fixed64(each);
    this.end(start);
  }

  /** A packed repeated uint32 field, left out if empty. */
  packedUint32(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    const start = this.begin(field);
    for (const value of values) {
      this.#reserve(5);
      this.#varint32(value);
    }
    this.end(start);
  }

  /** A packed repeated enum field, left out if empty. A negative number is sign-extended to 10 bytes. */
  packedInt32(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    const start = this.begin(field);
    for (const value of values) this.#varint64(BigInt(value));
    this.end(start);
  }

  #tag(field: number, wireType: number): void {
    this.#reserve(5);
    this.#varint32((field << 3) | wireType);
  }

  #lengthAndBytes(bytes: Uint8Array): void {
    this.#reserve(5 + bytes.length);
    this.#varint32(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #fixed64(bits: bigint): void {
    this.#reserve(8);
    this.#view.setBigUint64(this.#length, bits, true);
    this.#length += 8;
  }

  #varint64(value: bigint): void {
    this.#varintHalves(Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n)));
  }

  #varintHalves(low: number, high: number): void {
    this.#reserve(10);
    let restLow = low;
    let restHigh = high;
    while (restHigh !== 0) {
      this.#bytes[this.#length++] = (restLow & 0x7f) | 0x80;
      restLow = ((restLow >>> 7) | (restHigh << 25)) >>> 0;
      restHigh >>>= 7;
    }
    this.#varint32(restLow);
  }

  /** The caller has reserved the 5 bytes. */
  #varint32(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Bytes of an unsigned varint of up to 32 bits. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/** Bytes of an int64 as a varint: 10 if negative. */
export function int64Size(value: bigint): number {
  let size = 1;
  for (let rest = BigInt.asUintN(64, value) >> 7n; rest > 0n; rest >>= 7n) size++;
  return size;
}
