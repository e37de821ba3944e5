import {
  schemaOf,
  type CompiledSelect,
  type Matcher,
  type QueryPage,
  type TableSchema,
} from '@timestream-prometheus/timestream-translator';
import type { ReadContext, Selection } from './read-context.js';
import { readPages } from './read-pages.js';
import { withCurrentColumns } from './with-current-columns.js';

/** Beside one attempt for each matcher's column: for `prometheus_labels`, an old schema, and columns that appear while we ask. */
const SPARE_ATTEMPTS = 5;

export type SelectStatement = Extract<CompiledSelect, { kind: 'filter' }>;

export interface SelectQuestion<Result> {
  /** The statement for the columns that are believed to be there. */
  readonly compile: (columns: { readonly schema: TableSchema | null; readonly absentColumns: ReadonlySet<string> }) => CompiledSelect;
  /** The answer if no row can match. */
  readonly ofNothing: () => Result;
  /** Asks one statement, whose answer shows all columns. */
  readonly run: (select: SelectStatement) => Promise<Result | OtherColumns>;
}

/** The answer showed a column that the statement took not to exist. */
export interface OtherColumns {
  readonly kind: 'other-columns';
  readonly schema: TableSchema;
}

/**
 * What a `SELECT *` answers, with one Timestream query if the columns are those that we remember.
 *
 * The statement is compiled for the columns that the table is believed to have. If the answer shows that it has others, or Timestream
 * refuses a column, the question is compiled again for what is known then: nothing of the first answer is used.
 *
 * @throws ConnectorError, and whatever the question throws
 */
export async function withSelect<Result extends object>(
  { matchers }: Pick<Selection, 'matchers'>,
  context: ReadContext,
  { compile, ofNothing, run }: SelectQuestion<Result>,
): Promise<Result> {
  let schema = context.schema.current;
  const absentColumns = new Set<string>();
  return withCurrentColumns<Result>(context, {
    maxAttempts: matchers.length + SPARE_ATTEMPTS,
    ofEmptyTable: ofNothing,
    onMissingColumn: (column) => {
      absentColumns.add(column);
      schema = null;
    },
    ask: async () => {
      const select = compile({ schema, absentColumns });
      if (select.kind === 'nothing') {
        // An old schema may lack a label that exists by now; without a schema the column is named, and Timestream knows.
        if (schema === null || select.labelsAssumedAbsent.size === 0) return ofNothing();
        schema = null;
        return 'columns-changed';
      }
      const outcome = await run(select);
      if (!isOtherColumns(outcome)) return outcome;
      schema = outcome.schema;
      return 'columns-changed';
    },
  });
}

function isOtherColumns(outcome: object): outcome is OtherColumns {
  return 'kind' in outcome && outcome.kind === 'other-columns';
}

/** The columns that an answer has shown so far; undefined before its first page. */
export interface ShownColumns {
  schema?: TableSchema;
}

/**
 * The pages of one statement, and what its columns show is remembered.
 *
 * @returns the columns, if the statement took one of them not to exist; then the rest of the answer was left
 */
export async function readSelect(
  { sql, labelsAssumedAbsent }: SelectStatement,
  context: ReadContext,
  addPage: (page: QueryPage) => void | Promise<void>,
  shown: ShownColumns = {},
  matchers: readonly Matcher[] = [],
): Promise<OtherColumns | undefined> {
  let other: OtherColumns | undefined;
  await readPages(
    sql,
    context,
    async (page) => {
      if (shown.schema === undefined) {
        const schema = schemaOf(page.ColumnInfo);
        context.schema.remember(schema);
        shown.schema = schema;
        if ([...labelsAssumedAbsent].some((name) => schema.dimensions.has(name))) other = { kind: 'other-columns', schema };
      }
      if (other !== undefined) return 'leave';
      await addPage(page);
      return 'next';
    },
    matchers,
  );
  return other;
}
