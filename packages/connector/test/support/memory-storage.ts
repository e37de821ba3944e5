import type { QueryPage, WriteBatch } from '@timestream-prometheus/timestream-translator';
import type { Credentials, OpenStorage, Storage, WriteOutcome } from '../../src/index.js';

export type AnswerWrite = (batch: WriteBatch, signal: AbortSignal) => WriteOutcome | Promise<WriteOutcome>;
export type AnswerQuery = (sql: string, signal: AbortSignal) => AsyncIterable<QueryPage> | Iterable<QueryPage>;

/** A storage that does what a test says and remembers what it was asked. */
export class MemoryStorage implements Storage {
  readonly credentials: Credentials;
  readonly batches: WriteBatch[] = [];
  readonly queries: string[] = [];
  isClosed = false;
  readonly #answers: { readonly write: AnswerWrite; readonly query: AnswerQuery };

  constructor(credentials: Credentials, answers: { readonly write?: AnswerWrite; readonly query?: AnswerQuery }) {
    this.credentials = credentials;
    this.#answers = { write: answers.write ?? (() => ({ rejected: [] })), query: answers.query ?? (() => []) };
  }

  async write(batch: WriteBatch, signal: AbortSignal): Promise<WriteOutcome> {
    this.#assertOpen();
    this.batches.push(batch);
    return this.#answers.write(batch, signal);
  }

  async *query(sql: string, signal: AbortSignal): AsyncIterable<QueryPage> {
    this.#assertOpen();
    this.queries.push(sql);
    yield* this.#answers.query(sql, signal);
  }

  close(): void {
    this.#assertOpen();
    this.isClosed = true;
  }

  #assertOpen(): void {
    if (this.isClosed) throw new Error('this storage is closed');
  }
}

/** Opens memory storages and keeps them for the test to look at. */
export function openMemoryStorage(answers: { readonly write?: AnswerWrite; readonly query?: AnswerQuery } = {}): {
  readonly openStorage: OpenStorage;
  readonly opened: MemoryStorage[];
} {
  const opened: MemoryStorage[] = [];
  return {
    opened,
    openStorage: (credentials) => {
      const storage = new MemoryStorage(credentials, answers);
      opened.push(storage);
      return storage;
    },
  };
}
