import { CodecError } from './codec-error.js';
import { decodeUtf8 } from './text-codec.js';

/** Wire types (protobuf encoding guide, "Message Structure"). Groups (3, 4) were never part of proto3 and are refused. */
export const WIRE_VARINT = 0;
export const WIRE_FIXED64 = 1;
export const WIRE_BYTES = 2;
export const WIRE_FIXED32 = 5;

/** Strings cut out of a prefetched text keep all of it alive, so it stays about as long as the labels of a series. */
const MAX_PREFETCH_BYTES = 4096;

/** What a reader must know of a message to name its faults: its name, and its fields by number (a hole is an unknown field). */
export interface MessageShape {
  readonly name: string;
  readonly fields: Readonly<Record<number, string>>;
}

/**
 * Reads protobuf fields from bytes, never past the end of the message it is in. Every fault is a {@link CodecError}.
 *
 * 64-bit numbers are left in {@link low} and {@link high}: a `bigint` for every one of a hundred thousand samples would cost more than
 * all the rest of their decoding.
 */
export class ProtobufReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Text of the bytes from {@link #textStart}, one character per byte. */
  #text = '';
  #textStart = 0;
  #position = 0;
  #end: number;
  /** Lower 32 bits, unsigned, of the last varint or fixed64 read. */
  low = 0;
  /** Upper 32 bits, unsigned, of the last varint or fixed64 read. */
  high = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.byteLength;
  }

  get position(): number {
    return this.#position;
  }

  /** Go on reading at `position`, which must be inside the message at hand. */
  seek(position: number): void {
    this.#position = position;
  }

  atEnd(): boolean {
    return this.#position >= this.#end;
  }

  /** Bytes from here to the end of the current message. */
  remaining(): number {
    return this.#end - this.#position;
  }

  /** The next tag: `field << 3 | wire type`. */
  readTag(message: MessageShape): number {
    const start = this.#position;
    if (start < this.#end) {
      const byte = this.#view.getUint8(start);
      // Fields 1 to 15 fit in one byte, and that is nearly all there are.
      if (byte < 0x80 && byte >= 8) {
        this.#position = start + 1;
        return byte;
      }
    }
    this.readVarint(message.name);
    if (this.high !== 0 || this.low < 8) {
      throw new CodecError('malformed', `${message.name}: a field number is out of range`, start);
    }
    return this.low;
  }

  /** Enter the message of a length-delimited field. Give what it returns to {@link leave} when that message is read. */
  enter(field: string): number {
    const length = this.#readLength(field);
    const outerEnd = this.#end;
    this.#end = this.#position + length;
    return outerEnd;
  }

  /** The same for a message whose length does not stand in front of it. */
  enterRegion(length: number, field: string): number {
    if (length > this.remaining()) {
      throw new CodecError('truncated', `${field}: ${length} bytes declared, ${this.remaining()} are left`, this.#position);
    }
    const outerEnd = this.#end;
    this.#end = this.#position + length;
    return outerEnd;
  }

  leave(outerEnd: number): void {
    this.#end = outerEnd;
  }

  /** A varint of up to 64 bits into {@link low} and {@link high}. Bits above 64 are dropped, as every protobuf library does. */
  readVarint(field: string): void {
    let position = this.#position;
    const end = this.#end;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (position >= end) throw new CodecError('truncated', `${field}: the message ends inside a varint`, this.#position);
      const byte = this.#view.getUint8(position++);
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.#position = position;
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw new CodecError('malformed', `${field}: a varint is longer than 10 bytes`, this.#position);
  }

  /** Eight bytes, little-endian, into {@link low} and {@link high}. */
  readFixed64(field: string): void {
    const position = this.#position;
    if (position + 8 > this.#end) throw new CodecError('truncated', `${field}: the message ends inside 8 bytes`, position);
    this.low = this.#view.getUint32(position, true);
    this.high = this.#view.getUint32(position + 4, true);
    this.#position = position + 8;
  }

  readFixed64Bits(field: string): bigint {
    this.readFixed64(field);
    return this.#view.getBigUint64(this.#position - 8, true);
  }

  readInt64(field: string): bigint {
    return BigInt.asIntN(64, this.readUint64(field));
  }

  readUint64(field: string): bigint {
    this.readVarint(field);
    return this.high === 0 ? BigInt(this.low) : (BigInt(this.high) << 32n) | BigInt(this.low);
  }

  /** sint64: zigzag. */
  readSint64(field: string): bigint {
    const coded = this.readUint64(field);
    return (coded >> 1n) ^ -(coded & 1n);
  }

  /** int32 and enums: the lower 32 bits, signed. */
  readInt32(field: string): number {
    this.readVarint(field);
    return this.low | 0;
  }

  readUint32(field: string): number {
    this.readVarint(field);
    return this.low;
  }

  /** sint32: zigzag of the lower 32 bits. */
  readSint32(field: string): number {
    this.readVarint(field);
    return (this.low >>> 1) ^ -(this.low & 1);
  }

  readBool(field: string): boolean {
    this.readVarint(field);
    return this.low !== 0 || this.high !== 0;
  }

  /**
   * Having read `tag`, turn all fields of that tag that follow one another from here into text at once, so that {@link readString} only
   * cuts pieces out of it: one call of the platform's decoder instead of twenty for the labels of a series. Does nothing for bytes that are
   * not all ASCII.
   */
  prefetchText(tag: number): void {
    const start = this.#position;
    const limit = Math.min(this.#end, start + MAX_PREFETCH_BYTES);
    let end = start;
    for (let lengthAt = start; lengthAt < limit;) {
      const fieldEnd = lengthAt + 1 + this.#view.getUint8(lengthAt);
      // A length of 128 bytes or more is not ASCII itself.
      if (fieldEnd > limit || this.#view.getUint8(lengthAt) >= 0x80) break;
      end = fieldEnd;
      if (end >= limit || this.#view.getUint8(end) !== tag) break;
      lengthAt = end + 1;
    }
    const text = decodeUtf8(this.#bytes, start, end);
    // Whatever is not ASCII takes more bytes than it gives characters.
    if (text?.length !== end - start) return;
    this.#text = text;
    this.#textStart = start;
  }

  readString(field: string): string {
    const length = this.#readLength(field);
    const start = this.#position;
    const textAt = start - this.#textStart;
    if (textAt + length <= this.#text.length) {
      this.#position = start + length;
      return this.#text.substring(textAt, textAt + length);
    }
    const text = decodeUtf8(this.#bytes, start, start + length);
    if (text === undefined) throw new CodecError('malformed', `${field}: not well-formed UTF-8`, start);
    this.#position = start + length;
    return text;
  }

  /** A copy of the bytes of a `bytes` field, so that the answer does not keep the whole message alive. */
  readBytes(field: string): Uint8Array {
    const length = this.#readLength(field);
    const start = this.#position;
    this.#position = start + length;
    return this.#bytes.slice(start, start + length);
  }

  /**
   * Skip a field that the caller did not take.
   *
   * @throws CodecError `malformed` if it is a field of the message after all, sent with another wire type, or a group
   */
  skip(tag: number, message: MessageShape): void {
    const wireType = tag & 7;
    const known = message.fields[tag >>> 3];
    if (known !== undefined) {
      throw new CodecError('malformed', `${message.name}.${known}: wire type ${wireType} is not this field's`, this.#position);
    }
    const field = `${message.name} field ${tag >>> 3}`;
    if (wireType === WIRE_VARINT) this.readVarint(field);
    else if (wireType === WIRE_BYTES) this.skipBytes(this.#readLength(field), field);
    else if (wireType === WIRE_FIXED64) this.skipBytes(8, field);
    else if (wireType === WIRE_FIXED32) this.skipBytes(4, field);
    else throw new CodecError('malformed', `${field}: wire type ${wireType} is not allowed`, this.#position);
  }

  skipBytes(count: number, field: string): void {
    if (count > this.remaining()) throw new CodecError('truncated', `${field}: the message ends inside it`, this.#position);
    this.#position += count;
  }

  #readLength(field: string): number {
    const start = this.#position;
    this.readVarint(field);
    if (this.high !== 0 || this.low > this.remaining()) {
      const declared = ((BigInt(this.high) << 32n) | BigInt(this.low)).toString();
      throw new CodecError(
        'truncated',
        `${field}: declared length ${declared} goes past the end, ${this.remaining()} bytes are left`,
        start,
      );
    }
    return this.low;
  }
}
