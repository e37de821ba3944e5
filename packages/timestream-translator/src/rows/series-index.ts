import type { Label } from '@timestream-prometheus/prom-codec';
import { matchesAll } from '../matcher/match-all.js';
import type { Matcher } from '../matcher/matcher.js';
import { ReadLimitError } from './read-limit-error.js';
import { labelsKey, labelsOfRow } from './row-labels.js';

export interface SeriesIndexOptions {
  /** Every series is checked against all of them, whatever the SQL has let through. */
  readonly matchers: readonly Matcher[];
  /** Series that match. */
  readonly maxSeries: number;
  /** Keys of `SeriesGroup`: other series are left out. Default: none is. */
  readonly only?: ReadonlySet<string> | undefined;
}

/** Numbers the label sets of an answer as they come. Several physical series can have the same labels, and then the same number. */
export interface SeriesIndex {
  readonly labelSets: readonly (readonly Label[])[];
  /**
   * @returns null if the series does not match
   * @throws ReadLimitError if it is one too many
   */
  identify(dimensions: readonly (readonly [name: string, value: string | null])[], measureName: string): number | null;
}

export function createSeriesIndex({ matchers, maxSeries, only }: SeriesIndexOptions): SeriesIndex {
  const labelSets: (readonly Label[])[] = [];
  const indexByLabels = new Map<string, number>();
  return {
    labelSets,
    identify(dimensions, measureName) {
      const labels = labelsOfRow(dimensions, measureName);
      if (!matchLabels(matchers, labels)) return null;
      const key = labelsKey(labels);
      if (only !== undefined && !only.has(key)) return null;
      const known = indexByLabels.get(key);
      if (known !== undefined) return known;
      if (labelSets.length >= maxSeries) throw new ReadLimitError('too-many-series', maxSeries);
      indexByLabels.set(key, labelSets.length);
      return labelSets.push(labels) - 1;
    },
  };
}

/** Whether the labels pass all matchers; a label that is absent has the value `""`. */
export function matchLabels(matchers: readonly Matcher[], labels: readonly Label[]): boolean {
  return matchesAll(matchers, (wanted) => labels.find(({ name }) => name === wanted)?.value);
}
