import type { Chunk, ChunkedSeries, Label, Samples } from './model.js';
import { encodeXorChunk } from './xor-chunk.js';

/** Where Prometheus' own storage cuts a chunk (`tsdb/head_append.go`, DefaultSamplesPerChunk). */
export const MAX_SAMPLES_PER_CHUNK = 120;

/**
 * Cut the samples of one series into XOR chunks of at most {@link MAX_SAMPLES_PER_CHUNK}.
 *
 * @param samples strictly ascending by timestamp: Prometheus' client walks the chunks one after the other and searches by their bounds
 * @throws RangeError if the samples are not strictly ascending
 */
export function encodeSeriesChunks(labels: readonly Label[], samples: Samples): ChunkedSeries {
  const { timestampsMs } = samples;
  const chunks: Chunk[] = [];
  for (let from = 0; from < timestampsMs.length; from += MAX_SAMPLES_PER_CHUNK) {
    const to = Math.min(from + MAX_SAMPLES_PER_CHUNK, timestampsMs.length);
    for (let index = Math.max(from, 1); index < to; index++) {
      const before = timestampsMs[index - 1] ?? 0n;
      const timestampMs = timestampsMs[index] ?? 0n;
      if (timestampMs <= before)
        throw new RangeError(`samples of a series must ascend: ${timestampMs.toString()} follows ${before.toString()}`);
    }
    chunks.push({
      minTimeMs: timestampsMs[from] ?? 0n,
      maxTimeMs: timestampsMs[to - 1] ?? 0n,
      encoding: 'xor',
      bytes: encodeXorChunk(samples, from, to),
    });
  }
  return { labels, chunks };
}
