/* oxlint-disable typescript/no-non-null-assertion -- every index here is below the length of its column, and this runs for every sample */
import { MAX_RECORD_BYTES, MAX_RECORDS_PER_WRITE, WRITE_METERING_UNIT_BYTES } from '../model/limits.js';
import { TIME_BYTES, valueBytes } from './record-size.js';
import type { StoredSeries } from './stored-series.js';
import { valueColumnOf, type RecordColumns } from './translate-columns.js';

/** Where an order of records is cut into calls, and what that costs. */
export interface CallCuts {
  /** The end of each call, as a place in the order. */
  readonly ends: readonly number[];
  /** What each call counts in bytes. */
  readonly bytes: readonly number[];
  /** How many of them are counted once for all records of the call. */
  readonly sharedBytes: readonly number[];
  /** KiB that are paid for all calls. */
  readonly meteredUnits: number;
}

/** Of two ways to cut that cost the same, the one with fewer calls is better. */
const COST_OF_UNIT = 2 ** 20;

/**
 * The cheapest way to cut records, in this order, into calls of at most 100; nothing if there is none that is cheaper than `limit`.
 *
 * A call is paid by its bytes rounded up to 1 KiB, and what all of its records share is counted once (Timestream developer guide,
 * `metering-and-pricing.writes`). The last record is looked at first, so that what the rest costs is known. No record of its own makes
 * calls cheaper, so of all calls that begin at one record and are paid for with the same KiB the longest is the best: one end for each
 * number of KiB is looked at, and no better way is missed.
 *
 * @param search of these records, for one order after the other
 */
export function cutCalls(
  records: RecordColumns,
  order: Uint32Array,
  limit?: CallCuts,
  search = new CutSearch(records),
): CallCuts | undefined {
  const { count } = records;
  search.begin(order);
  const limitCost = limit === undefined ? Infinity : limit.meteredUnits * COST_OF_UNIT + limit.ends.length;
  for (let start = count - 1; start >= 0; start--) if (search.cutAt(start) >= limitCost) return undefined;
  const ends: number[] = [];
  const bytes: number[] = [];
  const sharedBytes: number[] = [];
  for (let start = 0; start < count; start = search.ends[start]!) {
    ends.push(search.ends[start]!);
    bytes.push(search.bytes[start]!);
    sharedBytes.push(search.sharedBytes[start]!);
  }
  return { ends, bytes, sharedBytes, meteredUnits: Math.floor(search.costs[0]! / COST_OF_UNIT) };
}

/** The columns that a search needs, for all orders of the same records. */
export class CutSearch {
  /** By place: where a call that begins there ends best, its bytes, those of them that its records share, and what it and all after it cost. */
  readonly ends: Uint32Array;
  readonly bytes: Float64Array;
  readonly sharedBytes: Float64Array;
  readonly costs: Float64Array;
  readonly #count: number;
  readonly #records: RecordColumns;
  readonly #series: StoredSeries[];
  readonly #timestampsMs: Float64Array;
  /** By place: the bytes of all records before it, each sent alone. */
  readonly #bytesBefore: Float64Array;
  /** Of the call at hand: bytes that stop being shared so many records after its start, and those numbers. */
  readonly #endingBytes = new Float64Array(MAX_RECORDS_PER_WRITE + 1);
  readonly #endings = new Uint32Array(MAX_RECORDS_PER_WRITE + 1);
  #endingCount = 0;
  /** By KiB: no call that begins at the place at hand and is paid for with so many ends behind this. One that begins earlier ends no later. */
  readonly #farthestEnds = new Uint32Array(Math.ceil((MAX_RECORDS_PER_WRITE * MAX_RECORD_BYTES) / WRITE_METERING_UNIT_BYTES) + 1);
  /** Of the place looked at last: its series, and how far its metric name, its time and each of its labels reach without a break. */
  #stored: StoredSeries | undefined;
  #measureRunEnd = 0;
  #timeRunEnd = 0;
  #labelRunEnds: Uint32Array;
  #spareRunEnds: Uint32Array;
  #start = 0;

  constructor(records: RecordColumns) {
    const { count, series } = records;
    this.#records = records;
    this.#count = count;
    this.ends = new Uint32Array(count);
    this.bytes = new Float64Array(count);
    this.sharedBytes = new Float64Array(count);
    this.costs = new Float64Array(count + 1);
    this.#bytesBefore = new Float64Array(count + 1);
    this.#timestampsMs = new Float64Array(count);
    this.#series = new Array<StoredSeries>(count);
    let maxLabels = 0;
    for (const { labels } of series) if (labels.length > maxLabels) maxLabels = labels.length;
    this.#labelRunEnds = new Uint32Array(maxLabels);
    this.#spareRunEnds = new Uint32Array(maxLabels);
  }

  /** Nothing of this order is done yet. */
  begin(order: Uint32Array): void {
    const { layout, series, samples, columns } = this.#records;
    let bytes = 0;
    for (let place = 0; place < this.#count; place++) {
      const record = order[place]!;
      const sample = samples[record]!;
      const stored = series[record]!;
      this.#series[place] = stored;
      this.#timestampsMs[place] = columns.timestampsMs[sample]!;
      bytes += stored.baseBytes + valueBytes(valueColumnOf(layout, columns.values[sample]!));
      this.#bytesBefore[place + 1] = bytes;
    }
    this.#farthestEnds.fill(this.#count);
    this.#stored = undefined;
  }

