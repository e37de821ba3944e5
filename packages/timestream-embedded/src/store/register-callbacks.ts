import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBListValue,
  DuckDBScalarFunction,
  DuckDBStructValue,
  INTEGER,
  LIST,
  listValue,
  SQLNULL,
  STRUCT,
  structValue,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';

import type { Callback, CallbackPoint, CallbackType, CallbackValue } from '../sql/callbacks/callback.js';
import { callbacks } from '../sql/callbacks/callbacks.js';

const types: Readonly<Record<CallbackType, DuckDBType>> = {
  VARCHAR,
  BIGINT,
  DOUBLE,
  INTEGER,
  BOOLEAN,
  'VARCHAR[]': LIST(VARCHAR),
  'BIGINT[]': LIST(BIGINT),
  'DOUBLE[]': LIST(DOUBLE),
  'INTEGER[]': LIST(INTEGER),
  'BOOLEAN[]': LIST(BOOLEAN),
  'POINT[]': LIST(STRUCT({ f0: BIGINT, f1: DOUBLE })),
};

/** Makes the callbacks known to the database; every connection has them then. */
export function registerCallbacks(connection: DuckDBConnection): void {
  for (const each of callbacks) connection.registerScalarFunction(scalarFunction(each));
  // `error()` for use inside TRY: of any type, and not volatile.
  const fail = (): never => {
    throw new Error('caught by TRY');
  };
  connection.registerScalarFunction(
    DuckDBScalarFunction.create({ name: 'ts_try_error', parameterTypes: [VARCHAR], returnType: SQLNULL, mainFunction: fail }),
  );
}

function scalarFunction({ name, parameters, result, call, volatile = false }: Callback): DuckDBScalarFunction {
  return DuckDBScalarFunction.create({
    name,
    parameterTypes: parameters.map((type) => types[type]),
    returnType: types[result],
    volatile,
    mainFunction: (_, input, output) => {
      const vectors = parameters.map((_parameter, index) => input.getColumnVector(index));
      const values = new Array<CallbackValue>(vectors.length);
      for (let row = 0; row < input.rowCount; row += 1) {
        let hasNull = false;
        for (const [index, vector] of vectors.entries()) {
          const value = toCallback(vector.getItem(row));
          if (value === null) hasNull = true;
          values[index] = value;
        }
        output.setItem(row, hasNull ? null : fromCallback(call(values)));
      }
      output.flush();
    },
  });
}

function toCallback(value: DuckDBValue): CallbackValue {
  if (value instanceof DuckDBListValue) return value.items.map(toEntry) as CallbackValue;
  return value as CallbackValue;
}

function toEntry(value: DuckDBValue): CallbackPoint | CallbackValue {
  if (!(value instanceof DuckDBStructValue)) return value as CallbackValue;
  const { f0, f1 } = value.entries;
  return { timeNs: f0 as bigint, value: f1 as number };
}

function fromCallback(value: CallbackValue): DuckDBValue {
  if (!Array.isArray(value)) return value as DuckDBValue;
  return listValue((value as readonly (CallbackPoint | CallbackValue)[]).map(fromEntry));
}

function fromEntry(value: CallbackPoint | CallbackValue): DuckDBValue {
  if (typeof value !== 'object' || value === null || !('timeNs' in value)) return value as DuckDBValue;
  return structValue({ f0: value.timeNs, f1: value.value });
}
