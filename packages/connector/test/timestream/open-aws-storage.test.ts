import type { QueryPage, WriteBatch } from '@timestream-prometheus/timestream-translator';
import { afterEach, describe, expect, it } from 'vitest';
import { ColumnNotFoundError, ConnectorError, METRICS, openAwsStorage, type ConnectorErrorCode, type Storage } from '../../src/index.js';
import { createMemoryLogger, KEY, testConfig, type LogLine } from '../support/connector-fixture.js';
import { RecordingMetrics } from '../support/recording-metrics.js';
import { startWireServer, wireError, type WireAnswer } from '../support/wire-server.js';

const BATCH: WriteBatch = {
  CommonAttributes: { MeasureName: 'm', Dimensions: [{ Name: 'job', Value: 'a' }] },
  Records: [1, 2, 3].map((value) => ({ Time: String(value), TimeUnit: 'MILLISECONDS' as const, MeasureValue: String(value) })),
  sources: [0, 1, 2].map((sampleIndex) => ({ seriesIndex: 0, sampleIndex })),
};

const STORED: WireAnswer = { status: 200, body: { RecordsIngested: { Total: 3, MemoryStore: 3, MagneticStore: 0 } } };

const started: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
});

async function start(answer: Parameters<typeof startWireServer>[0], flags: Readonly<Record<string, string>> = {}) {
  const server = await startWireServer(answer);
  const metrics = new RecordingMetrics();
  const log: LogLine[] = [];
  const config = testConfig({
    'write-base-endpoint': server.url,
    'query-base-endpoint': server.url,
    'max-write-retries': '1',
    'max-read-retries': '1',
    ...flags,
  });
  const storage = openAwsStorage(config, { logger: createMemoryLogger(log), metrics })({ kind: 'static', ...KEY });
  started.push(
    () => server.close(),
    () => storage.close(),
  );
  return { server, storage, metrics, log };
}

function signal(): AbortSignal {
  return new AbortController().signal;
}

async function errorOf(work: Promise<unknown>): Promise<ConnectorError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectorError);
  return error as ConnectorError;
}

async function pagesOf(storage: Storage, sql = 'SELECT 1', abortSignal = signal()): Promise<QueryPage[]> {
  const pages: QueryPage[] = [];
  for await (const page of storage.query(sql, abortSignal)) pages.push(page);
  return pages;
}

const NAME = { Name: 'job', Type: { ScalarType: 'VARCHAR' } };

function page(values: readonly string[], nextToken?: string): WireAnswer {
  return {
    status: 200,
    body: {
      QueryId: 'QUERY1',
      ColumnInfo: [NAME],
      Rows: values.map((ScalarValue) => ({ Data: [{ ScalarValue }] })),
      QueryStatus: { ProgressPercentage: 1, CumulativeBytesScanned: 1, CumulativeBytesMetered: 10_000_000 },
      ...(nextToken === undefined ? {} : { NextToken: nextToken }),
    },
  };
}

