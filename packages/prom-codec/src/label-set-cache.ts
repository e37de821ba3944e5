import type { Label } from './model.js';

/**
 * The labels of a series as they arrived: neither sorted nor checked. While a cache keeps one, equal bytes give the same object, so whoever
 * derives something from a label set can keep that by the object's identity (a WeakMap, or a Map with a bound).
 */
export interface LabelSet {
  readonly labels: readonly Label[];
  /** Length of the labels on the wire, for the budgets of whoever keeps something by label set. */
  readonly byteLength: number;
}

export interface LabelSetCacheOptions {
  /** How much memory to take, estimated, in bytes. Over it, what was not used for longest goes first. */
  readonly maxBytes: number;
  /** Start of the hash, 32 bits. Random if left out, so that a sender cannot know which labels collide. */
  readonly seed?: number;
}

/** Label sets that share a slot. Whoever finds a way to let more of them collide only pushes out their own. */
const MAX_CHAIN = 8;
const INITIAL_SLOTS = 1024;
const SLAB_BYTES = 64 * 1024;

/** Of an entry, a label set, and for each label of it an object and two strings; V8 with pointer compression off, rounded up. */
const ENTRY_BYTES = 176;
const LABEL_BYTES = 96;

interface Entry {
  hash: number;
  /** The bytes stand in `slab`, from `start`. */
  slab: DataView;
  start: number;
  labelSet: LabelSet;
  cost: number;
  /** The period in which it was last asked for. */
  period: number;
  /** Next entry of the same slot. */
  next: Entry | undefined;
  /** What was asked for after this one the last time: senders keep the order of their series. */
  successor: Entry | undefined;
}

const GONE_SLAB = new DataView(new ArrayBuffer(0));
const GONE_LABEL_SET: LabelSet = { labels: [], byteLength: -1 };

/**
 * Label sets by their bytes on the wire: a hash finds candidates, and the bytes themselves, all of them, decide. Bounded in memory, and in
 * the work that one question takes, whatever the labels are: they are chosen by whoever sends them.
 */
export class LabelSetCache {
  readonly #maxBytes: number;
  readonly #seed: number;
  #slots: (Entry | undefined)[] = new Array<Entry | undefined>(INITIAL_SLOTS);
  #count = 0;
  #bytes = 0;
  #period = 0;
  /** Bytes added since the period began. */
  #periodBytes = 0;
  #slab = GONE_SLAB;
  #slabUsed = 0;
  #last: Entry | undefined;

  /** @throws RangeError if `maxBytes` is not a positive number */
  constructor({ maxBytes, seed = Math.floor(Math.random() * 2 ** 32) }: LabelSetCacheOptions) {
    if (!(maxBytes > 0)) throw new RangeError(`maxBytes must be above 0, not ${maxBytes}`);
    this.#maxBytes = maxBytes;
    this.#seed = seed | 0;
  }

  /** Label sets kept. */
  get size(): number {
    return this.#count;
  }

