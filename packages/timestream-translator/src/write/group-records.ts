/* oxlint-disable typescript/no-non-null-assertion -- every index here is below the length of its column, and this runs for every sample */
import { MAX_RECORDS_PER_WRITE, WRITE_METERING_UNIT_BYTES } from '../model/limits.js';
import type { InternedLabel, StoredMeasure } from './interned-label.js';
import { TIME_BYTES } from './record-size.js';
import type { RecordColumns } from './translate-columns.js';

/** Fewer records are not worth calls of their own. */
const MIN_GROUP_RECORDS = 16;

const MAX_DEPTH = 6;

/** What rounding up adds to a call, on average. */
const ROUNDING_BYTES = WRITE_METERING_UNIT_BYTES / 2;

/** The metric name, among the names of labels. */
const MEASURE = 0;

/**
 * The records in groups that have something in common, each group in smaller ones, as long as that looks cheaper: the records are parted by what saves
 * the most bytes, which may be a target, a metric, or any other label, such as `le` of a histogram with many routes. What is best
 * differs from group to group, which is what no order by the same names for all of them can have.
 *
 * @returns a permutation of the records' indexes; nothing if there is no such group
 */
export function groupRecords(records: RecordColumns, pass: number): Uint32Array | undefined {
  if (records.count < 2 * MIN_GROUP_RECORDS) return undefined;
  return new GroupSearch(new PartTable(records, pass)).run();
}

/**
 * What records may share, each label and metric name by a number of its own; without what all of them share. Names whose values change at the same
 * records, as those of the labels of a target do, are one name here.
 */
class PartTable {
  readonly count: number;
  /** By part: the number of its name, and its bytes. */
  readonly names: number[] = [];
  readonly bytes: number[] = [];
  nameCount = 1;
  /** What all records share. */
  commonBytes = TIME_BYTES;
  /** By record: where its parts begin in `parts`; they end where those of the next one begin. */
  readonly starts: Uint32Array;
  readonly parts: Uint32Array;
  /** By part: its records, and the first of them. */
  readonly #uses: number[] = [];
  readonly #firstRecords: number[] = [];
  readonly #pass: number;

  constructor({ count, series }: RecordColumns, pass: number) {
    this.count = count;
    this.#pass = pass;
    let total = 0;
    for (let record = 0; record < count; record++) total += series[record]!.labels.length + 1;
    this.starts = new Uint32Array(count + 1);
    this.parts = new Uint32Array(total);
    let place = 0;
    for (let record = 0; record < count; record++) {
      const { labels, measure } = series[record]!;
      const measurePart = measure.pass === pass ? measure.index : this.#addMeasure(measure, record);
      this.#uses[measurePart]! += 1;
      this.parts[place++] = measurePart;
      for (const label of labels) {
        const part = label.pass === pass ? label.index : this.#addLabel(label, record);
        this.#uses[part]! += 1;
        this.parts[place++] = part;
      }
      this.starts[record + 1] = place;
    }
    this.#leaveOut(this.#joinNames());
  }

