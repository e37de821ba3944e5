import { SAMPLE_COLUMNS, type SampleColumn } from '../model/sample-column.js';
import { RowFormatError } from './row-format-error.js';
import { parseSampleValue, sampleRank } from './row-reader.js';

/** Takes points one by one; see `SampleColumns` for the rank. */
export interface PointSink {
  addFloat(timeMs: number, rank: number, value: number): void;
  addBits(timeMs: number, rank: number, valueBits: bigint): void;
  /** The text of a histogram or of a part of one; empty for a text that is neither. */
  addHistogram(timeMs: number, rank: number, text: string): void;
}

const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const AT = 0x40;
const CAPITAL_E = 0x45;

const columnByMark: (SampleColumn | undefined)[] = [];
for (const column of SAMPLE_COLUMNS) columnByMark[column.mark.charCodeAt(0)] = column;

/** Every power of ten that a double holds exactly. */
const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/**
 * Reads the points of a row of `compilePackedSelect`: `<milliseconds>[+<nanoseconds>]<mark><value>;`, one after the other, or, with equal
 * steps, `@<milliseconds of the first>,<milliseconds of a step><mark>;`, and then `<value>;` for each.
 *
 * @param fromMs what the milliseconds count from
 * @returns how many there were
 * @throws RowFormatError at the first character that does not belong there; points before it have been handed over
 */
export function readPackedPoints(text: string, fromMs: number, sink: PointSink): number {
  let at = 0;
  let count = 0;

  /** Digits from `at` on as a number, which they must be. */
  const readDigits = (maxDigits: number): number => {
    const start = at;
    let number = 0;
    for (let digit = text.charCodeAt(at) - 0x30; digit >= 0 && digit <= 9; digit = text.charCodeAt(at) - 0x30) {
      number = number * 10 + digit;
      at++;
    }
    if (at === start || at - start > maxDigits) refuse(text, start);
    return number;
  };

  const readColumn = (): SampleColumn => {
    const column = columnByMark[text.charCodeAt(at)];
    if (column === undefined) refuse(text, at);
    at++;
    return column;
  };

  const readValue = (timeMs: number, rank: number, column: SampleColumn): void => {
    const start = at;
    const short = column.scalarType === 'DOUBLE' ? readShortDouble(text, start) : NaN;
    if (!Number.isNaN(short)) {
      at = shortEnd + 1;
      sink.addFloat(timeMs, rank, short);
      return;
    }
    const end = text.indexOf(';', start);
    if (end < 0) refuse(text, start);
    at = end + 1;
    if (column.holds === 'histogram') {
      sink.addHistogram(timeMs, rank, text.slice(start, end));
      return;
    }
    const value = parseSampleValue(text.slice(start, end), column);
    if (value.kind === 'float') sink.addFloat(timeMs, rank, value.value);
    else sink.addBits(timeMs, rank, value.valueBits);
  };

  const skip = (code: number): void => {
    if (text.charCodeAt(at) !== code) refuse(text, at);
    at++;
  };

  if (text.charCodeAt(0) === AT) {
    at++;
    let timeMs = fromMs + readDigits(13);
    skip(COMMA);
    const stepMs = readDigits(13);
    const column = readColumn();
    const rank = sampleRank(0, column.isMultiMeasure);
    skip(SEMICOLON);
    for (; at < text.length; timeMs += stepMs) {
      readValue(timeMs, rank, column);
      count++;
    }
    return count;
  }

  while (at < text.length) {
    const timeMs = fromMs + readDigits(13);
    let nanoseconds = 0;
    if (text.charCodeAt(at) === PLUS) {
      at++;
      nanoseconds = readDigits(6);
    }
    const column = readColumn();
    readValue(timeMs, sampleRank(nanoseconds, column.isMultiMeasure), column);
    count++;
  }
  return count;
}

/** Where the semicolon behind the last short double stands: a second result without an object for each value. */
let shortEnd = 0;

/**
 * A decimal of at most 15 digits, up to the semicolon; NaN for anything else, and then nothing is said about it.
 *
 * Its digits are a whole number that a double holds exactly, and so is the power of ten up to 22: one division or multiplication of the two
 * rounds once, as IEEE-754 demands of reading a decimal (Clinger, "How to Read Floating Point Numbers Accurately", 1990).
 */
function readShortDouble(text: string, start: number): number {
  let at = start;
  const isNegative = text.charCodeAt(at) === MINUS;
  if (isNegative) at++;
  let digits = 0;
  let digitCount = 0;
  let pointAt = -1;
  let code = text.charCodeAt(at);
  for (; ; code = text.charCodeAt(++at)) {
    if (code >= 0x30 && code <= 0x39) {
      digits = digits * 10 + (code - 0x30);
      digitCount++;
    } else if (code === POINT && pointAt < 0) pointAt = digitCount;
    else break;
  }
  if (digitCount === 0 || digitCount > 15) return NaN;
  let exponent = pointAt < 0 ? 0 : pointAt - digitCount;
  if (code === CAPITAL_E) {
    at++;
    const isBelow = text.charCodeAt(at) === MINUS;
    if (isBelow) at++;
    const first = at;
    let written = 0;
    for (code = text.charCodeAt(at); code >= 0x30 && code <= 0x39; code = text.charCodeAt(++at)) written = written * 10 + (code - 0x30);
    if (at === first || at - first > 3) return NaN;
    exponent += isBelow ? -written : written;
  }
  if (code !== SEMICOLON) return NaN;
  const power = POWERS_OF_TEN[Math.abs(exponent)];
  if (power === undefined) return NaN;
  shortEnd = at;
  const value = exponent < 0 ? digits / power : digits * power;
  return isNegative ? -value : value;
}

function refuse(text: string, at: number): never {
  throw new RowFormatError(
    `Timestream answered with packed points that are none: ${JSON.stringify(text.slice(Math.max(0, at - 20), at + 20))}`,
  );
}
