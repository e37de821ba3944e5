import type { PhysicalSeries } from '../rows/physical-series.js';
import type { QueryPage } from '../model/record.js';
import { tableName, timePredicate, type SelectOptions } from './compile-select.js';
import { seriesPredicate } from './compile-series.js';
import { allOf, printPredicate } from './predicate.js';
import { literal } from './sql.js';

/**
 * Doubles whose texts are hard to get right: the ends of the range, the sign of zero, one step beside powers of two and ten, values for which
 * older versions of Java write a digit too many, and some that need all 17 digits.
 */
const HARD_DOUBLES: readonly string[] = [
  '0.0',
  '-0.0',
  '4.9E-324',
  '-4.9E-324',
  '2.2250738585072014E-308',
  '2.225073858507201E-308',
  '1.7976931348623157E308',
  '-1.7976931348623157E308',
  '0.1',
  '0.30000000000000004',
  '9.999999999999999E22',
  '1.0E23',
  '2.0E-3',
  '9.99E-4',
  '9007199254740993.0',
  '9007199254740992.0',
  '9223372036854775807.0',
  '2.2E-322',
  '5.0E-324',
  '1.1E-322',
  '2.4178516392292583E24',
  '985.1910920670757',
  '1.0000000000000002',
  '0.9999999999999999',
  '123456789.12345679',
  '1.7E9',
  '4.35',
  '0.000001',
  '1.0E7',
  '9999999.999999998',
];

/**
 * Asks for the texts of some doubles, as `compilePackedSelect` has them made, in one row beside a row of one of these series: a statement
 * without a table would need a permission of its own (`timestream:SelectValues`).
 */
export function compileDoubleProbe(
  options: Pick<SelectOptions, 'query' | 'database' | 'table'> & { readonly series: readonly PhysicalSeries[] },
): string {
  const time = timePredicate(options.query);
  const texts = HARD_DOUBLES.map((text) => `cast(cast(${literal(text)} AS double) AS varchar)`);
  const condition = time === null ? 'FALSE' : printPredicate(allOf(seriesPredicate(options.series), time));
  return `SELECT array_join(ARRAY[${texts.join(', ')}], ${literal(';')}) FROM ${tableName(options)} WHERE ${condition} LIMIT 1`;
}

/** Whether the answer to `compileDoubleProbe` gives the doubles that were asked for, to the last bit; true if no row was found. */
export function isExactDoubleProbe({ Rows }: QueryPage): boolean {
  const [row] = Rows;
  if (row === undefined) return true;
  const texts = row.Data?.[0]?.ScalarValue?.split(';') ?? [];
  return (
    texts.length === HARD_DOUBLES.length &&
    texts.every((text, index) => text !== '' && Object.is(Number(text), Number(HARD_DOUBLES[index])))
  );
}
