import type { FunctionSignature, ValueType } from './expression.js';

type Row = readonly [name: string, argTypes: readonly ValueType[], variadic?: number];

/** Functions that give a vector. `variadic` counts the arguments that may be left out or repeated; -1 is any number. */
const VECTOR_FUNCTIONS: readonly Row[] = [
  ['abs', ['vector']],
  ['absent', ['vector']],
  ['absent_over_time', ['matrix']],
  ['acos', ['vector']],
  ['acosh', ['vector']],
  ['asin', ['vector']],
  ['asinh', ['vector']],
  ['atan', ['vector']],
  ['atanh', ['vector']],
  ['avg_over_time', ['matrix']],
  ['ceil', ['vector']],
  ['changes', ['matrix']],
  ['clamp', ['vector', 'scalar', 'scalar']],
  ['clamp_max', ['vector', 'scalar']],
  ['clamp_min', ['vector', 'scalar']],
  ['cos', ['vector']],
  ['cosh', ['vector']],
  ['count_over_time', ['matrix']],
  ['day_of_month', ['vector'], 1],
  ['day_of_week', ['vector'], 1],
  ['day_of_year', ['vector'], 1],
  ['days_in_month', ['vector'], 1],
  ['deg', ['vector']],
  ['delta', ['matrix']],
  ['deriv', ['matrix']],
  ['exp', ['vector']],
  ['first_over_time', ['matrix']],
  ['floor', ['vector']],
  ['histogram_avg', ['vector']],
  ['histogram_count', ['vector']],
  ['histogram_fraction', ['scalar', 'scalar', 'vector']],
  ['histogram_quantile', ['scalar', 'vector']],
  ['histogram_stddev', ['vector']],
  ['histogram_stdvar', ['vector']],
  ['histogram_sum', ['vector']],
  ['hour', ['vector'], 1],
  ['idelta', ['matrix']],
  ['increase', ['matrix']],
  ['irate', ['matrix']],
  ['label_join', ['vector', 'string', 'string', 'string'], -1],
  ['label_replace', ['vector', 'string', 'string', 'string', 'string']],
  ['last_over_time', ['matrix']],
  ['ln', ['vector']],
  ['log10', ['vector']],
  ['log2', ['vector']],
  ['max_over_time', ['matrix']],
  ['min_over_time', ['matrix']],
  ['minute', ['vector'], 1],
  ['month', ['vector'], 1],
  ['predict_linear', ['matrix', 'scalar']],
  ['present_over_time', ['matrix']],
  ['quantile_over_time', ['scalar', 'matrix']],
  ['rad', ['vector']],
  ['rate', ['matrix']],
  ['resets', ['matrix']],
  ['round', ['vector', 'scalar'], 1],
  ['sgn', ['vector']],
  ['sin', ['vector']],
  ['sinh', ['vector']],
  ['sort', ['vector']],
  ['sort_desc', ['vector']],
  ['sqrt', ['vector']],
  ['stddev_over_time', ['matrix']],
  ['stdvar_over_time', ['matrix']],
  ['sum_over_time', ['matrix']],
  ['tan', ['vector']],
  ['tanh', ['vector']],
  ['timestamp', ['vector']],
  ['vector', ['scalar']],
  ['year', ['vector'], 1],
];

/** Functions that Prometheus takes only with `--enable-feature=promql-experimental-functions`. */
const EXPERIMENTAL_VECTOR_FUNCTIONS: readonly Row[] = [
  ['double_exponential_smoothing', ['matrix', 'scalar', 'scalar']],
  ['histogram_quantiles', ['vector', 'string', 'scalar', 'scalar'], 9],
  ['info', ['vector', 'vector'], 1],
  ['integral', ['matrix', 'scalar'], 1],
  ['mad_over_time', ['matrix']],
  ['sort_by_label', ['vector', 'string'], -1],
  ['sort_by_label_desc', ['vector', 'string'], -1],
  ['start_timestamp', ['vector']],
  ['ts_of_first_over_time', ['matrix']],
  ['ts_of_last_over_time', ['matrix']],
  ['ts_of_max_over_time', ['matrix']],
  ['ts_of_min_over_time', ['matrix']],
];

const SCALAR_FUNCTIONS: readonly Row[] = [
  ['pi', []],
  ['scalar', ['vector']],
  ['time', []],
];

const EXPERIMENTAL_SCALAR_FUNCTIONS: readonly Row[] = [
  ['end', []],
  ['max_of', ['scalar', 'scalar']],
  ['min_of', ['scalar', 'scalar']],
  ['range', []],
  ['start', []],
  ['step', []],
];

function signatures(rows: readonly Row[], returnType: ValueType, experimental: boolean): [string, FunctionSignature][] {
  return rows.map(([name, argTypes, variadic = 0]) => [name, { name, argTypes, variadic, returnType, experimental }]);
}

/** Every function of Prometheus 3 by its name (`promql/parser/functions.go`). */
export const FUNCTION_SIGNATURES: ReadonlyMap<string, FunctionSignature> = new Map([
  ...signatures(VECTOR_FUNCTIONS, 'vector', false),
  ...signatures(EXPERIMENTAL_VECTOR_FUNCTIONS, 'vector', true),
  ...signatures(SCALAR_FUNCTIONS, 'scalar', false),
  ...signatures(EXPERIMENTAL_SCALAR_FUNCTIONS, 'scalar', true),
]);
