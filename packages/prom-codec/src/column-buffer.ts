/** Which half of a 64-bit element comes first in this machine's memory. Typed arrays use the machine's own order. */
const LOW = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;

/**
 * The sample columns of one write request, growing by doubling. A sample is at least 2 bytes of input, so they stay below 16 times the length
 * of the message.
 */
export class ColumnBuffer {
  #capacity: number;
  #timestampsMs: Float64Array<ArrayBuffer>;
  #valueHalves: Uint32Array<ArrayBuffer>;
  #count = 0;

  constructor(initialCapacity: number) {
    this.#capacity = initialCapacity;
    this.#timestampsMs = new Float64Array(initialCapacity);
    this.#valueHalves = new Uint32Array(2 * initialCapacity);
  }

  get count(): number {
    return this.#count;
  }

  /** Take back all but the first `count`. */
  truncate(count: number): void {
    this.#count = count;
  }

  push(timestampMs: number, valueLow: number, valueHigh: number): void {
    const index = this.#count;
    if (index === this.#capacity) this.#grow();
    this.#timestampsMs[index] = timestampMs;
    // Halves, because a signalling NaN does not survive as a number.
    this.#valueHalves[2 * index + LOW] = valueLow;
    this.#valueHalves[2 * index + 1 - LOW] = valueHigh;
    this.#count = index + 1;
  }

  finish(): { readonly timestampsMs: Float64Array; readonly values: Float64Array; readonly valueBits: BigUint64Array } {
    // Columns begin with a guess that errs to many samples; they may be kept for long.
    const isLoose = this.#capacity > 2 * this.#count;
    const timestampsMs = isLoose ? this.#timestampsMs.slice(0, this.#count) : this.#timestampsMs.subarray(0, this.#count);
    const { buffer } = isLoose ? this.#valueHalves.slice(0, 2 * this.#count) : this.#valueHalves;
    return {
      timestampsMs,
      values: new Float64Array(buffer, 0, this.#count),
      valueBits: new BigUint64Array(buffer, 0, this.#count),
    };
  }

  #grow(): void {
    this.#capacity *= 2;
    const timestampsMs = new Float64Array(this.#capacity);
    timestampsMs.set(this.#timestampsMs);
    this.#timestampsMs = timestampsMs;
    const valueHalves = new Uint32Array(2 * this.#capacity);
    valueHalves.set(this.#valueHalves);
    this.#valueHalves = valueHalves;
  }
}

/** An int64 from its unsigned halves, rounded to the nearest number beyond 2^53. */
export function int64Number(low: number, high: number): number {
  return (high | 0) * 2 ** 32 + low;
}
