import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecimalReader } from '../../src/rows/decimal-reader.js';

const SEMICOLON = 0x3b;
const decimals = new DecimalReader();
const read = (text: string): number => decimals.read(text, 0, SEMICOLON);

/** Digits with a point somewhere, or none. */
const withPoint = (digits: string, at: number): string =>
  at >= digits.length ? digits : `${digits.slice(0, at) || '0'}.${digits.slice(at)}`;

const anyDigits = (minLength: number, maxLength: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength, maxLength }).map((digits) => digits.join(''));

/** Whole numbers in the middle between two doubles, and one below and above it. */
const nearMiddles = fc
  .tuple(fc.integer({ min: 53, max: 62 }), fc.bigInt({ min: 0n, max: (1n << 52n) - 1n }), fc.bigInt({ min: -1n, max: 1n }))
  .map(([exponent, fraction, beside]) => {
    const step = 1n << BigInt(exponent - 52);
    return String((1n << BigInt(exponent)) + fraction * step + step / 2n + beside);
  });

describe('DecimalReader', () => {
  it('reads decimals of up to 19 digits as ECMAScript does, or leaves them to it', () => {
    const texts = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.oneof(anyDigits(1, 19), anyDigits(15, 19), nearMiddles),
        fc.nat(20),
        fc.option(fc.integer({ min: -30, max: 30 }), { freq: 2 }),
      )
      .map(([sign, digits, at, exponent]) => `${sign}${withPoint(digits, at)}${exponent === null ? '' : `E${exponent}`}`);
    let cases = 0;
    let answered = 0;
    fc.assert(
      fc.property(texts, (text) => {
        cases += 1;
        const value = read(`${text};`);
        if (Number.isNaN(value)) return;
        answered += 1;
        expect(value).toBe(Number(text));
        expect(decimals.end).toBe(text.length);
      }),
      { numRuns: 50_000 },
    );
    expect(answered).toBeGreaterThan(cases / 2);
  });

  it('reads the shortest text of every double of usual size', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e15, max: 1e15, noNaN: true }), (value) => {
        if (Math.abs(value) < 1e-4) return;
        expect(read(`${value};`)).toBe(value);
      }),
      { numRuns: 20_000 },
    );
  });

  it.each([
    '',
    ';',
    '-;',
    '.;',
    '-.;',
    'E5;',
    '1E;',
    '1E-;',
    '1E1234;',
    '1.2.3;',
    '1e5;',
    '+1;',
    ' 1;',
    '1 ;',
    'NaN;',
    'Infinity;',
    '1.5',
    '1.5,',
  ])('says nothing about %j', (text) => {
    expect(read(text)).toBeNaN();
  });
});
