import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  bitsFromFloat,
  createSamples,
  decodeWriteColumns,
  encodeWriteRequest,
  floatFromBits,
  LabelSetCache,
  STALE_NAN_BITS,
  type Label,
  type TimeSeries,
} from '@timestream-prometheus/prom-codec';
import { createDimensionBudget } from '../../src/write/dimension-budget.js';
import { dropReasons, refusalReasons } from '../../src/write/drop-reason.js';
import { decodeLabelDimension } from '../../src/names/label-dimension.js';
import { LABELS_DIMENSION, layouts, type Layout } from '../../src/model/layout.js';
import { MAX_DIMENSIONS_PER_TABLE } from '../../src/model/limits.js';
import { decodeMeasureName } from '../../src/names/measure-name.js';
import { dimensionsBytes } from '../../src/write/record-size.js';
import { SeriesCache } from '../../src/write/series-cache.js';
import { translateColumns, type TranslateOptions, type Translation } from '../../src/write/translate-columns.js';
import { translateSeries } from '../../src/write/translate-series.js';
import { recordObjects, translateOneByOne, type RecordObject } from '../support/record-objects.js';
import { anyTimeSeries } from '../support/arbitraries.js';

function labelsOf(record: Record<string, string>): Label[] {
  return Object.entries(record).map(([name, value]) => ({ name, value }));
}

function seriesOf(labels: Label[] | Record<string, string>, ...pairs: (readonly [number | bigint, number | bigint])[]): TimeSeries {
  return { labels: Array.isArray(labels) ? labels : labelsOf(labels), samples: createSamples(pairs), exemplars: [], histograms: [] };
}

type TranslationOfObjects = Omit<Translation, 'records'> & { readonly records: readonly RecordObject[] };

function translate(timeseries: TimeSeries[], options: Partial<TranslateOptions> = {}): TranslationOfObjects {
  const translation = translateSeries(timeseries, { layout: 'multi-measure', dimensionBudget: createDimensionBudget(), ...options });
  return { ...translation, records: recordObjects(translation.records) };
}

function dimensionsOf(labels: Label[] | Record<string, string>, options: Partial<TranslateOptions> = {}): Record<string, string> {
  const [record] = translate([seriesOf(labels, [1, 1])], options).records;
  return Object.fromEntries((record?.dimensions ?? []).map(({ Name, Value }) => [Name, Value]));
}

const pairsOf = (records: readonly RecordObject[]): unknown[] =>
  records.map(({ timestampMs, column, value }) => [timestampMs, column, value]);

/** Reads a record back the way the read path defines it; labels without `__name__` of a hashed name are not expected here. */
function readBack({ dimensions, measureName, timestampMs, column, value }: RecordObject): {
  labels: Label[];
  timestampMs: number;
  bits: bigint;
} {
  const packed = dimensions.find(({ Name }) => Name === LABELS_DIMENSION);
  const decoded = decodeLabelDimension(packed?.Value ?? '{}') ?? [];
  const labels = [
    ...dimensions.filter((dimension) => dimension !== packed).map(({ Name, Value }) => ({ name: Name, value: Value })),
    ...decoded,
  ];
  if (!labels.some(({ name }) => name === '__name__')) labels.push({ name: '__name__', value: decodeMeasureName(measureName) });
  return { labels, timestampMs, bits: column === 'sample_bits' ? BigInt.asUintN(64, BigInt(value)) : bitsFromFloat(Number(value)) };
}

/** A label set as text, regardless of order, empty values left out. */
const labelKey = (labels: readonly Label[]): string =>
  JSON.stringify(
    labels
      .filter(({ value }) => value !== '')
      .map(({ name, value }) => [name, value])
      .sort(),
  );

