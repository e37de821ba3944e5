/** Splits a double into two halves of 26 bits, of which products are exact (Dekker, "A Floating-Point Technique for Extending the Available Precision", 1971). */
const SPLITTER = 2 ** 27 + 1;

/**
 * What a multiplication of doubles rounded away: `left * right - product` exactly, where `product` is the rounded one and no part of it overflows or
 * underflows.
 */
export function errorOfProduct(left: number, right: number, product: number): number {
  const leftSplit = SPLITTER * left;
  const leftHigh = leftSplit - (leftSplit - left);
  const leftLow = left - leftHigh;
  const rightSplit = SPLITTER * right;
  const rightHigh = rightSplit - (rightSplit - right);
  const rightLow = right - rightHigh;
  return leftHigh * rightHigh - product + leftHigh * rightLow + leftLow * rightHigh + leftLow * rightLow;
}
