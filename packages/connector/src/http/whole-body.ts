import { ConnectorError } from '../errors/connector-error.js';
import type { ConnectorResponse, WholeResponse } from '../seam.js';

/**
 * The response with its body in one piece, for an edge that cannot hand it over in parts. A body that comes in parts is left as soon as it is
 * too large.
 *
 * @throws ConnectorError read-limit-exceeded; and whatever the body's iteration throws
 */
export async function collectBody({ status, headers, body }: ConnectorResponse, maxBytes: number): Promise<WholeResponse> {
  if (body instanceof Uint8Array) {
    if (body.length > maxBytes) throw tooLarge(maxBytes);
    return { status, headers, body };
  }
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of body) {
    sizeBytes += part.length;
    if (sizeBytes > maxBytes) throw tooLarge(maxBytes);
    parts.push(part);
  }
  return { status, headers, body: Buffer.concat(parts, sizeBytes) };
}

function tooLarge(maxBytes: number): ConnectorError {
  return new ConnectorError(
    'read-limit-exceeded',
    `the answer is over ${maxBytes} bytes, the most that this way into the connector hands back in one piece: narrow the matchers or the time range of the query, or read through a way that streams`,
  );
}