describe('translateSeries: labels', () => {
  it('makes dimensions of labels, sorted by the UTF-8 bytes of their names, and a measure name of the metric name', () => {
    const [record] = translate([seriesOf({ job: 'api', Zone: 'a', __name__: 'job:up:sum', '😀': '1', '\uffff': '2' }, [1, 2])]).records;
    expect(record?.measureName).toBe('job%3Aup%3Asum');
    expect(record?.dimensions).toEqual([
      { Name: 'Zone', Value: 'a' },
      { Name: 'job', Value: 'api' },
      { Name: '\uffff', Value: '2' },
      { Name: '😀', Value: '1' },
    ]);
  });

  it.each([
    { what: 'leaves out empty values', labels: { __name__: 'up', job: 'x', gone: '' }, dimensions: { job: 'x' } },
    { what: 'gives a series without labels the constant {}', labels: { __name__: 'up' }, dimensions: { prometheus_labels: '{}' } },
    {
      what: 'puts labels that can be no dimension together, as JSON',
      labels: { __name__: 'up', time: '1', job: 'x', 'a:b': '"', ts_x: '2', sample_value: '3', prometheus_labels: '{}', v: '4' },
      dimensions: {
        job: 'x',
        prometheus_labels: '{"a:b":"\\"","prometheus_labels":"{}","sample_value":"3","time":"1","ts_x":"2","v":"4"}',
      },
    },
    {
      what: 'keeps a label name over 60 bytes',
      labels: { __name__: 'up', ['x'.repeat(61)]: '1' },
      dimensions: { prometheus_labels: `{"${'x'.repeat(61)}":"1"}` },
    },
    {
      what: 'keeps a metric name over 256 bytes',
      labels: { __name__: 'n'.repeat(300), job: 'x' },
      dimensions: { job: 'x', prometheus_labels: `{"__name__":"${'n'.repeat(300)}"}` },
    },
  ])('$what', ({ labels, dimensions }) => {
    expect(dimensionsOf(labels)).toEqual(dimensions);
  });

  it('puts labels into prometheus_labels once the places of the table are used up', () => {
    const dimensionBudget = createDimensionBudget({ maxDimensions: 3 });
    expect(dimensionsOf({ __name__: 'up', a: '1', b: '2', c: '3' }, { dimensionBudget })).toEqual({
      a: '1',
      b: '2',
      prometheus_labels: '{"c":"3"}',
    });
    expect(dimensionsOf({ __name__: 'up', a: '1', c: '3' }, { dimensionBudget })).toEqual({ a: '1', prometheus_labels: '{"c":"3"}' });
    expect(dimensionsOf({ __name__: 'up', c: '3' }, { dimensionBudget })).toEqual({ prometheus_labels: '{"c":"3"}' });
  });

  it('claims no place for a series of which nothing is stored', () => {
    const dimensionBudget = createDimensionBudget();
    translate(
      [
        seriesOf({ __name__: 'up', a: '1' }, [-1, 1]),
        seriesOf({ b: '1' }, [1, 1]),
        seriesOf({ __name__: 'up', c: 'x'.repeat(2048) }, [1, 1]),
      ],
      { dimensionBudget },
    );
    translate([seriesOf({ __name__: 'up', d: '1' }, [1, NaN])], { dimensionBudget, layout: 'single-measure' });
    expect(dimensionBudget.usedDimensions()).toBe(1);
  });

  it('shares one series object between all records of a label set', () => {
    const { records } = translateSeries(
      [seriesOf({ __name__: 'up', a: '1', b: '2' }, [1, 1], [2, 1]), seriesOf({ b: '2', a: '1', __name__: 'up' }, [3, 1])],
      { layout: 'multi-measure', dimensionBudget: createDimensionBudget() },
    );
    expect(records.count).toBe(3);
    expect(new Set(records.series).size).toBe(1);
  });

  it.each([
    { reason: 'missing-metric-name', labels: [{ name: 'job', value: 'x' }], problem: '{job="x"}: label __name__ is missing or empty' },
    {
      reason: 'missing-metric-name',
      labels: [{ name: '__name__', value: '' }],
      problem: '{__name__=""}: label __name__ is missing or empty',
    },
    { reason: 'missing-metric-name', labels: [], problem: '{}: label __name__ is missing or empty' },
    {
      reason: 'empty-label-name',
      labels: [
        { name: '__name__', value: 'up' },
        { name: '', value: 'x' },
      ],
      problem: '{__name__="up", ""="x"}: a label without a name has the value "x"',
    },
    {
      reason: 'duplicate-label-name',
      labels: [
        { name: 'a', value: '1' },
        { name: '__name__', value: 'up' },
        { name: 'a', value: '2' },
      ],
      problem: '{a="1", __name__="up", a="2"}: label "a" occurs more than once',
    },
    {
      reason: 'duplicate-label-name',
      labels: [
        { name: '__name__', value: 'up' },
        { name: '__name__', value: 'up' },
      ],
      problem: '{__name__="up", __name__="up"}: label "__name__" occurs more than once',
    },
  ])('drops the samples of $problem and stores the others', ({ reason, labels, problem }) => {
    const { records, dropped } = translate([seriesOf(labels, [1, 1], [2, 2]), seriesOf({ __name__: 'up', job: 'x' }, [1, 1])]);
    expect(dropped).toEqual([{ reason, count: 2, example: problem }]);
    expect(records).toHaveLength(1);
  });

  it('does not take an absent label for a duplicate', () => {
    expect(
      dimensionsOf([
        { name: '__name__', value: 'up' },
        { name: 'a', value: '' },
        { name: 'a', value: '1' },
      ]),
    ).toEqual({ a: '1' });
  });

  it('tells label sets apart whose names and values run together in the same way', () => {
    const { records } = translate([
      seriesOf({ __name__: 'up', a: 'b\u0000c\u0000d' }, [1, 1]),
      seriesOf({ __name__: 'up', a: 'b', c: 'd' }, [1, 2]),
      seriesOf({ __name__: 'up', a: 'b\u0000c', '\u0000d': 'e' }, [1, 3]),
    ]);
    expect(records.map(({ value }) => value)).toEqual(['1', '2', '3']);
  });
});

