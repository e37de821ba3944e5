import type { PackedLayout } from '../sql/compile-packed.js';
import { PackedAnswerError } from './packed-answer-error.js';
import type { PackedRow } from './packed-reader.js';

/**
 * What bins say about the samples of a series holds if the series lies in the table once, and is all floats or all histograms: of two rows in one
 * millisecond only one is a sample, and the one that counts may have been left out. For the newest one of each bin that makes no difference.
 *
 * @param first row of the same label set
 * @throws PackedAnswerError
 */
export function assertWholeSamples(first: PackedRow, row: PackedRow, { bins }: PackedLayout): void {
  if (bins === null || bins.need === 'newest') return;
  if (first.isHistogram !== row.isHistogram || !isSameSeries(first, row)) {
    throw new PackedAnswerError('unsure-bins', 'a label set has several series in the table, or floats and histograms');
  }
}

/** Whether both are of one physical series. */
export function isSameSeries(left: PackedRow, right: PackedRow): boolean {
  return (
    left.measureName === right.measureName && left.dimensions.every(([, value], position) => value === right.dimensions[position]?.[1])
  );
}
