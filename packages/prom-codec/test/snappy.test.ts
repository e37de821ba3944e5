import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import native from 'snappy';
import { describe, expect, it } from 'vitest';
import {
  CodecError,
  createSnappyDecoder,
  decodeSnappy,
  encodeSnappy,
  encodeSnappyInSteps,
  encodeReadResponse,
  encodeReadResponseInSteps,
  encodeSeriesChunks,
  encodeSeriesChunksInSteps,
  type Histogram,
  type SnappyDecoder,
} from '../src/index.js';
import { bytesOf, hexOf, joined } from './bytes.js';

const MAX_BYTES = 32 * 1024 * 1024;

const decode = (bytes: Uint8Array, maxBytes = MAX_BYTES): Uint8Array => decodeSnappy(bytes, { maxBytes });
const uncompressNative = (block: Uint8Array): Buffer =>
  native.uncompressSync(Buffer.from(block), { asBuffer: true, copyOutputData: true }) as Buffer;
const nativeDecode = (block: Uint8Array): string => hexOf(uncompressNative(block));

/** Each has to be as exact, as bounded and as clear about what is wrong as the others. */
const decoders: readonly (readonly [string, SnappyDecoder])[] = [
  ['decodeSnappy', decodeSnappy],
  ['a decoder over native snappy', createSnappyDecoder(uncompressNative)],
];

/** Bytes with runs, repeats near and far, and noise, as messages have them. */
const repetitive = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.tuple(fc.nat(255), fc.integer({ min: 1, max: 300 })).map(([byte, count]) => new Uint8Array(count).fill(byte)),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 40 }))
        .map(([word, count]) => joined(...Array.from({ length: count }, () => word))),
      fc.constantFrom('__name__', 'instance', 'http_request_duration_seconds_bucket').map((text) => Uint8Array.from(Buffer.from(text))),
    ),
    { maxLength: 30 },
  )
  .map((parts) => joined(...parts));

/** A fixed sequence of noise, so that a failure can be repeated (mulberry32). */
function noise(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) & 0xff;
  });
}

describe('encodeSnappy', () => {
  it('gives blocks that native snappy and we uncompress to the same bytes', () => {
    fc.assert(
      fc.property(repetitive, (bytes) => {
        const block = encodeSnappy(bytes);
        expect(hexOf(decode(block))).toBe(hexOf(bytes));
        expect(nativeDecode(block)).toBe(hexOf(bytes));
      }),
      { numRuns: 300 },
    );
  });

  it.each([0, 1, 14, 15, 16, 17, 59, 60, 61, 255, 256, 257, 65_535, 65_536, 65_537, 65_551, 65_552, 200_000])(
    'is right for %i bytes of noise and of zeros',
    (length) => {
      for (const bytes of [noise(length, 7), new Uint8Array(length)]) {
        const block = encodeSnappy(bytes);
        expect(Buffer.compare(decode(block), bytes)).toBe(0);
        expect(nativeDecode(block) === hexOf(bytes)).toBe(true);
      }
    },
  );

  it('costs noise next to nothing and makes repeats small', () => {
    expect(encodeSnappy(noise(100_000, 3)).length).toBeLessThan(100_100);
    expect(encodeSnappy(new Uint8Array(100_000)).length).toBeLessThan(5_000);
  });

  it('compresses a real body about as well as native snappy', () => {
    const body = decode(readFileSync(new URL('fixtures/prom242_remote_write_samples.snappy', import.meta.url)));
    expect(encodeSnappy(body).length).toBeLessThan(native.compressSync(Buffer.from(body)).length * 1.05);
  });

  it('finds matches up to the far end of a fragment', () => {
    const word = noise(64, 11);
    const bytes = joined(word, noise(65_400, 12), word);
    const block = encodeSnappy(bytes);
    expect(block.length).toBeLessThan(bytes.length);
    expect(Buffer.compare(decode(block), bytes)).toBe(0);
  });
});

