import {
  assertSegmentHeader,
  CodecError,
  decodeHistogramChunk,
  decodeStoredChunk,
  decodeTombstones,
  decodeXorChunk,
  SEGMENT_HEADER_BYTES,
  sizeOfStoredChunk,
  TsdbIndex,
  type BlockSeries,
  type Histogram,
  type TimeSeries,
  type Tombstone,
} from '@timestream-prometheus/prom-codec';
import { seriesText } from '@timestream-prometheus/timestream-translator';
import type { Portion, SampleSource, SourceFault } from './sample-source.js';

/** The files of one block of a Prometheus' data folder. */
export interface BlockFiles {
  /** The name of its folder. */
  readonly name: string;
  /** Of meta.json. */
  readonly sampleCount: number;
  readonly minTimeMs: number;
  readIndex(): Promise<Uint8Array>;
  /** Undefined if there is none. */
  readTombstones(): Promise<Uint8Array | undefined>;
  /** As many bytes as there are, at most `length`. Segments are numbered from 0. */
  readSegment(segment: number, offset: number, length: number): Promise<Uint8Array>;
}

const CHUNK_HEAD_BYTES = 6;

/** Most chunks are smaller: 120 samples of two bytes. */
const USUAL_CHUNK_BYTES = 1024;

/** Blocks of a Prometheus' TSDB, the oldest first, series by series: index and chunks are read as they are, with nothing in between. */
export function createBlockSource(blocks: readonly BlockFiles[]): SampleSource {
  const sorted = blocks.toSorted((left, right) => left.minTimeMs - right.minTimeMs || (left.name < right.name ? -1 : 1));
  const size = sorted.reduce((sum, { sampleCount }) => sum + sampleCount, 0);
  return {
    identity: `blocks ${sorted.map(({ name }) => name).join(' ')}`,
    size,
    sampleCount: size,
    minTimeMs: sorted[0]?.minTimeMs,
    async *portions(from, maxSamples, signal) {
      let done = 0;
      const firstName = from?.['block'] ?? sorted[0]?.name;
      let isSkipping = true;
      for (const block of sorted) {
        if (block.name === firstName) isSkipping = false;
        if (isSkipping) {
          done += block.sampleCount;
          continue;
        }
        const place = block.name === from?.['block'] ? Number(from['place']) : 0;
        const doneOfBlock = block.name === from?.['block'] ? Number(from['done']) : 0;
        yield* blockPortions(block, place, { done, doneOfBlock }, maxSamples, signal);
        done += block.sampleCount;
      }
    },
  };
}

async function* blockPortions(
  block: BlockFiles,
  from: number,
  { done, doneOfBlock }: { readonly done: number; readonly doneOfBlock: number },
  maxSamples: number,
  signal: AbortSignal,
): AsyncGenerator<Portion, void, undefined> {
  let index: TsdbIndex;
  let tombstones: ReadonlyMap<number, readonly Tombstone[]>;
  try {
    index = new TsdbIndex(await block.readIndex());
    tombstones = tombstonesBySeries(decodeIfThere(await block.readTombstones()));
  } catch (error) {
    const faults = [{ place: block.name, reason: `the block cannot be read: ${messageOf(error)}` }];
    yield {
      timeseries: [],
      faults,
      next: { block: block.name, place: Number.MAX_SAFE_INTEGER, done: block.sampleCount },
      done: done + block.sampleCount,
    };
    return;
  }
  let timeseries: TimeSeries[] = [];
  let faults: SourceFault[] = [];
  let pending = 0;
  let soFar = doneOfBlock;
  let place = from;
  const checked = new Set<number>();
  const portion = (): Portion => {
    const made = { timeseries, faults, next: { block: block.name, place, done: soFar }, done: done + soFar };
    timeseries = [];
    faults = [];
    pending = 0;
    return made;
  };
  for (;;) {
    signal.throwIfAborted();
    let series: BlockSeries | undefined;
    try {
      series = index.seriesAt(place);
    } catch (error) {
      faults.push({ place: `${block.name}, index at byte ${place}`, reason: `the rest of the block cannot be read: ${messageOf(error)}` });
      break;
    }
    if (series === undefined) break;
    place = series.end;
    const deleted = tombstones.get(series.reference) ?? [];
    // A series of a long block may have more samples than a request should: it goes in parts, and is read from its beginning after a break.
    for (const chunk of series.chunks) {
      try {
        const read = await readChunk(block, chunk, checked);
        const kept = withoutDeleted({ labels: series.labels, exemplars: [], ...read }, deleted);
        const count = kept.samples.timestampsMs.length + kept.histograms.length;
        soFar += read.samples.timestampsMs.length + read.histograms.length;
        if (count > 0) timeseries.push(kept);
        pending += count;
      } catch (error) {
        const at = `segment ${chunk.segment + 1} at byte ${chunk.offset}`;
        faults.push({ place: `${block.name}, ${seriesText(series.labels)}, ${at}`, reason: messageOf(error) });
      }
      if (pending >= maxSamples && chunk !== series.chunks.at(-1)) {
        const part = portion();
        // Until the series is whole, a next run begins with it again: equal samples are stored once.
        yield { ...part, next: { block: block.name, place: series.reference * 16, done: soFar } };
      }
    }
    if (pending >= maxSamples) yield portion();
  }
  yield portion();
}

