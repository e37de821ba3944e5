import { copyBytes, equalBytes, hashBytes } from './hash-bytes.js';
import type { Label } from './model.js';
import { TextTable } from './text-table.js';

/**
 * The labels of a series as they arrived: neither sorted nor checked. While a cache keeps one, equal bytes give the same object, so whoever
 * derives something from a label set can keep that by the object's identity (a WeakMap, or a Map with a bound).
 */
export interface LabelSet {
  readonly labels: readonly Label[];
  /** Length of the labels on the wire, for the budgets of whoever keeps something by label set. */
  readonly byteLength: number;
  /** No later request gets this object: what is derived from it is not worth keeping. */
  readonly isPassing?: boolean;
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

/** Of an entry with its array, and of each label with its two strings, if no other label set shares it; V8 without pointer compression. */
const ENTRY_BYTES = 184;
const LABEL_BYTES = 96;
const SYMBOLS_IN_SLAB = SLAB_BYTES / Float64Array.BYTES_PER_ELEMENT;

const NO_LABELS: readonly Label[] = [];

/** Stands for a symbol that is not kept, and so has no number. */
export const UNKNOWN_SYMBOL = -1;

/** A label set, and what it counts for in a message of symbols, in bytes. */
export interface SymbolLabelSet extends LabelSet {
  readonly symbolBytes: number;
}

/** A label set with its place in the cache: one object, because a churning sender makes many. */
interface Entry extends LabelSet {
  readonly hash: number;
  /** No other entry of the cache ever had it. */
  readonly number: number;
  /** The bytes stand in `slab`, from `start`; {@link GONE_SLAB} once the cache has forgotten it. */
  slab: DataView;
  start: number;
  cost: number;
  /** The period in which it was last asked for. */
  period: number;
  /** Next entry of the same slot. */
  next: Entry | undefined;
  /** What was asked for after this one the last time: senders keep the order of their series. */
  successor: Entry | undefined;
  /**
   * Numbers of the symbols that these labels were written with, name and value in turn; see {@link LabelSetCache.symbolNumber}. They stand in
   * `symbolSlab`, from `symbolStart`; there are none before they are known.
   */
  symbolSlab: Float64Array;
  symbolStart: number;
  symbolCount: number;
  /** What these labels count for in a message of symbols, in bytes. */
  symbolBytes: number;
}

const GONE_SLAB = new DataView(new ArrayBuffer(0));
const NO_SYMBOLS = new Float64Array(0);

/**
 * Label sets by their bytes on the wire, those that came more than once: a hash finds candidates, and the bytes themselves, all of them, decide. Bounded in memory, and in
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
  #symbolSlab = NO_SYMBOLS;
  #symbolSlabUsed = 0;
  #last: Entry | undefined;
  /** The hash that {@link find} came to, for {@link add}. */
  #missedHash = 0;
  /**
   * Hashes of labels that were seen. Only what is asked for a second time is kept: keeping what comes once, as churning senders send it, costs
   * more than all of its decoding.
   */
  readonly #seenHashes: Int32Array;
  /** Notes made; each group of four places is written in turn. */
  #seenCount = 0;
  /** Single labels by their bytes: what is new of new series is often one label. */
  readonly labels: TextTable<Label>;
  /** Symbols of remote write 2.0, kept by the same rules: as label sets without labels. Made when the first one comes. */
  #symbols: LabelSetCache | undefined;
  #nextNumber = 1;

