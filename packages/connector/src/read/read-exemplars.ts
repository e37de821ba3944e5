import {
  compileExemplarSelect,
  createExemplarReader,
  type ExemplarsOfSeries,
  type ReadLimits,
} from '@timestream-prometheus/timestream-translator';
import { bytesOfRows } from './bytes-held.js';
import type { ReadContext, Selection } from './read-context.js';
import { readErrorOf } from './read-error.js';
import { readSelect, withSelect } from './with-select.js';

/**
 * The exemplars of the series that a query selects, sorted. An exemplar counts as a sample against the limits.
 *
 * @throws ConnectorError
 */
export async function readExemplars(selection: Selection, limits: ReadLimits, context: ReadContext): Promise<readonly ExemplarsOfSeries[]> {
  const { query, matchers } = selection;
  const { defaultDatabase: database, defaultTable: table, regexPushdown } = context.config;
  try {
    return await withSelect<readonly ExemplarsOfSeries[]>(selection, context, {
      compile: (columns) => compileExemplarSelect({ query, matchers, database, table, regexPushdown, ...columns }),
      ofNothing: () => [],
      run: async (select) => {
        const reader = createExemplarReader({ matchers, startMs: query.startTimestampMs, endMs: query.endTimestampMs, limits });
        const held = context.memory.hold();
        const other = await readSelect(
          select,
          context,
          async (page) => {
            reader.addPage(page);
            await held.add(bytesOfRows(page));
          },
          undefined,
          matchers,
        );
        return other ?? reader.finish();
      },
    });
  } catch (error) {
    throw readErrorOf(error);
  }
}
