import type { SeriesColumns } from '@timestream-prometheus/timestream-translator';
import type { RejectedSample } from './write-tally.js';

/** Samples that were rejected, as a request of their own: each is a series with one sample. */
export function columnsOfSamples(samples: readonly RejectedSample[]): SeriesColumns {
  const valueBits = BigUint64Array.from(samples, (sample) => sample.valueBits);
  return {
    labelSets: samples.map(({ labelSet }) => labelSet),
    sampleEnds: Uint32Array.from(samples, (_sample, index) => index + 1),
    timestampsMs: Float64Array.from(samples, ({ timestampMs }) => timestampMs),
    values: new Float64Array(valueBits.buffer),
    valueBits,
    histograms: [],
    exemplars: [],
  };
}
