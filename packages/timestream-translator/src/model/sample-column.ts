import {
  MEASURE_VALUE_BIGINT_COLUMN,
  MEASURE_VALUE_DOUBLE_COLUMN,
  SAMPLE_BITS_COLUMN,
  SAMPLE_HISTOGRAM_COLUMN,
  SAMPLE_VALUE_COLUMN,
  VALUE_COLUMN,
} from './layout.js';

/** A column that a sample value is read from. */
export interface SampleColumn {
  readonly name: string;
  /** Of another type it is none of ours. */
  readonly scalarType: 'DOUBLE' | 'BIGINT' | 'VARCHAR';
  /** `number`: the value itself. `bits`: the 64 bits of the double, as a signed integer. `histogram`: `encodeHistogramText`, or a part of it. */
  readonly holds: 'number' | 'bits' | 'histogram';
  /** Of two samples at the same nanosecond, the one of a multi-measure record counts. */
  readonly isMultiMeasure: boolean;
  /** Stands before the value in a packed point and says which column it is of. No character of a number, and none that JSON escapes. */
  readonly mark: string;
}

/** All of them. In a row that has several, the first counts. */
export const SAMPLE_COLUMNS: readonly SampleColumn[] = [
  { name: SAMPLE_BITS_COLUMN, scalarType: 'BIGINT', holds: 'bits', isMultiMeasure: true, mark: '!' },
  { name: SAMPLE_VALUE_COLUMN, scalarType: 'DOUBLE', holds: 'number', isMultiMeasure: true, mark: ':' },
  // Behind `sample_value`: whoever wrote both columns by hand meant that one, as it was the only one of the two that counted.
  { name: VALUE_COLUMN, scalarType: 'DOUBLE', holds: 'number', isMultiMeasure: true, mark: '$' },
  { name: MEASURE_VALUE_DOUBLE_COLUMN, scalarType: 'DOUBLE', holds: 'number', isMultiMeasure: false, mark: '=' },
  { name: MEASURE_VALUE_BIGINT_COLUMN, scalarType: 'BIGINT', holds: 'number', isMultiMeasure: false, mark: '#' },
  { name: SAMPLE_HISTOGRAM_COLUMN, scalarType: 'VARCHAR', holds: 'histogram', isMultiMeasure: true, mark: '~' },
];
