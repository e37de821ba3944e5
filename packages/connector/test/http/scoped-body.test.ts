import { describe, expect, it } from 'vitest';
import { ConnectorError } from '../../src/index.js';
import { scopedBody } from '../../src/http/scoped-body.js';

/** Parts, one by one; `fail` throws, `wait` waits for the signal and throws its reason. */
async function* parts(texts: readonly string[], events: string[] = [], signal?: AbortSignal): AsyncIterable<Uint8Array> {
  try {
    for (const text of texts) {
      await Promise.resolve();
      if (text === 'fail') throw new Error('broken');
      if (text === 'wait') {
        await new Promise<void>((_resolve, reject) => {
          if (signal?.aborted === true) reject(signal.reason as Error);
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
        });
      }
      yield Buffer.from(text);
    }
  } finally {
    events.push('source ended');
  }
}

/** The body, and how it ended as a promise. */
function withEnd(source: AsyncIterable<Uint8Array>, signal: AbortSignal) {
  let body: AsyncIterable<Uint8Array> = source;
  const ended = new Promise<void>((resolve, reject) => {
    body = scopedBody(source, signal, (failure) => (failure === undefined ? resolve() : reject(failure)));
  });
  return { body, ended };
}

function track(...texts: readonly string[]) {
  const events: string[] = [];
  const controller = new AbortController();
  const { body, ended } = withEnd(parts(texts, events, controller.signal), controller.signal);
  ended.then(
    () => events.push('end'),
    (error: unknown) => events.push(`failed: ${(error as Error).message}`),
  );
  return { body, ended, events, controller };
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const part of body) text += Buffer.from(part).toString();
  return text;
}

describe('a body in the scope of its request', () => {
  it('hands every part on and ends once, when the reader has met the end', async () => {
    const { body, ended, events } = track('a', 'b');
    const iterator = body[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.next();
    expect(events).toEqual([]);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    await ended;
    await iterator.return?.();
    expect(events).toEqual(['source ended', 'end']);
  });

  it('fails its reader and then ends with the failure', async () => {
    const { body, ended, events } = track('a', 'fail', 'b');
    await expect(textOf(body)).rejects.toThrow('broken');
    await expect(ended).rejects.toMatchObject({ code: 'internal', cause: { message: 'broken' } });
    expect(events).toEqual(['source ended', 'failed: an unexpected error, see the log of the connector']);
    await expect(body[Symbol.asyncIterator]().next()).rejects.toThrow('broken');
  });

  it('ends its source and fails when the reader leaves early', async () => {
    const { body, ended, events } = track('a', 'b');
    for await (const part of body) {
      expect(part).toEqual(Buffer.from('a'));
      break;
    }
    await expect(ended).rejects.toMatchObject({ code: 'client-gone' });
    expect(events[0]).toBe('source ended');
  });

  it('ends when the reader leaves before the first part', async () => {
    const { body, ended } = track('a');
    await body[Symbol.asyncIterator]().return?.();
    await expect(ended).rejects.toMatchObject({ code: 'client-gone' });
  });

  it('is given up by the signal though nobody reads, and is never taken for whole afterwards', async () => {
    const { body, ended, events, controller } = track('a', 'b');
    const iterator = body[Symbol.asyncIterator]();
    await iterator.next();
    controller.abort(new ConnectorError('deadline-exceeded', 'too late'));
    await expect(ended).rejects.toThrow('too late');
    expect(events).toEqual(['source ended', 'failed: too late']);
    await expect(iterator.next()).rejects.toThrow('too late');
    await expect(iterator.next()).rejects.toThrow('too late');
  });

  it('is given up by the signal while its reader waits for a part', async () => {
    const { body, ended, controller } = track('wait');
    const reading = body[Symbol.asyncIterator]().next();
    controller.abort(new ConnectorError('deadline-exceeded', 'too late'));
    await expect(reading).rejects.toThrow('too late');
    await expect(ended).rejects.toThrow('too late');
  });

  it('fails when the signal was aborted before', async () => {
    const { body, ended } = withEnd(parts(['a']), AbortSignal.abort());
    await expect(textOf(body)).rejects.toMatchObject({ code: 'client-gone' });
    await expect(ended).rejects.toMatchObject({ code: 'client-gone' });
  });
});
