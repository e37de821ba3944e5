import { MEASURE_NAME_COLUMN, TIME_COLUMN } from '@timestream-prometheus/timestream-translator';
import { ColumnNotFoundError, ConnectorError } from '../errors/connector-error.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { ReadContext } from './read-context.js';

/** Columns that every table has from its first record on: one that lacks them was never written to. */
const COLUMNS_OF_EVERY_RECORD: ReadonlySet<string> = new Set([TIME_COLUMN, MEASURE_NAME_COLUMN]);

export interface ColumnChanges<Result> {
  /** How often the question is asked before the columns count as unsteady. */
  readonly maxAttempts: number;
  /** Asks Timestream. `columns-changed`: the answer showed other columns than the statement was made for. */
  readonly ask: () => Promise<Result | 'columns-changed'>;
  /** The answer of a table without any record. */
  readonly ofEmptyTable: () => Result;
  /** Told of a column that the table does not have, before the next attempt. */
  readonly onMissingColumn?: (column: string) => void;
}

/**
 * A label becomes a column when it is first written, and the query service learns of it later. So a statement may name a column that is not
 * there yet, or leave out one that is: then what is remembered of the columns is forgotten and the question is asked again. Nothing of an
 * answer that showed other columns is used.
 *
 * @throws ConnectorError timestream-unavailable if the columns go on changing; and whatever `ask` throws
 */
export async function withCurrentColumns<Result>(
  { schema, metrics }: Pick<ReadContext, 'schema' | 'metrics'>,
  { maxAttempts, ask, ofEmptyTable, onMissingColumn }: ColumnChanges<Result>,
): Promise<Result> {
  let missing: ColumnNotFoundError | undefined;
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    if (attempt > 1) metrics.add(METRICS.readQueryReruns, 1);
    try {
      const answer = await ask();
      if (answer !== 'columns-changed') return answer;
    } catch (error) {
      if (!(error instanceof ColumnNotFoundError)) throw error;
      if (COLUMNS_OF_EVERY_RECORD.has(error.column)) return ofEmptyTable();
      missing = error;
      schema.forget();
      onMissingColumn?.(error.column);
    }
  }
  throw unsteadyColumnsError(maxAttempts, missing);
}

/** Columns are eventually consistent at Timestream: what contradicts itself now need not do so later. */
export function unsteadyColumnsError(attempts: number, cause: ColumnNotFoundError | undefined): ConnectorError {
  return new ConnectorError(
    'timestream-unavailable',
    `the columns of the table were others than expected ${attempts} times in a row${cause === undefined ? '' : `: ${cause.message}`}`,
    { cause },
  );
}
