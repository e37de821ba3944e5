import type { SeriesColumns } from '@timestream-prometheus/timestream-translator';

/**
 * The columns in slices of at most `maxSamples`, in order; the parts of one memory, nothing is copied but the places of series. A series with
 * more samples than that goes on in the next slice. Exemplars and histograms are where their series begins.
 */
export function* sliceColumns(columns: SeriesColumns, maxSamples: number): Generator<SeriesColumns, void, undefined> {
  if (columns.timestampsMs.length <= maxSamples) {
    yield columns;
    return;
  }
  const { labelSets, sampleEnds } = columns;
  const seriesStart = (index: number) => sampleEnds[index - 1] ?? 0;
  let first = 0;
  let from = 0;
  while (first < labelSets.length) {
    const to = Math.min(from + maxSamples, columns.timestampsMs.length);
    let last = first;
    while (last + 1 < labelSets.length && seriesStart(last + 1) < to) last += 1;
    // Series without samples at the end of the columns belong to the last slice.
    if (to === columns.timestampsMs.length) last = labelSets.length - 1;
    yield cut(columns, { first, last, from, to });
    const isWhole = (sampleEnds[last] ?? 0) <= to;
    first = isWhole ? last + 1 : last;
    from = to;
  }
}

interface Range {
  /** Series, both included. */
  readonly first: number;
  readonly last: number;
  /** Samples, the end excluded. */
  readonly from: number;
  readonly to: number;
}

function cut(columns: SeriesColumns, { first, last, from, to }: Range): SeriesColumns {
  const { sampleEnds } = columns;
  const begins = ({ seriesIndex }: { readonly seriesIndex: number }) =>
    seriesIndex >= first && seriesIndex <= last && (seriesIndex > first || (sampleEnds[seriesIndex - 1] ?? 0) >= from);
  const rebased = <T extends { readonly seriesIndex: number }>(entries: readonly T[]): T[] =>
    entries.filter(begins).map((entry) => ({ ...entry, seriesIndex: entry.seriesIndex - first }));
  return {
    labelSets: columns.labelSets.slice(first, last + 1),
    sampleEnds: Uint32Array.from(sampleEnds.subarray(first, last + 1), (end) => Math.min(end, to) - from),
    timestampsMs: columns.timestampsMs.subarray(from, to),
    values: columns.values.subarray(from, to),
    valueBits: columns.valueBits.subarray(from, to),
    histograms: rebased(columns.histograms),
    exemplars: rebased(columns.exemplars),
  };
}
