import { describe, expect, it } from 'vitest';
import { ConnectorError } from '../../src/index.js';
import { connectorErrorOf } from '../../src/timestream/aws-error.js';

const idle = new AbortController().signal;

function named(name: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { name, ...more });
}

describe('connectorErrorOf', () => {
  it.each([
    [
      'no credentials of its own',
      named('CredentialsProviderError', 'Could not load credentials from any providers'),
      'server-credentials-unavailable',
    ],
    ['a name that does not resolve', named('Error', 'getaddrinfo ENOTFOUND ingest', { code: 'ENOTFOUND' }), 'connection-failed'],
    ['a refused certificate', named('Error', 'self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'connection-failed'],
    ['a timeout of an attempt', named('TimeoutError', 'the request timed out'), 'deadline-exceeded'],
    ['a reset that the SDK calls a timeout', named('TimeoutError', 'socket hang up', { code: 'ECONNRESET' }), 'connection-failed'],
    ['something that is no error', 'text', 'connection-failed'],
    [
      'discovery that is not allowed',
      Object.assign(new Error('The operation to discover endpoint failed.'), {
        reason: named('AccessDeniedException', 'no DescribeEndpoints'),
      }),
      'access-denied',
    ],
    ['a clock that is behind', named('InvalidSignatureException', 'Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z'), 'timestream-unavailable'], // oxfmt-ignore
    ['a clock that is ahead', named('InvalidSignatureException', 'Signature not yet current: 20260101T001000Z is still later'), 'timestream-unavailable'], // oxfmt-ignore
    ['a page token that has ended', named('ValidationException', 'Invalid pagination token', { $metadata: { httpStatusCode: 400 } }), 'timestream-unavailable'], // oxfmt-ignore
    ['a request that came too late', named('RequestExpired', 'Request has expired'), 'timestream-unavailable'],
    ['a wrong secret', named('InvalidSignatureException', 'The request signature we calculated does not match'), 'invalid-credentials'],
    // The SDK shares a discovery between calls: one that gives up takes the others with it.
    [
      'a discovery that another request gave up',
      Object.assign(new Error('The operation to discover endpoint failed.'), { reason: named('AbortError', 'Request aborted') }),
      'connection-failed',
    ],
  ])('says of %s what it means', (_case, thrown, code) => {
    expect(connectorErrorOf(thrown, 'Query', idle).code).toBe(code);
  });

  it('keeps what has its meaning already', () => {
    const error = new ConnectorError('throttled', 'x');
    expect(connectorErrorOf(error, 'Query', idle)).toBe(error);
  });

  it('takes a missing column for a missing column only in a query', () => {
    const thrown = named('ValidationException', "Column 'x' does not exist", { $metadata: { httpStatusCode: 400 } });
    expect(connectorErrorOf(thrown, 'WriteRecords', idle)).toMatchObject({ name: 'ConnectorError', code: 'timestream-refused-write' });
  });
});
