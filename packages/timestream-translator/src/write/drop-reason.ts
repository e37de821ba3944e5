/**
 * Why samples of a request are not stored. What happens then is decided per reason, not per request:
 *
 * - `rejected`: the sender has to be told; the answer is 4xx, after everything else of the request is stored;
 * - `accepted`: a documented class that this layout or version does not store; counted, and the answer is still a success.
 */
export type DropReason =
  | 'malformed-series'
  | 'missing-metric-name'
  | 'empty-label-name'
  | 'duplicate-label-name'
  | 'record-too-large'
  | 'timestamp-out-of-range'
  | 'conflicting-sample'
  | 'non-finite-value'
  | 'native-histogram'
  | 'invalid-histogram'
  | 'histogram-too-large'
  | 'empty-series'
  | 'exemplar'
  | 'exemplar-too-long'
  | 'metadata'
  | 'metadata-too-large';

export interface DropReasonMeaning {
  readonly outcome: 'rejected' | 'accepted';
  readonly meaning: string;
}

export const dropReasons: Readonly<Record<DropReason, DropReasonMeaning>> = {
  'malformed-series': {
    outcome: 'rejected',
    meaning: 'A series of remote write 2.0 refers past the symbols, or has a text that is not UTF-8.',
  },
  'missing-metric-name': { outcome: 'rejected', meaning: 'The series has no label __name__, or an empty one.' },
  'empty-label-name': { outcome: 'rejected', meaning: 'A label of the series has a value but no name.' },
  'duplicate-label-name': { outcome: 'rejected', meaning: 'Two labels of the series have the same name.' },
  'record-too-large': {
    outcome: 'rejected',
    meaning: 'Time, labels, metric name and value together are over the 2048 bytes of a Timestream record.',
  },
  'timestamp-out-of-range': {
    outcome: 'rejected',
    meaning: 'The time is before 1970-01-01 or after 2262-04-11T23:47:16.854Z, which Timestream cannot express.',
  },
  'conflicting-sample': {
    outcome: 'rejected',
    meaning: 'The request holds another value for the same series and time; the first one is stored.',
  },
  'non-finite-value': { outcome: 'accepted', meaning: 'NaN, infinity or staleness marker, which the layout single-measure cannot store.' },
  'native-histogram': { outcome: 'rejected', meaning: 'A native histogram, for which the layout single-measure has no place.' },
  'invalid-histogram': { outcome: 'rejected', meaning: 'A native histogram that is not valid; Prometheus would refuse it too.' },
  'histogram-too-large': {
    outcome: 'rejected',
    meaning: 'A native histogram with so many buckets that it does not fit into 64 records beside its labels.',
  },
  'empty-series': {
    outcome: 'rejected',
    meaning: 'A series of remote write 2.0 has neither a sample nor a histogram nor an exemplar.',
  },
  exemplar: {
    outcome: 'accepted',
    meaning: 'An exemplar, for which the layout single-measure has no place, or which exemplars=drop leaves out.',
  },
  'exemplar-too-long': {
    outcome: 'rejected',
    meaning: 'The labels of an exemplar have more than 128 characters; Prometheus would refuse it too.',
  },
  metadata: {
    outcome: 'accepted',
    meaning: 'The metadata of a metric, for which the layout single-measure has no place, or which metadata=drop leaves out.',
  },
  'metadata-too-large': { outcome: 'rejected', meaning: 'The metadata of a metric with a help text that does not fit into 64 records.' },
};

/** Why a whole request is refused before anything of it is written. Only by option. */
export type RefusalReason = 'long-label' | 'invalid-sample-value';

export const refusalReasons: Readonly<Record<RefusalReason, { readonly meaning: string }>> = {
  'long-label': { meaning: 'A label name is over 60 bytes or a metric name over 256 bytes, and failOnLongLabel is set.' },
  'invalid-sample-value': { meaning: 'A value is NaN, infinite or a staleness marker, and failOnInvalidSampleValue is set.' },
};

/** What was dropped for one reason. */
export interface DroppedSamples {
  readonly reason: DropReason;
  /** Samples, histograms, exemplars or metadata entries. */
  readonly count: number;
  /** The first of them: its series in Prometheus' notation, what is wrong, the limit and the actual size. Bounded length, one line. */
  readonly example: string;
}

/** Why nothing of the request may be written. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** The first offender, as in {@link DroppedSamples}. */
  readonly example: string;
}
