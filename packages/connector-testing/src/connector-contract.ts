import {
  decodeReadResponse,
  decodeSnappy,
  encodeSnappy,
  encodeWriteRequest,
  NORMAL_NAN_BITS,
  STALE_NAN_BITS,
  type Query,
  type TimeSeries,
} from '@timestream-prometheus/prom-codec';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ContractRequest, ContractResponse, ContractSubject, StartContractSubject } from './contract-subject.js';
import { decodeStreamedAnswer, STREAMED_CONTENT_TYPE, STREAMED_FIRST } from './streamed-answer.js';
import { exemplarContract, type StoredBesideSuite } from './exemplar-contract.js';
import { metadataContract } from './metadata-contract.js';
import { httpApiContract } from './http-api-contract.js';
import { nativeHistogramContract } from './native-histogram-contract.js';
import { remoteWriteV2Contract } from './remote-write-v2-contract.js';
import { basicAuthorization, PROTOCOL_HEADERS, query, readBody, series, writeBody } from './remote-messages.js';

/** Small enough to go over in a test, and one attempt only, so that a planned fault is the answer. */
const FLAGS = {
  'max-body-bytes': '65536',
  'max-decoded-bytes': '131072',
  'max-write-retries': '1',
  'max-read-retries': '1',
  'stream-buffer-samples': '20',
};

