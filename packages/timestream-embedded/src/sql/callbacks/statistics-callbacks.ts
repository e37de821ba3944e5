import { callback, type Callback } from './callback.js';

/** `sqrt(n) * m3 / m2^1.5` with the sums of the powers of the distances from the mean; null below three values, as in Trino. */
function skewness(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null);
  const count = numbers.length;
  if (count < 3) return null;
  const mean = numbers.reduce((sum, value) => sum + value, 0) / count;
  let [squares, cubes] = [0, 0];
  for (const value of numbers) {
    const distance = value - mean;
    squares += distance * distance;
    cubes += distance * distance * distance;
  }
  return (Math.sqrt(count) * cubes) / squares ** 1.5;
}

/** For each share: the least value whose weight and that of all smaller ones reach it. */
function weightedPercentiles<T extends number | bigint>(
  values: readonly (T | null)[],
  weights: readonly (number | null)[],
  shares: readonly (number | null)[],
): (T | null)[] | null {
  const weighted = values
    .flatMap((value, index) => {
      const weight = weights[index] ?? null;
      if (value === null || weight === null) return [];
      if (weight < 0 || Number.isNaN(weight)) throw new Error('approx_percentile(): a weight must not be negative');
      if (Number.isNaN(value)) throw new Error('NaN in approx_percentile() is not supported');
      return weight === 0 ? [] : [{ value, weight }];
    })
    .sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
  if (weighted.length === 0) return null;
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  return shares.map((share) => {
    if (share === null) return null;
    let reached = 0;
    for (const { value, weight } of weighted) {
      reached += weight;
      if (reached >= share * total) return value;
    }
    return weighted.at(-1)?.value ?? null;
  });
}

export const statisticsCallbacks: readonly Callback[] = [
  callback('ts_cbrt', ['DOUBLE'], 'DOUBLE', Math.cbrt),
  callback('ts_skewness', ['DOUBLE[]'], 'DOUBLE', skewness),
  callback('ts_weighted_percentiles_double', ['DOUBLE[]', 'DOUBLE[]', 'DOUBLE[]'], 'DOUBLE[]', weightedPercentiles),
  callback('ts_weighted_percentiles_bigint', ['BIGINT[]', 'DOUBLE[]', 'DOUBLE[]'], 'BIGINT[]', weightedPercentiles),
];
