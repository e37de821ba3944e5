import { bitsFromFloat, NORMAL_NAN_BITS, STALE_NAN_BITS } from '@timestream-prometheus/prom-codec';
import { describe, expect, it } from 'vitest';
import { answersOfBins } from '../../src/rows/answers-of-bins.js';
import type { PhysicalPoint } from '../../src/rows/physical-points.js';
import type { SampleBins } from '../../src/sql/compile-bins.js';

const point = (timeMs: number, value: number | bigint): PhysicalPoint => {
  const valueBits = typeof value === 'bigint' ? value : bitsFromFloat(value);
  return { timeMs, rank: 1, isHistogram: false, valueBits, text: `${timeMs}=${value}` };
};
const histogram: PhysicalPoint = { timeMs: 12, rank: 1, isHistogram: true, valueBits: null, text: 'histogram' };
const points = [point(10, 5), point(11, -0), point(15, 0), point(20, STALE_NAN_BITS), point(21, NORMAL_NAN_BITS), point(30, 7), histogram];

const answers = (need: SampleBins['need'], some = points, areCounted = false): readonly string[] =>
  answersOfBins(some, { anchorMs: 0, widthMs: 10, need }, areCounted);

describe('what points give for bins', () => {
  it('counts the end of a bin to it, and not its beginning', () => {
    expect(answers('newest')).toEqual(['1: 10=5', `2: 20=${STALE_NAN_BITS}`, '3: 30=7', 'histogram']);
  });

  it('takes no staleness marker for a sample of a window', () => {
    expect(answers('last')).toEqual(['1: 10=5', '2: 15=0', '3: 30=7', 'histogram']);
    expect(answers('count')).toEqual(['1: 1', '2: 2', '3: 2', 'histogram']);
  });

  it('adds up what was counted already', () => {
    expect(answers('count', [point(10, 3), point(11, 2), point(15, 4)], true)).toEqual(['1: 3', '2: 6']);
  });

  it('gives the oldest of equal extremes, and NaN only where there is nothing else', () => {
    expect(answers('least')).toEqual(['1: 5', '2: -0', '3: 7', 'histogram']);
    expect(answers('greatest', [point(11, 0), point(12, -0), point(21, NORMAL_NAN_BITS)])).toEqual(['2: 0', '3: NaN']);
  });

  it('takes 0 and -0 for the same value where changes are wanted, and NaN for equal to NaN', () => {
    const some = [point(11, 0), point(12, -0), point(13, 1), point(14, STALE_NAN_BITS), point(15, 1), point(16, NORMAL_NAN_BITS), point(17, 0x7ff8000000000123n), point(18, 1)]; // oxfmt-ignore
    expect(answers('changes', some)).toEqual(['2: 0 1 NaN 1']);
  });
});
