import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { httpStatusOf, isRetryable, type ConnectorError, type ConnectorErrorCode } from '../errors/connector-error.js';
import type { ErrorResponseOptions } from '../http/responses.js';
import type { ConnectorRequest, WholeResponse } from '../seam.js';

const compress = promisify(gzip);

/** Below this a compressed answer is hardly smaller. */
const MIN_COMPRESSED_BYTES = 1400;

const JSON_HEADERS = { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' };

/** An answer of the API: JSON as a text, or as its bytes. Compressed if the client takes that. */
export async function apiResponse(request: ConnectorRequest, json: string | Uint8Array): Promise<WholeResponse> {
  const body = typeof json === 'string' ? new TextEncoder().encode(json) : json;
  const takesGzip = /(^|,)\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*(,|$))[^,]*)?(,|$)/i.test(request.headers['accept-encoding'] ?? '');
  const headers = { ...JSON_HEADERS, vary: 'Accept-Encoding' };
  if (!takesGzip || body.length < MIN_COMPRESSED_BYTES) return { status: 200, headers, body };
  return { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: await compress(body) };
}

/** `errorType` of the API for codes that have one of their own; the others follow their status. */
const ERROR_TYPES: Partial<Record<ConnectorErrorCode, string>> = {
  'deadline-exceeded': 'timeout',
  'client-gone': 'canceled',
  'read-limit-exceeded': 'execution',
  'query-not-executable': 'execution',
  internal: 'internal',
};

/** What Prometheus answers with 422: the query was understood, and cannot be answered. */
const UNPROCESSABLE = 422;

function errorTypeOf(code: ConnectorErrorCode): string {
  const own = ERROR_TYPES[code];
  if (own !== undefined) return own;
  const status = httpStatusOf(code);
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404) return 'not_found';
  return status < 500 ? 'bad_data' : 'unavailable';
}

/** A refusal as the API makes them: JSON with `errorType` and `error`, the text Prometheus' own where Prometheus has one. */
export function apiErrorResponse(error: ConnectorError, options: ErrorResponseOptions): WholeResponse {
  const { code, message } = error;
  const errorType = errorTypeOf(code);
  const plainStatus = errorType === 'execution' ? UNPROCESSABLE : httpStatusOf(code);
  const status = code === 'throttled' ? options.throttleStatus : plainStatus;
  const text = code === 'malformed-query' || code === 'query-not-executable' ? message : `${code}: ${message}`;
  return {
    status,
    headers: {
      ...JSON_HEADERS,
      ...(isRetryable(code) ? { 'retry-after': String(options.retryAfterSeconds) } : {}),
      ...(code === 'method-not-allowed' ? { allow: options.allowedMethods.join(', ') } : {}),
      ...(status === 401 ? { 'www-authenticate': 'Basic realm="timestream-prometheus", charset="UTF-8"' } : {}),
    },
    body: new TextEncoder().encode(JSON.stringify({ status: 'error', errorType, error: text })),
  };
}
