import { WIRE_BYTES, WIRE_FIXED32, WIRE_FIXED64, WIRE_VARINT } from './protobuf-reader.js';

/** The field of a message that holds a series, by the version of remote write. */
const SERIES_FIELDS = { '1.0': 1, '2.0': 5 } as const;

/** Of a series: its samples, histograms and exemplars, in whichever order the versions number them. */
const FIRST_ENTRY_FIELD = 2;
const LAST_ENTRY_FIELD = 4;

/**
 * How many samples, histograms and exemplars a remote write message has, without reading any of them: a small part of the work that decoding is. Of a malformed one, those before its
 * fault, which is for the decoder to name.
 */
export function countEntries(bytes: Uint8Array, version: keyof typeof SERIES_FIELDS): number {
  const walker = new FieldWalker(bytes);
  let count = 0;
  while (walker.next(bytes.length)) {
    if (walker.wireType !== WIRE_BYTES || walker.field !== SERIES_FIELDS[version]) continue;
    const seriesEnd = walker.end;
    count += countInSeries(walker, seriesEnd);
    if (walker.end < seriesEnd) break;
  }
  return count;
}

/** Of the series that the walker stands on. */
function countInSeries(walker: FieldWalker, seriesEnd: number): number {
  let count = 0;
  walker.end = walker.contentStart;
  while (walker.next(seriesEnd)) {
    if (walker.wireType === WIRE_BYTES && walker.field >= FIRST_ENTRY_FIELD && walker.field <= LAST_ENTRY_FIELD) count += 1;
  }
  return count;
}

/** Goes from field to field. */
class FieldWalker {
  field = 0;
  wireType = 0;
  /** Of a field with a length: where what it holds begins. */
  contentStart = 0;
  /** Where the field ends; the next one begins there. */
  end = 0;
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** False: the message ends here, at `limit`, or is malformed from here on, and {@link end} stays. */
  next(limit: number): boolean {
    this.#position = this.end;
    if (this.#position >= limit) return false;
    const tag = this.#readVarint(limit);
    const wireType = tag & 7;
    let end: number;
    switch (wireType) {
      case WIRE_BYTES: {
        const length = this.#readVarint(limit);
        end = this.#position + length;
        break;
      }
      case WIRE_VARINT:
        this.#readVarint(limit);
        end = this.#position;
        break;
      case WIRE_FIXED64:
        end = this.#position + 8;
        break;
      case WIRE_FIXED32:
        end = this.#position + 4;
        break;
      default:
        return false;
    }
    // What is no varint is beyond every limit.
    if (!(end <= limit)) return false;
    this.field = tag >>> 3;
    this.wireType = wireType;
    this.contentStart = this.#position;
    this.end = end;
    return true;
  }

  #readVarint(limit: number): number {
    const bytes = this.#bytes;
    let value = 0;
    for (let scale = 1, count = 0; this.#position < limit && count < 10; scale *= 128, count += 1) {
      const byte = bytes[this.#position++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    this.#position = Infinity;
    return Infinity;
  }
}
