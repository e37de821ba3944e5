import type { TableSchema } from '@timestream-prometheus/timestream-translator';

/**
 * The columns of the table as the last answer showed them. It needs no time to live: each answer shows the columns anew, a query that
 * relies on a column not to exist is asked again when it does, and a query that names one that is gone is told so by Timestream. So an old
 * schema costs a round trip, never a series.
 */
export class RememberedSchema {
  #schema: TableSchema | null = null;

  /** Null: nothing is known. */
  get current(): TableSchema | null {
    return this.#schema;
  }

  remember(schema: TableSchema): void {
    this.#schema = schema;
  }

  forget(): void {
    this.#schema = null;
  }
}
