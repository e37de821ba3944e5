import type { Query, TimeSeries } from '@timestream-prometheus/prom-codec';
import {
  compileSelect,
  createSeriesAssembler,
  MEASURE_NAME_COLUMN,
  schemaOf,
  TIME_COLUMN,
  type CompiledSelect,
  type Matcher,
  type ReadLimits,
  type TableSchema,
} from '@timestream-prometheus/timestream-translator';
import { ColumnNotFoundError, ConnectorError } from '../connector-error.js';
import { METRICS } from '../metric-catalogue.js';
import type { MetricsSink, RowSource } from '../ports.js';
import type { RememberedSchema } from './remembered-schema.js';

export interface QueryContext {
  readonly source: RowSource;
  readonly schema: RememberedSchema;
  readonly database: string;
  readonly table: string;
  readonly regexPushdown: boolean;
  readonly limits: ReadLimits;
  readonly metrics: MetricsSink;
  readonly signal: AbortSignal;
}

/** Beside one attempt for each matcher's column: for `prometheus_labels`, an old schema, and columns that appear while we ask. */
const SPARE_ATTEMPTS = 5;

/** Columns that every table has from its first record on: one that lacks them was never written to. */
const CERTAIN_COLUMNS: ReadonlySet<string> = new Set([TIME_COLUMN, MEASURE_NAME_COLUMN]);

/**
 * The series that one query selects.
 *
 * The statement is compiled for the columns that the table is believed to have. If the answer shows that it has others, or Timestream
 * refuses a column, the query is compiled again for what is known then: nothing of the first answer is used.
 */
export async function runQuery(query: Query, matchers: readonly Matcher[], context: QueryContext): Promise<readonly TimeSeries[]> {
  const { database, table, regexPushdown, metrics } = context;
  let schema = context.schema.current;
  const absentColumns = new Set<string>();
  const maxAttempts = matchers.length + SPARE_ATTEMPTS;
  let lastFault: ColumnNotFoundError | undefined;
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    if (attempt > 1) metrics.add(METRICS.readQueryReruns.name, 1);
    const select = compileSelect({ query, matchers, database, table, schema, absentColumns, regexPushdown });
    if (select.kind === 'nothing') {
      // An old schema may lack a label that exists by now; without a schema the column is named, and Timestream knows.
      if (schema === null || select.labelsAssumedAbsent.size === 0) return [];
      schema = null;
      continue;
    }
    try {
      const outcome = await ask(select, query, matchers, context);
      if ('series' in outcome) return outcome.series;
      schema = outcome.schema;
    } catch (error) {
      if (!(error instanceof ColumnNotFoundError)) throw error;
      if (CERTAIN_COLUMNS.has(error.column)) return [];
      lastFault = error;
      context.schema.forget();
      absentColumns.add(error.column);
      schema = null;
    }
  }
  // Columns are eventually consistent at Timestream: what contradicts itself now need not do so later.
  throw new ConnectorError(
    'timestream-unavailable',
    `the columns of the table were others than expected ${maxAttempts} times in a row${lastFault === undefined ? '' : `: ${lastFault.message}`}`,
    { cause: lastFault },
  );
}

type Asked = { readonly series: readonly TimeSeries[] } | { readonly schema: TableSchema };

async function ask(
  select: Extract<CompiledSelect, { kind: 'filter' }>,
  query: Query,
  matchers: readonly Matcher[],
  context: QueryContext,
): Promise<Asked> {
  const { source, limits, metrics, signal } = context;
  const assembler = createSeriesAssembler({ matchers, startMs: query.startTimestampMs, endMs: query.endTimestampMs, limits });
  let isFirstPage = true;
  for await (const page of source.query(select.sql, signal)) {
    metrics.add(METRICS.readPages.name, 1);
    metrics.add(METRICS.readRows.name, page.Rows.length);
    if (isFirstPage) {
      isFirstPage = false;
      const schema = schemaOf(page.ColumnInfo);
      context.schema.remember(schema);
      // Leaving the loop cancels the query.
      if ([...select.labelsAssumedAbsent].some((name) => schema.dimensions.has(name))) return { schema };
    }
    assembler.addPage(page);
  }
  return { series: assembler.finish() };
}
