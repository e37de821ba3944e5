import type { DroppedSamples } from '@timestream-prometheus/timestream-translator';
import { ConnectorError, isRetryable } from '../errors/connector-error.js';

/** What of a request is stored; counted while it is written, so that it is right however the request ends. */
export interface WrittenCount {
  samples: number;
  histograms: number;
  exemplars: number;
}

/** What remote write 2.0 wants on every answer that is no request to try again: how much of the request can be read back. */
export function writtenHeaders({ samples, histograms, exemplars }: WrittenCount): Readonly<Record<string, string>> {
  return {
    'x-prometheus-remote-write-samples-written': String(samples),
    'x-prometheus-remote-write-histograms-written': String(histograms),
    'x-prometheus-remote-write-exemplars-written': String(exemplars),
  };
}

/** The same error, with these headers unless the sender will send all of it again. */
export function withWrittenHeaders(error: ConnectorError, written: WrittenCount): ConnectorError {
  if (isRetryable(error.code)) return error;
  return new ConnectorError(error.code, error.message, { cause: error.cause, headers: writtenHeaders(written) });
}

/** On a success: what it leaves out, by reason, as `exemplar=2, non-finite-value=1`. A success has no text that could say it. */
export function notStoredHeaders(leftOut: readonly Pick<LeftOut, 'reason' | 'count'>[]): Readonly<Record<string, string>> {
  if (leftOut.length === 0) return {};
  const counts = new Map<string, number>();
  for (const { reason, count } of leftOut) counts.set(reason, (counts.get(reason) ?? 0) + count);
  return { 'x-timestream-connector-not-stored': Array.from(counts, ([reason, count]) => `${reason}=${count}`).join(', ') };
}

/** What a success does not store. */
export interface LeftOut {
  readonly reason: DroppedSamples['reason'] | 'conflicting-value' | 'start-timestamp';
  readonly count: number;
  readonly example: string;
}
