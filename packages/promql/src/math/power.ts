import { exp } from './exponential.js';
import { isNegative, scaleByPower, splitExponent } from './float-bits.js';
import { log } from './logarithm.js';

/**
 * x to the power of y as Go computes it (`math/pow.go`): the fraction of y through the logarithm, its integer part by squaring, powers
 * of two counted apart. Every case that is special there is special here.
 */
export function pow(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  if (y === 1) return x;
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  if (x === 0) {
    const odd = isNegative(x) && isOddInteger(y);
    if (y < 0) return odd ? -Infinity : Infinity;
    return odd ? x : 0;
  }
  if (!Number.isFinite(y)) {
    if (x === -1) return 1;
    return Math.abs(x) < 1 === y > 0 ? 0 : Infinity;
  }
  if (x === -Infinity) return pow(-0, -y);
  if (x === Infinity) return y < 0 ? 0 : Infinity;
  if (y === 0.5) return Math.sqrt(x);
  if (y === -0.5) return 1 / Math.sqrt(x);
  const size = Math.abs(y);
  let whole = Math.trunc(size);
  let part = size - whole;
  if (part !== 0 && x < 0) return NaN;
  if (whole >= 2 ** 63) {
    if (x === -1) return 1;
    return Math.abs(x) < 1 === y > 0 ? 0 : Infinity;
  }
  let result = 1;
  let exponent = 0;
  if (part !== 0) {
    if (part > 0.5) {
      part--;
      whole++;
    }
    result = exp(part * log(x));
  }
  let { fraction: base, exponent: baseExponent } = splitExponent(x);
  for (let rest = whole; rest !== 0; rest = Math.floor(rest / 2)) {
    // Too far from 1 already: the rest can only add to it.
    if (baseExponent < -4096 || baseExponent > 4096) {
      exponent += baseExponent;
      break;
    }
    if (rest % 2 === 1) {
      result *= base;
      exponent += baseExponent;
    }
    base *= base;
    baseExponent *= 2;
    if (base < 0.5) {
      base += base;
      baseExponent--;
    }
  }
  return y < 0 ? scaleByPower(1 / result, -exponent) : scaleByPower(result, exponent);
}

function isOddInteger(value: number): boolean {
  return Math.abs(value) < 2 ** 53 && Math.abs(value % 2) === 1;
}

/** Remainder with the sign of x. V8's `%` is exact, as Go's `math.Mod` is; the two differ in nothing but the zero of x. */
export function mod(x: number, y: number): number {
  return x % y;
}
