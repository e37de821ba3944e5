import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { BodiesOverLimitError, createBodyReader } from '../src/body-reader.js';

function bodyOf(...chunkSizes: readonly number[]): Readable {
  return Readable.from(chunkSizes.map((size) => Buffer.alloc(size, 7)));
}

describe('createBodyReader', () => {
  it('gives a body in chunks as one', async () => {
    const hold = createBodyReader({ maxBodyBytes: 100, maxHeldBytes: 1000 });
    expect(await hold().read(bodyOf(10, 20, 30))).toEqual(Buffer.alloc(60, 7));
    expect(await hold().read(bodyOf())).toHaveLength(0);
  });

  it('keeps one byte over the limit and reads the rest to its end', async () => {
    const hold = createBodyReader({ maxBodyBytes: 100, maxHeldBytes: 1000 });
    const payload = bodyOf(60, 60, 60, 60, 60);
    const ended = new Promise((resolve) => payload.once('end', resolve));
    expect(await hold().read(payload)).toHaveLength(101);
    await ended;
  });

  it('refuses a body when all bodies together are over their limit, until others are released', async () => {
    const hold = createBodyReader({ maxBodyBytes: 100, maxHeldBytes: 150 });
    const [first, second, third] = [hold(), hold(), hold()];
    await first.read(bodyOf(100));
    await expect(second.read(bodyOf(40, 40))).rejects.toThrow(BodiesOverLimitError);
    second.release();
    first.release();
    first.release();
    expect(await third.read(bodyOf(100))).toHaveLength(100);
    await expect(hold().read(bodyOf(100))).rejects.toThrow(/over 150 bytes/);
  });

  it('holds nothing for a request that ended within its body', async () => {
    const hold = createBodyReader({ maxBodyBytes: 100, maxHeldBytes: 100 });
    for (let round = 0; round < 5; round += 1) {
      const broken = hold();
      const payload = new Readable({ read: () => undefined });
      payload.push(Buffer.alloc(90));
      const reading = broken.read(payload);
      await new Promise(setImmediate);
      payload.destroy(new Error('aborted'));
      await expect(reading).rejects.toThrow('aborted');
      broken.release();
    }
    expect(await hold().read(bodyOf(100))).toHaveLength(100);
  });
});