async function readChunk(
  block: BlockFiles,
  { segment, offset }: { readonly segment: number; readonly offset: number },
  checkedSegments: Set<number>,
): Promise<Pick<TimeSeries, 'samples' | 'histograms'>> {
  if (!checkedSegments.has(segment)) {
    assertSegmentHeader(await block.readSegment(segment, 0, SEGMENT_HEADER_BYTES));
    checkedSegments.add(segment);
  }
  let bytes = await block.readSegment(segment, offset, USUAL_CHUNK_BYTES);
  const sizeBytes = sizeOfStoredChunk(bytes.subarray(0, CHUNK_HEAD_BYTES));
  if (sizeBytes > bytes.length) bytes = await block.readSegment(segment, offset, sizeBytes);
  const chunk = decodeStoredChunk(bytes.subarray(0, sizeBytes));
  if (chunk.encoding === 'xor') return { samples: decodeXorChunk(chunk.bytes), histograms: [] };
  if (chunk.encoding === 'histogram' || chunk.encoding === 'float-histogram') {
    return {
      samples: { timestampsMs: new BigInt64Array(), valueBits: new BigUint64Array() },
      histograms: decodeHistogramChunk(chunk.bytes, chunk.encoding),
    };
  }
  throw new CodecError('malformed', `chunk: its encoding ${chunk.encoding} is not known`, offset);
}

function withoutDeleted(series: TimeSeries, tombstones: readonly Tombstone[]): TimeSeries {
  if (tombstones.length === 0) return series;
  const isKept = (timeMs: bigint): boolean => !tombstones.some(({ minTimeMs, maxTimeMs }) => timeMs >= minTimeMs && timeMs <= maxTimeMs);
  const { timestampsMs, valueBits } = series.samples;
  const kept = Array.from(timestampsMs.keys()).filter((index) => isKept(timestampsMs[index] ?? 0n));
  return {
    ...series,
    samples: {
      timestampsMs: BigInt64Array.from(kept, (index) => timestampsMs[index] ?? 0n),
      valueBits: BigUint64Array.from(kept, (index) => valueBits[index] ?? 0n),
    },
    histograms: series.histograms.filter(({ timestampMs }: Histogram) => isKept(timestampMs)),
  };
}

function tombstonesBySeries(tombstones: readonly Tombstone[]): ReadonlyMap<number, readonly Tombstone[]> {
  const bySeries = new Map<number, Tombstone[]>();
  for (const tombstone of tombstones) bySeries.set(tombstone.reference, [...(bySeries.get(tombstone.reference) ?? []), tombstone]);
  return bySeries;
}

function decodeIfThere(bytes: Uint8Array | undefined): readonly Tombstone[] {
  return bytes === undefined || bytes.length === 0 ? [] : decodeTombstones(bytes);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
