import type { DialectFaults } from './sql/engine.js';

/** `*` is every operation. */
export type FaultScope = 'WriteRecords' | 'Query' | '*';

/** What the wire does with one request before (or after) the operation has its turn. */
export type WireFault =
  | { readonly kind: 'throttle' }
  | { readonly kind: 'fail'; readonly httpStatus: number }
  | { readonly kind: 'drop' }
  /** The operation runs, its answer is lost: what a client sees when a connection breaks at the wrong moment. */
  | { readonly kind: 'drop-answer' };

interface PlannedFault {
  readonly scope: FaultScope;
  readonly fault: WireFault;
  remaining: number;
}

/** What queries answer wrongly: for the tests of clients that check what an engine can be trusted with. */
export type AnswerFaults = DialectFaults;

export interface PageFaults {
  /** Pages hold at most this many rows. */
  readonly maxRowsPerPage?: number;
  /** Every page with rows is preceded by this many pages without any, as the real service is known to answer. */
  readonly emptyPages?: number;
}

/** Misbehaviour on request, for the tests of clients. Planned faults are used up in the order they were planned. */
export class FaultInjector {
  #planned: PlannedFault[] = [];
  readonly #delaysMs = new Map<FaultScope, number>();
  #pages: PageFaults = {};
  #hideNewerThanMs = 0;
  #answers: AnswerFaults = {};

  /** The next `count` requests are answered with ThrottlingException (429). */
  throttleNext(count: number, scope: FaultScope = '*'): void {
    this.#plan(count, scope, { kind: 'throttle' });
  }

  /** The next `count` requests are answered with this HTTP status, 500 or above, and do nothing. */
  failNext(count: number, httpStatus = 500, scope: FaultScope = '*'): void {
    if (!Number.isInteger(httpStatus) || httpStatus < 500 || httpStatus > 599)
      throw new RangeError(`httpStatus must be 500..599, not ${httpStatus}`);
    this.#plan(count, scope, { kind: 'fail', httpStatus });
  }

  /** The next `count` connections are dropped before the operation runs. */
  dropConnectionNext(count: number, scope: FaultScope = '*'): void {
    this.#plan(count, scope, { kind: 'drop' });
  }

  /** The next `count` requests are carried out, but the connection is dropped instead of an answer. */
  dropAnswerNext(count: number, scope: FaultScope = '*'): void {
    this.#plan(count, scope, { kind: 'drop-answer' });
  }

  /** From now on every request waits this long before it is carried out. 0 ends it. */
  delayMs(delayMs: number, scope: FaultScope = '*'): void {
    this.#delaysMs.set(scope, delayMs);
  }

  /** How results are cut into pages from now on; `{}` ends it. */
  splitPages(faults: PageFaults): void {
    this.#pages = faults;
  }

  /** Queries do not see records written, nor columns first written, less than this many milliseconds ago. 0 ends it. */
  hideNewerThanMs(ageMs: number): void {
    this.#hideNewerThanMs = ageMs;
  }

  /** How queries answer wrongly from now on; `{}` ends it. */
  misanswer(faults: AnswerFaults): void {
    this.#answers = faults;
  }

  /** Ends all misbehaviour. */
  clear(): void {
    this.#planned = [];
    this.#delaysMs.clear();
    this.#pages = {};
    this.#hideNewerThanMs = 0;
    this.#answers = {};
  }

  /** What happens to this request; uses up one planned fault. */
  takeWireFault(operation: string): WireFault | undefined {
    const index = this.#planned.findIndex(({ scope }) => scope === '*' || scope === operation);
    const planned = this.#planned[index];
    if (planned === undefined) return undefined;
    planned.remaining -= 1;
    if (planned.remaining <= 0) this.#planned.splice(index, 1);
    return planned.fault;
  }

  currentDelayMs(operation: string): number {
    const own = operation === 'WriteRecords' || operation === 'Query' ? this.#delaysMs.get(operation) : undefined;
    return own ?? this.#delaysMs.get('*') ?? 0;
  }

  get pageFaults(): PageFaults {
    return this.#pages;
  }

  get answerFaults(): AnswerFaults {
    return this.#answers;
  }

  get hiddenAgeMs(): number {
    return this.#hideNewerThanMs;
  }

  #plan(count: number, scope: FaultScope, fault: WireFault): void {
    if (!Number.isInteger(count) || count < 0) throw new RangeError(`count must be a whole number, not ${count}`);
    if (count > 0) this.#planned.push({ scope, fault, remaining: count });
  }
}
