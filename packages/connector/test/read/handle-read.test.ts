import { decodeReadResponse, decodeSnappy, floatsOf, type LabelMatcher, type Query } from '@timestream-prometheus/prom-codec';
import { describe, expect, it } from 'vitest';
import { ColumnNotFoundError, ConnectorError, METRICS, type ConnectorResponse } from '../../src/index.js';
import { bodyBytes, bodyText, createFixture, readRequest, request } from '../support/connector-fixture.js';
import { openMemoryStorage, type AnswerQuery } from '../support/memory-storage.js';
import { tablePage } from '../support/table-page.js';

const START_MS = 1_700_000_000_000;

function query(...matchers: readonly (readonly [name: string, type: LabelMatcher['type'], value: string])[]): Query {
  return {
    startTimestampMs: BigInt(START_MS),
    endTimestampMs: BigInt(START_MS + 60_000),
    matchers: matchers.map(([name, type, value]) => ({ name, type, value })),
  };
}

const UP = query(['__name__', '=', 'up']);

function row(labels: Readonly<Record<string, string>>, offsetMs: number, value: number, name = 'up') {
  return { name, labels, timeMs: START_MS + offsetMs, value };
}

function fixture(answer: AnswerQuery, flags: Readonly<Record<string, string>> = {}) {
  const memory = openMemoryStorage({ query: answer });
  const base = createFixture(memory.openStorage, flags);
  return { ...base, queries: () => memory.opened.flatMap(({ queries }) => queries) };
}

/** Each result as lines `{label="value"} offset:value …`. */
async function resultsOf(response: ConnectorResponse): Promise<string[][]> {
  expect(response.status).toBe(200);
  const { results } = decodeReadResponse(decodeSnappy(await bodyBytes(response), { maxBytes: 1e8 }));
  return results.map(({ timeseries }) =>
    timeseries.map(({ labels, samples }) => {
      const floats = floatsOf(samples);
      const points = Array.from(samples.timestampsMs, (timestampMs, index) => `${Number(timestampMs) - START_MS}:${floats[index]}`);
      return `${labels.map(({ name, value }) => `${name}=${value}`).join()} ${points.join(' ')}`;
    }),
  );
}

