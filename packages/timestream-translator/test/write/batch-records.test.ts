import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createSamples, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { batchRecords, expandBatch } from '../../src/write/batch-records.js';
import { createDimensionBudget } from '../../src/write/dimension-budget.js';
import { layouts, type Layout } from '../../src/model/layout.js';
import type { TimestreamRecord, WriteBatch } from '../../src/model/record.js';
import { orderByMetric, orderByTarget } from '../../src/write/record-order.js';
import { meteredWriteBytes, writeBytes } from '../../src/write/record-size.js';
import { translateSeries } from '../../src/write/translate-series.js';
import type { TranslatedRecord } from '../../src/write/translate-samples.js';

function recordsOf(timeseries: TimeSeries[], layout: Layout = 'multi-measure'): readonly TranslatedRecord[] {
  return translateSeries(timeseries, { layout, dimensionBudget: createDimensionBudget({ maxDimensions: 6 }) }).records;
}

function seriesOf(labels: Record<string, string>, ...pairs: (readonly [number, number])[]): TimeSeries {
  return {
    labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
    samples: createSamples(pairs),
    exemplars: [],
    histograms: [],
  };
}

/** The record as it would be sent alone, written down without any sharing. */
function plainRecord({ series, timestampMs, column, value }: TranslatedRecord): TimestreamRecord {
  return {
    Dimensions: series.dimensions,
    MeasureName: series.measureName,
    Time: String(timestampMs),
    TimeUnit: 'MILLISECONDS',
    ...(column === 'measure_value::double'
      ? { MeasureValueType: 'DOUBLE', MeasureValue: value }
      : {
          MeasureValueType: 'MULTI',
          MeasureValues: [{ Name: column, Value: value, Type: column === 'sample_bits' ? 'BIGINT' : 'DOUBLE' }],
        }),
  };
}

