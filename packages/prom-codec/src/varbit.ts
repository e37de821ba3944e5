import type { BitReader } from './bit-reader.js';
import type { BitWriter } from './bit-writer.js';

/** Value bits after one to eight ones of the prefix (`tsdb/chunkenc/varbit.go`). The prefix of the last has no zero at its end. */
const VALUE_BITS = [3, 6, 9, 12, 18, 25, 56, 64] as const;

/** A signed number: each class of n bits holds -(2^(n-1) - 1) to 2^(n-1). */
export function writeVarbitInt(writer: BitWriter, value: bigint): void {
  writeVarbit(writer, value, value === 0n ? -1 : VALUE_BITS.findIndex((bits) => bits === 64 || isInRange(value, BigInt(bits))));
}

export function writeVarbitUint(writer: BitWriter, value: bigint): void {
  writeVarbit(writer, value, value === 0n ? -1 : VALUE_BITS.findIndex((bits) => bits === 64 || value < 1n << BigInt(bits)));
}

export function readVarbitInt(reader: BitReader): bigint {
  const { value, bits } = readVarbit(reader);
  if (bits === 64n) return BigInt.asIntN(64, value);
  return bits > 0n && value > 1n << (bits - 1n) ? value - (1n << bits) : value;
}

export function readVarbitUint(reader: BitReader): bigint {
  return readVarbit(reader).value;
}

function isInRange(value: bigint, bits: bigint): boolean {
  const largest = 1n << (bits - 1n);
  return value > -largest && value <= largest;
}

function writeVarbit(writer: BitWriter, value: bigint, sizeClass: number): void {
  if (sizeClass < 0) {
    writer.writeBits(0, 1);
    return;
  }
  const ones = sizeClass + 1;
  if (ones === VALUE_BITS.length) writer.writeBits(0xff, 8);
  else writer.writeBits(((1 << ones) - 1) << 1, ones + 1);
  const bits = BigInt.asUintN(64, value);
  writer.writeBits64(Number(bits & 0xffffffffn), Number(bits >> 32n), VALUE_BITS[sizeClass] ?? 64);
}

function readVarbit(reader: BitReader): { readonly value: bigint; readonly bits: bigint } {
  let ones = 0;
  while (ones < VALUE_BITS.length && reader.readBits(1) === 1) ones++;
  if (ones === 0) return { value: 0n, bits: 0n };
  const bits = VALUE_BITS[ones - 1] ?? 64;
  reader.readBits64(bits);
  return { value: (BigInt(reader.high) << 32n) | BigInt(reader.low), bits: BigInt(bits) };
}
