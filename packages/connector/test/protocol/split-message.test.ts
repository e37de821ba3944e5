import { decodeWriteRequest, encodeWriteRequest } from '@timestream-prometheus/prom-codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitMessage } from '../../src/protocol/split-message.js';
import { series } from '@timestream-prometheus/connector-testing';

const metadata = [{ type: 'counter', metricFamilyName: 'up', help: 'h', unit: '' } as const];

describe('splitMessage', () => {
  it('gives pieces that say together what the whole says, each of whole fields', () => {
    const timeseries = Array.from({ length: 300 }, (_none, index) =>
      series({ __name__: 'm', index: String(index), padding: 'x'.repeat(index) }, [1_700_000_000_000 + index, index]),
    );
    const whole = encodeWriteRequest({ timeseries, metadata });
    for (const maxBytes of [1, 100, 1000, whole.length - 1, whole.length]) {
      const pieces = [...splitMessage(whole, maxBytes)];
      const decoded = pieces.map((piece) => decodeWriteRequest(piece));
      expect(decoded.flatMap((part) => part.timeseries)).toEqual(timeseries);
      expect(decoded.flatMap((part) => part.metadata)).toEqual(metadata);
      // One field may be longer than a piece should be.
      for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(Math.max(maxBytes, 400));
    }
    expect([...splitMessage(whole, whole.length)]).toHaveLength(1);
  });

  it('gives an empty message as one piece', () => {
    expect([...splitMessage(new Uint8Array(), 10)]).toEqual([new Uint8Array()]);
  });

  it('gives every byte of anything exactly once', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (bytes, maxBytes) => {
        expect(Buffer.concat([...splitMessage(bytes, maxBytes)]).equals(bytes)).toBe(true);
      }),
    );
  });

  it('leaves a message with a fault anywhere at fault', () => {
    const whole = encodeWriteRequest({ timeseries: Array.from({ length: 20 }, () => series({ __name__: 'm' }, [1, 1])), metadata });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 60 }), (length, maxBytes) => {
        const cut = whole.subarray(0, length);
        const isFaulty = (run: () => unknown) => {
          try {
            run();
            return false;
          } catch {
            return true;
          }
        };
        const inPieces = isFaulty(() => [...splitMessage(cut, maxBytes)].map((piece) => decodeWriteRequest(piece)));
        expect(inPieces).toBe(isFaulty(() => decodeWriteRequest(cut)));
      }),
    );
  });
});
