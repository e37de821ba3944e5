import { ConnectorError } from '@timestream-prometheus/connector';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recogniseEvent } from '../src/event-kinds.js';
import { maxBodyBytesOf, responseFromError, wholeResponseFrom } from '../src/whole-response.js';
import { eventShapes } from './events.js';

const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };

async function* inParts(parts: readonly Uint8Array[], onTaken: () => void = () => undefined): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    onTaken();
    yield await Promise.resolve(part);
  }
}

describe('wholeResponseFrom', () => {
  it('puts the parts of a body together', async () => {
    const response = { status: 200, headers, body: inParts([Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(3)]) };
    const whole = await wholeResponseFrom(response, 10_000);
    expect([...whole.body]).toEqual([1, 2, 3]);
    expect(whole).toMatchObject({ status: 200, headers });
  });

  it('takes no part after the one that is too much, and names what to narrow', async () => {
    let taken = 0;
    const parts = Array.from({ length: 100 }, () => new Uint8Array(1000));
    const response = { status: 200, headers, body: inParts(parts, () => (taken += 1)) };
    const failure = wholeResponseFrom(response, 10_000);
    await expect(failure).rejects.toBeInstanceOf(ConnectorError);
    await expect(failure).rejects.toMatchObject({
      code: 'read-limit-exceeded',
      message: expect.stringMatching(/narrow the matchers or the time range/) as string,
    });
    expect(taken).toBeLessThan(10);
  });

  it('refuses a body in one piece that is too much', async () => {
    const response = { status: 200, headers, body: new Uint8Array(10_000) };
    await expect(wholeResponseFrom(response, 10_000)).rejects.toMatchObject({ code: 'read-limit-exceeded' });
  });

  it('lets an answer fail that breaks off', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Uint8Array.of(1));
      throw new ConnectorError('timestream-unavailable', 'Query: 500');
    }
    await expect(wholeResponseFrom({ status: 200, headers, body: broken() }, 10_000)).rejects.toMatchObject({
      code: 'timestream-unavailable',
    });
  });
});

describe('maxBodyBytesOf', () => {
  it.each(eventShapes)('keeps every result within what the integration takes ($name)', (shape) => {
    const event = recogniseEvent(shape.event({ method: 'POST', path: '/read', headers: [['a', 'b']], body: Uint8Array.of(1) }));
    const anyHeaders = fc.dictionary(fc.stringMatching(/^[a-z-]{1,20}$/), fc.string({ maxLength: 40, unit: 'grapheme' }), { maxKeys: 5 });
    fc.assert(
      fc.property(anyHeaders, fc.integer({ min: 2000, max: 20_000 }), (given, maxResultBytes) => {
        const body = new Uint8Array(maxBodyBytesOf(maxResultBytes, given)).fill(0xff);
        const result = event?.result({ status: 200, headers: given, body });
        expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThanOrEqual(maxResultBytes);
      }),
      { numRuns: 50 },
    );
  });

  it('leaves more than 4.4 MB of the 6 MB of Lambda', () => {
    expect(maxBodyBytesOf(6 * 1024 * 1024, headers)).toBeGreaterThan(4_400_000);
  });
});

describe('responseFromError', () => {
  it('asks for another try where one may succeed', () => {
    const response = responseFromError(new ConnectorError('deadline-exceeded', 'too slow'));
    expect(response).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(Buffer.from(response.body).toString('utf8')).toBe('deadline-exceeded: too slow\n');
  });

  it('does not where none will', () => {
    const response = responseFromError(new ConnectorError('read-limit-exceeded', 'too much'));
    expect(response.status).toBe(400);
    expect(response.headers).not.toHaveProperty('retry-after');
  });
});