  /** Memory that they take, estimated. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The label set whose wire bytes are `view[start, end)`, if it is kept. */
  find(view: DataView, start: number, end: number): LabelSet | undefined {
    const length = end - start;
    const guess = this.#last?.successor;
    if (guess?.labelSet.byteLength === length && equalBytes(guess.slab, guess.start, view, start, length)) {
      guess.period = this.#period;
      this.#last = guess;
      return guess.labelSet;
    }
    const hash = hashBytes(view, start, end, this.#seed);
    let entry = this.#slots[hash & (this.#slots.length - 1)];
    while (entry !== undefined) {
      if (entry.hash === hash && entry.labelSet.byteLength === length && equalBytes(entry.slab, entry.start, view, start, length)) {
        entry.period = this.#period;
        this.#follow(entry);
        return entry.labelSet;
      }
      entry = entry.next;
    }
    return undefined;
  }

  /** Keep `labels`, whose wire bytes are `view[start, end)`, which {@link find} did not find. Gives their label set. */
  add(view: DataView, start: number, end: number, labels: readonly Label[]): LabelSet {
    const length = end - start;
    const labelSet: LabelSet = { labels, byteLength: length };
    // The text is there twice: as bytes to compare and as strings.
    const cost = ENTRY_BYTES + LABEL_BYTES * labels.length + 2 * length;
    if (cost > this.#maxBytes / 4) return labelSet;
    this.#makeRoom(cost);
    if (this.#count >= this.#slots.length) this.#grow();
    const hash = hashBytes(view, start, end, this.#seed);
    const entry: Entry = {
      hash,
      slab: GONE_SLAB,
      start: 0,
      labelSet,
      cost,
      period: this.#period,
      next: undefined,
      successor: undefined,
    };
    this.#store(entry, view, start, length);
    this.#insert(entry);
    this.#bytes += cost;
    this.#periodBytes += cost;
    this.#follow(entry);
    return labelSet;
  }

  #follow(entry: Entry): void {
    if (this.#last !== undefined) this.#last.successor = entry;
    this.#last = entry;
  }

  #store(entry: Entry, view: DataView, start: number, length: number): void {
    if (this.#slabUsed + length > this.#slab.byteLength) {
      this.#slab = new DataView(new ArrayBuffer(Math.max(SLAB_BYTES, length)));
      this.#slabUsed = 0;
    }
    const from = new Uint8Array(view.buffer, view.byteOffset + start, length);
    new Uint8Array(this.#slab.buffer).set(from, this.#slabUsed);
    entry.slab = this.#slab;
    entry.start = this.#slabUsed;
    this.#slabUsed += length;
  }

  #insert(entry: Entry): void {
    const slot = entry.hash & (this.#slots.length - 1);
    entry.next = this.#slots[slot];
    this.#slots[slot] = entry;
    this.#count++;
    let last = entry;
    for (let length = 1; last.next !== undefined; length++) {
      if (length === MAX_CHAIN) {
        this.#bytes -= last.next.cost;
        this.#count--;
        forget(last.next);
        last.next = undefined;
        return;
      }
      last = last.next;
    }
  }

  #grow(): void {
    this.#replace(this.#slots.length * 2, () => true, false);
  }

  /** Periods are a quarter of the memory long, so what is found again within about three quarters of it stays. */
  #makeRoom(cost: number): void {
    if (this.#periodBytes > this.#maxBytes / 4) {
      this.#period++;
      this.#periodBytes = 0;
    }
    if (this.#bytes + cost <= this.#maxBytes) return;
    for (const keptPeriods of [2, 1, 0]) {
      this.#replace(this.#slots.length, (entry) => entry.period > this.#period - keptPeriods, true);
      if (this.#bytes + cost <= this.#maxBytes * 0.75) return;
    }
  }

  /** New slots with the entries that `keep` names; `compact` moves their bytes together, so that no slab stays for one entry's sake. */
  #replace(slotCount: number, keep: (entry: Entry) => boolean, compact: boolean): void {
    const old = this.#slots;
    this.#slots = new Array<Entry | undefined>(slotCount);
    if (compact) {
      this.#bytes = 0;
      this.#slab = GONE_SLAB;
      this.#slabUsed = 0;
    }
    this.#count = 0;
    for (const first of old) {
      let entry = first;
      while (entry !== undefined) {
        const { next } = entry;
        if (keep(entry)) {
          if (compact) {
            this.#store(entry, entry.slab, entry.start, entry.labelSet.byteLength);
            this.#bytes += entry.cost;
          }
          this.#insert(entry);
        } else forget(entry);
        entry = next;
      }
    }
  }
}

/** An entry that others may still follow on: it must match nothing and keep nothing alive. */
function forget(entry: Entry): void {
  entry.labelSet = GONE_LABEL_SET;
  entry.slab = GONE_SLAB;
  entry.next = undefined;
  entry.successor = undefined;
}

function equalBytes(left: DataView, leftStart: number, right: DataView, rightStart: number, length: number): boolean {
  // Backwards: series of one metric differ near their end as often as anywhere, and begin alike.
  let index = length;
  while (index >= 4) {
    index -= 4;
    if (left.getInt32(leftStart + index, true) !== right.getInt32(rightStart + index, true)) return false;
  }
  while (index > 0) {
    index--;
    if (left.getUint8(leftStart + index) !== right.getUint8(rightStart + index)) return false;
  }
  return true;
}

/** Four bytes at a time, two streams side by side; the last steps are those of MurmurHash3, which spread each bit over all. */
function hashBytes(view: DataView, start: number, end: number, seed: number): number {
  let first = seed ^ (end - start);
  let second = ~seed;
  let index = start;
  for (; index + 8 <= end; index += 8) {
    first = Math.imul(((first << 5) | (first >>> 27)) ^ view.getInt32(index, true), 0x9e3779b1);
    second = Math.imul(((second << 7) | (second >>> 25)) ^ view.getInt32(index + 4, true), 0x85ebca77);
  }
  for (; index < end; index++) first = Math.imul(((first << 5) | (first >>> 27)) ^ view.getUint8(index), 0x9e3779b1);
  let hash = first ^ Math.imul(second ^ (second >>> 15), 0xc2b2ae3d);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
