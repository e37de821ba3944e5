import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { ConnectorResponse } from '@timestream-prometheus/connector';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Of a body that nobody wants, this much is read before the connection is closed: a client that is still sending would not see the answer. */
const maxDiscardedBytes = 64 * 1024 * 1024;
const discardTimeoutMs = 5_000;

/**
 * Sends the connector's answer. Parts are written as they become ready and no faster than the client takes them. An answer that fails after
 * it began breaks the connection: ended in order, a part would look like the whole. A client that takes nothing for `writeIdleTimeoutMs` is
 * disconnected: what it does not take lies in memory.
 */
export async function sendConnectorResponse(
  response: ConnectorResponse,
  request: FastifyRequest,
  reply: FastifyReply,
  writeIdleTimeoutMs: number,
): Promise<FastifyReply> {
  const headers = { ...response.headers, 'x-request-id': request.id };
  disconnectWhenIdle(reply.raw, writeIdleTimeoutMs);
  if (response.body instanceof Uint8Array) {
    if (!request.raw.complete && !reply.raw.shouldKeepAlive)
      return sendBeforeClosing(response.status, headers, response.body, request, reply);
    reply.code(response.status).headers(headers);
    return reply.send(response.body.byteLength === 0 ? undefined : response.body);
  }
  reply.hijack();
  reply.raw.writeHead(response.status, headers);
  try {
    await pipeline(response.body, reply.raw);
  } catch (error) {
    request.log.debug({ err: error }, 'connection broken: the answer failed after it began, or the client has gone');
    reply.raw.destroy();
  }
  return reply;
}

/** The client said `Connection: close` and is still sending: closed at once, its unread data would reset the connection under the answer. */
async function sendBeforeClosing(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  reply.hijack();
  reply.raw.writeHead(status, { ...headers, 'content-length': body.byteLength });
  reply.raw.write(body);
  await discard(request.raw);
  reply.raw.end();
  return reply;
}

function discard(payload: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let discardedBytes = 0;
    const stop = () => {
      clearTimeout(timer);
      payload.off('data', count).off('end', stop).off('close', stop);
      resolve();
    };
    const count = (chunk: Uint8Array) => {
      discardedBytes += chunk.byteLength;
      if (discardedBytes > maxDiscardedBytes) stop();
    };
    const timer = setTimeout(stop, discardTimeoutMs);
    payload.on('data', count).once('end', stop).once('close', stop);
    payload.resume();
  });
}

function disconnectWhenIdle(response: ServerResponse, timeoutMs: number): void {
  response.setTimeout(timeoutMs, () => {
    // Nothing to take: the answer is being made, and it is not the client that is waited for.
    if (response.writableLength === 0 && (response.socket?.writableLength ?? 0) === 0) response.socket?.setTimeout(timeoutMs);
    else response.destroy();
  });
}