describe('translateSeries: values', () => {
  const pairs: (readonly [number, number | bigint])[] = [
    [1, 1.5],
    [2, -0],
    [3, 5e-324],
    [4, STALE_NAN_BITS],
    [5, Infinity],
    [6, -Infinity],
    [7, 0xfff8dead00000001n],
  ];

  it.each([
    { layout: 'multi-measure', column: 'v' },
    { layout: 'sample-value', column: 'sample_value' },
    { layout: 'compact', column: 'measure_value::double' },
  ] as const)('stores finite values as decimals in $column and all others by their bits in the layout $layout', ({ layout, column }) => {
    expect(pairsOf(translate([seriesOf({ __name__: 'up', a: '1' }, ...pairs)], { layout }).records)).toEqual([
      [1, column, '1.5'],
      [2, column, '-0.0'],
      [3, column, '5.0E-324'],
      [4, 'sample_bits', '9218868437227405314'],
      [5, 'sample_bits', '9218868437227405312'],
      [6, 'sample_bits', '-4503599627370496'],
      [7, 'sample_bits', String(BigInt.asIntN(64, 0xfff8dead00000001n))],
    ]);
  });

  it('stores finite values in sample_value where the table has a dimension v, and goes on using that for the label', () => {
    const dimensionBudget = createDimensionBudget();
    const series = seriesOf({ __name__: 'up', v: 'x' }, [1, 1.5]);
    expect(translate([series], { dimensionBudget }).records).toMatchObject([
      { column: 'v', dimensions: [{ Name: 'prometheus_labels', Value: '{"v":"x"}' }] },
    ]);
    dimensionBudget.learn(['v']);
    expect(translate([series], { dimensionBudget }).records).toMatchObject([
      { column: 'sample_value', dimensions: [{ Name: 'v', Value: 'x' }] },
    ]);
    expect(translate([series], { dimensionBudget, layout: 'compact' }).records).toMatchObject([{ column: 'measure_value::double' }]);
  });

  it('stores finite values and counts all others as accepted drops in the layout single-measure', () => {
    const { records, dropped } = translate([seriesOf({ __name__: 'up', a: '1' }, ...pairs)], { layout: 'single-measure' });
    expect(pairsOf(records)).toEqual([
      [1, 'measure_value::double', '1.5'],
      [2, 'measure_value::double', '-0.0'],
      [3, 'measure_value::double', '5.0E-324'],
    ]);
    expect(dropped).toEqual([
      { reason: 'non-finite-value', count: 4, example: '{__name__="up", a="1"}: the value at 4 ms is NaN (bits 0x7ff0000000000002)' },
    ]);
  });

  it('takes 0 to 2262-04-11T23:47:16.854Z and drops what lies outside', () => {
    const { records, dropped } = translate([
      seriesOf(
        { __name__: 'up', a: '1' },
        [0, 1],
        [9_223_372_036_854, 1],
        [-1, 1],
        [9_223_372_036_855, 1],
        [-(2n ** 63n), 1],
        [2n ** 63n - 1n, 1],
      ),
    ]);
    expect(records.map(({ timestampMs }) => timestampMs)).toEqual([0, 9_223_372_036_854]);
    expect(dropped).toEqual([
      {
        reason: 'timestamp-out-of-range',
        count: 4,
        example:
          '{__name__="up", a="1"}: timestamp -1 ms is outside 0 to 9223372036854 ms (1970-01-01T00:00:00Z to 2262-04-11T23:47:16.854Z)',
      },
    ]);
  });

  it('puts the samples of a series in time order, over all places where it occurs', () => {
    const { records } = translate([
      seriesOf({ __name__: 'up', a: '1' }, [5, 5], [3, 3]),
      seriesOf({ __name__: 'up', a: '2' }, [1, 1]),
      seriesOf({ a: '1', __name__: 'up' }, [4, 4], [1, 1]),
    ]);
    expect(records.map(({ timestampMs, source }) => [timestampMs, source])).toEqual([
      [1, { seriesIndex: 2, sampleIndex: 1 }],
      [3, { seriesIndex: 0, sampleIndex: 1 }],
      [4, { seriesIndex: 2, sampleIndex: 0 }],
      [5, { seriesIndex: 0, sampleIndex: 0 }],
      [1, { seriesIndex: 1, sampleIndex: 0 }],
    ]);
  });

  it('stores a repeated sample once and keeps the first of conflicting ones', () => {
    const { records, dropped, identicalCount } = translate([
      seriesOf({ __name__: 'up', a: '1' }, [1, STALE_NAN_BITS], [2, 0], [1, STALE_NAN_BITS], [2, -0]),
      seriesOf({ a: '1', __name__: 'up' }, [2, 0], [1, NaN], [2, 7]),
    ]);
    expect(pairsOf(records)).toEqual([
      [1, 'sample_bits', '9218868437227405314'],
      [2, 'v', '0'],
    ]);
    expect(identicalCount).toBe(2);
    expect(dropped).toEqual([
      { reason: 'conflicting-sample', count: 3, example: '{__name__="up", a="1"}: at 2 ms the request has another value before -0.0' },
    ]);
  });
});

