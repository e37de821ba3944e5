/**
 * A set of Unicode code points as sorted, disjoint, non-adjacent ranges `[first, last]`.
 *
 * A set that is not `exact` contains at least everything that RE2 matches there, and maybe more. Unicode classes and the case folding
 * beyond ASCII depend on the Unicode version of an engine, so they are over-estimated instead of copied.
 */
export interface CharSet {
  readonly ranges: readonly (readonly [first: number, last: number])[];
  readonly exact: boolean;
}

export const MAX_CODE_POINT = 0x10ffff;

export const EMPTY_SET: CharSet = { ranges: [], exact: true };
export const FULL_SET: CharSet = { ranges: [[0, MAX_CODE_POINT]], exact: true };
/** Something that we do not know: any code point, but not exactly. */
export const UNKNOWN_SET: CharSet = { ranges: FULL_SET.ranges, exact: false };

export function charSetOf(...ranges: readonly (readonly [first: number, last: number])[]): CharSet {
  return { ranges: normalize(ranges), exact: true };
}

export function unite(sets: readonly CharSet[]): CharSet {
  return { ranges: normalize(sets.flatMap(({ ranges }) => ranges)), exact: sets.every(({ exact }) => exact) };
}

/** The complement. Of a set that is only over-estimated nothing is known that the complement could leave out. */
export function complement(set: CharSet): CharSet {
  if (!set.exact) return UNKNOWN_SET;
  const ranges: [number, number][] = [];
  let next = 0;
  for (const [first, last] of set.ranges) {
    if (first > next) ranges.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= MAX_CODE_POINT) ranges.push([next, MAX_CODE_POINT]);
  return { ranges, exact: true };
}

export function intersects(left: CharSet, right: CharSet): boolean {
  return left.ranges.some(([first, last]) => right.ranges.some((other) => first <= other[1] && other[0] <= last));
}

export function isFull(set: CharSet): boolean {
  return set.ranges[0]?.[0] === 0 && set.ranges[0][1] === MAX_CODE_POINT;
}

export function sizeOf(set: CharSet): number {
  return set.ranges.reduce((size, [first, last]) => size + last - first + 1, 0);
}

const LONG_S = 0x17f;
const KELVIN_SIGN = 0x212a;

/**
 * The set under `(?i)`. RE2 folds with Unicode's simple folding. Among ASCII that is exactly: the two cases of a letter, U+017F with `s`, and
 * U+212A with `k`. Any other character beyond ASCII folds to others beyond ASCII only, so all of them together are a safe estimate.
 */
export function foldCase(set: CharSet): CharSet {
  const ranges: [number, number][] = [];
  let exact = set.exact;
  for (const [first, last] of set.ranges) {
    const lastAscii = Math.min(last, 0x7f);
    if (first <= lastAscii) {
      ranges.push([first, lastAscii]);
      pushShifted(ranges, first, lastAscii, 0x41, 0x5a, 32);
      pushShifted(ranges, first, lastAscii, 0x61, 0x7a, -32);
      if (touches(first, lastAscii, 0x53) || touches(first, lastAscii, 0x73)) ranges.push([LONG_S, LONG_S]);
      if (touches(first, lastAscii, 0x4b) || touches(first, lastAscii, 0x6b)) ranges.push([KELVIN_SIGN, KELVIN_SIGN]);
    }
    if (last > 0x7f) {
      if (touches(first, last, LONG_S)) ranges.push([0x53, 0x53], [0x73, 0x73]);
      if (touches(first, last, KELVIN_SIGN)) ranges.push([0x4b, 0x4b], [0x6b, 0x6b]);
      if (first <= 0x80 && last === MAX_CODE_POINT) ranges.push([0x80, MAX_CODE_POINT]);
      else if (first === last && (first === LONG_S || first === KELVIN_SIGN)) ranges.push([first, first]);
      else {
        ranges.push([0x80, MAX_CODE_POINT]);
        exact = false;
      }
    }
  }
  return { ranges: normalize(ranges), exact };
}

function touches(first: number, last: number, codePoint: number): boolean {
  return first <= codePoint && codePoint <= last;
}

/** Adds the part of `[first, last]` that lies in `[from, to]`, moved by `shift`. */
function pushShifted(ranges: [number, number][], first: number, last: number, from: number, to: number, shift: number): void {
  const low = Math.max(first, from);
  const high = Math.min(last, to);
  if (low <= high) ranges.push([low + shift, high + shift]);
}

function normalize(ranges: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const sorted = ranges.filter(([first, last]) => first <= last).sort((left, right) => left[0] - right[0]);
  const merged: [number, number][] = [];
  for (const [first, last] of sorted) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else merged.push([first, last]);
  }
  return merged;
}
