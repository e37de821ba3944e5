import {
  MAX_MEASURE_NAMES_PER_TABLE,
  METRIC_NAME_LABEL,
  seriesText,
  type DroppedSamples,
} from '@timestream-prometheus/timestream-translator';
import { groupBy } from './group-by.js';
import { rejectionClassOf } from './rejection-reason.js';
import type { RejectedMetadata, RejectedSample } from './write-tally.js';

/** Records named per reason; the answer has room for little more, and the rest is counted. */
const EXAMPLES_PER_REASON = 2;

const MAX_SERIES_LENGTH = 160;

const METRIC_NAMES_SHOWN = 3;

const MAX_METRIC_NAME_LENGTH = 80;

/** Which samples of a request can never be stored, and why, in one line; none if there are none. */
export function describeRejections(rejected: readonly RejectedSample[], dropped: readonly DroppedSamples[]): readonly string[] {
  // A drop may count nothing: a series that cannot be understood and holds no sample. It is named all the same.
  if (rejected.length === 0 && dropped.length === 0) return [];
  const count = rejected.length + dropped.reduce((sum, drop) => sum + drop.count, 0);
  const parts = dropped.map((drop) => `${drop.reason} (${drop.count}): ${drop.example}`);
  const byClass = groupBy(rejected, ({ reason }) => rejectionClassOf(reason));
  for (const [rejectionClass, samples] of byClass) {
    const text =
      rejectionClass === 'too-many-metric-names'
        ? describeMetricNames(samples)
        : samples.slice(0, EXAMPLES_PER_REASON).map(describeSample).join('; ');
    parts.push(`${rejectionClass} (${samples.length}): ${text}`);
  }
  return [
    `${count} ${count === 1 ? 'sample' : 'samples'} of this request can never be stored, all others are stored. ${parts.join(' | ')}`,
  ];
}

/** The same of metadata. */
export function describeMetadataRejections(rejected: readonly RejectedMetadata[], dropped: readonly DroppedSamples[]): readonly string[] {
  const count = rejected.length + dropped.reduce((sum, drop) => sum + drop.count, 0);
  if (count === 0) return [];
  const parts = dropped.map((drop) => `${drop.reason} (${drop.count}): ${drop.example}`);
  for (const [rejectionClass, entries] of groupBy(rejected, ({ reason }) => rejectionClassOf(reason))) {
    const texts = entries.slice(0, EXAMPLES_PER_REASON).map(({ metadata, reason }) => {
      const name = JSON.stringify(cut(metadata.metricFamilyName, MAX_METRIC_NAME_LENGTH));
      return `${name}: ${reason}`;
    });
    parts.push(`${rejectionClass} (${entries.length}): ${texts.join('; ')}`);
  }
  return [`the metadata of ${count} ${count === 1 ? 'metric' : 'metrics'} can never be stored. ${parts.join(' | ')}`];
}

/** The table is full, whatever the series: the names are what a person needs to know. */
function describeMetricNames(samples: readonly RejectedSample[]): string {
  const byName = groupBy(samples, metricNameOf);
  const names = Array.from(byName.keys());
  const shown = names.slice(0, METRIC_NAMES_SHOWN).map((name) => JSON.stringify(cut(name, MAX_METRIC_NAME_LENGTH)));
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : '';
  return (
    `the table takes no new metric names (Timestream allows ${MAX_MEASURE_NAMES_PER_TABLE} in a table) and does not have ` +
    `${shown.join(', ')}${more}: ${samples[0]?.reason ?? ''}`
  );
}

function metricNameOf({ labelSet }: RejectedSample): string {
  return labelSet.labels.find(({ name }) => name === METRIC_NAME_LABEL)?.value ?? '';
}

function cut(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}

/** Which sample, and what Timestream said of it. */
export function describeSample({ labelSet, timestampMs, reason }: RejectedSample): string {
  return `${cut(seriesText(labelSet.labels), MAX_SERIES_LENGTH)} at ${timestampMs} ms: ${reason}`;
}
