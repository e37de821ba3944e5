import { ConnectorError } from '../errors/connector-error.js';
import type { CallTurn, Clock } from '../ports.js';
import { abortErrorOf, throwIfAborted } from './deadline.js';
import { CallsBefore, QueuedShare, Tenant, type Waiter } from './queued-share.js';

export interface CallQueueOptions {
  /** Calls in flight at the same time, over all requests. */
  readonly maxConcurrency: number;
  /** Calls in flight at the same time for one request. */
  readonly maxConcurrencyPerRequest: number;
  readonly clock: Clock;
}

export interface CallPlan {
  /** How many calls the request will make, as far as it knows. */
  readonly callCount: number;
  /** When the request has to be answered, by the clock of the queue. */
  readonly deadlineMs: number;
}

/** A request that comes. */
export interface Arrival extends CallPlan {
  /** The credential and table that it is for, by any name. */
  readonly tenant: string;
}

/** The calls of one request. */
export interface CallShare {
  /**
   * Runs a call when its turn has come. A call that pauses in its turn is queued again before those of its request that have not begun.
   *
   * @throws ConnectorError overloaded if the request can no longer end in time and none of its calls was made; the meaning of the abort; and
   *   whatever the call throws
   */
  run<T>(call: (turn: CallTurn) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** To be called when the request makes no further call. */
  close(): void;
}

/** The place of a request among all, from when its body has come. */
export interface CallPlace {
  /**
   * Whether it is time to make something of the request: the calls before it that are still to begin are fewer than can be in flight, or are begun within a second.
   */
  isNear(): boolean;
  /**
   * Waits until {@link isNear}.
   *
   * @throws ConnectorError overloaded, if a request of so many calls cannot end in time; the meaning of the abort
   */
  waitUntilNear(callCount: number, signal: AbortSignal): Promise<void>;
  /**
   * The calls of the request, in this place; when asked again, behind all others.
   *
   * @throws ConnectorError overloaded
   */
  open(plan: CallPlan): CallShare;
  /** To be called when the request ends; it may have opened no calls. */
  leave(): void;
}

/** Weight of the newest call in the average duration. */
const NEWEST_WEIGHT = 0.2;

/** An estimate is worth this much less than what it says: a request that just misses its deadline has wasted all its calls. */
const SAFETY_FACTOR = 1.1;

const LONGEST_RETRY_AFTER_SECONDS = 30;

/** Calls that begin within this time are near, however many they are: quick calls are over before the next request is decoded. */
const NEAR_MS = 1_000;

/**
 * First come, first served: the requests that came first have their calls first. If all requests shared the calls fairly, an overload would make
 * all of them miss their deadlines, and nothing would ever be acknowledged. A request that cannot end in time behind those before it is
 * refused at once, so that its sender waits instead of us.
 *
 * A call that waits to be made again has no place in flight meanwhile. But it counts for its credential and table, which may have no more calls
 * in flight and pausing together than there are places: who is refused again and again does not call more often for it, and the others have what
 * it leaves.
 */
export class CallQueue {
  readonly #options: CallQueueOptions;
  /** In the order in which the requests came. */
  readonly #shares = new Set<QueuedShare>();
  /** Of the shares. */
  readonly #tenants = new Map<string, Tenant>();
  #running = 0;
  /** Average duration of a call; undefined until one has ended. */
  #callMs: number | undefined;

  constructor(options: CallQueueOptions) {
    this.#options = options;
  }

  /**
   * Judges a request before a byte of it is read: behind the calls that are there now it could not even make one in time.
   *
   * @throws ConnectorError overloaded
   */
  assertHope({ tenant, deadlineMs }: Omit<Arrival, 'callCount'>): void {
    const share = new QueuedShare(
      { callCount: 1, deadlineMs },
      this.#tenants.get(tenant) ?? new Tenant(tenant),
      this.#options.maxConcurrencyPerRequest,
    );
    const refusal = this.#refusalOf(share, this.#callsBefore(share));
    if (refusal !== undefined) throw refusal;
  }

