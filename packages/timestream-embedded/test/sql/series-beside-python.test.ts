import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { timestampText } from '../../src/sql/values/time-text.js';
import { askPython, isPythonPresent } from './python/python-oracle.js';
import { createSqlFixture, epochNs, type SqlFixture } from './sql-fixture.js';

type TimedValue = readonly [afterNs: string, value: number | 'refused'];

interface SeriesAnswer {
  readonly linear: readonly TimedValue[];
  readonly locf: readonly TimedValue[];
  readonly spline: readonly TimedValue[];
  readonly fill: readonly TimedValue[];
  readonly derivative: readonly TimedValue[];
  readonly nonNegative: readonly TimedValue[];
  readonly integral: number;
  readonly perSecond: number;
  readonly pearson: number | null;
  readonly spearman: number | null;
  readonly filtered: readonly TimedValue[];
  readonly reduced: number;
  readonly count: number;
}

const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env['CASES'] ?? 40);

const second = 1_000_000_000n;
const type = fc.constantFrom('DOUBLE', 'BIGINT', 'INTEGER');
/** Values that every type can hold exactly; equal ones among them, for the ranks. */
const value = (name: string): fc.Arbitrary<number> =>
  fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.integer({ min: -100_000, max: 100_000 }).map((whole) => (name === 'DOUBLE' ? whole / 64 : whole)),
  );
const step = fc.oneof(fc.constantFrom(1n, second, 60n * second), fc.bigInt({ min: 1n, max: 86_400n * second }));
const cases = fc.sample(
  type.chain((name) =>
    fc.array(fc.tuple(step, value(name), value(name)), { minLength: 1, maxLength: 12 }).chain((steps) => {
      let afterNs = 0n;
      const points = steps.map(([each, x, y]) => {
        const point = { afterNs, x, y };
        afterNs += each;
        return point;
      });
      const last = points.at(-1)?.afterNs ?? 0n;
      const inside = fc.oneof(fc.bigInt({ min: 0n, max: last }), fc.constantFrom(...points.map((point) => point.afterNs)));
      return fc.record({
        name: fc.constant(name),
        points: fc.constant(points),
        times: fc.array(
          fc.oneof({ weight: 12, arbitrary: inside }, { weight: 1, arbitrary: fc.bigInt({ min: -second, max: last + second }) }),
          {
            minLength: 1,
            maxLength: 5,
          },
        ),
        interval: fc.oneof(fc.constantFrom(second, 300n * second), fc.bigInt({ min: 1n, max: 86_400n * second })),
        constant: fc.integer({ min: -1000, max: 1000 }).map((whole) => whole / 8),
      });
    }),
  ),
  { numRuns, seed },
);

let fixture: SqlFixture;
beforeAll(async () => {
  fixture = await createSqlFixture({ db: { t: { records: [] } } });
});
afterAll(() => fixture.close());

const timestamp = (afterNs: bigint): string => `TIMESTAMP '${timestampText(epochNs + afterNs)}'`;

function isClose(ours: unknown, theirs: number | null, tolerance: number): boolean {
  if (theirs === null || ours === null) return theirs === ours;
  return Math.abs(Number(ours) - theirs) <= tolerance * Math.max(1, Math.abs(theirs));
}

function areClose(ours: unknown, theirs: readonly TimedValue[], tolerance: number): boolean {
  if (!Array.isArray(ours)) return theirs.some(([, each]) => each === 'refused');
  return (
    ours.length === theirs.length &&
    theirs.every(([afterNs, each], index) => {
      const [time, ourValue] = ours[index] as [string, string];
      return time === timestampText(epochNs + BigInt(afterNs)) && each !== 'refused' && isClose(ourValue, each, tolerance);
    })
  );
}

