import { setMaxListeners } from 'node:events';
import type { LabelSetCache, SnappyDecoder } from '@timestream-prometheus/prom-codec';
import { PlannedBatch, type SeriesCache, type WriteBatch } from '@timestream-prometheus/timestream-translator';
import type { CallPlan, CallShare } from '../concurrency/call-queue.js';
import { throwIfAborted } from '../concurrency/deadline.js';
import type { Turns } from '../concurrency/turns.js';
import type { CallTurn, MetricsSink, RecordWriter } from '../ports.js';
import { dimensionNamesOf } from '../write/dimension-names.js';
import type { WriteContext, WriteDimensions, WrittenMetadata } from '../write/write-context.js';
import { writeMessage } from '../write/write-message.js';
import type { LeftOut, WrittenCount } from '../write/written-headers.js';
import type { ReplicaBudget } from './replica-budget.js';
import type { ReplicaTable, ReplicaTables } from './replica-table.js';
import type { Answers, BatchMessage, Note, Question, WorkerSettings, WriteOrder } from './worker-messages.js';

/** How a job reaches the thread that has the sockets. */
export interface JobLink {
  /** @throws ConnectorError */
  ask<Kind extends Question['kind']>(asked: Question & { readonly kind: Kind }, transferred?: ArrayBuffer): Promise<Answers[Kind]>;
  note(note: Note): void;
}

export interface WorkerJobOptions {
  readonly settings: WorkerSettings;
  readonly labelSets: LabelSetCache;
  readonly series: SeriesCache;
  readonly turns: Turns;
  readonly tables: ReplicaTables;
  readonly decodeSnappy: SnappyDecoder;
  readonly metrics: MetricsSink;
  readonly link: JobLink;
  /** Aborted with a ConnectorError when the request is given up. */
  readonly aborting: AbortController;
  readonly written: WrittenCount;
}

const textEncoder = new TextEncoder();

/** One write in a worker: what it shares with all others it reaches through its link. */
export class WorkerJob {
  readonly #order: WriteOrder;
  readonly #options: WorkerJobOptions;

  constructor(order: WriteOrder, options: WorkerJobOptions) {
    this.#order = order;
    this.#options = options;
    // Every call in flight listens to it, as to that of a request.
    setMaxListeners(0, options.aborting.signal);
  }

  /** @throws ConnectorError */
  run(): Promise<readonly LeftOut[]> {
    const { settings, decodeSnappy, labelSets, turns, link, aborting } = this.#options;
    const { body, version } = this.#order;
    return writeMessage(body, {
      version,
      limits: settings,
      decodeSnappy,
      labelSets,
      held: {
        // Whether there is room is said by the answer to the question that follows, or before by an abort.
        budget: {
          take: (bytes) => link.note({ kind: 'take', bytes }),
          giveBack: (bytes) => link.note({ kind: 'give-back', bytes }),
        },
        turns,
        signal: aborting.signal,
      },
      openContext: async () => {
        const { table } = await link.ask({ kind: 'decoded' });
        return this.#contextOf(this.#options.tables.tableOf(table));
      },
    });
  }

  #contextOf(table: ReplicaTable): WriteContext {
    const { settings, series, turns, metrics, link, aborting, written } = this.#options;
    const { version, nowMs, recordVersion } = this.#order;
    return {
      config: settings.config,
      writer: createRemoteWriter(link),
      dimensions: new RemoteDimensions(table, link),
      knownMetadata: createRemoteMetadata(table, link),
      series,
      calls: { open: (plan) => openRemoteCalls(plan, link) },
      turns,
      metrics,
      acceptedDrops: { note: (reason, count, example) => link.note({ kind: 'left-out', reason, count, example }) },
      expectAgain: () => link.note({ kind: 'expect-again' }),
      ...(recordVersion === undefined ? {} : { recordVersion }),
      signal: aborting.signal,
      // Whoever has the calls knows when the request has to be answered.
      deadlineMs: Infinity,
      version,
      written,
      nowMs,
    };
  }
}

