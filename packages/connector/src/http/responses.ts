import type { Config } from '../config/parse-config.js';
import { httpStatusOf, isRetryable, type ConnectorError } from '../errors/connector-error.js';
import type { WholeResponse } from '../seam.js';

const TEXT_HEADERS = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };

/** Prometheus logs the first line of a refusal, and of that at most 1024 bytes. */
const MAX_MESSAGE_BYTES = 1000;

export function textResponse(status: number, text: string): WholeResponse {
  return { status, headers: TEXT_HEADERS, body: new TextEncoder().encode(`${text}\n`) };
}

export function emptyResponse(status: number): WholeResponse {
  return { status, headers: {}, body: new Uint8Array() };
}

export interface ErrorResponseOptions {
  readonly throttleStatus: Config['throttleStatus'];
  readonly retryAfterSeconds: number;
  readonly allowedMethods: readonly string[];
}

/** One line, `code: message`, so that what a sender logs leads straight to docs/errors.md. */
export function errorResponse(error: ConnectorError, options: ErrorResponseOptions): WholeResponse {
  const status = error.code === 'throttled' ? options.throttleStatus : httpStatusOf(error.code);
  const response = textResponse(status, cutToBytes(`${error.code}: ${error.message}`.replaceAll(/[\r\n]+/g, ' '), MAX_MESSAGE_BYTES));
  return {
    ...response,
    headers: {
      ...error.headers,
      ...response.headers,
      ...(isRetryable(error.code) ? { 'retry-after': String(options.retryAfterSeconds) } : {}),
      ...(error.code === 'method-not-allowed' ? { allow: options.allowedMethods.join(', ') } : {}),
      ...(error.code === 'unsupported-content-encoding' ? { 'accept-encoding': 'snappy' } : {}),
      ...(status === 401 ? { 'www-authenticate': 'Basic realm="timestream-prometheus", charset="UTF-8"' } : {}),
    },
  };
}

/** The answer of an edge that has no connector to ask, or whose connector has counted the failure already. */
export function responseOfError(error: ConnectorError): WholeResponse {
  return errorResponse(error, { throttleStatus: 503, retryAfterSeconds: 1, allowedMethods: [] });
}

function cutToBytes(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text);
  // A character that the cut goes through becomes U+FFFD, which tells that something is missing.
  return bytes.length <= maxBytes ? text : `${new TextDecoder().decode(bytes.subarray(0, maxBytes - 3))}…`;
}
