import { callback, type Callback, type CallbackPoint } from './callback.js';

/** Nanoseconds from one time to another: less than 2^53 apart for 104 days, rounded beyond. */
const elapsedNs = (from: bigint, to: bigint): number => Number(to - from);

/** Points must have times of their own, or what lies between them has no single answer. */
function checkTimes(points: readonly CallbackPoint[], name: string): void {
  for (let index = 1; index < points.length; index += 1)
    if (points[index]?.timeNs === points[index - 1]?.timeNs) throw new Error(`${name}(): two points of the series have the same time`);
}

/** The index of the last point at or before the time, or -1. */
function lastAtOrBefore(points: readonly CallbackPoint[], timeNs: bigint): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((points[middle]?.timeNs ?? 0n) <= timeNs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

type Interpolation = (points: readonly CallbackPoint[]) => (timeNs: bigint) => number;

/** The value at a time that has a point; what it is elsewhere the caller says. */
function between(
  points: readonly CallbackPoint[],
  timeNs: bigint,
  name: string,
  inside: (index: number, before: CallbackPoint, after: CallbackPoint) => number,
): number {
  const index = lastAtOrBefore(points, timeNs);
  const before = points[index];
  if (before?.timeNs === timeNs) return before.value;
  const after = points[index + 1];
  if (before === undefined || after === undefined) throw new Error(`${name}(): a time outside the series is not supported`);
  return inside(index, before, after);
}

const linear: Interpolation = (points) => (timeNs) =>
  between(points, timeNs, 'interpolate_linear', (_, before, after) => {
    const share = elapsedNs(before.timeNs, timeNs) / elapsedNs(before.timeNs, after.timeNs);
    return before.value + (after.value - before.value) * share;
  });

const lastObserved: Interpolation = (points) => (timeNs) => {
  const before = points[lastAtOrBefore(points, timeNs)];
  if (before === undefined) throw new Error('interpolate_locf(): a time before the series is not supported');
  return before.value;
};

/**
 * The natural cubic spline (second derivative 0 at both ends) through the points; at least three of them.
 * Source: the tridiagonal system for the second derivatives, e.g. Burden and Faires, "Numerical Analysis", algorithm 3.4.
 */
const spline: Interpolation = (points) => {
  if (points.length < 3) throw new Error('interpolate_spline_cubic() of fewer than three points is not supported');
  // Seconds between neighbours, from whole nanoseconds: a difference of seconds since the first point would lose a nanosecond after a day.
  const steps = points.slice(1).map(({ timeNs }, index) => elapsedNs(points[index]?.timeNs ?? 0n, timeNs) / 1e9);
  const y = points.map(({ value }) => value);
  const at = (list: readonly number[], index: number): number => list[index] ?? Number.NaN;
  const step = (index: number): number => at(steps, index);
  const last = points.length - 1;
  const mu = [0];
  const z = [0];
  for (let index = 1; index < last; index += 1) {
    const alpha = (3 * (at(y, index + 1) - at(y, index))) / step(index) - (3 * (at(y, index) - at(y, index - 1))) / step(index - 1);
    const pivot = 2 * (step(index - 1) + step(index)) - step(index - 1) * at(mu, index - 1);
    mu.push(step(index) / pivot);
    z.push((alpha - step(index - 1) * at(z, index - 1)) / pivot);
  }
  const c = new Array<number>(points.length).fill(0);
  for (let index = last - 1; index > 0; index -= 1) c[index] = at(z, index) - at(mu, index) * at(c, index + 1);
  return (timeNs) =>
    between(points, timeNs, 'interpolate_spline_cubic', (index, before, after) => {
      // By the shares of both ends, each from whole nanoseconds: powers of the time since the left end cancel where it nears the right one.
      const h = step(index);
      const share = elapsedNs(before.timeNs, timeNs) / elapsedNs(before.timeNs, after.timeNs);
      const rest = elapsedNs(timeNs, after.timeNs) / elapsedNs(before.timeNs, after.timeNs);
      const bend = ((1 + rest) * at(c, index) + (1 + share) * at(c, index + 1)) / 3;
      return rest * before.value + share * after.value - h * h * rest * share * bend;
    });
};

function interpolations(name: string, interpolation: Interpolation): Callback[] {
  const checked = (points: readonly CallbackPoint[]): ((timeNs: bigint) => number) => {
    checkTimes(points, `interpolate_${name}`);
    return interpolation(points);
  };
  return [
    callback(`ts_interpolate_${name}`, ['POINT[]', 'BIGINT'], 'DOUBLE', (points, timeNs) => checked(points)(timeNs)),
    callback(`ts_interpolate_${name}_at`, ['POINT[]', 'BIGINT[]'], 'POINT[]', (points, times) => {
      const valueAt = checked(points);
      return inOrder(times, `interpolate_${name}`).map((timeNs) => ({ timeNs, value: valueAt(timeNs) }));
    }),
  ];
}

/** The times as points of a series stand: in order, each once. */
function inOrder(times: readonly (bigint | null)[], name: string): bigint[] {
  const sorted = times.map((timeNs) => {
    if (timeNs === null) throw new Error(`${name}(): a time cannot be null`);
    return timeNs;
  });
  return [...new Set(sorted)].sort((a, b) => (a < b ? -1 : 1));
}

function filled(points: readonly CallbackPoint[], timeNs: bigint, constant: number): number {
  const before = points[lastAtOrBefore(points, timeNs)];
  return before?.timeNs === timeNs ? before.value : constant;
}

/** The rate of change from the point before, for the interval; the first point has none. */
function derivative(points: readonly CallbackPoint[], interval: bigint, name: string): CallbackPoint[] {
  if (interval <= 0n) throw new Error(`${name}(): the interval must be positive`);
  checkTimes(points, name);
  return points.slice(1).map(({ timeNs, value }, index) => {
    const before = points[index];
    const elapsed = elapsedNs(before?.timeNs ?? 0n, timeNs);
    return { timeNs, value: ((value - (before?.value ?? 0)) / elapsed) * Number(interval) };
  });
}

function integral(points: readonly CallbackPoint[], interval: bigint): number {
  if (interval <= 0n) throw new Error('integral_trapezoidal(): the interval must be positive');
  let area = 0;
  for (let index = 1; index < points.length; index += 1) {
    const [before, after] = [points[index - 1], points[index]];
    if (before === undefined || after === undefined) continue;
    area += ((before.value + after.value) / 2) * (elapsedNs(before.timeNs, after.timeNs) / Number(interval));
  }
  return area;
}

/** @returns null where it is not defined: fewer than two points, or a series that does not change. */
function pearson(a: readonly number[], b: readonly number[]): number | null {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [both, squaresA, squaresB] = [0, 0, 0];
  for (const [index, value] of a.entries()) {
    const [da, db] = [value - meanA, (b[index] ?? 0) - meanB];
    both += da * db;
    squaresA += da * da;
    squaresB += db * db;
  }
  const result = both / Math.sqrt(squaresA * squaresB);
  return Number.isFinite(result) ? Math.max(-1, Math.min(1, result)) : null;
}

/** Ranks from 1 on; equal values share the mean of theirs. */
function ranks(values: readonly number[]): number[] {
  const order = values.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  const result = new Array<number>(values.length).fill(0);
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end + 1 < order.length && order[end + 1]?.value === order[start]?.value) end += 1;
    for (let place = start; place <= end; place += 1) result[order[place]?.index ?? 0] = (start + end) / 2 + 1;
    start = end + 1;
  }
  return result;
}

