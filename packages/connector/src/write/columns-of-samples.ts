import type { SeriesColumns } from '@timestream-prometheus/timestream-translator';
import type { RejectedSample } from './write-tally.js';

/** Samples and histograms that were rejected, as a request of their own: each is a series with one of them. */
export function columnsOfSamples(samples: readonly RejectedSample[]): SeriesColumns {
  const floats = samples.filter(({ histogram }) => histogram === undefined);
  const valueBits = BigUint64Array.from(floats, (sample) => sample.valueBits);
  let end = 0;
  return {
    labelSets: samples.map(({ labelSet }) => labelSet),
    sampleEnds: Uint32Array.from(samples, ({ histogram }) => (histogram === undefined ? ++end : end)),
    timestampsMs: Float64Array.from(floats, ({ timestampMs }) => timestampMs),
    values: new Float64Array(valueBits.buffer),
    valueBits,
    histograms: samples.flatMap(({ histogram }, seriesIndex) => (histogram === undefined ? [] : [{ seriesIndex, histogram }])),
    exemplars: [],
  };
}
