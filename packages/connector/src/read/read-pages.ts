import type { Matcher, QueryPage } from '@timestream-prometheus/timestream-translator';
import { METRICS } from '../metrics/metric-catalogue.js';
import { bytesOfRows, PAGE_BYTES } from './bytes-held.js';
import { matchingSlices } from './matching-slices.js';
import type { ReadContext } from './read-context.js';

/**
 * Runs one statement and hands over its pages, empty ones included, each in a turn of its own, or in several if the rows are matched against expressions that cost much. When `take` answers `leave`, or throws, the query is left and so
 * cancelled.
 *
 * @throws ConnectorError, and whatever `take` throws
 */
export async function readPages(
  sql: string,
  { source, limiter, turns, memory, metrics, signal }: Pick<ReadContext, 'source' | 'limiter' | 'turns' | 'memory' | 'metrics' | 'signal'>,
  take: (page: QueryPage) => 'next' | 'leave' | Promise<'next' | 'leave'>,
  matchers: readonly Matcher[] = [],
): Promise<void> {
  // Who has no room for a page asks nothing.
  const held = memory.hold();
  try {
    await limiter.run(async () => {
      await held.set(PAGE_BYTES);
      for await (const page of source.query(sql, signal)) {
        metrics.add(METRICS.readPages, 1);
        metrics.add(METRICS.readRows, page.Rows.length);
        for (const slice of matchingSlices(page, matchers)) {
          await turns.next(signal);
          if ((await take(slice)) === 'leave') return;
        }
      }
    }, signal);
  } finally {
    held.end();
  }
}

/**
 * Runs one statement and gives all its rows to a reader. What it makes of them is counted as held until the end of the request.
 *
 * @throws ConnectorError, and whatever the reader throws
 */
export async function collectPages(
  sql: string,
  reader: { readonly addPage: (page: QueryPage) => void },
  context: ReadContext,
  matchers: readonly Matcher[] = [],
): Promise<void> {
  const held = context.memory.hold();
  await readPages(
    sql,
    context,
    async (page) => {
      reader.addPage(page);
      await held.add(bytesOfRows(page));
      return 'next' as const;
    },
    matchers,
  );
}
