import type { BitReader } from './bit-reader.js';
import type { BitWriter } from './bit-writer.js';
import { CodecError } from './codec-error.js';

/** 5 bits hold the number of leading zeros, so more than 31 are written as 31. */
const MAX_LEADING = 31;

/**
 * Writes values as the XOR with the value before (`tsdb/chunkenc/xor.go`, xorWrite): `0` if nothing changed; `10` and the bits inside
 * the window of the last change if they fit there; else `11`, the new window (5 bits leading zeros, 6 bits length, 64 as 0) and its bits.
 */
export class XorValueWriter {
  readonly #writer: BitWriter;
  #low = 0;
  #high = 0;
  // 64 leading zeros fit no change, so the first one always opens a window.
  #leading = 64;
  #trailing = 0;

  constructor(writer: BitWriter) {
    this.#writer = writer;
  }

  writeFirst(low: number, high: number): void {
    this.#writer.writeBits64(low, high, 64);
    this.#low = low;
    this.#high = high;
  }

  write(low: number, high: number): void {
    const writer = this.#writer;
    const changeLow = (low ^ this.#low) >>> 0;
    const changeHigh = (high ^ this.#high) >>> 0;
    this.#low = low;
    this.#high = high;
    if (changeLow === 0 && changeHigh === 0) {
      writer.writeBits(0, 1);
      return;
    }
    const leading = Math.min(MAX_LEADING, changeHigh !== 0 ? Math.clz32(changeHigh) : 32 + Math.clz32(changeLow));
    const trailing = changeLow !== 0 ? trailingZeros(changeLow) : 32 + trailingZeros(changeHigh);
    if (leading >= this.#leading && trailing >= this.#trailing) {
      writer.writeBits(0b10, 2);
    } else {
      this.#leading = leading;
      this.#trailing = trailing;
      writer.writeBits(0b11, 2);
      writer.writeBits(leading, 5);
      writer.writeBits((64 - leading - trailing) & 63, 6);
    }
    const shift = this.#trailing;
    const shiftedLow =
      shift >= 32 ? changeHigh >>> (shift - 32) : shift === 0 ? changeLow : (changeLow >>> shift) | (changeHigh << (32 - shift));
    const shiftedHigh = shift >= 32 ? 0 : changeHigh >>> shift;
    writer.writeBits64(shiftedLow, shiftedHigh, 64 - this.#leading - shift);
  }
}

/** Reads what {@link XorValueWriter} writes; the value is left in {@link low} and {@link high}. */
export class XorValueReader {
  readonly #reader: BitReader;
  low = 0;
  high = 0;
  #significant = 0;
  #trailing = 0;

  constructor(reader: BitReader) {
    this.#reader = reader;
  }

  readFirst(): void {
    this.#reader.readBits64(64);
    this.low = this.#reader.low;
    this.high = this.#reader.high;
  }

  read(): void {
    const reader = this.#reader;
    if (reader.readBits(1) === 0) return;
    if (reader.readBits(1) === 1) {
      const leading = reader.readBits(5);
      const significant = reader.readBits(6) || 64;
      if (leading + significant > 64) {
        throw new CodecError('malformed', `XOR chunk: a window of ${significant} bits after ${leading} is over 64 bits`, reader.position);
      }
      this.#significant = significant;
      this.#trailing = 64 - leading - significant;
    } else if (this.#significant === 0) {
      throw new CodecError('malformed', 'XOR chunk: a value uses a window before there is one', reader.position);
    }
    reader.readBits64(this.#significant);
    const { low, high } = reader;
    const shift = this.#trailing;
    const changeHigh = shift >= 32 ? low << (shift - 32) : shift === 0 ? high : (high << shift) | (low >>> (32 - shift));
    const changeLow = shift >= 32 ? 0 : low << shift;
    this.low = (this.low ^ changeLow) >>> 0;
    this.high = (this.high ^ changeHigh) >>> 0;
  }
}

/** Zeros below the lowest 1 of a number that is not 0. */
function trailingZeros(value: number): number {
  return 31 - Math.clz32(value & -value);
}
