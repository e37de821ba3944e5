import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

import { ServiceError } from '../service-error.js';

/** A key pair that may sign requests. */
export interface EmbeddedCredential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** When set, requests must carry exactly this X-Amz-Security-Token. */
  readonly sessionToken?: string;
  /** Operations this key may call, e.g. `['DescribeEndpoints', 'Query']`; every other one is AccessDeniedException. Default: all. */
  readonly allowedOperations?: readonly string[];
}

export interface SignedRequest {
  readonly method: string;
  /** Path and query as they stand in the request line. */
  readonly target: string;
  /** Names and values in turn, as `IncomingMessage.rawHeaders` has them. */
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array;
}

interface Authorization {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly terminator: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const maxSkewMs = 5 * 60_000;
const algorithm = 'AWS4-HMAC-SHA256';
const mismatch =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

/**
 * Verifies an AWS Signature Version 4 in the Authorization header (IAM user guide, "Create a signed AWS API request").
 * The headers that count are those the client names in SignedHeaders: botocore signs four, the JavaScript SDK nine.
 *
 * @param region  the only region accepted; undefined accepts any.
 * @throws {ServiceError} with the AWS error name for each way to fail, HTTP 403.
 */
export function verifySignature(
  request: SignedRequest,
  credentials: ReadonlyMap<string, EmbeddedCredential>,
  region: string | undefined,
  nowMs: number,
): EmbeddedCredential {
  const headers = collectHeaders(request.rawHeaders);
  const header = headers.get('authorization');
  if (header === undefined || header === '') throw new ServiceError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const authorization = parseAuthorization(header);
  const timestamp = headers.get('x-amz-date') ?? '';
  checkScope(authorization, timestamp, region);
  const credential = credentials.get(authorization.accessKeyId);
  if (credential === undefined) throw unrecognized();
  if ((headers.get('x-amz-security-token') ?? '') !== (credential.sessionToken ?? '')) throw unrecognized();
  checkDate(timestamp, nowMs);

  const payloadHash = sha256(request.body);
  const declaredHash = headers.get('x-amz-content-sha256');
  if (declaredHash !== undefined && declaredHash.toLowerCase() !== payloadHash) {
    throw new ServiceError(
      'InvalidSignatureException',
      "The 'x-amz-content-sha256' header does not match what was computed from the body.",
    );
  }
  const canonical = canonicalRequest(request, headers, authorization.signedHeaders, payloadHash);
  const scope = [authorization.date, authorization.region, authorization.service, authorization.terminator].join('/');
  const stringToSign = [algorithm, timestamp, scope, sha256(canonical)].join('\n');
  const expected = hmac(signingKey(credential.secretAccessKey, authorization), stringToSign);
  const given = Buffer.from(authorization.signature, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new ServiceError('InvalidSignatureException', mismatch);
  return credential;
}

function collectHeaders(rawHeaders: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = (rawHeaders[index + 1] ?? '').trim().replace(/ +/g, ' ');
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return headers;
}

function parseAuthorization(header: string): Authorization {
  if (!header.startsWith(`${algorithm} `)) {
    throw incomplete(`Authorization header must begin with '${algorithm}'.`);
  }
  const parts = new Map<string, string>();
  for (const part of header.slice(algorithm.length + 1).split(',')) {
    const separator = part.indexOf('=');
    if (separator > 0) parts.set(part.slice(0, separator).trim(), part.slice(separator + 1).trim());
  }
  const require = (name: string): string => {
    const value = parts.get(name);
    if (value === undefined || value === '') throw incomplete(`Authorization header requires '${name}' parameter.`);
    return value;
  };
  const scope = require('Credential').split('/');
  const signedHeaders = require('SignedHeaders').split(';');
  const signature = require('Signature');
  // An access key id may hold a slash in theory; the last four parts are the scope.
  const [date, region, service, terminator] = scope.slice(-4);
  if (scope.length < 5 || date === undefined || region === undefined || service === undefined || terminator === undefined) {
    throw incomplete('Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.');
  }
  return { accessKeyId: scope.slice(0, -4).join('/'), date, region, service, terminator, signedHeaders, signature };
}

function checkScope(authorization: Authorization, timestamp: string, region: string | undefined): void {
  if (authorization.terminator !== 'aws4_request') {
    throw new ServiceError('InvalidSignatureException', "Credential should be scoped with a valid terminator: 'aws4_request'.");
  }
  if (authorization.service !== 'timestream') {
    throw new ServiceError('InvalidSignatureException', "Credential should be scoped to correct service: 'timestream'.");
  }
  if (region !== undefined && authorization.region !== region) {
    throw new ServiceError('InvalidSignatureException', `Credential should be scoped to a valid region: '${region}'.`);
  }
  if (!/^\d{8}T\d{6}Z$/.test(timestamp))
    throw incomplete("Authorization header requires existence of an 'X-Amz-Date' header such as 20261122T160000Z.");
  if (!timestamp.startsWith(authorization.date)) {
    throw new ServiceError(
      'InvalidSignatureException',
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.',
    );
  }
}

function checkDate(timestamp: string, nowMs: number): void {
  const signedMs = Date.parse(timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (Number.isNaN(signedMs)) throw incomplete("The 'X-Amz-Date' header is not a date.");
  if (Math.abs(signedMs - nowMs) <= maxSkewMs) return;
  const now = amzDate(nowMs);
  if (signedMs < nowMs - maxSkewMs) {
    throw new ServiceError(
      'InvalidSignatureException',
      `Signature expired: ${timestamp} is now earlier than ${amzDate(nowMs - maxSkewMs)} (${now} - 5 min.)`,
    );
  }
  throw new ServiceError(
    'InvalidSignatureException',
    `Signature not yet current: ${timestamp} is still later than ${amzDate(nowMs + maxSkewMs)} (${now} + 5 min.)`,
  );
}

function canonicalRequest(
  request: SignedRequest,
  headers: ReadonlyMap<string, string>,
  signedHeaders: readonly string[],
  payloadHash: string,
): string {
  if (!signedHeaders.includes('host'))
    throw new ServiceError('InvalidSignatureException', "'Host' must be a 'SignedHeader' in the AWS Authorization.");
  const lines = signedHeaders.map((name) => {
    const value = headers.get(name);
    if (value === undefined) throw new ServiceError('InvalidSignatureException', `The signed header '${name}' is not in the request.`);
    return `${name}:${value}\n`;
  });
  const [path = '/', query = ''] = request.target.split('?', 2);
  const canonicalQuery = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    .sort()
    .join('&');
  return [request.method, path, canonicalQuery, lines.join(''), signedHeaders.join(';'), payloadHash].join('\n');
}

/** Four digests make a key, which is good for a day: the last one is remembered. */
function signingKey(secretAccessKey: string, { date, region, service, terminator }: Authorization): Buffer {
  const scope = JSON.stringify([secretAccessKey, date, region, service, terminator]);
  if (lastKey?.scope !== scope)
    lastKey = { scope, key: hmac(hmac(hmac(hmac(Buffer.from(`AWS4${secretAccessKey}`), date), region), service), terminator) };
  return lastKey.key;
}

let lastKey: { readonly scope: string; readonly key: Buffer } | undefined;

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

function amzDate(timestampMs: number): string {
  return new Date(timestampMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function incomplete(message: string): ServiceError {
  return new ServiceError('IncompleteSignatureException', message);
}

function unrecognized(): ServiceError {
  return new ServiceError('UnrecognizedClientException', 'The security token included in the request is invalid.');
}
