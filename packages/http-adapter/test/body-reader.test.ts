import { Readable } from 'node:stream';
import { BodyTooLargeError } from '@timestream-prometheus/connector';
import { describe, expect, it } from 'vitest';
import { bodyReaderOf } from '../src/body-reader.js';

function bodyOf(...chunkSizes: readonly number[]): Readable {
  return Readable.from(chunkSizes.map((size) => Buffer.alloc(size, 7)));
}

const hold = () => undefined;

describe('bodyReaderOf', () => {
  it('gives a body in chunks as one, and says of each chunk that it is kept', async () => {
    const held: number[] = [];
    expect(await bodyReaderOf(bodyOf(10, 20, 30))(60, (bytes) => held.push(bytes))).toEqual(Buffer.alloc(60, 7));
    expect(held).toEqual([10, 20, 30]);
    expect(await bodyReaderOf(bodyOf())(60, hold)).toHaveLength(0);
  });

  it('gives up a body over the limit, and reads the rest to its end without keeping it', async () => {
    const payload = bodyOf(60, 60, 60, 60, 60);
    const ended = new Promise((resolve) => payload.once('end', resolve));
    const held: number[] = [];
    await expect(bodyReaderOf(payload)(100, (bytes) => held.push(bytes))).rejects.toThrow(BodyTooLargeError);
    expect(held).toEqual([60]);
    await ended;
  });

  it('gives up a body that the connector has no room for, and reads the rest to its end', async () => {
    const payload = bodyOf(60, 60, 60);
    const ended = new Promise((resolve) => payload.once('end', resolve));
    const refuse = () => {
      throw new Error('no room');
    };
    await expect(bodyReaderOf(payload)(1000, refuse)).rejects.toThrow('no room');
    await ended;
  });

  it('fails with the stream when the client leaves within its body', async () => {
    const payload = new Readable({ read: () => undefined });
    payload.push(Buffer.alloc(90));
    const reading = bodyReaderOf(payload)(100, hold);
    await new Promise(setImmediate);
    payload.destroy(new Error('aborted'));
    await expect(reading).rejects.toThrow('aborted');
  });
});
