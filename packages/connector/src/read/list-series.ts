import {
  assertSeriesCount,
  compileSchemaProbe,
  compileSeriesList,
  coversSchema,
  createSeriesListReader,
  schemaOf,
  sortSeries,
  type PhysicalSeries,
  type TableSchema,
} from '@timestream-prometheus/timestream-translator';
import type { ReadContext, Selection } from './read-context.js';
import { collectPages, readPages } from './read-pages.js';
import { withCurrentColumns } from './with-current-columns.js';

const MAX_ATTEMPTS = 5;

/**
 * The series with samples that a query selects, sorted, as a table of these columns has them: one with a label of another column is listed
 * without it. The samples themselves are only counted.
 *
 * @throws ConnectorError (ColumnNotFoundError if the table lacks one of the columns), ReadLimitError, RowFormatError
 */
export async function listSeries(
  { query, matchers }: Selection,
  schema: TableSchema,
  maxSeries: number,
  context: ReadContext,
): Promise<readonly PhysicalSeries[]> {
  const { defaultDatabase: database, defaultTable: table, regexPushdown } = context.config;
  const list = compileSeriesList({ query, matchers, database, table, schema, regexPushdown });
  if (list.kind === 'nothing') return [];
  const reader = createSeriesListReader({ dimensionColumns: list.dimensionColumns, matchers, maxSeries });
  await collectPages(list.sql, reader, context, matchers);
  const sorted = sortSeries(reader.finish());
  assertSeriesCount(sorted, maxSeries);
  return sorted;
}

/**
 * The same with every label, whatever columns have appeared meanwhile. The columns are looked at after the list: if all of them were known
 * to it, no series that it found can have had another label.
 *
 * @throws ConnectorError, ReadLimitError, RowFormatError
 */
export async function listSeriesWithAllLabels(
  selection: Selection,
  maxSeries: number,
  context: ReadContext,
): Promise<readonly PhysicalSeries[]> {
  if (selection.matchers.length === 0) return [];
  return withCurrentColumns<readonly PhysicalSeries[]>(context, {
    maxAttempts: MAX_ATTEMPTS,
    ofEmptyTable: () => [],
    ask: async () => {
      const known = context.schema.current ?? (await probeSchema(context));
      const series = await listSeries(selection, known, maxSeries, context);
      return coversSchema(known, await probeSchema(context)) ? series : 'columns-changed';
    },
  });
}

/** The columns that the table has now, and from now on is believed to have. */
export async function probeSchema(context: ReadContext): Promise<TableSchema> {
  const { defaultDatabase: database, defaultTable: table } = context.config;
  let schema: TableSchema = { dimensions: new Set(), valueColumns: new Set(), columns: [] };
  await readPages(compileSchemaProbe({ database, table }), context, (page) => {
    schema = schemaOf(page.ColumnInfo);
    return 'next';
  });
  context.schema.remember(schema);
  return schema;
}
