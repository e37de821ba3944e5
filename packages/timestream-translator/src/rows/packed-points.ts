import { SAMPLE_COLUMNS, type SampleColumn } from '../model/sample-column.js';
import { DecimalReader } from './decimal-reader.js';
import { RowFormatError } from './row-format-error.js';
import { parseSampleValue, sampleRank } from './row-reader.js';

/** Takes points one by one; see `SampleColumns` for the rank. */
export interface PointSink {
  addFloat(timeMs: number, rank: number, value: number): void;
  /** Floats that are equally far apart, none of them NaN. They are of no more use when the call returns. */
  addSteps(firstMs: number, stepMs: number, rank: number, values: Float64Array): void;
  addBits(timeMs: number, rank: number, valueBits: bigint): void;
  /** The text of a histogram or of a part of one; empty for a text that is neither. */
  addHistogram(timeMs: number, rank: number, text: string): void;
}

const PLUS = 0x2b;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const AT = 0x40;

const columnByMark: (SampleColumn | undefined)[] = [];
for (const column of SAMPLE_COLUMNS) columnByMark[column.mark.charCodeAt(0)] = column;

const decimals = new DecimalReader();

/** Values of a row of equal steps, until they are handed over. Grows to the longest row. */
let stepValues = new Float64Array(1024);

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
    const decimal = column.scalarType === 'DOUBLE' ? decimals.read(text, start, SEMICOLON) : NaN;
    if (!Number.isNaN(decimal)) {
      at = decimals.end + 1;
      sink.addFloat(timeMs, rank, decimal);
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
    while (at < text.length) {
      const found = column.scalarType === 'DOUBLE' ? readDecimals(text, at) : 0;
      if (found > 0) {
        sink.addSteps(timeMs, stepMs, rank, stepValues.subarray(0, found));
        at = decimals.end + 1;
      } else readValue(timeMs, rank, column);
      timeMs += stepMs * Math.max(1, found);
      count += Math.max(1, found);
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

/**
 * Reads decimals, each with a semicolon behind it, into `stepValues`: as many as there are one after the other that the quick way takes.
 *
 * @returns how many; `decimals.end` is where the last semicolon stands
 */
function readDecimals(text: string, start: number): number {
  let count = 0;
  decimals.end = start - 1;
  for (let at = start; at < text.length; at = decimals.end + 1) {
    const value = decimals.read(text, at, SEMICOLON);
    if (Number.isNaN(value)) break;
    if (count === stepValues.length) {
      const grown = new Float64Array(2 * count);
      grown.set(stepValues);
      stepValues = grown;
    }
    stepValues[count++] = value;
  }
  return count;
}

function refuse(text: string, at: number): never {
  throw new RowFormatError(
    `Timestream answered with packed points that are none: ${JSON.stringify(text.slice(Math.max(0, at - 20), at + 20))}`,
  );
}
