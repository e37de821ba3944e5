import { createSamples, STALE_NAN_BITS, type TimeSeries } from '@timestream-prometheus/prom-codec';
import {
  batchRecords,
  createDimensionBudget,
  layouts,
  translateSeries,
  type Layout,
  type PlannedBatch,
} from '@timestream-prometheus/timestream-translator';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { METRICS, openAwsStorage } from '../../src/index.js';
import { ConnectorError } from '../../src/errors/connector-error.js';
import { createMemoryLogger, KEY, testConfig } from '../support/connector-fixture.js';
import { RecordingMetrics } from '../support/recording-metrics.js';
import { startWireServer, wireError, type WireAnswer, type WireRequest } from '../support/wire-server.js';

const WAYS = ['lean', 'sdk'] as const;

const STORED = (request: WireRequest): WireAnswer => ({
  status: 200,
  body: { RecordsIngested: { Total: (request.body['Records'] as unknown[]).length } },
});

const started: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
});

function batchesOf(timeseries: readonly TimeSeries[], layout: Layout = 'multi-measure'): readonly PlannedBatch[] {
  return batchRecords(translateSeries(timeseries, { layout, dimensionBudget: createDimensionBudget() }).records);
}

function series(labels: Readonly<Record<string, string>>, ...pairs: (readonly [number, number | bigint])[]): TimeSeries {
  return {
    labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
    samples: createSamples(pairs),
    exemplars: [],
    histograms: [],
  };
}

const [BATCH] = batchesOf([series({ __name__: 'up', job: 'a' }, [1, 1], [2, 1.5], [3, STALE_NAN_BITS])]) as [PlannedBatch];

interface Outcome {
  readonly requests: readonly WireRequest[];
  readonly result: unknown;
  readonly metrics: RecordingMetrics;
}

/** Writes batches one way, one after the other. */
async function writeBy(
  way: (typeof WAYS)[number],
  batches: readonly PlannedBatch[],
  answer: Parameters<typeof startWireServer>[0],
  flags: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const server = await startWireServer(answer);
  const metrics = new RecordingMetrics();
  const config = testConfig({
    'write-base-endpoint': server.url,
    'query-base-endpoint': server.url,
    'max-write-retries': '3',
    'aws-calls': way,
    ...flags,
  });
  const storage = openAwsStorage(config, { logger: createMemoryLogger([]), metrics })({ kind: 'static', ...KEY });
  started.push(
    () => server.close(),
    () => storage.close(),
  );
  const result: unknown[] = [];
  for (const batch of batches) {
    result.push(
      await storage.write(batch, AbortSignal.timeout(20_000)).catch((error: unknown) => {
        if (!(error instanceof ConnectorError)) throw error;
        // The port is another for each server.
        return {
          code: error.code,
          message: error.message.replace(/127\.0\.0\.1:\d+/g, 'server'),
          cause: (error.cause as Error | undefined)?.name,
        };
      }),
    );
  }
  return { requests: server.requests, result, metrics };
}

function retries({ metrics }: Outcome): number {
  return metrics.sum(METRICS.timestreamRetries);
}

