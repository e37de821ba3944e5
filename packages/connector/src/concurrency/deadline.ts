import { setMaxListeners } from 'node:events';
import { ConnectorError } from '../errors/connector-error.js';

/**
 * Why the signal of a request is aborted that takes too long.
 *
 * @param advice what the caller can do about it
 */
export function deadlineError(timeoutMs: number, optionName: string, advice?: string): ConnectorError {
  return new ConnectorError(
    'deadline-exceeded',
    `not done within ${timeoutMs} ms (${optionName})${advice === undefined ? '' : `: ${advice}`}`,
  );
}

/**
 * A signal for all the work of one request, aborted when one of the given ones is. Every call in flight and every task that waits for its turn
 * listens to it and takes its listener away again, so many at once are no leak; Node warns of one above ten.
 */
export function createSharedSignal(...signals: readonly AbortSignal[]): AbortSignal {
  const shared = AbortSignal.any([...signals]);
  setMaxListeners(0, shared);
  return shared;
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

/**
 * Waits for what several requests wait for, which none of them ends, but only as long as this one may.
 *
 * @throws ConnectorError what the abort means
 */
export async function waitWhileAllowed<T>(shared: Promise<T>, signal: AbortSignal): Promise<T> {
  throwIfAborted(signal);
  let giveUp: () => void = () => undefined;
  const givenUp = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(abortErrorOf(signal));
    signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    return await Promise.race([shared, givenUp]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
