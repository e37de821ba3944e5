import type { Samples } from './model.js';

/** Which half of a 64-bit element comes first in this machine's memory. Typed arrays use the machine's own order. */
export const LOW = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;
export const HIGH = 1 - LOW;

/**
 * The samples of one message as two columns that grow by doubling. Series hold subarrays of them, so that a request of ten thousand series
 * has two buffers and not twenty thousand. Every sample pushed has been read from at least 2 bytes of input, so the columns stay below 16
 * times the length of the message.
 */
export class SampleBuffer {
  #timestamps = new Uint32Array(2 * 256);
  #values = new Uint32Array(2 * 256);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(timestampLow: number, timestampHigh: number, valueLow: number, valueHigh: number): void {
    const at = this.#count * 2;
    if (at === this.#timestamps.length) {
      this.#timestamps = doubled(this.#timestamps);
      this.#values = doubled(this.#values);
    }
    this.#timestamps[at + LOW] = timestampLow;
    this.#timestamps[at + HIGH] = timestampHigh;
    this.#values[at + LOW] = valueLow;
    this.#values[at + HIGH] = valueHigh;
    this.#count++;
  }

  /** Samples `from` to `to` (exclusive), in the memory of the columns; nothing may be pushed afterwards. */
  slice(from: number, to: number): Samples {
    // Not `subarray`: a view of the buffer costs half as much, and there are two for every series.
    return {
      timestampsMs: new BigInt64Array(this.#timestamps.buffer, from * 8, to - from),
      valueBits: new BigUint64Array(this.#values.buffer, from * 8, to - from),
    };
  }
}

function doubled(column: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(column.length * 2);
  grown.set(column);
  return grown;
}

/** The 32-bit halves of 64-bit numbers, without a `bigint` for each. */
export interface Halves {
  low(index: number): number;
  high(index: number): number;
}

/** Halves of `values`: the same memory, lower and upper 32 bits unsigned. */
export function halvesOf(values: BigInt64Array | BigUint64Array): Halves {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  return {
    low: (index) => words[index * 2 + LOW] ?? 0,
    high: (index) => words[index * 2 + HIGH] ?? 0,
  };
}
