import { abortErrorOf, throwIfAborted } from './deadline.js';
import { ConnectorError } from '../errors/connector-error.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { MetricsSink } from '../ports.js';

/** How long a read waits for memory that others hold. It has time of its own to answer in afterwards, and its client may come again. */
const MAX_WAIT_MS = 5_000;

export interface ReadBudgetOptions {
  /** What all reads may hold together. */
  readonly maxBytes: number;
  readonly metrics: MetricsSink;
  readonly maxWaitMs?: number;
}

/** Something that a read holds: its size changes while the read goes on. */
export interface HeldBytes {
  /**
   * Says how large it is now. What it grows by is waited for, first come, first served, if others hold too much.
   *
   * @throws ConnectorError overloaded if there is no room in time; read-limit-exceeded if the request would take more than there is for all;
   *   the meaning of the abort; client-gone after the end of the request: work that outlives it must not keep anything
   */
  set(bytes: number): Promise<void>;
  /** It has grown by so much. @throws ConnectorError as `set` */
  add(bytes: number): Promise<void>;
  /** It is gone. */
  end(): void;
}

/** What one request holds, in one or several pieces. */
export interface ReadShare {
  hold(): HeldBytes;
  /** Gives everything back; later pieces get nothing. */
  release(): void;
}

interface Waiting {
  readonly share: Share;
  readonly bytes: number;
  /** The bytes are taken. */
  readonly go: () => void;
  readonly refuse: (error: ConnectorError) => void;
}

/**
 * Bounds what all reads hold together: rows, samples, steps of PromQL, answers. A read does not know beforehand how much it will take, so it
 * takes more as it goes on. Where several hold something and all of them wait for more, the one that came last is refused: what it held is then
 * there for the others.
 */
export class ReadBudget {
  readonly #maxBytes: number;
  readonly #maxWaitMs: number;
  readonly #metrics: MetricsSink;
  /** In the order of their requests: who came first has the first turn. */
  #waiting: readonly Waiting[] = [];
  readonly #holders = new Set<Share>();
  #takenBytes = 0;
  #nextNumber = 0;

  constructor({ maxBytes, metrics, maxWaitMs = MAX_WAIT_MS }: ReadBudgetOptions) {
    this.#maxBytes = maxBytes;
    this.#metrics = metrics;
    this.#maxWaitMs = maxWaitMs;
  }

  /** @param signal of the request: who has gone waits no longer */
  openShare(signal: AbortSignal): ReadShare {
    return new Share(this, this.#nextNumber++, signal);
  }

  /** For shares. @throws ConnectorError */
  async take(share: Share, bytes: number): Promise<void> {
    if (share.isReleased) throw new ConnectorError('client-gone', 'the request has ended');
    if (share.bytes + bytes > this.#maxBytes) {
      throw new ConnectorError(
        'read-limit-exceeded',
        `the read would hold ${share.bytes + bytes} bytes, all reads together may hold ${this.#maxBytes} (max-read-bytes-in-flight): narrow the time range or the matchers`,
      );
    }
    const isAfterOthers = this.#waiting.some((other) => other.share.number < share.number);
    if (isAfterOthers || this.#takenBytes + bytes > this.#maxBytes) await this.#wait(share, bytes);
    else this.#add(share, bytes);
  }

  /** For shares. */
  giveBack(share: Share, bytes: number): void {
    this.#add(share, -bytes);
    this.#serve();
  }

  /** For shares: nobody waits for them any more. */
  forget(share: Share): void {
    for (const waiting of this.#waiting) {
      if (waiting.share === share) waiting.refuse(new ConnectorError('client-gone', 'the request has ended'));
    }
  }

  #add(share: Share, bytes: number): void {
    if (bytes === 0) return;
    this.#takenBytes += bytes;
    share.bytes += bytes;
    if (share.bytes > 0) this.#holders.add(share);
    else this.#holders.delete(share);
    this.#metrics.move(METRICS.readBytesInFlight, bytes);
  }

  async #wait(share: Share, bytes: number): Promise<void> {
    const { signal } = share;
    throwIfAborted(signal);
    let stop = (): void => undefined;
    try {
      await new Promise<void>((go, refuse) => {
        const waiting: Waiting = { share, bytes, go, refuse };
        const timer = setTimeout(() => refuse(this.#overloaded(bytes)), this.#maxWaitMs);
        const giveUp = (): void => refuse(abortErrorOf(signal));
        signal.addEventListener('abort', giveUp, { once: true });
        stop = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', giveUp);
          this.#waiting = this.#waiting.filter((other) => other !== waiting);
        };
        const behind = this.#waiting.findIndex((other) => other.share.number > share.number);
        this.#waiting = this.#waiting.toSpliced(behind < 0 ? this.#waiting.length : behind, 0, waiting);
        this.#refuseLastIfStuck();
      });
    } finally {
      stop();
      // Others may have waited only behind this one.
      this.#serve();
    }
  }

  #serve(): void {
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      if (this.#takenBytes + first.bytes > this.#maxBytes) {
        this.#refuseLastIfStuck();
        return;
      }
      this.#waiting = this.#waiting.slice(1);
      this.#add(first.share, first.bytes);
      first.go();
    }
  }

  /** Whether nobody is left who would give something back. */
  #refuseLastIfStuck(): void {
    const waitingShares = new Set(this.#waiting.map(({ share }) => share));
    if ([...this.#holders].some((share) => !waitingShares.has(share))) return;
    const last = this.#waiting.findLast(({ share }) => share.bytes > 0) ?? this.#waiting.at(-1);
    last?.refuse(this.#overloaded(last.bytes));
  }

  #overloaded(bytes: number): ConnectorError {
    return new ConnectorError(
      'overloaded',
      `the reads being worked on hold ${this.#takenBytes} bytes, with ${bytes} more they would hold over ${this.#maxBytes} (max-read-bytes-in-flight)`,
    );
  }
}

class Share implements ReadShare {
  /** Held by all pieces together. */
  bytes = 0;
  isReleased = false;
  /** Of two requests the one with the smaller number came first. */
  readonly number: number;
  readonly signal: AbortSignal;
  readonly #budget: ReadBudget;

  constructor(budget: ReadBudget, number: number, signal: AbortSignal) {
    this.#budget = budget;
    this.number = number;
    this.signal = signal;
  }

  hold(): HeldBytes {
    let held = 0;
    const shrink = (to: number): void => {
      if (!this.isReleased) this.#budget.giveBack(this, held - to);
      held = to;
    };
    const set = async (bytes: number): Promise<void> => {
      if (bytes <= held) {
        shrink(bytes);
        return;
      }
      await this.#budget.take(this, bytes - held);
      held = bytes;
    };
    return { set, add: (bytes) => set(held + bytes), end: () => shrink(0) };
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.#budget.forget(this);
    this.#budget.giveBack(this, this.bytes);
  }
}
