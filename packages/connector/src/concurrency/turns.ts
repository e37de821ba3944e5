import { abortErrorOf, throwIfAborted } from './deadline.js';

/** How long pieces may follow on one another before the loop sees to its sockets again. */
const ROUND_MS = 20;

/** Turns that are given at most in a round, however short their pieces are. */
const TURNS_PER_ROUND = 32;

/**
 * Connections that come one after the other and that pieces wait for. libuv takes one in each round of the loop (since 1.46, that of Node 20), so a thousand that
 * come at once would be behind a thousand pieces, and so would a health check. Counted and not timed: on a busy machine, too, few pieces come between.
 */
const MAX_ARRIVALS = 500;

/** So many one after the other are a crowd. */
const CROWD = 8;

/**
 * Turns for work that keeps the event loop busy, in the order in which they were asked for, but first for what calls to Timestream wait for. In each round of the loop there is one, and further ones
 * while they are short; then the loop sees to its sockets and timers: however many requests are at work, nothing waits for much more than one
 * piece. With only one in a round, a round that has a thousand sockets to read would hold up every request once for each of its pieces.
 */
export class Turns {
  readonly #minPerRound: number;
  readonly #waiting = new Set<() => void>();
  /** For these, calls to Timestream wait that could be in flight. */
  readonly #holdingUpCalls = new Set<() => void>();
  #isScheduled = false;
  /** A connection came in this round or the one before. */
  #hasArrival = false;
  /** Rounds that went by for connections since the last piece. */
  #arrivals = 0;

  /** @param minPerRound turns that a round has however long they take, at most 32 */
  constructor({ minPerRound = 1 }: { readonly minPerRound?: number } = {}) {
    this.#minPerRound = minPerRound;
  }

  /** A connection has come; others may wait behind it. */
  noteArrival(): void {
    this.#hasArrival = true;
  }

  /** @throws ConnectorError the meaning of the abort, if the signal is aborted before the turn comes */
  next(signal?: AbortSignal): Promise<void> {
    return this.#next(signal, this.#waiting);
  }

  /**
   * The same before all others, for a piece that calls to Timestream wait for: they have their places in flight already. Behind a crowd of requests that are
   * still to be decoded, these places would stand empty. They bound how many such pieces there are.
   */
  nextForCalls(signal: AbortSignal): Promise<void> {
    return this.#next(signal, this.#holdingUpCalls);
  }

  async #next(signal: AbortSignal | undefined, waiting: Set<() => void>): Promise<void> {
    if (signal !== undefined) throwIfAborted(signal);
    await new Promise<void>((resolve, reject) => {
      const start = () => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        waiting.delete(start);
        if (signal !== undefined) reject(abortErrorOf(signal));
      };
      waiting.add(start);
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#schedule();
    });
  }

  /**
   * `setImmediate` runs after the loop has looked at its sockets; one that is made in an immediate runs in the next round. Those of one round are made
   * together: after each of them the promises that it resolved go on, so the piece of a turn is done before the next turn is given.
   */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // In a crowd, rounds are to be short.
    if (this.#arrivals >= CROWD) {
      setImmediate(() => {
        if (!this.#isForArrivals()) this.#giveTurn();
        this.#endRound();
      });
      return;
    }
    let roundStartMs: number | undefined;
    let isForArrivals = false;
    for (let turn = 1; turn <= TURNS_PER_ROUND; turn += 1) {
      setImmediate(() => {
        const nowMs = performance.now();
        if (roundStartMs === undefined) {
          roundStartMs = nowMs;
          isForArrivals = this.#isForArrivals();
        }
        if (!isForArrivals && (turn <= this.#minPerRound || nowMs - roundStartMs < ROUND_MS)) this.#giveTurn();
        if (turn === TURNS_PER_ROUND) this.#endRound();
      });
    }
  }

  #endRound(): void {
    this.#isScheduled = false;
    if (this.#waiting.size + this.#holdingUpCalls.size > 0) this.#schedule();
  }

  /** Whether the round goes by without a piece, so that the next connection is taken. */
  #isForArrivals(): boolean {
    const hadArrival = this.#hasArrival;
    this.#hasArrival = false;
    this.#arrivals = hadArrival && this.#arrivals < MAX_ARRIVALS ? this.#arrivals + 1 : 0;
    return this.#arrivals > 0;
  }

  #giveTurn(): void {
    const waiting = this.#holdingUpCalls.size > 0 ? this.#holdingUpCalls : this.#waiting;
    const [start] = waiting;
    if (start === undefined) return;
    waiting.delete(start);
    start();
  }
}

/** Drives what works in steps, each in a turn of its own but for the first. @throws as `Turns.next`, and whatever a step throws */
export async function runInTurns<Result>(steps: Generator<void, Result, void>, turns: Turns, signal: AbortSignal): Promise<Result> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await turns.next(signal);
  }
}
