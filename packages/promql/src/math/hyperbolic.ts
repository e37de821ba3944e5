import { exp } from './exponential.js';
import { log, log1p } from './logarithm.js';

export function sinh(x: number): number {
  const size = x < 0 ? -x : x;
  let result: number;
  if (size > 21) result = exp(size) * 0.5;
  else if (size > 0.5) {
    const power = exp(size);
    result = (power - 1 / power) * 0.5;
  } else {
    // Coefficients 2029 of Hart and Cheney.
    const z = size * size;
    const upper = ((-0.2630563213397497062819489e2 * z - 0.2894211355989563807284660366e4) * z - 0.8991272022039509355398013511e5) * z - 0.6307673640497716991184787251e6; // oxfmt-ignore
    const lower = ((z - 0.173678953558233699533450911e3) * z + 0.1521517378790019070696485176e5) * z - 0.6307673640497716991212077277e6;
    result = (upper * size) / lower;
  }
  return x < 0 ? -result : result;
}

export function cosh(x: number): number {
  const size = Math.abs(x);
  if (size > 21) return exp(size) * 0.5;
  const power = exp(size);
  return (power + 1 / power) * 0.5;
}

export function tanh(x: number): number {
  const size = Math.abs(x);
  if (size > 0.5 * 8.8029691931113054295988e1) return x < 0 ? -1 : 1;
  if (size >= 0.625) {
    const result = 1 - 2 / (exp(2 * size) + 1);
    return x < 0 ? -result : result;
  }
  if (x === 0) return x;
  const s = x * x;
  const upper = (-9.64399179425052238628e-1 * s - 9.92877231001918586564e1) * s - 1.61468768441708447952e3;
  const lower = ((s + 1.12811678491632931402e2) * s + 2.23548839060100448583e3) * s + 4.84406305325125486048e3;
  return x + (x * s * upper) / lower;
}

const LARGE = 2 ** 28;

export function asinh(x: number): number {
  if (!Number.isFinite(x)) return x;
  const size = x < 0 ? -x : x;
  let result: number;
  if (size > LARGE) result = log(size) + Math.LN2;
  else if (size > 2) result = log(2 * size + 1 / (Math.sqrt(size * size + 1) + size));
  else if (size < 1 / LARGE) result = size;
  else result = log1p(size + (size * size) / (1 + Math.sqrt(1 + size * size)));
  return x < 0 ? -result : result;
}

export function acosh(x: number): number {
  if (x < 1 || Number.isNaN(x)) return NaN;
  if (x === 1) return 0;
  if (x >= LARGE) return log(x) + Math.LN2;
  if (x > 2) return log(2 * x - 1 / (x + Math.sqrt(x * x - 1)));
  const t = x - 1;
  return log1p(t + Math.sqrt(2 * t + t * t));
}

export function atanh(x: number): number {
  if (x < -1 || x > 1 || Number.isNaN(x)) return NaN;
  if (x === 1) return Infinity;
  if (x === -1) return -Infinity;
  const size = x < 0 ? -x : x;
  let result: number;
  if (size < 1 / LARGE) result = size;
  else if (size < 0.5) {
    const twice = size + size;
    result = 0.5 * log1p(twice + (twice * size) / (1 - size));
  } else result = 0.5 * log1p((size + size) / (1 - size));
  return x < 0 ? -result : result;
}
