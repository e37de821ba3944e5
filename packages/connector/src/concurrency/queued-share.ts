import type { ConnectorError } from '../errors/connector-error.js';

export interface Waiter {
  start(): void;
  refuse(error: ConnectorError): void;
}

/** The calls of one credential and table. Where each of them is refused for the time being, it is one for which the others must not wait. */
export class Tenant {
  readonly name: string;
  /** Requests that have a place. */
  shareCount = 0;
  running = 0;
  /** Calls that wait to be made again, and have no place meanwhile. */
  pausing = 0;

  constructor(name: string) {
    this.name = name;
  }
}

/** The calls of one request, as the queue sees them. */
export class QueuedShare {
  callCount: number;
  /** False: the number of calls is a guess. */
  isCounted = true;
  readonly tenant: Tenant;
  readonly deadlineMs: number;
  readonly maxRunning: number;
  /** Calls whose turn has not come. */
  readonly waiting = new Set<Waiter>();
  /** Calls that have paused: their turn has come before. */
  readonly returning = new Set<Waiter>();
  /** The request itself, if there is nothing made of it yet. */
  readonly waitingToBeNear = new Set<Waiter>();
  running = 0;
  pausing = 0;
  finished = 0;
  hasStarted = false;

  constructor(plan: { readonly callCount: number; readonly deadlineMs: number }, tenant: Tenant, maxRunning: number) {
    this.callCount = plan.callCount;
    this.deadlineMs = plan.deadlineMs;
    this.tenant = tenant;
    this.maxRunning = maxRunning;
  }

  count(callCount: number): void {
    this.callCount = callCount;
    this.isCounted = true;
  }

  /** Calls that are still to end. */
  get remaining(): number {
    return Math.max(this.callCount - this.finished, this.running + this.pausing + this.waiting.size);
  }

  /** Calls that are still to begin, or to come back. A guess may be far too high: it counts for as many as begin at once. */
  get toBegin(): number {
    return this.isCounted ? this.remaining - this.running : Math.min(this.callCount, this.maxRunning);
  }

  start(): void {
    this.hasStarted = true;
    this.running += 1;
    this.tenant.running += 1;
  }

  pause(): void {
    this.running -= 1;
    this.tenant.running -= 1;
    this.pausing += 1;
    this.tenant.pausing += 1;
  }

  return(): void {
    this.pausing -= 1;
    this.tenant.pausing -= 1;
    this.running += 1;
    this.tenant.running += 1;
  }

  finish(isPausing: boolean): void {
    this.finished += 1;
    if (isPausing) {
      this.pausing -= 1;
      this.tenant.pausing -= 1;
    } else {
      this.running -= 1;
      this.tenant.running -= 1;
    }
  }
}

/**
 * The calls that come before those of a request, summed up in the order of the queue. A tenant whose calls pause has that many places fewer, so for the others its
 * calls count for as much less; all of them pausing, they are in nobody's way. For the tenant itself they count in full.
 */
export class CallsBefore {
  readonly #maxConcurrency: number;
  readonly #callsByTenant = new Map<Tenant, number>();
  #calls = 0;

  constructor(maxConcurrency: number) {
    this.#maxConcurrency = maxConcurrency;
  }

  add({ tenant }: QueuedShare, calls: number): void {
    this.#callsByTenant.set(tenant, (this.#callsByTenant.get(tenant) ?? 0) + calls);
    this.#calls += calls * this.#weightOf(tenant);
  }

  of({ tenant }: QueuedShare): number {
    const own = this.#callsByTenant.get(tenant) ?? 0;
    return this.#calls + own * (1 - this.#weightOf(tenant));
  }

  #weightOf({ pausing }: Tenant): number {
    return pausing === 0 ? 1 : Math.max(0, 1 - pausing / this.#maxConcurrency);
  }
}
