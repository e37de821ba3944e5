import type { TimeSeries } from '@timestream-prometheus/prom-codec';
import {
  compileSelect,
  createSeriesAssembler,
  MEASURE_NAME_COLUMN,
  ReadLimitError,
  schemaOf,
  TIME_COLUMN,
  type CompiledSelect,
  type ReadLimits,
  type TableSchema,
} from '@timestream-prometheus/timestream-translator';
import { ColumnNotFoundError, ConnectorError } from '../errors/connector-error.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { ReadContext, Selection } from './read-context.js';
import { readPages } from './read-pages.js';

/** Beside one attempt for each matcher's column: for `prometheus_labels`, an old schema, and columns that appear while we ask. */
const SPARE_ATTEMPTS = 5;

/** Columns that every table has from its first record on: one that lacks them was never written to. */
export const CERTAIN_COLUMNS: ReadonlySet<string> = new Set([TIME_COLUMN, MEASURE_NAME_COLUMN]);

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
  const { config, metrics } = context;
  let schema = context.schema.current;
  const absentColumns = new Set<string>();
  const maxAttempts = matchers.length + SPARE_ATTEMPTS;
  let lastFault: ColumnNotFoundError | undefined;
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    if (attempt > 1) metrics.add(METRICS.readQueryReruns.name, 1);
    const { defaultDatabase: database, defaultTable: table, regexPushdown } = config;
    const select = compileSelect({ query, matchers, database, table, schema, absentColumns, regexPushdown });
    if (select.kind === 'nothing') {
      // An old schema may lack a label that exists by now; without a schema the column is named, and Timestream knows.
      if (schema === null || select.labelsAssumedAbsent.size === 0) return { kind: 'whole', series: [] };
      schema = null;
      continue;
    }
    try {
      const outcome = await ask(select, selection, limits, context);
      if (outcome.kind !== 'other-columns') return outcome;
      schema = outcome.schema;
    } catch (error) {
      if (!(error instanceof ColumnNotFoundError)) throw error;
      if (CERTAIN_COLUMNS.has(error.column)) return { kind: 'whole', series: [] };
      lastFault = error;
      context.schema.forget();
      absentColumns.add(error.column);
      schema = null;
    }
  }
  throw unsteadyColumnsError(maxAttempts, lastFault);
}

/** Columns are eventually consistent at Timestream: what contradicts itself now need not do so later. */
export function unsteadyColumnsError(attempts: number, cause: ColumnNotFoundError | undefined): ConnectorError {
  return new ConnectorError(
    'timestream-unavailable',
    `the columns of the table were others than expected ${attempts} times in a row${cause === undefined ? '' : `: ${cause.message}`}`,
    { cause },
  );
}

type Asked = QueryOutcome | { readonly kind: 'other-columns'; readonly schema: TableSchema };

async function ask(
  { sql, labelsAssumedAbsent }: Extract<CompiledSelect, { kind: 'filter' }>,
  { query, matchers }: Selection,
  limits: ReadLimits,
  context: ReadContext,
): Promise<Asked> {
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
