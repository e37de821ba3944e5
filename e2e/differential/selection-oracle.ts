import { compareLabels, type Label, type LabelMatcher } from '@timestream-prometheus/prom-codec';

/** A series as plain values: labels sorted by name, none empty; samples by ascending timestamp, values as IEEE-754 bits. */
export interface PlainSeries {
  readonly labels: readonly Label[];
  readonly samples: readonly (readonly [timestampMs: bigint, valueBits: bigint])[];
}

/** Prometheus' meaning of one matcher: a label that a series does not have is empty; a pattern must match the whole value; `.` matches a newline. */
export function matches({ type, name, value }: LabelMatcher, labels: readonly Label[]): boolean {
  const actual = labels.find((label) => label.name === name)?.value ?? '';
  switch (type) {
    case '=':
      return actual === value;
    case '!=':
      return actual !== value;
    case '=~':
      return new RegExp(`^(?:${value})$`, 'su').test(actual);
    case '!~':
      return !new RegExp(`^(?:${value})$`, 'su').test(actual);
  }
}

/** What Prometheus selects: every series that all matchers accept and that has a sample from start to end, both ends included, in label order. */
export function select(stored: readonly PlainSeries[], matchers: readonly LabelMatcher[], startMs: bigint, endMs: bigint): PlainSeries[] {
  if (matchers.length === 0) return [];
  return stored
    .filter(({ labels }) => matchers.every((matcher) => matches(matcher, labels)))
    .map(({ labels, samples }) => ({ labels, samples: samples.filter(([timestampMs]) => timestampMs >= startMs && timestampMs <= endMs) }))
    .filter(({ samples }) => samples.length > 0)
    .sort((a, b) => compareLabels(a.labels, b.labels));
}
