import type { PackedLayout } from '../sql/compile-packed.js';
import type { QueryPage, Row } from '../model/record.js';
import { PackedAnswerError } from './packed-answer-error.js';
import { RowFormatError } from './row-format-error.js';
import { readHistogramText } from './histogram-points.js';
import { readPackedPoints, type PointSink } from './packed-points.js';

/** One row of a packed answer: points of one physical series, of one span of time. */
export interface PackedRow {
  readonly dimensions: readonly (readonly [name: string, value: string | null])[];
  readonly measureName: string;
  /** How many points the row says it has. */
  readonly pointCount: number;
  /** How many rows of the table it was made of. */
  readonly seenCount: number;
  readonly isHistogram: boolean;
  /**
   * @throws PackedAnswerError if these are not as many as it says
   * @throws RowFormatError
   */
  readPoints(sink: PointSink): void;
}

/** Columns behind the dimensions: name, span, points, rows with other labels, inexact doubles, the points themselves. */
const FURTHER_COLUMNS = 6;

/** Behind them, if only some points of each bin were asked for: rows of the table, and how many of them speak against it. */
const BIN_COLUMNS = 2;

/**
 * The rows of a page of an answer to `compilePackedSelect`.
 *
 * @throws PackedAnswerError if the answer shows by itself that it is not to be used
 * @throws RowFormatError if the page is not what was asked for
 */
export function* readPackedRows({ ColumnInfo, Rows }: QueryPage, layout: PackedLayout): Generator<PackedRow, void, undefined> {
  const { dimensionColumns, bins } = layout;
  const columnCount = dimensionColumns.length + FURTHER_COLUMNS + (bins === null ? 0 : BIN_COLUMNS);
  if (ColumnInfo.length !== columnCount) {
    throw new RowFormatError(`Timestream answered a packed query with ${ColumnInfo.length} columns, ${columnCount} were asked for`);
  }
  for (const row of Rows) yield readRow(row, layout);
}

function readRow({ Data = [] }: Row, layout: PackedLayout): PackedRow {
  const { dimensionColumns, fromMs, rowSpanMs, histogramRowSpanMs, newestOnly, bins } = layout;
  const textAt = (index: number): string | null => Data[index]?.ScalarValue ?? null;
  const first = dimensionColumns.length;
  const measureName = textAt(first);
  const points = textAt(first + 5);
  if (measureName === null || points === null)
    throw new RowFormatError('Timestream answered a packed query without a name or without points');
  const span = rowNumber(textAt(first + 1));
  const [count, others, inexact] = [2, 3, 4].map((offset) => wholeNumber(textAt(first + offset))) as [number, number, number];
  if (others > 0) throw new PackedAnswerError('other-columns', `${others} rows have a label in a column that was not asked for`);
  if (inexact > 0) throw new PackedAnswerError('inexact', `the texts of ${inexact} doubles of ${count} do not give the same doubles`);
  const [seen, unsure] = bins === null ? [count, 0] : [wholeNumber(textAt(first + 6)), wholeNumber(textAt(first + 7))];
  if (unsure > 0)
    throw new PackedAnswerError('unsure-bins', 'rows of a series may share a millisecond, and then bins say nothing of its samples');
  const spanStartMs = fromMs + (span < 0 ? (-1 - span) * histogramRowSpanMs : span * rowSpanMs);
  const pointCount = newestOnly ? Math.min(count, 1) : count;
  return {
    dimensions: dimensionColumns.map((name, index) => [name, textAt(index)] as const),
    measureName,
    pointCount,
    seenCount: seen,
    isHistogram: span < 0,
    readPoints(sink) {
      // A text that was cut off in the middle of its last point would read as another value.
      if (pointCount > 0 && !points.endsWith(';')) throw new PackedAnswerError('incomplete', `a row of ${count} points is cut off`);
      const found = readPackedPoints(points, spanStartMs, newestOnly ? wholeHistogramsOnly(sink) : sink);
      if (found !== pointCount) throw new PackedAnswerError('incomplete', `a row of ${pointCount} points holds ${found}`);
    },
  };
}

/** What is newest may be the last part of a histogram, or a text that is none: then what is wanted stands before it. */
function wholeHistogramsOnly(sink: PointSink): PointSink {
  return {
    addFloat: (timeMs, rank, value) => sink.addFloat(timeMs, rank, value),
    addSteps: (firstMs, stepMs, rank, values) => sink.addSteps(firstMs, stepMs, rank, values),
    addBits: (timeMs, rank, valueBits) => sink.addBits(timeMs, rank, valueBits),
    addHistogram: (timeMs, rank, text) => {
      if (readHistogramText(text, timeMs) === null) throw new PackedAnswerError('not-newest', 'the newest row is no whole histogram');
      sink.addHistogram(timeMs, rank, text);
    },
  };
}

/** Rows of histograms have negative numbers: see `compilePackedSelect`. */
function rowNumber(text: string | null): number {
  return text?.startsWith('-') === true ? -wholeNumber(text.slice(1)) : wholeNumber(text);
}

function wholeNumber(text: string | null): number {
  if (text === null || !/^\d{1,15}$/.test(text))
    throw new RowFormatError(`Timestream answered a packed query with ${JSON.stringify(text)} for a count`);
  return Number(text);
}
