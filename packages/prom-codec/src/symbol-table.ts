import { copyBytes } from './hash-bytes.js';
import { type LabelSet, type LabelSetCache, UNKNOWN_SYMBOL } from './label-set-cache.js';
import { assertWithin } from './limits.js';
import type { Label } from './model.js';
import { varintSize } from './protobuf-writer.js';
import { decodeUtf8 } from './text-codec.js';

/** The symbols of one remote write 2.0 request: each is text at most once, and only if something refers to it. */
export class SymbolTable {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #labelSetCache: LabelSetCache;
  readonly #maxLabelBytes: number;
  /** Start and end of each symbol. */
  #places = new Uint32Array(2 * 256);
  #size = 0;
  readonly #texts: (string | undefined)[] = [];
  /** What the cache of label sets calls each symbol; 0 before it was asked. Made when all symbols are there. */
  #numbers: Float64Array | undefined;
  /** Those of the symbols at hand, and whether the cache knows all of them. */
  #seriesNumbers = new Float64Array(256);
  #areKnown = false;
  /** The labels of the series at hand as remote write 1.0 would have them: so both versions meet in one cache. */
  #canonical = new DataView(new ArrayBuffer(4096));
  #labelBytes = 0;

  constructor(bytes: Uint8Array, labelSetCache: LabelSetCache, limits: { readonly maxLabelBytes: number }) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#labelSetCache = labelSetCache;
    this.#maxLabelBytes = limits.maxLabelBytes;
  }

  get size(): number {
    return this.#size;
  }

  add(start: number, end: number): void {
    if (2 * this.#size === this.#places.length) {
      const grown = new Uint32Array(2 * this.#places.length);
      grown.set(this.#places);
      this.#places = grown;
    }
    this.#places[2 * this.#size] = start;
    this.#places[2 * this.#size + 1] = end;
    this.#size++;
  }

  /** Undefined if the symbol is not well-formed UTF-8. */
  textOf(ref: number): string | undefined {
    const known = this.#texts[ref];
    if (known !== undefined) return known;
    const text = decodeUtf8(this.#bytes, this.#startOf(ref), this.#endOf(ref));
    this.#texts[ref] = text;
    return text;
  }

  /** The first of the first `refCount` references that is none to a symbol. If there is none, {@link labelSetOf} can be asked for them. */
  findOutside(refs: Uint32Array, refCount: number): number | undefined {
    const size = this.#size;
    const numbers = (this.#numbers ??= new Float64Array(size));
    if (refCount > this.#seriesNumbers.length) this.#seriesNumbers = new Float64Array(2 * refCount);
    const seriesNumbers = this.#seriesNumbers;
    let areKnown = true;
    for (let index = 0; index < refCount; index++) {
      const ref = refs[index] ?? 0;
      if (ref >= size) return ref;
      let number = numbers[ref] ?? 0;
      if (number === 0) {
        number = this.#labelSetCache.symbolNumber(this.#view, this.#startOf(ref), this.#endOf(ref));
        numbers[ref] = number;
      }
      if (number === UNKNOWN_SYMBOL) areKnown = false;
      seriesNumbers[index] = number;
    }
    this.#areKnown = areKnown;
    return undefined;
  }

  /**
   * The labels of the first `refCount` references, which are pairs and were asked of {@link findOutside} last; undefined if a symbol is not well-formed UTF-8.
   *
   * @throws CodecError `too-large`: a few symbols can stand for any amount of labels, so what they come to is counted
   */
  labelSetOf(refs: Uint32Array, refCount: number, position: number): LabelSet | undefined {
    const cache = this.#labelSetCache;
    const expected = this.#areKnown ? cache.findBySymbols(this.#seriesNumbers, refCount) : undefined;
    if (expected !== undefined) {
      this.#countLabelBytes(expected.symbolBytes, position);
      return expected;
    }
    const before = this.#labelBytes;
    const length = this.#writeCanonical(refs, refCount, position);
    const symbolBytes = this.#labelBytes - before;
    const found = cache.find(this.#canonical, 0, length);
    if (found !== undefined) {
      if (this.#areKnown) cache.noteSymbols(found, this.#seriesNumbers, refCount, symbolBytes);
      return found;
    }
    const labels: Label[] = new Array<Label>(refCount / 2);
    for (let index = 0; index < labels.length; index++) {
      const name = this.textOf(refs[2 * index] ?? 0);
      const value = this.textOf(refs[2 * index + 1] ?? 0);
      if (name === undefined || value === undefined) return undefined;
      labels[index] = { name, value };
    }
    return cache.add(this.#canonical, 0, length, labels);
  }

  #countLabelBytes(count: number, position: number): void {
    this.#labelBytes += count;
    assertWithin(this.#maxLabelBytes, 'maxLabelBytes', this.#labelBytes, 'TimeSeries.labels_refs', position);
  }

  #startOf(ref: number): number {
    return this.#places[2 * ref] ?? 0;
  }

  #endOf(ref: number): number {
    return this.#places[2 * ref + 1] ?? 0;
  }

  /** `prompb/types.proto`, TimeSeries.labels: for each label a tag, a length, and name and value, each with theirs unless it is empty. */
  #writeCanonical(refs: Uint32Array, refCount: number, position: number): number {
    let total = 0;
    for (let index = 0; index < refCount; index++) {
      const ref = refs[index] ?? 0;
      total += 12 + this.#endOf(ref) - this.#startOf(ref);
    }
    this.#countLabelBytes(total, position);
    if (total > this.#canonical.byteLength) this.#canonical = new DataView(new ArrayBuffer(2 * total));
    const out = this.#canonical;
    let at = 0;
    for (let index = 0; index < refCount; index += 2) {
      const name = refs[index] ?? 0;
      const value = refs[index + 1] ?? 0;
      out.setUint8(at, 0x0a);
      at = writeVarint(out, at + 1, this.#fieldSize(name) + this.#fieldSize(value));
      at = this.#writeField(0x0a, name, at);
      at = this.#writeField(0x12, value, at);
    }
    return at;
  }

  #fieldSize(ref: number): number {
    const length = this.#endOf(ref) - this.#startOf(ref);
    return length === 0 ? 0 : 1 + varintSize(length) + length;
  }

  #writeField(tag: number, ref: number, at: number): number {
    const start = this.#startOf(ref);
    const length = this.#endOf(ref) - start;
    if (length === 0) return at;
    const out = this.#canonical;
    out.setUint8(at, tag);
    const textAt = writeVarint(out, at + 1, length);
    copyBytes(this.#view, start, out, textAt, length);
    return textAt + length;
  }
}

function writeVarint(view: DataView, start: number, value: number): number {
  let rest = value;
  let at = start;
  for (; rest >= 0x80; rest >>>= 7) view.setUint8(at++, (rest & 0x7f) | 0x80);
  view.setUint8(at++, rest);
  return at;
}