function createRemoteWriter(link: JobLink): RecordWriter {
  return {
    write: (batch) => {
      const message = messageOf(batch);
      return link.ask({ kind: 'write', batch: message }, 'text' in message ? (message.text.buffer as ArrayBuffer) : undefined);
    },
  };
}

function messageOf(batch: WriteBatch): BatchMessage {
  if (batch instanceof PlannedBatch) return { text: textEncoder.encode(batch.json()), recordCount: batch.recordCount };
  return { CommonAttributes: batch.CommonAttributes, Records: batch.Records };
}

/** What pauses does so where it is sent from. */
const TURN_ELSEWHERE: CallTurn = { pause: (wait) => wait() };

/**
 * The calls of the job among all. Only the first one waits for its turn here, so that a request that waits makes none; the others wait where they are
 * sent from.
 */
async function openRemoteCalls({ callCount }: CallPlan, link: JobLink): Promise<CallShare> {
  await link.ask({ kind: 'open', callCount });
  let firstTurn: Promise<unknown> | undefined;
  return {
    async run(call, signal) {
      throwIfAborted(signal);
      firstTurn ??= link.ask({ kind: 'turn' });
      await firstTurn;
      return call(TURN_ELSEWHERE);
    },
    close: () => {
      link.note({ kind: 'close' });
    },
  };
}

class RemoteDimensions implements WriteDimensions {
  readonly #table: ReplicaTable;
  readonly #link: JobLink;

  constructor(table: ReplicaTable, link: JobLink) {
    this.#table = table;
    this.#link = link;
  }

  async budget(): Promise<ReplicaBudget> {
    return this.#table.budgetOf(await this.#link.ask({ kind: 'dimensions' }));
  }

  confirm(budget: ReplicaBudget): true | Promise<boolean> {
    const names = budget.unconfirmedNames;
    if (names.length > 0) return this.#claim(budget, names);
    // It was refused for another request of this worker, and there may be more places since.
    return !budget.hasRefused || this.#isCurrent(budget);
  }

  noteStored(batch: WriteBatch, rejectedIndexes: ReadonlySet<number>): void {
    const names = this.#table.takeUntold(dimensionNamesOf(batch, rejectedIndexes, this.#table));
    if (names.length > 0) this.#link.note({ kind: 'stored-names', names });
  }

  measures(): Promise<ReadonlySet<string>> {
    return this.#link.ask({ kind: 'measures' });
  }

  noteValueColumnTaken(): void {
    this.#link.note({ kind: 'value-column-taken' });
  }

  async refreshWhenFull(): Promise<void> {
    await this.#link.ask({ kind: 'refresh' });
  }

  async #isCurrent(budget: ReplicaBudget): Promise<boolean> {
    return (await this.budget()) === budget;
  }

  async #claim(budget: ReplicaBudget, names: readonly string[]): Promise<boolean> {
    const refused = await this.#link.ask({ kind: 'claim', budget: budget.version, names });
    budget.settle(names, refused);
    return refused.length === 0;
  }
}

function createRemoteMetadata(table: ReplicaTable, link: JobLink): WrittenMetadata {
  return {
    async unknownOf(entries, nowMs) {
      const asked = table.unknownOf(entries, nowMs);
      if (asked.length === 0) return asked;
      const unknown = await link.ask({ kind: 'unknown-metadata', entries: asked });
      const unknownTexts = new Set(unknown.map((metadata) => JSON.stringify(metadata)));
      for (const metadata of asked) if (!unknownTexts.has(JSON.stringify(metadata))) table.noteWritten(metadata, nowMs);
      return unknown;
    },
    noteWritten: (metadata, nowMs) => {
      table.noteWritten(metadata, nowMs);
      link.note({ kind: 'metadata-written', metadata });
    },
  };
}