/** What every edge of the connector must do, over the real wire of a Timestream. */
export function connectorContract(name: string, startSubject: StartContractSubject): void {
  describe(`the connector ${name}`, () => {
    let subject: ContractSubject;
    const nowMs = Date.now();
    const startMs = nowMs - 600_000;
    let metricCount = 0;

    beforeAll(async () => {
      subject = await startSubject(FLAGS);
    }, 60_000);
    afterEach(() => subject.faults.clear());
    afterAll(() => subject.close());

    /** A name that no other test of the suite uses. */
    function newMetric(): string {
      metricCount += 1;
      return `contract_${String(metricCount).padStart(4, '0')}`;
    }

    function send(parts: Partial<ContractRequest>): Promise<ContractResponse> {
      const headers = { authorization: basicAuthorization(subject.key), ...PROTOCOL_HEADERS };
      return subject.send({ method: 'POST', path: '/write', headers, body: new Uint8Array(), ...parts });
    }

    function write(timeseries: readonly TimeSeries[], parts: Partial<ContractRequest> = {}): Promise<ContractResponse> {
      return send({ body: writeBody(timeseries), ...parts });
    }

    async function read(...queries: readonly Query[]): Promise<readonly (readonly TimeSeries[])[]> {
      const response = await send({ path: '/read', body: readBody(queries) });
      expect({ status: response.status, text: response.status === 200 ? '' : textOf(response) }).toEqual({ status: 200, text: '' });
      expect(response.headers['content-type']).toBe('application/x-protobuf');
      expect(response.headers['content-encoding']).toBe('snappy');
      return decodeReadResponse(decodeSnappy(response.body, { maxBytes: 1e8 })).results.map(({ timeseries }) => timeseries);
    }

    async function readStreamed(...queries: readonly Query[]): Promise<readonly (readonly TimeSeries[])[]> {
      const response = await send({ path: '/read', body: readBody(queries, STREAMED_FIRST) });
      expect({ status: response.status, text: response.status === 200 ? '' : textOf(response) }).toEqual({ status: 200, text: '' });
      expect(response.headers['content-type']).toBe(STREAMED_CONTENT_TYPE);
      // The frames are not compressed, and Prometheus' client takes them as they come.
      expect(response.headers['content-encoding']).toBeUndefined();
      return decodeStreamedAnswer(response.body, queries.length);
    }

    function selectMetric(metric: string): Query {
      return query(startMs - 1_000, nowMs, ['__name__', '=', metric]);
    }

    describe('writing and reading back', () => {
      it('stores samples with 204 and no body, and gives them back to the last bit', async () => {
        const metric = newMetric();
        const values = [1, -0, 0.1 + 0.2, 5e-324, -1.7976931348623157e308, Infinity, -Infinity, STALE_NAN_BITS, NORMAL_NAN_BITS, 1e-9];
        const written = series(
          { __name__: metric, instance: 'a:1', job: "it's", 'x:y': 'no column' },
          ...values.map((value, index) => [startMs + index, value] as const),
        );
        const response = await write([written]);
        expect({ status: response.status, bytes: response.body.length }).toEqual({ status: 204, bytes: 0 });
        const [[only, ...others] = []] = await read(selectMetric(metric));
        expect(others).toEqual([]);
        expect(only?.labels).toEqual(written.labels);
        expect(Array.from(only?.samples.timestampsMs ?? [])).toEqual(Array.from(written.samples.timestampsMs));
        expect(Array.from(only?.samples.valueBits ?? [])).toEqual(Array.from(written.samples.valueBits));
      });

      it('answers several queries in order, each with its own series', async () => {
        const [first, second] = [newMetric(), newMetric()];
        expect(
          (await write([series({ __name__: first, a: '1' }, [startMs, 1]), series({ __name__: second, a: '1' }, [startMs, 2])])).status,
        ).toBe(204);
        const results = await read(selectMetric(second), selectMetric('never_written'), selectMetric(first));
        expect(results.map((timeseries) => timeseries.map(({ labels }) => labels[0]?.value))).toEqual([[second], [], [first]]);
      });

      it.each([1, 30])('streams the same series to a client that prefers that, %i samples in each', async (sampleCount) => {
        const metric = newMetric();
        const written = ['\u{10000}', '\uffff', 'b', 'a'].map((id, index) =>
          series(
            { __name__: metric, id },
            ...Array.from({ length: sampleCount }, (_none, sample) => [startMs + sample, index === 0 ? STALE_NAN_BITS : sample] as const),
          ),
        );
        expect((await write(written)).status).toBe(204);
        const queries = [selectMetric(metric), selectMetric('never_written'), selectMetric(metric)];
        const [first, second, third] = await readStreamed(...queries);
        expect(first).toEqual([...written].reverse());
        expect(second).toEqual([]);
        expect(third).toEqual(first);
        expect(await read(...queries)).toEqual([first, second, third]);
        expect(await readStreamed(selectMetric('never_written'))).toEqual([[]]);
      });

      it('selects as Prometheus does: anchored, and an absent label is an empty one', async () => {
        const metric = newMetric();
        const all = [{}, { code: '2' }, { code: '200' }, { code: 'x\ny' }].map((labels) =>
          series({ __name__: metric, id: JSON.stringify(labels), ...labels }, [startMs, 1]),
        );
        expect((await write(all)).status).toBe(204);
        const codesFor = async (type: '=' | '!=' | '=~' | '!~', value: string) => {
          const [found = []] = await read(query(startMs, nowMs, ['__name__', '=', metric], ['code', type, value]));
          return found.map(({ labels }) => labels.find(({ name }) => name === 'code')?.value ?? '').sort();
        };
        expect(await codesFor('=~', '2')).toEqual(['2']);
        expect(await codesFor('!=', '2')).toEqual(['', '200', 'x\ny']);
        expect(await codesFor('=', '')).toEqual(['']);
        expect(await codesFor('=~', '.*')).toEqual(['', '2', '200', 'x\ny']);
        expect(await codesFor('!~', '2.*')).toEqual(['', 'x\ny']);
        const [foundByUnknown = []] = await read(query(startMs, nowMs, ['__name__', '=', metric], ['never_written_label', '=', 'x']));
        expect(foundByUnknown).toEqual([]);
      });

      it('takes the same samples again, and refuses another value for one of them by name', async () => {
        const metric = newMetric();
        const batch = [series({ __name__: metric, a: 'b' }, [startMs, 1], [startMs + 1, 2])];
        expect((await write(batch)).status).toBe(204);
        expect((await write(batch)).status).toBe(204);
        const response = await write([series({ __name__: metric, a: 'b' }, [startMs + 1, 3], [startMs + 2, 4])]);
        expect(response.status).toBe(400);
        expect(textOf(response)).toMatch(new RegExp(`^samples-rejected: 1 sample .*conflicting-value.*${metric}.* at ${startMs + 1} ms`));
        const [[only] = []] = await read(selectMetric(metric));
        expect(Array.from(only?.samples.timestampsMs ?? [], Number)).toEqual([startMs, startMs + 1, startMs + 2]);
      });

      it('names a sample that is too old for the table, and stores the rest', async () => {
        const metric = newMetric();
        const response = await write([series({ __name__: metric, a: 'b' }, [1_000, 1], [startMs, 2])]);
        expect(response.status).toBe(400);
        expect(textOf(response)).toMatch(/outside-retention \(1\): .* at 1000 ms/);
        const [[only] = []] = await read(selectMetric(metric));
        expect(Array.from(only?.samples.timestampsMs ?? [], Number)).toEqual([startMs]);
      });

      it('takes requests without series, and with metadata only', async () => {
        expect((await write([])).status).toBe(204);
        expect((await send({ body: writeBody([], [{ type: 'gauge', metricFamilyName: 'm', help: 'h', unit: '' }]) })).status).toBe(204);
      });
    });

    describe('when Timestream fails', () => {
      it.each<[string, (faults: ContractSubject['faults']) => void]>([
        ['throttles', (faults) => faults.throttleNext(1, 'WriteRecords')],
        ['answers 500', (faults) => faults.failNext(1, 500, 'WriteRecords')],
        ['breaks the connection after storing', (faults) => faults.dropAnswerNext(1, 'WriteRecords')],
      ])('asks for a write again when it %s, and has every sample once afterwards', async (_case, plan) => {
        const metric = newMetric();
        const batch = [series({ __name__: metric, a: 'b' }, [startMs, 1])];
        plan(subject.faults);
        const refused = await write(batch);
        expect(refused.status).toBe(503);
        expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
        expect((await write(batch)).status).toBe(204);
        const [[only] = []] = await read(selectMetric(metric));
        expect(only?.samples.timestampsMs).toHaveLength(1);
      });

      it('fails a read as a whole', async () => {
        subject.faults.failNext(1, 500, 'Query');
        const response = await send({ path: '/read', body: readBody([selectMetric('a'), selectMetric('b')]) });
        expect(response.status).toBe(503);
        expect(textOf(response)).toMatch(/^timestream-unavailable: /);
      });
    });

    it('fails a streamed read that fails before its first part like any other', async () => {
      subject.faults.failNext(1, 500, 'Query');
      const response = await send({ path: '/read', body: readBody([selectMetric('a')], STREAMED_FIRST) });
      expect(response.status).toBe(503);
      expect(textOf(response)).toMatch(/^timestream-unavailable: /);
    });

    describe('refuses', () => {
      function one(metric = newMetric()): readonly TimeSeries[] {
        return [series({ __name__: metric, a: 'b' }, [startMs, 1])];
      }

      it('a wrong secret, and stores nothing', async () => {
        const metric = newMetric();
        const headers = { ...PROTOCOL_HEADERS, authorization: basicAuthorization({ ...subject.key, secretAccessKey: 'wrong' }) };
        expect((await write(one(metric), { headers })).status).toBe(403);
        expect((await send({ path: '/read', headers, body: readBody([selectMetric(metric)]) })).status).toBe(403);
        expect(await read(selectMetric(metric))).toEqual([[]]);
      });

      it('a request without credentials, with a challenge', async () => {
        for (const path of ['/write', '/read']) {
          const response = await write(one(), { path, headers: PROTOCOL_HEADERS });
          expect(response.status).toBe(401);
          expect(response.headers['www-authenticate']).toMatch(/^Basic /);
        }
      });

      it('a path it does not have', async () => {
        const response = await write(one(), { path: '/nowhere' });
        expect(response.status).toBe(404);
        expect(textOf(response)).toMatch(/^not-found: /);
      });

      it.each(['/write', '/api/v1/write', '/read', '/api/v1/read'])('a GET of %s, and says what it takes', async (path) => {
        const response = await send({ method: 'GET', path });
        expect(response.status).toBe(405);
        expect(response.headers['allow']).toBe('POST');
      });

      it.each<[string, Readonly<Record<string, string>>]>([
        ['another message', { 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v3.Request' }],
        ['JSON', { 'content-type': 'application/json' }],
        ['zstd', { 'content-encoding': 'zstd' }],
        ['gzip', { 'content-encoding': 'gzip' }],
      ])('%s with 415', async (_case, headers) => {
        const response = await write(one(), {
          headers: { ...PROTOCOL_HEADERS, authorization: basicAuthorization(subject.key), ...headers },
        });
        expect(response.status).toBe(415);
        expect(textOf(response)).toMatch(/^unsupported-content-(type|encoding): /);
      });

      it.each<[string, () => Uint8Array, number, string]>([
        ['an empty body', () => new Uint8Array(), 400, 'malformed-body'],
        ['a truncated block', () => writeBody(one()).subarray(0, -4), 400, 'malformed-body'],
        [
          'a truncated message',
          () => encodeSnappy(encodeWriteRequest({ timeseries: one(), metadata: [] }).subarray(0, -4)),
          400,
          'malformed-body',
        ],
        ['text', () => Buffer.from('not snappy at all'), 400, 'malformed-body'],
        ['a block that claims 4 GiB', () => Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0x00), 400, 'decoded-body-too-large'],
        ['a body that grows over the limit', () => encodeSnappy(new Uint8Array(131_073)), 400, 'decoded-body-too-large'],
        ['a body over the limit', () => new Uint8Array(65_537), 413, 'body-too-large'],
      ])('%s', async (_case, body, status, code) => {
        const response = await send({ body: body() });
        expect(response.status).toBe(status);
        expect(textOf(response)).toMatch(new RegExp(`^${code}: `));
      });

      it('a series without a name, and stores the others', async () => {
        const metric = newMetric();
        const response = await write([series({ a: 'b' }, [startMs, 1]), ...one(metric)]);
        expect(response.status).toBe(400);
        expect(textOf(response)).toContain('missing-metric-name');
        expect((await read(selectMetric(metric)))[0]).toHaveLength(1);
      });

      it('a matcher that is no RE2 expression', async () => {
        const response = await send({ path: '/read', body: readBody([query(startMs, nowMs, ['__name__', '=~', 'a(?=b)'])]) });
        expect(response.status).toBe(400);
        expect(textOf(response)).toMatch(/^invalid-matcher: /);
      });

      it('a read that accepts only response types it does not have', async () => {
        const response = await send({ path: '/read', body: readBody([selectMetric('m')], [99]) });
        expect(response.status).toBe(400);
        expect(textOf(response)).toMatch(/^unsupported-response-type: .*\[99\]/);
      });
    });

    remoteWriteV2Contract({
      post: (body, headers) => send({ body, headers: { authorization: basicAuthorization(subject.key), ...headers } }),
      readMetric: async (metric) => (await read(selectMetric(metric)))[0] ?? [],
      newMetric,
      throttleNextWrite: () => subject.faults.throttleNext(1, 'WriteRecords'),
      startMs,
    });

    httpApiContract({
      send: (parts) => send(parts),
      write: async (timeseries) => expect((await write(timeseries)).status).toBe(204),
      newMetric,
      startMs,
    });

    nativeHistogramContract({
      post: (body, headers) => send({ body, headers: { authorization: basicAuthorization(subject.key), ...headers } }),
      readMetric: async (metric) => (await read(selectMetric(metric)))[0] ?? [],
      readMetricStreamed: async (metric) => (await readStreamed(selectMetric(metric)))[0] ?? [],
      query: async (expression, timeSeconds) => {
        const path = `/api/v1/query?query=${encodeURIComponent(expression)}&time=${timeSeconds}`;
        const response = await send({ method: 'GET', path, headers: { authorization: basicAuthorization(subject.key) } });
        expect({ status: response.status, text: response.status === 200 ? '' : textOf(response) }).toEqual({ status: 200, text: '' });
        return (JSON.parse(textOf(response)) as { readonly data: unknown }).data; // oxlint-disable-line id-denylist -- Prometheus' own name
      },
      newMetric,
      startMs,
    });

    const besideSamples: StoredBesideSuite = {
      post: (body, headers) => send({ body, headers: { authorization: basicAuthorization(subject.key), ...headers } }),
      get: async (path, parameters) => {
        const target = `/api/v1/${path}?${new URLSearchParams(parameters).toString()}`;
        const { status, headers, body } = await send({ method: 'GET', path: target });
        expect(headers['content-type']).toBe('application/json');
        return { status, answer: JSON.parse(Buffer.from(body).toString()) as unknown };
      },
      statusOf: async (method, path, headers) =>
        (await send({ method, path: `/api/v1/${path}`, ...(headers !== undefined && { headers }) })).status,
      readMetric: async (metric) => (await read(selectMetric(metric)))[0] ?? [],
      restart: (flags = {}) => subject.restart(flags),
      throttleNextWrite: () => subject.faults.throttleNext(1, 'WriteRecords'),
      newMetric,
      startMs,
    };
    exemplarContract(besideSamples);
    metadataContract(besideSamples);

    it.each(['/-/healthy', '/-/ready'])('answers a probe of %s without credentials', async (path) => {
      expect((await subject.send({ method: 'GET', path, headers: {}, body: new Uint8Array() })).status).toBe(200);
    });
  });
}

function textOf(response: ContractResponse): string {
  return Buffer.from(response.body).toString();
}
