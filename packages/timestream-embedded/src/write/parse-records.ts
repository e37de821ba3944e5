import type { TimestreamLimits } from '../limits.js';
import { validationError } from '../service-error.js';
import type { MeasureDataType } from '../sql/catalog.js';
import { dimensionNameFault, measureNameFault } from './column-name.js';
import { parseMeasureText, parseTimeNs, storedBytes, utf8Bytes } from './measure-text.js';
import {
  seriesKeyOf,
  type Measure,
  type ParsedRecord,
  type RecordSeries,
  type TimeUnit,
  type WireDimension,
  type WireMeasureValue,
  type WireRecord,
  type WriteRecordsInput,
} from './record.js';

/**
 * Merges the common attributes into every record and reads the texts.
 *
 * What is wrong with the request as such fails all of it; what exceeds a limit rejects the one record (API reference,
 * RejectedRecordsException: "records with dimensions or measures that exceed the Timestream defined limits").
 *
 * @throws {ServiceError} ValidationException
 */
export function parseRecords(input: WriteRecordsInput, limits: TimestreamLimits): ParsedRecord[] {
  const common = input.CommonAttributes ?? {};
  const commonDimensions = common.Dimensions ?? [];
  checkDimensions(commonDimensions, 'CommonAttributes');
  const commonBytes = dimensionBytes(commonDimensions);
  return input.Records.map((record, recordIndex) => parseRecord(record, recordIndex, common, commonDimensions, commonBytes, limits));
}

function parseRecord(
  own: WireRecord,
  recordIndex: number,
  common: WireRecord,
  commonDimensions: readonly WireDimension[],
  commonBytes: number,
  limits: TimestreamLimits,
): ParsedRecord {
  const place = `Records[${recordIndex}]`;
  const series = parseSeries(own, place, common, commonDimensions, commonBytes);
  const unit = own.TimeUnit ?? common.TimeUnit ?? 'MILLISECONDS';
  const timeNs = parseTime(own.Time ?? common.Time, unit, place);
  const type = own.MeasureValueType ?? common.MeasureValueType ?? 'DOUBLE';
  const merged = { value: own.MeasureValue ?? common.MeasureValue, values: own.MeasureValues ?? common.MeasureValues };
  const { measures, bytes } = type === 'MULTI' ? parseMulti(merged, unit, place) : parseSingle(merged, type, unit, place);

  return {
    recordIndex,
    series,
    timeNs,
    version: parseVersion(own.Version ?? common.Version, place),
    dataType: type.toLowerCase(),
    measures,
    rejection: limitFault(series, type, measures, bytes, limits),
  };
}

/**
 * What a record says of its series.
 *
 * @param place  of the record, for the message.
 * @throws {ServiceError} ValidationException
 */
export function parseSeries(
  own: WireRecord,
  place: string,
  common: WireRecord,
  commonDimensions: readonly WireDimension[],
  commonBytes: number,
): RecordSeries {
  const ownDimensions = own.Dimensions ?? [];
  checkDimensions(ownDimensions, place);
  if (commonDimensions.length > 0 && ownDimensions.length > 0) checkOverlap(commonDimensions, ownDimensions, place);
  const dimensions = ownDimensions.length === 0 ? commonDimensions : [...commonDimensions, ...ownDimensions];
  if (dimensions.length === 0) throw validationError('At least one dimension is required for a record.');

  // Where both give a value the record's own counts: undocumented, but the only reading under which "common" means anything.
  const measureName = own.MeasureName ?? common.MeasureName;
  if (measureName === undefined) throw validationError(`${place}: a measure name is required for a record.`);
  const fault = measureNameFault(measureName);
  if (fault !== undefined) throw validationError(`${place}: the measure name '${shorten(measureName)}' ${fault}.`);
  return {
    measureName,
    dimensions,
    key: seriesKeyOf(measureName, dimensions),
    dimensionBytes: commonBytes + dimensionBytes(ownDimensions),
    nameBytes: utf8Bytes(measureName),
    state: undefined,
  };
}

