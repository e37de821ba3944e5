import { timingSafeEqual } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { headersOf, type GatewayMessage } from './http-api-event.js';
import { Sha256 } from './signing-proxy.js';

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
 * ("Create a signed AWS API request", IAM guide), now, over this body, and allowed on the route. The AWS SDK's own signer says what the signature of
 * that caller would be.
 */
export async function isAuthorised(
  message: GatewayMessage,
  routeKey: string,
  callers: readonly ApiCaller[],
  region: string,
): Promise<boolean> {
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

  // The signer adds these by itself: the hash is then that of the body which came, whatever the header says.
  const own = ['x-amz-date', 'x-amz-security-token', 'x-amz-content-sha256'];
  const url = new URL(message.target, 'https://gateway.invalid');
  const signer = new SignatureV4({
    service,
    region,
    credentials: caller,
    sha256: Sha256,
    applyChecksum: names.includes('x-amz-content-sha256'),
  });
  const expected = await signer.sign(
    {
      method: message.method,
      protocol: url.protocol,
      hostname: headers['host'] ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(names.filter((name) => !own.includes(name)).map((name) => [name, headers[name] ?? ''])),
      body: message.body,
    },
    { signingDate: new Date(signedMs), signableHeaders: new Set(names) },
  );
  const [, expectedSignature = ''] = /Signature=([0-9a-f]{64})$/.exec(expected.headers['authorization'] ?? '') ?? [];
  return timingSafeEqual(Buffer.from(expectedSignature, 'hex'), Buffer.from(signature, 'hex')) && caller.routeKeys.includes(routeKey);
}
