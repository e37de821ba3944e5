import { series, writeBody } from '@timestream-prometheus/connector-testing';
import { afterEach, describe, expect, it } from 'vitest';
import { createConnector, METRICS, openAwsStorage } from '../../src/index.js';
import { bodyText, createMemoryLogger, request, testConfig } from '../support/connector-fixture.js';
import { RecordingMetrics } from '../support/recording-metrics.js';
import { startWireServer, wireError, type WireAnswer, type WireRequest } from '../support/wire-server.js';

const SAMPLES = 1_000;
const started: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
});

const stored = ({ body }: WireRequest): WireAnswer => ({
  status: 200,
  body: { RecordsIngested: { Total: (body['Records'] as readonly unknown[]).length } },
});

/** Writes one request over HTTP to a service that gives each call of WriteRecords the answer of a test. */
async function write(answer: (call: number, request: WireRequest) => WireAnswer) {
  const server = await startWireServer((wireRequest, count) =>
    wireRequest.operation === 'WriteRecords' ? answer(count, wireRequest) : wireError(403, 'AccessDeniedException', 'only for writing'),
  );
  const metrics = new RecordingMetrics();
  const config = testConfig({
    'write-base-endpoint': server.url,
    'query-base-endpoint': server.url,
    'max-write-retries': '1',
    'max-write-concurrency-per-request': '1',
  });
  const logger = createMemoryLogger([]);
  const connector = createConnector({ config, metrics, logger, openStorage: openAwsStorage(config, { metrics, logger }) });
  started.push(
    () => server.close(),
    () => connector.close(),
  );
  const samples = Array.from({ length: SAMPLES }, (_none, index) =>
    series({ __name__: 'm', i: String(index) }, [1_700_000_000_000, index]),
  );
  const response = await connector.handle(request({ body: writeBody(samples) }));
  return { response, text: await bodyText(response), metrics, server };
}

describe('a request of many calls of which Timestream stores some, and refuses one for good', () => {
  it.each<[string, WireAnswer, number, string]>([
    ['a quota', wireError(402, 'ServiceQuotaExceededException', 'the quota is used up'), 400, 'service-quota-exceeded'],
    ['a permission', wireError(403, 'AccessDeniedException', 'not authorized any more'), 403, 'access-denied'],
    ['a table that has gone', wireError(404, 'ResourceNotFoundException', 'The table does not exist.'), 404, 'destination-not-found'],
  ])('is answered with the number of samples that were not stored, and they are counted: %s', async (_what, refusal, status, code) => {
    const { response, text, metrics, server } = await write((call, wireRequest) => (call > 3 ? refusal : stored(wireRequest)));
    expect(response.status).toBe(status);
    const calls = server.requests.filter(({ operation }) => operation === 'WriteRecords');
    const taken = calls.slice(0, 3).reduce((sum, { body }) => sum + (body['Records'] as readonly unknown[]).length, 0);
    expect(text).toMatch(new RegExp(`^${code}: .*; ${SAMPLES - taken} samples of this request were not stored\n$`));
    expect(metrics.sum(METRICS.unstoredSamples, { error: code })).toBe(SAMPLES - taken);
    expect(metrics.sum(METRICS.storedRecords)).toBe(taken);
  });
});

describe('an answer that is none of Timestream', () => {
  it.each<[string, WireAnswer]>([
    ['a page with status 200', { status: 200, body: '<html>sign in</html>', contentType: 'text/html' }],
    ['a page with status 403', { status: 403, body: '<html>blocked</html>', contentType: 'text/html' }],
    ['a 403 without a type of error', { status: 403, body: '{"message":"Forbidden"}' }],
    ['an empty success', { status: 200, body: '' }],
    ['a success that counts too little', { status: 200, body: { RecordsIngested: { Total: 1 } } }],
    ['a success that is null', { status: 200, body: 'null' }],
    ['a success that is a list', { status: 200, body: '[]' }],
    ['a success that is a text', { status: 200, body: '"stored"' }],
    ['half an object', { status: 200, body: '{"RecordsIngested":{"Tot' }],
    ['an error without words', { status: 400, body: '' }],
  ])('makes the sender come again, and is told in our words: %s', async (_what, answer) => {
    const { response, text, metrics } = await write(() => answer);
    expect(response).toMatchObject({ status: 503, headers: { 'retry-after': expect.stringMatching(/^\d+$/) as string } });
    expect(text).toMatch(/^malformed-answer: WriteRecords: .+\n$/);
    expect(text).not.toMatch(/hidden field|UnknownError|Unknown:|\$response|deserializ/i);
    expect(metrics.sum(METRICS.storedRecords)).toBe(0);
    expect(metrics.sum(METRICS.unstoredSamples)).toBe(0);
  });
});
