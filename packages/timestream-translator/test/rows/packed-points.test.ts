import { bitsFromFloat } from '@timestream-prometheus/prom-codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowFormatError } from '../../src/rows/row-format-error.js';
import { readPackedPoints } from '../../src/rows/packed-points.js';

const read = (text: string, fromMs = 0) => {
  const points: [number, number, bigint][] = [];
  const count = readPackedPoints(text, fromMs, {
    addFloat: (timeMs, rank, value) => points.push([timeMs, rank, bitsFromFloat(value)]),
    addSteps: (firstMs, stepMs, rank, values) =>
      values.forEach((value, index) => points.push([firstMs + index * stepMs, rank, bitsFromFloat(value)])),
    addBits: (timeMs, rank, valueBits) => points.push([timeMs, rank, valueBits]),
    addHistogram: () => undefined,
  });
  expect(count).toBe(points.length);
  return points;
};

/** Every layout in which a service of this family writes the digits of a double. */
const layouts: readonly ((value: number) => string)[] = [
  (value) => String(value).replace('e+', 'E').replace('e', 'E'),
  (value) => value.toExponential().replace('e+', 'E').replace('e', 'E'),
  (value) => value.toExponential(16).replace('e+', 'E').replace('e', 'E'),
  (value) => (Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value)),
];

describe('readPackedPoints', () => {
  it('reads every finite double to the last bit, in every layout of its digits', () => {
    const anyDouble = fc.double({ noNaN: true, noDefaultInfinity: true });
    const decimals = fc.tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.nat(9)).map(([digits, places]) => digits / 10 ** places);
    fc.assert(
      fc.property(
        fc.oneof(anyDouble, decimals, fc.integer(), fc.constantFrom(-0, 5e-324, 1e22, 1e23, 2 ** 53, 9.5e15)),
        fc.constantFrom(...layouts),
        (value, layout) => {
          const text = Object.is(value, -0) ? '-0.0' : layout(value);
          expect(read(`12:${text};`)).toEqual([[12, 1, bitsFromFloat(Number(text))]]);
          expect(Object.is(Number(text), value)).toBe(true);
        },
      ),
      { numRuns: 20_000 },
    );
  });

  it('reads decimals to the last bit whose power of ten is just one that a double holds exactly, or just none', () => {
    let roundedTwice = 0;
    for (const exponent of [-24, -23, -22, -21, 21, 22, 23, 24]) {
      for (let digits = 1; digits <= 500; digits += 1) {
        const text = `${digits}E${exponent}`;
        expect(read(`0:${text};`)).toEqual([[0, 1, bitsFromFloat(Number(text))]]);
        if ((exponent < 0 ? digits / 10 ** -exponent : digits * 10 ** exponent) !== Number(text)) roundedTwice += 1;
      }
    }
    // One operation with a power that is not exact rounds twice.
    expect(roundedTwice).toBeGreaterThan(100);
  });

  it('reads times, nanoseconds and the columns of both layouts', () => {
    expect(read('0!9218868437227405314;0015000+999999:1.5;15001=2.0;15002#-7;', 1_000_000)).toEqual([
      [1_000_000, 1, 0x7ff0000000000002n],
      [1_015_000, 1_999_999, bitsFromFloat(1.5)],
      [1_015_001, 0, bitsFromFloat(2)],
      [1_015_002, 0, bitsFromFloat(-7)],
    ]);
  });

  it('reads the values of equal steps as the same points with their times', () => {
    const anyText = fc.oneof(
      fc
        .double({ noNaN: true, noDefaultInfinity: true })
        .map((value) => (Object.is(value, -0) ? '-0.0' : String(value).replace('e', 'E').replace('E+', 'E'))),
      fc.constantFrom('1.0', '-0.0', '5.0E-324', '1.7976931348623157E308'),
    );
    fc.assert(
      fc.property(
        fc.array(anyText, { minLength: 1 }),
        fc.nat(14_400_000),
        fc.integer({ min: 1, max: 900_000 }),
        fc.constantFrom('$', ':', '='),
        (texts, first, step, mark) => {
          const withTimes = texts.map((text, index) => `${first + index * step}${mark}${text};`).join('');
          expect(read(`@${first},${step}${mark};${texts.join(';')};`, 5)).toEqual(read(withTimes, 5));
        },
      ),
    );
    expect(read('@0,15000!;9218868437227405314;1;')).toEqual([
      [0, 1, 0x7ff0000000000002n],
      [15_000, 1, 1n],
    ]);
  });

  it.each(['@', '@1', '@1,', '@,1$;1.0;', '@1,5;1.0;', '@1,5$1.0;', '@1,5$;1.0', '@1,5?;1.0;', '@1,5$;1.0;;'])(
    'refuses %s, which is none',
    (text) => {
      expect(() => read(text)).toThrow(RowFormatError);
    },
  );

  it('reads nothing from nothing', () => {
    expect(read('')).toEqual([]);
  });
});
