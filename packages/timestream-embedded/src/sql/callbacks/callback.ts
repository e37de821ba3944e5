/** DuckDB types that a callback takes and gives; `POINT[]` is a time series of doubles, `BIGINT_POINT[]` one of whole numbers. */
export type CallbackType =
  | 'VARCHAR'
  | 'BIGINT'
  | 'DOUBLE'
  | 'INTEGER'
  | 'BOOLEAN'
  | 'VARCHAR[]'
  | 'BIGINT[]'
  | 'DOUBLE[]'
  | 'INTEGER[]'
  | 'BOOLEAN[]'
  | 'POINT[]';

/** A point of a time series: nanoseconds since the epoch, and the value. */
export interface CallbackPoint {
  readonly timeNs: bigint;
  readonly value: number;
}

/** A value as a callback sees it: BIGINT is a bigint, a list an array whose entries may be null. */
export type CallbackValue =
  | string
  | bigint
  | number
  | boolean
  | null
  | readonly (string | bigint | number | boolean | null)[]
  | readonly CallbackPoint[];

/**
 * A function that DuckDB calls back into this process for: what SQL cannot say exactly, or only at length. It costs about a microsecond a
 * row, so what runs on every row of a large table has a form in SQL for the usual case and comes here with the rest.
 *
 * NULL in, NULL out: `call` never sees a NULL argument. What it throws is the statement's QueryExecutionException.
 */
export interface Callback {
  /** Begins with `ts_`; statements cannot name it. */
  readonly name: string;
  readonly parameters: readonly CallbackType[];
  readonly result: CallbackType;
  /** Whether two calls with the same arguments may give different answers. */
  readonly volatile?: boolean;
  readonly call: (values: readonly CallbackValue[]) => CallbackValue;
}

interface ValueByType {
  readonly VARCHAR: string;
  readonly BIGINT: bigint;
  readonly DOUBLE: number;
  readonly INTEGER: number;
  readonly BOOLEAN: boolean;
  readonly 'VARCHAR[]': readonly (string | null)[];
  readonly 'BIGINT[]': readonly (bigint | null)[];
  readonly 'DOUBLE[]': readonly (number | null)[];
  readonly 'INTEGER[]': readonly (number | null)[];
  readonly 'BOOLEAN[]': readonly (boolean | null)[];
  readonly 'POINT[]': readonly CallbackPoint[];
}

type Values<Types extends readonly CallbackType[]> = { readonly [Index in keyof Types]: ValueByType[Types[Index]] };

/** A callback whose arguments have the types that its parameters say. */
export function callback<const Types extends readonly CallbackType[], Result extends CallbackType>(
  name: string,
  parameters: Types,
  result: Result,
  call: (...values: Values<Types>) => ValueByType[Result] | null,
): Callback {
  // The store hands over exactly the types that it was told to register.
  return { name, parameters, result, call: (values) => call(...(values as Values<Types>)) };
}
