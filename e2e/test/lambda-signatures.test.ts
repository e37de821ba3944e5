import { series, writeBody } from '@timestream-prometheus/connector-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMissing } from '../harness/requirements.js';
import { roleKey, startLocalStack, type LocalStack } from '../lambda/local-stack.js';
import { post, storedSamples, type Identity } from '../harness/remote-client.js';
import { signedHeaders } from '../lambda/signing-proxy.js';

const writer = { accessKeyId: 'AKIAEXAMPLEAPIWRITER', secretAccessKey: 'writer/secret', routeKeys: ['POST /write'] };
const operator = {
  accessKeyId: 'ASIAEXAMPLEOPERATOR0',
  secretAccessKey: 'operator/secret',
  sessionToken: 'operator//session==',
  routeKeys: ['POST /write', 'POST /read'],
};
const timestreamKey = { accessKeyId: 'AKIAEXAMPLEACCESSKEY', secretAccessKey: 'example/secret' };
const nowMs = Date.now();

function body(metric: string): Uint8Array {
  return writeBody([series({ __name__: metric, instance: 'a:1' }, [nowMs, 1])]);
}

describe.skipIf(isMissing('lambdaRuntime'))('the stack with EnableSigV4Auth=true', () => {
  let stack: LocalStack;

  beforeAll(async () => {
    stack = await startLocalStack({
      parameters: { EnableSigV4Auth: 'true' },
      keys: [timestreamKey],
      callers: [writer, operator],
    });
  });
  afterAll(() => stack.close());

  it('stores and reads signed requests with the temporary keys of its role, none of which the callers have', async () => {
    expect((await post(stack.writeUrl, body('by_writer'), { sign: writer })).status).toBe(204);
    expect((await post(stack.writeUrl, body('by_operator'), { sign: operator })).status).toBe(204);
    expect(await storedSamples(stack.readUrl, 'by_.*', { sign: operator })).toEqual(['by_operator: 1', 'by_writer: 1']);
  });

  it.each<[string, Identity]>([
    ['no signature', undefined],
    ['Basic credentials that Timestream would take', { basic: timestreamKey }],
    ['a signature for the service aps, the only one that older Prometheus signs for', { sign: operator, service: 'aps' }],
    ['a signature with a wrong secret', { sign: { ...operator, secretAccessKey: 'wrong' } }],
    ['temporary keys without their token', { sign: { accessKeyId: operator.accessKeyId, secretAccessKey: operator.secretAccessKey } }],
    ['a key that nobody allowed to call', { sign: timestreamKey }],
    ['a signature of an hour ago', { sign: operator, signingDate: new Date(nowMs - 3_600_000) }],
  ])('answers 403 at the gateway to %s, and asks the function nothing', async (_case, identity) => {
    const { invocations } = stack.function.counts;
    const { status, text } = await post(stack.writeUrl, body('refused'), identity);
    expect({ status, text }).toEqual({ status: 403, text: '{"message":"Forbidden"}' });
    expect(stack.function.counts.invocations).toBe(invocations);
  });

  it('answers 403 to a body that is not the one that was signed', async () => {
    const headers = await signedHeaders(
      { method: 'POST', url: new URL(stack.writeUrl), headers: { 'content-encoding': 'snappy' }, body: body('signed') },
      operator,
    );
    const response = await fetch(stack.writeUrl, { method: 'POST', headers, body: body('another') });
    expect({ status: response.status, text: await response.text() }).toEqual({ status: 403, text: '{"message":"Forbidden"}' });
  });

  it('lets a sender that may only write write, and not read', async () => {
    expect((await post(stack.writeUrl, body('write_only'), { sign: writer })).status).toBe(204);
    await expect(storedSamples(stack.readUrl, 'write_only', { sign: writer })).rejects.toThrow('403 {"message":"Forbidden"}');
  });

  it('writes no secret of its role to its log', () => {
    expect(stack.function.output()).toContain('timestream_connector_responses_total');
    for (const secret of [roleKey.secretAccessKey, roleKey.sessionToken, operator.sessionToken]) {
      expect(stack.function.output()).not.toContain(secret);
    }
  });
});

describe.skipIf(isMissing('lambdaRuntime'))('the stack with EnableSigV4Auth=false', () => {
  let stack: LocalStack;

  beforeAll(async () => {
    stack = await startLocalStack({ keys: [timestreamKey] });
  });
  afterAll(() => stack.close());

  it('has a role that may do nothing at Timestream, and never falls back on it', async () => {
    const byRole = await post(stack.writeUrl, body('by_role'), { basic: roleKey });
    expect(byRole.status).toBe(403);
    expect((await post(stack.writeUrl, body('by_nobody'), undefined)).status).toBe(401);
    expect((await post(stack.writeUrl, body('by_key'), { basic: timestreamKey })).status).toBe(204);
    expect(await storedSamples(stack.readUrl, 'by_.*', { basic: timestreamKey })).toEqual(['by_key: 1']);
  });
});
