import { ConnectorError, httpStatusOf, isRetryable, type ConnectorResponse } from '@timestream-prometheus/connector';
import type { WholeResponse } from './event-kind.js';

/** Room in a result for what is neither headers nor body: field names, the status, punctuation. */
const RESULT_FRAME_BYTES = 256;

/** How many bytes of body fit into a result of `maxResultBytes` when the body travels as base64 (4 characters for 3 bytes). */
export function maxBodyBytesOf(maxResultBytes: number, headers: Readonly<Record<string, string>>): number {
  // A header value may need escapes in JSON, and a load balancer's multi-value form adds brackets.
  const headerBytes = Buffer.byteLength(JSON.stringify(headers)) + 4 * Object.keys(headers).length;
  return Math.max(0, Math.floor((maxResultBytes - headerBytes - RESULT_FRAME_BYTES) / 4) * 3);
}

/**
 * Collects a body that comes in parts, and stops as soon as it is too large to be handed back.
 *
 * @throws ConnectorError `read-limit-exceeded`; and whatever the body's iteration throws
 */
export async function wholeResponseFrom(response: ConnectorResponse, maxResultBytes: number): Promise<WholeResponse> {
  const maxBodyBytes = maxBodyBytesOf(maxResultBytes, response.headers);
  if (response.body instanceof Uint8Array) {
    if (response.body.length > maxBodyBytes) throw tooLarge(maxBodyBytes);
    return { status: response.status, headers: response.headers, body: response.body };
  }
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of response.body) {
    sizeBytes += part.length;
    if (sizeBytes > maxBodyBytes) throw tooLarge(maxBodyBytes);
    parts.push(part);
  }
  return { status: response.status, headers: response.headers, body: Buffer.concat(parts, sizeBytes) };
}

function tooLarge(maxBodyBytes: number): ConnectorError {
  return new ConnectorError(
    'read-limit-exceeded',
    `the answer is over ${maxBodyBytes} bytes, the most that Lambda hands back through this integration: narrow the matchers or the time range of the query, or read through a Function URL with response streaming`,
  );
}

/** The answer of the edge itself, for what never reaches the core or never comes back from it. */
export function responseFromError(error: ConnectorError): WholeResponse {
  return {
    status: httpStatusOf(error.code),
    headers: { 'content-type': 'text/plain; charset=utf-8', ...(isRetryable(error.code) ? { 'retry-after': '1' } : {}) },
    body: Buffer.from(`${error.code}: ${error.message}\n`, 'utf8'),
  };
}
