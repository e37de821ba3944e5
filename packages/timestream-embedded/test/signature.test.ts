import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifySignature } from '../src/wire/signature.js';
import { sendRaw, signRequest, type RawRequest } from './signed-request.js';
import { createClients, credential, startServer } from './start-server.js';
import { ListDatabasesCommand } from '@aws-sdk/client-timestream-write';

const service = 'com.amazon.coral.service#';
const withHeaders = (request: RawRequest, headers: Record<string, string>): RawRequest => ({
  ...request,
  headers: { ...request.headers, ...headers },
});

describe('a request that is signed as it should be', () => {
  it('is answered', async () => {
    const { server } = await startServer();
    const answer = await sendRaw(server.url, await signRequest(server.url, 'ListDatabases', '{}'));
    expect(answer.status).toBe(200);
    expect(answer.headers['x-amzn-requestid']).toMatch(/^[A-Z2-7]{26}$/);
    expect(answer.headers['content-type']).toBe('application/x-amz-json-1.0');
  });

  it('may be signed for any region, unless the server has one', async () => {
    const { server } = await startServer();
    const { server: bound } = await startServer({ region: 'eu-central-1' });
    for (const region of ['us-east-1', 'eu-central-1']) {
      expect((await sendRaw(server.url, await signRequest(server.url, 'ListDatabases', '{}', { region }))).status).toBe(200);
    }
    expect((await sendRaw(bound.url, await signRequest(bound.url, 'ListDatabases', '{}', { region: 'eu-central-1' }))).status).toBe(200);
    const wrong = await sendRaw(bound.url, await signRequest(bound.url, 'ListDatabases', '{}'));
    expect(wrong).toMatchObject({
      status: 403,
      json: { __type: `${service}InvalidSignatureException`, message: "Credential should be scoped to a valid region: 'eu-central-1'." },
    });
  });

  it('may be five minutes off, and no more', async () => {
    const { server } = await startServer();
    const at = async (offsetMs: number): Promise<string> => {
      const request = await signRequest(server.url, 'ListDatabases', '{}', { signingDate: new Date(Date.now() + offsetMs) });
      const { status, json } = await sendRaw(server.url, request);
      return status === 200 ? 'accepted' : String(json['message']).replace(/[:].*/, '');
    };
    expect(await at(-4 * 60_000)).toBe('accepted');
    expect(await at(4 * 60_000)).toBe('accepted');
    expect(await at(-6 * 60_000)).toBe('Signature expired');
    expect(await at(6 * 60_000)).toBe('Signature not yet current');
  });

  it('carries the session token if its key has one', async () => {
    const sessionToken = 'a session token';
    const { server } = await startServer({ credentials: [credential, { accessKeyId: 'TEMPORARY', secretAccessKey: 's', sessionToken }] });
    const list = async (credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }): Promise<string> => {
      const { write } = createClients(server.url, credentials);
      try {
        await write.send(new ListDatabasesCommand({}));
        return 'accepted';
      } catch (error) {
        return (error as Error).name;
      } finally {
        write.destroy();
      }
    };
    expect(await list({ accessKeyId: 'TEMPORARY', secretAccessKey: 's', sessionToken })).toBe('accepted');
    expect(await list({ accessKeyId: 'TEMPORARY', secretAccessKey: 's' })).toBe('UnrecognizedClientException');
    expect(await list({ accessKeyId: 'TEMPORARY', secretAccessKey: 's', sessionToken: 'another' })).toBe('UnrecognizedClientException');
    expect(await list({ ...credential, sessionToken })).toBe('UnrecognizedClientException');
  });
});

