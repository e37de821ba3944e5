import { bytesOf, inRoom, lacksRoom, uncountedBytes } from '../values/made-text.js';
import { duckdbType } from '../values/sql-type.js';
import type { TypedExpression } from '../values/typed-expression.js';
import { emitting, plain, type FunctionExample, type FunctionRow } from './function-table.js';

/** Points of whole numbers are computed with as doubles. */
const toDoubles = (series: string): string => `list_transform(${series}, lambda p: struct_pack(f0 := p.f0, f1 := CAST(p.f1 AS DOUBLE)))`;

const valueTypes = ['double', 'bigint', 'integer'] as const;

/** A row for each type of value; `emit` gets the series as doubles. */
function forEachValue(
  signature: (series: string, type: string) => string,
  emit: FunctionRow['emit'],
  example?: FunctionExample,
): FunctionRow[] {
  return valueTypes.map((type) => ({
    signature: signature(`timeseries(${type})`, type),
    emit: (args, context) =>
      emit(
        args.map((argument) =>
          argument.type.kind === 'timeseries' && type !== 'double' ? { ...argument, sql: toDoubles(argument.sql) } : argument,
        ),
        context,
      ),
    ...(example !== undefined && type === 'double' ? { example } : {}),
  }));
}

const minute = '2020-01-01 00:01:00.000000000';
const series = (values: string): string => `SELECT %s FROM (VALUES ${values}) AS t(time, x)`;
const pair = series("(TIMESTAMP '2020-01-01 00:00:00', 1.0), (TIMESTAMP '2020-01-01 00:02:00', 3.0)");
const three = series(
  "(TIMESTAMP '2020-01-01 00:00:00', 1.0), (TIMESTAMP '2020-01-01 00:02:00', 3.0), (TIMESTAMP '2020-01-01 00:03:00', 2.0)",
);
const on = (points: string, call: string, answer: unknown): FunctionExample => [points.replace('%s', call), answer];

export const interpolationFunctions: readonly FunctionRow[] = [
  ...(['linear', 'locf', 'spline_cubic'] as const).flatMap((name) => [
    ...forEachValue(
      (points) => `interpolate_${name}(${points}, array(timestamp)): timeseries(double)`,
      plain(`ts_interpolate_${name}_at`),
      on(three, `interpolate_${name}(CREATE_TIME_SERIES(time, x), ARRAY[TIMESTAMP '2020-01-01 00:02:00'])`, [
        ['2020-01-01 00:02:00.000000000', '3.0'],
      ]),
    ),
    ...forEachValue(
      (points) => `interpolate_${name}(${points}, timestamp): double`,
      plain(`ts_interpolate_${name}`),
      name === 'spline_cubic'
        ? undefined
        : on(pair, `interpolate_${name}(CREATE_TIME_SERIES(time, x), TIMESTAMP '${minute}')`, name === 'linear' ? '2.0' : '1.0'),
    ),
  ]),
  ...forEachValue(
    (points) => `interpolate_fill(${points}, array(timestamp), double): timeseries(double)`,
    plain('ts_interpolate_fill_at'),
    on(pair, `interpolate_fill(CREATE_TIME_SERIES(time, x), ARRAY[TIMESTAMP '${minute}'], 7.5)`, [[minute, '7.5']]),
  ),
  ...forEachValue(
    (points) => `interpolate_fill(${points}, timestamp, double): double`,
    plain('ts_interpolate_fill'),
    on(pair, `interpolate_fill(CREATE_TIME_SERIES(time, x), TIMESTAMP '${minute}', 7.5)`, '7.5'),
  ),
];

export const derivativeFunctions: readonly FunctionRow[] = [
  ...forEachValue(
    (points) => `derivative_linear(${points}, interval day to second): timeseries(double)`,
    plain('ts_derivative'),
    on(three, 'derivative_linear(CREATE_TIME_SERIES(time, x), 1m)', [
      ['2020-01-01 00:02:00.000000000', '1.0'],
      ['2020-01-01 00:03:00.000000000', '-1.0'],
    ]),
  ),
  ...forEachValue(
    (points) => `non_negative_derivative_linear(${points}, interval day to second): timeseries(double)`,
    plain('ts_non_negative_derivative'),
    on(three, 'non_negative_derivative_linear(CREATE_TIME_SERIES(time, x), 1m)', [['2020-01-01 00:02:00.000000000', '1.0']]),
  ),
];

export const integralFunctions: readonly FunctionRow[] = [
  ...forEachValue(
    (points) => `integral_trapezoidal(${points}): double`,
    emitting((points = '') => `ts_integral(${points}, CAST(1000000000 AS BIGINT))`),
    on(pair, 'integral_trapezoidal(CREATE_TIME_SERIES(time, x))', '240.0'),
  ),
  ...forEachValue(
    (points) => `integral_trapezoidal(${points}, interval day to second): double`,
    plain('ts_integral'),
    on(pair, 'integral_trapezoidal(CREATE_TIME_SERIES(time, x), 1m)', '4.0'),
  ),
];

export const correlationFunctions: readonly FunctionRow[] = ['pearson', 'spearman'].flatMap((name) =>
  forEachValue(
    (points) => `correlate_${name}(${points}, ${points}): double`,
    plain(`ts_correlate_${name}`),
    on(three, `correlate_${name}(CREATE_TIME_SERIES(time, x), CREATE_TIME_SERIES(time, 2 * x))`, '1.0'),
  ),
);