describe.skipIf(!isPythonPresent())('time series functions beside exact fractions in Python', { timeout: 120_000 + numRuns * 500 }, () => {
  test(`come out the same, for series of every type (FC_SEED=${seed} CASES=${numRuns})`, async () => {
    const answers = askPython<SeriesAnswer>(
      'series_functions.py',
      cases.map(({ points, times, interval, constant }) => ({
        points: points.map(({ afterNs, x }) => [String(afterNs), x]),
        other: points.map(({ afterNs, y }) => [String(afterNs), y]),
        times: times.map(String),
        interval: String(interval),
        constant,
      })),
    );
    const wrong: string[] = [];
    for (const [index, { name, points, times, interval, constant }] of cases.entries()) {
      const answer = answers[index];
      if (answer === undefined) throw new Error('an answer for each case');
      // In another order than that of time: the series sorts its points.
      const rows = points
        .toReversed()
        .map(({ afterNs, x, y }) => `(${timestamp(afterNs)}, CAST(${x} AS ${name}), CAST(${y} AS ${name}))`)
        .join(', ');
      const [s, other] = ['CREATE_TIME_SERIES(t, x)', 'CREATE_TIME_SERIES(t, y)'];
      const wanted = `ARRAY[${times.map(timestamp).join(', ')}]`;
      const ns = `parse_duration('${interval}ns')`;
      const calls = {
        linear: `try(interpolate_linear(${s}, ${wanted}))`,
        locf: `try(interpolate_locf(${s}, ${wanted}))`,
        spline: `try(interpolate_spline_cubic(${s}, ${wanted}))`,
        fill: `interpolate_fill(${s}, ${wanted}, ${constant})`,
        derivative: `derivative_linear(${s}, ${ns})`,
        nonNegative: `non_negative_derivative_linear(${s}, ${ns})`,
        integral: `integral_trapezoidal(${s}, ${ns})`,
        perSecond: `integral_trapezoidal(${s})`,
        pearson: `correlate_pearson(${s}, ${other})`,
        spearman: `correlate_spearman(${s}, ${other})`,
        filtered: `filter(${s}, p -> p.value > ${constant})`,
        reduced: `reduce(${s}, DOUBLE '0.0', (sum, p) -> sum + CAST(p.value AS DOUBLE) * p.value, sum -> sum)`,
        count: `cardinality(${s})`,
      } as const;
      const sql = `SELECT ${Object.values(calls).join(', ')} FROM (VALUES ${rows}) AS v (t, x, y)`;
      const [row = []] = await fixture.rows(sql);
      for (const [column, key] of (Object.keys(calls) as (keyof typeof calls)[]).entries()) {
        const theirs = answer[key];
        // A spline through points a nanosecond and a day apart loses digits in any arithmetic but that of fractions.
        const tolerance = key === 'spline' ? 1e-8 : 1e-10;
        const isSame =
          typeof theirs === 'number' || theirs === null
            ? isClose(row[column], theirs, tolerance)
            : areClose(row[column], theirs, tolerance);
        if (!isSame) wrong.push(`${calls[key]} of ${rows}: ${JSON.stringify(row[column])}, Python ${JSON.stringify(theirs)}`);
      }
      // The forms that ask for one time say the same.
      const [at = 0n] = times;
      const single = ['linear', 'locf', 'spline_cubic'].map((each) => `try(interpolate_${each}(${s}, ${timestamp(at)}))`);
      const [values = []] = await fixture.rows(
        `SELECT ${single.join(', ')}, interpolate_fill(${s}, ${timestamp(at)}, ${constant}) FROM (VALUES ${rows}) AS v (t, x, y)`,
      );
      for (const [column, key] of (['linear', 'locf', 'spline', 'fill'] as const).entries()) {
        const theirs = answer[key].find(([afterNs]) => afterNs === String(at))?.[1];
        const isSame = theirs === 'refused' ? values[column] === null : isClose(values[column], theirs ?? null, 1e-6);
        if (!isSame) wrong.push(`${key} at ${at} of ${rows}: ${String(values[column])}, Python ${String(theirs)}`);
      }
    }
    expect(wrong.slice(0, 10)).toEqual([]);
  });
});
