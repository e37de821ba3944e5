import type { Histogram } from '@timestream-prometheus/prom-codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TimestreamRecord } from '../../src/model/record.js';
import { SeriesPoints } from '../../src/rows/series-points.js';
import { batchHistograms } from '../../src/write/batch-histograms.js';
import { createDimensionBudget } from '../../src/write/dimension-budget.js';
import { expandBatch } from '../../src/write/expand-batch.js';
import { recordBytes } from '../../src/write/record-size.js';
import { SeriesCache } from '../../src/write/series-cache.js';
import { translateHistograms } from '../../src/write/translate-histograms.js';
import { anyHistogram, histogramWith } from '../support/histograms.js';

const startMs = 1_700_000_000_000;

type Labelled = readonly [labels: Readonly<Record<string, string>>, ...histograms: Histogram[]];

function translate(timeseries: readonly Labelled[], layout: 'multi-measure' | 'single-measure' = 'multi-measure') {
  return translateHistograms(
    {
      labelSets: timeseries.map(([labels]) => ({
        labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
        byteLength: 0,
      })),
      histograms: timeseries.flatMap(([, ...histograms], seriesIndex) => histograms.map((histogram) => ({ seriesIndex, histogram }))),
    },
    { layout, dimensionBudget: createDimensionBudget(), series: new SeriesCache({ maxBytes: 1e9 }) },
  );
}

/** As Timestream sees them. */
function recordsOf(timeseries: readonly Labelled[]): readonly TimestreamRecord[] {
  return batchHistograms(translate(timeseries).stored).flatMap((batch) => {
    expect(batch.Records.length).toBeLessThanOrEqual(100);
    expect(batch.sources).toHaveLength(batch.Records.length);
    return expandBatch(batch);
  });
}

/** The histograms that reading gives of records of one series. */
function readBack(records: readonly TimestreamRecord[]): readonly Histogram[] {
  const points = new SeriesPoints();
  points.addFloat(0, 0, 0, 0);
  for (const { Time = '', TimeUnit, MeasureValues = [] } of records) {
    const timeNs = TimeUnit === 'NANOSECONDS' ? BigInt(Time) : BigInt(Time) * 1_000_000n;
    points.addHistogram(0, Number(timeNs / 1_000_000n), Number(timeNs % 1_000_000n) * 2 + 1, MeasureValues[0]?.Value ?? '');
  }
  return points.finish(1)[0]?.histograms ?? [];
}

/** With this many buckets, each with a count of eight digits. */
function wideHistogram(buckets: number): Histogram {
  const count = 10_000_001n;
  return histogramWith({
    count: { kind: 'int', value: count * BigInt(buckets) },
    zeroCount: { kind: 'int', value: 0n },
    negativeSpans: [],
    negativeDeltas: new BigInt64Array(),
    positiveSpans: [{ offset: 1000, length: buckets }],
    positiveDeltas: BigInt64Array.from({ length: buckets }, (_, index) => (index === 0 ? count : 0n)),
    timestampMs: BigInt(startMs),
  });
}

