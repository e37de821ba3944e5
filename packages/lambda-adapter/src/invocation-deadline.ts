import { ConnectorError } from '@timestream-prometheus/connector';

/**
 * Kept free at the end of every limit: cancelling a query at Timestream, encoding the answer and carrying it to the gateway take their
 * time, and a gateway that gives up first answers an error of its own that says nothing.
 */
export const DEADLINE_MARGIN_MS = 1000;

/** After the deadline the core has this long to wind up and answer itself; then the edge answers in its place. */
export const DEADLINE_GRACE_MS = 700;

export interface DeadlineLimits {
  /** Left of the function's own timeout. */
  readonly remainingMs: number;
  /** Longest work on one request, an option. */
  readonly timeoutMs: number;
  /** How long the integration waits, counted from `receivedAtMs`; undefined: as long as the function runs. */
  readonly maxWaitMs: number | undefined;
  /** When the gateway took the request; a cold start counts against the gateway's patience, not against the function's timeout. */
  readonly receivedAtMs: number | undefined;
  readonly nowMs: number;
}

/** Clocks of the gateway and the function differ a little; more than Lambda's longest start is no clock to believe. */
const MAX_BELIEVED_DELAY_MS = 15_000;

/** Milliseconds from now on for the work on one request: the least of all limits, less the margin, and never below zero. */
export function workTimeMs({ remainingMs, timeoutMs, maxWaitMs, receivedAtMs, nowMs }: DeadlineLimits): number {
  const delayMs = receivedAtMs === undefined ? 0 : nowMs - receivedAtMs;
  const believedDelayMs = delayMs > 0 && delayMs <= MAX_BELIEVED_DELAY_MS ? delayMs : 0;
  const waitMs = maxWaitMs === undefined ? Number.POSITIVE_INFINITY : maxWaitMs - believedDelayMs;
  return Math.max(0, Math.min(remainingMs, timeoutMs, waitMs) - DEADLINE_MARGIN_MS);
}

export interface InvocationDeadline {
  /** Aborted at the deadline; the reason is the error that the client is told. */
  readonly signal: AbortSignal;
  /** `work`, or that error when the work has not settled {@link DEADLINE_GRACE_MS} after the deadline. */
  bound<T>(work: Promise<T>): Promise<T>;
  /** Ends the timers. */
  clear(): void;
}

export function startInvocationDeadline(limits: DeadlineLimits): InvocationDeadline {
  const timeMs = workTimeMs(limits);
  const error = new ConnectorError(
    'deadline-exceeded',
    `the work did not end within the ${timeMs} ms that this invocation has for it: a write is sent again by its sender, a read wants a narrower query or time range`,
  );
  const controller = new AbortController();
  const deadlineTimer = setTimeout(() => controller.abort(error), timeMs);
  let graceTimer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    graceTimer = setTimeout(() => reject(error), timeMs + DEADLINE_GRACE_MS);
  });
  // Nobody may be waiting when it rejects.
  expired.catch(() => undefined);
  return {
    signal: controller.signal,
    bound: (work) => Promise.race([work, expired]),
    clear: () => {
      clearTimeout(deadlineTimer);
      clearTimeout(graceTimer);
    },
  };
}
