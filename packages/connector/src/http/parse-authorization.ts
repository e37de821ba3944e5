import { ConnectorError } from '../errors/connector-error.js';
import type { Credentials } from '../ports.js';
import { decodeBasic } from './decode-basic.js';

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
  const pair = decodeBasic(header);
  if (typeof pair === 'string') throw malformed(pair);
  const { name: accessKeyId, password: secretAccessKey } = pair;
  if (!ACCESS_KEY_ID.test(accessKeyId)) throw malformed('the username is no access key id');
  if (secretAccessKey === '') throw malformed('the password is empty');
  if (secretAccessKey.length > MAX_SECRET_LENGTH) throw malformed(`the password is longer than ${MAX_SECRET_LENGTH} characters`);
  return { kind: 'static', accessKeyId, secretAccessKey };
}

function malformed(what: string): ConnectorError {
  return new ConnectorError('malformed-credentials', `${what}: ${HOW_TO}`);
}
