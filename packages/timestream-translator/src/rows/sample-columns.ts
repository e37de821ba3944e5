import type { Samples } from '@timestream-prometheus/prom-codec';
import { TimeColumn } from './time-column.js';

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

/** Floats of one series, ascending and equally far apart. */
interface Run {
  readonly firstMs: number;
  readonly stepMs: number;
  readonly rank: number;
  readonly values: Float64Array;
}

/**
 * The samples of many series in the order in which their rows came. 24 bytes each, and 8 of those that come as runs; grows without copying.
 */
export interface SampleColumns {
  readonly length: number;
  /**
   * @param timeMs an integer
   * @param rank decides between samples of one series and millisecond: the greater wins, then the greater bits
   */
  addFloat(seriesIndex: number, timeMs: number, rank: number, value: number): void;
  addBits(seriesIndex: number, timeMs: number, rank: number, valueBits: bigint): void;
  /** Many of `addFloat`: from `firstMs` on, `stepMs` apart. None is NaN. Copied. */
  addSteps(seriesIndex: number, firstMs: number, stepMs: number, rank: number, values: Float64Array): void;
  /** The samples of each series in strictly ascending order of time. */
  finish(seriesCount: number): readonly Samples[];
}

/** @param firstBlockSize how many samples are expected, if that is known: many small collections take no more room than they need */
export function createSampleColumns(firstBlockSize = MIN_BLOCK_SIZE): SampleColumns {
  const blocks: Block[] = [];
  let block: Block | undefined;
  let nextOffset = 0;
  let length = 0;
  const runs: Run[][] = [];
  let runValues = new Float64Array(0);
  let nextRunValue = 0;
  let runLength = 0;

  const nextBlockSize = (): number => Math.min(MAX_BLOCK_SIZE, Math.max(firstBlockSize, length + runLength));

  const append = (seriesIndex: number, timeMs: number, rank: number): Block => {
    if (block === undefined || nextOffset + 1 >= block.timesMs.length) {
      block = createBlock(nextBlockSize());
      blocks.push(block);
      nextOffset = -1;
    }
    length++;
    const offset = ++nextOffset;
    block.seriesIndexes[offset] = seriesIndex;
    block.timesMs[offset] = timeMs;
    block.ranks[offset] = rank;
    return block;
  };

  const addFloat = (seriesIndex: number, timeMs: number, rank: number, value: number): void => {
    const { values } = append(seriesIndex, timeMs, rank);
    values[nextOffset] = value;
  };

  const appendRun = (seriesIndex: number, { firstMs, stepMs, rank, values }: Run): void => {
    for (const [index, value] of values.entries()) addFloat(seriesIndex, firstMs + index * stepMs, rank, value);
  };

  const copyOf = (values: Float64Array): Float64Array => {
    if (nextRunValue + values.length > runValues.length) {
      runValues = new Float64Array(Math.max(values.length, nextBlockSize()));
      nextRunValue = 0;
    }
    const copy = runValues.subarray(nextRunValue, nextRunValue + values.length);
    copy.set(values);
    nextRunValue += values.length;
    return copy;
  };

  return {
    get length() {
      return length + runLength;
    },
    addFloat,
    addBits(seriesIndex, timeMs, rank, valueBits) {
      const block = append(seriesIndex, timeMs, rank);
      block.valueBits[nextOffset] = valueBits;
    },
    addSteps(seriesIndex, firstMs, stepMs, rank, values) {
      if (stepMs <= 0) {
        appendRun(seriesIndex, { firstMs, stepMs, rank, values });
        return;
      }
      const run = { firstMs, stepMs, rank, values: copyOf(values) };
      const known = runs[seriesIndex];
      if (known === undefined) runs[seriesIndex] = [run];
      else known.push(run);
      runLength += values.length;
    },
    finish(seriesCount) {
      const isLoose = looseSeries(blocks, length, seriesCount);
      const found = new Array<Samples | undefined>(seriesCount);
      runs.forEach((ofSeries, series) => {
        ofSeries.sort((left, right) => left.firstMs - right.firstMs);
        if (isLoose[series] !== 1 && areApart(ofSeries)) found[series] = samplesOfRuns(ofSeries);
        else {
          for (const run of ofSeries) {
            appendRun(series, run);
            runLength -= run.values.length;
          }
        }
      });
      const loose = group(blocks, length, seriesCount);
      return loose.map((samples, series) => found[series] ?? samples);
    },
  };
}

/** 1 for each series that has samples in the blocks. */
function looseSeries(blocks: readonly Block[], length: number, seriesCount: number): Uint8Array {
  const isLoose = new Uint8Array(seriesCount);
  forEachSample(blocks, length, ({ seriesIndexes }, offset) => {
    isLoose[seriesIndexes[offset] ?? 0] = 1;
  });
  return isLoose;
}

/** Whether each of the runs, which are sorted, ends before the next one begins. */
function areApart(runs: readonly Run[]): boolean {
  return runs.every(({ firstMs, stepMs, values }, index) => {
    const next = runs[index + 1];
    return next === undefined || firstMs + (values.length - 1) * stepMs < next.firstMs;
  });
}

function samplesOfRuns(runs: readonly Run[]): Samples {
  const [only] = runs;
  const length = runs.reduce((sum, { values }) => sum + values.length, 0);
  const times = new TimeColumn(length);
  const values = only !== undefined && runs.length === 1 ? only.values : new Float64Array(length);
  let index = 0;
  for (const run of runs) {
    if (run.values !== values) values.set(run.values, index);
    const end = index + run.values.length;
    for (let timeMs = run.firstMs; index < end; timeMs += run.stepMs) times.write(index++, timeMs);
  }
  return { timestampsMs: times.timesMs, valueBits: new BigUint64Array(values.buffer, values.byteOffset, length) };
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

  const times = new TimeColumn(length);
  const valueBits = new BigUint64Array(length);
  return Array.from({ length: seriesCount }, (_, series) => {
    const start = starts[series] ?? 0;
    const end = emit(sorted, start, starts[series + 1] ?? 0, times, valueBits);
    return { timestampsMs: times.timesMs.subarray(start, end), valueBits: valueBits.subarray(start, end) };
  });
}

/** Writes the samples of one series, sorted and one per millisecond, from `start` on; returns the end. */
function emit(sorted: Block, start: number, end: number, times: TimeColumn, valueBits: BigUint64Array): number {
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
    times.write(to, timeMs);
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
