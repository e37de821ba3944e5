import { setImmediate as nextTurn } from 'node:timers/promises';

import type { ServerBounds } from '../limits.js';
import { ServiceError } from '../service-error.js';
import type { WriteRequest } from './commit-writes.js';
import type { WriteOutcome } from './stage-writes.js';

interface WaitingWrite {
  readonly kind: 'write';
  readonly request: WriteRequest;
  readonly resolve: (outcome: WriteOutcome) => void;
  readonly reject: (error: unknown) => void;
}

interface WaitingTask {
  readonly kind: 'task';
  readonly run: () => Promise<void>;
}

type CommitWrites = (requests: readonly WriteRequest[]) => Promise<WriteOutcome[]>;

/**
 * The only way to change the store: one change at a time, in the order of arrival. Requests that arrive while a commit is under way
 * share the next one, so that many small requests cost few transactions.
 */
export class WriterQueue {
  readonly #commit: CommitWrites;
  readonly #bounds: ServerBounds;
  readonly #waiting: (WaitingWrite | WaitingTask)[] = [];
  #working: Promise<void> | undefined;
  #closed = false;

  constructor(commit: CommitWrites, bounds: ServerBounds) {
    this.#commit = commit;
    this.#bounds = bounds;
  }

  /** Resolves when the request is on disk. */
  write(request: WriteRequest): Promise<WriteOutcome> {
    if (this.#waiting.length >= this.#bounds.maxWaitingWrites) {
      return Promise.reject(new ServiceError('ThrottlingException', 'Too many writes are waiting for their commit.'));
    }
    return new Promise((resolve, reject) => this.#enqueue({ kind: 'write', request, resolve, reject }));
  }

  /** Runs a change of another kind (a table is created or deleted) by itself. */
  exclusive<T>(task: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => this.#enqueue({ kind: 'task', run: () => task().then(resolve, reject) }));
  }

  /** Finishes what waits; later changes are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
  }

  #enqueue(waiting: WaitingWrite | WaitingTask): void {
    if (this.#closed) throw new ServiceError('ServiceUnavailableException', 'The server is closing.');
    this.#waiting.push(waiting);
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    // Leaves the call that started it first, so that requests of the same turn share a commit.
    await Promise.resolve();
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (next.kind === 'task') {
        this.#waiting.shift();
        await next.run();
      } else {
        // A commit costs the same few milliseconds however little it holds: what has arrived meanwhile is read first, and comes along.
        await nextTurn();
        await this.#commitBatch(this.#takeWrites());
      }
    }
    // In the same turn as the look at the empty queue: who comes next starts the work anew.
    this.#working = undefined;
  }

  #takeWrites(): WaitingWrite[] {
    const taken: WaitingWrite[] = [];
    let records = 0;
    for (const waiting of this.#waiting) {
      if (waiting.kind === 'task' || (taken.length > 0 && records + waiting.request.records.length > this.#bounds.maxRecordsPerCommit))
        break;
      taken.push(waiting);
      records += waiting.request.records.length;
    }
    this.#waiting.splice(0, taken.length);
    return taken;
  }

  async #commitBatch(writes: readonly WaitingWrite[]): Promise<void> {
    const live: WaitingWrite[] = [];
    for (const write of writes) {
      // The table may have been deleted while the request waited.
      if (write.request.table.deleted)
        write.reject(new ServiceError('ResourceNotFoundException', `The table ${write.request.table.tableName} does not exist.`));
      else live.push(write);
    }
    try {
      const outcomes = await this.#commit(live.map(({ request }) => request));
      for (const [index, write] of live.entries()) {
        const outcome = outcomes[index];
        if (outcome === undefined) write.reject(new Error('a commit gave no outcome for a request'));
        else write.resolve(outcome);
      }
    } catch (error) {
      for (const write of live) write.reject(error);
    }
  }
}
