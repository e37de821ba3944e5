export { type ParseOptions, parseExpression, parseMetricSelector } from './syntax/parser.js';
export { ParseError } from './syntax/parse-error.js';
export { selectorsOf } from './syntax/selectors-of.js';
export { formatExpression, printExpression } from './syntax/print-expression.js';
export type { DurationOperand, Expression, TimeModifiers } from './syntax/expression.js';
export { quoteGo } from './syntax/go-text.js';
export { parseDuration } from './durations.js';
export { formatApiValue, formatSampleValue } from './number-text.js';
export {
  type AnswerPoint,
  type AnswerSeries,
  type QueryAnswer,
  queryInstant,
  type QueryOptions,
  queryRange,
  type QueryValue,
} from './engine/query.js';
export { QueryError, type QueryErrorKind } from './engine/query-error.js';
export type { QueryTimes } from './engine/preprocess.js';
export { DEFAULT_LIMITS, type QueryLimits } from './engine/query-budget.js';
export { type CounterResetHint, FloatHistogram } from './histogram/float-histogram.js';
export { type HistogramAnswer, histogramAnswer } from './histogram/histogram-text.js';
export type {
  AggregatedSeries,
  Aggregation,
  BinNeed,
  HistogramSample,
  Label,
  SampleBins,
  SelectedSeries,
  SelectHints,
  SeriesStorage,
} from './storage.js';

// For tests that compare with Go.
export { GO_MATH } from './math/go-math.js';
