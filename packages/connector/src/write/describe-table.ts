import { identifier } from '@timestream-prometheus/timestream-translator';
import type { Logger, RowSource } from '../ports.js';

/** Writing goes on without the answer: a hanging query service must not hold it up for long. */
const DESCRIBE_TIMEOUT_MS = 5_000;

/** Columns and value of a DESCRIBE answer, as recorded from the service. */
const NAME_COLUMN = 'Column';
const ATTRIBUTE_COLUMN = 'Timestream attribute type';
const DIMENSION = 'DIMENSION';

export interface DescribeTableOptions {
  readonly source: RowSource;
  readonly database: string;
  readonly table: string;
  readonly logger: Logger;
}

/**
 * The names of the table's dimensions, or undefined if they cannot be had: DESCRIBE is free of charge, but needs a permission
 * (`timestream:DescribeTable`) that a role made for writing does not have.
 */
export async function describeTable({ source, database, table, logger }: DescribeTableOptions): Promise<readonly string[] | undefined> {
  const names: string[] = [];
  try {
    const sql = `DESCRIBE ${identifier(database)}.${identifier(table)}`;
    for await (const { ColumnInfo, Rows } of source.query(sql, AbortSignal.timeout(DESCRIBE_TIMEOUT_MS))) {
      const nameIndex = ColumnInfo.findIndex(({ Name }) => Name === NAME_COLUMN);
      const attributeIndex = ColumnInfo.findIndex(({ Name }) => Name === ATTRIBUTE_COLUMN);
      for (const { Data } of Rows) {
        const name = Data?.[nameIndex]?.ScalarValue;
        if (name !== undefined && Data?.[attributeIndex]?.ScalarValue === DIMENSION) names.push(name);
      }
    }
    return names;
  } catch (error) {
    logger.debug({ err: error }, "the table's dimensions cannot be read; those that this process writes stand in for them");
    return undefined;
  }
}
