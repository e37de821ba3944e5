import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodecError, createSamples, decodeXorChunk, encodeXorChunk, NORMAL_NAN_BITS, STALE_NAN_BITS } from '../src/index.js';
import { anyBits, anyInt64 } from './arbitraries.js';
import { bytesOf, hexOf } from './bytes.js';

/** A chunk that Prometheus 2.42 wrote, and the samples in it. */
const BASE_MS = 1_795_340_322_000;
const CAPTURED = '0008a093faa9c0683ff00000000000009875309bffd80035ffd603b001e14c0bc1ffff80000000000016cd2000000000000fba81c280000000000010';
const CAPTURED_SAMPLES = createSamples([
  [BASE_MS, 1],
  [BASE_MS + 15_000, 1],
  [BASE_MS + 30_000, 2.5],
  [BASE_MS + 45_003, 2.5],
  [BASE_MS + 60_000, -0],
  [BASE_MS + 160_000, STALE_NAN_BITS],
  [BASE_MS + 260_000, NORMAL_NAN_BITS],
  [BASE_MS + 270_000, Infinity],
]);

describe('a chunk captured from Prometheus', () => {
  it('is decoded to its samples bit by bit', () => {
    expect(decodeXorChunk(bytesOf(CAPTURED))).toEqual(CAPTURED_SAMPLES);
  });

  it('is what its samples encode to', () => {
    expect(hexOf(encodeXorChunk(CAPTURED_SAMPLES))).toBe(CAPTURED);
  });

  it('is truncated wherever it is cut', () => {
    const bytes = bytesOf(CAPTURED);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeXorChunk(bytes.subarray(0, length))).toThrow(expect.objectContaining({ name: 'CodecError', code: 'truncated' }));
    }
  });
});

describe('encodeXorChunk and decodeXorChunk', () => {
  it('keep any timestamps and any bits', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyInt64, anyBits), { maxLength: 40 }), (pairs) => {
        const samples = createSamples(pairs);
        expect(decodeXorChunk(encodeXorChunk(samples))).toEqual(samples);
      }),
      { numRuns: 500 },
    );
  });

  it('keep timestamps at both edges of every class of changes', () => {
    for (const bits of [14, 17, 20, 31, 32, 33, 62]) {
      for (const around of [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1)]) {
        for (const change of [around - 2n, around - 1n, around, around + 1n, around + 2n]) {
          const samples = createSamples([
            [0n, 1],
            [15_000n, 1],
            [30_000n + change, 1],
            [45_000n, 2],
          ]);
          expect(decodeXorChunk(encodeXorChunk(samples))).toEqual(samples);
        }
      }
    }
  });

  it.each([
    { change: -8_191n, bits: 16 },
    { change: -8_192n, bits: 20 },
    { change: 8_192n, bits: 16 },
    { change: 8_193n, bits: 20 },
    { change: -65_535n, bits: 20 },
    { change: -65_536n, bits: 24 },
    { change: 65_536n, bits: 20 },
    { change: 65_537n, bits: 24 },
    { change: -524_287n, bits: 24 },
    { change: -524_288n, bits: 68 },
    { change: 524_288n, bits: 24 },
    { change: 524_289n, bits: 68 },
  ])('write a change of $change ms in $bits bits', ({ change, bits }) => {
    const length = encodeXorChunk(
      createSamples([
        [0n, 1],
        [0n, 1],
        [change, 1],
      ]),
    ).length;
    // 2 bytes count, 1 byte timestamp, 8 bytes value, 1 byte distance; then 1 bit each for two unchanged values.
    expect(length).toBe(Math.ceil((12 * 8 + 1 + bits + 1) / 8));
  });

  it('encode part of a series', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyInt64, anyBits), { maxLength: 20 }), fc.nat(20), fc.nat(20), (pairs, first, second) => {
        const from = Math.min(first, second, pairs.length);
        const to = Math.min(Math.max(first, second), pairs.length);
        expect(decodeXorChunk(encodeXorChunk(createSamples(pairs), from, to))).toEqual(createSamples(pairs.slice(from, to)));
      }),
    );
  });

  it('hold up to 65,535 samples and refuse more', () => {
    const samples = createSamples(Array.from({ length: 65_536 }, (_, index) => [index * 15_000, Math.sin(index)]));
    expect(decodeXorChunk(encodeXorChunk(samples, 1)).timestampsMs).toEqual(samples.timestampsMs.subarray(1));
    expect(() => encodeXorChunk(samples)).toThrow(RangeError);
    expect(() => encodeXorChunk(samples, 5, 4)).toThrow(RangeError);
    expect(() => encodeXorChunk(samples, 0, 65_537)).toThrow(RangeError);
  });

  it('ignore what follows the last sample', () => {
    expect(decodeXorChunk(bytesOf(`${CAPTURED}00ff`))).toEqual(CAPTURED_SAMPLES);
  });
});

describe('decodeXorChunk', () => {
  // Count 2, timestamp 0, value 1.0, distance 1: then the bits of the second value.
  const twoSamples = '0002 00 3ff0000000000000 01';

  it('refuses a value in a window that was never opened', () => {
    expect(() => decodeXorChunk(bytesOf(`${twoSamples} 80 0000000000000000`))).toThrow(/before there is one/);
  });

  it('refuses a window over 64 bits', () => {
    // 11, 31 leading zeros, 34 bits.
    expect(() => decodeXorChunk(bytesOf(`${twoSamples} fff1 00000000000000000000`))).toThrow(/over 64 bits/);
  });

  it('refuses a varint over 64 bits', () => {
    expect(() => decodeXorChunk(bytesOf('0001 ffffffffffffffffff02 3ff0000000000000'))).toThrow(/over 64 bits/);
    expect(() => decodeXorChunk(bytesOf('0001 ffffffffffffffffff80 3ff0000000000000'))).toThrow(CodecError);
  });
});
