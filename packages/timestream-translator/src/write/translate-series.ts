import type { TimeSeries } from '@timestream-prometheus/prom-codec';
import type { DimensionBudget } from './dimension-budget.js';
import type { DroppedSamples, Refusal } from './drop-reason.js';
import { createDropTally } from './drop-tally.js';
import { findRefusal, type RefusalOptions } from './find-refusal.js';
import type { Layout } from '../model/layout.js';
import { parseSeriesLabels } from './series-labels.js';
import { createSeriesStorer } from './stored-series.js';
import {
  createSeriesTarget,
  recordsInTimeOrder,
  translateSamples,
  type SampleTranslator,
  type SeriesTarget,
  type TranslatedRecord,
} from './translate-samples.js';

export interface TranslateOptions extends RefusalOptions {
  readonly layout: Layout;
  /** The budget of the table that is written to; labels of stored series claim places in it. */
  readonly dimensionBudget: DimensionBudget;
}

/**
 * The outcome for every sample, histogram and exemplar of the input:
 * `records.length + identicalCount + (sum of dropped counts) + refusedCount === receivedCount`.
 */
export interface Translation {
  /** No two with the same series and time. Series in the order they came, the records of one series in time order. */
  readonly records: readonly TranslatedRecord[];
  /** One entry per reason that occurred, in the order of their first occurrence. */
  readonly dropped: readonly DroppedSamples[];
  /** Samples that repeat another sample of the request bit for bit; they are stored by storing that one. */
  readonly identicalCount: number;
  /** Set if an option demands to refuse the request: then there are no records, and nothing of it may be written. */
  readonly refused?: Refusal;
  /** All that came, if `refused` is set, else 0. */
  readonly refusedCount: number;
  /** Samples, native histograms and exemplars of the input. */
  readonly receivedCount: number;
}

/**
 * Translates the series of one remote-write request to records. Label sets may be unsorted and may occur several times, samples may be in
 * any order; texts must be well-formed Unicode, as they are when they come from UTF-8. Never throws because of its input.
 */
export function translateSeries(timeseries: readonly TimeSeries[], options: TranslateOptions): Translation {
  const receivedCount = timeseries.reduce(
    (sum, series) => sum + series.samples.timestampsMs.length + series.histograms.length + series.exemplars.length,
    0,
  );
  const refused = findRefusal(timeseries, options);
  if (refused !== null) return { records: [], dropped: [], identicalCount: 0, refused, refusedCount: receivedCount, receivedCount };

  const drops = createDropTally();
  const translator: SampleTranslator = { layout: options.layout, drops, storeSeries: createSeriesStorer(options.dimensionBudget) };
  const targetByKey = new Map<string, SeriesTarget>();
  let identicalCount = 0;
  for (const [seriesIndex, series] of timeseries.entries()) {
    const { labels, samples, histograms, exemplars } = series;
    if (histograms.length > 0) drops.add('native-histogram', histograms.length, labels, `${histograms.length} of this series`);
    if (exemplars.length > 0) drops.add('exemplar', exemplars.length, labels, `${exemplars.length} of this series`);
    if (samples.timestampsMs.length === 0) continue;
    const parsed = parseSeriesLabels(labels);
    if ('reason' in parsed) {
      drops.add(parsed.reason, samples.timestampsMs.length, labels, parsed.offence);
      continue;
    }
    let target = targetByKey.get(parsed.key);
    if (target === undefined) {
      target = createSeriesTarget(parsed);
      targetByKey.set(parsed.key, target);
    }
    identicalCount += translateSamples(translator, samples, seriesIndex, target);
  }

  const records: TranslatedRecord[] = [];
  for (const target of targetByKey.values()) {
    for (const record of recordsInTimeOrder(target)) records.push(record);
  }
  return { records, dropped: drops.list(), identicalCount, refusedCount: 0, receivedCount };
}
