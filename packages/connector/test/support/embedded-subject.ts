import {
  startEmbeddedTimestream,
  type EmbeddedTimestream,
  type EmbeddedTimestreamOptions,
} from '@timestream-prometheus/timestream-embedded';
import { bodyInHand, createConnector, openAwsStorage, type Connector, type WriteWorkerOptions } from '../../src/index.js';
import type { ContractSubject } from '@timestream-prometheus/connector-testing';
import { bodyBytes, createMemoryLogger, KEY, testConfig, type LogLine } from './connector-fixture.js';
import { RecordingMetrics } from './recording-metrics.js';

export interface EmbeddedSubject extends ContractSubject {
  readonly connector: Connector;
  readonly timestream: EmbeddedTimestream;
  readonly metrics: RecordingMetrics;
  readonly log: LogLine[];
}

/** A connector in memory over the SDK and the wire of an embedded Timestream, with the table `db.tbl` in it. */
export async function startEmbeddedSubject(
  flags: Readonly<Record<string, string>>,
  options: Partial<EmbeddedTimestreamOptions> = {},
  writeWorkers?: WriteWorkerOptions,
): Promise<EmbeddedSubject> {
  const timestream = await startEmbeddedTimestream({ credentials: [KEY], create: [{ databaseName: 'db', tableName: 'tbl' }], ...options });
  const metrics = new RecordingMetrics();
  const log: LogLine[] = [];
  const logger = createMemoryLogger(log);
  const start = (more: Readonly<Record<string, string>>): Connector => {
    const config = testConfig({ 'write-base-endpoint': timestream.url, 'query-base-endpoint': timestream.url, ...flags, ...more });
    return createConnector({ config, metrics, logger, openStorage: openAwsStorage(config, { metrics, logger }), writeWorkers });
  };
  let connector = start({});
  return {
    get connector() {
      return connector;
    },
    timestream,
    metrics,
    log,
    key: KEY,
    faults: timestream.faults,
    async send({ body, ...request }) {
      const [path = '', query = ''] = request.path.split('?', 2);
      const signal = new AbortController().signal;
      const response = await connector.handle({ ...request, path, query, ...bodyInHand(body), signal });
      return { status: response.status, headers: response.headers, body: await bodyBytes(response) };
    },
    async restart(more) {
      await connector.close();
      connector = start(more);
    },
    async close() {
      await connector.close();
      await timestream.close();
    },
  };
}