/** The lambda's text is an argument like the others; the accumulator of a reduction lies beside an entry in a struct, as DuckDB wants one type. */
const reduction: FunctionRow['emit'] = ([list, initial, step, output], { emitter }) => {
  const stateType = initial === undefined ? '' : duckdbType(initial.type);
  // Without the brackets of the list.
  const entryType = list === undefined ? '' : duckdbType(list.type).slice(0, -2);
  const [acc, entry] = [emitter.name('v'), emitter.name('v')];
  const stepOf = (state: string, each: string): string => emitter.apply(step?.sql ?? '', [state, each]);
  /** A state that grows could double with each entry: what a step makes of it is counted before it is made. */
  const counted = (state: string, made: string): string => {
    const bytes = initial === undefined ? undefined : bytesOf(state, initial.type);
    return bytes === undefined ? made : `CASE WHEN ${lacksRoom(`(${made.split(state).length} * ${bytes})`)} THEN NULL ELSE ${made} END`;
  };
  const pack = (state: string, each: string): string =>
    `struct_pack(s := CAST(${state} AS ${stateType}), e := CAST(${each} AS ${entryType}))`;
  return emitter.onceAll([list?.sql ?? '', initial?.sql ?? ''], ([entries = '', start = '']) => {
    const packed = `list_transform(${entries}, lambda ${entry}: ${pack('NULL', entry)})`;
    const reduced = `list_reduce(${packed}, lambda ${acc}, ${entry}: ${pack(counted(`${acc}.s`, stepOf(`${acc}.s`, `${entry}.e`)), 'NULL')}, ${pack(start, 'NULL')})`;
    const last = emitter.once(`${reduced}.s`, (state) => emitter.apply(output?.sql ?? '', [state]));
    return `CASE WHEN ${entries} IS NULL THEN NULL ELSE ${last} END`;
  });
};

/** A lambda may give a text for each entry that is there once: copies are made of it. */
const transformation: FunctionRow['emit'] = ([list, lambda], { emitter, resultType }) => {
  if (resultType.kind !== 'array' || bytesOf('', resultType.element) === undefined || isShort(lambda))
    return `list_transform(${list?.sql ?? ''}, ${lambda?.sql ?? ''})`;
  const entry = emitter.name('v');
  const made = inRoom(emitter.apply(lambda?.sql ?? '', [entry]), resultType.element, emitter);
  return `list_transform(${list?.sql ?? ''}, lambda ${entry}: ${made})`;
};

const isShort = (text: TypedExpression | undefined): boolean => (text?.maxTextBytes ?? Infinity) <= uncountedBytes;

const filtered = emitting((list = '', lambda = '') => `list_filter(${list}, ${lambda})`);

export const filterReduceFunctions: readonly FunctionRow[] = [
  {
    signature: 'filter(timeseries(T), function(row(timestamp, T), boolean)): timeseries(T)',
    emit: filtered,
    example: on(pair, 'filter(CREATE_TIME_SERIES(time, x), x -> x.value > 2.0)', [['2020-01-01 00:02:00.000000000', '3.0']]),
  },
  {
    signature: 'filter(array(T), function(T, boolean)): array(T)',
    emit: filtered,
    example: ['filter(ARRAY[5, -6, NULL, 7], x -> x > 0)', ['5', '7']],
  },
  {
    signature: 'reduce(timeseries(T), S, function(S, row(timestamp, T), S), function(S, R)): R',
    emit: reduction,
    example: on(pair, "reduce(CREATE_TIME_SERIES(time, x), DOUBLE '0.0', (s, x) -> x.value * x.value + s, s -> s)", '10.0'),
  },
  {
    signature: 'reduce(array(T), S, function(S, T, S), function(S, R)): R',
    emit: reduction,
    example: [
      'reduce(ARRAY[5, 20, 50], CAST(ROW(0.0, 0) AS ROW(sum DOUBLE, count INTEGER)), (s, x) -> CAST(ROW(x + s.sum, s.count + 1) AS ROW(sum DOUBLE, count INTEGER)), s -> IF(s.count = 0, NULL, s.sum / s.count))',
      '25.0',
    ],
  },
  {
    signature: 'transform(timeseries(T), function(row(timestamp, T), R)): array(R)',
    emit: transformation,
  },
  {
    signature: 'transform(array(T), function(T, R)): array(R)',
    emit: transformation,
    example: ['transform(ARRAY[5, 6], x -> x + 1)', ['6', '7']],
  },
  {
    signature: 'zip_with(array(T), array(S), function(T, S, R)): array(R)',
    emit: ([a, b, lambda], { emitter, resultType }) =>
      emittingOnceOf([a?.sql ?? '', b?.sql ?? ''], emitter, (left, right) => {
        const at = emitter.name('v');
        const made = emitter.apply(lambda?.sql ?? '', [`${left}[${at}]`, `${right}[${at}]`]);
        const each = resultType.kind === 'array' && !isShort(lambda) ? inRoom(made, resultType.element, emitter) : made;
        return `CASE WHEN ${left} IS NULL OR ${right} IS NULL THEN NULL ELSE list_transform(generate_series(1, greatest(len(${left}), len(${right}))), lambda ${at}: ${each}) END`;
      }),
    example: ['zip_with(ARRAY[1, 3], ARRAY[2, 4], (x, y) -> x + y)', ['3', '7']],
  },
];

function emittingOnceOf(
  values: readonly string[],
  emitter: Parameters<FunctionRow['emit']>[1]['emitter'],
  write: (left: string, right: string) => string,
): string {
  return emitter.onceAll(values, ([left = '', right = '']) => write(left, right));
}
