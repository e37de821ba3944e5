import { abortErrorOf, throwIfAborted } from './deadline.js';

/** Runs at most a fixed number of tasks at the same time, the others in the order they came. */
export interface Limiter {
  /**
   * A task whose signal aborts before its turn is never started.
   *
   * @throws ConnectorError the meaning of the abort, and whatever the task throws
   */
  run<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export function createLimiter(maxConcurrency: number): Limiter {
  let running = 0;
  const waiting = new Set<() => void>();

  function takeTurn(signal: AbortSignal): Promise<void> {
    if (running < maxConcurrency) {
      running += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const start = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        waiting.delete(start);
        reject(abortErrorOf(signal));
      };
      waiting.add(start);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** The turn goes to the one who waits longest, without `running` going down in between. */
  function passTurn(): void {
    const [next] = waiting;
    if (next === undefined) {
      running -= 1;
      return;
    }
    waiting.delete(next);
    next();
  }

  return {
    async run(task, signal) {
      throwIfAborted(signal);
      await takeTurn(signal);
      try {
        throwIfAborted(signal);
        return await task();
      } finally {
        passTurn();
      }
    },
  };
}
