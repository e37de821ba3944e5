import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createToken, hashToken } from '@timestream-prometheus/connector';
import { describe, expect, it } from 'vitest';
import { createLambdaHandlers } from '../src/index.js';
import { eventShapes, eventShapeOf, type HttpMessage } from './events.js';

const context = { awsRequestId: '8c2f7d0a-3f0e-4a52-8f6d-0b7a4d5f9a11', getRemainingTimeInMillis: () => 30_000 };
const write: HttpMessage = { method: 'POST', path: '/write', headers: [], body: Uint8Array.of(0) };

function handlersWith(env: Readonly<Record<string, string>>) {
  const lines: string[] = [];
  const handlers = createLambdaHandlers({ env, writeLine: (line) => lines.push(line) }, (stream) => stream);
  return { ...handlers, logged: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('a function with a users file', () => {
  const env = { default_database: 'd', default_table: 't' };

  function fileWith(text: string): string {
    const file = join(mkdtempSync(join(tmpdir(), 'timestream-prometheus-lambda-users-')), 'users');
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }

  it.each(eventShapes)('lets in its users and nobody with the credentials of the function alone ($name)', async (shape) => {
    const token = createToken();
    const { handler } = handlersWith({ ...env, users_file: fileWith(`a may=read as=server token=${hashToken(token)}`) });
    const statusOf = async (headers: HttpMessage['headers']) => (await handler(shape.event({ ...write, headers }), context)).statusCode;
    expect(await statusOf([])).toBe(401);
    expect(await statusOf([['authorization', `Bearer ${createToken()}`]])).toBe(401);
    expect(await statusOf([['authorization', `Bearer ${token}`]])).toBe(403);
  });

  it.each([
    ['is missing', () => '/nowhere/users', /--users-file must be a users file: ENOENT/],
    ['is wrong', () => fileWith('a may=fly'), /--users-file must be a users file: line 1: may= must be given/],
  ])('answers 500 to everybody when the file %s', async (_what, file, message) => {
    const { handler, logged } = handlersWith({ ...env, users_file: file() });
    expect((await handler(eventShapes[0]?.event(write), context)).statusCode).toBe(500);
    expect(logged()).toEqual([expect.objectContaining({ level: 'ERROR', message: expect.stringMatching(message) as string })]);
  });
});

describe('a wrong configuration', () => {
  it.each([
    [{ default_database: 'PrometheusDatabase' }, /default-table must be given/],
    [{ default_database: 'd', default_table: 't', max_write_retries: 'many' }, /max-write-retries must be a whole number.*got "many"/],
    [{ default_database: 'd', default_table: 't', timeout_in_millis: '5' }, /timeout-in-millis must be a whole number from 1000 to 900000/],
  ])('is logged once at the start: %j', (env, message) => {
    const { logged } = handlersWith(env);
    expect(logged()).toEqual([expect.objectContaining({ level: 'ERROR', message: expect.stringMatching(message) as string })]);
  });

  it.each(eventShapes)('is answered with a 500 that says so, and the function lives on ($name)', async (shape) => {
    const { handler } = handlersWith({ default_database: 'd', default_table: 't', log_level: 'loud' });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const result = await handler(shape.event(write), context);
      expect(result).toMatchObject({ statusCode: 500, isBase64Encoded: false });
      expect(result.body).toMatch(
        /configuration of the connector is wrong: --log.level must be one of debug, info, warn, error, got "loud"/,
      );
    }
  });
});

describe('the handler', () => {
  it('logs with the id of the invocation in progress', async () => {
    const { handler, logged } = handlersWith({ default_table: 't' });
    await handler({}, context);
    expect(logged().at(-1)).toMatchObject({ level: 'ERROR', requestId: context.awsRequestId });
    await handler(eventShapeOf('Function URL').event(write), { ...context, awsRequestId: 'next' });
    await handler({}, { ...context, awsRequestId: 'next' });
    expect(logged().at(-1)).toMatchObject({ requestId: 'next' });
  });
});
