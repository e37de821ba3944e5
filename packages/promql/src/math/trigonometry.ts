import { copySign, fromWords, highWord, isNegative, lowWord } from './float-bits.js';

// Cephes' sin.c, tan.c and atan.c (S. L. Moshier), as Go has them.
const SIN = [1.5896230157654656806e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6, -1.98412698295895385996e-4, 8.33333333332211858878e-3, -1.66666666666666307295e-1]; // oxfmt-ignore
const COS = [-1.135853652138768173e-11, 2.08757008419747316778e-9, -2.75573141792967388112e-7, 2.48015872888517045348e-5, -1.38888888888730564116e-3, 4.16666666666665929218e-2]; // oxfmt-ignore
const TAN_P = [-1.30936939181383777646e4, 1.1535166483858741614e6, -1.79565251976484877988e7] as const; // oxfmt-ignore
const TAN_Q = [1.36812963470692954678e4, -1.32089234440210967447e6, 2.50083801823357915839e7, -5.38695755929454629881e7] as const; // oxfmt-ignore

/** A quarter of pi in three parts. */
const PI4_A = 7.85398125648498535156e-1;
const PI4_B = 3.77489470793079817668e-8;
const PI4_C = 2.69515142907905952645e-15;

/** From here on the multiples of pi are taken away in whole bits. */
const REDUCE_THRESHOLD = 2 ** 29;

interface Reduced {
  /** Which eighth of a turn. */
  readonly octant: number;
  readonly rest: number;
}

function reduce(x: number): Reduced {
  if (x >= REDUCE_THRESHOLD) return reduceLarge(x);
  let octant = Math.floor(x * (4 / Math.PI));
  if (octant % 2 === 1) octant++;
  return { octant: octant % 8, rest: x - octant * PI4_A - octant * PI4_B - octant * PI4_C };
}

function series(coefficients: readonly number[], z: number): number {
  let sum = coefficients[0]!;
  for (let index = 1; index < coefficients.length; index++) sum = sum * z + coefficients[index]!;
  return sum;
}

function sinSeries(rest: number, square: number): number {
  return rest + rest * square * series(SIN, square);
}

function cosSeries(square: number): number {
  return 1 - 0.5 * square + square * square * series(COS, square);
}

export function sin(x: number): number {
  if (x === 0 || Number.isNaN(x)) return x;
  if (!Number.isFinite(x)) return NaN;
  const { octant, rest } = reduce(Math.abs(x));
  const quarter = octant % 4;
  const square = rest * rest;
  const y = quarter === 1 || quarter === 2 ? cosSeries(square) : sinSeries(rest, square);
  return x < 0 !== octant > 3 ? -y : y;
}

export function cos(x: number): number {
  if (!Number.isFinite(x)) return NaN;
  const { octant, rest } = reduce(Math.abs(x));
  const quarter = octant % 4;
  const square = rest * rest;
  const y = quarter === 1 || quarter === 2 ? sinSeries(rest, square) : cosSeries(square);
  return octant > 3 !== quarter > 1 ? -y : y;
}

export function tan(x: number): number {
  if (x === 0 || Number.isNaN(x)) return x;
  if (!Number.isFinite(x)) return NaN;
  const { octant, rest } = reduce(Math.abs(x));
  const z = rest * rest;
  let y = rest;
  if (z > 1e-14) {
    const upper = (TAN_P[0] * z + TAN_P[1]) * z + TAN_P[2];
    const lower = (((z + TAN_Q[0]) * z + TAN_Q[1]) * z + TAN_Q[2]) * z + TAN_Q[3];
    y = rest + rest * ((z * upper) / lower);
  }
  if ((octant & 2) === 2) y = -1 / y;
  return x < 0 ? -y : y;
}

/** The bits of 4/pi after its integer, 64 in each. */
const FOUR_OVER_PI = [
  0x0000000000000001n,
  0x45f306dc9c882a53n,
  0xf84eafa3ea69bb81n,
  0xb6c52b3278872083n,
  0xfca2c757bd778ac3n,
  0x6e48dc74849ba5c0n,
  0x0c925dd413a32439n,
  0xfc3bd63962534e7dn,
  0xd1046bea5d768909n,
  0xd338e04d68befc82n,
  0x7323ac7306a673e9n,
  0x3908bf177bf25076n,
  0x3ff12fffbc0b301fn,
  0xde5e2316b414da3en,
  0xda6cfd9e4f96136en,
  0x9e8c7ecd3cbfd45an,
  0xea4f758fd7cbe2f6n,
  0x7a0e73ef14a525d4n,
  0xd7f6bf623f1aba10n,
  0xac06608df8f6d757n,
].reduce((bits, digit) => (bits << 64n) | digit, 0n);
const FOUR_OVER_PI_BITS = 20n * 64n;
const MASK_64 = 2n ** 64n - 1n;