  /**
   * Gives a request its place. Until its calls are counted, it counts with those that it is guessed to make, but nobody is refused for a guess.
   */
  reserve(guess: Arrival): CallPlace {
    const share = this.#enter(guess);
    share.isCounted = false;
    let isOpen = false;
    return {
      isNear: () => this.#isNear(share),
      waitUntilNear: async (callCount, signal) => {
        share.count(callCount);
        this.#assertInTime(share);
        await this.#waitUntilNear(share, signal);
      },
      open: (plan) => {
        if (isOpen) return this.open({ ...plan, tenant: guess.tenant });
        isOpen = true;
        share.count(plan.callCount);
        return this.#open(share);
      },
      leave: () => this.#leave(share),
    };
  }

  /** @throws ConnectorError overloaded */
  open(arrival: Arrival): CallShare {
    return this.#open(this.#enter(arrival));
  }

  #enter({ tenant: name, ...plan }: Arrival): QueuedShare {
    const tenant = this.#tenants.get(name) ?? new Tenant(name);
    this.#tenants.set(name, tenant);
    tenant.shareCount += 1;
    const share = new QueuedShare(plan, tenant, this.#options.maxConcurrencyPerRequest);
    this.#shares.add(share);
    return share;
  }

  #open(share: QueuedShare): CallShare {
    this.#assertInTime(share);
    return {
      run: (call, signal) => this.#run(share, call, signal),
      close: () => this.#leave(share),
    };
  }

  #leave(share: QueuedShare): void {
    if (this.#remove(share)) this.#letNear();
  }

  #remove(share: QueuedShare): boolean {
    if (!this.#shares.delete(share)) return false;
    const { tenant } = share;
    tenant.shareCount -= 1;
    if (tenant.shareCount === 0) this.#tenants.delete(tenant.name);
    return true;
  }