describe('translateSeries: sizes', () => {
  /** A series whose record is `bytes` long in the layout multi-measure: time 8, `up` 2, `l` 1, column 1 + 8. */
  const seriesOfBytes = (bytes: number): TimeSeries => seriesOf({ __name__: 'up', l: 'x'.repeat(bytes - 20) }, [1, 1]);

  it('stores a record of 2048 bytes and drops one of 2049', () => {
    expect(translate([seriesOfBytes(2048)]).records).toHaveLength(1);
    const { records, dropped } = translate([seriesOfBytes(2049)]);
    expect(records).toEqual([]);
    expect(dropped).toEqual([
      {
        reason: 'record-too-large',
        count: 1,
        example: expect.stringMatching(/: a record of it has at least 2049 bytes, the limit is 2048$/) as string,
      },
    ]);
  });

  it('counts the bytes of the JSON text, not of the labels in it', () => {
    const { dropped } = translate([seriesOf({ __name__: 'up', time: '"'.repeat(1001) }, [1, 1])]);
    expect(dropped).toMatchObject([{ reason: 'record-too-large', count: 1 }]);
  });

  it('names a series in a short line, even if its labels together are longer than any text can be', () => {
    const huge = '😀\n'.repeat(1_000_000);
    const labels = [...Array.from({ length: 1000 }, (_, index) => ({ name: `l${index}`, value: huge })), { name: '__name__', value: huge }];
    const [dropped] = translate([seriesOf(labels, [1, 1])]).dropped;
    expect(dropped?.reason).toBe('record-too-large');
    expect(dropped?.example.length).toBeLessThan(500);
    expect(dropped?.example).not.toMatch(/\n|\p{Surrogate}/u);
  });
});

