import { ConnectorError, isRetryable } from '../errors/connector-error.js';

/** What of a request is stored; counted while it is written, so that it is right however the request ends. */
export interface WrittenCount {
  samples: number;
  histograms: number;
}

/**
 * What remote write 2.0 wants on every answer that is no request to try again: how much of the request can be read back. Exemplars are not
 * stored, and named in the answer.
 */
export function writtenHeaders({ samples, histograms }: WrittenCount): Readonly<Record<string, string>> {
  return {
    'x-prometheus-remote-write-samples-written': String(samples),
    'x-prometheus-remote-write-histograms-written': String(histograms),
    'x-prometheus-remote-write-exemplars-written': '0',
  };
}

/** The same error, with these headers unless the sender will send all of it again. */
export function withWrittenHeaders(error: ConnectorError, written: WrittenCount): ConnectorError {
  if (isRetryable(error.code)) return error;
  return new ConnectorError(error.code, error.message, { cause: error.cause, headers: writtenHeaders(written) });
}