describe('a request that is not', () => {
  it.each<[string, (request: RawRequest) => RawRequest, string, string | RegExp]>([
    [
      'has no Authorization',
      ({ body, headers }) => ({ body, headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization')) }),
      'MissingAuthenticationTokenException',
      'Missing Authentication Token',
    ],
    [
      'has another scheme',
      (request) => withHeaders(request, { authorization: 'Basic dTpw' }),
      'IncompleteSignatureException',
      /must begin with 'AWS4-HMAC-SHA256'/,
    ],
    [
      'lacks the signature',
      (request) => withHeaders(request, { authorization: (request.headers['authorization'] ?? '').replace(/, Signature=.*/, '') }),
      'IncompleteSignatureException',
      "Authorization header requires 'Signature' parameter.",
    ],
    [
      'has an unknown key',
      (request) =>
        withHeaders(request, { authorization: (request.headers['authorization'] ?? '').replace(credential.accessKeyId, 'NOBODY') }),
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    ],
    [
      'has a changed signature',
      (request) =>
        withHeaders(request, {
          authorization: (request.headers['authorization'] ?? '').replace(/.$/, (digit) => (digit === '0' ? '1' : '0')),
        }),
      'InvalidSignatureException',
      /signature we calculated does not match/,
    ],
    [
      'has a signature that is no hex',
      (request) =>
        withHeaders(request, { authorization: (request.headers['authorization'] ?? '').replace(/Signature=.*/, 'Signature=zz') }),
      'InvalidSignatureException',
      /signature we calculated does not match/,
    ],
    [
      'is scoped to another service',
      (request) => withHeaders(request, { authorization: (request.headers['authorization'] ?? '').replace('/timestream/', '/s3/') }),
      'InvalidSignatureException',
      "Credential should be scoped to correct service: 'timestream'.",
    ],
    [
      'does not sign the host',
      (request) => withHeaders(request, { authorization: (request.headers['authorization'] ?? '').replace(';host;', ';') }),
      'InvalidSignatureException',
      "'Host' must be a 'SignedHeader' in the AWS Authorization.",
    ],
    [
      'has another operation',
      (request) => withHeaders(request, { 'x-amz-target': 'Timestream_20181101.DeleteTable' }),
      'InvalidSignatureException',
      /does not match/,
    ],
    ['has another body', (request) => ({ ...request, body: '{"MaxResults":1}' }), 'InvalidSignatureException', /x-amz-content-sha256/],
    [
      'has another body and its hash',
      (request) => ({ ...withHeaders(request, { 'x-amz-content-sha256': createHash('sha256').update('[]').digest('hex') }), body: '[]' }),
      'InvalidSignatureException',
      /does not match/,
    ],
  ])('is refused with 403 if it %s', async (_, change, code, message) => {
    const { server } = await startServer();
    const request = change(await signRequest(server.url, 'ListDatabases', '{}'));
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => name !== 'content-length'));
    const answer = await sendRaw(server.url, { body: request.body, headers });
    expect(answer.status).toBe(403);
    expect(answer.json['__type']).toBe(`${service}${code}`);
    if (typeof message === 'string') expect(answer.json['message']).toBe(message);
    else expect(answer.json['message']).toMatch(message);
  });

  it('is refused if its key may not call the operation', async () => {
    const { server, write } = await startServer({ credentials: [{ ...credential, allowedOperations: ['DescribeEndpoints'] }] });
    await expect(write.send(new ListDatabasesCommand({}))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: `User: ${credential.accessKeyId} is not authorized to perform: timestream:ListDatabases`,
      $metadata: { httpStatusCode: 403 },
    });
    expect((await sendRaw(server.url, await signRequest(server.url, 'DescribeEndpoints', '{}'))).status).toBe(200);
  });
});

describe('verifySignature', () => {
  it('follows the SignedHeaders of botocore, which leaves the content hash out', () => {
    const date = '20261122T160000Z';
    const headers = [
      'Host',
      'localhost:1',
      'Content-Type',
      'application/x-amz-json-1.0',
      'X-Amz-Date',
      date,
      'X-Amz-Target',
      'Timestream_20181101.Query',
    ];
    const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
    const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
    const canonical = `POST\n/\n\ncontent-type:application/x-amz-json-1.0\nhost:localhost:1\nx-amz-date:${date}\nx-amz-target:Timestream_20181101.Query\n\ncontent-type;host;x-amz-date;x-amz-target\n${sha256('{}')}`;
    const key = hmac(hmac(hmac(hmac(`AWS4${credential.secretAccessKey}`, '20261122'), 'eu-west-1'), 'timestream'), 'aws4_request');
    const signature = hmac(key, `AWS4-HMAC-SHA256\n${date}\n20261122/eu-west-1/timestream/aws4_request\n${sha256(canonical)}`).toString(
      'hex',
    );
    const authorization = `AWS4-HMAC-SHA256 Credential=${credential.accessKeyId}/20261122/eu-west-1/timestream/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=${signature}`;
    const request = { method: 'POST', target: '/', rawHeaders: [...headers, 'Authorization', authorization], body: Buffer.from('{}') };
    const keys = new Map([[credential.accessKeyId, credential]]);
    expect(verifySignature(request, keys, undefined, Date.parse('2026-11-22T16:00:30Z'))).toBe(credential);
    expect(() => verifySignature({ ...request, method: 'PUT' }, keys, undefined, Date.parse('2026-11-22T16:00:30Z'))).toThrow(
      /does not match/,
    );
  });
});