  /**
   * Finds the best end of a call that begins here; all places behind this one are done.
   *
   * @returns what this call and all after it cost
   */
  cutAt(start: number): number {
    const next = start + 1;
    this.#continueRuns(start);
    const limit = Math.min(start + MAX_RECORDS_PER_WRITE, this.#count);
    this.#start = start;
    this.costs[start] = Infinity;
    // No plan is cheaper than the one for the records behind this one: if their first call takes this one too for nothing, that is the best.
    const likely = next < this.#count ? Math.min(this.ends[next]!, limit) : next;
    this.#tryEnd(likely, this.#sharedTo(likely));
    if (this.costs[start] > this.costs[next]!) this.#tryAllEnds(limit);
    return this.costs[start];
  }

  #sharedTo(end: number): number {
    const { labels, measure } = this.#stored!;
    const runEnds = this.#labelRunEnds;
    let shared = this.#measureRunEnd >= end ? measure.bytes : 0;
    if (this.#timeRunEnd >= end) shared += TIME_BYTES;
    for (let index = 0; index < labels.length; index++) if (runEnds[index]! >= end) shared += labels[index]!.bytes;
    return shared;
  }

  #tryAllEnds(limit: number): void {
    const start = this.#start;
    let shared = this.#noteEndings(start, limit);
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
    this.#tryEnds(start, high, shared);
  }

  /**
   * Fills in what of the record at `start` ends before `limit`, the farthest first.
   *
   * @returns the bytes of what reaches to `limit`
   */
  #noteEndings(start: number, limit: number): number {
    const { labels, measure } = this.#stored!;
    const runEnds = this.#labelRunEnds;
    let sharedToLimit = 0;
    for (let index = 0; index < labels.length; index++) {
      const runEnd = runEnds[index]!;
      if (runEnd >= limit) sharedToLimit += labels[index]!.bytes;
      else if (runEnd > start + 1) this.#noteEnding(runEnd - start, labels[index]!.bytes);
    }
    if (this.#measureRunEnd >= limit) sharedToLimit += measure.bytes;
    else if (this.#measureRunEnd > start + 1) this.#noteEnding(this.#measureRunEnd - start, measure.bytes);
    if (this.#timeRunEnd >= limit) sharedToLimit += TIME_BYTES;
    else if (this.#timeRunEnd > start + 1) this.#noteEnding(this.#timeRunEnd - start, TIME_BYTES);
    return sharedToLimit;
  }

  /** What a series shares with the one behind it reaches as far as it does there; everything else begins here. Labels have one order. */
  #continueRuns(start: number): void {
    if (start + 1 === this.#count || this.#timestampsMs[start] !== this.#timestampsMs[start + 1]) this.#timeRunEnd = start + 1;
    const stored = this.#series[start]!;
    if (stored === this.#stored) return;
    const { labels, measure } = stored;
    const others = this.#stored?.labels ?? [];
    if (measure !== this.#stored?.measure) this.#measureRunEnd = start + 1;
    const known = this.#labelRunEnds;
    const runEnds = this.#spareRunEnds;
    let place = 0;
    for (let index = 0; index < labels.length; index++) {
      const label = labels[index]!;
      let runEnd = start + 1;
      if (others[place] === label) {
        runEnd = known[place++]!;
      } else if (others[place]?.internedName === label.internedName) {
        place += 1;
      } else {
        const found = others.indexOf(label, place);
        if (found >= 0) {
          runEnd = known[found]!;
          place = found + 1;
        }
      }
      runEnds[index] = runEnd;
    }
    this.#stored = stored;
    this.#labelRunEnds = runEnds;
    this.#spareRunEnds = known;
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

  /** Ends after `low` and up to `high`, all of which share `shared` bytes: of each number of KiB the last. */
  #tryEnds(low: number, high: number, shared: number): void {
    const farthestEnds = this.#farthestEnds;
    const start = this.#start;
    let end = high;
    while (end > low && this.costs[start]! > this.costs[start + 1]!) {
      const bytes = this.#tryEnd(end, shared);
      const lessUnits = Math.ceil(bytes / WRITE_METERING_UNIT_BYTES) - 1;
      const lessBytes = lessUnits * WRITE_METERING_UNIT_BYTES;
      end = Math.min(end - 1, farthestEnds[lessUnits]!);
      while (end > low && this.#bytesTo(end, shared) > lessBytes) end -= 1;
      if (end > low) farthestEnds[lessUnits] = end;
    }
  }

  #tryEnd(end: number, shared: number): number {
    const bytes = this.#bytesTo(end, shared);
    const cost = Math.ceil(bytes / WRITE_METERING_UNIT_BYTES) * COST_OF_UNIT + 1 + this.costs[end]!;
    if (cost < this.costs[this.#start]!) {
      this.costs[this.#start] = cost;
      this.ends[this.#start] = end;
      this.bytes[this.#start] = bytes;
      this.sharedBytes[this.#start] = shared;
    }
    return bytes;
  }

  #bytesTo(end: number, shared: number): number {
    const alone = this.#bytesBefore[end]! - this.#bytesBefore[this.#start]!;
    return alone - (end - this.#start - 1) * shared;
  }
}
