import type { TimeSeries } from '@timestream-prometheus/prom-codec';
import type { SampleReference } from '@timestream-prometheus/timestream-translator';
import { groupBy } from './group-by.js';

export interface SampleSelection {
  /** The series with the selected samples only; no exemplars and no histograms. */
  readonly timeseries: readonly TimeSeries[];
  /** The place in the original of a sample of the selection. */
  originOf(reference: SampleReference): SampleReference;
}

/** The named samples of a request as a request of its own. */
export function selectSamples(timeseries: readonly TimeSeries[], references: readonly SampleReference[]): SampleSelection {
  const bySeries = Array.from(groupBy(references, ({ seriesIndex }) => seriesIndex));
  const selected = bySeries.map(([seriesIndex, chosen]) => {
    const { labels, samples } = seriesAt(timeseries, seriesIndex);
    return {
      labels,
      samples: {
        timestampsMs: BigInt64Array.from(chosen, ({ sampleIndex }) => samples.timestampsMs[sampleIndex] ?? 0n),
        valueBits: BigUint64Array.from(chosen, ({ sampleIndex }) => samples.valueBits[sampleIndex] ?? 0n),
      },
      exemplars: [],
      histograms: [],
    };
  });
  return {
    timeseries: selected,
    originOf: ({ seriesIndex, sampleIndex }) => {
      const origin = bySeries[seriesIndex]?.[1][sampleIndex];
      if (origin === undefined) throw new RangeError(`the selection has no sample ${seriesIndex}/${sampleIndex}`);
      return origin;
    },
  };
}

function seriesAt(timeseries: readonly TimeSeries[], seriesIndex: number): TimeSeries {
  const series = timeseries[seriesIndex];
  if (series === undefined) throw new RangeError(`the request has no series ${seriesIndex}`);
  return series;
}
