export { CodecError, type CodecErrorCode } from './codec-error.js';
export { compareLabels, compareUtf8 } from './compare-labels.js';
export type {
  BucketSpan,
  Exemplar,
  Histogram,
  HistogramResetHint,
  Label,
  LabelMatcher,
  MatcherType,
  MetricMetadata,
  MetricType,
  Query,
  QueryResult,
  ReadHints,
  ReadRequest,
  ReadResponse,
  ResponseType,
  Samples,
  TimeSeries,
  WriteRequest,
} from './model.js';
export { bitsFromFloat, createSamples, floatFromBits, floatsOf, NORMAL_NAN_BITS, STALE_NAN_BITS } from './samples.js';
