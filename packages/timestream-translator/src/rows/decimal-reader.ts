import { errorOfProduct } from './error-of-product.js';

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const CAPITAL_E = 0x45;

/** So many digits are always a whole number that a double holds exactly. */
const EXACT_DIGITS = 15;

/** Digits behind those: no shortest text of a double has more than 17 (Java 19, `Double.toString`), and 19 are still exact below. */
const FURTHER_DIGITS = 4;

/** Every power of ten that a double holds exactly. */
const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/** Eight times what the quotient or product of {@link DecimalReader} can be wrong by, as a share of it. */
const DOUBT = 2 ** -100;

/** Reads decimals of packed points: several times as fast as `Number` of a piece of the text, and without the piece. */
export class DecimalReader {
  /** Where the character stands that ended the last number. */
  end = 0;

  /**
   * The double nearest to a decimal of at most 19 digits that ends before the given character; NaN for anything else, and then nothing is said about it.
   *
   * Up to 15 digits are a whole number that a double holds exactly, and so is the power of ten up to 22: one division or multiplication of the two
   * rounds once, as IEEE-754 demands of reading a decimal (Clinger, "How to Read Floating Point Numbers Accurately", 1990). With more digits the whole
   * number is the exact sum of two doubles, and so is, but for a trifle, the result: where the trifle could change how it is rounded, the answer is NaN.
   */
  read(text: string, start: number, endsWith: number): number {
    let at = start;
    let code = text.charCodeAt(at);
    const isNegative = code === MINUS;
    if (isNegative) code = text.charCodeAt(++at);
    const firstAt = at;
    let pointAt = -1;
    let digits = 0;
    let digitCount = 0;
    let further = 0;
    let furtherCount = 0;
    for (; ; code = text.charCodeAt(++at)) {
      if (code >= ZERO && code <= NINE) {
        if (digitCount < EXACT_DIGITS) {
          digits = digits * 10 + (code - ZERO);
          // Zeros in front are no digits of the number.
          if (digits > 0) digitCount++;
        } else {
          further = further * 10 + (code - ZERO);
          furtherCount++;
        }
      } else if (code === POINT && pointAt < 0) pointAt = at;
      else break;
    }
    if (at - firstAt === (pointAt < 0 ? 0 : 1) || furtherCount > FURTHER_DIGITS) return NaN;
    let exponent = pointAt < 0 ? 0 : pointAt + 1 - at;
    if (code === CAPITAL_E) {
      at++;
      const isBelow = text.charCodeAt(at) === MINUS;
      if (isBelow) at++;
      const first = at;
      let written = 0;
      for (code = text.charCodeAt(at); code >= ZERO && code <= NINE; code = text.charCodeAt(++at)) written = written * 10 + (code - ZERO);
      if (at === first || at - first > 3) return NaN;
      exponent += isBelow ? -written : written;
    }
    if (code !== endsWith) return NaN;
    const power = POWERS_OF_TEN[exponent < 0 ? -exponent : exponent];
    if (power === undefined) return NaN;
    this.end = at;
    const value =
      furtherCount > 0 ? ofManyDigits(digits, further, furtherCount, exponent, power) : exponent < 0 ? digits / power : digits * power;
    return isNegative ? -value : value;
  }
}

/** `(digits * 10^furtherCount + further) * 10^exponent`, rounded once; NaN where that cannot be told. `power` is `10^|exponent|`. */
function ofManyDigits(digits: number, further: number, furtherCount: number, exponent: number, power: number): number {
  const scale = POWERS_OF_TEN[furtherCount] ?? 1;
  const scaled = digits * scale;
  // `whole + wholeRest` is exactly the number that the digits write: it has at most 64 bits.
  const whole = scaled + further;
  const wholeRest = errorOfProduct(digits, scale, scaled) + (further - (whole - scaled));
  let nearest: number;
  let rest: number;
  if (exponent < 0) {
    nearest = whole / power;
    const product = nearest * power;
    // What a division leaves is a double: only the last two steps round.
    rest = (whole - product - errorOfProduct(nearest, power, product) + wholeRest) / power;
  } else {
    nearest = whole * power;
    rest = errorOfProduct(whole, power, nearest) + wholeRest * power;
  }
  const doubt = nearest * DOUBT;
  const value = nearest + (rest - doubt);
  return value === nearest + (rest + doubt) ? value : NaN;
}
