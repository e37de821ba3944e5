import { copyBytes, equalBytes, hashBytes } from './hash-bytes.js';

const SLOTS = 4096;
/** Longer ones are made anew each time. */
const MAX_BYTES = 64;

/**
 * What was made of short pieces of bytes, by these bytes: one place for each hash, and whatever comes later takes it. So it is of fixed size,
 * and a collision costs no more than making the thing again.
 */
export class TextTable<T> {
  readonly #seed: number;
  readonly #values = new Array<T | undefined>(SLOTS);
  readonly #lengths = new Uint8Array(SLOTS);
  /** Made with the first piece: a request may have none that is new. */
  #bytes: DataView | undefined;

  constructor(seed: number) {
    this.#seed = seed;
  }

  find(view: DataView, start: number, end: number): T | undefined {
    const length = end - start;
    if (length > MAX_BYTES || this.#bytes === undefined) return undefined;
    const slot = hashBytes(view, start, end, this.#seed) & (SLOTS - 1);
    if (this.#lengths[slot] !== length || !equalBytes(this.#bytes, slot * MAX_BYTES, view, start, length)) return undefined;
    return this.#values[slot];
  }

  set(view: DataView, start: number, end: number, value: T): void {
    const length = end - start;
    if (length > MAX_BYTES) return;
    this.#bytes ??= new DataView(new ArrayBuffer(SLOTS * MAX_BYTES));
    const slot = hashBytes(view, start, end, this.#seed) & (SLOTS - 1);
    copyBytes(view, start, this.#bytes, slot * MAX_BYTES, length);
    this.#lengths[slot] = length;
    this.#values[slot] = value;
  }
}
