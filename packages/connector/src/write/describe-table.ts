import { identifier } from '@timestream-prometheus/timestream-translator';
import type { Logger, RowSource } from '../ports.js';

/** Writing goes on without the answer: a hanging query service must not hold it up for long. */
const DESCRIBE_TIMEOUT_MS = 5_000;

/** Columns and value of a DESCRIBE answer, as recorded from the service. */
const NAME_COLUMN = 'Column';
const ATTRIBUTE_COLUMN = 'Timestream attribute type';
const DIMENSION = 'DIMENSION';

/** The columns that a table has, by what they are. */
export interface TableColumns {
  readonly dimensions: readonly string[];
  /** And the time and the measure name. */
  readonly measures: readonly string[];
}

export interface DescribeTableOptions {
  readonly source: RowSource;
  readonly database: string;
  readonly table: string;
  readonly logger: Logger;
}

/**
 * The names of the table's columns, or undefined if they cannot be had: DESCRIBE is free of charge, but needs a permission
 * (`timestream:DescribeTable`) that a role made for writing does not have.
 */
export async function describeTable({ source, database, table, logger }: DescribeTableOptions): Promise<TableColumns | undefined> {
  const dimensions: string[] = [];
  const measures: string[] = [];
  try {
    const sql = `DESCRIBE ${identifier(database)}.${identifier(table)}`;
    for await (const { ColumnInfo, Rows } of source.query(sql, AbortSignal.timeout(DESCRIBE_TIMEOUT_MS))) {
      const nameIndex = ColumnInfo.findIndex(({ Name }) => Name === NAME_COLUMN);
      const attributeIndex = ColumnInfo.findIndex(({ Name }) => Name === ATTRIBUTE_COLUMN);
      for (const { Data } of Rows) {
        const name = Data?.[nameIndex]?.ScalarValue;
        if (name !== undefined) (Data?.[attributeIndex]?.ScalarValue === DIMENSION ? dimensions : measures).push(name);
      }
    }
    return { dimensions, measures };
  } catch (error) {
    logger.debug({ err: error }, "the table's dimensions cannot be read; those that this process writes stand in for them");
    return undefined;
  }
}
