import type { LabelSet } from './label-set.js';

const MASK = 2n ** 64n - 1n;
const PRIME_1 = 11400714785074694791n;
const PRIME_2 = 14029467366897019727n;
const PRIME_3 = 1609587929392839161n;
const PRIME_4 = 9650029242287828579n;
const PRIME_5 = 2870177450012600261n;

/** Where in 0 to 1 the hash of a label set lies, by which `limit_ratio` picks series. */
export function ratioOffset(metric: LabelSet): number {
  return Number(xxhash64(labelBytes(metric))) / Number(MASK);
}

/** The bytes that Prometheus keeps labels in: each text after its length, which takes four bytes from 255 on. */
function labelBytes(metric: LabelSet): readonly number[] {
  const bytes: number[] = [];
  const add = (text: string): void => {
    const encoded = utf8(text);
    const size = encoded.length;
    if (size < 255) bytes.push(size);
    else bytes.push(255, size & 0xff, (size >> 8) & 0xff, (size >> 16) & 0xff);
    for (const byte of encoded) bytes.push(byte);
  };
  for (const { name, value } of metric.labels) {
    add(name);
    add(value);
  }
  return bytes;
}

function utf8(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
  }
  return bytes;
}

const rotate = (value: bigint, bits: bigint): bigint => ((value << bits) | (value >> (64n - bits))) & MASK;
const round = (state: bigint, input: bigint): bigint => (rotate((state + input * PRIME_2) & MASK, 31n) * PRIME_1) & MASK;
const mergeRound = (state: bigint, value: bigint): bigint => ((state ^ round(0n, value)) * PRIME_1 + PRIME_4) & MASK;

/** XXH64 with seed 0 (`doc/xxhash_spec.md` of xxHash). */
export function xxhash64(bytes: readonly number[]): bigint {
  let position = 0;
  const read = (width: number): bigint => {
    let value = 0n;
    for (let index = width - 1; index >= 0; index--) value = (value << 8n) | BigInt(bytes[position + index]!);
    position += width;
    return value;
  };
  let hash: bigint;
  if (bytes.length >= 32) {
    const states = [(PRIME_1 + PRIME_2) & MASK, PRIME_2, 0n, -PRIME_1 & MASK];
    while (position + 32 <= bytes.length) for (let lane = 0; lane < 4; lane++) states[lane] = round(states[lane]!, read(8));
    const [first, second, third, fourth] = states as [bigint, bigint, bigint, bigint];
    hash = (rotate(first, 1n) + rotate(second, 7n) + rotate(third, 12n) + rotate(fourth, 18n)) & MASK;
    for (const state of states) hash = mergeRound(hash, state);
  } else hash = PRIME_5;
  hash = (hash + BigInt(bytes.length)) & MASK;
  while (position + 8 <= bytes.length) hash = (rotate(hash ^ round(0n, read(8)), 27n) * PRIME_1 + PRIME_4) & MASK;
  if (position + 4 <= bytes.length) hash = (rotate(hash ^ ((read(4) * PRIME_1) & MASK), 23n) * PRIME_2 + PRIME_3) & MASK;
  while (position < bytes.length) hash = (rotate(hash ^ ((read(1) * PRIME_5) & MASK), 11n) * PRIME_1) & MASK;
  hash = ((hash ^ (hash >> 33n)) * PRIME_2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * PRIME_3) & MASK;
  return hash ^ (hash >> 32n);
}
