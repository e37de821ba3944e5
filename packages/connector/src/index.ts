export { ConfigError } from './config/config-error.js';
export { defaultTextOf, environmentNameOf } from './config/option.js';
export type { Option, OptionGroup, OptionScope, ParseOption } from './config/option.js';
export { OPTIONS } from './config/options.js';
export { parseConfig } from './config/parse-config.js';
export type { Config, ConfigSources } from './config/parse-config.js';
export type { ListenAddress, StaticKey } from './config/parsers.js';
export {
  asConnectorError,
  ColumnNotFoundError,
  ConnectorError,
  CONNECTOR_ERROR_CODES,
  httpStatusOf,
  isRetryable,
  meaningOf,
} from './errors/connector-error.js';
export type { ConnectorErrorCode } from './errors/connector-error.js';
export { openAwsStorage } from './timestream/open-aws-storage.js';
export type { AwsStorageConfig, AwsStorageOptions } from './timestream/open-aws-storage.js';
export { createConnector } from './create-connector.js';
export type { ConnectorOptions } from './create-connector.js';
export { METRIC_CATALOGUE, METRICS } from './metrics/metric-catalogue.js';
export type { MetricDefinition } from './metrics/metric-catalogue.js';
export type { Connector, ConnectorRequest, ConnectorResponse } from './seam.js';
export type { Clock, Credentials, Logger, MetricsSink, OpenStorage, RecordWriter, RowSource, Storage, WriteOutcome } from './ports.js';
