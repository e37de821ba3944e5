import type { Chunk, ChunkedReadResponse, ChunkedSeries, Label } from './model.js';
import { int64Size, varintSize } from './protobuf-writer.js';
import { utf8Length } from './text-codec.js';

/** CRC-32C in front of every frame's message. */
const CHECKSUM_BYTES = 4;

/** How long `encodeChunkedReadFrame(response)` will be, in bytes, without encoding it. */
export function chunkedReadFrameBytes(response: ChunkedReadResponse): number {
  let length = presentInt64Size(response.queryIndex);
  for (const series of response.chunkedSeries) length += fieldSize(seriesLength(series));
  return frameSize(length);
}

/**
 * The frames of one series: one if it fits into `maxFrameBytes`, which is what a client needs (Prometheus' client takes every frame for a
 * series of its own, so PromQL sees a split series twice); else as many as it takes, each with at least one chunk, even if that chunk
 * alone is over the limit.
 */
export function splitSeriesIntoFrames(
  series: ChunkedSeries,
  options: { readonly queryIndex: bigint; readonly maxFrameBytes: number },
): readonly ChunkedReadResponse[] {
  const { queryIndex, maxFrameBytes } = options;
  const labelsLength = labelsSize(series.labels);
  const frameOf = (chunks: readonly Chunk[]): ChunkedReadResponse => ({ chunkedSeries: [{ labels: series.labels, chunks }], queryIndex });
  const frames: ChunkedReadResponse[] = [];
  let first = 0;
  let length = labelsLength;
  for (const [index, chunk] of series.chunks.entries()) {
    const chunkSize = fieldSize(chunkLength(chunk));
    if (index > first && frameSize(fieldSize(length + chunkSize) + presentInt64Size(queryIndex)) > maxFrameBytes) {
      frames.push(frameOf(series.chunks.slice(first, index)));
      first = index;
      length = labelsLength;
    }
    length += chunkSize;
  }
  frames.push(frameOf(series.chunks.slice(first)));
  return frames;
}

function frameSize(messageLength: number): number {
  return varintSize(messageLength) + CHECKSUM_BYTES + messageLength;
}

/** Size of a length-delimited field with a one-byte tag. */
function fieldSize(length: number): number {
  return 1 + varintSize(length) + length;
}

function presentInt64Size(value: bigint): number {
  return value === 0n ? 0 : 1 + int64Size(value);
}

function seriesLength(series: ChunkedSeries): number {
  let length = labelsSize(series.labels);
  for (const chunk of series.chunks) length += fieldSize(chunkLength(chunk));
  return length;
}

function labelsSize(labels: readonly Label[]): number {
  let size = 0;
  for (const { name, value } of labels) size += fieldSize(presentStringSize(name) + presentStringSize(value));
  return size;
}

function presentStringSize(text: string): number {
  return text === '' ? 0 : fieldSize(utf8Length(text));
}

function chunkLength({ minTimeMs, maxTimeMs, encoding, bytes }: Chunk): number {
  const typeSize = encoding === 'unknown' ? 0 : 2;
  return presentInt64Size(minTimeMs) + presentInt64Size(maxTimeMs) + typeSize + (bytes.length === 0 ? 0 : fieldSize(bytes.length));
}
