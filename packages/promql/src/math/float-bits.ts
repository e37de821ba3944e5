const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

// Typed arrays hold their words in the order of the machine; the sign and exponent are in the second word of a little-endian one.
words[0] = 1;
const LOW = float[0] === Number.MIN_VALUE ? 0 : 1;
const HIGH = 1 - LOW;

/** The upper 32 bits of a number: sign, exponent and 20 bits of mantissa. */
export function highWord(value: number): number {
  float[0] = value;
  return words[HIGH]!;
}

export function lowWord(value: number): number {
  float[0] = value;
  return words[LOW]!;
}

export function fromWords(high: number, low: number): number {
  words[HIGH] = high;
  words[LOW] = low;
  return float[0]!;
}

/** 2 to the power of `exponent`, for exponents of normal numbers. */
export function powerOfTwo(exponent: number): number {
  return fromWords((exponent + 1023) << 20, 0);
}

export function isNegative(value: number): boolean {
  return value < 0 || Object.is(value, -0);
}

export function copySign(value: number, sign: number): number {
  return isNegative(value) === isNegative(sign) ? value : -value;
}

export interface Fraction {
  /** 0.5 up to 1, or the number itself if it is 0, infinite or NaN. */
  readonly fraction: number;
  readonly exponent: number;
}

const TWO_54 = 2 ** 54;

/** `value = fraction * 2^exponent`. */
export function splitExponent(value: number): Fraction {
  if (value === 0 || !Number.isFinite(value)) return { fraction: value, exponent: 0 };
  let normal = value;
  let exponent = 0;
  if (Math.abs(value) < 2 ** -1022) {
    normal = value * TWO_54;
    exponent = -54;
  }
  const high = highWord(normal);
  const low = lowWord(normal);
  exponent += ((high >>> 20) & 0x7ff) - 1022;
  return { fraction: fromWords((high & 0x800fffff) | 0x3fe00000, low), exponent };
}

/** `fraction * 2^exponent`, rounded once. */
export function scaleByPower(fraction: number, exponent: number): number {
  if (fraction === 0 || !Number.isFinite(fraction)) return fraction;
  const split = splitExponent(fraction);
  const total = split.exponent + exponent - 1;
  if (total < -1075) return copySign(0, fraction);
  if (total > 1023) return fraction < 0 ? -Infinity : Infinity;
  const mantissa = split.fraction * 2;
  if (total >= -1022) return mantissa * powerOfTwo(total);
  // The one rounding, to a subnormal, is the last multiplication.
  return mantissa * powerOfTwo(total + 53) * 2 ** -53;
}
