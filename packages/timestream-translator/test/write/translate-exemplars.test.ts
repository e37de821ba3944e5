import fc from 'fast-check';
import { bitsFromFloat, type Exemplar, type Label } from '@timestream-prometheus/prom-codec';
import { describe, expect, it } from 'vitest';
import { MAX_RECORD_BYTES, MAX_RECORDS_PER_WRITE } from '../../src/model/limits.js';
import { batchExemplars } from '../../src/write/batch-exemplars.js';
import { batchMetadata } from '../../src/write/batch-metadata.js';
import { createDimensionBudget } from '../../src/write/dimension-budget.js';
import { expandBatch } from '../../src/write/expand-batch.js';
import { recordBytes } from '../../src/write/record-size.js';
import { SeriesCache } from '../../src/write/series-cache.js';
import { METADATA_TIME_GRID_MS, translateMetadata } from '../../src/write/translate-metadata.js';
import { translateExemplars, type TranslateExemplarsOptions } from '../../src/write/translate-exemplars.js';

const timestampMs = 1_700_000_000_000;

function labelsOf(labels: Readonly<Record<string, string>>): readonly Label[] {
  return Object.entries(labels).map(([name, value]) => ({ name, value }));
}

function exemplarOf(labels: Readonly<Record<string, string>>, value = 1, offsetMs = 0): Exemplar {
  return { labels: labelsOf(labels), valueBits: bitsFromFloat(value), timestampMs: BigInt(timestampMs + offsetMs) };
}

function translate(
  series: Readonly<Record<string, string>>,
  exemplars: readonly Exemplar[],
  changes: Partial<TranslateExemplarsOptions> = {},
) {
  return translateExemplars(
    { labelSets: [{ labels: labelsOf(series), byteLength: 0 }], exemplars: exemplars.map((exemplar) => ({ seriesIndex: 0, exemplar })) },
    {
      ...{ layout: 'multi-measure', isWanted: true, series: new SeriesCache({ maxBytes: 1e6 }), dimensionBudget: createDimensionBudget() },
      ...changes,
    },
  );
}

