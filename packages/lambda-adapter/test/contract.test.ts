import process from 'node:process';
import { basicAuthorization, connectorContract, PROTOCOL_HEADERS } from '@timestream-prometheus/connector-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { context, invokeStreamed, invokeWhole, key, startLambda, type LambdaSubject } from './lambda-subject.js';

/** Between two commits one shape is asked for everything: event-kinds.test.ts tests what each of them has of its own. */
const isQuick = process.env['PROPERTY_RUNS'] === 'few';

for (const shape of [
  'HTTP API, static route, named stage',
  ...(isQuick ? [] : ['REST API, greedy resource on a custom domain with a base path', 'load balancer, multi-value headers']),
]) {
  connectorContract(`on Lambda (${shape})`, (flags) => startLambda(flags, shape, invokeWhole));
}

connectorContract('on Lambda (Function URL, streamed)', (flags) => startLambda(flags, 'Function URL', invokeStreamed));

describe('what the function writes to its log', () => {
  let lambda: LambdaSubject;

  beforeAll(async () => {
    lambda = await startLambda({}, 'HTTP API, static route, named stage', invokeWhole);
  });
  afterAll(() => lambda.close());

  it('is JSON, names the invocation, and holds no secret, right or wrong', async () => {
    for (const secretAccessKey of [key.secretAccessKey, 'a/wrong/secret']) {
      const headers = { ...PROTOCOL_HEADERS, authorization: basicAuthorization({ ...key, secretAccessKey }) };
      await lambda.send({ method: 'POST', path: '/write', headers, body: Uint8Array.of(1, 2, 3) });
    }
    const documents = lambda.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(documents.filter((document) => '_aws' in document)).toHaveLength(2);
    expect(documents.filter((document) => !('_aws' in document)).every(({ requestId }) => requestId === context.awsRequestId)).toBe(true);
    const log = lambda.lines.join('\n');
    for (const secret of [key.secretAccessKey, 'a/wrong/secret', basicAuthorization(key).slice('Basic '.length)]) {
      expect(log).not.toContain(secret);
    }
  });
});
