import { invalidAt } from '../sql-error.js';
import { comparisonSql } from '../values/comparison-sql.js';
import { typeText } from '../values/sql-type.js';
import { arrayFunctions } from './array-functions.js';
import { documentationPages as pages } from './documentation-page.js';
import { createFunctionTable, emitting, type FunctionRow } from './function-table.js';
import { bitwiseFunctions, comparisonFunctions, mathFunctions } from './math-functions.js';
import { regexFunctions } from './regex-functions.js';
import {
  correlationFunctions,
  derivativeFunctions,
  filterReduceFunctions,
  integralFunctions,
  interpolationFunctions,
} from './series-functions.js';
import { stringFunctions } from './string-functions.js';
import { timeFunctions } from './time-functions.js';
import { asksForRoom } from '../values/made-text.js';

const conditionalFunctions: readonly FunctionRow[] = [
  {
    signature: 'coalesce(T, T...): T',
    emit: (args, { emitter }) => {
      const values = args.map(({ sql }) => sql);
      return emitter.firstDimension(values) ?? `coalesce(${values.join(', ')})`;
    },
    example: ["coalesce(NULL, 'a', 'b')", 'a'],
  },
  {
    signature: 'if(boolean, T): T',
    emit: emitting((condition = '', yes = '') => `CASE WHEN ${condition} THEN ${yes} END`),
    example: ['if(false, 1)', null],
  },
  {
    signature: 'if(boolean, T, T): T',
    emit: emitting((condition = '', yes = '', no = '') => `CASE WHEN ${condition} THEN ${yes} ELSE ${no} END`),
    example: ["if(1 > 2, 'yes', 'no')", 'no'],
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
    example: ['nullif(1, 1)', null],
  },
  // DuckDB's TRY gives NULL for what fails while running, as Trino's does for the errors that a value can cause. It does not take error(),
  // which is volatile; no literal in the text can hold the quote that is looked for.
  {
    signature: 'try(T): T',
    emit: ([value], { position }) => {
      const sql = value?.sql ?? '';
      // Literals are put in later, so that this is SQL and never a text.
      if (/\(SELECT |\brandom\(/.test(sql)) throw invalidAt(position, 'TRY() of a subquery or of a random value is not supported');
      if (asksForRoom(sql))
        throw invalidAt(position, 'TRY() of what makes a text or a list larger, as || and repeat() do, is not supported');
      return `TRY(${sql.replace(/\berror\('/g, "ts_try_error('")})`;
    },
    example: ["try(CAST('x' AS BIGINT))", null],
  },
];

const conversionFunctions: readonly FunctionRow[] = [
  {
    signature: 'typeof(T): varchar',
    emit: ([value], { emitter }) => emitter.bind(value === undefined ? '' : typeText(value.type), 'VARCHAR'),
    example: ['typeof(1.5)', 'double'],
  },
];

/** Every function that gives one value for one row, by lower-case name. */
export const scalarFunctions = createFunctionTable(
  { page: pages.conditional, rows: conditionalFunctions },
  { page: pages.conversion, rows: conversionFunctions },
  { page: pages.comparison, rows: comparisonFunctions },
  { page: pages.math, rows: mathFunctions },
  { page: pages.bitwise, rows: bitwiseFunctions },
  { page: pages.string, rows: stringFunctions },
  { page: pages.regex, rows: regexFunctions },
  { page: pages.time, rows: timeFunctions },
  { page: pages.array, rows: arrayFunctions },
  { page: pages.interpolation, rows: interpolationFunctions },
  { page: pages.derivatives, rows: derivativeFunctions },
  { page: pages.integrals, rows: integralFunctions },
  { page: pages.correlation, rows: correlationFunctions },
  { page: pages.filterReduce, rows: filterReduceFunctions },
);
