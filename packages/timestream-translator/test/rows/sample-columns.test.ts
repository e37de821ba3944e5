import { bitsFromFloat } from '@timestream-prometheus/prom-codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSampleColumns, type SampleColumns } from '../../src/rows/sample-columns.js';

const SERIES = 3;

const run = fc.record({
  series: fc.nat(SERIES - 1),
  firstMs: fc.integer({ min: -5, max: 60 }).map((index) => index * 1000),
  stepMs: fc.constantFrom(0, 1000, 2000, 15_000),
  rank: fc.nat(3),
  values: fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 8 }),
});

const textOf = (columns: SampleColumns) =>
  columns.finish(SERIES).map(({ timestampsMs, valueBits }) => [...timestampsMs].map((timeMs, index) => `${timeMs}:${valueBits[index]}`));

describe('SampleColumns', () => {
  it('gives values of equal steps as if each had come alone, whatever else comes of the series', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(run, fc.boolean()), { maxLength: 6 }), fc.option(fc.constant(2), { nil: undefined }), (runs, size) => {
        const columns = createSampleColumns(size);
        const alone = createSampleColumns();
        for (const [{ series, firstMs, stepMs, rank, values }, isRun] of runs) {
          if (isRun) columns.addSteps(series, firstMs, stepMs, rank, Float64Array.from(values));
          for (const [index, value] of values.entries()) {
            const timeMs = firstMs + index * stepMs;
            alone.addFloat(series, timeMs, rank, value);
            if (!isRun) columns.addBits(series, timeMs, rank, bitsFromFloat(value));
          }
        }
        expect(columns.length).toBe(alone.length);
        expect(textOf(columns)).toEqual(textOf(alone));
      }),
      { numRuns: 5_000 },
    );
  });

  it('keeps values that were handed over in memory that is used again', () => {
    const columns = createSampleColumns();
    const values = Float64Array.of(1, 2);
    columns.addSteps(0, 0, 1000, 1, values);
    values.fill(9);
    columns.addSteps(0, 2000, 1000, 1, values);
    expect(textOf(columns)[0]).toEqual([1, 2, 9, 9].map((value, index) => `${index * 1000}:${bitsFromFloat(value)}`));
  });

  it('keeps the time of a sample before 1970, and of one far from now', () => {
    const columns = createSampleColumns();
    columns.addSteps(0, -1000, 1000, 1, Float64Array.of(1, 2));
    columns.addFloat(1, 2 ** 40 - 1, 1, 3);
    columns.addFloat(1, -(2 ** 33) - 7, 1, 4);
    expect(columns.finish(2).map(({ timestampsMs }) => [...timestampsMs])).toEqual([
      [-1000n, 0n],
      [BigInt(-(2 ** 33) - 7), BigInt(2 ** 40 - 1)],
    ]);
  });
});
