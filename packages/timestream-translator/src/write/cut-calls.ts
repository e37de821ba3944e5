/* oxlint-disable typescript/no-non-null-assertion -- every index here is below the length of its column, and this runs for every sample */
import { MAX_RECORDS_PER_WRITE, WRITE_METERING_UNIT_BYTES } from '../model/limits.js';
import { TIME_BYTES, valueBytes } from './record-size.js';
import type { StoredSeries } from './stored-series.js';
import { valueColumnOf, type RecordColumns } from './translate-columns.js';

/** Where an order of records is cut into calls, and what that costs. */
export interface CallCuts {
  /** The end of each call, as a place in the order. */
  readonly ends: readonly number[];
  /** What each call counts in bytes. */
  readonly bytes: readonly number[];
  /** KiB that are paid for all calls. */
  readonly meteredUnits: number;
}

/** Of two ways to cut that cost the same, the one with fewer calls is better. */
const COST_OF_UNIT = 2 ** 20;

/** Places of `Shareable.seenAt` are counted over all passes, so that no pass takes an earlier one's notes for its own. */
let nextPass = 0;

/**
 * The cheapest way to cut records, in this order, into calls of at most 100.
 *
 * A call is paid by its bytes rounded up to 1 KiB, and what all of its records share is counted once (Timestream developer guide,
 * `metering-and-pricing.writes`). So a call had better end where a label ends that its records share, or right before its next KiB begins.
 * These places are looked at from each record on, the last record first, so that what the rest costs is known.
 */
export function cutCalls(records: RecordColumns, order: Uint32Array): CallCuts {
  const { count } = records;
  const search = new CutSearch(records, order);
  for (let start = count - 1; start >= 0; start--) search.cutAt(start);
  const ends: number[] = [];
  const bytes: number[] = [];
  for (let start = 0; start < count; start = search.ends[start]!) {
    ends.push(search.ends[start]!);
    bytes.push(search.bytes[start]!);
  }
  return { ends, bytes, meteredUnits: Math.floor(search.costs[0]! / COST_OF_UNIT) };
}

class CutSearch {
  /** By place: where a call that begins there ends best, its bytes, and what it and all after it cost. */
  readonly ends: Uint32Array;
  readonly bytes: Float64Array;
  readonly costs: Float64Array;
  readonly #count: number;
  readonly #series: readonly StoredSeries[];
  readonly #timestampsMs: Float64Array;
  /** By place: the bytes of all records before it, each sent alone. */
  readonly #bytesBefore: Float64Array;
  /** Of the call at hand: bytes that stop being shared so many records after its start, and those numbers. */
  readonly #endingBytes = new Float64Array(MAX_RECORDS_PER_WRITE + 1);
  readonly #endings = new Uint32Array(MAX_RECORDS_PER_WRITE + 1);
  #endingCount = 0;
  readonly #base: number;
  #timeRunEnd = 0;
  #start = 0;
  #end = 0;
  #bytes = 0;
  #cost = 0;

  constructor({ count, layout, series, samples, columns }: RecordColumns, order: Uint32Array) {
    this.#count = count;
    this.ends = new Uint32Array(count);
    this.bytes = new Float64Array(count);
    this.costs = new Float64Array(count + 1);
    this.#bytesBefore = new Float64Array(count + 1);
    this.#timestampsMs = new Float64Array(count);
    this.#base = nextPass;
    nextPass += count + 2;
    const inOrder = new Array<StoredSeries>(count);
    let bytes = 0;
    for (let place = 0; place < count; place++) {
      const record = order[place]!;
      const sample = samples[record]!;
      const stored = series[record]!;
      inOrder[place] = stored;
      this.#timestampsMs[place] = columns.timestampsMs[sample]!;
      bytes += stored.baseBytes + valueBytes(valueColumnOf(layout, columns.values[sample]!));
      this.#bytesBefore[place + 1] = bytes;
    }
    this.#series = inOrder;
  }

