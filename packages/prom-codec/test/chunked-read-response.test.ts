import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { frameBytes } from '../src/chunked-read-response.js';
import { crc32c } from '../src/crc32c.js';
import {
  chunkedReadFrameBytes,
  CodecError,
  createSamples,
  decodeChunkedReadFrames,
  decodeXorChunk,
  encodeChunkedReadFrame,
  encodeSeriesChunks,
  MAX_SAMPLES_PER_CHUNK,
  splitSeriesIntoFrames,
} from '../src/index.js';
import { anyChunkedReadResponse } from './arbitraries.js';
import { hexOf, joined } from './bytes.js';

const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'ascii'));

describe('crc32c', () => {
  it.each([
    { text: '', checksum: 0 },
    { text: '123456789', checksum: 0xe3069283 },
    { text: 'a', checksum: 0xc1d04330 },
  ])('of "$text" is $checksum', ({ text, checksum }) => {
    expect(crc32c(ascii(text))).toBe(checksum);
  });
});

describe('a frame', () => {
  it('is length, checksum big-endian, bytes', () => {
    expect(hexOf(frameBytes(ascii('test1')))).toBe('0553fe1f557465737431');
  });

  it('has a length of several bytes when it needs one', () => {
    for (const length of [127, 128, 16_383, 16_384]) {
      const frame = frameBytes(new Uint8Array(length));
      expect(frame.length).toBe((length < 128 ? 1 : length < 16_384 ? 2 : 3) + 4 + length);
    }
  });

  it('is refused if it would be empty', () => {
    expect(() => encodeChunkedReadFrame({ chunkedSeries: [], queryIndex: 0n })).toThrow(RangeError);
  });

  it('is as long as said beforehand', () => {
    fc.assert(
      fc.property(anyChunkedReadResponse, (response) => {
        expect(encodeChunkedReadFrame(response).length).toBe(chunkedReadFrameBytes(response));
      }),
    );
  });

  it('comes back as it was, also among others', () => {
    fc.assert(
      fc.property(fc.array(anyChunkedReadResponse, { minLength: 1, maxLength: 3 }), (responses) => {
        expect(decodeChunkedReadFrames(joined(...responses.map(encodeChunkedReadFrame)))).toEqual(responses);
      }),
    );
  });

  it('is refused with one bit wrong in its message or checksum', () => {
    const frame = encodeChunkedReadFrame({ chunkedSeries: [{ labels: [{ name: 'a', value: 'b' }], chunks: [] }], queryIndex: 3n });
    for (let bit = 8; bit < frame.length * 8; bit++) {
      const broken = frame.slice();
      broken[bit >> 3] = (broken[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => decodeChunkedReadFrames(broken)).toThrow(/checksum/);
    }
  });

  it.each([
    { title: 'over the limit', bytes: 'ffffffff0f', code: 'too-large', message: /maxFrameBytes of 50000000/ },
    { title: 'past the end', bytes: '0a0000000000', code: 'truncated', message: /10 bytes declared, 1 are left/ },
    { title: 'without a checksum', bytes: '0100', code: 'truncated', message: /checksum/ },
    { title: 'empty', bytes: '0000000000', code: 'malformed', message: /empty/ },
  ])('is refused when it is $title', ({ bytes, code, message }) => {
    const decode = (): unknown => decodeChunkedReadFrames(Uint8Array.from(Buffer.from(bytes, 'hex')));
    expect(decode).toThrow(message);
    expect(decode).toThrow(expect.objectContaining({ name: 'CodecError', code }));
  });

  it('is refused with a CodecError, if at all, when its bytes are random', () => {
    const randomFrames = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 1, maxLength: 40 }).map(frameBytes));
    fc.assert(
      fc.property(fc.array(randomFrames, { maxLength: 3 }), (frames) => {
        try {
          decodeChunkedReadFrames(joined(...frames));
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('counts against limits over the whole body', () => {
    const frame = encodeChunkedReadFrame({
      chunkedSeries: [
        { labels: [{ name: 'a', value: 'b' }], chunks: [{ minTimeMs: 1n, maxTimeMs: 1n, encoding: 'xor', bytes: new Uint8Array(3) }] },
      ],
      queryIndex: 0n,
    });
    const body = joined(frame, frame, frame);
    for (const limit of ['maxFrames', 'maxSeries', 'maxLabels', 'maxChunks'] as const) {
      expect(decodeChunkedReadFrames(body, { [limit]: 3 })).toHaveLength(3);
      expect(() => decodeChunkedReadFrames(body, { [limit]: 2 })).toThrow(new RegExp(`number 3 is over the limit ${limit} of 2`));
    }
  });
});

describe('a streamed answer of Prometheus 2.42', () => {
  const body = readFileSync(new URL('fixtures/prom242_read_stream.bin', import.meta.url));
  const frames = decodeChunkedReadFrames(body);
  const expected = JSON.parse(readFileSync(new URL('fixtures/prom242_read_expected.json', import.meta.url), 'utf8')) as {
    readonly series: readonly { readonly labels: Record<string, string>; readonly samples: readonly (readonly [number, string])[] }[];
  };

  it('has five frames, the second series split over four of them', () => {
    expect(frames.map(({ chunkedSeries }) => chunkedSeries.map(({ labels }) => labels.find(({ name }) => name === 'i')?.value))).toEqual([
      ['1'],
      ['2'],
      ['2'],
      ['2'],
      ['2'],
    ]);
  });

  it('gives every sample bit for bit, -0.0 included, and right bounds', () => {
    const samplesBySeries = new Map<string, (readonly [number, bigint | undefined])[]>();
    for (const { labels, chunks } of frames.flatMap(({ chunkedSeries }) => chunkedSeries)) {
      const key = JSON.stringify(Object.fromEntries(labels.map(({ name, value }) => [name, value])));
      const samples = samplesBySeries.get(key) ?? [];
      samplesBySeries.set(key, samples);
      for (const { minTimeMs, maxTimeMs, encoding, bytes } of chunks) {
        expect(encoding).toBe('xor');
        const { timestampsMs, valueBits } = decodeXorChunk(bytes);
        expect([timestampsMs.at(0), timestampsMs.at(-1)]).toEqual([minTimeMs, maxTimeMs]);
        timestampsMs.forEach((timestampMs, index) => samples.push([Number(timestampMs), valueBits[index]]));
      }
    }
    expect([...samplesBySeries].map(([key, samples]) => ({ labels: JSON.parse(key) as unknown, samples }))).toEqual(
      expected.series.map(({ labels, samples }) => ({
        labels,
        samples: samples.map(([timestampMs, bits]) => [timestampMs, BigInt(bits)]),
      })),
    );
  });

  it('encodes to the same bytes', () => {
    expect(hexOf(joined(...frames.map(encodeChunkedReadFrame)))).toBe(hexOf(body));
  });
});

describe('encodeSeriesChunks', () => {
  const labels = [{ name: '__name__', value: 'up' }];
  const series = (count: number) => createSamples(Array.from({ length: count }, (_, index) => [index * 1_000 - 5_000, index / 7]));

  it('cuts a series into chunks of at most 120 samples, with the times of their first and last', () => {
    const samples = series(2 * MAX_SAMPLES_PER_CHUNK + 1);
    const { chunks } = encodeSeriesChunks(labels, samples);
    const decoded = chunks.map(({ bytes }) => decodeXorChunk(bytes));
    expect(decoded.map(({ timestampsMs }) => timestampsMs.length)).toEqual([120, 120, 1]);
    expect(decoded.flatMap(({ timestampsMs }) => [...timestampsMs])).toEqual([...samples.timestampsMs]);
    expect(decoded.flatMap(({ valueBits }) => [...valueBits])).toEqual([...samples.valueBits]);
    expect(chunks.map(({ minTimeMs, maxTimeMs }) => [minTimeMs, maxTimeMs])).toEqual(
      decoded.map(({ timestampsMs }) => [timestampsMs.at(0), timestampsMs.at(-1)]),
    );
  });

  it('gives a series without samples no chunk', () => {
    expect(encodeSeriesChunks(labels, series(0))).toEqual({ labels, chunks: [] });
  });

  it('refuses samples that do not ascend, also where two chunks meet', () => {
    const samples = series(121);
    samples.timestampsMs[120] = samples.timestampsMs[119] ?? 0n;
    expect(() => encodeSeriesChunks(labels, samples)).toThrow(/must ascend/);
  });

  it('is put into one frame while it fits, and into as few as the limit allows when not', () => {
    const whole = encodeSeriesChunks(labels, series(2_000));
    const wholeBytes = chunkedReadFrameBytes({ chunkedSeries: [whole], queryIndex: 1n });
    expect(splitSeriesIntoFrames(whole, { queryIndex: 1n, maxFrameBytes: wholeBytes })).toEqual([
      { chunkedSeries: [whole], queryIndex: 1n },
    ]);
    for (const maxFrameBytes of [wholeBytes - 1, Math.floor(wholeBytes / 3), 1]) {
      const frames = splitSeriesIntoFrames(whole, { queryIndex: 1n, maxFrameBytes });
      expect(frames.length).toBeGreaterThan(1);
      expect(frames.flatMap(({ chunkedSeries }) => chunkedSeries.flatMap(({ chunks }) => chunks))).toEqual(whole.chunks);
      for (const [index, frame] of frames.entries()) {
        const chunks = frame.chunkedSeries[0]?.chunks ?? [];
        expect(frame.chunkedSeries[0]?.labels).toEqual(labels);
        expect(chunks.length === 1 || encodeChunkedReadFrame(frame).length <= maxFrameBytes).toBe(true);
        const next = frames[index + 1]?.chunkedSeries[0]?.chunks[0];
        if (next !== undefined) {
          const fuller = { chunkedSeries: [{ labels, chunks: [...chunks, next] }], queryIndex: 1n };
          expect(chunkedReadFrameBytes(fuller)).toBeGreaterThan(maxFrameBytes);
        }
      }
    }
  });

  it('is one frame of labels alone when there are no samples', () => {
    const empty = { labels, chunks: [] };
    expect(splitSeriesIntoFrames(empty, { queryIndex: 0n, maxFrameBytes: 1 })).toEqual([{ chunkedSeries: [empty], queryIndex: 0n }]);
  });
});
