import type { TimeSeries } from '@timestream-prometheus/prom-codec';
import {
  compileSelect,
  createSeriesAssembler,
  type QueryPage,
  ReadLimitError,
  type ReadLimits,
  type TableSchema,
} from '@timestream-prometheus/timestream-translator';
import type { HeldBytes } from '../concurrency/read-budget.js';
import { ASSEMBLED_SAMPLE_BYTES } from './bytes-held.js';
import type { ReadContext, Selection } from './read-context.js';
import { readSelect, withSelect, type OtherColumns, type SelectStatement, type ShownColumns } from './with-select.js';

/** Every series that a query selects; or, if they have more samples than asked for, the columns that the table has now. */
export type QueryOutcome =
  | { readonly kind: 'whole'; readonly series: readonly TimeSeries[] }
  | { readonly kind: 'too-many-samples'; readonly error: ReadLimitError; readonly schema: TableSchema };

/**
 * The series that one query selects, as rows.
 *
 * @param held what is held of them, and goes on to be held by whoever asked
 * @throws ConnectorError, ReadLimitError (of series), RowFormatError
 */
export async function runQuery(selection: Selection, limits: ReadLimits, context: ReadContext, held: HeldBytes): Promise<QueryOutcome> {
  const { query, matchers } = selection;
  const { defaultDatabase: database, defaultTable: table, regexPushdown } = context.config;
  return withSelect<QueryOutcome>(selection, context, {
    compile: (columns) => compileSelect({ query, matchers, database, table, regexPushdown, ...columns }),
    ofNothing: () => ({ kind: 'whole', series: [] }),
    run: (select) => runStatement(select, selection, limits, context, held),
  });
}

async function runStatement(
  select: SelectStatement,
  { query, matchers }: Selection,
  limits: ReadLimits,
  context: ReadContext,
  held: HeldBytes,
): Promise<QueryOutcome | OtherColumns> {
  const assembler = createSeriesAssembler({ matchers, startMs: query.startTimestampMs, endMs: query.endTimestampMs, limits });
  const shown: ShownColumns = {};
  try {
    const addPage = async (page: QueryPage): Promise<void> => {
      assembler.addPage(page);
      await held.set(ASSEMBLED_SAMPLE_BYTES * assembler.heldSamples);
    };
    const other = await readSelect(select, context, addPage, shown, matchers);
    return other ?? { kind: 'whole', series: assembler.finish() };
  } catch (error) {
    if (!(error instanceof ReadLimitError) || error.code !== 'too-many-samples' || shown.schema === undefined) throw error;
    return { kind: 'too-many-samples', error, schema: shown.schema };
  }
}
