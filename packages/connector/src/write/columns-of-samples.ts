import type { SeriesColumns } from '@timestream-prometheus/timestream-translator';
import type { RejectedSample } from './write-tally.js';

/** Samples, histograms and exemplars that were rejected, as a request of their own: each is a series with one of them. */
export function columnsOfSamples(samples: readonly RejectedSample[]): SeriesColumns {
  const isFloat = ({ histogram, exemplar }: RejectedSample): boolean => histogram === undefined && exemplar === undefined;
  const floats = samples.filter(isFloat);
  const valueBits = BigUint64Array.from(floats, (sample) => sample.valueBits);
  let end = 0;
  return {
    labelSets: samples.map(({ labelSet }) => labelSet),
    sampleEnds: Uint32Array.from(samples, (sample) => (isFloat(sample) ? ++end : end)),
    timestampsMs: Float64Array.from(floats, ({ timestampMs }) => timestampMs),
    values: new Float64Array(valueBits.buffer),
    valueBits,
    histograms: samples.flatMap(({ histogram }, seriesIndex) => (histogram === undefined ? [] : [{ seriesIndex, histogram }])),
    exemplars: samples.flatMap(({ exemplar }, seriesIndex) => (exemplar === undefined ? [] : [{ seriesIndex, exemplar }])),
  };
}
