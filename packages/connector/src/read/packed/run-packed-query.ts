import type { TimeSeries } from '@timestream-prometheus/prom-codec';
import {
  createPackedAssembler,
  type PackedSelectOptions,
  type QueryPage,
  type ReadLimits,
} from '@timestream-prometheus/timestream-translator';
import { ColumnNotFoundError } from '../../errors/connector-error.js';
import type { HeldBytes } from '../../concurrency/read-budget.js';
import { ASSEMBLED_SAMPLE_BYTES } from '../bytes-held.js';
import type { ReadContext, Selection } from '../read-context.js';
import { readPages } from '../read-pages.js';
import { withCurrentColumns } from '../with-current-columns.js';
import { checkAgainstRows } from './check-against-rows.js';
import { PackedQuestion, UnusablePackedAnswer } from './packed-statement.js';
import { columnsWithValues } from './columns-with-values.js';

const MAX_ATTEMPTS = 8;

/**
 * The series that one query selects, by a packed statement.
 *
 * @param held what is held of them, and goes on to be held by whoever asked
 * @returns null if they cannot be read that way now: then rows have to be read. Why has been logged and counted.
 * @throws ConnectorError, ReadLimitError
 */
export async function runPackedQuery(
  selection: Selection,
  limits: ReadLimits,
  context: ReadContext,
  held: HeldBytes,
  shape: Pick<PackedSelectOptions, 'newestOnly'> = {},
): Promise<readonly TimeSeries[] | null> {
  const { packing } = context;
  if (!packing.isOn) return null;
  const question = new PackedQuestion(selection, shape, context);
  try {
    return await withCurrentColumns<readonly TimeSeries[]>(context, {
      maxAttempts: selection.matchers.length + MAX_ATTEMPTS,
      ofEmptyTable: () => [],
      ask: async () => {
        const statement = await question.compile();
        if (statement === 'columns-changed') return statement;
        if (statement === null) return [];
        const { query, matchers } = selection;
        const assembler = createPackedAssembler(
          { matchers, startMs: query.startTimestampMs, endMs: query.endTimestampMs, limits },
          statement.layout,
        );
        let firstPage: QueryPage | undefined;
        const columns = new Set<string>();
        try {
          await readPages(
            statement.sql,
            context,
            async (page) => {
              if (page.Rows.length > 0) firstPage ??= page;
              assembler.addPage(page);
              columnsWithValues(page, statement.layout, columns);
              await held.set(ASSEMBLED_SAMPLE_BYTES * assembler.heldSamples);
              return 'next' as const;
            },
            matchers,
          );
          const series = assembler.finish();
          if (firstPage !== undefined && packing.takeCheck(statement.layout)) await checkAgainstRows(firstPage, statement, context);
          question.learn(statement.layout, columns, pointsOf(series));
          return series;
        } catch (failure) {
          if (failure instanceof ColumnNotFoundError) throw failure;
          await question.learnFrom(failure, statement);
          return 'columns-changed';
        }
      },
    });
  } catch (error) {
    return giveUpPacking(error, context);
  }
}

export function pointsOf(timeseries: readonly TimeSeries[]): number {
  return timeseries.reduce((sum, { samples, histograms }) => sum + samples.valueBits.length + histograms.length, 0);
}

/**
 * Says what an unusable answer means for later ones.
 *
 * @returns null: rows have to be read
 * @throws anything that is no unusable answer
 */
export function giveUpPacking(error: unknown, { packing }: Pick<ReadContext, 'packing'>): null {
  if (!(error instanceof UnusablePackedAnswer)) throw error;
  if (error.fault === null) packing.countFallback(error.cause);
  else if (error.fault === 'order') packing.distrustOrder(error.cause);
  else packing.turnOff(error.fault, error.cause);
  return null;
}
