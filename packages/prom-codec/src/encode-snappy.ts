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
  // Bytes that do not compress cost at most their length, a literal header of 5 bytes per fragment, and the preamble. A match never costs
  // more than the bytes it stands for, but it may split a literal: 1 header byte per match of 4 bytes or more is below a sixth.
  const output = new Uint8Array(32 + bytes.length + Math.ceil(bytes.length / 6));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const table = new Uint16Array(1 << MAX_TABLE_BITS);
  let length = writePreamble(output, bytes.length);
  for (let start = 0; start < bytes.length; start += FRAGMENT_BYTES) {
    if (start > 0 && start % BYTES_PER_STEP === 0) yield;
    length = encodeFragment(bytes, view, start, Math.min(start + FRAGMENT_BYTES, bytes.length), table, output, length);
  }
  return output.slice(0, length);
}

/** The functions below write at `at` and return where the output ends then: a field for it would be read and written for every byte. */
function writePreamble(output: Uint8Array, inputLength: number): number {
  let at = 0;
  let rest = inputLength;
  while (rest >= 0x80) {
    output[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  output[at++] = rest;
  return at;
}

function writeLiteral(output: Uint8Array, at: number, input: Uint8Array, start: number, end: number): number {
  const last = end - start - 1;
  let to = at;
  if (last < 60) output[to++] = last << 2;
  else if (last < 0x100) {
    output[to++] = 60 << 2;
    output[to++] = last;
  } else {
    output[to++] = 61 << 2;
    output[to++] = last;
    output[to++] = last >>> 8;
  }
  if (last < 48) {
    for (let from = start; from < end; from++) output[to++] = input[from] ?? 0;
    return to;
  }
  output.set(input.subarray(start, end), to);
  return to + end - start;
}

function writeCopy(output: Uint8Array, at: number, offset: number, length: number): number {
  let to = at;
  let rest = length;
  // A copy holds at most 64 bytes; stop so that what remains is never shorter than the 4 bytes a short copy needs.
  for (; rest >= 68; rest -= 64) to = writeLongCopy(output, to, offset, 64);
  if (rest > 64) {
    to = writeLongCopy(output, to, offset, 60);
    rest -= 60;
  }
  if (rest >= 12 || offset >= 2048) return writeLongCopy(output, to, offset, rest);
  output[to++] = ((offset >>> 8) << 5) | ((rest - 4) << 2) | 1;
  output[to++] = offset;
  return to;
}

function writeLongCopy(output: Uint8Array, at: number, offset: number, length: number): number {
  output[at] = ((length - 1) << 2) | 2;
  output[at + 1] = offset;
  output[at + 2] = offset >>> 8;
  return at + 3;
}

/**
 * Greedy search with one candidate per hash, as snappy does: look up the 4 bytes at hand, emit what lies before a match as a literal, and
 * stride further the longer nothing is found.
 *
 * @param view of the input
 */
function encodeFragment(
  input: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  table: Uint16Array,
  output: Uint8Array,
  at: number,
): number {
  let to = at;
  let literalStart = start;
  if (end - start > TAIL_BYTES) {
    const tableBits = tableBitsFor(end - start);
    const shift = 32 - tableBits;
    table.fill(0, 0, 1 << tableBits);
    const searchEnd = end - TAIL_BYTES;
    let position = start + 1;
    let misses = 32;
    while (position < searchEnd) {
      const word = view.getInt32(position, true);
      const slot = Math.imul(word, 0x1e35a7bd) >>> shift;
      const candidate = start + (table[slot] ?? 0);
      table[slot] = position - start;
      // An empty slot names the start of the fragment, which is a candidate as good as any: the bytes are compared.
      if (candidate >= position || view.getInt32(candidate, true) !== word) {
        position += misses++ >>> 5;
        continue;
      }
      if (position > literalStart) to = writeLiteral(output, to, input, literalStart, position);
      let matchEnd = position + MIN_MATCH_BYTES;
      for (let from = candidate + MIN_MATCH_BYTES; matchEnd < end && input[from] === input[matchEnd]; from++) matchEnd++;
      to = writeCopy(output, to, position - candidate, matchEnd - position);
      // The next match often starts one byte before this one's end.
      if (matchEnd < searchEnd) table[Math.imul(view.getInt32(matchEnd - 1, true), 0x1e35a7bd) >>> shift] = matchEnd - 1 - start;
      literalStart = position = matchEnd;
      misses = 32;
    }
  }
  return literalStart < end ? writeLiteral(output, to, input, literalStart, end) : to;
}

/** Small inputs get a small table: clearing it is most of their cost. */
function tableBitsFor(length: number): number {
  let bits = 8;
  while (bits < MAX_TABLE_BITS && 1 << bits < length) bits++;
  return bits;
}
