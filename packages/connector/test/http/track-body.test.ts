import { describe, expect, it } from 'vitest';
import { trackBody } from '../../src/http/track-body.js';

async function* parts(...texts: readonly string[]): AsyncIterable<Uint8Array> {
  for (const text of texts) {
    await Promise.resolve();
    if (text === 'fail') throw new Error('broken');
    yield Buffer.from(text);
  }
}

function track(body: AsyncIterable<Uint8Array>) {
  const events: string[] = [];
  const tracked = trackBody(
    body,
    () => events.push('end'),
    (error) => events.push(`failed: ${(error as Error).message}`),
  );
  return { tracked, events };
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const part of body) text += Buffer.from(part).toString();
  return text;
}

describe('trackBody', () => {
  it('hands every part on and tells of the end once', async () => {
    const { tracked, events } = track(parts('a', 'b'));
    expect(await textOf(tracked)).toBe('ab');
    expect(events).toEqual(['end']);
  });

  it('tells of a failure and then of the end, and fails the reader', async () => {
    const { tracked, events } = track(parts('a', 'fail'));
    await expect(textOf(tracked)).rejects.toThrow('broken');
    expect(events).toEqual(['failed: broken', 'end']);
  });

  it('tells of the end when the reader leaves early, and ends the source', async () => {
    let isSourceEnded = false;
    async function* source() {
      try {
        yield* parts('a', 'b');
      } finally {
        isSourceEnded = true;
      }
    }
    const { tracked, events } = track(source());
    for await (const part of tracked) {
      expect(part).toEqual(Buffer.from('a'));
      break;
    }
    expect(events).toEqual(['end']);
    expect(isSourceEnded).toBe(true);
  });

  it('tells of the end when the reader leaves before the first part', async () => {
    const { tracked, events } = track(parts('a'));
    await tracked[Symbol.asyncIterator]().return?.();
    expect(events).toEqual(['end']);
  });
});
