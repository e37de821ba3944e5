import type { WriteColumns } from '@timestream-prometheus/prom-codec';
import type { DroppedSamples } from '@timestream-prometheus/timestream-translator';

/** Samples, histograms and exemplars of series that could not be understood. */
export function malformedCountOf({ malformedSeries }: Pick<WriteColumns, 'malformedSeries'>): number {
  return malformedSeries.reduce((sum, { samples, histograms, exemplars }) => sum + samples + histograms + exemplars, 0);
}

/** What the decoder left out of a remote write 2.0 request, as what is dropped for any other reason. */
export function malformedDrops(parts: readonly Pick<WriteColumns, 'malformedSeries'>[]): DroppedSamples[] {
  const first = parts.flatMap(({ malformedSeries }) => malformedSeries)[0];
  if (first === undefined) return [];
  const count = parts.reduce((sum, part) => sum + malformedCountOf(part), 0);
  return [{ reason: 'malformed-series', count, example: `series ${first.seriesIndex} of the request: ${first.text}` }];
}
