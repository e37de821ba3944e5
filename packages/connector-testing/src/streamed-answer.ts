import {
  compareLabels,
  createSamples,
  decodeChunkedReadFrames,
  decodeHistogramChunk,
  decodeXorChunk,
  MAX_SAMPLES_PER_CHUNK,
  type ChunkedSeries,
  type Histogram,
  type TimeSeries,
} from '@timestream-prometheus/prom-codec';

/** How Prometheus asks since 2.55: STREAMED_XOR_CHUNKS, or else SAMPLES. */
export const STREAMED_FIRST: readonly number[] = [1, 0];

export const STREAMED_CONTENT_TYPE = 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse';

/**
 * The series of a streamed answer by query, as an answer of type SAMPLES would have them.
 *
 * @throws Error if the answer is not what Prometheus' client relies on: one series in a frame and a series in one frame, queries in order,
 *   series sorted by their labels, chunks of at most 120 samples in order of time, each with its true bounds
 */
export function decodeStreamedAnswer(body: Uint8Array, queryCount: number): readonly (readonly TimeSeries[])[] {
  const results: TimeSeries[][] = Array.from({ length: queryCount }, () => []);
  let lastIndex = 0;
  for (const { chunkedSeries, queryIndex } of decodeChunkedReadFrames(body)) {
    const index = Number(queryIndex);
    const [series, ...others] = chunkedSeries;
    if (series === undefined || others.length > 0) throw new Error(`a frame holds ${chunkedSeries.length} series`);
    const result = results[index];
    if (result === undefined || index < lastIndex) throw new Error(`query ${index} of ${queryCount} is answered after query ${lastIndex}`);
    lastIndex = index;
    const previous = result.at(-1);
    if (previous !== undefined && compareLabels(previous.labels, series.labels) >= 0) {
      throw new Error(`${JSON.stringify(series.labels)} follows ${JSON.stringify(previous.labels)}`);
    }
    const { samples, histograms } = pointsOf(series);
    result.push({ labels: series.labels, samples, exemplars: [], histograms });
  }
  return results;
}

function pointsOf({ chunks }: ChunkedSeries): Pick<TimeSeries, 'samples' | 'histograms'> {
  const pairs: [bigint, bigint][] = [];
  const histograms: Histogram[] = [];
  let lastMs = -(2n ** 63n);
  for (const { minTimeMs, maxTimeMs, encoding, bytes } of chunks) {
    if (minTimeMs <= lastMs) throw new Error(`a chunk from ${minTimeMs} on follows one to ${lastMs}`);
    lastMs = maxTimeMs;
    if (encoding === 'histogram' || encoding === 'float-histogram') {
      const decoded = decodeHistogramChunk(bytes, encoding);
      if (decoded[0]?.timestampMs !== minTimeMs || decoded.at(-1)?.timestampMs !== maxTimeMs)
        throw new Error('the bounds of a chunk are not those of its histograms');
      histograms.push(...decoded);
      continue;
    }
    const { timestampsMs, valueBits } = decodeXorChunk(bytes);
    if (encoding !== 'xor' || timestampsMs.length === 0 || timestampsMs.length > MAX_SAMPLES_PER_CHUNK) {
      throw new Error(`a chunk of ${timestampsMs.length} samples, encoding ${encoding}`);
    }
    if (timestampsMs[0] !== minTimeMs || timestampsMs.at(-1) !== maxTimeMs)
      throw new Error('the bounds of a chunk are not those of its samples');
    timestampsMs.forEach((timestampMs, index) => {
      if (timestampMs <= (pairs.at(-1)?.[0] ?? -(2n ** 63n))) throw new Error(`a sample at ${timestampMs} is out of order`);
      pairs.push([timestampMs, valueBits[index] ?? 0n]);
    });
  }
  return { samples: createSamples(pairs), histograms };
}
