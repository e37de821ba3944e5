import { compareUtf8, type Label } from '@timestream-prometheus/prom-codec';
import { METRIC_NAME_LABEL } from '../model/layout.js';
import { MAX_RECORD_BYTES } from '../model/limits.js';
import { TIME_BYTES } from './record-size.js';
import type { DropReason } from './drop-reason.js';
import { quotedText } from '../text/series-text.js';
import { utf8ByteLength } from '../text/text-codec.js';

/** The labels of a series as Prometheus understands them. */
export interface SeriesLabels {
  /** `__name__` included; sorted by the UTF-8 bytes of the names; no empty value, no name twice. */
  readonly labels: readonly Label[];
  /** Where `__name__` stands among them. */
  readonly metricIndex: number;
}

export interface LabelFault {
  readonly reason: Extract<DropReason, 'missing-metric-name' | 'empty-label-name' | 'duplicate-label-name' | 'record-too-large'>;
  /** What is wrong, for a person. */
  readonly problem: string;
}

/**
 * Puts labels that came over the wire into order, or says what is wrong with them. A label with an empty value is an absent one
 * (Prometheus, remote write specification and `labels.WithoutEmpty`), so it is left out before anything is judged.
 */
export function parseSeriesLabels(received: readonly Label[]): SeriesLabels | LabelFault {
  const labels = isCanonical(received) ? received : sortLabels(received);
  let metricIndex = -1;
  let index = 0;
  let leastBytes = TIME_BYTES;
  let previous: string | undefined;
  for (const { name, value } of labels) {
    if (name === '') return { reason: 'empty-label-name', problem: `a label without a name has the value ${quotedText(value)}` };
    if (name === previous) return { reason: 'duplicate-label-name', problem: `label ${quotedText(name)} occurs more than once` };
    if (name === METRIC_NAME_LABEL) metricIndex = index;
    else leastBytes += utf8ByteLength(name);
    leastBytes += utf8ByteLength(value);
    // Here already, so that everything that is made of the labels stays small.
    if (leastBytes > MAX_RECORD_BYTES) return { reason: 'record-too-large', problem: tooLargeProblem(leastBytes) };
    previous = name;
    index += 1;
  }
  if (metricIndex < 0) return { reason: 'missing-metric-name', problem: 'label __name__ is missing or empty' };
  return { labels, metricIndex };
}

export function tooLargeProblem(leastBytes: number): string {
  return `a record of it has at least ${leastBytes} bytes, the limit is ${MAX_RECORD_BYTES}`;
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