  #assertInTime(share: QueuedShare): void {
    const refusal = this.#refusalOf(share, this.#callsBefore(share));
    if (refusal === undefined) return;
    this.#leave(share);
    throw refusal;
  }

  #isNear(share: QueuedShare): boolean {
    const before = new CallsBefore(this.#options.maxConcurrency);
    for (const earlier of this.#shares) {
      if (earlier === share) break;
      before.add(earlier, earlier.toBegin);
    }
    return this.#areNear(before.of(share));
  }

  /** Whether what comes behind so many calls that are still to begin is near. */
  #areNear(calls: number): boolean {
    const { maxConcurrency } = this.#options;
    return calls < maxConcurrency || (calls / maxConcurrency) * (this.#callMs ?? Infinity) < NEAR_MS;
  }

  async #waitUntilNear(share: QueuedShare, signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    if (this.#isNear(share)) return;
    await this.#wait(share.waitingToBeNear, signal);
  }

  #letNear(): void {
    const before = new CallsBefore(this.#options.maxConcurrency);
    for (const share of this.#shares) {
      if (share.waitingToBeNear.size > 0 && this.#areNear(before.of(share))) {
        for (const waiter of share.waitingToBeNear) waiter.start();
        share.waitingToBeNear.clear();
      }
      before.add(share, share.toBegin);
    }
  }

  async #run<T>(share: QueuedShare, call: (turn: CallTurn) => Promise<T>, signal: AbortSignal): Promise<T> {
    throwIfAborted(signal);
    await this.#turn(share, signal);
    const hold = { isPausing: false };
    try {
      return await call({ pause: (wait) => this.#pause(share, hold, wait, signal) });
    } finally {
      share.finish(hold.isPausing);
      if (!hold.isPausing) this.#running -= 1;
      this.#refuseHopeless();
      this.#start();
    }
  }

  async #pause(share: QueuedShare, hold: { isPausing: boolean }, wait: () => Promise<void>, signal: AbortSignal): Promise<void> {
    hold.isPausing = true;
    share.pause();
    this.#running -= 1;
    this.#start();
    await wait();
    // Given up, nothing is called any more, and that needs no place.
    if (!signal.aborted && (await this.#takeBack(share, signal))) hold.isPausing = false;
  }

  /** @returns false if the call was given up while it waited */
  #takeBack(share: QueuedShare, signal: AbortSignal): Promise<boolean> {
    const place = this.#wait(share.returning, signal);
    this.#start();
    return place.then(
      () => true,
      () => false,
    );
  }

  #turn(share: QueuedShare, signal: AbortSignal): Promise<void> {
    const turn = this.#wait(share.waiting, signal);
    this.#start();
    return turn;
  }

  #wait(waiting: Set<Waiter>, signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        start: () => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        },
        refuse: (error) => {
          signal.removeEventListener('abort', giveUp);
          reject(error);
        },
      };
      const giveUp = () => {
        waiting.delete(waiter);
        reject(abortErrorOf(signal));
      };
      waiting.add(waiter);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #start(): void {
    this.#startCalls();
    this.#letNear();
  }

  #startCalls(): void {
    const { maxConcurrency } = this.#options;
    for (const share of this.#shares) {
      const { tenant } = share;
      for (const waiter of share.returning) {
        if (this.#running >= maxConcurrency) return;
        share.returning.delete(waiter);
        share.return();
        this.#running += 1;
        waiter.start();
      }
      for (const waiter of share.waiting) {
        if (this.#running >= maxConcurrency) return;
        if (share.running + share.pausing >= share.maxRunning) break;
        if (tenant.running + tenant.pausing >= maxConcurrency) break;
        share.waiting.delete(waiter);
        share.start();
        this.#running += 1;
        waiter.start();
      }
    }
  }

  /**
   * How long a call to Timestream took. It is not the time of a turn: a turn in which nothing was left to send takes none, and each request ends with some
   * of them. Counted as calls they would let in far more than can end in time.
   */
  noteCall(durationMs: number, isAborted: boolean): void {
    // A call that was given up would have taken at least as long.
    if (isAborted && durationMs < (this.#callMs ?? Infinity)) return;
    this.#callMs = this.#callMs === undefined ? durationMs : this.#callMs + NEWEST_WEIGHT * (durationMs - this.#callMs);
  }

  #callsBefore(share: QueuedShare): number {
    const before = new CallsBefore(this.#options.maxConcurrency);
    for (const earlier of this.#shares) {
      if (earlier === share) break;
      if (earlier.isCounted) before.add(earlier, earlier.remaining);
    }
    return before.of(share);
  }

  /** Calls take longer than they did: who has not begun and cannot end in time any more need not wait for the end of its time. */
  #refuseHopeless(): void {
    const before = new CallsBefore(this.#options.maxConcurrency);
    for (const share of this.#shares) {
      if (!share.hasStarted && share.waiting.size + share.waitingToBeNear.size > 0) {
        const refusal = this.#refusalOf(share, before.of(share));
        if (refusal !== undefined) {
          this.#remove(share);
          for (const waiter of [...share.waiting, ...share.waitingToBeNear]) waiter.refuse(refusal);
          share.waiting.clear();
          share.waitingToBeNear.clear();
          continue;
        }
      }
      if (share.isCounted) before.add(share, share.remaining);
    }
  }

  #refusalOf(share: QueuedShare, callsBefore: number): ConnectorError | undefined {
    // Nobody would be helped by refusing a request that has the calls for itself: what it stores before its deadline is stored.
    if (this.#callMs === undefined || callsBefore === 0) return undefined;
    const { maxConcurrency } = this.#options;
    const queueMs = ((callsBefore + share.remaining) / maxConcurrency) * this.#callMs;
    const ownMs = Math.ceil(share.remaining / Math.min(share.maxRunning, maxConcurrency)) * this.#callMs;
    const neededMs = Math.max(queueMs, ownMs) * SAFETY_FACTOR;
    const leftMs = Math.max(0, share.deadlineMs - this.#options.clock.nowMs());
    if (neededMs <= leftMs) return undefined;
    return new ConnectorError(
      'overloaded',
      `${Math.round(callsBefore)} calls of earlier requests come first and a call takes ${Math.round(this.#callMs)} ms, so this request would need ${Math.round(neededMs)} ms and has ${Math.round(leftMs)} ms (max-write-concurrency, write-timeout)`,
      { retryAfterSeconds: Math.min(LONGEST_RETRY_AFTER_SECONDS, Math.max(1, Math.ceil((neededMs - leftMs) / 1000))) },
    );
  }
}
