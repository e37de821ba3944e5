import { powerOfTwo, scaleByPower } from './float-bits.js';
import { fusedMultiplyAdd as fma } from './fused-multiply-add.js';

const LN2_UPPER = 0.69314718055966295651160180568695068359375;
const LN2_LOWER = 0.28235290563031577122588448175013436025525412068e-12;
const LOG2_E = 1.442695040888963407359924681001892;
const OVERFLOW = 7.09782712893384e2;

/** 1/8! down to 1/2!, the terms of the series. */
const TERMS = [2.480158730158730158e-5, 1.984126984126984127e-4, 1.3888888888888888889e-3, 8.3333333333333333333e-3, 4.1666666666666666667e-2, 1.6666666666666666667e-1, 0.5, 1]; // oxfmt-ignore

/** Adding and subtracting it rounds a smaller number to the nearest integer, ties to even. */
const ROUNDER = 1.5 * 2 ** 52;

/**
 * e to the power of x, as Go computes it on an x86-64 processor with fused multiply-add (`math/exp_amd64.s`): the argument is reduced by
 * multiples of ln 2, divided by 16, expanded in a series, and squared back four times.
 */
export function exp(x: number): number {
  if (Number.isNaN(x) || x === Infinity) return x;
  if (x === -Infinity) return 0;
  if (x > OVERFLOW) return Infinity;
  if (x < -1000) return 0;
  const power = LOG2_E * x + ROUNDER - ROUNDER;
  let rest = fma(-LN2_UPPER, power, x);
  rest = fma(-LN2_LOWER, power, rest) * 0.0625;
  let series = TERMS[0]!;
  for (let index = 1; index < TERMS.length; index++) series = fma(series, rest, TERMS[index]!);
  let result = rest * series;
  for (let round = 0; round < 3; round++) result = result * (result + 2);
  result = fma(result + 2, result, 1);
  const biased = power + 1023;
  if (biased > 0) return biased >= 2047 ? Infinity : result * powerOfTwo(power);
  if (biased < -52) return 0;
  return result * powerOfTwo(biased - 1) * powerOfTwo(-1022);
}

const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;

/** 2 to the power of x (FDLIBM's e_exp.c after its reduction, as `math/exp.go`). */
export function exp2(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 1023.9999999999999) return Infinity;
  if (x < -1074) return 0;
  const power = Math.trunc(x > 0 ? x + 0.5 : x - 0.5);
  const t = x - power;
  return expAfterReduction(t * LN2_HIGH, -t * LN2_LOW, power);
}

function expAfterReduction(high: number, low: number, power: number): number {
  const r = high - low;
  const t = r * r;
  const c =
    r -
    t *
      (1.66666666666666657415e-1 +
        t *
          (-2.77777777770155933842e-3 + t * (6.61375632143793436117e-5 + t * (-1.6533902205465251539e-6 + t * 4.13813679705723846039e-8))));
  return scaleByPower(1 - (low - (r * c) / (2 - c) - high), power);
}
