import { compareLabels, type TimeSeries } from '@timestream-prometheus/prom-codec';
import type { PhysicalSeries } from './physical-series.js';
import { ReadLimitError } from './read-limit-error.js';
import { labelsKey } from './row-labels.js';

/** Label sets that stand next to each other in Prometheus' order, each with every physical series that has it. */
export interface SeriesGroup {
  readonly series: readonly PhysicalSeries[];
  /** Of the label sets, for the option `only` of `createSeriesAssembler`. */
  readonly keys: ReadonlySet<string>;
  /** Rows that were counted for all of them: an upper bound for the samples. */
  readonly rowCount: number;
}

export interface GroupLimits {
  /** Rows of a group; a label set that has more of them is a group of its own. */
  readonly maxRows: number;
  /** Label sets of a group. */
  readonly maxSeries: number;
}

/** The series sorted by labels as Prometheus sorts them: those with the same labels stand together. */
export function sortSeries(series: readonly PhysicalSeries[]): readonly PhysicalSeries[] {
  return [...series].sort((left, right) => compareLabels(left.labels, right.labels));
}

/** @throws ReadLimitError if the sorted series have more different label sets */
export function assertSeriesCount(sorted: readonly PhysicalSeries[], maxSeries: number): void {
  let count = 0;
  for (const [index, series] of sorted.entries()) {
    if (!isSameLabelSet(sorted[index - 1], series)) count++;
    if (count > maxSeries) throw new ReadLimitError('too-many-series', maxSeries);
  }
}

/** Cuts sorted series into groups, one after the other as they are asked for. Each label set is in one group, whole. */
export function* groupSeries(sorted: readonly PhysicalSeries[], { maxRows, maxSeries }: GroupLimits): Generator<SeriesGroup> {
  let series: PhysicalSeries[] = [];
  let keys = new Set<string>();
  let rowCount = 0;
  for (const labelSet of labelSetsOf(sorted)) {
    const ownRows = labelSet.reduce((sum, one) => sum + one.rowCount, 0);
    if (series.length > 0 && (rowCount + ownRows > maxRows || keys.size >= maxSeries)) {
      yield { series, keys, rowCount };
      series = [];
      keys = new Set();
      rowCount = 0;
    }
    series.push(...labelSet);
    keys.add(labelsKey(labelSet[0]?.labels ?? []));
    rowCount += ownRows;
  }
  if (series.length > 0) yield { series, keys, rowCount };
}

/** The label sets alone, each once: the answer to a query with the hint `func="series"`. */
export function seriesWithoutSamples(sorted: readonly PhysicalSeries[]): readonly TimeSeries[] {
  return sorted
    .filter((series, index) => !isSameLabelSet(sorted[index - 1], series))
    .map(({ labels }) => ({
      labels,
      samples: { timestampsMs: new BigInt64Array(0), valueBits: new BigUint64Array(0) },
      exemplars: [],
      histograms: [],
    }));
}

function* labelSetsOf(sorted: readonly PhysicalSeries[]): Generator<readonly PhysicalSeries[]> {
  let start = 0;
  for (let index = 1; index <= sorted.length; index++) {
    const next = sorted[index];
    if (next !== undefined && isSameLabelSet(sorted[start], next)) continue;
    yield sorted.slice(start, index);
    start = index;
  }
}

function isSameLabelSet(left: PhysicalSeries | undefined, right: PhysicalSeries): boolean {
  return left !== undefined && compareLabels(left.labels, right.labels) === 0;
}
