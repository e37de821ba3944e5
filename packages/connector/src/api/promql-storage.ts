import type { Aggregation, SelectedSeries as PromqlSeries, SelectHints as PromqlHints, SeriesStorage } from '@timestream-prometheus/promql';
import { createSeriesStore } from '../read/create-series-store.js';
import type { ReadContext } from '../read/read-context.js';
import type { SelectedSeries, SelectHints } from '../read/series-store.js';
import { checkAggregation } from './check-aggregation.js';
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
  const select: SeriesStorage['select'] = async function* select(matchers, fromMs, toMs, hints) {
    if (fromMs > toMs) return;
    const asked = pushedHints(hints, pushDown);
    for await (const batch of store.select(matchers, withinStorableTimes(fromMs), withinStorableTimes(toMs), asked)) {
      for (const series of batch) yield series.histograms.length === 0 ? withoutHistograms(series) : withHistograms(series);
    }
  };
  if (!pushesAggregations(pushDown)) return { select };
  const { packing } = context;
  return {
    select,
    async aggregate(matchers, fromMs, toMs, _hints, aggregation) {
      if (fromMs > toMs) return null;
      const ask = (from: number, of: Aggregation): ReturnType<typeof store.aggregate> =>
        store.aggregate(matchers, withinStorableTimes(from), withinStorableTimes(of.firstMs + (of.steps - 1) * of.stepMs), of);
      const groups = await ask(fromMs, aggregation);
      if (groups === null || groups.length === 0 || !packing.takeAggregationCheck()) return groups;
      const outcome = await checkAggregation({
        matchers,
        aggregation,
        ask: async (moment) => ask(moment.firstMs - moment.lookbackMs + 1, moment),
        series: createPromqlStorage(context, { isOn: false, countsSamples: false }),
      });
      if (outcome === 'equal') packing.passCheck();
      if (outcome === 'equal' || outcome === 'too-many') return groups;
      if (outcome === 'not-asked') packing.postponeAggregationCheck();
      else packing.distrustAggregations(new Error(`${aggregation.operator} is another value than that of the series`));
      return null;
    },
  };
}

/** An answer that says how many samples it saw needs to see them. */
export function pushesAggregations({ isOn, countsSamples }: PushDown): boolean {
  return isOn && !countsSamples;
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
