import type { SelectedSeries as PromqlSeries, SelectHints as PromqlHints, SeriesStorage } from '@timestream-prometheus/promql';
import { createSeriesStore } from '../read/create-series-store.js';
import type { ReadContext } from '../read/read-context.js';
import type { SelectedSeries, SelectHints } from '../read/series-store.js';
import { histogramSampleOf } from './histogram-sample.js';
import { withinStorableTimes } from './time-parameters.js';

export interface PushDown {
  readonly isOn: boolean;
  /** The answer says how many samples the query saw (`stats`): then each sample of a range has to be there. */
  readonly countsSamples: boolean;
}

/**
 * What PromQL reads from: a table. All selectors of one query share the limits of a read.
 *
 * @param pushDown what Timestream may do of the evaluation
 */
export function createPromqlStorage(context: ReadContext, pushDown: PushDown): SeriesStorage {
  const store = createSeriesStore(context);
  return {
    async *select(matchers, fromMs, toMs, hints) {
      if (fromMs > toMs) return;
      const asked = pushedHints(hints, pushDown);
      for await (const batch of store.select(matchers, withinStorableTimes(fromMs), withinStorableTimes(toMs), asked)) {
        for (const series of batch) yield series.histograms.length === 0 ? withoutHistograms(series) : withHistograms(series);
      }
    },
  };
}

/** The hints of a selection that are passed on. */
export function pushedHints(
  { newestOnly, bins }: Pick<PromqlHints, 'newestOnly' | 'bins'>,
  { isOn, countsSamples }: PushDown,
): Required<SelectHints> {
  if (!isOn) return { newestOnly: false, bins: null };
  return { newestOnly, bins: countsSamples && bins?.need !== 'newest' ? null : bins };
}

function withoutHistograms({ labels, timestampsMs, valueBits, counts }: SelectedSeries): PromqlSeries {
  return { labels, timestampsMs, valueBits, ...(counts === null ? {} : { counts }) };
}

function withHistograms(series: SelectedSeries): PromqlSeries {
  return { ...withoutHistograms(series), histograms: series.histograms.map(histogramSampleOf) };
}
