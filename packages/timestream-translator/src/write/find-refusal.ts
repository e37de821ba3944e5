import { floatsOf, type TimeSeries } from '@timestream-prometheus/prom-codec';
import type { Refusal } from './drop-reason.js';
import { METRIC_NAME_LABEL } from '../model/layout.js';
import { MAX_DIMENSION_NAME_BYTES, MAX_MEASURE_NAME_BYTES } from '../model/limits.js';
import { doubleOrBitsText } from '../text/number-text.js';
import { quotedText, seriesText } from '../text/series-text.js';
import { utf8ByteLength } from '../text/text-codec.js';

export interface RefusalOptions {
  /** Refuse a request that holds a label name over 60 bytes or a metric name over 256 bytes. Default: store them. */
  readonly failOnLongLabel?: boolean;
  /** Refuse a request that holds NaN, an infinity or a staleness marker. Default: store (multi-measure) or drop and count them. */
  readonly failOnInvalidSampleValue?: boolean;
}

/** The first series for which the options demand that the whole request is refused, or null. */
export function findRefusal(timeseries: readonly TimeSeries[], options: RefusalOptions): Refusal | null {
  if (options.failOnLongLabel === true) {
    for (const series of timeseries) {
      const offence = findLongLabel(series);
      if (offence !== null) return { reason: 'long-label', example: `${seriesText(series.labels)}: ${offence}` };
    }
  }
  if (options.failOnInvalidSampleValue === true) {
    for (const series of timeseries) {
      const offence = findNonFinite(series);
      if (offence !== null) return { reason: 'invalid-sample-value', example: `${seriesText(series.labels)}: ${offence}` };
    }
  }
  return null;
}

function findLongLabel({ labels }: TimeSeries): string | null {
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

function findNonFinite({ samples }: TimeSeries): string | null {
  const index = floatsOf(samples).findIndex((value) => !Number.isFinite(value));
  if (index < 0) return null;
  return `the value at ${String(samples.timestampsMs[index])} ms is ${doubleOrBitsText(samples.valueBits[index] ?? 0n)}, only finite values are allowed`;
}
