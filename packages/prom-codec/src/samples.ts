import type { Samples } from './model.js';

const scratch = new DataView(new ArrayBuffer(8));

/** The IEEE-754 bits of a number. A NaN gives whatever bits the engine holds for it; write {@link STALE_NAN_BITS} by its bits. */
export function bitsFromFloat(value: number): bigint {
  scratch.setFloat64(0, value);
  return scratch.getBigUint64(0);
}

/** The number with these IEEE-754 bits. NaN payloads do not survive the trip through a number. */
export function floatFromBits(bits: bigint): number {
  scratch.setBigUint64(0, bits);
  return scratch.getFloat64(0);
}

/** The bits of Prometheus' staleness marker (`model/value/value.go`, StaleNaN). */
export const STALE_NAN_BITS = 0x7ff0000000000002n;

/** The bits of Prometheus' ordinary NaN (`model/value/value.go`, NormalNaN). */
export const NORMAL_NAN_BITS = 0x7ff8000000000001n;

/** The values as numbers: a second view of the same memory, right for everything but NaN payloads. */
export function floatsOf(samples: Samples): Float64Array {
  const { buffer, byteOffset, length } = samples.valueBits;
  return new Float64Array(buffer, byteOffset, length);
}

/**
 * Samples from pairs `[timestampMs, value]`; a `bigint` value is taken as IEEE-754 bits.
 *
 * @throws RangeError if a timestamp is a number that is no integer
 */
export function createSamples(pairs: readonly (readonly [timestampMs: number | bigint, value: number | bigint])[]): Samples {
  const timestampsMs = new BigInt64Array(pairs.length);
  const valueBits = new BigUint64Array(pairs.length);
  pairs.forEach(([timestampMs, value], index) => {
    timestampsMs[index] = BigInt(timestampMs);
    valueBits[index] = typeof value === 'bigint' ? value : bitsFromFloat(value);
  });
  return { timestampsMs, valueBits };
}