  #addMeasure(measure: StoredMeasure, record: number): number {
    measure.pass = this.#pass;
    measure.index = this.#add(MEASURE, measure.bytes, record);
    return measure.index;
  }

  #addLabel(label: InternedLabel, record: number): number {
    label.pass = this.#pass;
    const name = label.internedName;
    if (name.pass !== this.#pass) {
      name.pass = this.#pass;
      name.index = this.nameCount++;
    }
    label.index = this.#add(name.index, label.bytes, record);
    return label.index;
  }

  #add(name: number, bytes: number, record: number): number {
    this.names.push(name);
    this.bytes.push(bytes);
    this.#firstRecords.push(record);
    return this.#uses.push(0) - 1;
  }

  /** By name: the first of the names that it goes together with, whose parts have the bytes of all of them then. */
  #joinNames(): readonly number[] {
    const { names, bytes, nameCount } = this;
    const firstRecords = this.#firstRecords;
    const marks = new Int32Array(nameCount);
    for (let part = 0; part < names.length; part++) {
      const mark = Math.imul(marks[names[part]!]! ^ firstRecords[part]!, 0x9e3779b1) + this.#uses[part]!;
      marks[names[part]!] = mark ^ (mark >>> 15);
    }
    const nameByMark = new Map<number, number>();
    const joined = Array.from(marks, (mark, name) => {
      const first = nameByMark.get(mark) ?? name;
      nameByMark.set(mark, first);
      return first;
    });
    const lastParts = new Uint32Array(nameCount);
    for (let start = 0, end = 0; start < names.length; start = end) {
      // New with the same record, and so one of each name.
      for (; firstRecords[end] === firstRecords[start]; end++) lastParts[names[end]!] = end;
      for (let part = start; part < end; part++) {
        const first = joined[names[part]!]!;
        if (first !== names[part]) bytes[lastParts[first]!]! += bytes[part]!;
      }
    }
    return joined;
  }

  #leaveOut(joined: readonly number[]): void {
    const { count, names, bytes, starts, parts } = this;
    const isKept = names.map((name, part) => joined[name] === name && this.#uses[part] !== count);
    for (let part = 0; part < names.length; part++) {
      if (joined[names[part]!] === names[part] && this.#uses[part] === count) this.commonBytes += bytes[part]!;
    }
    let place = 0;
    let index = 0;
    for (let record = 0; record < count; record++) {
      const end = starts[record + 1]!;
      for (; index < end; index++) if (isKept[parts[index]!]) parts[place++] = parts[index]!;
      starts[record + 1] = place;
    }
  }
}

class GroupSearch {
  readonly #table: PartTable;
  #order: Uint32Array;
  #spare: Uint32Array;
  #isParted = false;
  /** Groups looked at, so that none takes another's counts for its own. */
  #lastGroup = 0;
  /** By part: the group that it was counted in last, and its records there. */
  readonly #partGroups: Uint32Array;
  readonly #partCounts: Uint32Array;
  /** By part of the name that the group is parted by: where its records go next. */
  readonly #partPlaces: Uint32Array;
  /** Of the group at hand, in the order that they were met in. */
  readonly #seenParts: Uint32Array;
  #seenCount = 0;
  /** By name: of the group at hand, see `#judge`. */
  readonly #uses: Float64Array;
  readonly #groupedCounts: Float64Array;
  readonly #savedBytes: Float64Array;
  readonly #calls: Float64Array;

  constructor(table: PartTable) {
    this.#table = table;
    const { count, names, nameCount } = table;
    this.#order = new Uint32Array(count);
    for (let record = 0; record < count; record++) this.#order[record] = record;
    this.#spare = new Uint32Array(count);
    this.#partGroups = new Uint32Array(names.length);
    this.#partCounts = new Uint32Array(names.length);
    this.#partPlaces = new Uint32Array(names.length);
    this.#seenParts = new Uint32Array(names.length);
    this.#uses = new Float64Array(nameCount);
    this.#groupedCounts = new Float64Array(nameCount);
    this.#savedBytes = new Float64Array(nameCount);
    this.#calls = new Float64Array(nameCount);
  }

  run(): Uint32Array | undefined {
    this.#part(0, this.#table.count, this.#table.commonBytes, MAX_DEPTH);
    return this.#isParted ? this.#order : undefined;
  }

