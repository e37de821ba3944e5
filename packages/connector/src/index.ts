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
export { Turns } from './concurrency/turns.js';
export { responseOfError } from './http/responses.js';
export { createToken, hashToken, MIN_TOKEN_CHARACTERS, TOKEN_PATTERN } from './users/token-digest.js';
export { hashPassword } from './users/password-hash.js';
export { destinationsOfUsers } from './users/destination-of-request.js';
export { parseUsers, UsersFileError } from './users/parse-users.js';
export type { UserDirectory } from './users/user-directory.js';
export type { Right, User } from './users/user.js';
export { createConnector } from './create-connector.js';
export type { ConnectorOptions, WriteWorkerOptions } from './connector-options.js';
export { METRIC_CATALOGUE, METRICS } from './metrics/metric-catalogue.js';
export type { CounterDefinition, Endpoint, GaugeDefinition, HistogramDefinition, MetricDefinition } from './metrics/metric-catalogue.js';
export { ownWriteRequest } from './write/own-write-request.js';
export type { OwnSample } from './write/own-write-request.js';
export { BodyTooLargeError, bodyInHand } from './seam.js';
export type { Connector, ConnectorRequest, ConnectorResponse, PageRequest, WholeResponse } from './seam.js';
export type {
  CallTurn,
  Clock,
  Credentials,
  Destination,
  LabelValues,
  Logger,
  MetricsSink,
  OpenStorage,
  RecordWriter,
  RowSource,
  Storage,
  WriteOutcome,
} from './ports.js';
export { createSeriesStore } from './read/create-series-store.js';
export type { SelectedSeries, SelectHints, SeriesStore } from './read/series-store.js';
export type { WorkerThread } from './workers/write-workers.js';
export type { ThreadPort } from './workers/outbox.js';
