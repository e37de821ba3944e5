import { compareUtf8, type Label } from '@timestream-prometheus/prom-codec';
import { METRIC_NAME_LABEL, OWN_COLUMNS } from '../model/layout.js';
import { isForbiddenInNames, isReservedName, MAX_DIMENSION_NAME_BYTES } from '../model/limits.js';
import { hasLoneSurrogate, utf8ByteLength } from '../text/text-codec.js';

/**
 * Why a label of this name can be no dimension of its own, whatever its value:
 *
 * - `metric-name`: it is `__name__`, which goes into `measure_name`;
 * - `empty`: it has no name;
 * - `too-long`: over 60 bytes of UTF-8;
 * - `reserved`: Timestream reserves the name or its prefix;
 * - `own-column`: one of our columns has that name;
 * - `forbidden-character`: `:`, `"`, a control character, U+2028 or U+2029, or half a surrogate pair.
 *
 * That the table has no dimension left is not a matter of the name, nor whether it has the dimension `v`: see `createDimensionBudget`.
 */
export type NoDimensionReason = 'metric-name' | 'empty' | 'too-long' | 'reserved' | 'own-column' | 'forbidden-character';

/** What keeps a label of this name from being a dimension, or null if nothing does. */
export function noDimensionReason(labelName: string): NoDimensionReason | null {
  if (labelName === METRIC_NAME_LABEL) return 'metric-name';
  if (labelName === '') return 'empty';
  if (labelName.length > MAX_DIMENSION_NAME_BYTES || utf8ByteLength(labelName) > MAX_DIMENSION_NAME_BYTES) return 'too-long';
  if (isReservedName(labelName)) return 'reserved';
  if (OWN_COLUMNS.includes(labelName)) return 'own-column';
  for (let index = 0; index < labelName.length; index++) {
    if (isForbiddenInNames(labelName.charCodeAt(index))) return 'forbidden-character';
  }
  return hasLoneSurrogate(labelName) ? 'forbidden-character' : null;
}

/** Whether a label of this name can be a dimension of the same name; if not, it goes into `prometheus_labels`. */
export function canBeDimension(labelName: string): boolean {
  return noDimensionReason(labelName) === null;
}

/** The value of `prometheus_labels` for a series that would have no dimension: Timestream demands one per record. */
export const NO_LABELS_TEXT = '{}';

/**
 * The value of the dimension `prometheus_labels`: a JSON object of label names and values, sorted by the UTF-8 bytes of the names, without
 * white space. Equal labels give equal text, whatever their order. Labels with an empty value are left out; names must not repeat.
 */
export function encodeLabelDimension(labels: readonly Label[]): string {
  const entries = labels.filter(({ value }) => value !== '').sort((left, right) => compareUtf8(left.name, right.name));
  // Written by hand because an object would put integer-like names first and lose `__proto__`.
  return `{${entries.map(({ name, value }) => encodeLabelEntry(name, value)).join(',')}}`;
}

/**
 * One label as it stands inside {@link encodeLabelDimension}'s text, e.g. `"job":"api"`. A text that holds the label contains this; one that
 * contains this need not hold the label (it may be part of another value).
 */
export function encodeLabelEntry(name: string, value: string): string {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}

/**
 * The labels in a `prometheus_labels` text, sorted by the UTF-8 bytes of their names; `__name__` among them if the metric name did not fit.
 *
 * @returns null if the text is none that {@link encodeLabelDimension} writes (not JSON, other types, repeated or unsorted names, white
 *   space, another spelling of the same): then it was written by somebody else, and is a label like any other
 */
export function decodeLabelDimension(text: string): readonly Label[] | null {
  if (text === NO_LABELS_TEXT) return [];
  if (!text.startsWith('{"')) return null;
  const parsed = parseJson(text);
  if (typeof parsed !== 'object' || parsed === null) return null;
  const labels: Label[] = [];
  // JSON.parse makes `__proto__` a property of its own, and Object.entries lists it.
  for (const [name, value] of Object.entries(parsed) as [string, unknown][]) {
    if (typeof value !== 'string' || name === '') return null;
    labels.push({ name, value });
  }
  labels.sort((left, right) => compareUtf8(left.name, right.name));
  return encodeLabelDimension(labels) === text ? labels : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
