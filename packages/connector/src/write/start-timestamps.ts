import type { WriteColumns } from '@timestream-prometheus/prom-codec';
import { seriesText } from '@timestream-prometheus/timestream-translator';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { MetricsSink } from '../ports.js';
import type { LeftOut } from './written-headers.js';

/**
 * Counts the start timestamps of float samples (remote write 2.0): the time at which a counter began to count, which the specification lets a
 * receiver ignore. A column for them would be charged for with every sample, and nothing that reads asks for it. Those of native histograms are
 * a part of what is stored.
 */
export function noteStartTimestamps(parts: readonly WriteColumns[], metrics: MetricsSink): readonly LeftOut[] {
  let count = 0;
  let example = '';
  for (const { startTimestampsMs, sampleEnds, labelSets } of parts) {
    if (startTimestampsMs === undefined) continue;
    for (const [index, startTimestampMs] of startTimestampsMs.entries()) {
      // 0 is none.
      if (startTimestampMs === 0 || count++ > 0) continue;
      const series = labelSets[sampleEnds.findIndex((end) => end > index)];
      example = `${seriesText(series?.labels ?? [])} began at ${startTimestampMs} ms`;
    }
  }
  if (count === 0) return [];
  metrics.add(METRICS.ignoredStartTimestamps, count);
  return [{ reason: 'start-timestamp', count, example }];
}
