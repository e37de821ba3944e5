import type { QueryPage } from '@timestream-prometheus/timestream-translator';
import { createConnector, openAwsStorage, type Connector, type OpenStorage } from '../../src/index.js';
import { createMemoryLogger, testConfig, type LogLine } from './connector-fixture.js';
import { RecordingMetrics } from './recording-metrics.js';

/** What a service does to one statement of a client. It may change a page, or throw instead of giving it. */
export type AlterPage = (page: QueryPage, sql: string, pageNumber: number) => QueryPage;

/** The storage behind a service that answers some statements otherwise. Every statement that is asked is put into `asked`. */
export function alterStorage(openStorage: OpenStorage, asked: string[], alterPage: AlterPage): OpenStorage {
  return (credentials, destination) => {
    const storage = openStorage(credentials, destination);
    return {
      write: (batch, signal) => storage.write(batch, signal),
      close: () => storage.close(),
      async *query(sql, signal) {
        asked.push(sql);
        let pageNumber = 0;
        for await (const page of storage.query(sql, signal)) {
          pageNumber += 1;
          yield alterPage(page, sql, pageNumber);
        }
      },
    };
  };
}

/** A connector, and what it counted, logged and asked. */
export interface AlteredSubject {
  readonly connector: Connector;
  readonly metrics: RecordingMetrics;
  readonly log: LogLine[];
  readonly asked: string[];
}

/** A connector on the table `db.tbl` of a Timestream, if the flags name no other one, whose answers may be altered. */
export function startAltered(
  url: string,
  alterPage: AlterPage = (page) => page,
  flags: Readonly<Record<string, string>> = {},
): AlteredSubject {
  const config = testConfig({
    'write-base-endpoint': url,
    'query-base-endpoint': url,
    'default-database': 'db',
    'default-table': 'tbl',
    ...flags,
  });
  const metrics = new RecordingMetrics();
  const log: LogLine[] = [];
  const asked: string[] = [];
  const logger = createMemoryLogger(log);
  const openStorage = alterStorage(openAwsStorage(config, { metrics, logger }), asked, alterPage);
  return { connector: createConnector({ config, metrics, logger, openStorage }), metrics, log, asked };
}
