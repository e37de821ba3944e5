import { ConnectorError } from './connector-error.js';

export interface Deadline {
  /** Aborted when the caller's signal is, or when the time is over: then the reason is a `deadline-exceeded`. */
  readonly signal: AbortSignal;
  /** Ends the timer; must be called. */
  clear(): void;
}

export function startDeadline(callerSignal: AbortSignal, timeoutMs: number, optionName: string): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new ConnectorError('deadline-exceeded', `not done within ${timeoutMs} ms (${optionName})`)),
    timeoutMs,
  );
  return { signal: AbortSignal.any([callerSignal, controller.signal]), clear: () => clearTimeout(timer) };
}

/** What an aborted signal means: our own deadline if the reason says so, else the client has gone. */
export function abortErrorOf(signal: AbortSignal, cause?: unknown): ConnectorError {
  if (signal.reason instanceof ConnectorError) return signal.reason;
  return new ConnectorError('client-gone', 'the request was given up before it was done', { cause: cause ?? signal.reason });
}

/** @throws ConnectorError what the abort means */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortErrorOf(signal);
}
