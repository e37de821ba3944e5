import { pipeline } from 'node:stream/promises';
import type { ConnectorResponse } from '@timestream-prometheus/connector';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Sends the connector's answer. Parts are written as they become ready and no faster than the client takes them. An answer that fails after
 * it began breaks the connection: ended in order, a part would look like the whole.
 */
export async function sendConnectorResponse(
  response: ConnectorResponse,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const headers = { ...response.headers, 'x-request-id': request.id };
  if (response.body instanceof Uint8Array) {
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
