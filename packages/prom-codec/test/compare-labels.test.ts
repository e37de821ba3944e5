import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { compareLabels, compareUtf8 } from '../src/compare-labels.js';

describe('compareUtf8', () => {
  it('orders well-formed texts as their UTF-8 bytes', () => {
    const text = fc.string({ unit: 'binary', maxLength: 6 });
    const nearBoundary = fc.string({ unit: fc.constantFrom('a', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'), maxLength: 4 });
    fc.assert(
      fc.property(fc.oneof(text, nearBoundary), fc.oneof(text, nearBoundary), (left, right) => {
        expect(Math.sign(compareUtf8(left, right))).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)));
      }),
      { numRuns: 1000 },
    );
  });

  it('puts a character above U+FFFF behind U+FFFF, unlike the comparison of UTF-16 units', () => {
    expect(compareUtf8('\u{1f600}', '\uffff')).toBeGreaterThan(0);
    expect(['\uffff', '\u{1f600}'].sort()).toEqual(['\u{1f600}', '\uffff']);
  });
});

describe('compareLabels', () => {
  const a1 = { name: 'a', value: '1' };
  const a2 = { name: 'a', value: '2' };
  const b1 = { name: 'b', value: '1' };

  it.each([
    { left: [], right: [], sign: 0 },
    { left: [], right: [a1], sign: -1 },
    { left: [a1], right: [a1], sign: 0 },
    { left: [a1], right: [a2], sign: -1 },
    { left: [a2], right: [b1], sign: -1 },
    { left: [a1, b1], right: [a1], sign: 1 },
    { left: [a1, b1], right: [a2], sign: -1 },
  ])('compares $left with $right by name, then value, then length', ({ left, right, sign }) => {
    expect(Math.sign(compareLabels(left, right))).toBe(sign);
    expect(Math.sign(compareLabels(right, left))).toBe(sign === 0 ? 0 : -sign);
  });
});