  #part(start: number, end: number, commonBytes: number, depth: number): void {
    if (end - start < 2 * MIN_GROUP_RECORDS || depth === 0) return;
    this.#count(start, end);
    const { name, sharedBytes } = this.#judge(end - start, commonBytes);
    if (name < 0) return;
    this.#isParted = true;
    // The counts are those of the groups within, once one of them is looked at.
    for (const groupEnd of this.#move(start, end, name)) {
      this.#part(start, groupEnd, commonBytes + sharedBytes, depth - 1);
      start = groupEnd;
    }
  }

  #count(start: number, end: number): void {
    const { starts, parts } = this.#table;
    const group = ++this.#lastGroup;
    this.#seenCount = 0;
    for (let place = start; place < end; place++) {
      const record = this.#order[place]!;
      const partsEnd = starts[record + 1]!;
      for (let index = starts[record]!; index < partsEnd; index++) {
        const part = parts[index]!;
        if (this.#partGroups[part] !== group) {
          this.#partGroups[part] = group;
          this.#partCounts[part] = 0;
          this.#seenParts[this.#seenCount++] = part;
        }
        this.#partCounts[part]! += 1;
      }
    }
  }

  /** Finds the name by which the records at hand are parted best; -1 if no part is one of enough of them. */
  #judge(count: number, commonBytes: number): { readonly name: number; readonly sharedBytes: number } {
    const { names, bytes, nameCount } = this.#table;
    for (const column of [this.#uses, this.#groupedCounts, this.#savedBytes, this.#calls]) column.fill(0);
    let sharedBytes = 0;
    for (let index = 0; index < this.#seenCount; index++) {
      const part = this.#seenParts[index]!;
      const name = names[part]!;
      const uses = this.#partCounts[part]!;
      if (uses === count) {
        sharedBytes += bytes[part]!;
        continue;
      }
      this.#uses[name]! += uses;
      if (uses < MIN_GROUP_RECORDS) continue;
      const calls = callsOf(uses);
      this.#groupedCounts[name]! += uses;
      this.#savedBytes[name]! += (uses - calls) * bytes[part]!;
      this.#calls[name]! += calls;
    }
    const callBytes = commonBytes + sharedBytes + ROUNDING_BYTES;
    let best = -1;
    let bestGain = 0;
    let bestSaving = 0;
    for (let name = 0; name < nameCount; name++) {
      if (this.#groupedCounts[name] === 0) continue;
      const savedBytes = this.#savedBytes[name]!;
      const withoutCount = count - this.#uses[name]!;
      const isGroup = withoutCount >= MIN_GROUP_RECORDS;
      const restCount = count - this.#groupedCounts[name]! - (isGroup ? withoutCount : 0);
      const callCount = this.#calls[name]! + (isGroup ? callsOf(withoutCount) : 0) + callsOf(restCount);
      const gain = Math.max(0, savedBytes - (callCount - callsOf(count)) * callBytes);
      // Where no group is worth its calls, those that come closest stand together all the same: where a call ends is not said here.
      const saving = savedBytes / callCount;
      if (gain < bestGain || (gain === bestGain && saving <= bestSaving)) continue;
      best = name;
      bestGain = gain;
      bestSaving = saving;
    }
    return { name: best, sharedBytes };
  }

  /**
   * Puts records together that have the same value of this name, those without it and those with rare ones last.
   *
   * @returns where the groups end
   */
  #move(start: number, end: number, name: number): readonly number[] {
    const { starts, parts, names } = this.#table;
    const ends: number[] = [];
    let place = start;
    for (let index = 0; index < this.#seenCount; index++) {
      const part = this.#seenParts[index]!;
      if (names[part] !== name || this.#partCounts[part]! < MIN_GROUP_RECORDS) continue;
      this.#partPlaces[part] = place;
      place += this.#partCounts[part]!;
      ends.push(place);
    }
    const withoutCount = end - start - this.#uses[name]!;
    let withoutPlace = place;
    let restPlace = withoutCount >= MIN_GROUP_RECORDS ? place + withoutCount : place;
    if (restPlace === place) withoutPlace = -1;
    else ends.push(restPlace);
    if (restPlace < end) ends.push(end);
    for (let from = start; from < end; from++) {
      const record = this.#order[from]!;
      const partsEnd = starts[record + 1]!;
      let index = starts[record]!;
      while (index < partsEnd && names[parts[index]!] !== name) index += 1;
      const part = index < partsEnd ? parts[index]! : -1;
      let to: number;
      if (part >= 0 && this.#partCounts[part]! >= MIN_GROUP_RECORDS) to = this.#partPlaces[part]!++;
      else if (part < 0 && withoutPlace >= 0) to = withoutPlace++;
      else to = restPlace++;
      this.#spare[to] = record;
    }
    this.#order.set(this.#spare.subarray(start, end), start);
    return ends;
  }
}

function callsOf(recordCount: number): number {
  return Math.ceil(recordCount / MAX_RECORDS_PER_WRITE);
}
