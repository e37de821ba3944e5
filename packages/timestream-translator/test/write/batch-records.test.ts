import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createSamples, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { batchRecords } from '../../src/write/batch-records.js';
import { cutCalls, type CallCuts } from '../../src/write/cut-calls.js';
import { createDimensionBudget } from '../../src/write/dimension-budget.js';
import { expandBatch } from '../../src/write/expand-batch.js';
import { groupRecords } from '../../src/write/group-records.js';
import { layouts, VALUE_COLUMN, type Layout } from '../../src/model/layout.js';
import type { TimestreamRecord, WriteBatch } from '../../src/model/record.js';
import { PlannedBatch } from '../../src/write/planned-batch.js';
import { recordOrders } from '../../src/write/record-orders.js';
import { meteredWriteBytes, writeBytes } from '../../src/write/record-size.js';
import { translateSeries } from '../../src/write/translate-series.js';
import type { RecordColumns } from '../../src/write/translate-columns.js';
import { recordObjects, type RecordObject } from '../support/record-objects.js';

function recordsOf(timeseries: TimeSeries[], layout: Layout = 'multi-measure'): RecordColumns {
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
function plainRecord({ dimensions, measureName, timestampMs, column, value }: RecordObject): TimestreamRecord {
  return {
    Dimensions: [...dimensions],
    MeasureName: measureName,
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

const sizeOf = (batch: Pick<WriteBatch, 'CommonAttributes' | 'Records'>): number =>
  JSON.stringify({ CommonAttributes: batch.CommonAttributes, Records: batch.Records }).length;

const meteredTotal = (batches: readonly WriteBatch[]): number => batches.reduce((sum, batch) => sum + meteredWriteBytes(batch), 0);

/** The batches as plain objects. */
function batchesOf(records: RecordColumns): WriteBatch[] {
  return batchRecords(records).map(({ CommonAttributes, Records, sources }) =>
    CommonAttributes === undefined ? { Records, sources } : { CommonAttributes, Records, sources },
  );
}

describe('batchRecords', () => {
  it('makes no batch of no records', () => {
    expect(batchRecords(recordsOf([]))).toEqual([]);
  });

  it('states once what all records share', () => {
    const batches = batchesOf(
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
          { Dimensions: [{ Name: 'instance', Value: 'b' }], MeasureValues: [{ Name: VALUE_COLUMN, Value: '0', Type: 'DOUBLE' }] },
          { Dimensions: [{ Name: 'instance', Value: 'a' }], MeasureValues: [{ Name: VALUE_COLUMN, Value: '1', Type: 'DOUBLE' }] },
        ],
        sources: [
          { seriesIndex: 0, sampleIndex: 0 },
          { seriesIndex: 1, sampleIndex: 0 },
        ],
      },
    ]);
  });

  it('leaves time and value alone in the records of a single series', () => {
    expect(batchesOf(recordsOf([seriesOf({ __name__: 'up', job: 'x' }, [1, 1], [2, 0])], 'single-measure'))).toMatchObject([
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

  it('writes finite values of the layout compact as single measures, all others as columns, each with its type where a call has both', () => {
    const [batch] = batchesOf(recordsOf([seriesOf({ __name__: 'up', job: 'x' }, [1, 1], [2, NaN])], 'compact'));
    expect(batch).toMatchObject({
      CommonAttributes: { TimeUnit: 'MILLISECONDS', MeasureName: 'up', Dimensions: [{ Name: 'job', Value: 'x' }] },
      Records: [
        { MeasureValue: '1', MeasureValueType: 'DOUBLE', Time: '1' },
        { MeasureValues: [{ Name: 'sample_bits', Type: 'BIGINT' }], MeasureValueType: 'MULTI', Time: '2' },
      ],
    });
    expect(batch?.CommonAttributes).not.toHaveProperty('MeasureValueType');
    expect(batchesOf(recordsOf([seriesOf({ __name__: 'up' }, [1, 1], [2, 2])], 'compact'))[0]?.CommonAttributes).toMatchObject({
      MeasureValueType: 'DOUBLE',
    });
  });

  it('states nothing as common that one record has otherwise', () => {
    const [batch] = batchRecords(recordsOf([seriesOf({ __name__: 'a', job: 'x' }, [1, 1]), seriesOf({ __name__: 'b', job: 'y' }, [2, 1])]));
    expect(batch?.CommonAttributes).toEqual({ TimeUnit: 'MILLISECONDS', MeasureValueType: 'MULTI' });
  });

  it('sends a single record without common attributes', () => {
    expect(batchesOf(recordsOf([seriesOf({ __name__: 'up', job: 'x' }, [1, 1])]))).toEqual([
      {
        Records: [
          {
            Dimensions: [{ Name: 'job', Value: 'x' }],
            MeasureName: 'up',
            MeasureValueType: 'MULTI',
            MeasureValues: [{ Name: VALUE_COLUMN, Value: '1', Type: 'DOUBLE' }],
            Time: '1',
            TimeUnit: 'MILLISECONDS',
          },
        ],
        sources: [{ seriesIndex: 0, sampleIndex: 0 }],
      },
    ]);
  });

  it.each([1, 100, 101, 250])('splits %d records of a series into batches of at most 100', (count) => {
    const pairs = Array.from({ length: count }, (_, index) => [index, index] as const);
    const sizes = batchRecords(recordsOf([seriesOf({ __name__: 'up', a: '1' }, ...pairs)])).map(({ Records }) => Records.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(count);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
  });

  it('loses, doubles and changes nothing, and says where each record came from', () => {
    fc.assert(
      fc.property(anyRequest, anyLayout, (timeseries, layout) => {
        const records = recordsOf(timeseries, layout);
        const objects = recordObjects(records);
        const batches = batchRecords(records);
        const expanded = batches.flatMap((batch) => expandBatch(batch).map(canonical));
        expect(expanded.toSorted()).toEqual(objects.map(plainRecord).map(canonical).sort());
        const bySource = new Map(objects.map((record) => [JSON.stringify(record.source), canonical(plainRecord(record))]));
        const sources = batches.flatMap((batch) => batch.sources);
        expect(sources.map((source) => bySource.get(JSON.stringify(source)))).toEqual(expanded);
        for (const { Records, recordCount } of batches) {
          expect(Records.length).toBe(recordCount);
          expect(recordCount).toBeGreaterThan(0);
          expect(recordCount).toBeLessThanOrEqual(100);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('writes the same as text as it does as objects, counts the same bytes and names the same dimensions', () => {
    fc.assert(
      fc.property(anyRequest, anyLayout, (timeseries, layout) => {
        const records = recordsOf(timeseries, layout);
        // Asked for in turns, because what is marked for one batch must not show in another.
        const [forward, backward] = [batchRecords(records), batchRecords(records).reverse()];
        for (const batch of [...forward, ...backward, ...forward]) {
          const { CommonAttributes, Records } = batch;
          expect(JSON.parse(`{${batch.json()}}`)).toEqual(CommonAttributes === undefined ? { Records } : { Records, CommonAttributes });
          expect(batch.bytes).toBe(writeBytes(batch));
          const names = new Set<string>();
          const visitor = {};
          const visit = (isLeftOut: (index: number) => boolean) => batch.visitDimensionNames(visitor, (name) => names.add(name), isLeftOut);
          visit((index) => index === 0);
          const others = expandBatch(batch).slice(1);
          expect(names).toEqual(new Set(others.flatMap(({ Dimensions = [] }) => Dimensions.map(({ Name }) => Name))));
          // Whoever was told is told only what is new.
          names.clear();
          visit(() => false);
          visit(() => {
            throw new Error('all series were visited');
          });
          expect([names.size === 0, batch.recordCount === 1]).not.toEqual([true, true]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('keeps the records of each series together and in time order', () => {
    fc.assert(
      fc.property(anyRequest, anyLayout, (timeseries, layout) => {
        const seen: string[] = [];
        const lastTime = new Map<string, number>();
        for (const { Time, MeasureName, Dimensions } of batchRecords(recordsOf(timeseries, layout)).flatMap((batch) =>
          expandBatch(batch),
        )) {
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
          const plain = { Records: expandBatch(batch) };
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
    // Common: 8 time + 19 name + 16 cluster + 21 instance + 6 job; each record: path 4, /v1/<n> 5 or 6, the column's name, 8.
    const recordBytes = 4 + 5 + VALUE_COLUMN.length + 8;
    expect(writeBytes(batch)).toBe(8 + 19 + 16 + 21 + 6 + 10 * recordBytes + 90 * (recordBytes + 1));
    expect(meteredWriteBytes(batch)).toBeLessThanOrEqual(3 * 1024);
    expect(meteredWriteBytes({ Records: expandBatch(batch) })).toBeGreaterThanOrEqual(9 * 1024);
  });
});

describe('where records are cut into calls', () => {
  /** What an order costs if every call is filled. */
  function meteredWhenFilled(records: RecordColumns, order: Uint32Array): number {
    let total = 0;
    for (let start = 0; start < order.length; start += 100)
      total += meteredWriteBytes(new PlannedBatch(records, order.subarray(start, start + 100)));
    return total;
  }

  /** The cheapest of all ways to cut an order, by trying all of them. */
  function cheapestCuts(records: RecordColumns, order: Uint32Array): { readonly meteredUnits: number; readonly calls: number } {
    const plans = [{ meteredUnits: 0, calls: 0 }];
    for (let end = 1; end <= order.length; end++) {
      let best = { meteredUnits: Infinity, calls: Infinity };
      for (let start = Math.max(0, end - 100); start < end; start++) {
        const before = plans[start];
        if (before === undefined) throw new Error(`there is no plan for ${start}`);
        const meteredUnits = before.meteredUnits + meteredWriteBytes(new PlannedBatch(records, order.subarray(start, end))) / 1024;
        const calls = before.calls + 1;
        if (meteredUnits < best.meteredUnits || (meteredUnits === best.meteredUnits && calls < best.calls)) best = { meteredUnits, calls };
      }
      plans.push(best);
    }
    return plans[order.length] ?? { meteredUnits: 0, calls: 0 };
  }

  function cutsOf(records: RecordColumns, order: Uint32Array): CallCuts {
    const cuts = cutCalls(records, order);
    if (cuts === undefined) throw new Error('there is always a cheapest way');
    return cuts;
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

  it('says how much the records of a call share, so that a call finds what it is without looking at all of them', () => {
    const anyOrder = (records: RecordColumns) =>
      fc.shuffledSubarray(
        Array.from({ length: records.count }, (_, record) => record),
        { minLength: records.count },
      );
    const recordsAndOrder = fc
      .tuple(anyRequest, anyLayout)
      .map(([timeseries, layout]) => recordsOf(timeseries, layout))
      .filter(({ count }) => count > 0)
      .chain((records) => fc.tuple(fc.constant(records), fc.oneof(anyOrder(records), fc.constantFrom(...recordOrders(records)))));
    fc.assert(
      fc.property(recordsAndOrder, ([records, anyRecords]) => {
        const order = Uint32Array.from(anyRecords);
        const { ends, bytes, sharedBytes } = cutsOf(records, order);
        for (const [index, end] of ends.entries()) {
          const ofCall = order.subarray(ends[index - 1] ?? 0, end);
          const looked = new PlannedBatch(records, ofCall);
          const told = new PlannedBatch(records, ofCall, { bytes: bytes[index] ?? 0, sharedBytes: sharedBytes[index] ?? 0 });
          expect(told.json()).toBe(looked.json());
          expect(told.bytes).toBe(looked.bytes);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('takes for shared what the first and the last record of a call share only if all others do', () => {
    const scrape = ['eu', 'us', 'eu'].flatMap((region, place) =>
      Array.from({ length: 3 }, (_, index) =>
        seriesOf({ __name__: 'up', job: 'api', path: `/${place}/${index}`, region }, [1_700_000_000_000, index]),
      ),
    );
    const records = recordsOf(scrape);
    const order = Uint32Array.from({ length: records.count }, (_, record) => record);
    const { ends, bytes, sharedBytes } = cutsOf(records, order);
    expect(ends).toEqual([9]);
    const batch = new PlannedBatch(records, order, { bytes: bytes[0] ?? 0, sharedBytes: sharedBytes[0] ?? 0 });
    expect(batch.CommonAttributes?.Dimensions).toEqual([{ Name: 'job', Value: 'api' }]);
  });

  it('says what the calls cost, never more than filled calls in any of the orders', () => {
    fc.assert(
      fc.property(anyRequest, anyLayout, (timeseries, layout) => {
        const records = recordsOf(timeseries, layout);
        const costs = recordOrders(records).map((order) => {
          expect(Array.from(order).sort((left, right) => left - right)).toEqual(Array.from(order, (_, index) => index));
          const { ends, meteredUnits } = cutsOf(records, order);
          const batches = ends.map((end, index) => new PlannedBatch(records, order.subarray(ends[index - 1] ?? 0, end)));
          expect(meteredUnits * 1024).toBe(meteredTotal(batches));
          expect(meteredTotal(batches)).toBeLessThanOrEqual(meteredWhenFilled(records, order));
          return meteredTotal(batches);
        });
        expect(meteredTotal(batchRecords(records))).toBe(Math.min(...costs));
      }),
      { numRuns: 300 },
    );
  });

  it('finds the cheapest of all cuts, and of those that cost the same one with the fewest calls', () => {
    const expectCheapest = (records: RecordColumns): void => {
      for (const order of recordOrders(records)) {
        const { meteredUnits, ends } = cutsOf(records, order);
        expect({ meteredUnits, calls: ends.length }).toEqual(cheapestCuts(records, order));
      }
    };
    for (const timeseries of [scrapesOf(2), scrapesOf(7).slice(0, 150)]) expectCheapest(recordsOf(timeseries));
    fc.assert(
      fc.property(anyRequest, anyLayout, fc.nat({ max: 300 }), (timeseries, layout, length) => {
        // A long value takes a place in prometheus_labels or is shared, and calls come to several KiB.
        const long = timeseries.map((series, index) => ({
          ...series,
          labels: [...series.labels, { name: `long${index % 3}`, value: 'x'.repeat(index % 2 === 0 ? length : 300 - length) }],
        }));
        expectCheapest(recordsOf(long, layout));
      }),
      { numRuns: 25 },
    );
  });

  it('gives up an order as soon as it cannot be cheaper than one that is known', () => {
    const records = recordsOf(scrapesOf(3));
    const [first, second] = recordOrders(records).map((order) => ({ order, cuts: cutsOf(records, order) }));
    if (first === undefined || second === undefined) throw new Error('there are not two orders');
    expect(first.cuts.meteredUnits).toBeLessThan(second.cuts.meteredUnits);
    expect(cutCalls(records, second.order, first.cuts)).toBeUndefined();
    expect(cutCalls(records, first.order, first.cuts)).toBeUndefined();
    expect(cutCalls(records, first.order, second.cuts)).toEqual(first.cuts);
  });

  it('keeps the series of a target together where that is cheaper', () => {
    const { records } = translateSeries(scrapesOf(20), { layout: 'multi-measure', dimensionBudget: createDimensionBudget() });
    expect(meteredTotal(batchRecords(records)) / 1024).toBeLessThanOrEqual(120);
    for (const { CommonAttributes, Records } of batchRecords(records)) {
      expect(CommonAttributes?.Dimensions?.map(({ Name }) => Name)).toEqual(
        expect.arrayContaining(['endpoint', 'instance', 'job', 'namespace', 'node', 'pod']),
      );
      for (const { Dimensions = [] } of Records) expect(Dimensions.map(({ Name }) => Name).filter((name) => name !== 'mode')).toEqual([]);
    }
  });

  it('puts no two targets into one call where that is dearer, however many series of each come', () => {
    // 83 of each: filled calls would all straddle two targets.
    const timeseries = scrapesOf(20).filter((_, index) => index < 83 * 20);
    const { records } = translateSeries(timeseries, { layout: 'multi-measure', dimensionBudget: createDimensionBudget() });
    for (const { CommonAttributes } of batchRecords(records)) {
      expect(CommonAttributes?.Dimensions?.map(({ Name }) => Name)).toEqual(expect.arrayContaining(['instance', 'pod']));
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
    const batches = batchRecords(recordsOf(timeseries));
    expect(new Set(batches.map(({ CommonAttributes }) => CommonAttributes?.MeasureName)).size).toBe(4);
  });

  /** One scrape each of so many targets with classic histograms: of each route ten buckets, a sum and a count. */
  function histogramsOf(targetCount: number, routeCount: number): TimeSeries[] {
    const ofRoute = [
      ...Array.from({ length: 10 }, (_none, bucket) => ({ part: 'bucket', le: `${bucket}.5` })),
      { part: 'sum' },
      { part: 'count' },
    ];
    const indexes = (count: number) => Array.from({ length: count }, (_none, index) => index);
    return indexes(targetCount).flatMap((target) =>
      indexes(routeCount).flatMap((route) =>
        ofRoute.map(({ part, ...bucket }) => {
          const labels = {
            __name__: `http_request_duration_seconds_${part}`,
            handler: `/api/v1/resource-${route}`,
            method: route % 2 === 0 ? 'GET' : 'POST',
            instance: `10.0.0.${target}:9100`,
            pod: `kube-prometheus-stack-prometheus-node-exporter-${target}`,
            service: 'kube-prometheus-stack-prometheus-node-exporter',
            ...bucket,
          };
          return seriesOf(labels, [1_700_000_000_000, route]);
        }),
      ),
    );
  }

  it('states the bound of a bucket once for many routes, so that many records say only what tells routes apart', () => {
    const { records } = translateSeries(histogramsOf(1, 140), { layout: 'multi-measure', dimensionBudget: createDimensionBudget() });
    const batches = batchRecords(records);
    const own = batches.flatMap(({ Records }) => Records.map(({ Dimensions = [] }) => Dimensions.map(({ Name }) => Name).join()));
    expect(own.filter((names) => names === 'handler').length).toBeGreaterThan(records.count / 3);
    const others = recordOrders(records).slice(0, -1);
    expect(meteredTotal(batches) / 1024).toBeLessThan(0.85 * Math.min(...others.map((order) => cutsOf(records, order).meteredUnits)));
  });

  it('parts each group by what is best for it, a target first and then the bounds of its histograms and the metrics of its other series', () => {
    const others = Array.from({ length: 4 * 200 }, (_, index) =>
      seriesOf(
        {
          __name__: `service_metric_${'x'.repeat(40)}_${Math.floor(index / 20) % 10}`,
          device: `d${index % 20}`,
          instance: `10.0.0.${Math.floor(index / 200)}:9100`,
          pod: `service-7c9d8b6f5-${Math.floor(index / 200)}`,
        },
        [1_700_000_000_000, index],
      ),
    );
    const options = { layout: 'multi-measure', dimensionBudget: createDimensionBudget() } as const;
    const { records } = translateSeries([...histogramsOf(4, 30), ...others], options);
    const grouped = groupRecords(records, 1_000_000) ?? new Uint32Array();
    const costs = recordOrders(records).map((order) => cutsOf(records, order).meteredUnits);
    const least = Math.min(...costs.slice(0, -1));
    expect(costs).toHaveLength(3);
    expect(cutsOf(records, grouped).meteredUnits).toBe(costs.at(-1));
    expect(costs.at(-1)).toBeLessThan(0.95 * least);
  });

  it('is never dearer for the groups than by target or by metric, whatever is written', () => {
    const anyValue = (count: number) => fc.nat({ max: count - 1 }).map((value) => `value-${value}`);
    const anySeries = fc.record(
      { name: anyValue(3), a: anyValue(2), b: anyValue(4), c: anyValue(30), d: anyValue(200) },
      { requiredKeys: ['name'] },
    );
    fc.assert(
      fc.property(fc.uniqueArray(anySeries, { minLength: 50, maxLength: 400, selector: (labels) => JSON.stringify(labels) }), (all) => {
        const records = recordsOf(all.map(({ name, ...labels }, index) => seriesOf({ ...labels, __name__: name }, [index % 3, 1], [5, 2])));
        const orders = recordOrders(records);
        const grouped = groupRecords(records, 1_000_000 + Math.random());
        if (grouped !== undefined) {
          expect(orders.at(-1)).toEqual(grouped);
          expect(Array.from(grouped).sort((left, right) => left - right)).toEqual(Array.from(grouped, (_, index) => index));
          // Those of a series stand next to each other, in the order in which they came.
          for (const [place, record] of grouped.entries()) {
            if (record > 0 && records.series[record] === records.series[record - 1]) expect(grouped[place - 1]).toBe(record - 1);
          }
        }
        const others = (grouped === undefined ? orders : orders.slice(0, -1)).map((order) => cutsOf(records, order).meteredUnits);
        expect(meteredTotal(batchRecords(records)) / 1024).toBeLessThanOrEqual(Math.min(...others));
      }),
      { numRuns: 100 },
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
