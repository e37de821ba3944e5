import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countEntries, decodeWriteColumns, decodeWriteColumnsV2, encodeWriteRequest, encodeWriteRequestV2 } from '../src/index.js';
import { anyWriteRequest } from './arbitraries.js';

const ofColumns = ({ timestampsMs, histograms, exemplars }: ReturnType<typeof decodeWriteColumns>) =>
  timestampsMs.length + histograms.length + exemplars.length;

describe('countEntries', () => {
  it('counts what decoding finds, in both versions', () => {
    fc.assert(
      fc.property(anyWriteRequest, (request) => {
        const first = encodeWriteRequest(request);
        const second = encodeWriteRequestV2(request);
        expect(countEntries(first, '1.0')).toBe(ofColumns(decodeWriteColumns(first)));
        expect(countEntries(second, '2.0')).toBe(ofColumns(decodeWriteColumnsV2(second)));
      }),
    );
  });

  it('ends with bytes that are no message, and counts no more than what stands before them', () => {
    fc.assert(
      fc.property(anyWriteRequest, fc.uint8Array({ maxLength: 40 }), fc.nat(), (request, bytes, place) => {
        const whole = encodeWriteRequest(request);
        const count = countEntries(whole, '1.0');
        // A length that goes past the end comes first.
        expect(countEntries(Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0x7f, ...whole), '1.0')).toBe(0);
        expect(countEntries(whole.subarray(0, place % (whole.length + 1)), '1.0')).toBeLessThanOrEqual(count);
        expect(countEntries(bytes, '1.0')).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