  /** @throws RangeError if `maxBytes` is not a positive number */
  constructor({ maxBytes, seed = Math.floor(Math.random() * 2 ** 32) }: LabelSetCacheOptions) {
    if (!(maxBytes > 0)) throw new RangeError(`maxBytes must be above 0, not ${maxBytes}`);
    this.#maxBytes = maxBytes;
    this.#seed = seed | 0;
    this.labels = new TextTable(this.#seed);
    // A few times the number of entries that fit, so that those that come again meet their own hash.
    this.#seenHashes = new Int32Array(2 ** Math.min(20, Math.max(10, Math.ceil(Math.log2(maxBytes / 256)))));
  }

  /** Label sets kept. */
  get size(): number {
    return this.#count;
  }

  /** Memory that they take, with the symbols, estimated. */
  get bytes(): number {
    return this.#bytes + (this.#symbols?.bytes ?? 0);
  }

  /** Whether the label set is one that is kept, and so counted in {@link bytes}. */
  keeps(labelSet: LabelSet): boolean {
    return 'slab' in labelSet && labelSet.slab !== GONE_SLAB;
  }

  /** The label set whose wire bytes are `view[start, end)`, if it is kept. */
  find(view: DataView, start: number, end: number): LabelSet | undefined {
    const length = end - start;
    const guess = this.#last?.successor;
    if (guess?.byteLength === length && guess.slab !== GONE_SLAB && equalBytes(guess.slab, guess.start, view, start, length)) {
      guess.period = this.#period;
      this.#last = guess;
      return guess;
    }
    const hash = hashBytes(view, start, end, this.#seed);
    let entry = this.#slots[hash & (this.#slots.length - 1)];
    while (entry !== undefined) {
      if (entry.hash === hash && entry.byteLength === length && equalBytes(entry.slab, entry.start, view, start, length)) {
        entry.period = this.#period;
        this.#follow(entry);
        return entry;
      }
      entry = entry.next;
    }
    this.#missedHash = hash;
    return undefined;
  }

  /**
   * The label set of `labels`, kept if it comes for the second time. Their wire bytes are `view[start, end)`, which {@link find} was asked
   * for last and did not find.
   */
  add(view: DataView, start: number, end: number, labels: readonly Label[]): LabelSet {
    const length = end - start;
    // The text is there twice: as bytes to compare and as strings.
    const cost = ENTRY_BYTES + LABEL_BYTES * labels.length + 2 * length;
    if (cost > this.#maxBytes / 4 || !this.#wasSeen(this.#missedHash)) return { labels, byteLength: length, isPassing: true };
    this.#makeRoom(cost);
    if (this.#count >= this.#slots.length) this.#grow();
    const entry: Entry = {
      labels,
      byteLength: length,
      hash: this.#missedHash,
      number: this.#nextNumber++,
      slab: GONE_SLAB,
      start: 0,
      cost,
      period: this.#period,
      next: undefined,
      successor: undefined,
      symbolSlab: NO_SYMBOLS,
      symbolStart: 0,
      symbolCount: 0,
      symbolBytes: 0,
    };
    this.#store(entry, view, start, length);
    this.#insert(entry);
    this.#bytes += cost;
    this.#periodBytes += cost;
    this.#follow(entry);
    return entry;
  }

  /**
   * The number of the symbol `view[start, end)`, which stands for these bytes and for no others, ever; {@link UNKNOWN_SYMBOL} if the symbol is
   * not kept.
   */
  symbolNumber(view: DataView, start: number, end: number): number {
    this.#symbols ??= new LabelSetCache({ maxBytes: this.#maxBytes / 4, seed: this.#seed });
    let symbol = this.#symbols.find(view, start, end);
    if (symbol === undefined) {
      symbol = this.#symbols.add(view, start, end, NO_LABELS);
      // Symbols may take a quarter of the memory; where the label sets have it already, some of these go.
      this.#makeRoom(0);
    }
    return 'number' in symbol && typeof symbol.number === 'number' ? symbol.number : UNKNOWN_SYMBOL;
  }

  /**
   * The label set that is likely to come next, if it is known to be that of the symbols with the first `count` numbers. It compares a number
   * where {@link find} compares a text.
   */
  findBySymbols(numbers: Float64Array, count: number): SymbolLabelSet | undefined {
    const guess = this.#last?.successor;
    // Of a label set without symbols nothing is known, or it has no labels.
    if (count === 0 || guess?.symbolCount !== count || guess.slab === GONE_SLAB) return undefined;
    const { symbolSlab, symbolStart } = guess;
    for (let index = 0; index < count; index++) {
      if (symbolSlab[symbolStart + index] !== numbers[index]) return undefined;
    }
    guess.period = this.#period;
    this.#last = guess;
    return guess;
  }

  /**
   * Notes for {@link findBySymbols} with which symbols a label set came: the first `count` numbers, all of them known. Nothing is noted of a
   * label set that is not kept.
   */
  noteSymbols(labelSet: LabelSet, numbers: Float64Array, count: number, symbolBytes: number): void {
    const entry = labelSet as Entry;
    const added = 8 * Math.max(0, count - entry.symbolCount);
    if (this.keeps(labelSet) && added > 0) this.#makeRoom(added);
    // Room may have been made of this one, too.
    if (!this.keeps(labelSet)) return;
    entry.cost += added;
    this.#bytes += added;
    this.#periodBytes += added;
    if (count > entry.symbolCount) this.#storeSymbols(entry, numbers, 0, count);
    else entry.symbolSlab.set(numbers.subarray(0, count), entry.symbolStart);
    entry.symbolCount = count;
    entry.symbolBytes = symbolBytes;
  }

  #storeSymbols(entry: Entry, numbers: Float64Array, start: number, count: number): void {
    if (this.#symbolSlabUsed + count > this.#symbolSlab.length) {
      this.#symbolSlab = new Float64Array(Math.max(SYMBOLS_IN_SLAB, count));
      this.#symbolSlabUsed = 0;
    }
    this.#symbolSlab.set(numbers.subarray(start, start + count), this.#symbolSlabUsed);
    entry.symbolSlab = this.#symbolSlab;
    entry.symbolStart = this.#symbolSlabUsed;
    this.#symbolSlabUsed += count;
  }

  /** Whether labels with this hash were asked for lately; notes that they now were. */
  #wasSeen(hash: number): boolean {
    const seen = this.#seenHashes;
    const group = hash & (seen.length - 4);
    for (let index = group; index < group + 4; index++) {
      if (seen[index] === hash) return true;
    }
    seen[group + (this.#seenCount++ & 3)] = hash;
    return false;
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
    copyBytes(view, start, this.#slab, this.#slabUsed, length);
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
    if (this.bytes + cost <= this.#maxBytes) return;
    for (const keptPeriods of [2, 1, 0]) {
      this.#replace(this.#slots.length, (entry) => entry.period > this.#period - keptPeriods, true);
      if (this.bytes + cost <= this.#maxBytes * 0.75) return;
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
      this.#symbolSlab = NO_SYMBOLS;
      this.#symbolSlabUsed = 0;
    }
    this.#count = 0;
    for (const first of old) {
      let entry = first;
      while (entry !== undefined) {
        const { next } = entry;
        if (keep(entry)) {
          if (compact) {
            this.#store(entry, entry.slab, entry.start, entry.byteLength);
            if (entry.symbolCount > 0) this.#storeSymbols(entry, entry.symbolSlab, entry.symbolStart, entry.symbolCount);
            this.#bytes += entry.cost;
          }
          this.#insert(entry);
        } else forget(entry);
        entry = next;
      }
    }
    if (compact) this.#forgetGoneSuccessors();
  }

  /** Else each entry kept could keep one that is gone. */
  #forgetGoneSuccessors(): void {
    for (const first of this.#slots) {
      for (let entry = first; entry !== undefined; entry = entry.next) {
        if (entry.successor?.slab === GONE_SLAB) entry.successor = undefined;
      }
    }
    if (this.#last?.slab === GONE_SLAB) this.#last = undefined;
  }
}

/** An entry that others may still follow on, or use: it must match nothing and keep nothing else alive. */
function forget(entry: Entry): void {
  entry.slab = GONE_SLAB;
  entry.symbolSlab = NO_SYMBOLS;
  entry.symbolCount = 0;
  entry.next = undefined;
  entry.successor = undefined;
}
