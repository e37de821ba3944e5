/** Which half of a 64-bit element comes first in this machine's memory. Typed arrays use the machine's own order. */
const LOW = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;

const WORD = 2 ** 32;

/** A column of times, written without a `bigint` for each. */
export class TimeColumn {
  readonly timesMs: BigInt64Array;
  readonly #words: Uint32Array;

  constructor(length: number) {
    this.timesMs = new BigInt64Array(length);
    this.#words = new Uint32Array(this.timesMs.buffer);
  }

  /** @param timeMs an integer that a double holds exactly */
  write(index: number, timeMs: number): void {
    const high = Math.floor(timeMs / WORD);
    this.#words[2 * index + LOW] = timeMs - high * WORD;
    this.#words[2 * index + HIGH] = high;
  }
}
