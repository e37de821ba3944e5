import type { SeriesStorage } from '@timestream-prometheus/promql';
import { createSeriesStore } from '../read/create-series-store.js';
import type { ReadContext } from '../read/read-context.js';

/** No sample of ours lies beyond; a query may ask for times that no clock has. */
const FARTHEST_MS = 8_640_000_000_000_000;

function within(timeMs: number): number {
  return Math.trunc(Math.max(-FARTHEST_MS, Math.min(FARTHEST_MS, timeMs)));
}

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
      for await (const batch of store.select(matchers, within(fromMs), within(toMs), { newestOnly })) yield* batch;
    },
  };
}
