import { ConnectorError } from '../errors/connector-error.js';
import type { Credentials } from '../ports.js';

/** RFC 7235: the scheme in any case; RFC 7617: base64 of `id:secret`. Some clients leave the padding out or use the URL alphabet. */
const BASIC = /^basic[ \t]+([A-Za-z0-9+/_-]*={0,2})[ \t]*$/i;

/** What a SigV4 credential scope can carry; AWS' own key ids are 16 to 128 word characters. */
const ACCESS_KEY_ID = /^[\w-]{1,128}$/;

const MAX_SECRET_LENGTH = 1024;

const HOW_TO = 'send an IAM access key id as username and its secret access key as password';

/**
 * The credentials that a request carries by Basic authentication. No part of the header stands in any message.
 *
 * @throws ConnectorError missing-credentials, malformed-credentials
 */
export function parseAuthorization(header: string | undefined): Credentials {
  if (header === undefined || header.trim() === '') throw new ConnectorError('missing-credentials', `no Authorization header: ${HOW_TO}`);
  const encoded = BASIC.exec(header)?.[1];
  if (encoded === undefined) throw malformed('the Authorization header is not Basic authentication');
  const pair = decodeUtf8(Buffer.from(encoded, 'base64'));
  if (pair === undefined) throw malformed('username and password are not UTF-8');
  // RFC 7617: no colon in the user id, so the first one ends it and any other belongs to the password.
  const colon = pair.indexOf(':');
  if (colon < 0) throw malformed('username and password are not separated by a colon');
  const accessKeyId = pair.slice(0, colon);
  const secretAccessKey = pair.slice(colon + 1);
  if (!ACCESS_KEY_ID.test(accessKeyId)) throw malformed('the username is no access key id');
  if (secretAccessKey === '') throw malformed('the password is empty');
  if (secretAccessKey.length > MAX_SECRET_LENGTH) throw malformed(`the password is longer than ${MAX_SECRET_LENGTH} characters`);
  return { kind: 'static', accessKeyId, secretAccessKey };
}

function malformed(what: string): ConnectorError {
  return new ConnectorError('malformed-credentials', `${what}: ${HOW_TO}`);
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