describe('writing', () => {
  it('sends the batch as it is, signed, under our name, and without asking for an endpoint', async () => {
    const { server, storage, metrics } = await start(() => STORED);
    expect(await storage.write(BATCH, signal())).toEqual({ rejected: [] });
    expect(server.requests.map(({ operation }) => operation)).toEqual(['WriteRecords']);
    expect(server.requests[0]?.body).toEqual({
      DatabaseName: 'db',
      TableName: 'tbl',
      CommonAttributes: BATCH.CommonAttributes,
      Records: BATCH.Records,
    });
    expect(server.requests[0]?.headers.authorization).toContain('Credential=AKIDTEST/');
    expect(server.requests[0]?.headers['user-agent']).toContain('timestream-prometheus/0.1.0');
    expect(metrics.sum(METRICS.writeRequests)).toBe(1);
    expect(metrics.sum(METRICS.timestreamCalls, { operation: 'WriteRecords', outcome: 'ok' })).toBe(1);
    expect(metrics.sum(METRICS.timestreamCallsInFlight)).toBe(0);
  });

  it('takes 419 for the partial success that it is', async () => {
    const RejectedRecords = [
      { RecordIndex: 1, Reason: 'too old' },
      { RecordIndex: 2, Reason: 'newer version', ExistingVersion: 7 },
    ];
    const { storage, metrics } = await start(() =>
      wireError(419, 'RejectedRecordsException', 'One or more records have been rejected.', { RejectedRecords }),
    );
    expect(await storage.write(BATCH, signal())).toEqual({
      rejected: [
        { recordIndex: 1, reason: 'too old' },
        { recordIndex: 2, reason: 'newer version', existingVersion: 7 },
      ],
    });
    expect(metrics.sum(METRICS.timestreamCalls, { outcome: 'rejected' })).toBe(1);
  });

  it.each([
    ['without a list', {}],
    ['with an empty list', { RejectedRecords: [] }],
    ['with a record it does not name', { RejectedRecords: [{ Reason: 'x' }] }],
    ['with a record it does not name beside one that it does', { RejectedRecords: [{ RecordIndex: 0, Reason: 'x' }, { Reason: 'y' }] }],
  ])('does not take 419 %s for records that can never be stored', async (_case, more) => {
    const { storage } = await start(() => wireError(419, 'RejectedRecordsException', 'rejected', more));
    expect((await errorOf(storage.write(BATCH, signal()))).code).toBe('malformed-answer');
  });

  it.each<[string, WireAnswer, RegExp]>([
    ['an empty body', { status: 200, body: '' }, /does not say how many/],
    ['an empty object', { status: 200, body: {} }, /does not say how many/],
    ['204', { status: 204, body: '' }, /does not say how many/],
    ['another answer', { status: 200, body: { RecordsIngested: 'all' } }, /does not say how many/],
    [
      'fewer records than were sent',
      { status: 200, body: { RecordsIngested: { Total: 2 } } },
      /an answer to 3 records that says that 2 were stored/,
    ],
    ['more records than were sent', { status: 200, body: { RecordsIngested: { Total: 4 } } }, /says that 4 were stored/],
  ])('does not take a success with %s for stored', async (_case, answer, message) => {
    const { storage, metrics } = await start(() => answer);
    const error = await errorOf(storage.write(BATCH, signal()));
    expect(error).toMatchObject({ code: 'malformed-answer', message: expect.stringMatching(message) as string });
    expect(metrics.sum(METRICS.timestreamCalls, { outcome: 'malformed-answer' })).toBe(1);
  });

  it.each([403, 404, 405, 407, 413, 302, 200])(
    'takes a page with status %s for something in between, not for Timestream',
    async (status) => {
      const { storage, server } = await start(() => ({ status, body: '<html>no</html>', contentType: 'text/html; charset=utf-8' }));
      const host = server.url.replace('http://', '');
      for (const failing of [storage.write(BATCH, signal()), pagesOf(storage)]) {
        const error = await errorOf(failing);
        expect(error.code).toBe('malformed-answer');
        expect(error.message).toMatch(/^(WriteRecords|Query): not an answer of Timestream: /);
        expect(error.message).toContain(`status ${status}, content type "text/html; charset=utf-8", from ${host}`);
      }
    },
  );

  it.each<[number, ConnectorErrorCode]>([
    [408, 'deadline-exceeded'],
    [429, 'throttled'],
    [500, 'timestream-unavailable'],
    [504, 'timestream-unavailable'],
  ])('takes a page with status %s for what every service means by it: %s', async (status, code) => {
    const { storage } = await start(() => ({ status, body: '<html>no</html>', contentType: 'text/html' }));
    for (const failing of [storage.write(BATCH, signal()), pagesOf(storage)]) {
      const error = await errorOf(failing);
      expect(error.code).toBe(code);
      expect(error.message).toContain(`not an answer of Timestream: status ${status}, content type "text/html"`);
    }
  });

  it.each(['', '{}', '{"message":"Forbidden"}'])('does not believe a 403 without a type of error: %j', async (body) => {
    const { storage } = await start(() => ({ status: 403, body, contentType: 'application/json' }));
    const error = await errorOf(storage.write(BATCH, signal()));
    expect(error.code).toBe('malformed-answer');
    expect(error.message).not.toMatch(/hidden field|UnknownError/);
  });

  it('names the last reason and the number of attempts when it gives up', async () => {
    const { storage } = await start(() => wireError(500, 'InternalServerException', 'oops'), { 'max-write-retries': '3' });
    expect((await errorOf(storage.write(BATCH, signal()))).message).toBe('WriteRecords: InternalServerException: oops (after 3 attempts)');
  });

  it.each<[string, unknown, RegExp]>([
    [
      'a deadline',
      new ConnectorError('deadline-exceeded', 'not done within 25000 ms (write-timeout)'),
      /^not done within 25000 ms \(write-timeout\); /,
    ],
    ['a client that goes', undefined, /^the request was given up before it was done; /],
  ])('names the last reason when %s ends the attempts', async (_case, reason, beginning) => {
    const { storage, server } = await start(() => wireError(429, 'ThrottlingException', 'slow down'), { 'max-write-retries': '100' });
    const client = new AbortController();
    const writing = errorOf(storage.write(BATCH, client.signal));
    await expect.poll(() => server.requests.length).toBeGreaterThan(1);
    client.abort(reason);
    const { message } = await writing;
    expect(message).toMatch(beginning);
    expect(message).toMatch(/the last of \d+ attempts? failed with WriteRecords: ThrottlingException: slow down$/);
  });

  it.each<[string, WireAnswer, ConnectorErrorCode]>([
    ['throttling', wireError(429, 'ThrottlingException', 'slow down'), 'throttled'],
    ['an internal error', wireError(500, 'InternalServerException', 'oops'), 'timestream-unavailable'],
    ['a gateway without a body', { status: 503, body: '', contentType: 'text/html' }, 'timestream-unavailable'],
    ['a moved endpoint', wireError(421, 'InvalidEndpointException', 'moved'), 'timestream-unavailable'],
    ['a broken connection', 'drop', 'connection-failed'],
    ['a request that timed out', wireError(408, 'RequestTimeout', 'too slow'), 'deadline-exceeded'],
    [
      'an invalid call',
      wireError(400, 'ValidationException', 'At least one dimension is required for a record.'),
      'timestream-refused-write',
    ],
    ['a missing permission', wireError(403, 'AccessDeniedException', 'not authorized to perform timestream:WriteRecords'), 'access-denied'],
    [
      'an unknown key',
      wireError(403, 'UnrecognizedClientException', 'The security token included in the request is invalid.'),
      'invalid-credentials',
    ],
    [
      'a wrong secret',
      wireError(403, 'InvalidSignatureException', 'The request signature we calculated does not match'),
      'invalid-credentials',
    ],
    [
      'an expired session',
      wireError(403, 'ExpiredTokenException', 'The security token included in the request is expired'),
      'invalid-credentials',
    ],
    ['a missing table', wireError(404, 'ResourceNotFoundException', 'The table tbl does not exist.'), 'destination-not-found'],
    ['a used-up quota', wireError(402, 'ServiceQuotaExceededException', 'quota'), 'service-quota-exceeded'],
    ['an error that nobody knows', wireError(418, 'TeapotException', 'short and stout'), 'timestream-refused-write'],
  ])('says of %s what it means', async (_case, answer, code) => {
    const { storage, metrics } = await start(() => answer);
    const error = await errorOf(storage.write(BATCH, signal()));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^WriteRecords: /);
    expect(metrics.sum(METRICS.timestreamCalls, { operation: 'WriteRecords', outcome: code })).toBe(1);
  });

  it('says when nobody listens', async () => {
    const { storage, server } = await start(() => STORED);
    await server.close();
    expect((await errorOf(storage.write(BATCH, signal()))).code).toBe('connection-failed');
  });

  it('tries again what may succeed, as often as told, and counts it', async () => {
    const { storage, metrics, server } = await start(
      (_request, count) => (count < 3 ? wireError(500, 'InternalServerException', 'oops') : STORED),
      { 'max-write-retries': '3' },
    );
    expect(await storage.write(BATCH, signal())).toEqual({ rejected: [] });
    expect(server.requests).toHaveLength(3);
    expect(metrics.sum(METRICS.timestreamRetries, { operation: 'WriteRecords' })).toBe(2);
    expect(metrics.sum(METRICS.writeRequests)).toBe(1);
  });

  it('does not try again what cannot succeed', async () => {
    const { storage, server } = await start(() => wireError(400, 'ValidationException', 'no'), { 'max-write-retries': '5' });
    await errorOf(storage.write(BATCH, signal()));
    expect(server.requests).toHaveLength(1);
  });

  it('ends at once when it is aborted', async () => {
    const { storage, server } = await start(() => 'hang');
    const client = new AbortController();
    const writing = errorOf(storage.write(BATCH, client.signal));
    await expect.poll(() => server.requests.length).toBe(1);
    client.abort();
    expect((await writing).code).toBe('client-gone');
  });

  it('gives the reason of an abort that is an error of ours', async () => {
    const { storage } = await start(() => 'hang');
    const deadline = new AbortController();
    const writing = errorOf(storage.write(BATCH, deadline.signal));
    deadline.abort(new ConnectorError('deadline-exceeded', 'too late'));
    expect((await writing).code).toBe('deadline-exceeded');
  });
});

