/** A set of Unicode code points as ranges, both ends included, in order, neither touching nor overlapping. */
export type CodePointSet = readonly (readonly [first: number, last: number])[];

export const maxCodePoint = 0x10ffff;

export function union(...sets: readonly CodePointSet[]): CodePointSet {
  const sorted = sets.flat().sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [first, last] of sorted) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

export function complement(set: CodePointSet): CodePointSet {
  const rest: [number, number][] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) rest.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= maxCodePoint) rest.push([next, maxCodePoint]);
  return rest;
}

export function intersection(a: CodePointSet, b: CodePointSet): CodePointSet {
  return complement(union(complement(a), complement(b)));
}

export function includes(set: CodePointSet, codePoint: number): boolean {
  return set.some(([first, last]) => first <= codePoint && codePoint <= last);
}

/** The set of the text's characters; `a-z` is not special. */
export function ofCharacters(text: string): CodePointSet {
  return union(Array.from(text, (character) => [character.codePointAt(0) ?? 0, character.codePointAt(0) ?? 0] as const));
}

/** With every ASCII letter also its other case: what Java's CASE_INSENSITIVE means (without UNICODE_CASE). */
export function ignoringAsciiCase(set: CodePointSet): CodePointSet {
  const shifted = (from: number, to: number, by: number): CodePointSet =>
    set.flatMap(([first, last]) => {
      const low = Math.max(first, from);
      const high = Math.min(last, to);
      return low <= high ? [[low + by, high + by] as const] : [];
    });
  return union(set, shifted(0x41, 0x5a, 0x20), shifted(0x61, 0x7a, -0x20));
}

/** RE2 for one character of the set: printable ASCII without quotes only, so it can stand in a SQL string as it is. */
export function re2OfSet(set: CodePointSet): string {
  const [only] = set;
  if (set.length === 1 && only !== undefined && only[0] === only[1]) return re2OfCodePoint(only[0]);
  // RE2 reads `[Kk]` as `(?i)k`, and in an alternation of single characters folds that by Unicode: `a|[Kk]` finds the sign of Kelvin there.
  const [upper, lower, ...others] = set.flatMap(([first, last]) => (first === last ? [first] : [first, last, -1]));
  if (upper !== undefined && lower === upper + 0x20 && others.length === 0) return `(?:${re2OfCodePoint(upper)}|${re2OfCodePoint(lower)})`;
  const ranges = set.map(([first, last]) => (first === last ? re2OfCodePoint(first) : `${re2OfCodePoint(first)}-${re2OfCodePoint(last)}`));
  return `[${ranges.join('')}]`;
}

/**
 * A finished pattern in a group. DuckDB 1.5 rewrites the simplest patterns into LIKE or `contains` and gets anchors and empty groups wrong there
 * (`ſ\A` is found in `kſ`); it leaves a pattern with a group alone.
 */
export function sealRe2(pattern: string): string {
  return `(${pattern})`;
}

export function re2OfCodePoint(codePoint: number): string {
  const character = String.fromCodePoint(codePoint);
  return /[A-Za-z0-9_]/.test(character) ? character : `\\x{${codePoint.toString(16)}}`;
}
