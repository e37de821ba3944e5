import { encodeHistogramChunksInSteps } from './histogram-chunk.js';
import type { Chunk, ChunkedSeries, Histogram, Label, Samples } from './model.js';
import { StepPace } from './step-pace.js';
import { encodeXorChunk } from './xor-chunk.js';

/** Where Prometheus' own storage cuts a chunk (`tsdb/head_append.go`, DefaultSamplesPerChunk). */
export const MAX_SAMPLES_PER_CHUNK = 120;

/** Floats, or buckets of histograms, of a step: some milliseconds. */
const SAMPLES_PER_STEP = 60_000;

/**
 * Cut the samples of one series into chunks in order of time: XOR chunks of at most {@link MAX_SAMPLES_PER_CHUNK} for floats, and chunks of
 * native histograms (`encodeHistogramChunks`) between them.
 *
 * @param samples strictly ascending by timestamp: Prometheus' client walks the chunks one after the other and searches by their bounds
 * @param histograms strictly ascending by timestamp, none at the time of a sample
 * @throws RangeError if they do not ascend
 */
export function encodeSeriesChunks(labels: readonly Label[], samples: Samples, histograms: readonly Histogram[] = []): ChunkedSeries {
  const steps = encodeSeriesChunksInSteps(labels, samples, histograms);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same in steps of a bounded number of samples and buckets, for who has other things to do between them. @throws RangeError as `encodeSeriesChunks` */
export function* encodeSeriesChunksInSteps(
  labels: readonly Label[],
  samples: Samples,
  histograms: readonly Histogram[] = [],
): Generator<void, ChunkedSeries, void> {
  const { timestampsMs } = samples;
  const chunks: Chunk[] = [];
  let histogram = 0;
  let from = 0;
  const pace = new StepPace(SAMPLES_PER_STEP);
  while (from < timestampsMs.length || histogram < histograms.length) {
    const next = histograms[histogram]?.timestampMs;
    let to = from;
    while (to < timestampsMs.length && to - from < MAX_SAMPLES_PER_CHUNK && (next === undefined || (timestampsMs[to] ?? 0n) < next))
      to += 1;
    if (to > from) {
      chunks.push(xorChunk(samples, from, to));
      if (pace.isDue(to - from)) yield;
      from = to;
      continue;
    }
    const floatMs = timestampsMs[from];
    let end = histogram + 1;
    while (end < histograms.length && (floatMs === undefined || (histograms[end]?.timestampMs ?? 0n) < floatMs)) end += 1;
    for (const chunk of yield* encodeHistogramChunksInSteps(histograms.slice(histogram, end), pace)) chunks.push(chunk);
    histogram = end;
  }
  for (const [index, { minTimeMs }] of chunks.entries()) assertAfter(chunks[index - 1]?.maxTimeMs, minTimeMs);
  return { labels, chunks };
}

function xorChunk(samples: Samples, from: number, to: number): Chunk {
  const { timestampsMs } = samples;
  for (let index = from + 1; index < to; index++) assertAfter(timestampsMs[index - 1], timestampsMs[index] ?? 0n);
  return {
    minTimeMs: timestampsMs[from] ?? 0n,
    maxTimeMs: timestampsMs[to - 1] ?? 0n,
    encoding: 'xor',
    bytes: encodeXorChunk(samples, from, to),
  };
}

function assertAfter(before: bigint | undefined, timestampMs: bigint): void {
  if (before !== undefined && timestampMs <= before) {
    throw new RangeError(`samples of a series must ascend: ${timestampMs.toString()} follows ${before.toString()}`);
  }
}
