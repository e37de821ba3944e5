import { exp, exp2 } from './exponential.js';
import { acosh, asinh, atanh, cosh, sinh, tanh } from './hyperbolic.js';
import { log, log10, log1p, log2 } from './logarithm.js';
import { mod, pow } from './power.js';
import { acos, asin, atan, atan2, cos, sin, tan } from './trigonometry.js';

/** Every function whose result must be Go's to the last bit, by Go's name of it. Those of one argument ignore the second. */
export const GO_MATH: Readonly<Record<string, (first: number, second: number) => number>> = {
  exp,
  exp2,
  log,
  log2,
  log10,
  log1p,
  pow,
  mod,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  atan2,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
};
