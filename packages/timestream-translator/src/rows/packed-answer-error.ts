/**
 * - `other-columns`: a row of the table has a label that the answer does not show. Asked again with all columns, it does.
 * - `inexact`: the text of a double does not give the same double.
 * - `incomplete`: a row holds more or fewer points than it says, or is cut off.
 * - `order`: series came in another order than that of their labels.
 * - `waiting`: too many samples are of series for which the query cannot tell a place in the order.
 * - `not-newest`: only the newest point was asked for, and it is a part of a histogram. Asked for with all points, it does.
 * - `unsure-bins`: only some points of each bin were asked for, and another row of the series may take the place of one of them.
 */
export type PackedAnswerFault = 'other-columns' | 'inexact' | 'incomplete' | 'order' | 'waiting' | 'not-newest' | 'unsure-bins';

/** A packed answer is not to be used; the same question without packing has an answer that is. */
export class PackedAnswerError extends Error {
  override readonly name = 'PackedAnswerError';
  readonly fault: PackedAnswerFault;

  constructor(fault: PackedAnswerFault, message: string) {
    super(message);
    this.fault = fault;
  }
}