/** Which limit of the service the record alone breaks. @param valueBytes  of all its values together. */
export function limitFault(
  { measureName, dimensions, nameBytes, dimensionBytes: seriesBytes }: RecordSeries,
  type: MeasureDataType | 'MULTI',
  measures: readonly Measure[],
  valueBytes: number,
  limits: TimestreamLimits,
): string | undefined {
  return (
    nameLimitFault(dimensions, measureName, nameBytes, measures, limits) ??
    (type === 'MULTI'
      ? multiSizeFault(valueBytes, seriesBytes, measures.length, limits)
      : singleSizeFault(8 + seriesBytes + nameBytes + valueBytes, seriesBytes, limits))
  );
}

/** @throws {ServiceError} ValidationException, which names the place. */
export function checkDimensions(dimensions: readonly WireDimension[], place: string): void {
  for (const [index, { Name, Value }] of dimensions.entries()) {
    const fault = dimensionNameFault(Name);
    if (fault !== undefined) throw validationError(`${place}: the dimension name '${shorten(Name)}' ${fault}.`);
    if (Value === '') throw validationError(`${place}: the dimension '${shorten(Name)}' has an empty value.`);
    for (let earlier = 0; earlier < index; earlier += 1) {
      if (dimensions[earlier]?.Name === Name) throw validationError(`${place}: the dimension '${shorten(Name)}' is given twice.`);
    }
  }
}

function checkOverlap(common: readonly WireDimension[], own: readonly WireDimension[], place: string): void {
  const commonNames = new Set(common.map(({ Name }) => Name));
  const twice = own.find(({ Name }) => commonNames.has(Name));
  if (twice !== undefined)
    throw validationError(
      `${place}: the dimension '${shorten(twice.Name)}' is in the CommonAttributes as well; dimensions may not overlap.`,
    );
}

function parseTime(text: string | undefined, unit: TimeUnit, place: string): bigint {
  if (text === undefined) throw validationError(`${place}: a time is required for a record.`);
  const timeNs = parseTimeNs(text, unit);
  if (timeNs === undefined)
    throw validationError(`${place}: the time '${shorten(text)}' is not a whole number of ${unit.toLowerCase()} since 1970.`);
  return timeNs;
}

function parseVersion(version: number | bigint | undefined, place: string): bigint {
  if (version === undefined) return 1n;
  const exact = BigInt(version);
  if (exact < 1n || exact > 9_223_372_036_854_775_807n)
    throw validationError(`${place}: the version must be a whole number from 1 to 9223372036854775807.`);
  return exact;
}

interface MergedValues {
  readonly value: string | undefined;
  readonly values: readonly WireMeasureValue[] | undefined;
}

interface ParsedMeasures {
  readonly measures: readonly Measure[];
  /** The values. */
  readonly bytes: number;
}

function parseSingle({ value, values }: MergedValues, type: MeasureDataType, unit: TimeUnit, place: string): ParsedMeasures {
  if (type === 'TIMESTAMP') throw validationError('TIMESTAMP is an invalid measure value type');
  if (values !== undefined) throw validationError(`${place}: MeasureValues belong to a record of type MULTI, not ${type}.`);
  if (value === undefined) throw validationError(`${place}: a measure value is required for a record.`);
  const stored = parseMeasureText(value, type, unit);
  if (stored === undefined) throw notAValue(place, value, type);
  return {
    measures: [{ name: `measure_value::${type.toLowerCase()}`, type, multi: false, value: stored }],
    bytes: storedBytes(type, value),
  };
}

