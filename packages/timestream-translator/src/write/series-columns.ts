import type { TimeSeries, WriteColumns } from '@timestream-prometheus/prom-codec';
import type { SampleReference } from '../model/record.js';

/** The series of a remote-write request. */
export type SeriesColumns = Pick<
  WriteColumns,
  'labelSets' | 'sampleEnds' | 'timestampsMs' | 'values' | 'valueBits' | 'histograms' | 'exemplars'
>;

/** Where a sample of the columns stands: the series, and the place in it. */
export function referenceOf(columns: SeriesColumns, sample: number): SampleReference {
  const seriesIndex = seriesIndexOf(columns, sample);
  return { seriesIndex, sampleIndex: sample - (columns.sampleEnds[seriesIndex - 1] ?? 0) };
}

/** The series that a sample of the columns belongs to. */
export function seriesIndexOf({ sampleEnds }: SeriesColumns, sample: number): number {
  let low = 0;
  let high = sampleEnds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sampleEnds[middle] ?? 0) > sample) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Series as columns. A label set of its own for each, so nothing is remembered from one call to the next. */
export function columnsOf(timeseries: readonly TimeSeries[]): SeriesColumns {
  const sampleEnds = new Uint32Array(timeseries.length);
  let end = 0;
  for (const [index, { samples }] of timeseries.entries()) sampleEnds[index] = end += samples.timestampsMs.length;
  const timestampsMs = new Float64Array(end);
  const valueBits = new BigUint64Array(end);
  let sample = 0;
  for (const { samples } of timeseries) {
    valueBits.set(samples.valueBits, sample);
    // An int64 beyond 2^53 loses digits here, but stays beyond every time that a table can hold.
    for (const timestampMs of samples.timestampsMs) timestampsMs[sample++] = Number(timestampMs);
  }
  return {
    labelSets: timeseries.map(({ labels }) => ({ labels, byteLength: 0 })),
    sampleEnds,
    timestampsMs,
    values: new Float64Array(valueBits.buffer),
    valueBits,
    histograms: timeseries.flatMap(({ histograms }, seriesIndex) => histograms.map((histogram) => ({ seriesIndex, histogram }))),
    exemplars: timeseries.flatMap(({ exemplars }, seriesIndex) => exemplars.map((exemplar) => ({ seriesIndex, exemplar }))),
  };
}
