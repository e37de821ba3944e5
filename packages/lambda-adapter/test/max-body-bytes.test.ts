import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recogniseEvent } from '../src/event-kinds.js';
import { maxBodyBytesOf } from '../src/max-body-bytes.js';
import { eventShapes } from './events.js';

describe('maxBodyBytesOf', () => {
  it.each(eventShapes)('keeps every result within what the integration takes ($name)', (shape) => {
    const event = recogniseEvent(shape.event({ method: 'POST', path: '/read', headers: [['a', 'b']], body: Uint8Array.of(1) }));
    const anyHeaders = fc.dictionary(fc.stringMatching(/^[a-z-]{1,20}$/), fc.string({ maxLength: 40, unit: 'grapheme' }), { maxKeys: 5 });
    fc.assert(
      fc.property(anyHeaders, fc.integer({ min: 5000, max: 20_000 }), (given, maxResultBytes) => {
        const body = new Uint8Array(maxBodyBytesOf(maxResultBytes)).fill(0xff);
        const result = event?.result({ status: 200, headers: given, body });
        expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThanOrEqual(maxResultBytes);
      }),
      { numRuns: 50 },
    );
  });

  it('leaves more than 4.4 MB of the 6 MB of Lambda', () => {
    expect(maxBodyBytesOf(6 * 1024 * 1024)).toBeGreaterThan(4_400_000);
  });
});
