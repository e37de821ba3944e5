import { CodecError } from './codec-error.js';

/** Reads the numbers of Prometheus' files: big-endian, and varints as Go's encoding/binary has them. */
export class BytesCursor {
  readonly #view: DataView;
  readonly #end: number;
  position: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = Math.min(end, bytes.length);
    this.position = start;
  }

  get atEnd(): boolean {
    return this.position >= this.#end;
  }

  byte(what: string): number {
    return this.#view.getUint8(this.skip(1, what));
  }

  uint32(what: string): number {
    return this.#view.getUint32(this.skip(4, what));
  }

  /** A place in a file; no file is longer than a number can say. */
  uint64(what: string): number {
    return Number(this.#view.getBigUint64(this.skip(8, what)));
  }

  uvarint(what: string): number {
    const value = this.uvarint64(what);
    if (value > 0xffff_ffffn) throw new CodecError('malformed', `${what}: ${value} is too large`, this.position);
    return Number(value);
  }

  uvarint64(what: string): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte(what);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new CodecError('malformed', `${what}: a varint is longer than ten bytes`, this.position);
  }

  /** Zigzag. */
  varint64(what: string): bigint {
    const value = this.uvarint64(what);
    return (value & 1n) === 0n ? value >> 1n : -((value + 1n) >> 1n);
  }

  /** @returns where the bytes begin */
  skip(count: number, what: string): number {
    const start = this.position;
    if (start < 0 || start + count > this.#end) throw new CodecError('truncated', `${what}: the bytes end inside of it`, start);
    this.position = start + count;
    return start;
  }
}
