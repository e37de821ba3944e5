import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameBytes } from '../src/chunked-read-response.js';
import {
  CodecError,
  createSamples,
  decodeChunkedReadFrames,
  decodeReadRequest,
  decodeReadResponse,
  decodeWriteRequest,
  decodeXorChunk,
  encodeChunkedReadFrame,
  encodeReadRequest,
  encodeReadResponse,
  encodeWriteRequest,
  encodeXorChunk,
} from '../src/index.js';
import { anyBits, anyChunkedReadResponse, anyInt64, anyReadRequest, anyTimeSeries, anyWriteRequest } from './arbitraries.js';
import { anyMutation, mutate } from './mutations.js';

/** Longest prefix of a frame: a length of 5 bytes and the checksum. */
const MAX_FRAME_PREFIX_BYTES = 9;

function messageOf(frame: Uint8Array): Uint8Array {
  const lengthBytes = frame.findIndex((byte) => byte < 0x80) + 1;
  return frame.slice(lengthBytes + 4);
}

interface Format {
  readonly title: string;
  /** Valid messages to start from. */
  readonly valid: fc.Arbitrary<Uint8Array>;
  readonly decode: (bytes: Uint8Array) => unknown;
  /** Decode and encode again. */
  readonly canonical: (bytes: Uint8Array) => Uint8Array;
}

const formats: readonly Format[] = [
  {
    title: 'decodeWriteRequest',
    valid: anyWriteRequest.map(encodeWriteRequest),
    decode: (bytes) => decodeWriteRequest(bytes),
    canonical: (bytes) => encodeWriteRequest(decodeWriteRequest(bytes)),
  },
  {
    title: 'decodeReadRequest',
    valid: anyReadRequest.map(encodeReadRequest),
    decode: (bytes) => decodeReadRequest(bytes),
    canonical: (bytes) => encodeReadRequest(decodeReadRequest(bytes)),
  },
  {
    title: 'decodeReadResponse',
    valid: fc.array(anyTimeSeries, { maxLength: 3 }).map((timeseries) => encodeReadResponse({ results: [{ timeseries }] })),
    decode: (bytes) => decodeReadResponse(bytes),
    canonical: (bytes) => encodeReadResponse(decodeReadResponse(bytes)),
  },
  {
    // A changed frame fails its checksum, so the message is changed before the frame is put around it.
    title: 'decodeChunkedReadFrames of one frame with a right checksum',
    valid: anyChunkedReadResponse.map((response) => messageOf(encodeChunkedReadFrame(response))),
    decode: (message) => decodeChunkedReadFrames(frameBytes(message)),
    canonical: (message) =>
      messageOf(encodeChunkedReadFrame(decodeChunkedReadFrames(frameBytes(message))[0] ?? { chunkedSeries: [], queryIndex: 0n })),
  },
  {
    title: 'decodeXorChunk',
    valid: fc.array(fc.tuple(anyInt64, anyBits), { maxLength: 12 }).map((pairs) => encodeXorChunk(createSamples(pairs))),
    decode: (bytes) => decodeXorChunk(bytes),
    canonical: (bytes) => encodeXorChunk(decodeXorChunk(bytes)),
  },
];

describe.each(formats)('$title', ({ valid, decode, canonical }) => {
  const check = (bytes: Uint8Array): 'decoded' | 'refused' => {
    try {
      decode(bytes);
    } catch (error) {
      // Not by expect, which would take longer than all decoding: this runs for each byte of many messages.
      if (!(error instanceof CodecError)) throw error;
      if (!(error.offset <= bytes.length + MAX_FRAME_PREFIX_BYTES))
        throw new Error('the offset lies outside of the message', { cause: error });
      return 'refused';
    }
    return 'decoded';
  };

  it('throws nothing but CodecError for valid messages that were tampered with, and what it does decode encodes to a fixed point', () => {
    const seen = { decoded: 0, refused: 0 };
    fc.assert(
      fc.property(valid, fc.array(anyMutation, { minLength: 1, maxLength: 4 }), (bytes, mutations) => {
        const broken = mutations.reduce(mutate, bytes);
        const outcome = check(broken);
        seen[outcome]++;
        if (outcome === 'decoded' && broken.length > 0) {
          const once = canonicalOrUndefined(canonical, broken);
          if (once !== undefined) expect(canonical(once)).toEqual(once);
        }
      }),
      { numRuns: 1_500 },
    );
    // Otherwise the mutations would be too mild or too wild to show anything.
    expect(Math.min(seen.decoded, seen.refused)).toBeGreaterThan((seen.decoded + seen.refused) / 100);
  });

  it('throws nothing but CodecError for random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void check(bytes)),
      { numRuns: 1_500 },
    );
  });

  it('decodes or refuses a message cut anywhere', () => {
    fc.assert(
      fc.property(valid, (bytes) => {
        for (let length = 0; length < bytes.length; length++) check(bytes.subarray(0, length));
      }),
      { numRuns: 10 },
    );
  });
});

/** A frame may decode to a message that is all defaults, which is never sent and so cannot be encoded. */
function canonicalOrUndefined(canonical: (bytes: Uint8Array) => Uint8Array, bytes: Uint8Array): Uint8Array | undefined {
  try {
    return canonical(bytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
