import {
  compileLabelGroups,
  coversSchema,
  createLabelNamesReader,
  createLabelValuesReader,
  createMatcher,
  METRIC_NAME_LABEL,
  type LabelGroupsReader,
  type LabelGroupsReaderOptions,
} from '@timestream-prometheus/timestream-translator';
import { probeSchema } from './list-series.js';
import type { ReadContext, Selection } from './read-context.js';
import { collectPages } from './read-pages.js';
import { withCurrentColumns } from './with-current-columns.js';

const MAX_ATTEMPTS = 5;

/**
 * The names of the labels that the selected series have, in no order. Without matchers every series is selected.
 *
 * @throws ConnectorError, ReadLimitError, RowFormatError
 */
export function listLabelNames(selection: Selection, maxSeries: number, context: ReadContext): Promise<readonly string[]> {
  return listTexts(withLabel(METRIC_NAME_LABEL, selection), { labels: [], withPresence: true }, maxSeries, context, createLabelNamesReader);
}

/**
 * The values that the label has in the selected series, in no order. Without matchers every series is selected.
 *
 * @throws ConnectorError, ReadLimitError, RowFormatError
 */
export function listLabelValues(label: string, selection: Selection, maxSeries: number, context: ReadContext): Promise<readonly string[]> {
  return listTexts(withLabel(label, selection), { labels: [label], withPresence: false }, maxSeries, context, (options) =>
    createLabelValuesReader(label, options),
  );
}

/** Only series that have the label; of `__name__` those are all, and it is no condition in SQL. */
function withLabel(label: string, selection: Selection): Selection {
  if (label === METRIC_NAME_LABEL && selection.matchers.length > 0) return selection;
  return { ...selection, matchers: [...selection.matchers, createMatcher({ name: label, type: '!=', value: '' })] };
}

/** The columns are looked at after the answer: if all of them were known to the statement, no label that it found nothing of can be there. */
async function listTexts(
  { query, matchers }: Selection,
  asked: { readonly labels: readonly string[]; readonly withPresence: boolean },
  maxSeries: number,
  context: ReadContext,
  createReader: (options: LabelGroupsReaderOptions) => LabelGroupsReader,
): Promise<readonly string[]> {
  const { defaultDatabase: database, defaultTable: table, regexPushdown } = context.config;
  return withCurrentColumns<readonly string[]>(context, {
    maxAttempts: MAX_ATTEMPTS,
    ofEmptyTable: () => [],
    ask: async () => {
      const schema = context.schema.current ?? (await probeSchema(context));
      const select = compileLabelGroups({ query, matchers, database, table, schema, regexPushdown, ...asked });
      let texts: readonly string[] = [];
      if (select.kind === 'filter') {
        const reader = createReader({ layout: select.layout, matchers, maxSeries });
        await collectPages(select.sql, reader, context, matchers);
        texts = [...reader.finish()];
      }
      return coversSchema(schema, await probeSchema(context)) ? texts : 'columns-changed';
    },
  });
}
