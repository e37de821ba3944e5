import type { PackedLayout } from '../sql/compile-packed.js';
import type { QueryPage, Row } from '../model/record.js';
import { PackedAnswerError } from './packed-answer-error.js';
import { RowFormatError } from './row-format-error.js';
import { readPackedPoints, type PointSink } from './packed-points.js';

/** One row of a packed answer: points of one physical series, of one span of time. */
export interface PackedRow {
  readonly dimensions: readonly (readonly [name: string, value: string | null])[];
  readonly measureName: string;
  /** How many points the row says it has. */
  readonly pointCount: number;
  /**
   * @throws PackedAnswerError if these are not as many as it says
   * @throws RowFormatError
   */
  readPoints(sink: PointSink): void;
}

/** Columns behind the dimensions: name, span, points, rows with other labels, inexact doubles, the points themselves. */
const FURTHER_COLUMNS = 6;

/**
 * The rows of a page of an answer to `compilePackedSelect`.
 *
 * @throws PackedAnswerError if the answer shows by itself that it is not to be used
 * @throws RowFormatError if the page is not what was asked for
 */
export function* readPackedRows({ ColumnInfo, Rows }: QueryPage, layout: PackedLayout): Generator<PackedRow, void, undefined> {
  const { dimensionColumns } = layout;
  if (ColumnInfo.length !== dimensionColumns.length + FURTHER_COLUMNS) {
    throw new RowFormatError(
      `Timestream answered a packed query with ${ColumnInfo.length} columns, ${dimensionColumns.length + FURTHER_COLUMNS} were asked for`,
    );
  }
  for (const row of Rows) yield readRow(row, layout);
}

function readRow({ Data = [] }: Row, { dimensionColumns, fromMs, rowSpanMs, newestOnly }: PackedLayout): PackedRow {
  const textAt = (index: number): string | null => Data[index]?.ScalarValue ?? null;
  const first = dimensionColumns.length;
  const measureName = textAt(first);
  const points = textAt(first + 5);
  if (measureName === null || points === null)
    throw new RowFormatError('Timestream answered a packed query without a name or without points');
  const [span, count, others, inexact] = [1, 2, 3, 4].map((offset) => wholeNumber(textAt(first + offset))) as [
    number,
    number,
    number,
    number,
  ];
  if (others > 0) throw new PackedAnswerError('other-columns', `${others} rows have a label in a column that was not asked for`);
  if (inexact > 0) throw new PackedAnswerError('inexact', `the texts of ${inexact} doubles of ${count} do not give the same doubles`);
  const spanStartMs = fromMs + span * rowSpanMs;
  const pointCount = newestOnly ? Math.min(count, 1) : count;
  return {
    dimensions: dimensionColumns.map((name, index) => [name, textAt(index)] as const),
    measureName,
    pointCount,
    readPoints(sink) {
      // A text that was cut off in the middle of its last point would read as another value.
      if (pointCount > 0 && !points.endsWith(';')) throw new PackedAnswerError('incomplete', `a row of ${count} points is cut off`);
      const found = readPackedPoints(points, spanStartMs, sink);
      if (found !== pointCount) throw new PackedAnswerError('incomplete', `a row of ${pointCount} points holds ${found}`);
    },
  };
}

function wholeNumber(text: string | null): number {
  if (text === null || !/^\d{1,15}$/.test(text))
    throw new RowFormatError(`Timestream answered a packed query with ${JSON.stringify(text)} for a count`);
  return Number(text);
}