describe('translateSeries: refusals', () => {
  const good = seriesOf({ __name__: 'up', a: '1' }, [1, 1], [2, 2]);

  it.each([
    {
      what: 'label name',
      labels: { __name__: 'up', ['x'.repeat(61)]: '1' },
      problem: /: label name "x{61}" has 61 bytes, the limit is 60$/,
    },
    { what: 'metric name', labels: { __name__: 'é'.repeat(129) }, problem: /: the metric name has 258 bytes, the limit is 256$/ },
  ])('refuses everything for a long $what if told so, and nothing otherwise', ({ labels, problem }) => {
    const timeseries = [good, seriesOf(labels, [1, 1])];
    expect(translate(timeseries).records).toHaveLength(3);
    const dimensionBudget = createDimensionBudget();
    expect(translate(timeseries, { failOnLongLabel: true, dimensionBudget })).toEqual({
      records: [],
      dropped: [],
      identicalCount: 0,
      refused: { reason: 'long-label', example: expect.stringMatching(problem) as string },
      refusedCount: 3,
      receivedCount: 3,
    });
    expect(dimensionBudget.usedDimensions()).toBe(1);
  });

  it.each([
    [NaN, 'NaN (bits 0x7ff8000000000000)'],
    [STALE_NAN_BITS, 'NaN (bits 0x7ff0000000000002)'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
  ])('refuses everything for the value %s if told so', (value, text) => {
    for (const layout of layouts) {
      const translation = translate([good, seriesOf({ __name__: 'up' }, [5, 1], [6, value])], { failOnInvalidSampleValue: true, layout });
      expect(translation.refused).toEqual({
        reason: 'invalid-sample-value',
        example: `{__name__="up"}: the value at 6 ms is ${text}, only finite values are allowed`,
      });
      expect(translation.records).toEqual([]);
    }
  });

  it('takes what is at the limits', () => {
    const timeseries = [seriesOf({ __name__: 'n'.repeat(256), ['x'.repeat(60)]: '1' }, [1, Number.MAX_VALUE]), good];
    expect(translate(timeseries, { failOnLongLabel: true, failOnInvalidSampleValue: true }).records).toHaveLength(3);
  });
});

describe('translateSeries: for any input', () => {
  const anyLayout = fc.constantFrom<Layout>(...layouts);

  it('accounts for every sample', () => {
    fc.assert(
      fc.property(anyTimeSeries, anyLayout, fc.boolean(), fc.boolean(), (timeseries, layout, failOnLongLabel, failOnInvalidSampleValue) => {
        const { records, dropped, identicalCount, refused, refusedCount, receivedCount } = translate(timeseries, {
          layout,
          failOnLongLabel,
          failOnInvalidSampleValue,
        });
        const droppedCount = dropped.reduce((sum, { count }) => sum + count, 0);
        expect(receivedCount).toBe(timeseries.reduce((sum, { samples }) => sum + samples.timestampsMs.length, 0));
        expect(records.length + droppedCount + identicalCount + refusedCount).toBe(receivedCount);
        expect(refused === undefined ? refusedCount : records.length).toBe(0);
        for (const { reason, count } of dropped) {
          expect(dropReasons).toHaveProperty(reason);
          expect(count).toBeGreaterThan(0);
        }
        if (refused !== undefined) expect(refusalReasons).toHaveProperty(refused.reason);
        expect(new Set(dropped.map(({ reason }) => reason)).size).toBe(dropped.length);
      }),
      { numRuns: 1000 },
    );
  });

  it('stores what came: each record reads back as the labels, time and bits of its source, and no series has a time twice', () => {
    fc.assert(
      fc.property(anyTimeSeries, anyLayout, fc.integer({ min: 1, max: 128 }), (timeseries, layout, maxDimensions) => {
        const { records } = translate(timeseries, { layout, dimensionBudget: createDimensionBudget({ maxDimensions }) });
        const identities = new Set<string>();
        for (const record of records) {
          const source = timeseries[record.source.seriesIndex];
          const { labels, timestampMs, bits } = readBack(record);
          expect(labelKey(labels)).toBe(labelKey(source?.labels ?? []));
          expect(BigInt(timestampMs)).toBe(source?.samples.timestampsMs[record.source.sampleIndex]);
          expect(bits).toBe(source?.samples.valueBits[record.source.sampleIndex]);
          identities.add(`${timestampMs} ${labelKey(labels)}`);
        }
        expect(identities.size).toBe(records.length);
      }),
      { numRuns: 1000 },
    );
  });

  it('never makes a record that Timestream forbids', () => {
    fc.assert(
      fc.property(anyTimeSeries, anyLayout, fc.integer({ min: 1, max: 128 }), (timeseries, layout, maxDimensions) => {
        const { records: columns } = translateSeries(timeseries, { layout, dimensionBudget: createDimensionBudget({ maxDimensions }) });
        const names = new Set<string>();
        for (const [index, { dimensions, measureName, column, value }] of recordObjects(columns).entries()) {
          const baseBytes = columns.series[index]?.baseBytes ?? NaN;
          expect(dimensions.length).toBeGreaterThan(0);
          for (const { Name, Value } of dimensions) {
            names.add(Name);
            expect(Buffer.byteLength(Name)).toBeLessThanOrEqual(60);
            expect(Value).not.toBe('');
          }
          expect(baseBytes).toBe(8 + dimensionsBytes(dimensions) + Buffer.byteLength(measureName));
          expect(baseBytes + 8 + (column === 'measure_value::double' ? 0 : column.length)).toBeLessThanOrEqual(2048);
          if (column !== 'sample_bits') expect(Number.isFinite(Number(value))).toBe(true);
          else expect(Number.isFinite(floatFromBits(BigInt.asUintN(64, BigInt(value))))).toBe(false);
        }
        expect(names.size).toBeLessThanOrEqual(maxDimensions);
      }),
      { numRuns: 1000 },
    );
  });

  it('makes the records that one sample after the other would make, whatever is remembered from earlier requests and other tables', () => {
    const series = new SeriesCache({ maxBytes: 20_000 });
    const labelSets = new LabelSetCache({ maxBytes: 20_000 });
    fc.assert(
      fc.property(
        fc.array(anyTimeSeries, { maxLength: 4 }),
        anyLayout,
        fc.integer({ min: 1, max: 8 }),
        fc.boolean(),
        (requests, layout, maxDimensions, learns) => {
          const tables = [maxDimensions, MAX_DIMENSIONS_PER_TABLE].map((max) => ({
            dimensionBudget: createDimensionBudget({ maxDimensions: max }),
            expectedBudget: createDimensionBudget({ maxDimensions: max }),
          }));
          for (const [index, timeseries] of requests.entries()) {
            for (const { dimensionBudget, expectedBudget } of tables) {
              if (learns && index === 2) for (const budget of [dimensionBudget, expectedBudget]) budget.learn(['a', 'b', 'le', 'v']);
              const columns = decodeWriteColumns(encodeWriteRequest({ timeseries, metadata: [] }), { labelSets });
              const { records } = translateColumns(columns, { layout, dimensionBudget, series });
              expect(recordObjects(records)).toEqual(translateOneByOne(timeseries, layout, expectedBudget));
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('keeps nothing of a series that came once, and its labels alone', () => {
    const series = new SeriesCache({ maxBytes: 1_000_000 });
    const labelSets = new LabelSetCache({ maxBytes: 1_000_000 });
    const dimensionBudget = createDimensionBudget();
    const translate = (pod: number) => {
      const timeseries = [seriesOf({ __name__: 'up', pod: `pod-${pod}` }, [1, 1])];
      const columns = decodeWriteColumns(encodeWriteRequest({ timeseries, metadata: [] }), { labelSets });
      return translateColumns(columns, { layout: 'multi-measure', dimensionBudget, series }).records.series[0];
    };
    expect(translate(1)).not.toBe(translate(2));
    expect(series.size).toBe(0);
    const [kept, again] = [translate(1), translate(1)];
    expect(kept).toBe(again);
    expect(series.size).toBe(1);
  });
});
