import {
  compareLabels,
  decodeReadResponse,
  decodeSnappy,
  encodeSnappy,
  encodeWriteRequest,
  type TimeSeries,
} from '@timestream-prometheus/prom-codec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  basicAuthorization,
  customHistogram,
  decodeStreamedAnswer,
  histogramSeries,
  integerHistogram,
  PROTOCOL_HEADERS,
  query,
  readBody,
  STREAMED_FIRST,
  wideHistogram,
  type ContractResponse,
} from '@timestream-prometheus/connector-testing';
import { METRICS } from '../../src/index.js';
import { startEmbeddedSubject, type EmbeddedSubject } from '../support/embedded-subject.js';

const startMs = Date.now() - 3_600_000;

function post(subject: EmbeddedSubject, path: string, body: Uint8Array): Promise<ContractResponse> {
  return subject.send({ method: 'POST', path, headers: { authorization: basicAuthorization(subject.key), ...PROTOCOL_HEADERS }, body });
}

function write(subject: EmbeddedSubject, ...timeseries: readonly TimeSeries[]): Promise<ContractResponse> {
  return post(subject, '/write', encodeSnappy(encodeWriteRequest({ timeseries, metadata: [] })));
}

async function readBothTypes(subject: EmbeddedSubject, metric: string): Promise<readonly (readonly TimeSeries[])[]> {
  const asked = [query(startMs - 1000, startMs + 3_600_000, ['__name__', '=~', metric])];
  const whole = await post(subject, '/read', readBody(asked));
  const streamed = await post(subject, '/read', readBody(asked, STREAMED_FIRST));
  expect([whole.status, streamed.status]).toEqual([200, 200]);
  const [samples] = decodeReadResponse(decodeSnappy(whole.body, { maxBytes: 1e9 })).results;
  return [samples?.timeseries ?? [], decodeStreamedAnswer(streamed.body, 1)[0] ?? []];
}

async function queryValue(subject: EmbeddedSubject, expression: string, timeMs: number): Promise<string | undefined> {
  const path = `/api/v1/query?query=${encodeURIComponent(expression)}&time=${timeMs / 1000}`;
  const response = await subject.send({
    method: 'GET',
    path,
    headers: { authorization: basicAuthorization(subject.key) },
    body: new Uint8Array(),
  });
  expect(response.status).toBe(200);
  const answer = JSON.parse(Buffer.from(response.body).toString()) as Record<'data', { result: { value: [number, string] }[] }>;
  return answer.data.result[0]?.value[1];
}

