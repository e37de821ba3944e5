import type { WriteBatch, DimensionBudget } from '@timestream-prometheus/timestream-translator';
import type { CallPlace, CallShare } from '../concurrency/call-queue.js';
import type { BudgetShare } from '../concurrency/create-byte-budget.js';
import type { RequestScope } from '../concurrency/request-scope.js';
import { ConnectorError } from '../errors/connector-error.js';
import type { CallTurn, RecordWriter, WriteOutcome } from '../ports.js';
import type { WriteVersion } from '../protocol/content-headers.js';
import type { StorageState } from '../storage/storage-state.js';
import type { AcceptedDropLog } from '../write/accepted-drop-log.js';
import { EncodedBatch } from '../write/encoded-batch.js';
import { rememberStored } from '../write/remember-stored.js';
import type { WrittenCount } from '../write/written-headers.js';
import type { Answers, BatchMessage, Note, Question } from './worker-messages.js';

/** A write that a worker is to do, and what it may ask for meanwhile. */
export interface ServedWrite {
  readonly body: Uint8Array;
  readonly version: WriteVersion;
  readonly nowMs: number;
  readonly recordVersion?: number;
  readonly scope: RequestScope;
  readonly budget: BudgetShare;
  /** Called when all of the message is understood; the storage is held until the request ends. @throws ConnectorError */
  readonly openTable: () => { readonly writer: RecordWriter; readonly state: StorageState };
  readonly calls: Pick<CallPlace, 'open'>;
  readonly acceptedDrops: AcceptedDropLog;
  readonly written: WrittenCount;
}

interface OpenTable {
  readonly writer: RecordWriter;
  readonly state: StorageState;
}

type Send = (turn: CallTurn) => Promise<WriteOutcome>;

/** The side of a write that stays on the thread with the sockets: its memory, its turns, its calls, and what is known of its table. */
export class ServedJob {
  readonly #write: ServedWrite;
  readonly #giveUp: (failure: ConnectorError) => void;
  /** Budgets of dimensions that the worker has been told of. */
  readonly #budgets = new Map<string, DimensionBudget>();
  #table: OpenTable | undefined;
  #share: CallShare | undefined;
  /** Of the first turn, until there is something to send in it. */
  #fillFirstTurn: ((send: Send | undefined) => void) | undefined;
  #refusal: ConnectorError | undefined;
  /** Questions that wait for an answer: while there are any, the job is no work for its worker. */
  openQuestions = 0;

  /** @param giveUp tells the worker to stop */
  constructor(write: ServedWrite, giveUp: (failure: ConnectorError) => void) {
    this.#write = write;
    this.#giveUp = giveUp;
  }

  /** @throws ConnectorError */
  async answer(question: Question): Promise<Answers[Question['kind']]> {
    switch (question.kind) {
      case 'decoded': {
        if (this.#refusal !== undefined) throw this.#refusal;
        const { writer, state } = this.#write.openTable();
        this.#table = { writer: rememberStored(writer, state.stored), state };
        return { table: numberOf(state) };
      }
      case 'open':
        this.#share = this.#write.calls.open({ callCount: question.callCount, deadlineMs: this.#write.scope.deadlineMs });
        return undefined;
      case 'turn':
        return this.#waitForFirstTurn();
      case 'dimensions': {
        const budget = await this.#openTable.state.dimensions.budget();
        const version = `${numberOf(budget)}.${budget.revision}`;
        this.#budgets.set(version, budget);
        return { version, takesValueColumn: budget.takesValueColumn };
      }
      case 'claim': {
        const budget = this.#budgets.get(question.budget);
        if (budget === undefined) throw new TypeError(`a worker claims dimensions of budget ${question.budget}, which it was not given`);
        const refused = question.names.filter((name) => !budget.claim(name));
        // The worker asks for the budget anew, which may be another one by then.
        if (refused.length > 0) await this.#openTable.state.dimensions.confirm(budget);
        return refused;
      }
      case 'refresh':
        await this.#openTable.state.dimensions.refreshWhenFull();
        return undefined;
      case 'measures':
        return this.#openTable.state.dimensions.measures();
      case 'unknown-metadata':
        return this.#openTable.state.metadata.unknownOf(question.entries, this.#write.nowMs);
      case 'write':
        return this.#send(batchOf(question.batch));
    }
  }

  note(note: Note): void {
    switch (note.kind) {
      case 'take':
        this.#take(note.bytes);
        break;
      case 'give-back':
        if (this.#refusal === undefined) this.#write.budget.giveBack(note.bytes);
        break;
      case 'close':
        this.#close();
        break;
      case 'expect-again':
        this.#table?.state.stored.expectAgain();
        break;
      case 'value-column-taken':
        this.#openTable.state.dimensions.noteValueColumnTaken();
        break;
      case 'stored-names':
        this.#openTable.state.dimensions.noteStoredNames(note.names);
        break;
      case 'metadata-written':
        this.#openTable.state.metadata.noteWritten(note.metadata, this.#write.nowMs);
        break;
      case 'left-out':
        this.#write.acceptedDrops.note(note.reason, note.count, note.example);
        break;
    }
  }

  /** The worker does no more for it, for whatever reason. */
  end(): void {
    this.#close();
  }

  get #openTable(): OpenTable {
    if (this.#table === undefined) throw new TypeError('a worker asks for a table before it has decoded the message');
    return this.#table;
  }

  #take(bytes: number): void {
    if (this.#refusal !== undefined) return;
    try {
      this.#write.budget.take(bytes);
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error;
      this.#refusal = error;
      this.#giveUp(error);
    }
  }

  /**
   * The turn is kept for the call that the worker now makes: requests that came later must not go before it, and while it waited there was nothing of
   * it to keep.
   */
  async #waitForFirstTurn(): Promise<undefined> {
    const { signal } = this.#write.scope;
    const share = this.#share;
    if (share === undefined) throw new TypeError('a worker asks for a turn before it has opened its calls');
    await new Promise<void>((resolve, reject) => {
      const inTurn = async (turn: CallTurn): Promise<void> => {
        const sent = new Promise<Send | undefined>((fill) => (this.#fillFirstTurn = fill));
        resolve();
        // What becomes of the call is for whoever sends it.
        await (await sent)?.(turn).catch(() => undefined);
      };
      share.run(inTurn, signal).catch(reject);
    });
    return undefined;
  }

  #send(batch: WriteBatch): Promise<WriteOutcome> {
    const { signal } = this.#write.scope;
    const { writer } = this.#openTable;
    const send: Send = (turn) => writer.write(batch, signal, turn);
    const fill = this.#fillFirstTurn;
    if (fill === undefined) {
      if (this.#share === undefined) throw new TypeError('a worker writes before it has opened its calls');
      return this.#share.run(send, signal);
    }
    this.#fillFirstTurn = undefined;
    return new Promise((resolve, reject) => {
      fill((turn) => {
        const sending = send(turn);
        sending.then(resolve, reject);
        return sending;
      });
    });
  }

  #close(): void {
    this.#fillFirstTurn?.(undefined);
    this.#fillFirstTurn = undefined;
    this.#share?.close();
    this.#share = undefined;
  }
}

function batchOf(message: BatchMessage): WriteBatch {
  if ('text' in message) return new EncodedBatch(message.text, message.recordCount);
  return { CommonAttributes: message.CommonAttributes, Records: message.Records, sources: [] };
}

const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/** Names an object to another thread. */
function numberOf(object: object): number {
  let number = numbers.get(object);
  if (number === undefined) {
    number = ++lastNumber;
    numbers.set(object, number);
  }
  return number;
}