/** Reduction after Payne and Hanek: of the product with 4/pi only the 128 bits around the point are kept. */
function reduceLarge(x: number): Reduced {
  const high = highWord(x);
  const exponent = ((high >>> 20) & 0x7ff) - 1023 - 52;
  const mantissa = (BigInt((high & 0xfffff) | 0x100000) << 32n) | BigInt(lowWord(x));
  const offset = BigInt(exponent + 61);
  const digit = (index: bigint): bigint => (FOUR_OVER_PI >> (FOUR_OVER_PI_BITS - offset - 64n * (index + 1n))) & MASK_64;
  const lowest = (digit(2n) * mantissa) >> 64n;
  const middle = digit(1n) * mantissa;
  const product = ((((digit(0n) * mantissa) & MASK_64) << 64n) + middle + lowest) & (2n ** 128n - 1n);
  const octant = Number(product >> 125n);
  const fractionHigh = (product >> 61n) & MASK_64;
  const fractionLow = product & MASK_64;
  const leading = 64 - fractionHigh.toString(2).length;
  const shift = BigInt(leading + 1);
  const shifted = ((fractionHigh << shift) & MASK_64) | (fractionLow >> (64n - shift));
  const bits = shifted >> 12n;
  let z = fromWords(Number(bits >> 32n) | ((1023 - leading - 1) << 20), Number(bits & 0xffffffffn));
  let even = octant;
  if (octant % 2 === 1) {
    even = (octant + 1) % 8;
    z--;
  }
  return { octant: even, rest: z * (Math.PI / 4) };
}

function arcTangentSeries(x: number): number {
  const z = x * x;
  const upper = (((-8.750608600031904122785e-1 * z - 1.615753718733365076637e1) * z - 7.500855792314704667340e1) * z - 1.228866684490136173410e2) * z - 6.485021904942025371773e1; // oxfmt-ignore
  const lower = ((((z + 2.485846490142306297962e1) * z + 1.650270098316988542046e2) * z + 4.328810604912902668951e2) * z + 4.853903996359136964868e2) * z + 1.945506571482613964425e2; // oxfmt-ignore
  return x * ((z * upper) / lower) + x;
}

const MORE_BITS = 6.12323399573676588613e-17;

function arcTangentOfPositive(x: number): number {
  if (x <= 0.66) return arcTangentSeries(x);
  if (x > 2.4142135623730950488) return Math.PI / 2 - arcTangentSeries(1 / x) + MORE_BITS;
  return Math.PI / 4 + arcTangentSeries((x - 1) / (x + 1)) + 0.5 * MORE_BITS;
}

export function atan(x: number): number {
  if (x === 0) return x;
  return x > 0 ? arcTangentOfPositive(x) : -arcTangentOfPositive(-x);
}

export function asin(x: number): number {
  if (x === 0) return x;
  const size = x < 0 ? -x : x;
  if (size > 1) return NaN;
  const root = Math.sqrt(1 - size * size);
  const angle = size > 0.7 ? Math.PI / 2 - arcTangentOfPositive(root / size) : arcTangentOfPositive(size / root);
  return x < 0 ? -angle : angle;
}

export function acos(x: number): number {
  return Math.PI / 2 - asin(x);
}

export function atan2(y: number, x: number): number {
  if (Number.isNaN(y) || Number.isNaN(x)) return NaN;
  if (y === 0) return copySign(isNegative(x) ? Math.PI : 0, y);
  if (x === 0) return copySign(Math.PI / 2, y);
  if (!Number.isFinite(x)) {
    const isBoth = !Number.isFinite(y);
    if (x > 0) return copySign(isBoth ? Math.PI / 4 : 0, y);
    return copySign(isBoth ? (3 * Math.PI) / 4 : Math.PI, y);
  }
  if (!Number.isFinite(y)) return copySign(Math.PI / 2, y);
  const angle = atan(y / x);
  if (x >= 0) return angle;
  return angle <= 0 ? angle + Math.PI : angle - Math.PI;
}
