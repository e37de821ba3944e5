export type { Connector, ConnectorRequest, ConnectorResponse } from './seam.js';
export type { Clock, Credentials, Logger, MetricsSink, OpenStorage, RecordWriter, RowSource, Storage, WriteOutcome } from './ports.js';
