import type { LabelSet } from '@timestream-prometheus/prom-codec';
import { METRIC_NAME_LABEL } from '../model/layout.js';
import { MAX_DIMENSION_NAME_BYTES, MAX_MEASURE_NAME_BYTES } from '../model/limits.js';
import { doubleOrBitsText } from '../text/number-text.js';
import { quotedText, seriesText } from '../text/series-text.js';
import { utf8ByteLength } from '../text/text-codec.js';
import type { Refusal } from './drop-reason.js';
import { seriesIndexOf, type SeriesColumns } from './series-columns.js';

export interface RefusalOptions {
  /** Refuse a request that holds a label name over 60 bytes or a metric name over 256 bytes. Default: store them. */
  readonly failOnLongLabel?: boolean;
  /** Refuse a request that holds NaN, an infinity or a staleness marker. Default: store them, or drop and count them (single-measure). */
  readonly failOnInvalidSampleValue?: boolean;
}

/** The first series for which the options demand that the whole request is refused, or null. */
export function findRefusal(columns: SeriesColumns, options: RefusalOptions): Refusal | null {
  if (options.failOnLongLabel === true) {
    for (const labelSet of columns.labelSets) {
      const problem = findLongLabel(labelSet);
      if (problem !== null) return { reason: 'long-label', example: `${seriesText(labelSet.labels)}: ${problem}` };
    }
  }
  return options.failOnInvalidSampleValue === true ? findNonFinite(columns) : null;
}

function findLongLabel({ labels }: LabelSet): string | null {
  for (const { name, value } of labels) {
    if (value === '') continue;
    const nameBytes = utf8ByteLength(name);
    if (nameBytes > MAX_DIMENSION_NAME_BYTES)
      return `label name ${quotedText(name)} has ${nameBytes} bytes, the limit is ${MAX_DIMENSION_NAME_BYTES}`;
    if (name !== METRIC_NAME_LABEL) continue;
    const valueBytes = utf8ByteLength(value);
    if (valueBytes > MAX_MEASURE_NAME_BYTES) return `the metric name has ${valueBytes} bytes, the limit is ${MAX_MEASURE_NAME_BYTES}`;
  }
  return null;
}

function findNonFinite(columns: SeriesColumns): Refusal | null {
  const sample = columns.values.findIndex((value) => !Number.isFinite(value));
  if (sample < 0) return null;
  const series = seriesText(columns.labelSets[seriesIndexOf(columns, sample)]?.labels ?? []);
  const value = doubleOrBitsText(columns.valueBits[sample] ?? 0n);
  return {
    reason: 'invalid-sample-value',
    example: `${series}: the value at ${String(columns.timestampsMs[sample])} ms is ${value}, only finite values are allowed`,
  };
}
