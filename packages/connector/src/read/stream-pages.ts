import type { Matcher, QueryPage } from '@timestream-prometheus/timestream-translator';
import { METRICS } from '../metrics/metric-catalogue.js';
import { PAGE_BYTES } from './bytes-held.js';
import { matchingSlices } from './matching-slices.js';
import type { ReadContext } from './read-context.js';

/**
 * The pages of one statement, each asked for when it is wanted, so that a slow client slows the query down. A turn of the limiter is taken
 * for each page and not for the whole: a client that does not read must not keep others from asking. Leaving early cancels the query.
 *
 * @throws ConnectorError
 */
export async function* streamPages(
  sql: string,
  { source, limiter, turns, memory, metrics, signal }: Pick<ReadContext, 'source' | 'limiter' | 'turns' | 'memory' | 'metrics' | 'signal'>,
  matchers: readonly Matcher[] = [],
): AsyncGenerator<QueryPage, void, undefined> {
  const held = memory.hold();
  const pages = source.query(sql, signal)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await limiter.run(async () => {
        await held.set(PAGE_BYTES);
        return pages.next();
      }, signal);
      if (next.done === true) return;
      metrics.add(METRICS.readPages, 1);
      metrics.add(METRICS.readRows, next.value.Rows.length);
      for (const slice of matchingSlices(next.value, matchers)) {
        await turns.next(signal);
        yield slice;
      }
    }
  } finally {
    held.end();
    await pages.return?.();
  }
}
