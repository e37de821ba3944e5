import type { SeededRandom } from '../differential/seeded-random.js';

/** Bytes that mean something to protobuf or snappy: lengths at their bounds, the longest varints, tags of fields that are messages. */
const MEANINGFUL: readonly (readonly number[])[] = [
  [0x00],
  [0x7f],
  [0x80],
  [0xff],
  [0x80, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
  [0x0a, 0x00],
  [0x12, 0x00],
  [0x1a, 0x00],
  [0x22, 0x00],
  [0x2a, 0x00],
  [0x0b],
  [0x0c],
  [0xed, 0xa0, 0x80],
  [0xc0, 0x80],
  [0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf0, 0x7f],
];

type Mutation = (bytes: Uint8Array, random: SeededRandom) => Uint8Array;

function joined(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

const MUTATIONS: readonly Mutation[] = [
  // One bit.
  (bytes, random) => {
    const changed = bytes.slice();
    const index = random.below(bytes.length);
    changed[index] = (changed[index] ?? 0) ^ (1 << random.below(8));
    return changed;
  },
  // One byte.
  (bytes, random) => {
    const changed = bytes.slice();
    changed[random.below(bytes.length)] = random.below(256);
    return changed;
  },
  // Cut at the end, or at the beginning.
  (bytes, random) => bytes.slice(0, random.below(bytes.length + 1)),
  (bytes, random) => bytes.slice(random.below(bytes.length + 1)),
  // A piece left out, given twice, or put elsewhere.
  (bytes, random) => {
    const [start, end] = rangeOf(bytes, random);
    return joined(bytes.subarray(0, start), bytes.subarray(end));
  },
  (bytes, random) => {
    const [start, end] = rangeOf(bytes, random);
    return joined(bytes.subarray(0, end), bytes.subarray(start));
  },
  (bytes, random) => {
    const [start, end] = rangeOf(bytes, random);
    const place = random.below(start + 1);
    return joined(bytes.subarray(0, place), bytes.subarray(start, end), bytes.subarray(place, start), bytes.subarray(end));
  },
  // Something meaningful put in, or over what is there.
  (bytes, random) => {
    const place = random.below(bytes.length + 1);
    return joined(bytes.subarray(0, place), random.pick(MEANINGFUL), bytes.subarray(place));
  },
  (bytes, random) => {
    const place = random.below(bytes.length + 1);
    const piece = random.pick(MEANINGFUL);
    return joined(bytes.subarray(0, place), piece, bytes.subarray(place + piece.length));
  },
];

function rangeOf(bytes: Uint8Array, random: SeededRandom): readonly [number, number] {
  const start = random.below(bytes.length + 1);
  return [start, Math.min(bytes.length, start + 1 + random.below(32))];
}

/** The bytes with one to four changes. */
export function mutateBytes(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  let changed = bytes;
  for (let count = 1 + random.below(4); count > 0; count--) changed = random.pick(MUTATIONS)(changed, random);
  return changed;
}

/** The same for text, in its UTF-8 form; what is no text afterwards becomes replacement characters. */
export function mutateText(text: string, random: SeededRandom): string {
  return new TextDecoder().decode(mutateBytes(new TextEncoder().encode(text), random));
}
