import { METRIC_CATALOGUE, METRICS } from '@timestream-prometheus/connector';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEmbeddedMetrics } from '../src/embedded-metrics.js';

interface Directive {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
}

type Document = Readonly<Record<string, unknown>> & {
  readonly _aws: { readonly Timestamp: number; readonly CloudWatchMetrics: readonly Directive[] };
};

function sinkWith(namespace = 'Test') {
  const documents: Document[] = [];
  const metrics = createEmbeddedMetrics({
    namespace,
    writeLine: (line) => documents.push(JSON.parse(line) as Document),
    clock: { nowMs: () => 1_795_363_200_000 },
  });
  return { metrics, documents };
}

const request = { requestId: 'r-1', path: '/write', status: 204 };

describe('the metrics of an invocation', () => {
  it('are one document with the request beside them', () => {
    const { metrics, documents } = sinkWith();
    metrics.add(METRICS.receivedSamples, 500);
    metrics.add(METRICS.receivedSamples, 12);
    metrics.add(METRICS.responses, 1, { endpoint: 'write', status: '204', error: 'none' });
    metrics.observe(METRICS.writeDuration, 0.021);
    metrics.observe(METRICS.writeDuration, 0.034);
    metrics.flush(request);
    expect(documents).toEqual([
      {
        _aws: {
          Timestamp: 1_795_363_200_000,
          CloudWatchMetrics: [
            {
              Namespace: 'Test',
              Dimensions: [[]],
              Metrics: [
                { Name: 'timestream_connector_received_samples_total', Unit: 'Count' },
                { Name: 'timestream_connector_write_duration_seconds', Unit: 'Seconds' },
              ],
            },
            {
              Namespace: 'Test',
              Dimensions: [[], ['endpoint', 'error', 'status']],
              Metrics: [{ Name: 'timestream_connector_responses_total', Unit: 'Count' }],
            },
          ],
        },
        endpoint: 'write',
        status: '204',
        error: 'none',
        timestream_connector_received_samples_total: 512,
        timestream_connector_responses_total: 1,
        timestream_connector_write_duration_seconds: [0.021, 0.034],
        request,
      },
    ]);
  });

  it('are forgotten once they are written', () => {
    const { metrics, documents } = sinkWith();
    metrics.add(METRICS.receivedSamples, 500);
    metrics.flush(request);
    metrics.flush(request);
    expect(documents).toHaveLength(1);
  });

  it('take a second document where one label has two values', () => {
    const { metrics, documents } = sinkWith();
    metrics.add(METRICS.droppedSamples, 1, { reason: 'native-histogram' });
    metrics.add(METRICS.droppedSamples, 2, { reason: 'exemplar' });
    metrics.flush(request);
    expect(documents.map(({ reason, timestream_connector_dropped_samples_total: dropped }) => [reason, dropped])).toEqual([
      ['native-histogram', 1],
      ['exemplar', 2],
    ]);
  });

  it('take another document after a hundred values', () => {
    const { metrics, documents } = sinkWith();
    for (let page = 0; page < 250; page += 1) metrics.observe(METRICS.readDuration, page);
    metrics.flush(request);
    const values = documents.map((document) => document[METRICS.readDuration.name] as number[]);
    expect(values.map(({ length }) => length)).toEqual([100, 100, 50]);
    expect(values.flat()).toEqual(Array.from({ length: 250 }, (_none, page) => page));
  });

  it('hold the highest value of a gauge, from one invocation to the next', () => {
    const { metrics, documents } = sinkWith();
    metrics.move(METRICS.openStorages, 1);
    metrics.move(METRICS.openStorages, 1);
    metrics.move(METRICS.openStorages, -1);
    metrics.flush(request);
    metrics.move(METRICS.openStorages, 3);
    metrics.flush(request);
    expect(documents.map((document) => document[METRICS.openStorages.name])).toEqual([2, 4]);
  });

  it('are not written without a namespace', () => {
    const { metrics, documents } = sinkWith('');
    metrics.add(METRICS.receivedSamples, 500);
    metrics.flush(request);
    expect(documents).toEqual([]);
  });
});

describe('every document', () => {
  const measurement = fc.constantFrom(...METRIC_CATALOGUE).chain((metric) =>
    fc.record({
      metric: fc.constant(metric),
      value: fc.integer({ min: 0, max: 1000 }),
      labels: fc.record(Object.fromEntries(metric.labelNames.map((name) => [name, fc.constantFrom('a', 'b', 'c')]))),
    }),
  );

  it('keeps the limits of the format, names what it declares, and loses nothing of the sums', () => {
    fc.assert(
      fc.property(fc.array(measurement, { maxLength: 300 }), (measured) => {
        const { metrics, documents } = sinkWith();
        const expected = new Map<string, number>();
        for (const { metric, value, labels } of measured) {
          if (metric.type === 'gauge') {
            metrics.move({ ...metric, type: 'gauge' }, value, labels);
            continue;
          }
          if (metric.type === 'counter') metrics.add({ ...metric, type: 'counter' }, value, labels);
          else metrics.observe({ ...metric, type: 'histogram' }, value, labels);
          expected.set(metric.name, (expected.get(metric.name) ?? 0) + value);
        }
        metrics.flush(request);
        const sums = new Map<string, number>();
        for (const document of documents) {
          for (const { Dimensions, Metrics } of document._aws.CloudWatchMetrics) {
            expect(Metrics.length).toBeLessThanOrEqual(100);
            expect(Dimensions.flat().every((label) => typeof document[label] === 'string')).toBe(true);
            for (const { Name } of Metrics) {
              const value = document[Name] as number | number[];
              const values = Array.isArray(value) ? value : [value];
              expect(values.length).toBeLessThanOrEqual(100);
              if (expected.has(Name)) sums.set(Name, (sums.get(Name) ?? 0) + values.reduce((sum, each) => sum + each, 0));
            }
          }
        }
        expect(sums).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('uses no label name of the catalogue for something else', () => {
    const taken = new Set(['_aws', 'request', ...METRIC_CATALOGUE.map(({ name }) => name)]);
    expect(METRIC_CATALOGUE.flatMap(({ labelNames }) => labelNames).filter((name) => taken.has(name))).toEqual([]);
  });
});
