import type { Samples } from '@timestream-prometheus/prom-codec';

const MIN_BLOCK_SIZE = 1024;
const MAX_BLOCK_SIZE = 65_536;

interface Block {
  readonly seriesIndexes: Uint32Array;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  /** The memory of `values`: what is written as bits keeps the payload of a NaN. */
  readonly valueBits: BigUint64Array;
  readonly ranks: Uint32Array;
}

/** The samples of many series in the order in which their rows came. 24 bytes each; grows without copying. */
export interface SampleColumns {
  readonly length: number;
  /**
   * @param timeMs an integer
   * @param rank decides between samples of one series and millisecond: the greater wins, then the greater bits
   */
  addFloat(seriesIndex: number, timeMs: number, rank: number, value: number): void;
  addBits(seriesIndex: number, timeMs: number, rank: number, valueBits: bigint): void;
  /** The samples of each series in strictly ascending order of time, in two columns that all of them share. */
  finish(seriesCount: number): readonly Samples[];
}

/** @param firstBlockSize how many samples are expected, if that is known: many small collections take no more room than they need */
export function createSampleColumns(firstBlockSize = MIN_BLOCK_SIZE): SampleColumns {
  const blocks: Block[] = [];
  let block = createBlock(0);
  let length = 0;
  let nextOffset = 0;

  const append = (seriesIndex: number, timeMs: number, rank: number): number => {
    if (nextOffset === block.timesMs.length) {
      block = createBlock(Math.min(MAX_BLOCK_SIZE, Math.max(firstBlockSize, length)));
      blocks.push(block);
      nextOffset = 0;
    }
    length++;
    const offset = nextOffset++;
    block.seriesIndexes[offset] = seriesIndex;
    block.timesMs[offset] = timeMs;
    block.ranks[offset] = rank;
    return offset;
  };

  return {
    get length() {
      return length;
    },
    addFloat(seriesIndex, timeMs, rank, value) {
      const offset = append(seriesIndex, timeMs, rank);
      block.values[offset] = value;
    },
    addBits(seriesIndex, timeMs, rank, valueBits) {
      const offset = append(seriesIndex, timeMs, rank);
      block.valueBits[offset] = valueBits;
    },
    finish(seriesCount) {
      return group(blocks, length, seriesCount);
    },
  };
}

function createBlock(size: number): Block {
  const valueBits = new BigUint64Array(size);
  return {
    seriesIndexes: new Uint32Array(size),
    timesMs: new Float64Array(size),
    values: new Float64Array(valueBits.buffer),
    valueBits,
    ranks: new Uint32Array(size),
  };
}

/** A counting sort by series, then each series by itself. */
function group(blocks: readonly Block[], length: number, seriesCount: number): readonly Samples[] {
  const starts = new Uint32Array(seriesCount + 1);
  forEachSample(blocks, length, ({ seriesIndexes }, offset) => {
    const next = (seriesIndexes[offset] ?? 0) + 1;
    starts[next] = (starts[next] ?? 0) + 1;
  });
  for (let series = 0; series < seriesCount; series++) starts[series + 1] = (starts[series + 1] ?? 0) + (starts[series] ?? 0);

  const sorted = createBlock(length);
  const fill = starts.slice();
  forEachSample(blocks, length, (block, offset) => {
    const series = block.seriesIndexes[offset] ?? 0;
    const to = fill[series] ?? 0;
    fill[series] = to + 1;
    sorted.timesMs[to] = block.timesMs[offset] ?? 0;
    sorted.ranks[to] = block.ranks[offset] ?? 0;
    // By its bits: a number may lose the payload of a NaN on the way.
    sorted.valueBits[to] = block.valueBits[offset] ?? 0n;
  });

  const timestampsMs = new BigInt64Array(length);
  const valueBits = new BigUint64Array(length);
  return Array.from({ length: seriesCount }, (_, series) => {
    const start = starts[series] ?? 0;
    const end = emit(sorted, start, starts[series + 1] ?? 0, timestampsMs, valueBits);
    return { timestampsMs: timestampsMs.subarray(start, end), valueBits: valueBits.subarray(start, end) };
  });
}

/** Writes the samples of one series, sorted and one per millisecond, from `start` on; returns the end. */
function emit(sorted: Block, start: number, end: number, timestampsMs: BigInt64Array, valueBits: BigUint64Array): number {
  const { timesMs, ranks, valueBits: bits } = sorted;
  const isAscending = timesMs.subarray(start + 1, end).every((timeMs, index) => timeMs > (timesMs[start + index] ?? 0));
  const order = isAscending ? null : Uint32Array.from({ length: end - start }, (_, index) => start + index);
  // The winner of each millisecond comes first.
  order?.sort(
    (left, right) =>
      (timesMs[left] ?? 0) - (timesMs[right] ?? 0) ||
      (ranks[right] ?? 0) - (ranks[left] ?? 0) ||
      compareBigints(bits[right] ?? 0n, bits[left] ?? 0n),
  );
  let to = start;
  let previousMs = NaN;
  for (let index = start; index < end; index++) {
    const from = order?.[index - start] ?? index;
    const timeMs = timesMs[from] ?? 0;
    if (timeMs === previousMs) continue;
    previousMs = timeMs;
    timestampsMs[to] = BigInt(timeMs);
    valueBits[to] = bits[from] ?? 0n;
    to++;
  }
  return to;
}

function compareBigints(left: bigint, right: bigint): number {
  return left === right ? 0 : left < right ? -1 : 1;
}

function forEachSample(blocks: readonly Block[], length: number, visit: (block: Block, offset: number) => void): void {
  let remaining = length;
  for (const block of blocks) {
    const count = Math.min(block.timesMs.length, remaining);
    for (let offset = 0; offset < count; offset++) visit(block, offset);
    remaining -= count;
  }
}
