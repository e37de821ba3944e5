import type { MeasureDataType } from '../sql/catalog.js';
import type { StoredValue, TimeUnit } from './record.js';

const maxInt64 = 9_223_372_036_854_775_807n;
const minInt64 = -9_223_372_036_854_775_808n;

// Timestream documents no grammar for numbers. This one takes what every known client prints and nothing with a second meaning.
const doubleText = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const integerText = /^[+-]?\d+$/;

const nanosecondsPerUnit: Readonly<Record<TimeUnit, bigint>> = {
  SECONDS: 1_000_000_000n,
  MILLISECONDS: 1_000_000n,
  MICROSECONDS: 1_000n,
  NANOSECONDS: 1n,
};

/** Bytes of the text as UTF-8. Names and values are short and nearly always ASCII: counting is then faster than asking. */
export function utf8Bytes(text: string): number {
  const { length } = text;
  if (length > 128) return Buffer.byteLength(text);
  for (let index = 0; index < length; index += 1) if (text.charCodeAt(index) > 127) return Buffer.byteLength(text);
  return length;
}

/** Nanoseconds since the epoch of a `Time`, not bounded above; undefined if the text is no whole number of the unit from 0 on. */
export function parseTimeNs(text: string, unit: TimeUnit): bigint | undefined {
  // Records of a request mostly share their time.
  if (text === lastTime.text && unit === lastTime.unit) return lastTime.timeNs;
  const timeNs = /^\d+$/.test(text) ? BigInt(text) * nanosecondsPerUnit[unit] : undefined;
  lastTime = { text, unit, timeNs };
  return timeNs;
}

let lastTime: { readonly text: string; readonly unit: TimeUnit; readonly timeNs: bigint | undefined } = {
  text: '',
  unit: 'MILLISECONDS',
  timeNs: undefined,
};

/**
 * The value that the text of a measure stands for.
 *
 * @param unit  what a TIMESTAMP counts in: the record's own TimeUnit.
 * @returns undefined if the text is no value of that type. NaN and infinities are none: Timestream cannot store them.
 */
export function parseMeasureText(text: string, type: MeasureDataType, unit: TimeUnit): StoredValue | undefined {
  switch (type) {
    case 'VARCHAR':
      return text;
    case 'BOOLEAN':
      return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : undefined;
    case 'BIGINT': {
      const value = integerText.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined;
      return value !== undefined && value >= minInt64 && value <= maxInt64 ? value : undefined;
    }
    case 'DOUBLE': {
      const value = doubleText.test(text) ? Number(text) : NaN;
      return Number.isFinite(value) ? value : undefined;
    }
    case 'TIMESTAMP': {
      const value = parseTimeNs(text, unit);
      return value !== undefined && value <= maxInt64 ? value : undefined;
    }
  }
}

/** What a value weighs in a record (developer guide, "Metering and pricing: writes"). */
export function storedBytes(type: MeasureDataType, text: string): number {
  if (type === 'VARCHAR') return utf8Bytes(text);
  return type === 'BOOLEAN' ? 1 : 8;
}
