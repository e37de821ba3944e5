import { comparisonSql } from '../analyze/comparison-sql.js';
import { arrayFunctions } from './array-functions.js';
import { createFunctionTable, emitting, type FunctionRow } from './function-table.js';
import { mathFunctions } from './math-functions.js';
import { stringFunctions } from './string-functions.js';
import { timeFunctions } from './time-functions.js';

const conditionalFunctions: readonly FunctionRow[] = [
  { signature: 'coalesce(T, T...): T', emit: emitting((...values) => `coalesce(${values.join(', ')})`) },
  { signature: 'if(boolean, T): T', emit: emitting((condition = '', yes = '') => `CASE WHEN ${condition} THEN ${yes} END`) },
  {
    signature: 'if(boolean, T, T): T',
    emit: emitting((condition = '', yes = '', no = '') => `CASE WHEN ${condition} THEN ${yes} ELSE ${no} END`),
  },
  {
    signature: 'nullif(T, T): T',
    emit: ([a, b], { emitter, position }) => {
      if (a === undefined || b === undefined) throw new Error('nullif has two arguments');
      return emitter.once(
        a.sql,
        (first) => `CASE WHEN ${comparisonSql('=', { ...a, sql: first }, b, position, emitter)} THEN NULL ELSE ${first} END`,
      );
    },
  },
];

/** Every function that gives one value for one row, by lower-case name. */
export const scalarFunctions = createFunctionTable(
  ...conditionalFunctions,
  ...mathFunctions,
  ...stringFunctions,
  ...timeFunctions,
  ...arrayFunctions,
);