describe.each(decoders)('%s', (_name, decoder) => {
  const decode = (bytes: Uint8Array, maxBytes = MAX_BYTES): Uint8Array => decoder(bytes, { maxBytes });

  it('uncompresses what native snappy compresses', () => {
    fc.assert(
      fc.property(repetitive, (bytes) => {
        expect(hexOf(decode(native.compressSync(Buffer.from(bytes))))).toBe(hexOf(bytes));
      }),
      { numRuns: 300 },
    );
    const long = joined(noise(70_000, 1), new Uint8Array(90_000), noise(70_000, 1));
    expect(Buffer.compare(decode(native.compressSync(Buffer.from(long))), long)).toBe(0);
  });

  it.each([
    { title: 'no bytes', block: '00', bytes: '' },
    { title: 'a literal', block: '03 08 616263', bytes: '616263' },
    { title: 'a literal with a length of 1 byte', block: '03 f0 02 616263', bytes: '616263' },
    { title: 'a literal with a length of 4 bytes', block: '03 fc 02000000 616263', bytes: '616263' },
    { title: 'a copy with a 1-byte offset that overlaps itself', block: '08 00 61 0d 01', bytes: '6161616161616161' },
    { title: 'a copy with a 2-byte offset', block: '06 08 616263 0a 0300', bytes: '616263616263' },
    { title: 'a copy with a 4-byte offset', block: '06 08 616263 0b 03000000', bytes: '616263616263' },
    { title: 'a length written longer than needed', block: '838000 08 616263', bytes: '616263' },
  ])('reads $title', ({ block, bytes }) => {
    expect(hexOf(decode(bytesOf(block)))).toBe(bytes);
  });

  it.each([
    { title: 'nothing', block: '', code: 'truncated', message: /inside its length/ },
    { title: 'a length that does not end', block: '8080', code: 'truncated', message: /inside its length/ },
    { title: 'a length over 5 bytes', block: '808080808001', code: 'malformed', message: /longer than 5 bytes/ },
    { title: 'a length over 32 bits', block: 'ffffffff1f', code: 'malformed', message: /over 32 bits/ },
    {
      title: 'a length these bytes cannot give',
      block: 'e807 08 616263',
      code: 'malformed',
      message: /4 bytes cannot hold the declared length 1000/,
    },
    {
      title: 'a literal past the end',
      block: '05 10 6162',
      code: 'truncated',
      message: /literal of 5 bytes goes past the end \(at byte 1\)/,
    },
    { title: 'a literal whose length is cut', block: '05 f4 61', code: 'truncated', message: /literal length/ },
    { title: 'a literal of 4 GiB', block: '05 fc ffffffff', code: 'truncated', message: /literal of 4294967296 bytes/ },
    { title: 'a literal over the declared length', block: '02 08 616263', code: 'malformed', message: /past the declared length/ },
    {
      title: 'a copy over the declared length',
      block: '04 00 61 0d 01',
      code: 'malformed',
      message: /copy of 7 bytes goes past the declared length/,
    },
    {
      title: 'a copy before the start',
      block: '06 08 616263 0a 0400',
      code: 'malformed',
      message: /from 4 bytes back with 3 bytes written \(at byte 5\)/,
    },
    { title: 'a copy of offset 0', block: '06 08 616263 0a 0000', code: 'malformed', message: /from 0 bytes back/ },
    { title: 'a copy that is cut', block: '06 08 616263 0a 03', code: 'truncated', message: /inside a copy/ },
    { title: 'less than declared', block: '06 08 616263', code: 'truncated', message: /after 3 of 6 bytes/ },
    { title: 'more than declared', block: '00 00 61', code: 'malformed', message: /past the declared length/ },
  ])('refuses $title', ({ block, code, message }) => {
    expect(() => decode(bytesOf(block))).toThrow(message);
    expect(() => decode(bytesOf(block))).toThrow(expect.objectContaining({ name: 'CodecError', code }));
  });

  it('says so when the format is the framed one', () => {
    expect(() => decode(bytesOf('ff060000734e61507059 010700000000000000616263'))).toThrow(/framed \(stream\) format/);
  });

  it('takes a length at the limit and refuses one over it, naming both', () => {
    const block = encodeSnappy(new Uint8Array(1_000));
    expect(decode(block, 1_000).length).toBe(1_000);
    expect(() => decode(block, 999)).toThrow('snappy: declared length 1000 is over the limit of 999 bytes (at byte 0)');
  });

  it('allocates nothing for a header of 5 bytes that promises 4 GiB', () => {
    const header = bytesOf('ffffffff0f');
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 100; count++) {
      expect(() => decode(header)).toThrow(/4294967295 is over the limit of 33554432 bytes/);
      expect(() => decode(header, Number.MAX_SAFE_INTEGER)).toThrow(/0 bytes cannot hold/);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });

  it('throws nothing but CodecError for blocks with flipped bits, cut off or random, and gives the declared length otherwise', () => {
    const flips = fc.array(fc.tuple(fc.nat(10_000), fc.integer({ min: 1, max: 255 })), { maxLength: 4 });
    fc.assert(
      fc.property(
        fc.oneof(repetitive.map(encodeSnappy), fc.uint8Array({ maxLength: 100 })),
        flips,
        fc.nat(10_000),
        (block, changes, cut) => {
          const broken = block.slice(0, cut % 3 === 0 ? cut % (block.length + 1) : block.length);
          for (const [at, change] of changes)
            if (broken.length > 0) broken[at % broken.length] = (broken[at % broken.length] ?? 0) ^ change;
          try {
            const bytes = decode(broken, 65_536);
            expect(bytes.length).toBeLessThanOrEqual(65_536);
            expect(nativeDecode(broken)).toBe(hexOf(bytes));
          } catch (error) {
            expect(error).toBeInstanceOf(CodecError);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('a decoder over another implementation', () => {
  it('asks it for nothing that declares more than the limit, or more than its bytes can give', () => {
    const asked: number[] = [];
    const decoder = createSnappyDecoder((block) => {
      asked.push(block.length);
      return uncompressNative(block);
    });
    expect(() => decoder(bytesOf('ffffffff0f'), { maxBytes: MAX_BYTES })).toThrow(/over the limit/);
    expect(() => decoder(bytesOf('ffffffff0f'), { maxBytes: Number.MAX_SAFE_INTEGER })).toThrow(/cannot hold/);
    expect(asked).toEqual([]);
    expect(hexOf(decoder(bytesOf('03 08 616263'), { maxBytes: 3 }))).toBe('616263');
    expect(asked).toEqual([5]);
  });

  it('believes no answer of another length than declared', () => {
    const decoder = createSnappyDecoder(() => new Uint8Array(7));
    expect(hexOf(decoder(bytesOf('03 08 616263'), { maxBytes: 3 }))).toBe('616263');
  });
});

describe('what works in steps', () => {
  it('gives the same bytes as at once, with steps in between where there is much', () => {
    const samples = {
      timestampsMs: BigInt64Array.from({ length: 20_000 }, (_, index) => BigInt(index)),
      valueBits: new BigUint64Array(20_000),
    };
    const series = { labels: [{ name: 'a', value: 'b' }], samples, exemplars: [], histograms: [] };
    const response = { results: [{ timeseries: Array.from({ length: 10 }, () => series) }] };
    const message = drive(encodeReadResponseInSteps(response));
    expect(message.steps).toBeGreaterThanOrEqual(3);
    expect(Buffer.compare(message.result, encodeReadResponse(response))).toBe(0);
    const block = drive(encodeSnappyInSteps(message.result));
    expect(block.steps).toBeGreaterThanOrEqual(1);
    expect(Buffer.compare(block.result, encodeSnappy(message.result))).toBe(0);
    expect(Buffer.compare(decode(block.result), message.result)).toBe(0);
  });

  it('has steps within one series, of samples or of histograms with many buckets', () => {
    const labels = [{ name: 'a', value: 'b' }];
    const none = { timestampsMs: new BigInt64Array(), valueBits: new BigUint64Array() };
    const samples = {
      timestampsMs: BigInt64Array.from({ length: 200_000 }, (_, index) => BigInt(index)),
      valueBits: new BigUint64Array(200_000),
    };
    const histograms = Array.from({ length: 500 }, (_, index): Histogram => {
      const integer = { kind: 'int', value: 0n } as const;
      const buckets = {
        negativeSpans: [],
        negativeDeltas: new BigInt64Array(),
        negativeCountBits: new BigUint64Array(),
        positiveSpans: [{ offset: 0, length: 400 }],
        positiveDeltas: new BigInt64Array(400),
        positiveCountBits: new BigUint64Array(),
        customValueBits: new BigUint64Array(),
      };
      const plain = { count: integer, zeroCount: integer, sumBits: 0n, schema: 0, zeroThresholdBits: 0n, resetHint: 'no' } as const;
      return { timestampMs: BigInt(index), ...plain, ...buckets };
    });
    for (const one of [
      { labels, samples, exemplars: [], histograms: [] },
      { labels, samples: none, exemplars: [], histograms },
    ]) {
      const response = { results: [{ timeseries: [one] }] };
      const message = drive(encodeReadResponseInSteps(response));
      expect(message.steps).toBeGreaterThanOrEqual(4);
      expect(Buffer.compare(message.result, encodeReadResponse(response))).toBe(0);
      const chunks = drive(encodeSeriesChunksInSteps(one.labels, one.samples, one.histograms));
      expect(chunks.steps).toBeGreaterThanOrEqual(3);
      expect(chunks.result).toEqual(encodeSeriesChunks(one.labels, one.samples, one.histograms));
    }
  });

  function drive<Result>(work: Generator<void, Result, void>): { readonly steps: number; readonly result: Result } {
    for (let steps = 0; ; steps += 1) {
      const step = work.next();
      if (step.done === true) return { steps, result: step.value };
    }
  }
});
