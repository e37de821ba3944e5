import { fromWords, highWord, lowWord, splitExponent } from './float-bits.js';

const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
const L1 = 6.66666666666673513e-1;
const L2 = 3.999999999940941908e-1;
const L3 = 2.857142874366239149e-1;
const L4 = 2.222219843214978396e-1;
const L5 = 1.818357216161805012e-1;
const L6 = 1.531383769920937332e-1;
const L7 = 1.479819860511658591e-1;
const HALF_SQRT2 = 7.07106781186547524401e-1;
// Rounded once from the exact quotient, as Go's constants are.
const ONE_OVER_LN10 = 0.43429448190325182765;
const ONE_OVER_LN2 = 1.4426950408889634074;

/** Natural logarithm as Go computes it on x86-64 (`math/log_amd64.s`, after FDLIBM's e_log.c), which takes a subnormal number for a normal one. */
export function log(x: number): number {
  if (x === 0) return -Infinity;
  if (x < 0) return NaN;
  if (!(x < Infinity)) return x;
  const high = highWord(x);
  let fraction = fromWords((high & 0xfffff) | 0x3fe00000, lowWord(x));
  let k = ((high >>> 20) & 0x7ff) - 1022;
  if (fraction <= HALF_SQRT2) {
    k--;
    fraction *= 2;
  }
  const f = fraction - 1;
  const s = f / (2 + f);
  const s2 = s * s;
  const s4 = s2 * s2;
  const t1 = s2 * (L1 + s4 * (L3 + s4 * (L5 + s4 * L7)));
  const t2 = s4 * (L2 + s4 * (L4 + s4 * L6));
  const r = t1 + t2;
  const hfsq = 0.5 * f * f;
  return k * LN2_HIGH - (hfsq - (s * (hfsq + r) + k * LN2_LOW) - f);
}

export function log10(x: number): number {
  return log(x) * ONE_OVER_LN10;
}

export function log2(x: number): number {
  const { fraction, exponent } = splitExponent(x);
  // Exact for powers of two.
  if (fraction === 0.5) return exponent - 1;
  return log(fraction) * ONE_OVER_LN2 + exponent;
}

const SQRT2_MINUS_1 = 4.142135623730950488017e-1;
const HALF_SQRT2_MINUS_1 = -2.928932188134524755992e-1;

/** Logarithm of 1 + x (FDLIBM's s_log1p.c, as `math/log1p.go`). */
export function log1p(x: number): number {
  if (x < -1 || Number.isNaN(x)) return NaN;
  if (x === -1) return -Infinity;
  if (x === Infinity) return x;
  const size = Math.abs(x);
  if (size < 2 ** -29) return size < 2 ** -54 ? x : x - x * x * 0.5;
  let k = 1;
  let f = 0;
  let c = 0;
  let mantissaIsZero = false;
  if (size < SQRT2_MINUS_1 && x > HALF_SQRT2_MINUS_1) {
    k = 0;
    f = x;
  }
  if (k !== 0) {
    let u = size < 2 ** 53 ? 1 + x : x;
    k = ((highWord(u) >>> 20) & 0x7ff) - 1023;
    if (size < 2 ** 53) c = (k > 0 ? 1 - (u - x) : x - (u - 1)) / u;
    const high = highWord(u) & 0xfffff;
    const low = lowWord(u);
    // The mantissa of the square root of 2.
    if (high < 0x6a09e || (high === 0x6a09e && low < 0x667f3bcd)) {
      u = fromWords(high | 0x3ff00000, low);
      mantissaIsZero = high === 0 && low === 0;
    } else {
      k++;
      u = fromWords(high | 0x3fe00000, low);
      // A quarter of what is missing to the next power of two, in whole bits.
      mantissaIsZero = high === 0xfffff && 0x100000000 - low < 4;
    }
    f = u - 1;
  }
  const hfsq = 0.5 * f * f;
  if (mantissaIsZero) {
    if (f === 0) return k === 0 ? 0 : k * LN2_HIGH + (c + k * LN2_LOW);
    const r = hfsq * (1 - 0.66666666666666666 * f);
    return k === 0 ? f - r : k * LN2_HIGH - (r - (k * LN2_LOW + c) - f);
  }
  const s = f / (2 + f);
  const z = s * s;
  const r = z * (L1 + z * (L2 + z * (L3 + z * (L4 + z * (L5 + z * (L6 + z * L7))))));
  if (k === 0) return f - (hfsq - s * (hfsq + r));
  return k * LN2_HIGH - (hfsq - (s * (hfsq + r) + (k * LN2_LOW + c)) - f);
}
