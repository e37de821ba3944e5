import type { SelectedSeries as PromqlSeries, SeriesStorage } from '@timestream-prometheus/promql';
import { createSeriesStore } from '../read/create-series-store.js';
import type { ReadContext } from '../read/read-context.js';
import type { SelectedSeries } from '../read/series-store.js';
import { histogramSampleOf } from './histogram-sample.js';
import { withinStorableTimes } from './time-parameters.js';

/**
 * What PromQL reads from: a table. All selectors of one query share the limits of a read.
 *
 * @param pushdown whether Timestream may pick the newest sample of each series where a query needs no other
 */
export function createPromqlStorage(context: ReadContext, pushdown: boolean): SeriesStorage {
  const store = createSeriesStore(context);
  return {
    async *select(matchers, fromMs, toMs, hints) {
      if (fromMs > toMs) return;
      const newestOnly = pushdown && hints.newestOnly;
      for await (const batch of store.select(matchers, withinStorableTimes(fromMs), withinStorableTimes(toMs), { newestOnly })) {
        for (const series of batch) yield series.histograms.length === 0 ? withoutHistograms(series) : withHistograms(series);
      }
    },
  };
}

function withoutHistograms({ labels, timestampsMs, valueBits }: SelectedSeries): PromqlSeries {
  return { labels, timestampsMs, valueBits };
}

function withHistograms(series: SelectedSeries): PromqlSeries {
  return { ...withoutHistograms(series), histograms: series.histograms.map(histogramSampleOf) };
}
