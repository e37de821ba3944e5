import { STALE_NAN_BITS } from '@timestream-prometheus/prom-codec';
import type { SampleBins, SelectedSeries } from '@timestream-prometheus/promql';

interface Sample {
  readonly timeMs: number;
  readonly bits: bigint;
  readonly value: number;
}

/** What a storage gives that leaves out every float sample which the bins do not need. */
export function neededSamples({ labels, timestampsMs, valueBits, histograms = [] }: SelectedSeries, bins: SampleBins): SelectedSeries {
  const byBin = new Map<number, Sample[]>();
  const values = new Float64Array(valueBits.buffer, valueBits.byteOffset, valueBits.length);
  timestampsMs.forEach((timeMs, index) => {
    const bin = Math.ceil((timeMs - bins.anchorMs) / bins.widthMs);
    const sample = { timeMs, bits: valueBits[index] ?? 0n, value: values[index] ?? NaN };
    const found = byBin.get(bin);
    if (found === undefined) byBin.set(bin, [sample]);
    else found.push(sample);
  });
  const kept: Sample[] = [];
  const counts: number[] = [];
  for (const samples of byBin.values()) {
    const numbers = samples.filter(({ bits }) => bits !== STALE_NAN_BITS);
    const isMixed = bins.need === 'changes' && histograms.length > 0;
    const needed = isMixed ? numbers : neededOf(samples, numbers, bins.need);
    kept.push(...needed);
    counts.push(...needed.map(() => numbers.length));
  }
  return {
    labels,
    timestampsMs: Float64Array.from(kept, ({ timeMs }) => timeMs),
    valueBits: BigUint64Array.from(kept, ({ bits }) => bits),
    histograms,
    ...(bins.need === 'count' ? { counts: Float64Array.from(counts) } : {}),
  };
}

function neededOf(samples: readonly Sample[], numbers: readonly Sample[], need: SampleBins['need']): readonly Sample[] {
  if (need === 'newest') return samples.slice(-1);
  if (need === 'last' || need === 'count') return numbers.slice(-1);
  if (need === 'changes') {
    const isSame = (left: number, right: number): boolean => left === right || (Number.isNaN(left) && Number.isNaN(right));
    return numbers.filter(({ value }, index) => index === 0 || !isSame(value, numbers[index - 1]?.value ?? 0));
  }
  const values = numbers.map(({ value }) => value).filter((value) => !Number.isNaN(value));
  const best = need === 'least' ? Math.min(...values) : Math.max(...values);
  const oldest = [best, 0, -0].map((wanted) => numbers.find(({ value }) => Object.is(value, wanted)));
  return numbers.filter((sample) => Number.isNaN(sample.value) || oldest.includes(sample));
}
