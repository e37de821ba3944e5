import type { IncomingMessage } from 'node:http';
import type { ConnectorRequest, PageRequest } from '@timestream-prometheus/connector';
import type { FastifyRequest } from 'fastify';
import { bodyReaderOf } from './body-reader.js';
import { certificateNamesOf } from './certificate-names.js';

/**
 * The headers as the client sent them. Node's own `headers` keeps only the first of two Authorization or Content-Type headers, which would
 * leave the choice to whoever stands in between; joined, the connector sees both and refuses.
 */
export function headersFromRaw(rawHeaders: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    const value = rawHeaders[i + 1] ?? '';
    const earlier = headers[name];
    headers[name] = earlier === undefined ? value : `${earlier}, ${value}`;
  }
  return headers;
}

/** Node has checked the header by the time that we see it; a body in chunks declares no length. */
function declaredLength({ headers }: IncomingMessage): number | undefined {
  const text = headers['content-length'];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** What the connector needs to say whether a page of our own may be shown. */
export function pageRequestFrom(request: FastifyRequest): PageRequest {
  const url = request.raw.url ?? '';
  const question = url.indexOf('?');
  return {
    method: request.method,
    path: question < 0 ? url : url.slice(0, question),
    headers: { ...headersFromRaw(request.raw.rawHeaders), 'x-request-id': request.id },
    certificateNames: certificateNamesOf(request.raw.socket),
  };
}

/** A Fastify request whose body nobody has read yet, as the connector wants it. */
export function connectorRequestFrom(
  request: FastifyRequest,
  { signal, sent }: Required<Pick<ConnectorRequest, 'signal' | 'sent'>>,
): ConnectorRequest {
  const url = request.raw.url ?? '';
  const question = url.indexOf('?');
  return {
    ...pageRequestFrom(request),
    query: question < 0 ? '' : url.slice(question + 1),
    contentLength: declaredLength(request.raw),
    readBody: bodyReaderOf(request.raw),
    signal,
    sent,
  };
}
