import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBListValue,
  DuckDBListVector,
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
  type DuckDBVector,
} from '@duckdb/node-api';

import { serverBounds, type ServerBounds } from '../limits.js';
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
export function registerCallbacks(
  connection: DuckDBConnection,
  { maxListEntries, maxMadeBytes }: Pick<ServerBounds, 'maxListEntries' | 'maxMadeBytes'> = serverBounds,
): void {
  const made = `Functions would make texts and lists of more than ${maxMadeBytes} bytes for the rows worked on at a time (--memory-limit)`;
  connection.registerScalarFunction(roomFunction('ts_has_room', maxMadeBytes, made));
  // Who asked for the list itself has to ask for less of it, as where a row is larger than a page: in the words that are known for that.
  const collected = `Query aborted as max page response size has been exceeded by a list, and lists like it have more than ${maxMadeBytes} bytes to work on (--memory-limit)`;
  connection.registerScalarFunction(roomFunction('ts_has_room_for_lists', maxMadeBytes, collected));
  for (const each of callbacks) connection.registerScalarFunction(scalarFunction(each, maxListEntries));
  // `error()` for use inside TRY: of any type, and not volatile.
  const fail = (): never => {
    throw new Error('caught by TRY');
  };
  connection.registerScalarFunction(
    DuckDBScalarFunction.create({ name: 'ts_try_error', parameterTypes: [VARCHAR], returnType: SQLNULL, mainFunction: fail }),
  );
}

/** `ts_has_room(bytes, parts)`: fails where the rows of a call have more bytes together than a part of what may be made has. */
function roomFunction(name: string, maxMadeBytes: number, message: string): DuckDBScalarFunction {
  return DuckDBScalarFunction.create({
    name,
    parameterTypes: [DOUBLE, INTEGER],
    returnType: BOOLEAN,
    mainFunction: (_, input, output) => {
      const [bytes, parts] = [input.getColumnVector(0), input.getColumnVector(1)];
      let made = 0;
      for (let row = 0; row < input.rowCount; row += 1) {
        made += Number(bytes.getItem(row) ?? 0);
        if (made * Number(parts.getItem(row)) > maxMadeBytes) throw new Error(message);
        output.setItem(row, true);
      }
      output.flush();
    },
  });
}

/** A list comes as a value for each entry, many times what the database holds of it: too long a one is refused before that. */
function argumentAt(vector: DuckDBVector, row: number, maxListEntries: number): CallbackValue {
  if (!(vector instanceof DuckDBListVector)) return toCallback(vector.getItem(row));
  if (vector.getEntryLength(row) > maxListEntries) throw tooManyEntries(maxListEntries);
  // The vector itself keeps what it was asked for until all rows are through.
  return toCallback(vector.slice(row, 1).getItem(0));
}

const tooManyEntries = (maxListEntries: number): Error =>
  new Error(`A function outside the database is asked for more than ${maxListEntries} entries of lists at once (--memory-limit)`);

const entriesOf = (value: CallbackValue): number =>
  Array.isArray(value) ? value.length : typeof value === 'string' ? value.length / 16 : 0;

function scalarFunction({ name, parameters, result, call, volatile = false }: Callback, maxListEntries: number): DuckDBScalarFunction {
  return DuckDBScalarFunction.create({
    name,
    parameterTypes: parameters.map((type) => types[type]),
    returnType: types[result],
    volatile,
    mainFunction: (_, input, output) => {
      const vectors = parameters.map((_parameter, index) => input.getColumnVector(index));
      const values = new Array<CallbackValue>(vectors.length);
      let given = 0;
      for (let row = 0; row < input.rowCount; row += 1) {
        let hasNull = false;
        for (const [index, vector] of vectors.entries()) {
          const value = argumentAt(vector, row, maxListEntries);
          if (value === null) hasNull = true;
          values[index] = value;
        }
        const answer = hasNull ? null : call(values);
        given += entriesOf(answer);
        if (given > maxListEntries) throw tooManyEntries(maxListEntries);
        output.setItem(row, fromCallback(answer));
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
