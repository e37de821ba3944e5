import { CodecError } from './codec-error.js';

/** Reads bits, the most significant first. A number of more than 32 bits is left in {@link low} and {@link high}. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;
  #left = 8;
  /** Lower 32 bits, unsigned. */
  low = 0;
  /** Upper 32 bits, unsigned. */
  high = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get position(): number {
    return this.#position;
  }

  /** The next `count` bits (0 to 32), unsigned. */
  readBits(count: number): number {
    let value = 0;
    let rest = count;
    while (rest > 0) {
      const byte = this.#bytes[this.#position];
      if (byte === undefined) throw new CodecError('truncated', 'XOR chunk: the bits end inside a sample', this.#position);
      const taken = Math.min(rest, this.#left);
      rest -= taken;
      this.#left -= taken;
      value = (value << taken) | ((byte >>> this.#left) & ((1 << taken) - 1));
      if (this.#left === 0) {
        this.#position++;
        this.#left = 8;
      }
    }
    return value >>> 0;
  }

  /** The next `count` bits (0 to 64) into {@link low} and {@link high}. */
  readBits64(count: number): void {
    this.high = count > 32 ? this.readBits(count - 32) : 0;
    this.low = this.readBits(Math.min(count, 32));
  }

  /** An unsigned varint, as Go's `binary.ReadUvarint`, into {@link low} and {@link high}. */
  readUvarint(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.readBits(8);
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else if (shift < 63 || byte <= 1) high |= bits << (shift - 32);
      else throw new CodecError('malformed', 'XOR chunk: a varint is over 64 bits', this.#position);
      if (byte < 0x80) {
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw new CodecError('malformed', 'XOR chunk: a varint is longer than 10 bytes', this.#position);
  }

  /** A signed varint (zigzag), as Go's `binary.ReadVarint`, into {@link low} and {@link high}. */
  readVarint(): void {
    this.readUvarint();
    const sign = -(this.low & 1);
    this.low = (((this.low >>> 1) | (this.high << 31)) ^ sign) >>> 0;
    this.high = ((this.high >>> 1) ^ sign) >>> 0;
  }
}
