import type { ConnectorErrorCode } from '../errors/connector-error.js';

/** What may be otherwise at the next attempt. Everything else that is retryable needs more time than a request has, or another sender. */
const ATTEMPTED_AGAIN: ReadonlySet<ConnectorErrorCode> = new Set([
  'throttled',
  'timestream-unavailable',
  'connection-failed',
  'deadline-exceeded',
  'malformed-answer',
]);

const FIRST_PAUSE_MS = 50;

/** Longer than for a failure: there is a service that asks for it. */
const FIRST_PAUSE_WHEN_THROTTLED_MS = 200;

/**
 * Short, because Timestream's memory store scales while it is written to: AWS advises to keep sending at the same or a higher rate (developer
 * guide, data ingestion). The retry budget sees to it that the rate does not become much higher.
 */
const LONGEST_PAUSE_MS = 2_000;

/**
 * How long to wait before a call is made again; undefined if it is not. The pause doubles with each attempt, and is spread so that calls
 * that failed together do not come back together.
 */
export function retryPauseMs(code: ConnectorErrorCode, attemptsMade: number, random: () => number): number | undefined {
  if (!ATTEMPTED_AGAIN.has(code)) return undefined;
  const firstMs = code === 'throttled' ? FIRST_PAUSE_WHEN_THROTTLED_MS : FIRST_PAUSE_MS;
  return Math.min(LONGEST_PAUSE_MS, firstMs * 2 ** (attemptsMade - 1)) * (0.5 + random() / 2);
}
