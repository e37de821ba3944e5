import { request as startRequest } from 'node:http';
import { constants, gunzipSync, inflateSync } from 'node:zlib';

/** A request to the HTTP API as its bytes are: nothing of it is made proper on the way. */
export interface ApiRequest {
  readonly method: string;
  /** Path and query, escaped or not. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Sends a request, and gives its answer unpacked. */
export async function sendApiRequest(
  baseUrl: string,
  { method, target, headers, body }: ApiRequest,
  identity: Readonly<Record<string, string>> = {},
): Promise<ApiAnswer> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve, reject) => {
    const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const sent = startRequest({ hostname, port, method, path: target, headers: { ...headers, ...identity, ...length } }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(parts);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: unpacked(bytes, response.headers['content-encoding']),
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function unpacked(bytes: Buffer, encoding: string | undefined): string {
  // Prometheus packs the body of a 204 as well, which is none, and does not end what it deflates.
  if (bytes.length === 0) return '';
  if (encoding === 'gzip') return gunzipSync(bytes).toString();
  return encoding === 'deflate' ? inflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString() : bytes.toString();
}

/** The request on one line, to be read and sent again. */
export function requestText({ method, target, headers, body }: ApiRequest): string {
  return `${method} ${target} ${JSON.stringify(headers)} ${JSON.stringify(body)}`;
}
