import { basicAuthorization, PROTOCOL_HEADERS, series, writeBody } from '@timestream-prometheus/connector-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventShapes } from './events.js';
import { invokeWhole, key, startLambda, type LambdaSubject } from './lambda-subject.js';

const WRITE = writeBody([series({ __name__: 'm' }, [Date.now(), 1])]);

/** Paths by which other routers are led astray: nothing is decoded, joined or taken away before the route is decided. */
const NOWHERE = [
  '//write',
  '/./write',
  '/write/',
  '/write/..',
  '/write/../read',
  '/%2fwrite',
  '/%2e/write',
  '/write%2f',
  '/writ%65',
  '/WRITE',
  '/write;a=b',
  '/write%00',
  '/api/v1//write',
  '/api%2fv1%2fwrite',
  '/-/healthy/../../write',
  '/tenants/a/write',
  '/write/.',
  '/read/../write',
  '/%2e%2e/write',
  '/write%2f..%2fread',
  '/%77rite',
  '/write%20',
  '/write.json',
  '/tenants//write',
  '/\\write',
  '/..;/write',
  '/%c0%afwrite',
  '/%zz/write',
  'http://connector.example/write',
  'write',
  '*',
] as const;

describe.each(eventShapes.map(({ name }) => name))('raw requests as events: %s', (shapeName) => {
  let lambda: LambdaSubject;

  beforeAll(async () => {
    lambda = await startLambda({}, shapeName, invokeWhole);
  });
  afterAll(() => lambda.close());

  const send = (path: string, method = 'POST', headers: Readonly<Record<string, string>> = {}) =>
    lambda.send({ method, path, headers: { ...PROTOCOL_HEADERS, authorization: basicAuthorization(key), ...headers }, body: WRITE });

  it('stores a write, so that the refusals below mean something', async () => {
    expect((await send('/write')).status).toBe(204);
  });

  it.each(NOWHERE)('the path %s leads nowhere', async (path) => {
    expect((await send(path)).status).toBe(404);
  });

  it('no header changes the method or the path', async () => {
    for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override'])
      expect((await send('/write', 'PUT', { [name]: 'POST' })).status, name).toBe(405);
    for (const name of ['x-original-url', 'x-rewrite-url', 'x-forwarded-uri', 'x-forwarded-prefix'])
      expect((await send('/nowhere', 'POST', { [name]: '/write' })).status, name).toBe(404);
  });

  it('takes no method and no credentials from the question', async () => {
    expect((await send('/write?_method=POST', 'GET')).status).toBe(405);
    const [, pair = ''] = basicAuthorization(key).split(' ');
    expect((await send(`/write?authorization=Basic%20${encodeURIComponent(pair)}`, 'POST', { authorization: '' })).status).toBe(401);
  });

  it('is no other body for a header that speaks of the wire between gateway and client', async () => {
    for (const [name, value] of [
      ['transfer-encoding', 'chunked'],
      ['content-length', '0'],
      ['expect', '100-continue'],
      ['upgrade', 'h2c'],
      ['trailer', 'authorization'],
    ] as const)
      expect((await send('/write', 'POST', { [name]: value })).status, name).toBe(204);
  });

  it('credentials of two kinds in one header are refused', async () => {
    const authorization = `${basicAuthorization(key)}, ${basicAuthorization({ ...key, accessKeyId: 'AKIAOTHER' })}`;
    expect((await send('/write', 'POST', { authorization })).status).toBe(401);
  });
});
