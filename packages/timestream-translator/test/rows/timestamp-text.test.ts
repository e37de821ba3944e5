import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTimestampParser } from '../../src/rows/timestamp-text.js';
import { timestampText } from '../support/memory-table.js';

const parse = (text: string): readonly [number, number] => {
  const parser = createTimestampParser();
  parser.parse(text);
  return [parser.timeMs, parser.subMillisecondNanoseconds];
};

describe('createTimestampParser', () => {
  it.each([
    ['1970-01-01 00:00:00.000000000', 0, 0],
    ['2020-08-08 01:00:00.000000000', 1_596_848_400_000, 0],
    ['2262-04-11 23:47:16.854775807', 9_223_372_036_854, 775_807],
    ['1677-09-21 00:12:44.000000000', -9_223_372_036_000, 0],
    ['1969-12-31 23:59:59.999999999', -1, 999_999],
    ['2000-02-29 12:34:56.7', 951_827_696_700, 0],
    ['2024-02-29 23:59:59', 1_709_251_199_000, 0],
  ])('reads %s', (text, timeMs, nanoseconds) => {
    expect(parse(text)).toEqual([timeMs, nanoseconds]);
  });

  it('reads every nanosecond that Timestream can hold, many in one parser', () => {
    const parser = createTimestampParser();
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (timeNs) => {
        parser.parse(timestampText(timeNs));
        expect(BigInt(parser.timeMs) * 1_000_000n + BigInt(parser.subMillisecondNanoseconds)).toBe(timeNs);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    '',
    '2020-08-08',
    '2020-08-08T01:00:00.000000000',
    '2020-13-01 00:00:00.0',
    '2021-02-29 00:00:00.0',
    '2020-08-08 24:00:00.0',
    '2020-08-08 01:00:00.00000000a',
    '2020-08-08 01:00:00,0',
    'null',
  ])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(/TIMESTAMP that cannot be read/);
  });
});