describe('calls that the connector puts together itself', () => {
  it('arrive as those of the SDK do, byte for byte, whatever is written', async () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
    const request = fc.array(
      fc.tuple(
        fc.constantFrom('up', 'a:b', 'cpu_seconds_total'),
        fc.dictionary(fc.oneof(fc.constantFrom('job', 'instance', 'le', 'time'), text), text, { maxKeys: 4 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.oneof(fc.double(), fc.constant(STALE_NAN_BITS))), {
          minLength: 1,
          maxLength: 40,
        }),
      ),
      { minLength: 1, maxLength: 10 },
    );
    const requests = fc
      .sample(request, 40)
      .map((all) => all.map(([name, labels, pairs]) => series({ ...labels, __name__: name }, ...pairs)));
    for (const layout of layouts) {
      const batches = requests.flatMap((timeseries) => batchesOf(timeseries, layout));
      const [lean, sdk] = await Promise.all(WAYS.map((way) => writeBy(way, batches, STORED)));
      expect(lean?.requests.length).toBe(batches.length);
      expect(lean?.requests.map(({ text: body }) => body)).toEqual(sdk?.requests.map(({ text: body }) => body));
    }
  });

  it('have the headers of the SDK, signed over the same ones', async () => {
    const [lean, sdk] = await Promise.all(WAYS.map((way) => writeBy(way, [BATCH, BATCH], STORED)));
    const comparable = ({ headers }: WireRequest) => {
      const own = new Set(['authorization', 'host', 'amz-sdk-invocation-id', 'x-amz-date']);
      const shared = Object.entries(headers).filter(([name]) => !own.has(name));
      return [
        ...shared.map((header) => header.join()).sort(),
        /Credential=[^/]+\/\d+\/(.*), Signature/.exec(headers.authorization ?? '')?.[1],
      ];
    };
    expect(lean?.requests.map(comparable)).toEqual(sdk?.requests.map(comparable));
    expect(new Set(lean?.requests.map(({ headers }) => headers['amz-sdk-invocation-id'])).size).toBe(2);
  });

  it.each<[string, WireAnswer]>([
    ['success', { status: 200, body: { RecordsIngested: { Total: 3 } } }],
    ['success that leaves out a record', { status: 200, body: { RecordsIngested: { Total: 2 } } }],
    ['success that says nothing', { status: 200, body: {} }],
    ['success without a body', { status: 200, body: '' }],
    ['a page of a proxy', { status: 200, body: '<html></html>', contentType: 'text/html' }],
    ['JSON that is no object', { status: 200, body: '"yes"' }],
    [
      'partial success',
      wireError(419, 'RejectedRecordsException', 'some', {
        RejectedRecords: [
          { RecordIndex: 1, Reason: 'too old' },
          { RecordIndex: 2, Reason: 'x', ExistingVersion: 7 },
        ],
      }),
    ],
    ['419 without a list', wireError(419, 'RejectedRecordsException', 'some')],
    ['throttling', wireError(429, 'ThrottlingException', 'slow down')],
    ['an internal error', wireError(500, 'InternalServerException', 'oops')],
    ['a gateway', { status: 503, body: '', contentType: 'text/html' }],
    ['a gateway that waited', { status: 504, body: 'late', contentType: 'text/plain' }],
    ['a moved endpoint', wireError(421, 'InvalidEndpointException', 'moved')],
    ['a broken connection', 'drop'],
    ['a timeout', wireError(408, 'RequestTimeout', 'too slow')],
    ['an invalid call', wireError(400, 'ValidationException', 'At least one dimension is required for a record.')],
    [
      'an invalid call with Message',
      { status: 400, body: { __type: 'com.amazon.coral.validate#ValidationException', Message: '1 validation error' } },
    ],
    ['an error named in a header only', { status: 400, body: '{}' }],
    ['a missing permission', wireError(403, 'AccessDeniedException', 'not authorized')],
    ['an unknown key', wireError(403, 'UnrecognizedClientException', 'The security token is invalid.')],
    ['a wrong secret', wireError(403, 'InvalidSignatureException', 'does not match')],
    ['a clock that is wrong', wireError(403, 'InvalidSignatureException', 'Signature expired: 20260101T000000Z is now earlier than')],
    ['an expired session', wireError(403, 'ExpiredTokenException', 'expired')],
    ['a missing table', wireError(404, 'ResourceNotFoundException', 'The table tbl does not exist.')],
    ['a used-up quota', wireError(402, 'ServiceQuotaExceededException', 'quota')],
    ['a conflict', wireError(409, 'ConflictException', 'conflict')],
    ['an error that nobody knows', wireError(418, 'TeapotException', 'short and stout')],
  ])('mean the same as those of the SDK when the answer is %s', async (_what, answer) => {
    const [lean, sdk] = (await Promise.all(WAYS.map((way) => writeBy(way, [BATCH], () => answer, { 'max-write-retries': '2' })))) as [
      Outcome,
      Outcome,
    ];
    expect(lean.result).toEqual(sdk.result);
    expect(lean.requests.length).toBe(sdk.requests.length);
    expect(retries(lean)).toBe(retries(sdk));
    expect(lean.metrics.sum(METRICS.timestreamCalls, { operation: 'WriteRecords' })).toBe(1);
  });

  it('are tried again as those of the SDK are, and the next call finds its own way again', async () => {
    for (const way of WAYS) {
      const outcome = await writeBy(way, [BATCH, BATCH], (request, count) =>
        count === 1 ? wireError(500, 'InternalServerException', 'oops') : STORED(request),
      );
      expect(outcome.result).toEqual([{ rejected: [] }, { rejected: [] }]);
      expect(outcome.requests.length).toBe(3);
      expect(retries(outcome)).toBe(1);
    }
  });

  it('are signed by the time of Timestream once it has said that the clock of this machine is wrong', async () => {
    const aheadMs = 3_600_000;
    for (const way of WAYS) {
      const outcome = await writeBy(way, [BATCH, BATCH], (request) => {
        const serviceMs = Date.now() + aheadMs;
        const [, day, time] = /^(\d{8})T(\d{6})Z$/.exec(String(request.headers['x-amz-date'])) ?? [];
        const signedMs = Date.parse(`${day?.replace(/(....)(..)/, '$1-$2-')}T${time?.replace(/(..)(..)/, '$1:$2:')}Z`);
        const isInTime = Math.abs(signedMs - serviceMs) < 300_000;
        const answer = isInTime
          ? STORED(request)
          : wireError(403, 'InvalidSignatureException', 'Signature expired: it is now earlier than');
        if (typeof answer === 'string') return answer;
        return { ...answer, headers: { date: new Date(serviceMs).toUTCString() } };
      });
      expect(outcome.result).toEqual([{ rejected: [] }, { rejected: [] }]);
      expect(outcome.requests).toHaveLength(3);
    }
  });
});
