import type { WriteColumns } from '@timestream-prometheus/prom-codec';
import { seriesText, type DroppedSamples } from '@timestream-prometheus/timestream-translator';

/**
 * Series of a remote write 2.0 request that hold nothing: "Senders MUST" give each at least one sample or histogram (specification of 2.0), and
 * Prometheus refuses those that do not. One that holds only an exemplar is taken, for Prometheus itself sends such.
 */
export function emptySeriesDrops(parts: readonly WriteColumns[]): readonly DroppedSamples[] {
  let count = 0;
  let example = '';
  for (const { labelSets, sampleEnds, histograms, exemplars, malformedSeries } of parts) {
    const filled = new Set([...histograms, ...exemplars, ...malformedSeries].map(({ seriesIndex }) => seriesIndex));
    for (const [index, { labels }] of labelSets.entries()) {
      if (sampleEnds[index] !== (sampleEnds[index - 1] ?? 0) || filled.has(index)) continue;
      if (count++ === 0) example = `${seriesText(labels)}: it has neither a sample nor a histogram nor an exemplar`;
    }
  }
  return count === 0 ? [] : [{ reason: 'empty-series', count, example }];
}