function parseMulti({ value, values }: MergedValues, unit: TimeUnit, place: string): ParsedMeasures {
  if (value !== undefined) throw validationError(`${place}: a record of type MULTI takes MeasureValues, not a MeasureValue.`);
  if (values === undefined || values.length === 0) throw validationError(`${place}: a record of type MULTI needs MeasureValues.`);
  const seen = new Set<string>();
  let bytes = 0;
  const measures = values.map(({ Name, Value, Type }): Measure => {
    const fault = dimensionNameFault(Name);
    if (fault !== undefined) throw validationError(`${place}: the measure '${shorten(Name)}' ${fault}.`);
    if (seen.has(Name)) throw validationError(`${place}: the measure '${shorten(Name)}' is given twice.`);
    seen.add(Name);
    if (Type === 'MULTI') throw validationError(`${place}: MULTI is an invalid type for the measure '${shorten(Name)}'.`);
    const stored = parseMeasureText(Value, Type, unit);
    if (stored === undefined) throw notAValue(place, Value, Type);
    bytes += storedBytes(Type, Value);
    return { name: Name, type: Type, multi: true, value: stored };
  });
  return { measures, bytes };
}

function notAValue(place: string, text: string, type: MeasureDataType): Error {
  return validationError(`${place}: the measure value '${shorten(text)}' is not a valid ${type}.`);
}

function nameLimitFault(
  dimensions: readonly WireDimension[],
  measureName: string,
  nameBytes: number,
  measures: readonly Measure[],
  limits: TimestreamLimits,
): string | undefined {
  if (nameBytes > limits.maxMeasureNameBytes)
    return `The measure name '${shorten(measureName)}' is longer than ${limits.maxMeasureNameBytes} bytes.`;
  const longDimension = dimensions.find(({ Name }) => isLonger(Name, limits.maxDimensionNameBytes));
  if (longDimension !== undefined)
    return `The dimension name '${shorten(longDimension.Name)}' is longer than ${limits.maxDimensionNameBytes} bytes.`;
  const longMeasure = measures.find(({ name }) => isLonger(name, limits.maxMeasureNameBytes));
  if (longMeasure !== undefined)
    return `The measure name '${shorten(longMeasure.name)}' is longer than ${limits.maxMeasureNameBytes} bytes.`;
  const clash = measures.find(({ name }) => dimensions.some(({ Name }) => Name === name));
  return clash === undefined ? undefined : `'${clash.name}' is both a dimension and a measure of the record.`;
}

function singleSizeFault(recordBytes: number, seriesBytes: number, limits: TimestreamLimits): string | undefined {
  if (seriesBytes > limits.maxSeriesDimensionBytes) return seriesSizeFault(seriesBytes, limits);
  return recordBytes > limits.maxRecordBytes ? `The record takes ${recordBytes} bytes; ${limits.maxRecordBytes} are allowed.` : undefined;
}

/**
 * A multi-measure record has three bounds of its own in the quota table: 256 measures, 2048 bytes of values, 2 KB of dimensions. 256
 * doubles are 2048 bytes, so the names of the measures, the time and the dimensions cannot count towards the same 2 KB.
 */
function multiSizeFault(valueBytes: number, seriesBytes: number, measures: number, limits: TimestreamLimits): string | undefined {
  if (measures > limits.maxMeasuresPerRecord) return `The record has ${measures} measures; ${limits.maxMeasuresPerRecord} are allowed.`;
  if (seriesBytes > limits.maxSeriesDimensionBytes) return seriesSizeFault(seriesBytes, limits);
  return valueBytes > limits.maxMultiMeasureBytes
    ? `The measure values of the record take ${valueBytes} bytes; ${limits.maxMultiMeasureBytes} are allowed.`
    : undefined;
}

function seriesSizeFault(seriesBytes: number, { maxSeriesDimensionBytes }: TimestreamLimits): string {
  return `The dimension names and values of the record take ${seriesBytes} bytes; ${maxSeriesDimensionBytes} are allowed.`;
}

/** Of names and values. */
export function dimensionBytes(dimensions: readonly WireDimension[]): number {
  let bytes = 0;
  for (const { Name, Value } of dimensions) bytes += utf8Bytes(Name) + utf8Bytes(Value);
  return bytes;
}

function isLonger(text: string, maxBytes: number): boolean {
  // A UTF-16 unit takes at most three bytes: short names need no counting.
  return text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes;
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}
