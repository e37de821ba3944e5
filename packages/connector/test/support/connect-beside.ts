import { ConnectorError, createConnector, openAwsStorage, type Connector, type OpenStorage } from '../../src/index.js';
import { createMemoryLogger, testConfig } from './connector-fixture.js';
import type { EmbeddedSubject } from './embedded-subject.js';
import { RecordingMetrics } from './recording-metrics.js';
import { WORKERS_BESIDE } from './worker-beside.js';

export interface WayToWrite {
  /** Not so with a role that was made for writing. */
  readonly seesColumns: boolean;
  readonly hasWorkers: boolean;
}

/** Another connector on the table of the subject. Whoever asks for it closes it. */
export function connectBeside(
  { timestream }: EmbeddedSubject,
  flags: Readonly<Record<string, string>>,
  { seesColumns, hasWorkers }: WayToWrite,
): { readonly connector: Connector; readonly metrics: RecordingMetrics } {
  const config = testConfig({ 'write-base-endpoint': timestream.url, 'query-base-endpoint': timestream.url, ...flags });
  const metrics = new RecordingMetrics();
  const logger = createMemoryLogger([]);
  const open = openAwsStorage(config, { metrics, logger });
  const openStorage: OpenStorage = (credentials, destination) => {
    const storage = open(credentials, destination);
    return {
      write: (batch, signal) => storage.write(batch, signal),
      query: (sql, signal) => {
        if (!seesColumns && sql.startsWith('DESCRIBE')) throw new ConnectorError('access-denied', 'no DESCRIBE');
        return storage.query(sql, signal);
      },
      close: () => storage.close(),
    };
  };
  return {
    metrics,
    connector: createConnector({ config, metrics, logger, openStorage, ...(hasWorkers ? { writeWorkers: WORKERS_BESIDE } : {}) }),
  };
}
