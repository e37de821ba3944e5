import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { METRICS, openAwsStorage } from '../../src/index.js';
import { ConnectorError } from '../../src/errors/connector-error.js';
import { createMemoryLogger, KEY, testConfig } from '../support/connector-fixture.js';
import { RecordingMetrics } from '../support/recording-metrics.js';
import { startWireServer, wireError, type WireAnswer, type WireRequest } from '../support/wire-server.js';

const WAYS = ['lean', 'sdk'] as const;

const COLUMNS = [
  { Name: 'job', Type: { ScalarType: 'VARCHAR' } },
  { Name: 'time', Type: { ScalarType: 'TIMESTAMP' } },
  { Name: 'sample_value', Type: { ScalarType: 'DOUBLE' } },
];
const ROW = { Data: [{ ScalarValue: 'node' }, { ScalarValue: '2026-01-02 03:04:05.678000000' }, { NullValue: true }] };
const STATUS = { ProgressPercentage: 100, CumulativeBytesScanned: 1, CumulativeBytesMetered: 10_000_000 };
const PAGE = { QueryId: 'Q1', ColumnInfo: COLUMNS, Rows: [ROW, ROW], QueryStatus: STATUS };

const started: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
});

interface Outcome {
  readonly requests: readonly WireRequest[];
  readonly pages: readonly unknown[];
  readonly failure: unknown;
  readonly metrics: RecordingMetrics;
}

/** Asks one way and reads all pages. */
async function queryBy(way: (typeof WAYS)[number], sql: string, answer: Parameters<typeof startWireServer>[0]): Promise<Outcome> {
  const server = await startWireServer(answer);
  const metrics = new RecordingMetrics();
  const config = testConfig({
    'write-base-endpoint': server.url,
    'query-base-endpoint': server.url,
    'max-read-retries': '2',
    'aws-calls': way,
  });
  const storage = openAwsStorage(config, { logger: createMemoryLogger([]), metrics })({ kind: 'static', ...KEY });
  started.push(
    () => server.close(),
    () => storage.close(),
  );
  const pages: unknown[] = [];
  let failure: unknown;
  try {
    for await (const page of storage.query(sql, AbortSignal.timeout(20_000))) pages.push(page);
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    failure = {
      code: error.code,
      message: error.message.replace(/127\.0\.0\.1:\d+/g, 'server'),
      cause: (error.cause as Error | undefined)?.name,
    };
  }
  return { requests: server.requests, pages, failure, metrics };
}

const bothWays = async (sql: string, answer: Parameters<typeof startWireServer>[0]): Promise<[Outcome, Outcome]> => [
  await queryBy('lean', sql, answer),
  await queryBy('sdk', sql, answer),
];

/** The token of a call is its own. */
const withoutToken = ({ text }: WireRequest) => text.replace(/"ClientToken":"[0-9a-f-]{36}"/, '"ClientToken":"…"');

const cancelled = ({ requests }: Outcome) => requests.filter(({ operation }) => operation === 'CancelQuery').length;

