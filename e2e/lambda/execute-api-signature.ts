import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { headersOf, type GatewayMessage } from './http-api-event.js';

/** Who may call the API: a key, and the routes that `execute-api:Invoke` names for it. */
export interface ApiCaller {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly routeKeys: readonly string[];
}

const MAX_SKEW_MS = 5 * 60_000;

/**
 * Whether API Gateway's IAM authorization lets a request through: signed by a known caller for the service execute-api in this region
 * ("Create a signed AWS API request", IAM guide), now, over this body, and allowed on the route.
 */
export function isAuthorised(message: GatewayMessage, routeKey: string, callers: readonly ApiCaller[], region: string): boolean {
  const headers = headersOf(message.rawHeaders);
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers['authorization'] ?? '',
    );
  if (parts === null) return false;
  const [, accessKeyId, date = '', signedRegion = '', service = '', signedHeaders = '', signature = ''] = parts;
  const caller = callers.find((candidate) => candidate.accessKeyId === accessKeyId);
  const timestamp = headers['x-amz-date'] ?? '';
  if (caller === undefined || service !== 'execute-api' || signedRegion !== region || !timestamp.startsWith(date)) return false;
  if ((caller.sessionToken ?? '') !== (headers['x-amz-security-token'] ?? '')) return false;
  const signedMs = Date.parse(timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(Date.now() - signedMs) <= MAX_SKEW_MS)) return false;
  const names = signedHeaders.split(';');
  if (!names.includes('host') || names.some((name) => headers[name] === undefined)) return false;

  const [path = '/', query = ''] = message.target.split('?', 2);
  const canonical = [
    message.method,
    // Every service but S3 encodes the path, which is encoded already, once more.
    path.split('/').map(encodeURIComponent).join('/'),
    query.split('&').sort().join('&'),
    ...names.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    signedHeaders,
    sha256(message.body),
  ].join('\n');
  const scope = `${date}/${region}/execute-api/aws4_request`;
  const signingKey = [date, region, 'execute-api', 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${caller.secretAccessKey}`));
  const expected = hmac(signingKey, ['AWS4-HMAC-SHA256', timestamp, scope, sha256(canonical)].join('\n'));
  return timingSafeEqual(expected, Buffer.from(signature, 'hex')) && caller.routeKeys.includes(routeKey);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}
