import { NORMAL_NAN_BITS } from '@timestream-prometheus/prom-codec';
import { MEASURE_NAME_COLUMN, TIME_COLUMN } from '../model/layout.js';
import type { ColumnInfo, Datum, Row } from '../model/record.js';
import { RowFormatError } from './row-format-error.js';
import { SAMPLE_COLUMNS, type SampleColumn } from '../model/sample-column.js';
import { isLabelColumn } from '../model/table-schema.js';

/** A sample value as it stands in a row, and whether it is of a multi-measure record. */
export type RowValue =
  | { readonly kind: 'float'; readonly value: number; readonly isMultiMeasure: boolean }
  | { readonly kind: 'bits'; readonly valueBits: bigint; readonly isMultiMeasure: boolean }
  /** A text of the column for histograms, whatever it is. */
  | { readonly kind: 'histogram'; readonly text: string; readonly isMultiMeasure: boolean };

/** The measure name and the dimension values of a row, null for NULL. */
export type SeriesTexts = readonly (string | null)[];

/** Of two samples in one millisecond the later one counts, then the one of the layout that loses nothing: the one of the greater rank. */
export function sampleRank(subMillisecondNanoseconds: number, isMultiMeasure: boolean): number {
  return subMillisecondNanoseconds * 2 + (isMultiMeasure ? 1 : 0);
}

/** Reads rows with one set of columns. */
export interface RowReader {
  /** Different for different measure names and dimension values, equal for equal ones, among the rows of this reader. */
  seriesKeyOf(row: Row): string;
  /** What the key is made of. */
  seriesTextsOf(row: Row): SeriesTexts;
  /** Whether the row's key would be the one of these texts; cheaper than making it. */
  isSeriesOf(texts: SeriesTexts, row: Row): boolean;
  measureNameOf(row: Row): string;
  dimensionsOf(row: Row): readonly (readonly [name: string, value: string | null])[];
  timeTextOf(row: Row): string;
  /** Null if the row holds no sample of ours, such as a record of another application with columns of its own. */
  valueOf(row: Row): RowValue | null;
}

/** @throws RowFormatError if there is no `time` or no `measure_name` */
export function createRowReader(columns: readonly ColumnInfo[]): RowReader {
  const find = (name: string, scalarType: string): number =>
    columns.findIndex((column) => column.Name === name && column.Type?.ScalarType === scalarType);
  const time = find(TIME_COLUMN, 'TIMESTAMP');
  const measureName = find(MEASURE_NAME_COLUMN, 'VARCHAR');
  if (time < 0 || measureName < 0) throw new RowFormatError('Timestream answered without the columns time and measure_name');
  const values = SAMPLE_COLUMNS.map((column) => ({ column, index: find(column.name, column.scalarType) })).filter(
    ({ index }) => index >= 0,
  );
  const dimensions = columns.flatMap(({ Name, Type }, index) => (isLabelColumn(Name, Type?.ScalarType) ? [{ name: Name, index }] : []));
  const keyColumns = [measureName, ...dimensions.map(({ index }) => index)];

  return {
    seriesKeyOf(row) {
      let key = '';
      for (const index of keyColumns) {
        const text = textAt(row, index);
        key += text === null ? '-' : `${text.length}:${text}`;
      }
      return key;
    },
    seriesTextsOf: (row) => keyColumns.map((index) => textAt(row, index)),
    isSeriesOf: (texts, row) => keyColumns.every((index, position) => textAt(row, index) === texts[position]),
    measureNameOf: (row) => textAt(row, measureName) ?? '',
    dimensionsOf: (row) => dimensions.map(({ name, index }) => [name, textAt(row, index)]),
    timeTextOf: (row) => textAt(row, time) ?? '',
    valueOf(row) {
      for (const { column, index } of values) {
        const text = textAt(row, index);
        if (text === null) continue;
        if (column.holds === 'histogram') return isPackable(text) ? { kind: 'histogram', text, isMultiMeasure: true } : null;
        return parseSampleValue(text, column);
      }
      return null;
    },
  };
}

function textAt(row: Row, index: number): string | null {
  const datum: Datum | undefined = row.Data?.[index];
  return datum?.ScalarValue ?? null;
}

/** No text of ours has the end of a packed point in it; one that has was written by hand, and is no histogram. */
function isPackable(text: string): boolean {
  return !text.includes(';');
}

/** @throws RowFormatError if the text is not of the column's type */
export function parseSampleValue(
  text: string,
  { scalarType, holds, isMultiMeasure }: SampleColumn,
): Exclude<RowValue, { kind: 'histogram' }> {
  if (scalarType === 'DOUBLE') return parseDouble(text, isMultiMeasure);
  const integer = parseBigint(text);
  if (holds === 'bits') return { kind: 'bits', valueBits: BigInt.asUintN(64, integer), isMultiMeasure };
  return { kind: 'float', value: Number(integer), isMultiMeasure };
}

function parseBigint(text: string): bigint {
  if (!/^[-+]?\d{1,19}$/.test(text)) refuse('BIGINT', text);
  return BigInt(text.startsWith('+') ? text.slice(1) : text);
}

/** Text as Java's Double.toString writes it: `1.0E7`, `4.9E-324`, `-0.0`, `NaN`, `-Infinity`. */
function parseDouble(text: string, isMultiMeasure: boolean): Exclude<RowValue, { kind: 'histogram' }> {
  const value = Number(text);
  if (text === 'NaN') return { kind: 'bits', valueBits: NORMAL_NAN_BITS, isMultiMeasure };
  // Number takes "" and " " for 0 and "0x10" for 16.
  if (Number.isNaN(value) || text.trim() !== text || text === '' || /^[-+]?0[xXoObB]/.test(text)) refuse('DOUBLE', text);
  return { kind: 'float', value, isMultiMeasure };
}

function refuse(type: string, text: string): never {
  throw new RowFormatError(`Timestream answered with a ${type} that cannot be read: ${JSON.stringify(text.slice(0, 40))}`);
}
