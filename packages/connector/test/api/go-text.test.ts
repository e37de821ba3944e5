import { describe, expect, it } from 'vitest';
import { parseForm } from '../../src/api/form.js';
import { formatGoDuration } from '../../src/api/go-duration.js';
import { parseGoFloat, parseGoInteger } from '../../src/api/go-number.js';
import { parseTimeMs } from '../../src/api/time-parameters.js';

describe('parameters as Go reads them', () => {
  it.each([
    ['a=1&b=2&a=3', [['a', '1'], ['b', '2'], ['a', '3']], null],
    ['a=x+y%2Bz&&b&=c', [['a', 'x y+z'], ['b', ''], ['', 'c']], null],
    ['a=%zz&b=1', [['b', '1']], 'invalid URL escape "%zz"'],
    ['a=%&b=%f', [], 'invalid URL escape "%"'],
    ['a=1;b=2&c=%zz', [], 'invalid semicolon separator in query'],
    ['%c3%a9=%F0%9F%98%80', [['é', '😀']], null],
    ['a=b=c%3D', [['a', 'b=c=']], null],
  ] as const)('reads the form %s', (text, pairs, fault) => {
    expect(parseForm(text)).toEqual({ pairs, fault });
  }); // oxfmt-ignore

  it.each([
    ['1_000', 1000], ['0x1p4', 16], ['-0x.8p1', -1], ['0x_1p0', 1], ['.5', 0.5], ['5.', 5], ['1e3', 1000], ['-iNf', -Infinity], ['nAn', NaN],
    ['', null], ['.', null], ['1__0', null], ['_1', null], ['1_', null], ['0x1', null], ['+nan', null], ['1e400', null], [' 1', null], ['1e', null],
  ] as const)('reads the number %j as %s', (text, number) => {
    expect(parseGoFloat(text)).toBe(number);
  }); // oxfmt-ignore

  it('reads whole numbers of 64 bits, and names what is none', () => {
    expect(parseGoInteger('+9223372036854775807')).toBe(2 ** 63);
    expect(() => parseGoInteger('9223372036854775808')).toThrow('strconv.Atoi: parsing "9223372036854775808": value out of range');
    expect(() => parseGoInteger('1_0')).toThrow('strconv.Atoi: parsing "1_0": invalid syntax');
  });

  it.each([[0, '0s'], [-1e9, '-1s'], [1.5e9, '1.5s'], [20e6, '20ms'], [-10, '-10ns'], [1500, '1.5µs'], [3_661_500_000_000, '1h1m1.5s'], [60e9, '1m0s']] as const)(
    'writes %d nanoseconds as %s',
    (ns, text) => {
      expect(formatGoDuration(ns)).toBe(text);
    },
  ); // oxfmt-ignore

  it('reads dates as Go does, and none that no calendar has', () => {
    expect(parseTimeMs('2026-11-25T1:00:00,5Z')).toBe(Date.UTC(2026, 10, 25, 1, 0, 0, 500));
    expect(parseTimeMs('2024-02-29T10:00:00.1239-01:30')).toBe(Date.UTC(2024, 1, 29, 11, 30, 0, 123));
    for (const text of ['2023-02-29T10:00:00Z', '2026-11-25T24:00:00Z', '2026-11-25T10:00:60Z', '2026-11-25T10:00Z']) {
      expect(() => parseTimeMs(text)).toThrow(`cannot parse "${text}" to a valid timestamp`);
    }
  });
});
