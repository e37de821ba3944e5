import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { bitsFromFloat, floatFromBits, STALE_NAN_BITS } from '@timestream-prometheus/prom-codec';
import { doubleOrBitsText, doubleText } from '../../src/text/number-text.js';

describe('doubleText', () => {
  it.each([
    [0, '0'],
    [-0, '-0.0'],
    [1, '1'],
    [-1.5, '-1.5'],
    [0.1, '0.1'],
    [1e-7, '0.0000001'],
    [-1.25e-7, '-0.000000125'],
    [2 ** 53 + 2, '9007199254740994'],
    [2 ** 60, '1152921504606847000'],
    [1e21, '1000000000000000000000'],
    [1.5e22, '15000000000000000000000'],
    [1e38, `1${'0'.repeat(38)}`],
    [1e39, `1${'0'.repeat(39)}`],
    [1e40, '1.0E40'],
    [-1e39, '-1.0E39'],
    [1e-38, `0.${'0'.repeat(37)}1`],
    [1e-39, '1.0E-39'],
    [1e300, '1.0E300'],
    [1e308, '1.0E308'],
    [Number.MAX_VALUE, '1.7976931348623157E308'],
    [5e-324, '5.0E-324'],
    [2.2250738585072014e-308, '2.2250738585072014E-308'],
  ])('writes %d as %s', (value, text) => {
    expect(doubleText(value)).toBe(text);
  });

  it('reads back as the same bits for every finite double, in a plain grammar', () => {
    const anyBits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).filter((bits) => Number.isFinite(floatFromBits(bits)));
    const integer = fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map((whole) => bitsFromFloat(Number(whole)));
    const nearSwitch = fc
      .tuple(fc.double({ min: -10, max: 10, noNaN: true }), fc.integer({ min: -45, max: 45 }))
      .map(([value, power]) => bitsFromFloat(value * 10 ** power));
    fc.assert(
      fc.property(fc.oneof(anyBits, integer, nearSwitch), (bits) => {
        const text = doubleText(floatFromBits(bits));
        return bitsFromFloat(Number(text)) === bits && text.length <= 40 && /^-?\d+(?:\.\d+(?:E-?\d+)?)?$/.test(text);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('doubleOrBitsText', () => {
  it.each([
    [bitsFromFloat(1.5), '1.5'],
    [bitsFromFloat(Infinity), '+Inf'],
    [bitsFromFloat(-Infinity), '-Inf'],
    [STALE_NAN_BITS, 'NaN (bits 0x7ff0000000000002)'],
  ])('names %s %s', (bits, text) => {
    expect(doubleOrBitsText(bits)).toBe(text);
  });
});
