import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { ConnectorResponse } from '@timestream-prometheus/connector';

/** `awslambda.HttpResponseStream.from` of the Node.js runtime: gives the stream a status and headers before its first byte. */
export type OpenHttpStream = (
  stream: Writable,
  metadata: { readonly statusCode: number; readonly headers: Readonly<Record<string, string>> },
) => Writable;

/**
 * Sends a response part by part, at the pace at which the client takes it. The first part is waited for before the status goes out, so
 * that a failure up to there can still be answered as one.
 *
 * @throws whatever the body's iteration throws; the status was sent if `openStream` was called
 */
export async function streamResponse(response: ConnectorResponse, openStream: (response: ConnectorResponse) => Writable): Promise<void> {
  const parts = partsOf(response.body);
  let part = await parts.next();
  const stream = openStream(response);
  const closing = new AbortController();
  stream.once('close', () => closing.abort());
  try {
    // The runtime sends status and headers with the first write, an empty one included; without any, a 204 would become a 200.
    await write(stream, new Uint8Array(), closing.signal);
    for (; part.done !== true; part = await parts.next()) await write(stream, part.value, closing.signal);
  } catch (error) {
    await parts.return(undefined);
    throw error;
  }
  stream.end();
  await finished(stream);
}

async function write(stream: Writable, part: Uint8Array, closed: AbortSignal): Promise<void> {
  if (stream.destroyed) throw new Error('the client closed the connection');
  // A stream that is closed never drains.
  if (!stream.write(part)) await once(stream, 'drain', { signal: closed });
}

async function* partsOf(body: ConnectorResponse['body']): AsyncGenerator<Uint8Array, undefined, undefined> {
  if (body instanceof Uint8Array) yield await Promise.resolve(body);
  else yield* body;
}
