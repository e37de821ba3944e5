import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeReadRequest,
  decodeReadResponse,
  decodeWriteRequest,
  encodeReadRequest,
  encodeReadResponse,
  encodeWriteRequest,
} from '../src/index.js';
import { anyReadRequest, anyTimeSeries, anyWriteRequest } from './arbitraries.js';
import { joined } from './bytes.js';
import { decodeByOracle, encodeByOracle, plainReadRequest, plainTimeSeries, plainWriteRequest } from './protobufjs-oracle.js';

const anyReadResponse = fc
  .array(fc.array(anyTimeSeries, { maxLength: 3 }), { maxLength: 3 })
  .map((results) => ({ results: results.map((timeseries) => ({ timeseries })) }));

describe('a write request', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(anyWriteRequest, (request) => {
        expect(decodeWriteRequest(encodeWriteRequest(request))).toEqual(request);
      }),
      {
        numRuns: 300,
      },
    );
  });

  it('is to protobufjs what it is to us, both ways', () => {
    fc.assert(
      fc.property(anyWriteRequest, fc.constantFrom('packed' as const, 'unpacked' as const), (request, scalars) => {
        const plain = plainWriteRequest(request);
        expect(decodeByOracle('WriteRequest', encodeWriteRequest(request))).toEqual(plain);
        expect(decodeWriteRequest(encodeByOracle('WriteRequest', plain, scalars))).toEqual(request);
      }),
      { numRuns: 300 },
    );
  });

  it('followed by another is one request', () => {
    fc.assert(
      fc.property(anyWriteRequest, anyWriteRequest, (first, second) => {
        expect(decodeWriteRequest(joined(encodeWriteRequest(first), encodeWriteRequest(second)))).toEqual({
          timeseries: [...first.timeseries, ...second.timeseries],
          metadata: [...first.metadata, ...second.metadata],
        });
      }),
    );
  });

  it('holds many series in columns that have grown', () => {
    const timeseries = Array.from({ length: 3_000 }, (_, series) => ({
      labels: [{ name: 'i', value: `${series}` }],
      samples: {
        timestampsMs: BigInt64Array.from({ length: series % 4 }, (__, index) => BigInt(series * 10 + index)),
        valueBits: BigUint64Array.from({ length: series % 4 }, (__, index) => BigInt(series) << BigInt(index * 16)),
      },
      exemplars: [],
      histograms: [],
    }));
    expect(decodeWriteRequest(encodeWriteRequest({ timeseries, metadata: [] }))).toEqual({ timeseries, metadata: [] });
  });

  it('is read from bytes that start in the middle of their buffer', () => {
    fc.assert(
      fc.property(anyWriteRequest, fc.nat(9), (request, offset) => {
        const encoded = encodeWriteRequest(request);
        const padded = new Uint8Array(encoded.length + offset + 5).fill(0xff);
        padded.set(encoded, offset);
        expect(decodeWriteRequest(padded.subarray(offset, offset + encoded.length))).toEqual(request);
      }),
    );
  });
});

describe('a read request', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(anyReadRequest, (request) => {
        expect(decodeReadRequest(encodeReadRequest(request))).toEqual(request);
      }),
      {
        numRuns: 300,
      },
    );
  });

  it('is to protobufjs what it is to us, both ways', () => {
    fc.assert(
      fc.property(anyReadRequest, fc.constantFrom('packed' as const, 'unpacked' as const), (request, scalars) => {
        const plain = plainReadRequest(request);
        expect(decodeByOracle('ReadRequest', encodeReadRequest(request))).toEqual(plain);
        expect(decodeReadRequest(encodeByOracle('ReadRequest', plain, scalars))).toEqual(request);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a read response', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(anyReadResponse, (response) => {
        expect(decodeReadResponse(encodeReadResponse(response))).toEqual(response);
      }),
    );
  });

  it('is to protobufjs what it is to us, both ways', () => {
    fc.assert(
      fc.property(anyReadResponse, (response) => {
        const plain = { results: response.results.map(({ timeseries }) => ({ timeseries: timeseries.map(plainTimeSeries) })) };
        expect(decodeByOracle('ReadResponse', encodeReadResponse(response))).toEqual(plain);
        expect(decodeReadResponse(encodeByOracle('ReadResponse', plain))).toEqual(response);
      }),
    );
  });

  it('keeps an empty result in its place', () => {
    const up = {
      labels: [{ name: '__name__', value: 'up' }],
      samples: { timestampsMs: BigInt64Array.of(1n), valueBits: BigUint64Array.of(0n) },
    };
    const timeseries = [{ ...up, exemplars: [], histograms: [] }];
    const response = { results: [{ timeseries: [] }, { timeseries }, { timeseries: [] }] };
    expect(decodeReadResponse(encodeReadResponse(response))).toEqual(response);
  });
});
