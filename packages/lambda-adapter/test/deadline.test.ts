import { basicAuthorization, PROTOCOL_HEADERS, query, readBody, series, writeBody } from '@timestream-prometheus/connector-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEADLINE_MARGIN_MS } from '../src/invocation-deadline.js';
import { eventShapeOf } from './events.js';
import { invokeWhole, key, responseFromResult, startLambda, type LambdaSubject } from './lambda-subject.js';

/** Leaves the work a tenth of a second, as a function does that is about to end. */
const context = { awsRequestId: 'late', getRemainingTimeInMillis: () => DEADLINE_MARGIN_MS + 100 };
const shape = eventShapeOf('HTTP API, static route, named stage');
const headers = Object.entries({ ...PROTOCOL_HEADERS, authorization: basicAuthorization(key) });
const nowMs = Date.now();

describe('with a Timestream that is slower than the gateway waits', () => {
  let lambda: LambdaSubject;

  beforeAll(async () => {
    lambda = await startLambda({}, 'HTTP API, static route, named stage', invokeWhole);
  });
  afterAll(() => lambda.close());

  it.each([
    ['a write', 'WriteRecords', '/write', () => writeBody([series({ __name__: 'slow', a: 'b' }, [nowMs, 1])])],
    ['a read', 'Query', '/read', () => readBody([query(nowMs - 1000, nowMs, ['__name__', '=', 'slow'])])],
  ] as const)('%s is answered 503 by the core, to be sent again, before the function ends', async (_name, operation, path, body) => {
    lambda.faults.delayMs(60_000, operation);
    const event = shape.event({ method: 'POST', path, headers, body: body() });
    const { status, headers: answered, body: text } = responseFromResult(await lambda.handlers.handler(event, context));
    lambda.faults.clear();
    expect({ status, text: Buffer.from(text).toString() }).toEqual({
      status: 503,
      text: expect.stringMatching(/^deadline-exceeded: the work did not end within the 100 ms/) as string,
    });
    expect(Number(answered['retry-after'])).toBeGreaterThanOrEqual(1);
    // The core's own count: it came back in time and was not overtaken by the edge.
    expect(lambda.lines.splice(0).join('\n')).toContain('"error":"deadline-exceeded"');
  });

  it('a question to the HTTP API is answered so that Grafana shows what to narrow', async () => {
    lambda.faults.delayMs(60_000, 'Query');
    const form = new TextEncoder().encode('query=slow');
    const formHeaders = [['content-type', 'application/x-www-form-urlencoded'], ['authorization', basicAuthorization(key)]] as const; // oxfmt-ignore
    const event = shape.event({ method: 'POST', path: '/api/v1/query', headers: formHeaders, body: form });
    const { status, body } = responseFromResult(await lambda.handlers.handler(event, context));
    lambda.faults.clear();
    expect({ status, json: JSON.parse(Buffer.from(body).toString()) as unknown }).toEqual({
      status: 503,
      json: {
        status: 'error',
        errorType: 'timeout',
        error: expect.stringMatching(/within the 100 ms.*narrower query or time range/) as string,
      },
    });
  });
});
