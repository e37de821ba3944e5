import type { ConnectorRequest } from '@timestream-prometheus/connector';
import type { FastifyRequest } from 'fastify';

/** The path of a request that is not below the base path: no route of the connector has it. */
const noPath = '';

/** The path below `basePath` (`''`, or `/prometheus` without a slash at its end), without query string. */
export function pathBelow(basePath: string, url: string): string {
  const [path = noPath] = url.split('?', 1);
  if (basePath === '') return path;
  return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : noPath;
}

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

/** A Fastify request whose body was read by `readBody`, as the connector wants it. */
export function connectorRequestFrom(request: FastifyRequest, basePath: string, signal: AbortSignal): ConnectorRequest {
  return {
    method: request.method,
    path: pathBelow(basePath, request.raw.url ?? noPath),
    headers: { ...headersFromRaw(request.raw.rawHeaders), 'x-request-id': request.id },
    body: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
    signal,
  };
}
