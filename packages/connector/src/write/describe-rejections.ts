import type { TimeSeries } from '@timestream-prometheus/prom-codec';
import { dropReasons, seriesText, type DroppedSamples } from '@timestream-prometheus/timestream-translator';
import { groupBy } from '../group-by.js';
import { rejectionClassOf } from './rejection-reason.js';
import type { RejectedSample } from './write-tally.js';

/** Records named per reason; the answer has room for little more, and the rest is counted. */
const EXAMPLES_PER_REASON = 2;

const MAX_SERIES_LENGTH = 160;

/** Which samples of a request can never be stored, and why, in one line. */
export function describeRejections(
  timeseries: readonly TimeSeries[],
  rejected: readonly RejectedSample[],
  dropped: readonly DroppedSamples[],
): string {
  const refusedDrops = dropped.filter(({ reason }) => dropReasons[reason].outcome === 'rejected');
  const count = rejected.length + refusedDrops.reduce((sum, drop) => sum + drop.count, 0);
  const parts = refusedDrops.map((drop) => `${drop.reason} (${drop.count}): ${drop.example}`);
  const byClass = groupBy(rejected, ({ reason }) => rejectionClassOf(reason));
  for (const [rejectionClass, samples] of byClass) {
    const examples = samples.slice(0, EXAMPLES_PER_REASON).map((sample) => describeSample(timeseries, sample));
    parts.push(`${rejectionClass} (${samples.length}): ${examples.join('; ')}`);
  }
  return `${count} ${count === 1 ? 'sample' : 'samples'} of this request can never be stored, all others are stored. ${parts.join(' | ')}`;
}

function describeSample(timeseries: readonly TimeSeries[], { source, reason }: RejectedSample): string {
  const series = timeseries[source.seriesIndex];
  const text = seriesText(series?.labels ?? []);
  const name = text.length > MAX_SERIES_LENGTH ? `${text.slice(0, MAX_SERIES_LENGTH)}…` : text;
  return `${name} at ${String(series?.samples.timestampsMs[source.sampleIndex])} ms: ${reason}`;
}
