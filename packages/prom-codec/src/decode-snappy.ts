import { CodecError } from './codec-error.js';

export interface SnappyLimits {
  /** Longest uncompressed length to accept, in bytes. It is checked against the declared length before anything of it is allocated. */
  readonly maxBytes: number;
}

/** Stream identifier of the framed format (`framing_format.txt` of google/snappy, 4.1): chunk type 0xff, length 6, `sNaPpY`. */
const FRAMED_START = [0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59];

/**
 * No element makes more of its bytes than a copy with a 2-byte offset: 3 bytes give at most 64. So no block can be longer than 64/3 times
 * what follows its preamble, and a header that promises more is a lie that costs nothing to see.
 */
const MAX_EXPANSION = 64 / 3;

/** Short literals and copies are moved four bytes at a time, up to three of them too many; this is room for those at the very end. */
const OVERRUN_BYTES = 4;

/** How a snappy block becomes bytes: {@link decodeSnappy}, or what {@link createSnappyDecoder} makes of another implementation. */
export type SnappyDecoder = (bytes: Uint8Array, limits: SnappyLimits) => Uint8Array;

/**
 * Uncompress one snappy block (`format_description.txt` of google/snappy): a uvarint of the uncompressed length, then literals and copies.
 *
 * @throws CodecError `too-large` if the declared length is over `maxBytes`; `malformed` for the framed format, a length that these bytes
 *   cannot give, or a copy from before the start; `truncated` if the block ends inside an element or before its declared length
 */
export function decodeSnappy(bytes: Uint8Array, limits: SnappyLimits): Uint8Array {
  const { length, bodyStart } = checkedPreamble(bytes, limits);
  const output = new Uint8Array(length + OVERRUN_BYTES);
  decodeElements(bytes, bodyStart, output, length);
  return output.subarray(0, length);
}

/**
 * A decoder whose work another implementation does, a native one for instance. It is asked only for blocks whose declared length is within the
 * limit and can be true, since an implementation may allocate what a block declares. What it refuses, {@link decodeSnappy} decodes: that says why
 * in the same words.
 *
 * @param uncompress gives the bytes of one block, or throws
 */
export function createSnappyDecoder(uncompress: (block: Uint8Array) => Uint8Array): SnappyDecoder {
  return (bytes, limits) => {
    const { length } = checkedPreamble(bytes, limits);
    let output: Uint8Array;
    try {
      output = uncompress(bytes);
    } catch {
      return decodeSnappy(bytes, limits);
    }
    return output.length === length ? output : decodeSnappy(bytes, limits);
  };
}

/** The declared length, once it is known to be allowed and possible; nothing has been allocated by then. */
function checkedPreamble(bytes: Uint8Array, limits: SnappyLimits): { readonly length: number; readonly bodyStart: number } {
  if (isFramed(bytes)) {
    throw new CodecError('malformed', 'snappy: this is the framed (stream) format; remote storage uses the block format', 0);
  }
  const { length, bodyStart } = readPreamble(bytes);
  if (length > limits.maxBytes) {
    throw new CodecError('too-large', `snappy: declared length ${length} is over the limit of ${limits.maxBytes} bytes`, 0);
  }
  if (length > (bytes.length - bodyStart) * MAX_EXPANSION) {
    throw new CodecError('malformed', `snappy: ${bytes.length - bodyStart} bytes cannot hold the declared length ${length}`, 0);
  }
  return { length, bodyStart };
}

function isFramed(bytes: Uint8Array): boolean {
  return bytes.length >= FRAMED_START.length && FRAMED_START.every((byte, index) => bytes[index] === byte);
}

/** The uncompressed length is a uvarint of at most 32 bits. */
function readPreamble(bytes: Uint8Array): { readonly length: number; readonly bodyStart: number } {
  let length = 0;
  for (let index = 0; index < 5; index++) {
    const byte = bytes[index];
    if (byte === undefined) throw new CodecError('truncated', 'snappy: the block ends inside its length', index);
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) {
      if (length > 0xffffffff) throw new CodecError('malformed', `snappy: declared length ${length} is over 32 bits`, 0);
      return { length, bodyStart: index + 1 };
    }
  }
  throw new CodecError('malformed', 'snappy: the length is longer than 5 bytes', 0);
}

function decodeElements(input: Uint8Array, bodyStart: number, output: Uint8Array, outputEnd: number): void {
  const inputEnd = input.length;
  const inputView = new DataView(input.buffer, input.byteOffset, inputEnd);
  const outputView = new DataView(output.buffer);
  let position = bodyStart;
  let written = 0;
  while (position < inputEnd) {
    const elementStart = position;
    const tag = inputView.getUint8(position++);
    const kind = tag & 3;
    if (kind === 0) {
      let length = tag >>> 2;
      if (length >= 60) {
        const extra = length - 59;
        if (position + extra > inputEnd) throw new CodecError('truncated', 'snappy: the block ends inside a literal length', elementStart);
        length = littleEndian(input, position, extra);
        position += extra;
      }
      length += 1;
      if (length > inputEnd - position) {
        throw new CodecError('truncated', `snappy: a literal of ${length} bytes goes past the end`, elementStart);
      }
      if (length > outputEnd - written) throw overrun('literal', length, elementStart);
      if (length <= 64 && position + length + OVERRUN_BYTES <= inputEnd) {
        for (let index = 0; index < length; index += 4)
          outputView.setInt32(written + index, inputView.getInt32(position + index, true), true);
      } else output.set(input.subarray(position, position + length), written);
      position += length;
      written += length;
      continue;
    }
    const offsetBytes = kind === 3 ? 4 : kind;
    if (position + offsetBytes > inputEnd) throw new CodecError('truncated', 'snappy: the block ends inside a copy', elementStart);
    let offset: number;
    let length = (tag >>> 2) + 1;
    if (kind === 1) {
      offset = inputView.getUint8(position) | ((tag & 0xe0) << 3);
      length = ((tag >>> 2) & 7) + 4;
    } else offset = kind === 2 ? inputView.getUint16(position, true) : inputView.getUint32(position, true);
    position += offsetBytes;
    if (offset === 0 || offset > written) {
      throw new CodecError('malformed', `snappy: a copy from ${offset} bytes back with ${written} bytes written`, elementStart);
    }
    if (length > outputEnd - written) throw overrun('copy', length, elementStart);
    const end = written + length;
    let from = written - offset;
    if (offset >= 4) {
      for (; written < end; from += 4, written += 4) outputView.setInt32(written, outputView.getInt32(from, true), true);
      written = end;
    } else {
      // One byte after the other: a copy may overlap what it writes, which repeats a pattern.
      for (; written < end; from++, written++) outputView.setUint8(written, outputView.getUint8(from));
    }
  }
  if (written !== outputEnd) {
    throw new CodecError('truncated', `snappy: the block ends after ${written} of ${outputEnd} bytes`, inputEnd);
  }
}

function overrun(element: string, length: number, offset: number): CodecError {
  return new CodecError('malformed', `snappy: a ${element} of ${length} bytes goes past the declared length`, offset);
}

function littleEndian(bytes: Uint8Array, position: number, count: number): number {
  let number = 0;
  for (let index = count - 1; index >= 0; index--) number = number * 256 + (bytes[position + index] ?? 0);
  return number;
}
