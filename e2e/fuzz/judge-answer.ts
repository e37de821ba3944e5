import type { FuzzRequest } from './fuzz-request.js';

export interface FuzzAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
  readonly durationMs: number;
}

/** What a request that is broken may be answered with. 503 says by design that it may be sent again, and when. */
const ALLOWED = new Set([200, 204, 301, 308, 400, 404, 405, 413, 414, 415, 422, 503]);

/** What contradicts the promises of docs/errors.md; undefined: nothing. */
export function contradictionOf(
  request: FuzzRequest,
  { status, retryAfter, text, durationMs }: FuzzAnswer,
  maxMs: number,
): string | undefined {
  const excerpt = JSON.stringify(text.slice(0, 200));
  if (!ALLOWED.has(status)) return `status ${status}: ${excerpt}`;
  if (status === 503 && !(Number(retryAfter) > 0)) return `503 without Retry-After: ${excerpt}`;
  if (durationMs > maxMs) return `answered after ${Math.round(durationMs)} ms with ${status}: ${excerpt}`;
  if (status >= 400 && !/^[a-z][a-z-]+: /.test(text) && !text.startsWith('{"status":"error"') && status !== 414)
    return `${status} that names no code: ${excerpt}`;
  if (
    /\b(internal|undefined|TypeError|RangeError|\[object Object\])\b/.test(
      status >= 400 && status !== 503 ? (text.split(': ', 1)[0] ?? '') : '',
    )
  )
    return `${status} from inside: ${excerpt}`;
  if (request.path.startsWith('/api/v1/query') && status === 200 && !text.startsWith('{"status":"success"'))
    return `200 without an answer: ${excerpt}`;
  return undefined;
}
