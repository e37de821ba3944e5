import { exp } from '../math/exponential.js';
import { maximum, minimum } from '../math/extremes.js';
import { acosh, asinh, atanh, cosh, sinh, tanh } from '../math/hyperbolic.js';
import { log, log10, log2 } from '../math/logarithm.js';
import { acos, asin, atan, cos, sin, tan } from '../math/trigonometry.js';
import { CompensatedSum } from '../math/compensated-sum.js';
import { allBuckets } from '../histogram/bucket-iteration.js';
import type { FloatHistogram } from '../histogram/float-histogram.js';
import { FLOAT, GridBuilder, type GridSeries, HISTOGRAM, mergeEqualSeries, NONE } from './grid.js';

type FloatFunction = (value: number) => number;

const MS_PER_DAY = 86_400_000;

/** Functions of one float. Histograms have no answer; names of metrics are dropped. */
export const FLOAT_FUNCTIONS: ReadonlyMap<string, FloatFunction> = new Map<string, FloatFunction>([
  ['abs', Math.abs],
  ['acos', acos],
  ['acosh', acosh],
  ['asin', asin],
  ['asinh', asinh],
  ['atan', atan],
  ['atanh', atanh],
  ['ceil', Math.ceil],
  ['cos', cos],
  ['cosh', cosh],
  ['deg', (value) => value * 57.295779513082320876798154814105],
  ['exp', exp],
  ['floor', Math.floor],
  ['ln', log],
  ['log10', log10],
  ['log2', log2],
  ['rad', (value) => value * 0.017453292519943295769236907684886],
  ['sgn', (value) => (value < 0 ? -1 : value > 0 ? 1 : value)],
  ['sin', sin],
  ['sinh', sinh],
  ['sqrt', Math.sqrt],
  ['tan', tan],
  ['tanh', tanh],
]);

/** Functions of a time in seconds, in UTC. Without argument they take the time of evaluation. */
export const DATE_FUNCTIONS: ReadonlyMap<string, FloatFunction> = new Map<string, FloatFunction>([
  ['day_of_month', (seconds) => civilDate(seconds).day],
  ['day_of_week', (seconds) => modulo(daysOf(seconds) + 4, 7)],
  ['day_of_year', (seconds) => daysOf(seconds) - daysBefore(civilDate(seconds).year, 1) + 1],
  ['days_in_month', (seconds) => daysInMonth(civilDate(seconds))],
  ['hour', (seconds) => Math.floor(modulo(wholeSeconds(seconds), 86_400) / 3_600)],
  ['minute', (seconds) => Math.floor(modulo(wholeSeconds(seconds), 3_600) / 60)],
  ['month', (seconds) => civilDate(seconds).month],
  ['year', (seconds) => civilDate(seconds).year],
]);

/**
 * Go turns what int64 cannot hold, NaN included, into the smallest int64 on x86-64, and its calendar counts that as a time 2^63 seconds
 * after 1970.
 */
function wholeSeconds(seconds: number): number {
  return Math.abs(seconds) < 2 ** 63 ? Math.trunc(seconds) : 2 ** 63;
}

function daysOf(seconds: number): number {
  return Math.floor(wholeSeconds(seconds) / (MS_PER_DAY / 1000));
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The date of a day since 1970 (H. Hinnant's civil_from_days), for years that a Date does not reach too. */
function civilDate(seconds: number): CivilDate {
  const shifted = daysOf(seconds) + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  };
}

/** Days from 1970 to the first day of a month. */
function daysBefore(year: number, month: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5);
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function daysInMonth({ year, month }: CivilDate): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** Functions of one histogram. Floats have no answer. */
export const HISTOGRAM_FUNCTIONS: ReadonlyMap<string, (histogram: FloatHistogram) => number> = new Map([
  ['histogram_avg', ({ sum, count }: FloatHistogram) => sum / count],
  ['histogram_count', ({ count }: FloatHistogram) => count],
  ['histogram_stddev', (histogram: FloatHistogram) => Math.sqrt(histogramVariance(histogram))],
  ['histogram_stdvar', histogramVariance],
  ['histogram_sum', ({ sum }: FloatHistogram) => sum],
]);

function histogramVariance(histogram: FloatHistogram): number {
  const mean = histogram.sum / histogram.count;
  const variance = new CompensatedSum();
  for (const { lower, upper, count } of allBuckets(histogram)) {
    if (count === 0) continue;
    let middle: number;
    if (histogram.isCustom) middle = (upper + lower) / 2;
    else if (lower <= 0 && upper >= 0) middle = 0;
    else {
      middle = Math.sqrt(upper * lower);
      if (upper < 0) middle = -middle;
    }
    const delta = middle - mean;
    variance.add(count * delta * delta);
  }
  return variance.total / histogram.count;
}

/** Apply a function to every sample of one kind and drop the names of metrics. */
export function mapFloats(
  series: readonly GridSeries[],
  steps: number,
  compute: (value: number, step: number) => number,
): readonly GridSeries[] {
  const output: GridSeries[] = [];
  for (const { metric, kinds, floats } of series) {
    const result = new GridBuilder(metric.withoutMetadata(), steps);
    for (let step = 0; step < steps; step++) if (kinds[step] === FLOAT) result.setFloat(step, compute(floats[step]!, step));
    if (!result.isEmpty) output.push(result);
  }
  return mergeEqualSeries(output, steps);
}

export function mapHistograms(
  series: readonly GridSeries[],
  steps: number,
  compute: (histogram: FloatHistogram) => number,
): readonly GridSeries[] {
  const output: GridSeries[] = [];
  for (const { metric, kinds, histograms } of series) {
    if (histograms === null) continue;
    const result = new GridBuilder(metric.withoutMetadata(), steps);
    for (let step = 0; step < steps; step++) if (kinds[step] === HISTOGRAM) result.setFloat(step, compute(histograms[step]!));
    if (!result.isEmpty) output.push(result);
  }
  return mergeEqualSeries(output, steps);
}

/** `clamp`, `clamp_min` and `clamp_max`. Bounds that cross leave nothing. */
export function clampFloats(
  series: readonly GridSeries[],
  steps: number,
  lower: (step: number) => number,
  upper: (step: number) => number,
): readonly GridSeries[] {
  const crosses = Array.from({ length: steps }, (_, step) => upper(step) < lower(step));
  const open = crosses.includes(true) ? series.map((one) => ({ ...plainSeries(one), kinds: hide(one.kinds, crosses) })) : series;
  return mapFloats(open, steps, (value, step) => maximum(lower(step), minimum(upper(step), value)));
}

function plainSeries({ metric, floats, histograms }: GridSeries): Omit<GridSeries, 'kinds'> {
  return { metric, floats, histograms };
}

function hide(kinds: Uint8Array, hidden: readonly boolean[]): Uint8Array {
  return kinds.map((kind, step) => (hidden[step] === true ? NONE : kind));
}

export function roundFloats(series: readonly GridSeries[], steps: number, toNearest: (step: number) => number): readonly GridSeries[] {
  return mapFloats(series, steps, (value, step) => {
    const inverse = 1 / toNearest(step);
    return Math.floor(value * inverse + 0.5) / inverse;
  });
}

/** The one float of each step, or NaN if there is none or more. */
export function scalarOf(series: readonly GridSeries[], steps: number): Float64Array {
  const values = new Float64Array(steps).fill(NaN);
  for (let step = 0; step < steps; step++) {
    let found = 0;
    for (const { kinds, floats } of series) {
      if (kinds[step] !== FLOAT) continue;
      found++;
      values[step] = found === 1 ? floats[step]! : NaN;
    }
  }
  return values;
}
