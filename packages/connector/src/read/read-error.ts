import { ReadLimitError, RegexLimitError, RowFormatError } from '@timestream-prometheus/timestream-translator';
import { asConnectorError, ConnectorError } from '../errors/connector-error.js';

/** Says in the connector's terms what the pure translator found. */
export function readErrorOf(error: unknown): ConnectorError {
  if (error instanceof ReadLimitError) {
    const option = error.code === 'too-many-samples' ? 'max-samples-per-read' : 'max-series-per-read';
    return new ConnectorError('read-limit-exceeded', `${error.message} (limit: ${option})`, { cause: error });
  }
  if (error instanceof RegexLimitError) return new ConnectorError('read-limit-exceeded', error.message, { cause: error });
  if (error instanceof RowFormatError) return new ConnectorError('malformed-answer', `Query: ${error.message}`, { cause: error });
  return asConnectorError(error);
}
