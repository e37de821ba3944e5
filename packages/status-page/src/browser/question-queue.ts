import { RequestError } from './request-error.js';

export interface QuestionQueueOptions {
  readonly maxAtOnce: number;
  /** Called with the moment until which nothing is asked, and with undefined when the server answers again. */
  readonly onPause: (untilMs: number | undefined) => void;
  readonly nowMs: () => number;
  readonly wait: (milliseconds: number) => Promise<void>;
}

interface Waiting {
  readonly signal: AbortSignal;
  readonly start: () => Promise<void>;
  readonly drop: (reason: unknown) => void;
}

const MIN_PAUSE_SECONDS = 5;
const MAX_PAUSE_SECONDS = 60;

/**
 * Asks the server a few questions at a time. When it answers 503, nothing is asked for as long as it says, at least five seconds and longer
 * each time; then one question goes first, and the others follow only when that one has its answer.
 */
export class QuestionQueue {
  readonly #options: QuestionQueueOptions;
  readonly #waiting: Waiting[] = [];
  #inFlight = 0;
  #refusals = 0;
  #isPaused = false;

  constructor(options: QuestionQueueOptions) {
    this.#options = options;
  }

  /** Nothing is asked and nothing waits. */
  get isIdle(): boolean {
    return this.#inFlight === 0 && this.#waiting.every(({ signal }) => signal.aborted);
  }

  /** Resolves with the answer, however often it has to be asked for. Rejects with any refusal but 503, and when the signal says so. */
  ask<Answer>(question: (signal: AbortSignal) => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      const waiting: Waiting = {
        signal,
        drop: reject,
        start: async () => {
          try {
            resolve(await question(signal));
            this.#hasAnswered();
          } catch (error) {
            if (error instanceof RequestError && error.status === 503 && !signal.aborted) {
              this.#waiting.unshift(waiting);
              this.#pause(error.retryAfterSeconds ?? 0);
            } else reject(error instanceof Error ? error : new Error(String(error)));
          }
        },
      };
      this.#waiting.push(waiting);
      this.#startNext();
    });
  }

  #startNext(): void {
    const allowed = this.#isPaused ? 0 : this.#refusals > 0 ? 1 : this.#options.maxAtOnce;
    while (this.#inFlight < allowed) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      if (next.signal.aborted) next.drop(next.signal.reason);
      else {
        this.#inFlight += 1;
        void next.start().finally(() => {
          this.#inFlight -= 1;
          this.#startNext();
        });
      }
    }
  }

  #hasAnswered(): void {
    if (this.#refusals === 0 || this.#isPaused) return;
    this.#refusals = 0;
    this.#options.onPause(undefined);
  }

  #pause(retryAfterSeconds: number): void {
    // Those that were in flight together are refused together: one pause for all of them.
    if (this.#isPaused) return;
    this.#isPaused = true;
    const seconds = Math.min(MAX_PAUSE_SECONDS, Math.max(retryAfterSeconds, MIN_PAUSE_SECONDS * 2 ** this.#refusals));
    this.#refusals += 1;
    this.#options.onPause(this.#options.nowMs() + seconds * 1000);
    void this.#options.wait(seconds * 1000).then(() => {
      this.#isPaused = false;
      this.#startNext();
    });
  }
}
