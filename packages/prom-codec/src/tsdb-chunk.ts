import { BytesCursor } from './bytes-cursor.js';
import { CodecError } from './codec-error.js';
import { crc32c } from './crc32c.js';
import type { ChunkEncoding } from './model.js';
import { assertChecksum } from './tsdb-index.js';

/** Prometheus, tsdb/docs/format/chunks.md. */
const CHUNKS_MAGIC = 0x85bd40dd;
const CHECKSUM_BYTES = 4;
/** The longest uvarint32, and the encoding behind it. */
const MAX_HEAD_BYTES = 5 + 1;

const ENCODINGS: readonly (ChunkEncoding | undefined)[] = [undefined, 'xor', 'histogram', 'float-histogram'];

/** Bytes at the beginning of a segment, before its first chunk. */
export const SEGMENT_HEADER_BYTES = 8;

/** @throws CodecError if the bytes do not begin like a segment file of chunks */
export function assertSegmentHeader(bytes: Uint8Array): void {
  const cursor = new BytesCursor(bytes, 0, bytes.length);
  if (cursor.uint32('magic number') !== CHUNKS_MAGIC) throw new CodecError('malformed', 'segment: it does not begin like one', 0);
  const version = cursor.byte('version');
  if (version !== 1) throw new CodecError('malformed', `segment: format ${version}, only 1 is known`, 4);
}

/**
 * How many bytes a chunk takes, from its first ones (as many as {@link MAX_HEAD_BYTES}, or all that there are).
 *
 * @throws CodecError
 */
export function sizeOfStoredChunk(head: Uint8Array): number {
  const cursor = new BytesCursor(head, 0, Math.min(head.length, MAX_HEAD_BYTES));
  const length = cursor.uvarint('length of a chunk');
  return cursor.position + 1 + length + CHECKSUM_BYTES;
}

/** A chunk as it lies in a segment: length, encoding, bytes, CRC-32C over the last two. @throws CodecError */
export function decodeStoredChunk(bytes: Uint8Array): { readonly encoding: ChunkEncoding; readonly bytes: Uint8Array } {
  const cursor = new BytesCursor(bytes, 0, bytes.length);
  const length = cursor.uvarint('length of a chunk');
  const encodingAt = cursor.position;
  const number = cursor.byte('encoding of a chunk');
  const start = cursor.skip(length, 'chunk');
  cursor.skip(CHECKSUM_BYTES, 'checksum of a chunk');
  assertChecksum(bytes, encodingAt, start + length, 'chunk');
  const encoding = ENCODINGS[number];
  if (encoding === undefined) throw new CodecError('malformed', `chunk: encoding ${number} is not known`, encodingAt);
  return { encoding, bytes: bytes.subarray(start, start + length) };
}

/** Times of a series that were deleted and still lie in the block. Inclusive. */
export interface Tombstone {
  readonly reference: number;
  readonly minTimeMs: bigint;
  readonly maxTimeMs: bigint;
}

/** Prometheus, tsdb/docs/format/tombstones.md. */
const TOMBSTONES_MAGIC = 0x0130ba30;
const TOMBSTONES_HEADER_BYTES = 5;

/** @throws CodecError */
export function decodeTombstones(bytes: Uint8Array): readonly Tombstone[] {
  const end = bytes.length - CHECKSUM_BYTES;
  const cursor = new BytesCursor(bytes, 0, end);
  if (cursor.uint32('magic number') !== TOMBSTONES_MAGIC) throw new CodecError('malformed', 'tombstones: they do not begin like them', 0);
  const version = cursor.byte('version');
  if (version !== 1) throw new CodecError('malformed', `tombstones: format ${version}, only 1 is known`, 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (crc32c(bytes.subarray(TOMBSTONES_HEADER_BYTES, end)) !== view.getUint32(end)) {
    throw new CodecError('malformed', 'tombstones: the checksum is not that of their bytes', 0);
  }
  const tombstones: Tombstone[] = [];
  while (!cursor.atEnd) {
    const reference = Number(cursor.uvarint64('series of a tombstone'));
    tombstones.push({ reference, minTimeMs: cursor.varint64('begin of a tombstone'), maxTimeMs: cursor.varint64('end of a tombstone') });
  }
  return tombstones;
}