describe('reading', () => {
  it('gives every page in order, empty ones included', async () => {
    const { storage, server, metrics } = await start((request) => {
      if (request.body['NextToken'] === undefined) return page([], 'T1');
      return request.body['NextToken'] === 'T1' ? page(['a', 'b'], 'T2') : page(['c']);
    });
    const pages = await pagesOf(storage, 'SELECT job');
    expect(pages.map(({ Rows }) => Rows.map(({ Data }) => Data?.[0]?.ScalarValue))).toEqual([[], ['a', 'b'], ['c']]);
    expect(pages.every(({ ColumnInfo }) => ColumnInfo[0]?.Name === 'job')).toBe(true);
    expect(server.requests.map(({ body }) => body['QueryString'])).toEqual(['SELECT job', 'SELECT job', 'SELECT job']);
    expect(metrics.sum(METRICS.readRequests)).toBe(3);
    expect(metrics.sum(METRICS.meteredQueryBytes)).toBe(10_000_000);
  });

  it('cancels a query that is left before its last page', async () => {
    const { storage, server } = await start((request) =>
      request.operation === 'CancelQuery' ? { status: 200, body: {} } : page(['a'], 'NEXT'),
    );
    for await (const one of storage.query('SELECT 1', signal())) {
      expect(one.Rows).toHaveLength(1);
      break;
    }
    expect(server.requests.map(({ operation }) => operation)).toEqual(['Query', 'CancelQuery']);
    expect(server.requests[1]?.body).toEqual({ QueryId: 'QUERY1' });
  });

  it('cancels nothing when the last page was read', async () => {
    const { storage, server } = await start(() => page(['a']));
    for await (const one of storage.query('SELECT 1', signal())) {
      expect(one.Rows).toHaveLength(1);
      break;
    }
    expect(server.requests.map(({ operation }) => operation)).toEqual(['Query']);
  });

  it('cancels the query and stops paging when the client goes', async () => {
    const client = new AbortController();
    const { storage, server } = await start((request) => {
      if (request.operation === 'CancelQuery') return { status: 200, body: {} };
      return request.body['NextToken'] === undefined ? page(['a'], 'NEXT') : 'hang';
    });
    const reading = errorOf(pagesOf(storage, 'SELECT 1', client.signal));
    await expect.poll(() => server.requests.length).toBe(2);
    client.abort();
    expect((await reading).code).toBe('client-gone');
    expect(server.requests.map(({ operation }) => operation)).toEqual(['Query', 'Query', 'CancelQuery']);
  });

  it('keeps its answer when the query cannot be cancelled', async () => {
    const { storage, log } = await start((request) =>
      request.operation === 'CancelQuery' ? wireError(403, 'AccessDeniedException', 'no') : page(['a'], 'NEXT'),
    );
    for await (const one of storage.query('SELECT 1', signal())) {
      expect(one.Rows).toHaveLength(1);
      break;
    }
    expect(log.map(({ level }) => level)).toEqual(['debug']);
  });

  it('ends a query with more pages than allowed, and never gives a part for the whole', async () => {
    const { storage, server } = await start(
      (request) => (request.operation === 'CancelQuery' ? { status: 200, body: {} } : page(['a'], 'NEXT')),
      { 'max-pages-per-query': '3' },
    );
    const error = await errorOf(pagesOf(storage));
    expect(error).toMatchObject({ code: 'read-limit-exceeded', message: expect.stringContaining('max-pages-per-query') as string });
    expect(server.requests.map(({ operation }) => operation)).toEqual(['Query', 'Query', 'Query', 'CancelQuery']);
  });

  it.each<[string, WireAnswer, ConnectorErrorCode]>([
    ['throttling', wireError(429, 'ThrottlingException', 'slow down'), 'throttled'],
    ['too little query capacity', wireError(400, 'ValidationException', 'MaxQueryTCU exceeded'), 'throttled'],
    [
      'a missing database',
      wireError(400, 'ValidationException', "Requested database 'db' not found for identifier 'db.tbl' at line 1:15"),
      'destination-not-found',
    ],
    ['a missing table', wireError(400, 'ValidationException', "line 1:15: Table 'db.tbl' does not exist"), 'destination-not-found'],
    ['a syntax error', wireError(400, 'ValidationException', 'line 1:1: mismatched input'), 'timestream-refused-query'],
    ['a query that fails while it runs', wireError(400, 'QueryExecutionException', 'too much memory'), 'query-failed'],
    ['a cancelled query', wireError(409, 'ConflictException', 'unable to poll results for a cancelled query'), 'timestream-unavailable'],
    ['an answer without rows', { status: 200, body: { QueryId: 'Q' } }, 'malformed-answer'],
  ])('says of %s what it means', async (_case, answer, code) => {
    const { storage } = await start(() => answer);
    expect((await errorOf(pagesOf(storage))).code).toBe(code);
  });

  it.each(['vehicleName', "it's", 'Column', ''])('names the column %j that does not exist', async (column) => {
    const { storage } = await start(() => wireError(400, 'ValidationException', `line 1:76: Column '${column}' does not exist`));
    const error = await errorOf(pagesOf(storage));
    expect(error).toBeInstanceOf(ColumnNotFoundError);
    expect(error).toMatchObject({ code: 'timestream-refused-query', column });
  });

  it('fails as a whole when a later page fails', async () => {
    const { storage } = await start((request) => {
      if (request.operation === 'CancelQuery') return { status: 200, body: {} };
      return request.body['NextToken'] === undefined ? page(['a'], 'NEXT') : wireError(500, 'InternalServerException', 'oops');
    });
    expect((await errorOf(pagesOf(storage))).code).toBe('timestream-unavailable');
  });
});
