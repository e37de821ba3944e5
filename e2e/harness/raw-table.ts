import { openAwsStorage, parseConfig } from '@timestream-prometheus/connector';
import { accessKeyId, secretAccessKey } from './start-connector.js';

/** A record as the SDK takes it, which is more than the connector ever writes. */
export type HandWrittenRecord = Readonly<Record<string, unknown>>;

/** A table as somebody sees it who does not know of Prometheus: through the AWS SDK, with SQL and records written by hand. */
export interface RawTable {
  /** All rows of all pages; null where the column is NULL. */
  query(sql: string): Promise<(string | null)[][]>;
  /** Fails if a record is rejected. */
  write(records: readonly HandWrittenRecord[]): Promise<void>;
  close(): void;
}

// oxlint-disable-next-line id-denylist -- pino's own name of the level
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const uncounted = { add: () => undefined, observe: () => undefined, move: () => undefined };

export function openRawTable(timestreamUrl: string, database: string, table: string): RawTable {
  const config = parseConfig({
    defaultsFor: 'server',
    env: {},
    flags: {
      'default-database': database,
      'default-table': table,
      'write-base-endpoint': timestreamUrl,
      'query-base-endpoint': timestreamUrl,
    },
  });
  const storage = openAwsStorage(config, { logger: silent, metrics: uncounted })({ kind: 'static', accessKeyId, secretAccessKey });
  const { signal } = new AbortController();
  return {
    async query(sql) {
      const rows: (string | null)[][] = [];
      for await (const { Rows } of storage.query(sql, signal)) {
        for (const { Data } of Rows) rows.push((Data ?? []).map(({ ScalarValue }) => ScalarValue ?? null));
      }
      return rows;
    },
    async write(records) {
      const { rejected } = await storage.write({ Records: records, sources: [] }, signal);
      if (rejected.length > 0) throw new Error(`rejected: ${JSON.stringify(rejected)}`);
    },
    close: () => storage.close(),
  };
}
