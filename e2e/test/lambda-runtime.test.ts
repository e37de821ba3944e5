import { METRIC_CATALOGUE } from '@timestream-prometheus/connector';
import { basicAuthorization, PROTOCOL_HEADERS, query, readBody, series, writeBody } from '@timestream-prometheus/connector-testing';
import { decodeReadResponse, decodeSnappy } from '@timestream-prometheus/prom-codec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMissing } from '../harness/requirements.js';
import { startLocalStack, type LocalStack } from '../lambda/local-stack.js';
import { post, storedSamples } from '../harness/remote-client.js';

const key = { accessKeyId: 'AKIAEXAMPLEACCESSKEY', secretAccessKey: 'example/secret+access/key' };
const nowMs = Date.now();
const written = series({ __name__: 'up', instance: 'a:1' }, [nowMs - 1000, 1], [nowMs, -0]);

/** What a Function URL hands to its function. */
function functionUrlEvent(rawPath: string, body: Uint8Array) {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    headers: { ...PROTOCOL_HEADERS, authorization: basicAuthorization(key) },
    requestContext: {
      stage: '$default',
      domainName: 'abc.lambda-url.us-east-1.on.aws',
      timeEpoch: Date.now(),
      http: { method: 'POST' },
    },
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
  };
}

describe.skipIf(isMissing('lambdaRuntime'))('the package under AWS’ own runtime client', () => {
  describe('as index.streamHandler', () => {
    let stack: LocalStack;

    beforeAll(async () => {
      stack = await startLocalStack({ keys: [key], handler: 'index.streamHandler' });
    });
    afterAll(() => stack.close());

    async function streamed(path: string, body: Uint8Array) {
      const answer = await stack.function.invoke(functionUrlEvent(path, body));
      if (answer.kind !== 'result') throw new Error(`${answer.kind}: ${stack.function.output()}`);
      return answer.report;
    }

    it('streams the status of an answer that has no body, and then one that has', async () => {
      const stored = await streamed('/write', writeBody([written]));
      // "…a JSON object, then eight null bytes, then the body": the runtime's prelude of an HTTP response.
      expect(stored.payload.toString()).toBe(`${JSON.stringify({ statusCode: 204, headers: {} })}${'\0'.repeat(8)}`);

      const { headers, payload, trailers } = await streamed('/read', readBody([query(nowMs - 5000, nowMs, ['__name__', '=', 'up'])]));
      expect(headers['lambda-runtime-function-response-mode']).toBe('streaming');
      expect(trailers).toEqual({});
      const end = payload.indexOf(Buffer.alloc(8));
      expect(JSON.parse(payload.subarray(0, end).toString())).toMatchObject({ statusCode: 200, headers: { 'content-encoding': 'snappy' } });
      const [result] = decodeReadResponse(decodeSnappy(payload.subarray(end + 8), { maxBytes: 1e6 })).results;
      expect(result?.timeseries.map(({ labels, samples }) => ({ labels, bits: Array.from(samples.valueBits) }))).toEqual([
        { labels: written.labels, bits: Array.from(written.samples.valueBits) },
      ]);
    });
  });

  describe('with a wrong configuration', () => {
    let stack: LocalStack;

    beforeAll(async () => {
      stack = await startLocalStack({ keys: [key], env: { default_table: '' } });
    });
    afterAll(() => stack.close());

    it('answers 500 with what is wrong, again and again, in one process', async () => {
      for (let attempt = 0; attempt < 2; attempt += 1) {
        const { status, text } = await post(stack.writeUrl, writeBody([written]), { basic: key });
        expect(status).toBe(500);
        expect(text).toMatch(/default-table must be given/);
      }
      expect(stack.function.counts.coldStarts).toBe(1);
      expect(stack.function.output().match(/wrong configuration/g)).toHaveLength(1);
    });
  });

  describe('in what it writes to its log', () => {
    let stack: LocalStack;

    beforeAll(async () => {
      // An older Node than Lambda's is warned of by the SDK, in text.
      stack = await startLocalStack({ keys: [key], env: { NODE_NO_WARNINGS: '1' } });
      stack.timestream.faults.throttleNext(1, 'WriteRecords');
      await post(stack.writeUrl, writeBody([written]), { basic: key });
      await post(stack.writeUrl, writeBody([series({ instance: 'nameless' }, [nowMs, 1])]), { basic: key });
      await post(stack.writeUrl, Uint8Array.of(1, 2, 3), undefined);
      await storedSamples(stack.readUrl, 'up', { basic: key });
    });
    afterAll(() => stack.close());

    function documents(): readonly Readonly<Record<string, unknown>>[] {
      const lines = stack.function.output().split('\n');
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
    }

    it('gives metrics of the catalogue, in the format that CloudWatch reads', () => {
      const known = new Set(METRIC_CATALOGUE.map(({ name }) => name));
      const seen = new Set<string>();
      for (const document of documents().filter((each) => '_aws' in each)) {
        const { CloudWatchMetrics } = document['_aws'] as {
          CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[];
        };
        for (const { Namespace, Dimensions, Metrics } of CloudWatchMetrics) {
          expect(Namespace).toBe('TimestreamPrometheusConnector/PrometheusTimestreamConnector');
          for (const dimension of Dimensions.flat()) expect(document[dimension], dimension).toEqual(expect.any(String));
          for (const { Name } of Metrics) {
            seen.add(Name);
            expect(known, Name).toContain(Name);
            expect(
              [document[Name]].flat().every((value) => typeof value === 'number'),
              Name,
            ).toBe(true);
          }
        }
      }
      for (const name of ['received_samples', 'ignored_samples', 'write_requests', 'read_requests', 'timestream_retries', 'responses']) {
        expect(seen).toContain(`timestream_connector_${name}_total`);
      }
    });

    it('names the invocation on every line', () => {
      for (const document of documents()) {
        const requestId = (document['request'] as { requestId?: unknown } | undefined)?.requestId ?? document['requestId'];
        expect(requestId, JSON.stringify(document)).toMatch(/^[0-9a-f-]{36}$/);
      }
    });
  });
});
