const NS_PER_SECOND = 1e9;
const NS_PER_MS = 1e6;

/** Go's shortest `time.Duration`. It has no opposite: negated it stays what it is. */
const MIN_DURATION_NS = -(2 ** 63);

/**
 * Seconds as nanoseconds, rounded half away from zero as Go's `math.Round`. NaN is the shortest duration: x86-64 converts it so to an integer
 * (other processors give 0).
 */
export function nsFromSeconds(seconds: number): number {
  return Number.isNaN(seconds) ? MIN_DURATION_NS : roundHalfAway(seconds * NS_PER_SECOND);
}

/** Go's `-duration`. */
export function negateDuration(ns: number): number {
  return ns === MIN_DURATION_NS ? ns : -ns;
}

/** Whole milliseconds, the rest cut off. */
export function msFromNs(ns: number): number {
  // Adding 0 makes -0 plain zero.
  return Math.trunc(ns / NS_PER_MS) + 0;
}

/** Go's `Duration.Seconds`: whole seconds and the rest are converted apart. */
export function secondsFromNs(ns: number): number {
  const seconds = Math.trunc(ns / NS_PER_SECOND);
  return seconds + (ns % NS_PER_SECOND) / NS_PER_SECOND;
}

export function roundHalfAway(value: number): number {
  const whole = Math.trunc(value);
  return Math.abs(value - whole) >= 0.5 ? whole + Math.sign(value) : whole;
}

const UNITS: readonly (readonly [unit: string, ms: number, onlyExact: boolean])[] = [
  ['y', 365 * 86_400_000, true],
  ['w', 7 * 86_400_000, true],
  ['d', 86_400_000, false],
  ['h', 3_600_000, false],
  ['m', 60_000, false],
  ['s', 1_000, false],
  ['ms', 1, false],
];

/** A duration as Prometheus prints it: years and weeks only where nothing is left over. */
export function formatDuration(ns: number): string {
  let ms = msFromNs(ns);
  if (ms === 0) return '0s';
  let text = ms < 0 ? '-' : '';
  ms = Math.abs(ms);
  for (const [unit, size, onlyExact] of UNITS) {
    if (onlyExact && ms % size !== 0) continue;
    const count = Math.floor(ms / size);
    if (count === 0) continue;
    text += `${count}${unit}`;
    ms -= count * size;
  }
  return text;
}

const UNIT_RANK: ReadonlyMap<string, readonly [rank: number, ns: bigint]> = new Map([
  ['y', [1, 31_536_000_000_000_000n]],
  ['w', [2, 604_800_000_000_000n]],
  ['d', [3, 86_400_000_000_000n]],
  ['h', [4, 3_600_000_000_000n]],
  ['m', [5, 60_000_000_000n]],
  ['s', [6, 1_000_000_000n]],
  ['ms', [7, 1_000_000n]],
]);

const MAX_DURATION_NS = 2n ** 63n - 1n;

/**
 * Read a duration such as `1h30m`: units from the biggest to the smallest, each at most once.
 *
 * @returns nanoseconds
 * @throws RangeError with Prometheus' words for what is not a duration
 */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  if (text === '') throw new RangeError('empty duration string');
  let totalNs = 0n;
  let lastRank = 0;
  let rest = text;
  while (rest !== '') {
    const part = /^(\d+)(\D+)/.exec(rest);
    const count = BigInt(part?.[1] ?? '-1');
    if (part === null || count >= 2n ** 64n) throw new RangeError(`not a valid duration string: "${text}"`);
    const name = part[2] ?? '';
    const unit = UNIT_RANK.get(name);
    if (unit === undefined) throw new RangeError(`unknown unit "${name}" in duration "${text}"`);
    const [rank, ns] = unit;
    if (rank <= lastRank) throw new RangeError(`not a valid duration string: "${text}"`);
    lastRank = rank;
    totalNs += count * ns;
    if (count > 2n ** 63n / ns || totalNs > MAX_DURATION_NS) throw new RangeError('duration out of range');
    rest = rest.slice(part[0].length);
  }
  return Number(totalNs);
}
