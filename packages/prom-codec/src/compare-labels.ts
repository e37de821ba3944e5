import type { Label } from './model.js';

/**
 * Orders two texts by their UTF-8 bytes, as Go and so Prometheus does; negative, 0 or positive. The `<` of JavaScript orders by UTF-16 units,
 * which puts characters above U+FFFF before U+E000 to U+FFFF.
 */
export function compareUtf8(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const leftUnit = left.charCodeAt(index);
    const rightUnit = right.charCodeAt(index);
    if (leftUnit !== rightUnit) return codePointRank(leftUnit) - codePointRank(rightUnit);
  }
  return left.length - right.length;
}

/**
 * Orders two label sets as Prometheus does (`model/labels`, Compare): label by label, name before value, and a set before its extensions.
 * Both must be sorted by name with {@link compareUtf8}.
 */
export function compareLabels(left: readonly Label[], right: readonly Label[]): number {
  for (const [index, leftLabel] of left.entries()) {
    const rightLabel = right[index];
    if (rightLabel === undefined) return 1;
    const order = compareUtf8(leftLabel.name, rightLabel.name) || compareUtf8(leftLabel.value, rightLabel.value);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Moves the surrogates, which stand for characters above U+FFFF, behind the last other unit. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
