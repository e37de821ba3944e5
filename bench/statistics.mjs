/** @typedef {{ readonly median: number; readonly min: number; readonly max: number }} Spread */

/**
 * @param {readonly number[]} numbers at least one
 * @returns {Spread}
 */
export function spreadOf(numbers) {
  const sorted = [...numbers].sort((left, right) => left - right);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return {
    median: sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2,
    min: sorted[0] ?? 0,
    max: sorted.at(-1) ?? 0,
  };
}

/**
 * The figures that are known: a platform or a program may not tell all of them.
 *
 * @param {Readonly<Record<string, number | undefined>>} figures
 * @returns {Record<string, number>}
 */
export function withoutUnknown(figures) {
  return Object.fromEntries(
    Object.entries(figures).flatMap(([name, figure]) => (figure === undefined || Number.isNaN(figure) ? [] : [[name, figure]])),
  );
}