describe('translateHistograms', () => {
  it('makes records that give every histogram back to the last bit, none of them over the limit of a record', () => {
    fc.assert(
      fc.property(fc.array(anyHistogram, { minLength: 1, maxLength: 8 }), fc.nat(1900), (histograms, padding) => {
        const sent = histograms.map((histogram, index) => ({ ...histogram, timestampMs: BigInt(startMs + index) }));
        const records = recordsOf([[{ __name__: 'h', job: 'x'.repeat(padding) }, ...sent]]);
        for (const record of records) expect(recordBytes(record)).toBeLessThanOrEqual(2048);
        expect(readBack(records)).toEqual(sent);
      }),
    );
  });

  it('writes one that is too long for a record as several, a nanosecond apart, in one call', () => {
    const wide = wideHistogram(500);
    const batches = batchHistograms(translate([[{ __name__: 'h', job: 'a' }, wide]]).stored);
    expect(batches).toHaveLength(1);
    const records = batches.flatMap((batch) => expandBatch(batch));
    expect(records.map(({ Time, TimeUnit }) => [Time, TimeUnit])).toEqual(
      records.map((_, part) => [String(BigInt(startMs) * 1_000_000n + BigInt(part)), 'NANOSECONDS']),
    );
    expect(records.length).toBe(4);
    expect(readBack(records.toReversed())).toEqual([wide]);
    for (let left = 0; left < records.length; left++) expect(readBack(records.toSpliced(left, 1))).toEqual([]);
  });

  it('keeps the records of one histogram in one call, and states once what all of a call share', () => {
    const series = Array.from({ length: 30 }, (_, pod): Labelled => [{ __name__: 'h', pod: String(pod) }, wideHistogram(600)]);
    const batches = batchHistograms(translate(series).stored);
    expect(batches.length).toBeGreaterThan(1);
    for (const batch of batches) {
      for (const { histogram } of batch.sources) {
        expect(batch.sources.filter((source) => source.histogram === histogram)).toHaveLength(histogram?.recordCount ?? 0);
      }
      expect(batch.CommonAttributes).toEqual({ TimeUnit: 'NANOSECONDS', MeasureValueType: 'MULTI', MeasureName: 'h' });
    }
    const [batch] = batchHistograms(
      translate([
        [{ __name__: 'a', job: 'j' }, histogramWith()],
        [{ __name__: 'b', job: 'j', x: 'y' }, histogramWith()],
      ]).stored,
    );
    expect(batch?.CommonAttributes).toEqual({
      TimeUnit: 'MILLISECONDS',
      MeasureValueType: 'MULTI',
      Dimensions: [{ Name: 'job', Value: 'j' }],
    });
  });

  it('says of each that cannot be stored why, with the limit, and stores the others', () => {
    const invalid = histogramWith({ count: { kind: 'int', value: 8n } });
    const { stored, dropped, identicalCount } = translate([
      [{ __name__: 'good' }, histogramWith(), histogramWith(), histogramWith({ resetHint: 'no' })],
      [{ __name__: 'invalid' }, invalid],
      [{ job: 'nameless' }, histogramWith()],
      [{ __name__: 'old' }, histogramWith({ timestampMs: -1n })],
      [{ __name__: 'crowded', job: 'x'.repeat(2000) }, histogramWith()],
      [{ __name__: 'wide', job: 'x'.repeat(1500) }, wideHistogram(3000)],
      [{ __name__: 'schema' }, histogramWith({ schema: -9 })],
    ]);
    expect(stored.map(({ series }) => series.measureName)).toEqual(['good']);
    expect(identicalCount).toBe(1);
    expect(dropped.map(({ reason, count }) => [reason, count])).toEqual([
      ['conflicting-sample', 1],
      ['invalid-histogram', 2],
      ['missing-metric-name', 1],
      ['timestamp-out-of-range', 1],
      ['record-too-large', 1],
      ['histogram-too-large', 1],
    ]);
    expect(dropped.find(({ reason }) => reason === 'invalid-histogram')?.example).toBe(
      '{__name__="invalid"}: at 1700000000000 ms: 9 observations found in buckets, but the Count field is 8: ' +
        "histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)",
    );
    expect(dropped.find(({ reason }) => reason === 'histogram-too-large')?.example).toMatch(
      /its text has \d{5} bytes, of which a record has room for \d+ beside the labels: more than the limit of 64 records$/,
    );
  });

  it('refuses more buckets than all records of a histogram could hold by their number, without writing them', () => {
    const { stored, dropped } = translate([[{ __name__: 'vast' }, wideHistogram(40_000)]]);
    expect(stored).toEqual([]);
    expect(dropped).toEqual([
      {
        reason: 'histogram-too-large',
        count: 1,
        example: '{__name__="vast"}: at 1700000000000 ms it has 40000 buckets; 64 records have room for 32768 at most',
      },
    ]);
  });

  it('names every histogram that the layout single-measure has no place for', () => {
    expect(translate([[{ __name__: 'h' }, histogramWith(), histogramWith()]], 'single-measure')).toEqual({
      stored: [],
      dropped: [
        {
          reason: 'native-histogram',
          count: 2,
          example: '{__name__="h"}: the table layout is single-measure, which has no place for a native histogram',
        },
      ],
      identicalCount: 0,
    });
  });

  it('reduces a schema that is finer than any that Prometheus stores, as it does', () => {
    const fine = histogramWith({
      schema: 10,
      positiveSpans: [{ offset: 1, length: 3 }],
      positiveDeltas: BigInt64Array.of(3n, -2n, 1n),
      negativeSpans: [{ offset: 8, length: 1 }],
    });
    const [record] = recordsOf([[{ __name__: 'h' }, fine]]);
    expect(record?.MeasureValues?.[0]?.Value).toBe('i|9|18.4|8|2.938735877055719E-39|2|1:6|2:1|||');
  });
});