function correlated(
  a: readonly CallbackPoint[],
  b: readonly CallbackPoint[],
  name: string,
  of: (values: number[]) => number[],
): number | null {
  if (a.length !== b.length || a.some(({ timeNs }, index) => timeNs !== b[index]?.timeNs))
    throw new Error(`${name}(): the two series must have the same timestamps`);
  return pearson(of(a.map(({ value }) => value)), of(b.map(({ value }) => value)));
}

export const seriesCallbacks: readonly Callback[] = [
  ...interpolations('linear', linear),
  ...interpolations('locf', lastObserved),
  ...interpolations('spline_cubic', spline),
  callback('ts_interpolate_fill', ['POINT[]', 'BIGINT', 'DOUBLE'], 'DOUBLE', filled),
  callback('ts_interpolate_fill_at', ['POINT[]', 'BIGINT[]', 'DOUBLE'], 'POINT[]', (points, times, constant) =>
    inOrder(times, 'interpolate_fill').map((timeNs) => ({ timeNs, value: filled(points, timeNs, constant) })),
  ),
  callback('ts_derivative', ['POINT[]', 'BIGINT'], 'POINT[]', (points, interval) => derivative(points, interval, 'derivative_linear')),
  callback('ts_non_negative_derivative', ['POINT[]', 'BIGINT'], 'POINT[]', (points, interval) =>
    derivative(points, interval, 'non_negative_derivative_linear').filter(({ value }) => value >= 0),
  ),
  callback('ts_integral', ['POINT[]', 'BIGINT'], 'DOUBLE', integral),
  callback('ts_correlate_pearson', ['POINT[]', 'POINT[]'], 'DOUBLE', (a, b) => correlated(a, b, 'correlate_pearson', (values) => values)),
  callback('ts_correlate_spearman', ['POINT[]', 'POINT[]'], 'DOUBLE', (a, b) => correlated(a, b, 'correlate_spearman', ranks)),
];
