/**
 * A 32-bit hash of `view[start, end)`: four bytes at a time, two streams side by side; the last steps are those of MurmurHash3, which spread
 * each bit over all. The seed keeps a sender from knowing what collides; whoever keeps something by it must still bound what a collision costs.
 */
export function hashBytes(view: DataView, start: number, end: number, seed: number): number {
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

export function equalBytes(left: DataView, leftStart: number, right: DataView, rightStart: number, length: number): boolean {
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

/** For short pieces, where `set` of a subarray costs more than it copies. */
export function copyBytes(from: DataView, fromStart: number, to: DataView, toStart: number, length: number): void {
  let index = 0;
  for (; index + 4 <= length; index += 4) to.setInt32(toStart + index, from.getInt32(fromStart + index, true), true);
  for (; index < length; index++) to.setUint8(toStart + index, from.getUint8(fromStart + index));
}
