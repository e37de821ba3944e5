import { decodeWriteColumns, encodeWriteRequest } from '@timestream-prometheus/prom-codec';
import type { SeriesColumns } from '@timestream-prometheus/timestream-translator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sliceColumns } from '../../src/write/slice-columns.js';
import { series } from '@timestream-prometheus/connector-testing';

/** Each sample as series, time and value. */
function samplesOf({ labelSets, sampleEnds, timestampsMs, values, valueBits }: SeriesColumns): string[] {
  return labelSets.flatMap(({ labels }, index) => {
    const [start, end] = [sampleEnds[index - 1] ?? 0, sampleEnds[index] ?? 0];
    return Array.from({ length: end - start }, (_none, offset) => {
      const sample = start + offset;
      return `${labels.map(({ value }) => value).join()} ${timestampsMs[sample]} ${values[sample]} ${valueBits[sample]}`;
    });
  });
}

function columnsOf(counts: readonly number[]): SeriesColumns {
  let timeMs = 0;
  const timeseries = counts.map((count, index) => ({
    ...series({ __name__: `m${index}` }, ...Array.from({ length: count }, () => [(timeMs += 1), timeMs] as const)),
    exemplars: [{ labels: [], valueBits: BigInt(index), timestampMs: 1n }],
  }));
  return decodeWriteColumns(encodeWriteRequest({ timeseries, metadata: [] }));
}

describe('sliceColumns', () => {
  it('gives every sample and every exemplar exactly once, in order, in slices of at most the size', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(25), { maxLength: 20 }), fc.integer({ min: 1, max: 30 }), (counts, maxSamples) => {
        const columns = columnsOf(counts);
        const slices = [...sliceColumns(columns, maxSamples)];
        expect(slices.flatMap(samplesOf)).toEqual(samplesOf(columns));
        for (const slice of slices) {
          expect(slice.timestampsMs.length).toBeLessThanOrEqual(maxSamples);
          expect(slice.sampleEnds.at(-1) ?? 0).toBe(slice.timestampsMs.length);
        }
        const exemplars = slices.flatMap(({ exemplars: own, labelSets }) =>
          own.map(({ seriesIndex, exemplar }) => `${labelSets[seriesIndex]?.labels[0]?.value} ${exemplar.valueBits}`),
        );
        expect(exemplars).toEqual(counts.map((_count, index) => `m${index} ${index}`));
      }),
    );
  });
});
