/** Go's `math.Min`: negative infinity wins over NaN. */
export function minimum(left: number, right: number): number {
  return left === -Infinity || right === -Infinity ? -Infinity : Math.min(left, right);
}

/** Go's `math.Max`: positive infinity wins over NaN. */
export function maximum(left: number, right: number): number {
  return left === Infinity || right === Infinity ? Infinity : Math.max(left, right);
}