describe.each(['packed', 'rows'])('native histograms, read %s', (strategy) => {
  let subject: EmbeddedSubject;

  beforeAll(async () => {
    subject = await startEmbeddedSubject({ 'read-strategy': strategy, 'stream-buffer-samples': '2000' });
  }, 60_000);
  afterAll(() => subject.close());

  it('come as they were sent, in hours of many, wide ones and floats between them, beside series of floats', async () => {
    const sent = Array.from({ length: 60 }, (_, index) => {
      const timeMs = startMs + index * 55_000;
      return index % 10 === 7 ? wideHistogram(timeMs) : index % 10 === 3 ? customHistogram(timeMs) : integerHistogram(timeMs);
    });
    const timeseries = [
      histogramSeries('mixed_a', sent, [[startMs + 1, 1], [startMs + 900_001, 2], [startMs + 3_500_000, 3]]), // oxfmt-ignore
      histogramSeries(
        'mixed_b',
        [],
        Array.from({ length: 200 }, (_, index) => [startMs + index * 15_000, index]),
      ),
      histogramSeries('mixed_c', sent.slice(0, 20)),
    ];
    expect((await write(subject, ...timeseries)).status).toBe(204);
    for (const answer of await readBothTypes(subject, 'mixed_.*')) {
      expect([...answer].sort((left, right) => compareLabels(left.labels, right.labels))).toEqual(answer);
      expect(answer.map(({ labels }) => labels)).toEqual(timeseries.map(({ labels }) => labels));
      for (const [index, { samples, histograms }] of answer.entries()) {
        expect(samples).toEqual(timeseries[index]?.samples);
        expect(histograms.map((histogram) => ({ ...histogram, resetHint: 'unknown' }))).toEqual(timeseries[index]?.histograms);
      }
    }
  });

  it('are the newest sample of an instant query, whole or in parts, and a float behind them is', async () => {
    await write(subject, histogramSeries('newest', [integerHistogram(startMs), wideHistogram(startMs + 10)], [[startMs + 20, 5]]));
    expect(await queryValue(subject, 'histogram_count(newest)', startMs + 5)).toBe('9');
    expect(await queryValue(subject, 'histogram_count(newest)', startMs + 15)).toBe(String(700 * 1_000_003));
    expect(await queryValue(subject, 'newest', startMs + 25)).toBe('5');
  });

  it('are left out where a hand has written something else, and nothing beside that is', async () => {
    await write(subject, histogramSeries('beside', [integerHistogram(startMs)]));
    await writeByHand(['i|1;2', 'hello', '1/2:00000000:i', 'i|9|18.4|1|0|2|0:3|-3:1|||']);
    for (const [series, ...others] of await readBothTypes(subject, 'beside')) {
      expect(others).toEqual([]);
      expect(series?.histograms).toEqual([integerHistogram(startMs)]);
    }
    expect(await queryValue(subject, 'histogram_count(beside)', startMs + 1000)).toBe('9');
  });

  it('count as many samples against the limit of a read', async () => {
    const small = await startEmbeddedSubject({ 'read-strategy': strategy, 'max-samples-per-read': '1000' });
    try {
      await write(
        small,
        histogramSeries(
          'many',
          Array.from({ length: 20 }, (_, index) => integerHistogram(startMs + index)),
        ),
      );
      const asked = [query(startMs, startMs + 1000, ['__name__', '=', 'many'])];
      for (const types of [[], STREAMED_FIRST]) {
        const refused = await post(small, '/read', readBody(asked, types));
        expect(refused.status).toBe(400);
        expect(Buffer.from(refused.body).toString()).toContain('max-samples-per-read');
      }
    } finally {
      await small.close();
    }
  });

  it('never made a packed answer unusable', () => {
    expect(subject.log.filter(({ message }) => message.includes('packed'))).toEqual([]);
  });

  async function writeByHand(texts: readonly string[]): Promise<void> {
    const { TimestreamWriteClient, WriteRecordsCommand } = await import('@aws-sdk/client-timestream-write');
    const client = new TimestreamWriteClient({ endpoint: subject.timestream.url, region: 'eu-central-1', credentials: subject.key });
    const records = texts.map((text, index) => ({
      MeasureName: 'beside',
      MeasureValueType: 'MULTI' as const,
      MeasureValues: [{ Name: 'sample_histogram', Value: text, Type: 'VARCHAR' as const }],
      Dimensions: [{ Name: 'job', Value: 'h' }],
      Time: String(startMs + 1 + index),
      TimeUnit: 'MILLISECONDS' as const,
    }));
    await client.send(new WriteRecordsCommand({ DatabaseName: 'db', TableName: 'tbl', Records: records }));
    client.destroy();
  }
});

describe('native histograms in the layout single-measure', () => {
  it('are refused by name, in the log and in a metric, after everything else is stored', async () => {
    const subject = await startEmbeddedSubject({ 'table-layout': 'single-measure' });
    try {
      const response = await write(subject, histogramSeries('h', [integerHistogram(startMs)], [[startMs, 1]]));
      expect(response.status).toBe(400);
      const text = Buffer.from(response.body).toString();
      expect(text).toContain('native-histogram (1): {__name__="h", job="h"}: the table layout is single-measure');
      expect(subject.log.some(({ message }) => message.includes('native-histogram (1)'))).toBe(true);
      expect(subject.metrics.sum(METRICS.droppedSamples, { reason: 'native-histogram' })).toBe(1);
      const [answer] = await readBothTypes(subject, 'h');
      expect(answer?.[0]?.samples.timestampsMs).toEqual(BigInt64Array.of(BigInt(startMs)));
    } finally {
      await subject.close();
    }
  });
});
