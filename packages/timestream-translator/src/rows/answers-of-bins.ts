import { floatFromBits, STALE_NAN_BITS } from '@timestream-prometheus/prom-codec';
import type { SampleBins } from '../sql/compile-bins.js';
import type { PhysicalPoint } from './physical-points.js';

/**
 * What the points of one series give for each bin, as text, and each histogram: the same for all points and for those that `binRows` keeps, as
 * long as no two share a millisecond. For comparing a few.
 *
 * @param areCounted the points are an answer to the need `count`: the values of its numbers say how many there were
 */
export function answersOfBins(points: readonly PhysicalPoint[], bins: SampleBins, areCounted: boolean): readonly string[] {
  const byBin = new Map<number, PhysicalPoint[]>();
  const answers: string[] = [];
  for (const point of [...points].sort((left, right) => left.timeMs - right.timeMs || left.rank - right.rank)) {
    if (point.isHistogram) answers.push(point.text);
    else {
      const bin = Math.ceil((point.timeMs - bins.anchorMs) / bins.widthMs);
      const found = byBin.get(bin);
      if (found === undefined) byBin.set(bin, [point]);
      else found.push(point);
    }
  }
  for (const [bin, found] of byBin) answers.push(`${bin}: ${answerOf(found, bins.need, areCounted)}`);
  return answers.sort();
}

function answerOf(points: readonly PhysicalPoint[], need: SampleBins['need'], areCounted: boolean): string {
  if (need === 'newest') return points.at(-1)?.text ?? '';
  const samples = points.filter(({ valueBits }) => valueBits !== STALE_NAN_BITS);
  if (need === 'last') return samples.at(-1)?.text ?? '';
  const values = samples.map(({ valueBits }) => floatFromBits(valueBits ?? 0n));
  if (need === 'count') return String(areCounted ? values.reduce((sum, value) => sum + value, 0) : values.length);
  if (need === 'changes') return runsOf(values).join(' ');
  const best = values.reduce((first, value) => (isNaN(first) || (need === 'least' ? value < first : value > first) ? value : first), NaN);
  return Object.is(best, -0) ? '-0' : String(best);
}

/** The values, of equal ones in a row the first. */
function runsOf(values: readonly number[]): readonly number[] {
  return values.filter((value, index) => {
    const before = values[index - 1];
    return before === undefined || (value !== before && !(Number.isNaN(value) && Number.isNaN(before)));
  });
}
