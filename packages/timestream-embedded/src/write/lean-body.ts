import { isAscii } from 'node:buffer';

import type { TimestreamLimits } from '../limits.js';
import { ServiceError } from '../service-error.js';
import type { MeasureDataType } from '../sql/catalog.js';
import { dimensionNameFault } from './column-name.js';
import type { KnownHead, KnownHeads } from './known-heads.js';
import { parseMeasureText, parseTimeNs, storedBytes } from './measure-text.js';
import { checkDimensions, dimensionBytes, limitFault, parseSeries } from './parse-records.js';
import type { Measure, ParsedRecord, StoredValue, TimeUnit, WireRecord } from './record.js';

/** A WriteRecords body in a form that the writers of JSON in the SDKs give it, cut into its parts. */
export interface LeanBody {
  readonly databaseName: string;
  readonly tableName: string;
  readonly common: WireRecord;
  /** Without the spaces between tokens. */
  readonly text: string;
  /** Where the first record begins. */
  readonly recordsStart: number;
  /** Where the `]` behind the last record is. */
  readonly recordsEnd: number;
}

/**
 * A text without any of these has no escapes and no space between its tokens but U+0020: every string in it ends at the next quote, and is
 * what stands between the two.
 */
// oxlint-disable-next-line no-control-regex -- JSON takes no control character inside a string
const needsCare = /[\\\u0000-\u001f]/;
/** As Python's json writes it. */
const spacedStart = /^\{"\w+": /;
const recordsStartText = '"Records":[';
/** What may follow the records, but for the end. */
const membersBehind = ['],"CommonAttributes":{', '],"DatabaseName":"', '],"TableName":"'] as const;
/** Common attributes cannot be longer by much, since 2 KB of dimensions are allowed; what is longer is read the general way. */
const maxCharactersBehind = 8192;
const bodyMembers = new Set(['DatabaseName', 'TableName', 'CommonAttributes', 'Records']);

/**
 * Cuts a body that is written leanly: ASCII, no escapes, no space but one behind a comma or a colon.
 *
 * @param isRecord  whether a decoded value is of the model's shape of a record.
 * @returns undefined for every other body, good or bad: those are for `decodeJsonBody` and `parseModel`. A body that is cut, and whose
 *   records `scanLeanRecords` reads, is one that these take, too, and the records are the same.
 */
export function cutLeanBody(bytes: Uint8Array, isRecord: (value: unknown) => boolean): LeanBody | undefined {
  if (!isAscii(bytes)) return undefined;
  const written = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  if (needsCare.test(written)) return undefined;
  const text = spacedStart.test(written) ? withoutSpaces(bytes) : written;
  const recordsAt = text.indexOf(recordsStartText);
  if (recordsAt < 0) return undefined;
  const recordsStart = recordsAt + recordsStartText.length;
  const recordsEnd = endOfRecords(text, recordsStart);
  if (recordsEnd <= recordsStart) return undefined;
  // Where the records begin and end is a guess: what is left without them has to be a body of its own, with a list of none.
  const around = text.slice(0, recordsStart) + text.slice(recordsEnd);
  if (around.includes('"Records"', recordsStart)) return undefined;
  const rest = parseJson(around);
  if (!isObject(rest) || !Object.keys(rest).every((name) => bodyMembers.has(name))) return undefined;
  const { DatabaseName, TableName, CommonAttributes = {}, Records } = rest;
  if (typeof DatabaseName !== 'string' || typeof TableName !== 'string') return undefined;
  if (!Array.isArray(Records) || !isRecord(CommonAttributes)) return undefined;
  return { databaseName: DatabaseName, tableName: TableName, common: CommonAttributes as WireRecord, text, recordsStart, recordsEnd };
}

/** Before the first member that stands behind the records, as far as the end of the text tells. */
function endOfRecords(text: string, recordsStart: number): number {
  const from = Math.max(recordsStart, text.length - maxCharactersBehind);
  const end = text.slice(from);
  const found = membersBehind.map((member) => end.lastIndexOf(member)).filter((at) => at >= 0);
  if (found.length > 0) return from + Math.min(...found);
  return text.endsWith(']}') ? text.length - 2 : -1;
}

const [quote, comma, colon, space] = [0x22, 0x2c, 0x3a, 0x20] as const;

/** Leaves out each space behind a comma or a colon that is outside strings; other spaces stay, since one may divide two numbers. */
function withoutSpaces(bytes: Uint8Array): string {
  const compact = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  let isInString = false;
  let last = 0;
  const { length: end } = bytes;
  // An iterator is slower.
  for (let at = 0; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) isInString = !isInString;
    else if (byte === space && !isInString && (last === comma || last === colon)) continue;
    compact[length] = byte;
    length += 1;
    last = byte;
  }
  return compact.toString('latin1', 0, length);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a record has beside its head. */
interface Tail {
  time: string | undefined;
  unit: TimeUnit | undefined;
  version: number | undefined;
  type: MeasureDataType | 'MULTI' | undefined;
  value: string | undefined;
  measures: Measure[] | undefined;
  /** Of the measures. */
  bytes: number;
}

/**
 * Reads the records of a lean body.
 *
 * @returns undefined where one of them is not written leanly, or anything is wrong with it.
 */
export function scanLeanRecords(
  body: LeanBody,
  heads: KnownHeads,
  isRecord: (value: unknown) => boolean,
  limits: TimestreamLimits,
): ParsedRecord[] | undefined {
  try {
    return new LeanScanner(body, heads, isRecord, limits).records();
  } catch (error) {
    // Which fault counts, of all that a body has, is for the general way to say.
    if (error instanceof ServiceError) return undefined;
    throw error;
  }
}

const types = new Set<string>(['DOUBLE', 'BIGINT', 'VARCHAR', 'BOOLEAN']);
const units = new Set<string>(['MILLISECONDS', 'SECONDS', 'MICROSECONDS', 'NANOSECONDS']);
const maxValueLength = 2048;
const maxTimeLength = 256;

class LeanScanner {
  readonly #body: LeanBody;
  readonly #text: string;
  readonly #heads: KnownHeads;
  readonly #isRecord: (value: unknown) => boolean;
  readonly #limits: TimestreamLimits;
  readonly #commonText: string;
  readonly #commonBytes: number;
  /** Where the next token begins. */
  #at: number;

  constructor(body: LeanBody, heads: KnownHeads, isRecord: (value: unknown) => boolean, limits: TimestreamLimits) {
    this.#body = body;
    this.#text = body.text;
    this.#heads = heads;
    this.#isRecord = isRecord;
    this.#limits = limits;
    this.#at = body.recordsStart;
    const { Dimensions = [], MeasureName } = body.common;
    checkDimensions(Dimensions, 'CommonAttributes');
    this.#commonBytes = dimensionBytes(Dimensions);
    this.#commonText = JSON.stringify([Dimensions, MeasureName]);
  }

  records(): ParsedRecord[] | undefined {
    const { recordsEnd, common } = this.#body;
    const { MeasureValue, MeasureValues } = common;
    if (MeasureValue !== undefined || MeasureValues !== undefined) return undefined;
    const known = this.#heads.of(this.#commonText);
    const records: ParsedRecord[] = [];
    while (records.length < this.#limits.maxRecordsPerRequest) {
      const head = this.#head(known);
      const record = head && this.#record(head, records.length);
      if (record === undefined) return undefined;
      records.push(record);
      if (this.#at === recordsEnd) return records;
      if (this.#text[this.#at] !== ',') return undefined;
      this.#at += 1;
    }
    return undefined;
  }

  /** Dimensions and measure name, as far as the record has them; what follows is a comma. */
  #head(known: ReadonlyMap<string, KnownHead>): KnownHead | undefined {
    const text = this.#text;
    const start = this.#at;
    let end = start + 1;
    if (text.startsWith('{"Dimensions":[{', start)) {
      // A guess: a dimension may have a name or a value that begins with `}]`. What is found is only a head if it is one by itself.
      end = text.indexOf('}]', start) + 2;
      if (text.startsWith(',"MeasureName":"', end)) end = text.indexOf('"', end + 16) + 1;
    } else if (text.startsWith('{"MeasureName":"', start)) end = text.indexOf('"', start + 16) + 1;
    else if (text[start] !== '{') return undefined;
    if (end <= start) return undefined;
    const headText = text.slice(start, end);
    // The same text at the beginning of a record is the same tokens: where a good head ends, it ends.
    const head = known.get(headText) ?? this.#readHead(headText);
    if (end === start + 1) this.#at = end;
    else if (text[end] === ',') this.#at = end + 1;
    else return undefined;
    return head;
  }

  #readHead(headText: string): KnownHead | undefined {
    let own: unknown;
    try {
      own = JSON.parse(`${headText}}`);
    } catch {
      return undefined;
    }
    if (!this.#isRecord(own)) return undefined;
    const { common } = this.#body;
    const series = parseSeries(own as WireRecord, '', common, common.Dimensions ?? [], this.#commonBytes);
    return this.#heads.add(this.#commonText, headText, series);
  }

  /** The rest of a record, to behind its `}`. */
  #record(head: KnownHead, recordIndex: number): ParsedRecord | undefined {
    const tail: Tail = {
      time: undefined,
      unit: undefined,
      version: undefined,
      type: undefined,
      value: undefined,
      measures: undefined,
      bytes: 0,
    };
    for (;;) {
      if (!this.#member(tail)) return undefined;
      const next = this.#text[this.#at];
      this.#at += 1;
      if (next === '}') break;
      if (next !== ',') return undefined;
    }
    const { common } = this.#body;
    const unit = tail.unit ?? common.TimeUnit ?? 'MILLISECONDS';
    const time = tail.time ?? common.Time;
    const timeNs = time === undefined ? undefined : parseTimeNs(time, unit);
    const version = tail.version ?? common.Version ?? 1;
    const type = tail.type ?? common.MeasureValueType ?? 'DOUBLE';
    if (timeNs === undefined || version < 1 || !Number.isSafeInteger(version)) return undefined;
    const measures = type === 'MULTI' ? this.#multi(tail) : this.#single(tail, type);
    if (measures === undefined || !this.#isFine(head, type, measures, tail.bytes)) return undefined;
    return {
      recordIndex,
      series: head.series,
      timeNs,
      version: version === 1 ? 1n : BigInt(version),
      dataType: type === 'MULTI' ? 'multi' : type.toLowerCase(),
      measures,
      rejection: undefined,
    };
  }

  #isFine(head: KnownHead, type: MeasureDataType | 'MULTI', measures: readonly Measure[], bytes: number): boolean {
    const name = measures.length === 1 && bytes <= 8 ? measures[0]?.name : undefined;
    if (name !== undefined && head.fineWith === name) return true;
    if (limitFault(head.series, type, measures, bytes, this.#limits) !== undefined) return false;
    if (name !== undefined && bytes === 8) head.fineWith = name;
    return true;
  }

  #multi({ value, measures }: Tail): Measure[] | undefined {
    if (value !== undefined || measures === undefined) return undefined;
    if (measures.length > 1 && new Set(measures.map(({ name }) => name)).size < measures.length) return undefined;
    return measures;
  }

  #single(tail: Tail, type: MeasureDataType): Measure[] | undefined {
    const { value, measures } = tail;
    if (value === undefined || measures !== undefined || !types.has(type)) return undefined;
    const stored = parseMeasureText(value, type, 'MILLISECONDS');
    tail.bytes = storedBytes(type, value);
    return stored === undefined ? undefined : [{ name: `measure_value::${type.toLowerCase()}`, type, multi: false, value: kept(stored) }];
  }

  /** One member of a record, each at most once. Whether its value is one that the model takes is looked at here. */
  #member(tail: Tail): boolean {
    const text = this.#text;
    const at = this.#at;
    if (text.startsWith('"MeasureValues":[', at)) return tail.measures === undefined && this.#measureValues(tail, at + 17);
    if (text.startsWith('"MeasureValue":"', at)) {
      if (tail.value !== undefined) return false;
      tail.value = this.#string(at + 16, maxValueLength);
      return tail.value !== undefined;
    }
    if (text.startsWith('"Time":"', at)) {
      if (tail.time !== undefined) return false;
      tail.time = this.#string(at + 8, maxTimeLength);
      return tail.time !== undefined;
    }
    if (text.startsWith('"MeasureValueType":"', at)) {
      const type = this.#string(at + 20, 9);
      if (tail.type !== undefined || type === undefined || (type !== 'MULTI' && !types.has(type))) return false;
      tail.type = type as MeasureDataType | 'MULTI';
      return true;
    }
    if (text.startsWith('"TimeUnit":"', at)) {
      const unit = this.#string(at + 12, 12);
      if (tail.unit !== undefined || unit === undefined || !units.has(unit)) return false;
      tail.unit = unit as TimeUnit;
      return true;
    }
    return text.startsWith('"Version":', at) && tail.version === undefined && this.#version(tail, at + 10);
  }

  #version(tail: Tail, start: number): boolean {
    let end = start;
    // No more digits than a JavaScript number has exactly; JSON has no leading zeros.
    while (end < start + 15 && isDigit(this.#text.charCodeAt(end))) end += 1;
    if (end === start || this.#text[start] === '0') return false;
    tail.version = Number(this.#text.slice(start, end));
    this.#at = end;
    return true;
  }

  #measureValues(tail: Tail, start: number): boolean {
    const text = this.#text;
    const measures: Measure[] = [];
    let at = start;
    for (;;) {
      const end = this.#measure(tail, measures, at);
      if (end === undefined) return false;
      at = end;
      if (text[at] === ']') break;
      if (text[at] !== ',') return false;
      at += 1;
    }
    tail.measures = measures;
    this.#at = at + 1;
    return true;
  }

  /** Name, value and type, or name, type and value, as the SDK for Go has them; gives where the next token is. */
  #measure(tail: Tail, measures: Measure[], start: number): number | undefined {
    const text = this.#text;
    if (!text.startsWith('{"Name":"', start)) return undefined;
    const nameEnd = text.indexOf('"', start + 9);
    const isValueFirst = text.startsWith('","Value":"', nameEnd);
    if (!isValueFirst && !text.startsWith('","Type":"', nameEnd)) return undefined;
    const firstStart = nameEnd + (isValueFirst ? 11 : 10);
    const firstEnd = text.indexOf('"', firstStart);
    if (!text.startsWith(isValueFirst ? '","Type":"' : '","Value":"', firstEnd)) return undefined;
    const secondStart = firstEnd + (isValueFirst ? 10 : 11);
    const secondEnd = text.indexOf('"', secondStart);
    if (text[secondEnd + 1] !== '}') return undefined;
    const [valueStart, valueEnd] = isValueFirst ? [firstStart, firstEnd] : [secondStart, secondEnd];
    const type = isValueFirst ? text.slice(secondStart, secondEnd) : text.slice(firstStart, firstEnd);
    const length = valueEnd - valueStart;
    // A TIMESTAMP counts in the record's unit, which may stand behind it.
    if (!types.has(type) || length < 1 || length > maxValueLength) return undefined;
    const name = nameOf(text, start + 9, nameEnd);
    if (name === '' || dimensionNameFault(name) !== undefined) return undefined;
    const valueText = text.slice(valueStart, valueEnd);
    const value = parseMeasureText(valueText, type as MeasureDataType, 'MILLISECONDS');
    if (value === undefined) return undefined;
    tail.bytes += storedBytes(type as MeasureDataType, valueText);
    measures.push({ name, type: typeOf(type), multi: true, value: kept(value) });
    return secondEnd + 2;
  }

  /** What stands from here to the next quote; undefined if it is empty or too long. */
  #string(start: number, maxLength: number): string | undefined {
    const end = this.#text.indexOf('"', start);
    if (end <= start || end - start > maxLength) return undefined;
    this.#at = end + 1;
    return this.#text.slice(start, end);
  }
}

let lastName = '';

/** The name as one and the same text for record after record. */
function nameOf(text: string, start: number, end: number): string {
  if (end - start === lastName.length && text.startsWith(lastName, start)) return lastName;
  lastName = copyOf(text.slice(start, end));
  return lastName;
}

/** The newest value of a series is remembered. */
function kept(value: StoredValue): StoredValue {
  return typeof value === 'string' ? copyOf(value) : value;
}

/** A part of a text keeps all of the text in memory: the copy does not. */
function copyOf(part: string): string {
  return Buffer.from(part, 'latin1').toString('latin1');
}

const ownTypes = new Map<string, MeasureDataType>((['DOUBLE', 'BIGINT', 'VARCHAR', 'BOOLEAN'] as const).map((type) => [type, type]));

function typeOf(text: string): MeasureDataType {
  return ownTypes.get(text) ?? 'VARCHAR';
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
