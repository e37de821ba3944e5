import { gunzipSync } from 'node:zlib';
import { NORMAL_NAN_BITS, STALE_NAN_BITS } from '@timestream-prometheus/prom-codec';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { basicAuthorization, PROTOCOL_HEADERS, series, writeBody } from '@timestream-prometheus/connector-testing';
import { bodyInHand } from '../../src/index.js';
import { bodyBytes, KEY } from '../support/connector-fixture.js';
import { startEmbeddedSubject, type EmbeddedSubject } from '../support/embedded-subject.js';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: unknown;
}

const FORM = 'application/x-www-form-urlencoded';

describe('the query API', () => {
  let subject: EmbeddedSubject;
  const nowMs = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;
  const now = nowMs / 1000;

  beforeAll(async () => {
    subject = await startEmbeddedSubject({ 'max-read-retries': '1', 'max-series-per-read': '40' });
    const written = [
      series({ __name__: 'requests_total', code: '200' }, [nowMs - 120_000, 10], [nowMs - 60_000, 40], [nowMs, 70]),
      series({ __name__: 'requests_total', code: '500' }, [nowMs - 120_000, 1], [nowMs - 60_000, 1.5], [nowMs, 4]),
      series({ __name__: 'odd', kind: 'nan' }, [nowMs, NORMAL_NAN_BITS]),
      series({ __name__: 'odd', kind: 'inf' }, [nowMs, -Infinity]),
      series({ __name__: 'odd', kind: 'tiny' }, [nowMs, 1.5e-9]),
      series({ __name__: 'odd', kind: 'gone' }, [nowMs - 1000, 1], [nowMs, STALE_NAN_BITS]),
      ...Array.from({ length: 60 }, (_, index) => series({ __name__: 'wide', i: String(index), pad: 'x'.repeat(40) }, [nowMs, index])),
    ];
    const headers = { authorization: basicAuthorization(KEY), ...PROTOCOL_HEADERS };
    expect((await subject.send({ method: 'POST', path: '/write', headers, body: writeBody(written) })).status).toBe(204);
  }, 60_000);
  afterEach(() => subject.faults.clear());
  afterAll(() => subject.close());

  async function ask(
    path: string,
    parameters: Readonly<Record<string, string>>,
    { post = false, headers = {} }: { post?: boolean; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const form = new URLSearchParams(parameters).toString();
    const response = await subject.send({
      method: post ? 'POST' : 'GET',
      path: `/api/v1/${path}${post ? '' : `?${form}`}`,
      headers: { authorization: basicAuthorization(KEY), ...(post && { 'content-type': FORM }), ...headers },
      body: new TextEncoder().encode(post ? form : ''),
    });
    const bytes = response.headers['content-encoding'] === 'gzip' ? gunzipSync(response.body) : response.body;
    return { status: response.status, headers: response.headers, json: JSON.parse(Buffer.from(bytes).toString()) as unknown };
  }

  it.each([false, true])('answers an instant query, by POST: %s', async (post) => {
    const answer = await ask('query', { query: 'sum(requests_total)', time: String(now) }, { post });
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
    expect(answer.json).toEqual({ status: 'success', ['data']: { resultType: 'vector', result: [{ metric: {}, value: [now, '74'] }] } });
  });

  it('answers a range query with the annotations that Prometheus has', async () => {
    const query = 'rate(requests_total{code="200"}[2m])';
    const times = { start: String(now - 60), end: new Date(nowMs).toISOString(), step: '1m' };
    expect((await ask('query_range', { query, ...times })).json).toEqual({
      status: 'success',
      ['data']: { resultType: 'matrix', result: [{ metric: { code: '200' }, values: [[now - 60, '0.3333333333333333'], [now, '0.5']] }] },
    }); // oxfmt-ignore
    const { json } = await ask('query_range', { query: 'rate(odd[2m])', ...times });
    expect(json).toMatchObject({ status: 'success' });
  });

  it('spells numbers as Prometheus does, and leaves out what has gone stale', async () => {
    const { json } = await ask('query', { query: 'odd', time: String(now) });
    expect(json).toEqual({
      status: 'success',
      ['data']: {
        resultType: 'vector',
        result: [
          { metric: { __name__: 'odd', kind: 'inf' }, value: [now, '-Inf'] },
          { metric: { __name__: 'odd', kind: 'nan' }, value: [now, 'NaN'] },
          { metric: { __name__: 'odd', kind: 'tiny' }, value: [now, '1.5e-09'] },
        ],
      },
    });
  });

  it('answers scalars, strings and range vectors', async () => {
    const time = String(now);
    expect((await ask('query', { query: '1e-9', time })).json).toMatchObject({
      ['data']: { resultType: 'scalar', result: [now, '0.000000001'] },
    });
    expect((await ask('query', { query: '"a\\nb"', time })).json).toMatchObject({
      ['data']: { resultType: 'string', result: [now, 'a\nb'] },
    });
    expect((await ask('query', { query: 'requests_total{code="500"}[90s]', time })).json).toMatchObject({
      ['data']: { resultType: 'matrix', result: [{ values: [[now - 60, '1.5'], [now, '4']] }] },
    }); // oxfmt-ignore
  });

  it('takes limit, stats and lookback_delta', async () => {
    const time = String(now + 100);
    expect((await ask('query', { query: 'requests_total', time, limit: '1' })).json).toMatchObject({
      ['data']: { result: [{ metric: { code: '200' } }] },
      warnings: ['results truncated due to limit'],
    });
    expect((await ask('query', { query: 'requests_total', time, lookback_delta: '90s' })).json).toMatchObject({ ['data']: { result: [] } });
    expect((await ask('query', { query: 'requests_total', time, stats: 'all' })).json).toMatchObject({
      ['data']: { stats: { samples: { totalQueryableSamples: 2 } } },
    });
  });

  it('compresses a long answer for a client that takes gzip, and no other', async () => {
    const parameters = { query: 'wide{i=~"[0-2]."}', time: String(now) };
    const zipped = await ask('query', parameters, { headers: { 'accept-encoding': 'deflate, gzip;q=0.8' } });
    expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    const plain = await ask('query', parameters, { headers: { 'accept-encoding': 'gzip;q=0' } });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(zipped.json).toEqual(plain.json);
  });

  it.each([
    ['query', { query: 'sum(foo bar)' }, 'invalid parameter "query": 1:9: parse error: unexpected identifier "bar" in aggregation'],
    ['query', {}, 'invalid parameter "query": unknown position: parse error: no expression found in input'],
    [
      'query',
      { query: 'up', time: 'now' },
      `invalid parameter "time": invalid time value for 'time': cannot parse "now" to a valid timestamp`,
    ],
    ['query', { query: 'up', limit: '-1' }, 'invalid parameter "limit": limit must be non-negative'],
    ['query_range', { query: 'up' }, 'invalid parameter "start": cannot parse "" to a valid timestamp'],
    [
      'query_range',
      { query: 'up', start: '2', end: '1', step: '1' },
      'invalid parameter "end": end timestamp must not be before start time',
    ],
    [
      'query_range',
      { query: 'up', start: '1', end: '2', step: '0' },
      'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    ],
    [
      'query_range',
      { query: 'up', start: '0', end: '11001', step: '1' },
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    ],
    [
      'query_range',
      { query: 'up[1m]', start: '0', end: '1', step: '1' },
      'invalid parameter "query": invalid expression type "range vector" for range query, must be Scalar or instant Vector',
    ],
    ['format_query', { query: 'up{' }, 'invalid parameter "query": 1:4: parse error: unexpected end of input inside braces'],
    ['query', { query: 'mad_over_time(up[1m])' }, 'invalid parameter "query": 1:1: parse error: function "mad_over_time" is not enabled'],
  ])('refuses %s %j as bad_data in Prometheus\u2019 words', async (path, parameters, error) => {
    expect(await ask(path, parameters as Record<string, string>)).toMatchObject({
      status: 400,
      json: { status: 'error', errorType: 'bad_data', error },
    });
  });

  it('says 422 of a query that has no answer, and of one that goes over a limit, which it names', async () => {
    expect(await ask('query', { query: 'requests_total + on () requests_total', time: String(now) })).toMatchObject({
      status: 422,
      json: {
        errorType: 'execution',
        error: expect.stringContaining('found duplicate series for the match group {} on the right hand-side') as string,
      },
    });
    expect(await ask('query', { query: 'wide', time: String(now) })).toMatchObject({
      status: 422,
      json: { errorType: 'execution', error: expect.stringContaining('max-series-per-read') as string },
    });
  });

  it('never takes trouble of the storage for an empty answer', async () => {
    subject.faults.failNext(10, 500, 'Query');
    const answer = await ask('query', { query: 'sum(requests_total) or vector(0)', time: String(now) });
    expect(answer).toMatchObject({ status: 503, json: { status: 'error', errorType: 'unavailable' } });
    expect(answer.headers['retry-after']).toBeDefined();
  });

  it('ends a query with 503 timeout when its time is over', async () => {
    const slow = 'count_over_time(vector(1)[5000m:1s]) + count_over_time(vector(1)[5000m:1s])';
    expect(await ask('query', { query: slow, time: String(now), timeout: '20ms' })).toMatchObject({
      status: 503,
      json: {
        errorType: 'timeout',
        error: 'deadline-exceeded: not done within 20 ms (timeout): narrow the matchers or the time range, or take a longer step',
      },
    });
  });

  it('says what to narrow where an answer is larger than an edge can hand over', async () => {
    const query = new URLSearchParams({ query: 'wide{i=~"[0-2]."}', time: String(now) }).toString();
    const response = await subject.connector.handle({
      ...{ method: 'GET', path: '/api/v1/query', query, headers: { authorization: basicAuthorization(KEY) } },
      ...bodyInHand(new Uint8Array()),
      signal: new AbortController().signal,
      maxResponseBytes: 1000,
    });
    expect(response.status).toBe(422);
    expect(JSON.parse(Buffer.from(await bodyBytes(response)).toString())).toMatchObject({
      errorType: 'execution',
      error: expect.stringMatching(/over 1000 bytes.*narrow the matchers or the time range/) as string,
    });
  });

  it('asks for credentials as every other path does', async () => {
    const response = await subject.send({ method: 'GET', path: '/api/v1/query?query=1', headers: {}, body: new Uint8Array() });
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toContain('Basic');
    expect(JSON.parse(Buffer.from(response.body).toString())).toMatchObject({ status: 'error', errorType: 'unauthorized' });
    const wrong = await ask(
      'query',
      { query: 'up' },
      { headers: { authorization: basicAuthorization({ ...KEY, secretAccessKey: 'no' }) } },
    );
    expect(wrong).toMatchObject({ status: 403, json: { errorType: 'unauthorized' } });
  });

  it('answers the same whether Timestream picks the newest samples or gives all', async () => {
    const plain = await startEmbeddedSubject({ 'promql-pushdown': 'false' });
    try {
      const written = [
        series({ __name__: 'p', a: '1' }, [nowMs - 60_000, 1], [nowMs - 1, 2], [nowMs, 3]),
        series({ __name__: 'p', a: '2' }, [nowMs - 60_000, 1], [nowMs - 1, STALE_NAN_BITS]),
        series({ __name__: 'p', a: '3' }, [nowMs - 400_000, 1]),
      ];
      const headers = { authorization: basicAuthorization(KEY), ...PROTOCOL_HEADERS };
      for (const one of [plain, subject]) await one.send({ method: 'POST', path: '/write', headers, body: writeBody(written) });
      for (const query of [
        'p',
        'p offset 1s',
        `p @ ${now - 30}`,
        'timestamp(p)',
        'sum(p) + count(p)',
        'p offset -1m',
        'max_over_time(p[5m])',
      ]) {
        for (const timeMs of [nowMs - 60_000, nowMs - 1, nowMs, nowMs + 299_000, nowMs + 400_000]) {
          const path = `/api/v1/query?${new URLSearchParams({ query, time: String(timeMs / 1000) }).toString()}`;
          const [pushed, read] = await Promise.all(
            [subject, plain].map((one) =>
              one.send({ method: 'GET', path, headers: { authorization: basicAuthorization(KEY) }, body: new Uint8Array() }),
            ),
          );
          expect({ query, timeMs, answer: Buffer.from(pushed?.body ?? []).toString() }).toEqual({
            query,
            timeMs,
            answer: Buffer.from(read?.body ?? []).toString(),
          });
        }
      }
    } finally {
      await plain.close();
    }
  }, 60_000);

  it('formats a query and takes it apart', async () => {
    expect((await ask('format_query', { query: 'sum  by(a)(up)' })).json).toEqual({ status: 'success', ['data']: 'sum by (a) (up)' });
    expect((await ask('parse_query', { query: 'rate(up{a="b"}[5m] offset 1m) > bool 2' })).json).toMatchObject({
      ['data']: {
        type: 'binaryExpr',
        op: '>',
        bool: true,
        matching: null,
        lhs: { type: 'call', func: { name: 'rate' }, args: [{ type: 'matrixSelector', name: 'up', range: 300_000, offset: 60_000 }] },
        rhs: { type: 'numberLiteral', val: '2' },
      },
    });
  });
});
