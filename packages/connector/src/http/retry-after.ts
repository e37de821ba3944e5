const LONGEST_WAIT_SECONDS = 30;

/**
 * Seconds for `Retry-After`: 1 s at first, doubled with each attempt that the client says it made (`Retry-Attempt`, Prometheus >= 2.48), at
 * most 30 s, and spread by half in both directions so that the shards of a sender do not come back together. Short on purpose: Timestream's
 * memory store scales while it is being written to (developer guide, data ingestion).
 */
export function retryAfterSeconds(retryAttempt: string | undefined, random: () => number): number {
  const attempt = retryAttempt !== undefined && /^\d{1,6}$/.test(retryAttempt) ? Number(retryAttempt) : 0;
  const middle = Math.min(2 ** Math.min(attempt, 10), LONGEST_WAIT_SECONDS);
  return Math.max(1, Math.min(Math.round(middle * (0.5 + random())), LONGEST_WAIT_SECONDS));
}
