import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConnectorError, createConnector, openAwsStorage, parseUsers, createToken, hashToken, type Storage } from '../../src/index.js';
import { PROTOCOL_HEADERS, query, readBody, series, writeBody } from '@timestream-prometheus/connector-testing';
import { bodyText, createMemoryLogger, KEY, request, testConfig } from '../support/connector-fixture.js';
import { RecordingMetrics } from '../support/recording-metrics.js';
import { startWireServer, wireError, type WireAnswer, type WireServer } from '../support/wire-server.js';

const ROLE = { kind: 'role', roleArn: 'arn:aws:iam::123456789012:role/writer', sessionName: 'ada', externalId: 'abc' } as const;

/** STS as it is on the wire: the Query protocol, XML back. */
async function startSts(answer: (parameters: URLSearchParams) => { readonly status: number; readonly body: string } | 'hang') {
  const calls: URLSearchParams[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const parameters = new URLSearchParams(Buffer.concat(chunks).toString());
      calls.push(parameters);
      const reply = answer(parameters);
      if (reply !== 'hang') outgoing.writeHead(reply.status, { 'content-type': 'text/xml' }).end(reply.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls, close: () => server.close() };
}

const assumed = () => ({
  status: 200,
  body: `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role-session</SessionToken><Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
});

const denied = () => ({
  status: 403,
  body: '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>',
});

describe('a user that is mapped to a role', () => {
  let timestream: WireServer;
  let answer: () => WireAnswer;
  const environment = { ...process.env };

  beforeEach(async () => {
    process.env['AWS_ACCESS_KEY_ID'] = 'AKIDSERVER';
    process.env['AWS_SECRET_ACCESS_KEY'] = 'server-secret';
    answer = () => ({ status: 200, body: { RecordsIngested: { Total: 1 } } });
    timestream = await startWireServer(() => answer());
  });
  afterEach(async () => {
    process.env = { ...environment };
    await timestream.close();
  });

  function open(stsUrl: string): Storage {
    const config = testConfig({ 'write-base-endpoint': timestream.url, 'sts-base-endpoint': stsUrl });
    return openAwsStorage(config, { logger: createMemoryLogger([]), metrics: new RecordingMetrics() })(ROLE, { database: 'd', table: 't' });
  }

  const write = (storage: Storage) => storage.write({ Records: [{ Time: '1' }] } as never, new AbortController().signal);

  it('has its calls signed with the role, which is assumed once, in the name of the user', async () => {
    const sts = await startSts(assumed);
    const storage = open(sts.url);
    for (let call = 0; call < 3; call += 1) await write(storage);
    expect(sts.calls.map((parameters) => Object.fromEntries(parameters))).toEqual([
      {
        Action: 'AssumeRole',
        Version: '2011-06-15',
        RoleArn: ROLE.roleArn,
        RoleSessionName: 'ada',
        ExternalId: 'abc',
        DurationSeconds: '3600',
      },
    ]);
    expect(timestream.requests).toHaveLength(3);
    for (const { headers, body } of timestream.requests) {
      expect(headers.authorization).toContain('Credential=ASIAROLE/');
      expect(headers['x-amz-security-token']).toBe('role-session');
      expect(body).toMatchObject({ DatabaseName: 'd', TableName: 't' });
    }
    storage.close();
    sts.close();
  });

  it('loses nothing while the role cannot be assumed: the sender is told to come again, and not the name of the role', async () => {
    const sts = await startSts(denied);
    const storage = open(sts.url);
    const failure = await write(storage).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'server-credentials-unavailable' });
    expect((failure as Error).message).not.toContain(ROLE.roleArn);
    expect(timestream.requests).toEqual([]);
    storage.close();
    sts.close();
  });

  it('ends with the time of its request while STS does not answer, and asks STS again after a while', { timeout: 60_000 }, async () => {
    let isHanging = true;
    const sts = await startSts(() => (isHanging ? 'hang' : assumed()));
    const storage = open(sts.url);
    const deadline = new AbortController();
    const writing = storage.write({ Records: [{ Time: '1' }] } as never, deadline.signal).catch((error: unknown) => error);
    await expect.poll(() => sts.calls.length).toBe(1);
    deadline.abort(new ConnectorError('deadline-exceeded', 'too late'));
    let hasEnded = false;
    void writing.then(() => (hasEnded = true));
    await expect.poll(() => hasEnded).toBe(true);
    expect(await writing).toMatchObject({ code: 'deadline-exceeded' });
    isHanging = false;
    // The question that hangs is given up by itself, and asked again.
    await write(storage);
    expect(sts.calls).toHaveLength(2);
    storage.close();
    sts.close();
  });

  it('assumes the role again for the next call when AWS says that the session has ended, whatever its expiration was', async () => {
    const sts = await startSts(assumed);
    const storage = open(sts.url);
    await write(storage);
    answer = () => wireError(403, 'ExpiredTokenException', 'The security token included in the request is expired');
    expect(await write(storage).catch((error: unknown) => error)).toMatchObject({ code: 'invalid-credentials' });
    answer = () => ({ status: 200, body: { RecordsIngested: { Total: 1 } } });
    await write(storage);
    await write(storage);
    expect(sts.calls).toHaveLength(2);
    storage.close();
    sts.close();
  });

  it.each([
    ['an ended session', 'ExpiredTokenException'],
    ['a key that is there no more', 'UnrecognizedClientException'],
    ['a wrong signature', 'InvalidSignatureException'],
  ])(
    'has its sender come again where AWS names %s, as with the own credentials of the connector; a key of the sender is refused',
    async (_what, name) => {
      const sts = await startSts(assumed);
      const token = createToken();
      const users = parseUsers(`ada may=write,read as=role:${ROLE.roleArn} token=${hashToken(token)}`);
      answer = () => wireError(403, name, 'no');
      const answers = await Promise.all(
        [
          { flags: { 'users-file': 'users' }, authorization: { authorization: `Bearer ${token}` } },
          { flags: { 'enable-sigv4-auth': 'true' }, authorization: {} },
          {
            flags: {},
            authorization: { authorization: `Basic ${Buffer.from(`${KEY.accessKeyId}:${KEY.secretAccessKey}`).toString('base64')}` },
          },
        ].map(async ({ flags, authorization }) => {
          const endpoints = { 'write-base-endpoint': timestream.url, 'query-base-endpoint': timestream.url, 'sts-base-endpoint': sts.url };
          const config = testConfig({ ...endpoints, ...flags });
          const logger = createMemoryLogger([]);
          const metrics = new RecordingMetrics();
          const openStorage = openAwsStorage(config, { logger, metrics });
          const connector = createConnector({ config, users: () => users, openStorage, logger, metrics });
          const ask = async (path: string, body: Uint8Array) => {
            const response = await connector.handle(request({ path, body, headers: { ...PROTOCOL_HEADERS, ...authorization } }));
            return [response.status, (await bodyText(response)).split(':')[0], 'retry-after' in response.headers];
          };
          const said = [
            await ask('/write', writeBody([series({ __name__: 'm' }, [Date.now(), 1])])),
            await ask('/read', readBody([query(0, Date.now(), ['__name__', '=', 'm'])])),
          ];
          await connector.close();
          return said;
        }),
      );
      const again = [503, 'server-credentials-unavailable', true];
      const refused = [403, 'invalid-credentials', false];
      expect(answers).toEqual([
        [again, again],
        [again, again],
        [refused, refused],
      ]);
      sts.close();
    },
  );
});
