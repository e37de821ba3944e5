import { describe, expect, it } from 'vitest';
import { formatNumber } from '../src/browser/format-number.js';

describe('numbers as a person reads them', () => {
  it.each([
    [0, '/s', '0 /s'],
    [1234, '/s', '1.23 k/s'],
    [0.034, 's', '34 ms'],
    [2.5, 's', '2.5 s'],
    [1536, 'B/s', '1.5 KiB/s'],
    [-2_000_000, '', '-2 M'],
    [null, '', '–'],
  ])('%s with the unit %j is %j', (value, unit, expected) => {
    expect(formatNumber(value, unit)).toBe(expected);
  });
});