describe('the answer to a read', () => {
  it('has one result per query, in order, each of its own rows', async () => {
    const { connector } = fixture((sql) => [
      tablePage(['job'], sql.includes("'a'") ? [row({ job: 'a' }, 0, 1, 'a')] : sql.includes("'b'") ? [row({ job: 'b' }, 5, 2, 'b')] : []),
    ]);
    const names = ['b', 'none', 'a', 'b'];
    const response = await connector.handle(readRequest({ queries: names.map((name) => query(['__name__', '=', name])) }));
    expect(response.headers).toEqual({ 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' });
    expect(await resultsOf(response)).toEqual([['__name__=b,job=b 5:2'], [], ['__name__=a,job=a 0:1'], ['__name__=b,job=b 5:2']]);
  });

  it('joins a series that is spread over pages, sorts its samples, and sorts series and labels', async () => {
    const { connector, metrics } = fixture(() => [
      tablePage(['zone', 'job'], [row({ job: 'b', zone: '1' }, 3, 3), row({ job: 'a' }, 2, 2)]),
      tablePage(['zone', 'job'], []),
      tablePage(['zone', 'job'], [row({ job: 'a' }, 1, 1), row({ job: 'b', zone: '1' }, 1, 9), row({ job: 'a' }, 2, 2)]),
    ]);
    const results = await resultsOf(await connector.handle(readRequest({ queries: [UP] })));
    expect(results).toEqual([['__name__=up,job=a 1:1 2:2', '__name__=up,job=b,zone=1 1:9 3:3']]);
    expect(metrics.sum(METRICS.readPages)).toBe(3);
    expect(metrics.sum(METRICS.readRows)).toBe(5);
    expect(metrics.sum(METRICS.readSeries)).toBe(2);
    expect(metrics.sum(METRICS.readSamples)).toBe(4);
  });

  it('checks every series against every matcher as Prometheus would, whatever rows come back', async () => {
    const rows = [row({ job: 'api' }, 0, 1), row({ job: 'api2' }, 0, 1), row({}, 0, 1), row({ job: 'x' }, 0, 1, 'other')];
    const { connector } = fixture(() => [tablePage(['job'], rows)]);
    const response = await connector.handle(
      readRequest({
        queries: [query(['__name__', '=', 'up'], ['job', '=~', 'api']), query(['__name__', '=', 'up'], ['job', '!=', 'api'])],
      }),
    );
    expect(await resultsOf(response)).toEqual([['__name__=up,job=api 0:1'], ['__name__=up 0:1', '__name__=up,job=api2 0:1']]);
  });

  it('is empty for no queries, and empty for a query without matchers, without asking anything', async () => {
    const { connector, queries } = fixture(() => []);
    expect(await resultsOf(await connector.handle(readRequest({ queries: [] })))).toEqual([]);
    expect(await resultsOf(await connector.handle(readRequest({ queries: [query()] })))).toEqual([[]]);
    expect(queries()).toEqual([]);
  });

  it.each(['/read', '/api/v1/read'])('is given at %s, to the content types that clients send', async (path) => {
    const { connector } = fixture(() => [tablePage([], [])]);
    const contentTypes = ['application/x-protobuf', 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse', ''];
    for (const contentType of contentTypes) {
      const headers = { ...request({}).headers, 'content-type': contentType, 'x-prometheus-remote-write-version': '0.1.0' };
      expect((await connector.handle(readRequest({ queries: [UP] }, { path, headers }))).status).toBe(200);
    }
    const refused = await connector.handle(
      readRequest({ queries: [UP] }, { path, headers: { ...request({}).headers, 'content-type': 'application/json' } }),
    );
    expect(refused.status).toBe(415);
  });
});

describe('negotiation', () => {
  it.each([[[]], [[0]], [[0, 1]], [[9, 0, 7, 1]]])('answers SAMPLES to a client that accepts %j', async (acceptedResponseTypes) => {
    const { connector } = fixture(() => [tablePage([], [])]);
    const response = await connector.handle(readRequest({ queries: [UP], acceptedResponseTypes }));
    expect(response.headers['content-type']).toBe('application/x-protobuf');
  });

  it.each([[[1]], [[1, 0]], [[9, 1, 0]]])('answers STREAMED_XOR_CHUNKS to a client that accepts %j', async (acceptedResponseTypes) => {
    const { connector } = fixture(() => [tablePage([], [])]);
    const response = await connector.handle(readRequest({ queries: [UP], acceptedResponseTypes }));
    // Prometheus' client compares the beginning of the header with this text, and takes a content encoding for its own.
    expect(response.headers).toEqual({ 'content-type': 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse' });
    expect(response).toMatchObject({ status: 200 });
    expect(await bodyBytes(response)).toHaveLength(0);
  });

  it('refuses types it does not have as Prometheus does, before it asks anything', async () => {
    const { connector, queries } = fixture(() => []);
    const response = await connector.handle(readRequest({ queries: [UP], acceptedResponseTypes: [7, 8] }));
    expect(response.status).toBe(400);
    expect(await bodyText(response)).toContain(
      'server does not support any of the requested response types: [7 8]; supported: SAMPLES, STREAMED_XOR_CHUNKS',
    );
    expect(queries()).toEqual([]);
  });
});

describe('a table whose columns change', () => {
  /** Whether a statement has a condition on this column. */
  function names(sql: string, column: string): boolean {
    return new RegExp(`"${column}" (=|<>|IS|IN|LIKE|NOT)`).test(sql);
  }

  it('is asked again when an answer shows a label that was taken not to exist', async () => {
    let hasPod = false;
    const { connector, metrics, queries } = fixture((sql) => {
      if (!hasPod) return [tablePage(['job', 'prometheus_labels'], [row({ job: 'a' }, 0, 1)])];
      return [tablePage(['job', 'prometheus_labels', 'pod'], names(sql, 'pod') ? [row({ job: 'a', pod: 'p' }, 0, 2)] : [])];
    });
    // The first answer teaches that there is no label pod.
    expect(await resultsOf(await connector.handle(readRequest({ queries: [UP] })))).toEqual([['__name__=up,job=a 0:1']]);
    hasPod = true;
    const withPod = readRequest({ queries: [query(['__name__', '=', 'up'], ['pod', '=~', 'p.*'])] });
    expect(await resultsOf(await connector.handle(withPod))).toEqual([['__name__=up,job=a,pod=p 0:2']]);
    expect(queries().map((sql) => names(sql, 'pod'))).toEqual([false, false, true]);
    expect(metrics.sum(METRICS.readQueryReruns)).toBe(1);
    expect(await resultsOf(await connector.handle(withPod))).toEqual([['__name__=up,job=a,pod=p 0:2']]);
    expect(metrics.sum(METRICS.readQueryReruns)).toBe(1);
  });

  it('is asked for a label that the remembered columns lack, before the answer is empty', async () => {
    let hasPod = false;
    const { connector, queries } = fixture((sql) => {
      for (const column of hasPod ? ['prometheus_labels'] : ['pod', 'prometheus_labels']) {
        if (names(sql, column)) throw new ColumnNotFoundError(column, `line 1:76: Column '${column}' does not exist`);
      }
      return [tablePage(hasPod ? ['pod'] : [], hasPod ? [row({ pod: 'p' }, 0, 1)] : [row({}, 0, 1)])];
    });
    const withPod = readRequest({ queries: [query(['__name__', '=', 'up'], ['pod', '=', 'p'])] });
    await connector.handle(readRequest({ queries: [UP] }));
    expect(await resultsOf(await connector.handle(withPod))).toEqual([[]]);
    hasPod = true;
    expect(await resultsOf(await connector.handle(withPod))).toEqual([['__name__=up,pod=p 0:1']]);
    expect(queries().length).toBeGreaterThan(2);
  });

  it('is given up as retryable after a bounded number of attempts when it contradicts itself', async () => {
    const { connector, queries } = fixture((sql) => {
      if (names(sql, 'pod')) throw new ColumnNotFoundError('pod', "line 1:76: Column 'pod' does not exist");
      return [tablePage(['pod', 'prometheus_labels'], [])];
    });
    const response = await connector.handle(readRequest({ queries: [query(['__name__', '=', 'up'], ['pod', '=', 'x'])] }));
    expect(response.status).toBe(503);
    expect(await bodyText(response)).toContain("Column 'pod' does not exist");
    expect(queries().length).toBeLessThanOrEqual(7);
  });

  it.each(['measure_name', 'time'])('answers nothing for a table that was never written to (no column %s)', async (column) => {
    const { connector } = fixture(() => {
      throw new ColumnNotFoundError(column, `Column '${column}' does not exist`);
    });
    expect(await resultsOf(await connector.handle(readRequest({ queries: [UP] })))).toEqual([[]]);
  });

  it('keeps what it knows of the columns of one credential from the others', async () => {
    const { connector, queries } = fixture((sql) => {
      for (const column of ['pod', 'prometheus_labels']) {
        if (names(sql, column)) throw new ColumnNotFoundError(column, `line 1:76: Column '${column}' does not exist`);
      }
      return [tablePage(['job'], [])];
    });
    const teach = readRequest({ queries: [UP] });
    const ask = (id: string) =>
      readRequest(
        { queries: [query(['__name__', '=', 'up'], ['job', '=', 'a'])] },
        { headers: { ...request({}).headers, authorization: `Basic ${Buffer.from(`${id}:s`).toString('base64')}` } },
      );
    await connector.handle(teach);
    for (const id of ['one', 'two']) expect((await connector.handle(ask(id))).status).toBe(200);
    // Each of them is told for itself that there is no prometheus_labels.
    expect(queries().filter((sql) => names(sql, 'prometheus_labels'))).toHaveLength(2);
  });
});

describe('a failed read', () => {
  it.each<[string, () => Error, number, string]>([
    [
      'a missing table',
      () => new ConnectorError('destination-not-found', 'Query: The table db.tbl does not exist.'),
      404,
      'destination-not-found',
    ],
    ['throttling', () => new ConnectorError('throttled', 'Query: slow down'), 503, 'throttled'],
    ['a wrong key', () => new ConnectorError('invalid-credentials', 'Query: no'), 403, 'invalid-credentials'],
    ['a defect', () => new TypeError('inner'), 500, 'internal'],
  ])('says what it was: %s', async (_case, failure, status, code) => {
    const { connector } = fixture(() => {
      throw failure();
    });
    const response = await connector.handle(readRequest({ queries: [UP] }));
    expect(response.status).toBe(status);
    expect(await bodyText(response)).toMatch(new RegExp(`^${code}: `));
  });

  it('is never a part of the answer: a later page that fails, fails all', async () => {
    const { connector } = fixture(function* () {
      yield tablePage(['job'], [row({ job: 'a' }, 0, 1)]);
      throw new ConnectorError('timestream-unavailable', 'Query: oops');
    });
    expect((await connector.handle(readRequest({ queries: [UP] }))).status).toBe(503);
  });

  it('is never a part of the answer: one query that fails, fails all and ends the others', async () => {
    const ended: string[] = [];
    const { connector } = fixture(async function* (sql, signal) {
      try {
        yield tablePage([], []);
        if (sql.includes("'bad'")) throw new ConnectorError('query-failed', 'Query: too much memory');
        await new Promise<void>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        });
      } finally {
        ended.push(sql);
      }
    });
    const response = await connector.handle(
      readRequest({ queries: [query(['__name__', '=', 'slow']), query(['__name__', '=', 'bad']), query(['__name__', '=', 'slow2'])] }),
    );
    expect(response.status).toBe(400);
    expect(await bodyText(response)).toMatch(/^query-failed: /);
    expect(ended).toHaveLength(3);
  });

  it('names the matcher and the reason of an invalid expression, before it asks anything', async () => {
    const { connector, queries } = fixture(() => []);
    const response = await connector.handle(readRequest({ queries: [UP, query(['job', '=~', 'a(b'])] }));
    expect(response.status).toBe(400);
    expect(await bodyText(response)).toMatch(/^invalid-matcher: job=~"a\(b": .*missing/);
    expect(queries()).toEqual([]);
  });

  it('is malformed-answer when a row has no readable time', async () => {
    const page = tablePage([], [row({}, 0, 1)]);
    const { connector } = fixture(() => [
      { ...page, Rows: [{ Data: [{ ScalarValue: 'up' }, { ScalarValue: 'yesterday' }, { ScalarValue: '1' }] }] },
    ]);
    const response = await connector.handle(readRequest({ queries: [UP] }));
    expect(response.status).toBe(503);
  });

  it('is deadline-exceeded when read-timeout is over, and aborts the query', async () => {
    let wasAborted = false;
    const { connector } = fixture(
      // oxlint-disable-next-line require-yield -- a query that never answers
      async function* (_sql, signal) {
        await new Promise<void>((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            wasAborted = true;
            reject(signal.reason as Error);
          });
        });
      },
      { 'read-timeout': '100ms' },
    );
    const response = await connector.handle(readRequest({ queries: [UP] }));
    expect(response.status).toBe(503);
    expect(await bodyText(response)).toMatch(/^deadline-exceeded: .*read-timeout/);
    expect(wasAborted).toBe(true);
  });
});

describe('the limits of a read', () => {
  const twoSeries = () => [tablePage(['job'], [row({ job: 'a' }, 0, 1), row({ job: 'a' }, 1, 1), row({ job: 'b' }, 0, 1)])];

  it.each([
    ['max-samples-per-read', '2', [UP]],
    ['max-series-per-read', '1', [UP]],
    ['max-queries-per-read', '1', [UP, UP]],
    ['max-samples-per-read', '5', [UP, UP]],
    ['max-series-per-read', '3', [UP, UP]],
  ])('refuse an answer over --%s=%s and name the option', async (flag, value, queries) => {
    const { connector } = fixture(twoSeries, { [flag]: value });
    const response = await connector.handle(readRequest({ queries }));
    expect(response.status).toBe(400);
    expect(await bodyText(response)).toMatch(new RegExp(`^read-limit-exceeded: .*${flag}`));
  });

  it.each([
    ['max-samples-per-read', '6'],
    ['max-series-per-read', '4'],
    ['max-queries-per-read', '2'],
  ])('let an answer of exactly --%s=%s pass', async (flag, value) => {
    const { connector } = fixture(twoSeries, { [flag]: value });
    expect((await connector.handle(readRequest({ queries: [UP, UP] }))).status).toBe(200);
  });

  it('refuse an answer over --max-response-bytes', async () => {
    // Values that do not compress.
    const rows = Array.from({ length: 500 }, (_none, index) => row({}, index, Math.sin(index)));
    const { connector } = fixture(() => [tablePage([], rows)], { 'max-response-bytes': '1024' });
    const response = await connector.handle(readRequest({ queries: [UP] }));
    expect(response.status).toBe(400);
    expect(await bodyText(response)).toMatch(/^read-limit-exceeded: .*max-response-bytes/);
  });

  it('hold over all requests for the queries in flight', async () => {
    let inFlight = 0;
    let most = 0;
    const { connector } = fixture(
      async function* () {
        inFlight += 1;
        most = Math.max(most, inFlight);
        await new Promise((resolve) => setImmediate(resolve));
        yield tablePage([], []);
        inFlight -= 1;
      },
      { 'max-read-concurrency': '3' },
    );
    const responses = await Promise.all(Array.from({ length: 4 }, () => connector.handle(readRequest({ queries: [UP, UP, UP, UP] }))));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(most).toBe(3);
  });
});

describe('regular expressions that cost too much', () => {
  const ask = (matchers: readonly (readonly [string, '=~', string])[], queryCount = 1) => {
    const queries = Array.from({ length: queryCount }, () => query(...matchers));
    return createFixture(openMemoryStorage().openStorage).connector.handle(readRequest({ queries }));
  };

  it('are refused by name before any of them is compiled, in one matcher and in many', async () => {
    const large = '(?:\\pL{0,1000})'.repeat(60);
    const one = await ask([['a', '=~', large]]);
    expect(one.status).toBe(400);
    expect(await bodyText(one)).toMatch(/^invalid-matcher: a=~.*480001 characters with its repetitions written out; the limit is 10240/s);
    const matchers = Array.from({ length: 20 }, (_none, index) => ['a', '=~', `${index}(?:[a-z]{0,1000})`] as const);
    const many = await ask(matchers);
    expect(many.status).toBe(400);
    expect(await bodyText(many)).toMatch(/^invalid-matcher: a=~.*repeated characters together; the limit is 8000/s);
  });

  it('count over all queries of a request, an equal one once', async () => {
    const differing = Array.from({ length: 20 }, (_none, index) => query(['a', '=~', `${index}.{0,1000}`]));
    const fixture = () => createFixture(openMemoryStorage().openStorage).connector;
    expect((await fixture().handle(readRequest({ queries: differing }))).status).toBe(400);
    expect((await ask([['a', '=~', 'x.{0,1000}']], 20)).status).not.toBe(400);
  });
});
