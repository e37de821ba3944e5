import { CodecError } from './codec-error.js';
import { crc32c } from './crc32c.js';
import type { Label } from './model.js';
import { decodeUtf8 } from './text-codec.js';
import { BytesCursor } from './bytes-cursor.js';

/** A chunk of a series in a block: where it lies, and which times it covers. */
export interface BlockChunk {
  /** Milliseconds since the Unix epoch, inclusive. */
  readonly minTimeMs: bigint;
  readonly maxTimeMs: bigint;
  /** The number of the segment file, from 0, and the place in it. */
  readonly segment: number;
  readonly offset: number;
}

export interface BlockSeries {
  /** The reference that tombstones use: the place in the index, in units of 16 bytes. */
  readonly reference: number;
  /** Sorted by name. */
  readonly labels: readonly Label[];
  readonly chunks: readonly BlockChunk[];
  /** Where the next entry may begin. */
  readonly end: number;
}

/** Prometheus, tsdb/docs/format/index.md. */
const INDEX_MAGIC = 0xbaaad700;
const HEADER_BYTES = 5;
const TOC_BYTES = 6 * 8 + 4;
const CHECKSUM_BYTES = 4;
const SERIES_ALIGNMENT = 16;

/**
 * The index of a TSDB block of Prometheus, format 2 (tsdb/docs/format/index.md): its series one after the other, in the order of their
 * labels. Postings and label indices are not needed for that and not read.
 */
export class TsdbIndex {
  readonly #bytes: Uint8Array;
  readonly #symbols: readonly string[];
  /** Where the series begin and end. */
  readonly seriesStart: number;
  readonly seriesEnd: number;

  /** @throws CodecError */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    const head = new BytesCursor(bytes, 0, bytes.length);
    if (bytes.length < HEADER_BYTES + TOC_BYTES) throw new CodecError('truncated', 'index: it is shorter than an empty one', bytes.length);
    if (head.uint32('magic number') !== INDEX_MAGIC) throw new CodecError('malformed', 'index: it does not begin like one', 0);
    const version = head.byte('version');
    if (version !== 2) throw new CodecError('malformed', `index: format ${version}, only 2 is known (Prometheus 2.0 and later)`, 4);
    const tocStart = bytes.length - TOC_BYTES;
    const toc = new BytesCursor(bytes, tocStart, bytes.length);
    assertChecksum(bytes, tocStart, bytes.length - CHECKSUM_BYTES, 'table of contents');
    const symbolsStart = toc.uint64('place of the symbols');
    this.seriesStart = toc.uint64('place of the series');
    this.seriesEnd = toc.uint64('place of the label indices');
    if (this.seriesStart > this.seriesEnd || this.seriesEnd > tocStart) {
      throw new CodecError('malformed', 'index: the table of contents points outside of the file', tocStart);
    }
    this.#symbols = readSymbols(bytes, symbolsStart);
  }

  /**
   * The series at or behind a place; undefined at the end. The place behind a broken entry is not known, so nothing can be read behind it.
   *
   * @throws CodecError
   */
  seriesAt(place: number): BlockSeries | undefined {
    let start = alignUp(Math.max(place, this.seriesStart));
    // Nothing but zeros fills the space between two entries, and an entry is never empty.
    while (start < this.seriesEnd && this.#bytes[start] === 0) start += SERIES_ALIGNMENT;
    if (start >= this.seriesEnd) return undefined;
    const outer = new BytesCursor(this.#bytes, start, this.seriesEnd);
    const length = outer.uvarint('length of a series');
    const bodyStart = outer.position;
    const bodyEnd = bodyStart + length;
    if (bodyEnd + CHECKSUM_BYTES > this.seriesEnd) throw new CodecError('truncated', 'index: a series ends behind the series', start);
    assertChecksum(this.#bytes, bodyStart, bodyEnd, 'series');
    const cursor = new BytesCursor(this.#bytes, bodyStart, bodyEnd);
    const labels: Label[] = [];
    const labelCount = cursor.uvarint('number of labels');
    for (let index = 0; index < labelCount; index += 1) {
      const name = this.#symbol(cursor.uvarint('name of a label'), start);
      labels.push({ name, value: this.#symbol(cursor.uvarint('value of a label'), start) });
    }
    return {
      reference: start / SERIES_ALIGNMENT,
      labels,
      chunks: readChunkPlaces(cursor),
      end: bodyEnd + CHECKSUM_BYTES,
    };
  }

  #symbol(reference: number, place: number): string {
    const symbol = this.#symbols[reference];
    if (symbol === undefined)
      throw new CodecError('malformed', `index: a series refers to symbol ${reference} of ${this.#symbols.length}`, place);
    return symbol;
  }
}

function readSymbols(bytes: Uint8Array, start: number): readonly string[] {
  const cursor = new BytesCursor(bytes, start, bytes.length);
  const length = cursor.uint32('length of the symbols');
  const bodyStart = cursor.position;
  const bodyEnd = bodyStart + length;
  if (bodyEnd + CHECKSUM_BYTES > bytes.length) throw new CodecError('truncated', 'index: the symbols end behind the file', start);
  assertChecksum(bytes, bodyStart, bodyEnd, 'symbols');
  const symbols = new BytesCursor(bytes, bodyStart, bodyEnd);
  const count = symbols.uint32('number of symbols');
  const texts: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const size = symbols.uvarint('length of a symbol');
    const textStart = symbols.skip(size, 'symbol');
    const text = decodeUtf8(bytes, textStart, textStart + size);
    if (text === undefined) throw new CodecError('malformed', 'index: a symbol is no UTF-8', textStart);
    texts.push(text);
  }
  return texts;
}

/** Times and places are given as differences from the chunk before (index.md, Series). */
function readChunkPlaces(cursor: BytesCursor): BlockChunk[] {
  const chunks: BlockChunk[] = [];
  const count = cursor.uvarint('number of chunks');
  let reference = 0n;
  let time = 0n;
  for (let index = 0; index < count; index += 1) {
    const isFirst = index === 0;
    const minTimeMs = isFirst ? cursor.varint64('begin of a chunk') : time + cursor.uvarint64('begin of a chunk');
    const maxTimeMs = minTimeMs + cursor.uvarint64('end of a chunk');
    reference += isFirst ? cursor.uvarint64('place of a chunk') : cursor.varint64('place of a chunk');
    chunks.push({ minTimeMs, maxTimeMs, segment: Number(reference >> 32n), offset: Number(reference & 0xffff_ffffn) });
    time = maxTimeMs;
  }
  return chunks;
}

/** @throws CodecError */
export function assertChecksum(bytes: Uint8Array, start: number, end: number, what: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (crc32c(bytes.subarray(start, end)) === view.getUint32(end)) return;
  throw new CodecError('malformed', `${what}: the checksum is not that of its bytes`, start);
}

function alignUp(place: number): number {
  return Math.ceil(place / SERIES_ALIGNMENT) * SERIES_ALIGNMENT;
}
