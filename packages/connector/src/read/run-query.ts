import type { TimeSeries } from '@timestream-prometheus/prom-codec';
import {
  compileSelect,
  createSeriesAssembler,
  ReadLimitError,
  schemaOf,
  type CompiledSelect,
  type ReadLimits,
  type TableSchema,
} from '@timestream-prometheus/timestream-translator';
import type { ReadContext, Selection } from './read-context.js';
import { readPages } from './read-pages.js';
import { withCurrentColumns } from './with-current-columns.js';

/** Beside one attempt for each matcher's column: for `prometheus_labels`, an old schema, and columns that appear while we ask. */
const SPARE_ATTEMPTS = 5;

/** Every series that a query selects; or, if they have more samples than asked for, the columns that the table has now. */
export type QueryOutcome =
  | { readonly kind: 'whole'; readonly series: readonly TimeSeries[] }
  | { readonly kind: 'too-many-samples'; readonly error: ReadLimitError; readonly schema: TableSchema };

/**
 * The series that one query selects, with one Timestream query if the columns are those that we remember.
 *
 * The statement is compiled for the columns that the table is believed to have. If the answer shows that it has others, or Timestream
 * refuses a column, the query is compiled again for what is known then: nothing of the first answer is used.
 *
 * @throws ConnectorError, ReadLimitError (of series), RowFormatError
 */
export async function runQuery(selection: Selection, limits: ReadLimits, context: ReadContext): Promise<QueryOutcome> {
  const { query, matchers } = selection;
  const { defaultDatabase: database, defaultTable: table, regexPushdown } = context.config;
  let schema = context.schema.current;
  const absentColumns = new Set<string>();
  return withCurrentColumns<QueryOutcome>(context, {
    maxAttempts: matchers.length + SPARE_ATTEMPTS,
    ofEmptyTable: () => ({ kind: 'whole', series: [] }),
    onMissingColumn: (column) => {
      absentColumns.add(column);
      schema = null;
    },
    ask: async () => {
      const select = compileSelect({ query, matchers, database, table, schema, absentColumns, regexPushdown });
      if (select.kind === 'nothing') {
        // An old schema may lack a label that exists by now; without a schema the column is named, and Timestream knows.
        if (schema === null || select.labelsAssumedAbsent.size === 0) return { kind: 'whole', series: [] };
        schema = null;
        return 'columns-changed';
      }
      const outcome = await runStatement(select, selection, limits, context);
      if (outcome.kind !== 'other-columns') return outcome;
      schema = outcome.schema;
      return 'columns-changed';
    },
  });
}

type StatementOutcome = QueryOutcome | { readonly kind: 'other-columns'; readonly schema: TableSchema };

async function runStatement(
  { sql, labelsAssumedAbsent }: Extract<CompiledSelect, { kind: 'filter' }>,
  { query, matchers }: Selection,
  limits: ReadLimits,
  context: ReadContext,
): Promise<StatementOutcome> {
  const assembler = createSeriesAssembler({ matchers, startMs: query.startTimestampMs, endMs: query.endTimestampMs, limits });
  const shown: { schema?: TableSchema; hasOtherColumns: boolean } = { hasOtherColumns: false };
  try {
    await readPages(sql, context, (page) => {
      if (shown.schema === undefined) {
        const schema = schemaOf(page.ColumnInfo);
        context.schema.remember(schema);
        shown.schema = schema;
        shown.hasOtherColumns = [...labelsAssumedAbsent].some((name) => schema.dimensions.has(name));
      }
      if (shown.hasOtherColumns) return 'leave';
      assembler.addPage(page);
      return 'next';
    });
  } catch (error) {
    if (!(error instanceof ReadLimitError) || error.code !== 'too-many-samples' || shown.schema === undefined) throw error;
    return { kind: 'too-many-samples', error, schema: shown.schema };
  }
  if (shown.hasOtherColumns && shown.schema !== undefined) return { kind: 'other-columns', schema: shown.schema };
  return { kind: 'whole', series: assembler.finish() };
}
