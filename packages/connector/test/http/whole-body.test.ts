import { describe, expect, it } from 'vitest';
import { ConnectorError } from '../../src/index.js';
import { collectBody } from '../../src/http/whole-body.js';

const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };

async function* inParts(parts: readonly Uint8Array[], onTaken: () => void = () => undefined): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    onTaken();
    yield await Promise.resolve(part);
  }
}

describe('collectBody', () => {
  it('puts the parts of a body together', async () => {
    const response = { status: 200, headers, body: inParts([Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(3)]) };
    const whole = await collectBody(response, 10_000);
    expect([...whole.body]).toEqual([1, 2, 3]);
    expect(whole).toMatchObject({ status: 200, headers });
  });

  it('takes no part after the one that is too much, and names what to narrow', async () => {
    let taken = 0;
    const parts = Array.from({ length: 100 }, () => new Uint8Array(1000));
    const response = { status: 200, headers, body: inParts(parts, () => (taken += 1)) };
    const failure = collectBody(response, 10_000);
    await expect(failure).rejects.toBeInstanceOf(ConnectorError);
    await expect(failure).rejects.toMatchObject({
      code: 'read-limit-exceeded',
      message: expect.stringMatching(/narrow the matchers or the time range/) as string,
    });
    expect(taken).toBe(11);
  });

  it('refuses a body in one piece that is too much', async () => {
    const response = { status: 200, headers, body: new Uint8Array(10_001) };
    await expect(collectBody(response, 10_000)).rejects.toMatchObject({ code: 'read-limit-exceeded' });
  });

  it('lets an answer fail that breaks off', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Uint8Array.of(1));
      throw new ConnectorError('timestream-unavailable', 'Query: 500');
    }
    await expect(collectBody({ status: 200, headers, body: broken() }, 10_000)).rejects.toMatchObject({
      code: 'timestream-unavailable',
    });
  });
});
