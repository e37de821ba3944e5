import { lastStepOf } from './last-step-of.js';

/**
 * Longest run of input that is compressed on its own. Matches are looked for inside it only, so every offset fits in 16 bits and every
 * match can be a copy of 2 or 3 bytes.
 */
const FRAGMENT_BYTES = 65536;
/** Compressed between two steps of {@link encodeSnappyInSteps}: a few milliseconds. */
const BYTES_PER_STEP = 16 * FRAGMENT_BYTES;
const MAX_TABLE_BITS = 14;
/** The last bytes of a fragment become a literal: the search reads 4 bytes at a time and must not read past the end. */
const TAIL_BYTES = 15;
const MIN_MATCH_BYTES = 4;

/**
 * Compress to one snappy block (`format_description.txt` of google/snappy).
 *
 * @throws RangeError if there are 2^32 bytes or more, which a block cannot declare
 */
export function encodeSnappy(bytes: Uint8Array): Uint8Array {
  return lastStepOf(encodeSnappyInSteps(bytes));
}

/** The same for large inputs: it yields again and again, so that whoever drives it can let others work in between. @throws RangeError */
export function* encodeSnappyInSteps(bytes: Uint8Array): Generator<void, Uint8Array, void> {
  if (bytes.length > 0xffffffff) throw new RangeError(`snappy: a block holds at most 4294967295 bytes, these are ${bytes.length}`);
  const block = new BlockWriter(bytes);
  const table = new Uint16Array(1 << MAX_TABLE_BITS);
  for (let start = 0; start < bytes.length; start += FRAGMENT_BYTES) {
    if (start > 0 && start % BYTES_PER_STEP === 0) yield;
    encodeFragment(bytes, start, Math.min(start + FRAGMENT_BYTES, bytes.length), table, block);
  }
  return block.finish();
}

class BlockWriter {
  readonly #input: Uint8Array;
  readonly #output: Uint8Array;
  #length = 0;

  constructor(input: Uint8Array) {
    this.#input = input;
    // Bytes that do not compress cost at most their length, a literal header of 5 bytes per fragment, and the preamble. A match never costs
    // more than the bytes it stands for, but it may split a literal: 1 header byte per match of 4 bytes or more is below a sixth.
    this.#output = new Uint8Array(32 + input.length + Math.ceil(input.length / 6));
    let rest = input.length;
    while (rest >= 0x80) {
      this.#output[this.#length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#output[this.#length++] = rest;
  }

  literal(start: number, end: number): void {
    const output = this.#output;
    const last = end - start - 1;
    if (last < 60) {
      output[this.#length++] = last << 2;
    } else if (last < 0x100) {
      output[this.#length++] = 60 << 2;
      output[this.#length++] = last;
    } else {
      output[this.#length++] = 61 << 2;
      output[this.#length++] = last;
      output[this.#length++] = last >>> 8;
    }
    if (last < 48) {
      for (let index = start; index < end; index++) output[this.#length++] = this.#input[index] ?? 0;
    } else {
      output.set(this.#input.subarray(start, end), this.#length);
      this.#length += end - start;
    }
  }

  copy(offset: number, length: number): void {
    let rest = length;
    // A copy holds at most 64 bytes; stop so that what remains is never shorter than the 4 bytes a short copy needs.
    while (rest >= 68) {
      this.#longCopy(offset, 64);
      rest -= 64;
    }
    if (rest > 64) {
      this.#longCopy(offset, 60);
      rest -= 60;
    }
    if (rest >= 12 || offset >= 2048) {
      this.#longCopy(offset, rest);
    } else {
      this.#output[this.#length++] = ((offset >>> 8) << 5) | ((rest - 4) << 2) | 1;
      this.#output[this.#length++] = offset;
    }
  }

  #longCopy(offset: number, length: number): void {
    this.#output[this.#length++] = ((length - 1) << 2) | 2;
    this.#output[this.#length++] = offset;
    this.#output[this.#length++] = offset >>> 8;
  }

  finish(): Uint8Array {
    return this.#output.slice(0, this.#length);
  }
}

/**
 * Greedy search with one candidate per hash, as snappy does: look up the 4 bytes at hand, emit what lies before a match as a literal, and
 * stride further the longer nothing is found.
 */
function encodeFragment(input: Uint8Array, start: number, end: number, table: Uint16Array, block: BlockWriter): void {
  let literalStart = start;
  if (end - start > TAIL_BYTES) {
    const tableBits = tableBitsFor(end - start);
    const shift = 32 - tableBits;
    table.fill(0, 0, 1 << tableBits);
    const searchEnd = end - TAIL_BYTES;
    let position = start + 1;
    let misses = 32;
    while (position < searchEnd) {
      const word = loadWord(input, position);
      const slot = Math.imul(word, 0x1e35a7bd) >>> shift;
      const candidate = start + (table[slot] ?? 0);
      table[slot] = position - start;
      // An empty slot names the start of the fragment, which is a candidate as good as any: the bytes are compared.
      if (candidate >= position || loadWord(input, candidate) !== word) {
        position += misses++ >>> 5;
        continue;
      }
      if (position > literalStart) block.literal(literalStart, position);
      let matchEnd = position + MIN_MATCH_BYTES;
      for (let from = candidate + MIN_MATCH_BYTES; matchEnd < end && input[from] === input[matchEnd]; from++) matchEnd++;
      block.copy(position - candidate, matchEnd - position);
      // The next match often starts one byte before this one's end.
      if (matchEnd < searchEnd) table[Math.imul(loadWord(input, matchEnd - 1), 0x1e35a7bd) >>> shift] = matchEnd - 1 - start;
      literalStart = position = matchEnd;
      misses = 32;
    }
  }
  if (literalStart < end) block.literal(literalStart, end);
}

/** Small inputs get a small table: clearing it is most of their cost. */
function tableBitsFor(length: number): number {
  let bits = 8;
  while (bits < MAX_TABLE_BITS && 1 << bits < length) bits++;
  return bits;
}

function loadWord(bytes: Uint8Array, position: number): number {
  return (
    (bytes[position] ?? 0) | ((bytes[position + 1] ?? 0) << 8) | ((bytes[position + 2] ?? 0) << 16) | ((bytes[position + 3] ?? 0) << 24)
  );
}
