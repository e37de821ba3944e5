import { compareUtf8, type Label } from '@timestream-prometheus/prom-codec';
import { METRIC_NAME_LABEL } from '../model/layout.js';
import { MAX_RECORD_BYTES } from '../model/limits.js';
import { TIME_BYTES } from './record-size.js';
import type { DropReason } from './drop-reason.js';
import { quotedText } from '../text/series-text.js';
import { utf8ByteLength } from '../text/text-codec.js';

const NUL = '\u0000';

/** The labels of a series as Prometheus understands them. */
export interface SeriesLabels {
  readonly metricName: string;
  /** `__name__` included; sorted by the UTF-8 bytes of the names; no empty value, no name twice. */
  readonly labels: readonly Label[];
  /** Equal for equal label sets and for no others. */
  readonly key: string;
  /** What a record of the series has at least without its value, wherever the labels go: see `recordBytes`. */
  readonly leastBytes: number;
}

export interface LabelFault {
  readonly reason: Extract<DropReason, 'missing-metric-name' | 'empty-label-name' | 'duplicate-label-name' | 'record-too-large'>;
  /** What is wrong, for a person. */
  readonly offence: string;
}

/**
 * Puts labels that came over the wire into order, or says what is wrong with them. A label with an empty value is an absent one
 * (Prometheus, remote write specification and `labels.WithoutEmpty`), so it is left out before anything is judged.
 */
export function parseSeriesLabels(received: readonly Label[]): SeriesLabels | LabelFault {
  const labels = isCanonical(received) ? received : sortLabels(received);
  let metricName = '';
  let leastBytes = TIME_BYTES;
  let previous: string | undefined;
  for (const { name, value } of labels) {
    if (name === '') return { reason: 'empty-label-name', offence: `a label without a name has the value ${quotedText(value)}` };
    if (name === previous) return { reason: 'duplicate-label-name', offence: `label ${quotedText(name)} occurs more than once` };
    if (name === METRIC_NAME_LABEL) metricName = value;
    else leastBytes += utf8ByteLength(name);
    leastBytes += utf8ByteLength(value);
    // Here already, so that the key and everything after it stay small.
    if (leastBytes > MAX_RECORD_BYTES) return { reason: 'record-too-large', offence: tooLargeOffence(leastBytes) };
    previous = name;
  }
  if (metricName === '') return { reason: 'missing-metric-name', offence: 'label __name__ is missing or empty' };
  return { metricName, labels, key: keyOf(labels), leastBytes };
}

export function tooLargeOffence(leastBytes: number): string {
  return `a record of it has at least ${leastBytes} bytes, the limit is ${MAX_RECORD_BYTES}`;
}

/** A text that no other label set has: texts between NULs, or, if one of them contains a NUL, a NUL and every text behind its length. */
function keyOf(labels: readonly Label[]): string {
  // Joined at once: text made by many additions is a tree to the engine, slow to compare and several times the size.
  const texts = new Array<string>(2 * labels.length);
  let next = 0;
  for (const { name, value } of labels) {
    if (name.includes(NUL) || value.includes(NUL))
      return labels.reduce((all, label) => all + lengthAndText(label.name) + lengthAndText(label.value), NUL);
    texts[next++] = name;
    texts[next++] = value;
  }
  return texts.join(NUL);
}

function lengthAndText(text: string): string {
  return `${text.length}:${text}`;
}

/** Whether the labels are in ascending order without empty values, as Prometheus sends them. A repeated name does not matter here. */
function isCanonical(labels: readonly Label[]): boolean {
  let previous = '';
  for (const { name, value } of labels) {
    if (value === '' || compareUtf8(previous, name) > 0) return false;
    previous = name;
  }
  return true;
}

function sortLabels(labels: readonly Label[]): Label[] {
  return labels.filter(({ value }) => value !== '').sort((left, right) => compareUtf8(left.name, right.name));
}