describe('queries that the connector puts together itself', () => {
  it('arrive as those of the SDK do, byte for byte but for their token, whatever is asked', async () => {
    for (const sql of fc.sample(fc.string({ unit: 'binary', minLength: 100, maxLength: 400 }), 3)) {
      const [lean, sdk] = await bothWays(sql, (_request, count) => ({
        status: 200,
        body: count === 1 ? { ...PAGE, NextToken: 'more "of" it' } : PAGE,
      }));
      expect(lean.requests.length).toBe(2);
      expect(lean.requests.map(withoutToken)).toEqual(sdk.requests.map(withoutToken));
      expect(lean.pages).toEqual(sdk.pages);
      expect(new Set(lean.requests.map(({ body }) => body['ClientToken'])).size).toBe(2);
    }
  });

  it('have the headers of the SDK, signed over the same ones', async () => {
    const [lean, sdk] = await bothWays('SELECT 1', () => ({ status: 200, body: PAGE }));
    const comparable = ({ headers }: WireRequest) => {
      // The hash is that of a body with a token of its own.
      const own = new Set(['authorization', 'host', 'amz-sdk-invocation-id', 'x-amz-date', 'x-amz-content-sha256']);
      return [
        ...Object.entries(headers)
          .filter(([name]) => !own.has(name))
          .map((header) => header.join())
          .sort(),
        /Credential=[^/]+\/\d+\/(.*), Signature/.exec(headers.authorization ?? '')?.[1],
      ];
    };
    expect(lean.requests.map(comparable)).toEqual(sdk.requests.map(comparable));
  });

  it('keep the token of a call that is tried again', async () => {
    for (const way of WAYS) {
      const { requests, pages } = await queryBy(way, 'SELECT 1', (_request, count) =>
        count === 1 ? wireError(500, 'InternalServerException', 'oops') : { status: 200, body: PAGE },
      );
      expect(pages.length).toBe(1);
      expect(requests.length).toBe(2);
      expect(new Set(requests.map(({ body }) => body['ClientToken'])).size).toBe(1);
    }
  });

  it.each<[string, WireAnswer]>([
    ['a page', { status: 200, body: PAGE }],
    ['a page without rows', { status: 200, body: { ...PAGE, Rows: [] } }],
    ['a page with nulls', { status: 200, body: { ...PAGE, NextToken: null, QueryStatus: null } }],
    ['a page with fields that nobody knows', { status: 200, body: { ...PAGE, Later: [1] } }],
    ['a page without columns', { status: 200, body: { ...PAGE, ColumnInfo: undefined } }],
    ['a page whose rows are null', { status: 200, body: { ...PAGE, Rows: null } }],
    ['an answer that says nothing', { status: 200, body: {} }],
    ['an answer without a body', { status: 200, body: '' }],
    ['a page of a proxy', { status: 200, body: '<html></html>', contentType: 'text/html' }],
    ['throttling', wireError(429, 'ThrottlingException', 'slow down')],
    ['an internal error', wireError(500, 'InternalServerException', 'oops')],
    ['a gateway', { status: 503, body: '', contentType: 'text/html' }],
    ['a broken connection', 'drop'],
    ['a failed query', wireError(400, 'QueryExecutionException', 'max page response size exceeded')],
    ['a statement that is refused', wireError(400, 'ValidationException', 'line 1:8: mismatched input')],
    ['a column that is not there', wireError(400, 'ValidationException', "line 1:8: Column 'x' does not exist")],
    ['a missing permission', wireError(403, 'AccessDeniedException', 'not authorized')],
    ['a clock that is wrong', wireError(403, 'InvalidSignatureException', 'Signature expired: 20260101T000000Z is now earlier than')],
    ['a moved endpoint', wireError(421, 'InvalidEndpointException', 'moved')],
    ['an error that nobody knows', wireError(418, 'TeapotException', 'short and stout')],
  ])('mean the same as those of the SDK when the answer is %s', async (_what, answer) => {
    const [lean, sdk] = await bothWays('SELECT 1', ({ operation }) => (operation === 'Query' ? answer : { status: 200, body: {} }));
    expect(lean.failure).toEqual(sdk.failure);
    expect(lean.pages).toEqual(sdk.pages);
    expect(lean.requests.length).toBe(sdk.requests.length);
    expect(cancelled(lean)).toBe(cancelled(sdk));
    for (const metric of [METRICS.timestreamRetries, METRICS.timestreamCalls, METRICS.meteredQueryBytes]) {
      expect(lean.metrics.sum(metric)).toBe(sdk.metrics.sum(metric));
    }
  });

  it.each<[string, object]>([
    ['columns that are no list', { ...PAGE, ColumnInfo: 'job' }],
    ['rows that are no list', { ...PAGE, Rows: { Data: [] } }],
    ['a row that is null', { ...PAGE, Rows: [null] }],
    ['a row without values', { ...PAGE, Rows: [{}] }],
  ])('are answered by nothing that can be used when the answer has %s', async (_what, body) => {
    const { failure, pages } = await queryBy('lean', 'SELECT 1', ({ operation }) => ({
      status: 200,
      body: operation === 'Query' ? body : {},
    }));
    expect(pages).toEqual([]);
    expect(failure).toMatchObject({ code: 'malformed-answer' });
  });

  it.each(WAYS)('leave an answer that is larger than any page of Timestream, whatever it would say (%s)', async (way) => {
    const large = { ...PAGE, Rows: [{ Data: [{ ScalarValue: 'x'.repeat(33 * 1024 * 1024) }] }] };
    const { pages, failure } = await queryBy(way, 'SELECT 1', () => ({ status: 200, body: large }));
    expect(pages).toEqual([]);
    const message = expect.stringMatching(
      /^Query: an answer of more than 33554432 bytes, which is none of Timestream: its pages have 1 MB\b/,
    ) as string;
    expect(failure).toMatchObject({ code: 'malformed-answer', message });
  });

  it.each(WAYS)('take a page that is many times as large as documented (%s)', async (way) => {
    const rows = [{ Data: [{ ScalarValue: 'x'.repeat(8 * 1024 * 1024) }] }];
    const { pages, failure } = await queryBy(way, 'SELECT 1', () => ({ status: 200, body: { ...PAGE, Rows: rows } }));
    expect(failure).toBeUndefined();
    expect(pages).toHaveLength(1);
  });
});
