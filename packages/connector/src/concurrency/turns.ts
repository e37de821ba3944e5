import { abortErrorOf, throwIfAborted } from './deadline.js';

/**
 * Turns for work that keeps the event loop busy. One is given in each round of the loop, in the order in which they were asked for, and
 * between two of them the loop sees to its sockets and timers: however many requests are at work, nothing waits for more than one piece.
 */
export class Turns {
  readonly #waiting = new Set<() => void>();
  #isScheduled = false;

  /** @throws ConnectorError the meaning of the abort, if the signal is aborted before the turn comes */
  async next(signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    await new Promise<void>((resolve, reject) => {
      const start = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.delete(start);
        reject(abortErrorOf(signal));
      };
      this.#waiting.add(start);
      signal.addEventListener('abort', giveUp, { once: true });
      this.#schedule();
    });
  }

  /** `setImmediate` runs after the loop has looked at its sockets; one that is made in an immediate runs in the next round. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      const [start] = this.#waiting;
      if (start === undefined) return;
      this.#waiting.delete(start);
      start();
      if (this.#waiting.size > 0) this.#schedule();
    });
  }
}