describe('translateExemplars', () => {
  it('makes records of one measure name, with the name of the metric in prometheus_labels and the labels as dimensions', () => {
    const { stored, dropped } = translate({ __name__: 'latency_bucket', job: 'api', le: '1' }, [exemplarOf({ trace_id: 'a' }, 0.5)]);
    const [record] = batchExemplars(stored).flatMap((batch) => expandBatch(batch));
    expect(dropped).toEqual([]);
    expect({ ...record, Time: record?.Time?.slice(0, -6) }).toEqual({
      Dimensions: [
        { Name: 'job', Value: 'api' },
        { Name: 'le', Value: '1' },
        { Name: 'prometheus_labels', Value: '{"__name__":"latency_bucket"}' },
      ],
      MeasureName: '%exemplar',
      MeasureValueType: 'MULTI',
      MeasureValues: [{ Name: 'prometheus_exemplar', Value: '0.5|{"trace_id":"a"}', Type: 'VARCHAR' }],
      Time: String(timestampMs),
      TimeUnit: 'NANOSECONDS',
    });
  });

  it('puts the same exemplar in the same place in every process, and others of its millisecond beside it', () => {
    const exemplars = Array.from({ length: 200 }, (_, index) => exemplarOf({ trace_id: String(index) }));
    const times = (): readonly number[] => translate({ __name__: 'm' }, exemplars).stored.map(({ nanoseconds }) => nanoseconds);
    const first = times();
    expect(times()).toEqual(first);
    expect(new Set(first).size).toBe(200);
    expect(first.every((nanoseconds) => nanoseconds >= 0 && nanoseconds < 1_000_000)).toBe(true);
    // Tables hold it: it must never change.
    expect(translate({ __name__: 'm' }, [exemplarOf({ trace_id: '0' })]).stored[0]?.nanoseconds).toBe(first[0]);
  });

  it('accounts for every exemplar, whatever it holds, and makes no record that is too large', () => {
    const anyLabels = fc.dictionary(fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 60 }), {
      maxKeys: 4,
    });
    fc.assert(
      fc.property(anyLabels, fc.array(fc.tuple(anyLabels, fc.double(), fc.integer({ min: -2, max: 2 }))), (series, all) => {
        const exemplars = all.map(([labels, value, offsetMs]) => exemplarOf(labels, value, offsetMs));
        const { stored, dropped, identicalCount } = translate({ __name__: 'm', ...series }, exemplars);
        expect(stored.length + identicalCount + dropped.reduce((sum, { count }) => sum + count, 0)).toBe(exemplars.length);
        for (const batch of batchExemplars(stored)) {
          expect(batch.Records.length).toBeLessThanOrEqual(MAX_RECORDS_PER_WRITE);
          for (const record of expandBatch(batch)) expect(recordBytes(record)).toBeLessThanOrEqual(MAX_RECORD_BYTES);
        }
      }),
    );
  });

  it.each<[string, Readonly<Record<string, string>>, Exemplar, Partial<TranslateExemplarsOptions>]>([
    ['exemplar-too-long', { __name__: 'm' }, exemplarOf({ trace_id: 'x'.repeat(121) }), {}],
    ['empty-label-name', { __name__: 'm' }, exemplarOf({ '': 'x' }), {}],
    ['missing-metric-name', { job: 'm' }, exemplarOf({}), {}],
    ['timestamp-out-of-range', { __name__: 'm' }, { ...exemplarOf({}), timestampMs: -1n }, {}],
    ['record-too-large', { __name__: 'm', job: 'x'.repeat(1900) }, exemplarOf({ a: '\u0001'.repeat(100) }), {}],
    ['exemplar', { __name__: 'm' }, exemplarOf({}), { layout: 'single-measure' }],
    ['exemplar', { __name__: 'm' }, exemplarOf({}), { isWanted: false }],
  ])('drops one by the reason %s', (reason, series, exemplar, changes) => {
    expect(translate(series, [exemplar], changes)).toMatchObject({ stored: [], dropped: [{ reason, count: 1 }] });
  });

  it('refuses a label that comes twice, and takes a repetition as the same', () => {
    const twice = { ...exemplarOf({}), labels: [...labelsOf({ a: '1' }), ...labelsOf({ a: '2' })] };
    expect(translate({ __name__: 'm' }, [twice]).dropped).toMatchObject([{ reason: 'duplicate-label-name' }]);
    expect(translate({ __name__: 'm' }, [exemplarOf({ a: '1' }), exemplarOf({ a: '1', b: '' })])).toMatchObject({ identicalCount: 1 });
  });
});

describe('translateMetadata', () => {
  const options = { layout: 'multi-measure', isWanted: true } as const;

  it('gives the same record within a quarter of an hour, in the past or at most a minute ahead', () => {
    const gridMs = Math.floor(timestampMs / METADATA_TIME_GRID_MS) * METADATA_TIME_GRID_MS;
    const entries = [{ type: 'gauge', metricFamilyName: 'm', help: 'h', unit: '' } as const];
    const at = (nowMs: number) => batchMetadata(translateMetadata(entries, { ...options, nowMs }).stored);
    expect(at(gridMs + METADATA_TIME_GRID_MS - 1)).toEqual(at(gridMs));
    expect(at(gridMs + METADATA_TIME_GRID_MS)).not.toEqual(at(gridMs));
    const [record] = at(gridMs).flatMap((batch) => expandBatch(batch));
    const timeMs = Number(record?.Time?.slice(0, -6));
    expect(timeMs - gridMs).toBeGreaterThanOrEqual(0);
    expect(timeMs - gridMs).toBeLessThan(60_000);
    expect(record).toMatchObject({ MeasureName: '%metadata', Dimensions: [{ Name: 'prometheus_labels', Value: '{"__name__":"m"}' }] });
  });

  it('cuts a long help text into records that fit, and refuses what no 64 records hold', () => {
    const of = (help: string) =>
      translateMetadata([{ type: 'gauge', metricFamilyName: 'm', help, unit: '' }], { ...options, nowMs: timestampMs });
    const records = batchMetadata(of('ü'.repeat(2000)).stored).flatMap((batch) => expandBatch(batch));
    expect(records.length).toBeGreaterThan(5);
    for (const record of records) expect(recordBytes(record)).toBeLessThanOrEqual(MAX_RECORD_BYTES);
    expect(of('x'.repeat(130_000))).toMatchObject({ stored: [], dropped: [{ reason: 'metadata-too-large', count: 1 }] });
  });
});
