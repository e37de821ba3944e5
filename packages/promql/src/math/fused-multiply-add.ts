import { errorOfProduct } from '@timestream-prometheus/timestream-translator';
import { fromWords, highWord, lowWord } from './float-bits.js';

/**
 * `x * y + z` with one rounding, where no part of it overflows or underflows. The exact product and sum are kept as pairs of numbers
 * and the rest is rounded to odd before the last addition (S. Boldo, G. Melquiond, "Emulation of FMA and correctly rounded sums").
 */
export function fusedMultiplyAdd(x: number, y: number, z: number): number {
  const product = x * y;
  const productRest = errorOfProduct(x, y, product);
  const smallSum = z + productRest;
  const smallRest = restOfSum(z, productRest, smallSum);
  const sum = product + smallSum;
  const sumRest = restOfSum(product, smallSum, sum);
  return sum + addToOdd(smallRest, sumRest);
}

/** What the addition `a + b = sum` rounded away (D. Knuth's two-sum). */
function restOfSum(a: number, b: number, sum: number): number {
  const virtual = sum - a;
  return a - (sum - virtual) + (b - virtual);
}

/** `a + b`, and if that is not exact the one of its two neighbours whose last bit is set. */
function addToOdd(a: number, b: number): number {
  const sum = a + b;
  const rest = restOfSum(a, b, sum);
  if (rest === 0) return sum;
  const low = lowWord(sum);
  if ((low & 1) === 1) return sum;
  const high = highWord(sum);
  // The even one is the nearest, so the odd neighbour lies on the side of what was rounded away.
  if (rest > 0 === sum > 0) return fromWords(high, low + 1);
  return low === 0 ? fromWords(high - 1, 0xffffffff) : fromWords(high, low - 1);
}