/** A record as text in which the order of dimensions and fields does not matter, as it does not to Timestream. */
function canonical(record: TimestreamRecord): string {
  const dimensions = [...(record.Dimensions ?? [])].sort((left, right) => (left.Name < right.Name ? -1 : 1));
  return JSON.stringify(Object.entries({ ...record, Dimensions: dimensions }).sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** Requests that look like real ones: few metric names and label values, many series, some of them long. */
const anyRequest = fc
  .array(
    fc.record({
      name: fc.constantFrom('up', 'a:b', 'cpu_seconds_total'),
      labels: fc.dictionary(fc.constantFrom('job', 'instance', 'mode', 'le', 'time', 'x', 'y'), fc.constantFrom('', '1', '2', 'é'), {
        maxKeys: 5,
      }),
      pairs: fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.constantFrom(0, 1.5, NaN, -0)), { minLength: 1, maxLength: 60 }),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .map((all) => all.map(({ name, labels, pairs }) => seriesOf({ ...labels, __name__: name }, ...pairs)));

const anyLayout = fc.constantFrom<Layout>(...layouts);

const sizeOf = (batch: WriteBatch): number => JSON.stringify({ CommonAttributes: batch.CommonAttributes, Records: batch.Records }).length;

describe('batchRecords', () => {
  it('makes no batch of no records', () => {
    expect(batchRecords([])).toEqual([]);
  });

  it('states once what all records share', () => {
    const batches = batchRecords(
      recordsOf([
        seriesOf({ __name__: 'up', job: 'x', instance: 'b' }, [5, 0]),
        seriesOf({ __name__: 'up', job: 'x', instance: 'a' }, [5, 1]),
      ]),
    );
    expect(batches).toEqual([
      {
        CommonAttributes: {
          TimeUnit: 'MILLISECONDS',
          Time: '5',
          MeasureValueType: 'MULTI',
          MeasureName: 'up',
          Dimensions: [{ Name: 'job', Value: 'x' }],
        },
        Records: [
          { Dimensions: [{ Name: 'instance', Value: 'a' }], MeasureValues: [{ Name: 'sample_value', Value: '1', Type: 'DOUBLE' }] },
          { Dimensions: [{ Name: 'instance', Value: 'b' }], MeasureValues: [{ Name: 'sample_value', Value: '0', Type: 'DOUBLE' }] },
        ],
        sources: [
          { seriesIndex: 1, sampleIndex: 0 },
          { seriesIndex: 0, sampleIndex: 0 },
        ],
      },
    ]);
  });

  it('leaves time and value alone in the records of a single series', () => {
    expect(batchRecords(recordsOf([seriesOf({ __name__: 'up', job: 'x' }, [1, 1], [2, 0])], 'single-measure'))).toMatchObject([
      {
        CommonAttributes: {
          TimeUnit: 'MILLISECONDS',
          MeasureValueType: 'DOUBLE',
          MeasureName: 'up',
          Dimensions: [{ Name: 'job', Value: 'x' }],
        },
        Records: [
          { MeasureValue: '1', Time: '1' },
          { MeasureValue: '0', Time: '2' },
        ],
      },
    ]);
  });

  it('states nothing as common that one record has otherwise', () => {
    const [batch] = batchRecords(recordsOf([seriesOf({ __name__: 'a', job: 'x' }, [1, 1]), seriesOf({ __name__: 'b', job: 'y' }, [2, 1])]));
    expect(batch?.CommonAttributes).toEqual({ TimeUnit: 'MILLISECONDS', MeasureValueType: 'MULTI' });
  });

  it('sends a single record without common attributes', () => {
    expect(batchRecords(recordsOf([seriesOf({ __name__: 'up', job: 'x' }, [1, 1])]))).toEqual([
      {
        Records: [
          {
            Dimensions: [{ Name: 'job', Value: 'x' }],
            MeasureName: 'up',
            MeasureValueType: 'MULTI',
            MeasureValues: [{ Name: 'sample_value', Value: '1', Type: 'DOUBLE' }],
            Time: '1',
            TimeUnit: 'MILLISECONDS',
          },
        ],
        sources: [{ seriesIndex: 0, sampleIndex: 0 }],
      },
    ]);
  });

  it('keeps records of both layouts in one batch apart', () => {
    const records = [
      ...recordsOf([seriesOf({ __name__: 'up', job: 'x' }, [1, 1])]),
      ...recordsOf([seriesOf({ __name__: 'up', job: 'x' }, [2, 2])], 'single-measure'),
    ];
    expect(batchRecords(records).flatMap(expandBatch).map(canonical)).toEqual(records.map(plainRecord).map(canonical));
  });

  it('puts records of one series that come from several translations in time order', () => {
    const later = recordsOf([seriesOf({ __name__: 'up', job: 'x' }, [3, 1], [4, 1])]);
    const earlier = recordsOf([seriesOf({ __name__: 'up', job: 'x' }, [1, 1], [2, 1])]);
    expect(batchRecords([...later, ...earlier])[0]?.Records.map(({ Time }) => Time)).toEqual(['1', '2', '3', '4']);
  });

  it.each([
    [100, [100]],
    [101, [100, 1]],
    [250, [100, 100, 50]],
  ])('splits %d records into batches of %j', (count, sizes) => {
    const pairs = Array.from({ length: count }, (_, index) => [index, index] as const);
    expect(batchRecords(recordsOf([seriesOf({ __name__: 'up', a: '1' }, ...pairs)])).map(({ Records }) => Records.length)).toEqual(sizes);
  });

  it('loses, doubles and changes nothing, and says where each record came from', () => {
    fc.assert(
      fc.property(anyRequest, anyLayout, (timeseries, layout) => {
        const records = recordsOf(timeseries, layout);
        const batches = batchRecords(records);
        const expanded = batches.flatMap((batch) => expandBatch(batch).map(canonical));
        expect(expanded.toSorted()).toEqual(records.map(plainRecord).map(canonical).sort());
        const bySource = new Map(records.map((record) => [JSON.stringify(record.source), canonical(plainRecord(record))]));
        const sources = batches.flatMap((batch) => batch.sources);
        expect(sources.map((source) => bySource.get(JSON.stringify(source)))).toEqual(expanded);
        for (const { Records } of batches.slice(0, -1)) expect(Records.length).toBe(100);
        expect(batches.at(-1)?.Records.length ?? 1).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same batches for the series in any order, the records of each series together and in time order', () => {
    fc.assert(
      fc.property(anyRequest, anyLayout, (timeseries, layout) => {
        const records = recordsOf(timeseries, layout);
        const batches = batchRecords(records);
        expect(batchRecords(records.toReversed())).toEqual(batches);
        const seen: string[] = [];
        const lastTime = new Map<string, number>();
        for (const { Time, MeasureName, Dimensions } of batches.flatMap(expandBatch)) {
          const identity = canonical({ MeasureName: MeasureName ?? '', Dimensions: Dimensions ?? [] });
          expect(Number(Time)).toBeGreaterThan(lastTime.get(identity) ?? -1);
          lastTime.set(identity, Number(Time));
          if (seen.at(-1) !== identity) seen.push(identity);
        }
        expect(new Set(seen).size).toBe(seen.length);
      }),
      { numRuns: 300 },
    );
  });

  it('never makes a request larger or dearer than its records sent plainly', () => {
    fc.assert(
      fc.property(anyRequest, anyLayout, (timeseries, layout) => {
        for (const batch of batchRecords(recordsOf(timeseries, layout))) {
          const plain: WriteBatch = { Records: expandBatch(batch), sources: batch.sources };
          expect(sizeOf(batch)).toBeLessThanOrEqual(sizeOf(plain));
          expect(writeBytes(batch)).toBeLessThanOrEqual(writeBytes(plain));
          expect(meteredWriteBytes(batch)).toBeLessThanOrEqual(meteredWriteBytes(plain));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('makes a batch of 100 samples of one scrape several times cheaper than its records sent plainly', () => {
    const timeseries = Array.from({ length: 100 }, (_, index) =>
      seriesOf({ __name__: 'http_requests_total', cluster: 'eu-west-1', instance: '10.0.0.1:9100', job: 'api', path: `/v1/${index}` }, [
        1_700_000_000_000,
        index,
      ]),
    );
    const [batch, ...others] = batchRecords(recordsOf(timeseries));
    expect(others).toEqual([]);
    if (batch === undefined) throw new Error('there is no batch');
    // Common: 8 time + 19 name + 16 cluster + 21 instance + 6 job; each record: path 4, /v1/<n> 5 or 6, sample_value 12 + 8.
    expect(writeBytes(batch)).toBe(8 + 19 + 16 + 21 + 6 + 10 * 29 + 90 * 30);
    expect(meteredWriteBytes(batch)).toBe(3 * 1024);
    expect(meteredWriteBytes({ Records: expandBatch(batch) })).toBe(10 * 1024);
  });
});

describe('the order of records', () => {
  const meteredTotal = (batches: readonly WriteBatch[]): number => batches.reduce((sum, batch) => sum + meteredWriteBytes(batch), 0);

  /** The price of an order as it stands: a call of up to 100 records has the same price in any order. */
  function meteredInOrder(records: readonly TranslatedRecord[]): number {
    let total = 0;
    for (let start = 0; start < records.length; start += 100) total += meteredTotal(batchRecords(records.slice(start, start + 100)));
    return total;
  }

  /** One scrape each of `targetCount` targets that expose the same 100 series, with the labels that targets in Kubernetes have. */
  function scrapesOf(targetCount: number): TimeSeries[] {
    return Array.from({ length: targetCount * 100 }, (_, index) => {
      const target = index % targetCount;
      const series = Math.floor(index / targetCount);
      const labels = {
        __name__: `service_metric_${series % 50}_seconds_total`,
        ...(series < 50 ? {} : { mode: 'user' }),
        instance: `10.0.0.${target}:9100`,
        job: 'service',
      };
      const pod = {
        namespace: `team-${target % 4}`,
        pod: `service-${target}-7c9d8b6f5-abcde`,
        node: `ip-10-0-0-${target % 8}.compute.internal`,
        endpoint: 'http-metrics',
      };
      return seriesOf({ ...labels, ...pod }, [1_700_000_000_000 + target, index]);
    });
  }

  it('keeps the series of a target together where that is cheaper', () => {
    const { records } = translateSeries(scrapesOf(20), { layout: 'multi-measure', dimensionBudget: createDimensionBudget() });
    expect(meteredInOrder(orderByMetric(records)) / 1024).toBe(320);
    expect(meteredTotal(batchRecords(records)) / 1024).toBe(120);
    for (const { CommonAttributes, Records } of batchRecords(records)) {
      expect(CommonAttributes?.Dimensions?.map(({ Name }) => Name)).toEqual(['endpoint', 'instance', 'job', 'namespace', 'node', 'pod']);
      expect(new Set(Records.map(({ Dimensions }) => Dimensions?.map(({ Name }) => Name).join()))).toEqual(new Set([undefined, 'mode']));
    }
  });

  it('keeps the series of a target together although all of them have a label with fewer values', () => {
    const timeseries = scrapesOf(20).map((series, index) => ({
      ...series,
      labels: [...series.labels, { name: 'le', value: `${Math.floor(index / 20) % 2}` }],
    }));
    const { records } = translateSeries(timeseries, { layout: 'multi-measure', dimensionBudget: createDimensionBudget() });
    for (const { CommonAttributes } of batchRecords(records))
      expect(CommonAttributes?.Dimensions?.map(({ Name }) => Name)).toContain('pod');
  });

  it('keeps the series of a metric together where that is cheaper', () => {
    const timeseries = Array.from({ length: 400 }, (_, index) =>
      seriesOf({ __name__: `${'long_'.repeat(20)}${Math.floor(index / 100)}`, id: `${index % 100}` }, [1, 1]),
    );
    const records = recordsOf(timeseries);
    expect(new Set(batchRecords(records).map(({ CommonAttributes }) => CommonAttributes?.MeasureName)).size).toBe(4);
    expect(meteredInOrder(orderByTarget(orderByMetric(records)))).toBeGreaterThan(meteredTotal(batchRecords(records)));
  });

  it('is the cheaper of the two, whatever the records', () => {
    fc.assert(
      fc.property(anyRequest, anyLayout, (timeseries, layout) => {
        const byMetric = orderByMetric(recordsOf(timeseries, layout));
        expect(meteredTotal(batchRecords(byMetric))).toBe(Math.min(meteredInOrder(byMetric), meteredInOrder(orderByTarget(byMetric))));
      }),
      { numRuns: 300 },
    );
  });
});

describe('expandBatch', () => {
  it('throws for a dimension that is both common and a record’s own, as Timestream would refuse it', () => {
    const CommonAttributes = { Dimensions: [{ Name: 'job', Value: 'x' }] };
    expect(() => expandBatch({ CommonAttributes, Records: [{}, { Dimensions: [{ Name: 'job', Value: 'x' }] }] })).toThrow(
      'Records[1] repeats the common dimension job',
    );
  });
});
