import { describe, expect, it } from 'vitest';
import { formatFixed, formatTwoDigits } from '../src/number-text.js';

// The expected texts are what fmt.Sprintf of Go 1.26 gives.
describe('numbers in texts', () => {
  it.each([
    [645, '6.4e+02'],
    [635, '6.4e+02'],
    [-645, '-6.4e+02'],
    [645.0000000000001, '6.5e+02'],
    [0.125, '0.12'],
    [0.375, '0.38'],
    [99.5, '1e+02'],
    [98.5, '98'],
    [0.00048828125, '0.00049'],
    [5e-324, '4.9e-324'],
  ])('has two digits of %d, an even one where it is in the middle: %s', (value, text) => {
    expect(formatTwoDigits(value)).toBe(text);
  });

  it.each([
    [0.0078125, '0.007812'],
    [0.0234375, '0.023438'],
    [-0.0078125, '-0.007812'],
    [-1e-9, '-0.000000'],
    [1.5, '1.500000'],
    [1e21, '1000000000000000000000.000000'],
  ])('has six places of %d, an even last one where it is in the middle: %s', (value, text) => {
    expect(formatFixed(value)).toBe(text);
  });
});