  /** Finds the best end of a call that begins here; all places behind this one are done. */
  cutAt(start: number): void {
    const limit = Math.min(start + MAX_RECORDS_PER_WRITE, this.#count);
    const sharedToLimit = this.#noteSharing(start, limit);
    this.#start = start;
    this.#cost = Infinity;
    let shared = sharedToLimit;
    let high = limit;
    for (let index = 0; index < this.#endingCount; index++) {
      const ending = this.#endings[index]!;
      const low = start + ending;
      this.#tryEnds(low, high, shared);
      shared += this.#endingBytes[ending]!;
      this.#endingBytes[ending] = 0;
      high = low;
    }
    this.#endingCount = 0;
    if (high > start + 1) this.#tryEnds(start + 1, high, shared);
    this.#tryEnd(start + 1, shared);
    this.ends[start] = this.#end;
    this.bytes[start] = this.#bytes;
    this.costs[start] = this.#cost;
  }

  /**
   * Goes through what the record at `start` has: how far each of it reaches without a break. Fills in what ends before `limit`, the farthest
   * first.
   *
   * @returns the bytes of what reaches to `limit`
   */
  #noteSharing(start: number, limit: number): number {
    const { labels, measure } = this.#series[start]!;
    const here = this.#base + start;
    let sharedToLimit = 0;
    for (let index = -1; index < labels.length; index++) {
      const shareable = index < 0 ? measure : labels[index]!;
      const runEnd = shareable.seenAt === here + 1 ? shareable.runEnd : start + 1;
      shareable.seenAt = here;
      shareable.runEnd = runEnd;
      if (runEnd >= limit) sharedToLimit += shareable.bytes;
      else if (runEnd > start + 1) this.#noteEnding(runEnd - start, shareable.bytes);
    }
    const isTimeShared = start + 1 < this.#count && this.#timestampsMs[start] === this.#timestampsMs[start + 1];
    if (!isTimeShared) this.#timeRunEnd = start + 1;
    if (this.#timeRunEnd >= limit) sharedToLimit += TIME_BYTES;
    else if (this.#timeRunEnd > start + 1) this.#noteEnding(this.#timeRunEnd - start, TIME_BYTES);
    return sharedToLimit;
  }

  #noteEnding(ending: number, bytes: number): void {
    const known = this.#endingBytes[ending]!;
    this.#endingBytes[ending] = known + bytes;
    if (known > 0) return;
    const endings = this.#endings;
    let place = this.#endingCount++;
    while (place > 0 && endings[place - 1]! < ending) {
      endings[place] = endings[place - 1]!;
      place -= 1;
    }
    endings[place] = ending;
  }

  /** Ends after `low` and up to `high`, all of which share `shared` bytes: the last, and the last that is paid for with a KiB less. */
  #tryEnds(low: number, high: number, shared: number): void {
    if (high <= low) return;
    const bytes = this.#tryEnd(high, shared);
    const lessBytes = (Math.ceil(bytes / WRITE_METERING_UNIT_BYTES) - 1) * WRITE_METERING_UNIT_BYTES;
    let tooFew = low;
    let tooMany = high;
    while (tooMany - tooFew > 1) {
      const middle = (tooFew + tooMany) >>> 1;
      if (this.#bytesTo(middle, shared) <= lessBytes) tooFew = middle;
      else tooMany = middle;
    }
    if (tooFew > low) this.#tryEnd(tooFew, shared);
  }

  #tryEnd(end: number, shared: number): number {
    const bytes = this.#bytesTo(end, shared);
    const cost = Math.ceil(bytes / WRITE_METERING_UNIT_BYTES) * COST_OF_UNIT + 1 + this.costs[end]!;
    if (cost < this.#cost) {
      this.#cost = cost;
      this.#end = end;
      this.#bytes = bytes;
    }
    return bytes;
  }

  #bytesTo(end: number, shared: number): number {
    const alone = this.#bytesBefore[end]! - this.#bytesBefore[this.#start]!;
    return alone - (end - this.#start - 1) * shared;
  }
}
