import type { MetricMetadata } from '@timestream-prometheus/prom-codec';
import type { WriteBatch } from '@timestream-prometheus/timestream-translator';
import type { WriteOutcome } from '../ports.js';
import type { WriteVersion } from '../protocol/content-headers.js';
import type { WriteConfig } from '../write/write-context.js';
import type { LeftOut, WrittenCount } from '../write/written-headers.js';
import type { FailureMessage } from './failure-message.js';

/*
 * What the thread with the sockets and a worker tell each other. The compressed body of a write goes over, and the texts of its WriteRecords calls come
 * back, each as the memory that it lies in; of a sample nothing else. A worker asks for whatever is there once for the whole process.
 */

/** Given to a worker before anything else. */
export interface WorkerSettings {
  readonly config: WriteConfig;
  readonly maxDecodedBytes: number;
  readonly labelSetBytes: number;
  readonly seriesBytes: number;
  readonly maxTables: number;
}

export interface WriteOrder {
  readonly job: number;
  readonly body: Uint8Array;
  readonly version: WriteVersion;
  readonly nowMs: number;
  readonly recordVersion?: number;
}

export type ToWorker =
  | { readonly type: 'settings'; readonly settings: WorkerSettings }
  | ({ readonly type: 'write' } & WriteOrder)
  | { readonly type: 'abort'; readonly job: number; readonly failure: FailureMessage }
  | { readonly type: 'answer'; readonly question: number; readonly answer: unknown }
  | { readonly type: 'refusal'; readonly question: number; readonly failure: FailureMessage };

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'question'; readonly job: number; readonly question: number; readonly asked: Question }
  | { readonly type: 'note'; readonly job: number; readonly note: Note }
  | { readonly type: 'counts'; readonly counts: readonly CounterChange[] }
  | { readonly type: 'stored'; readonly job: number; readonly written: WrittenCount; readonly leftOut: readonly LeftOut[] }
  | { readonly type: 'failed'; readonly job: number; readonly written: WrittenCount; readonly failure: FailureMessage };

export interface CounterChange {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>> | undefined;
  value: number;
}

/** What a worker cannot go on without. */
export type Question =
  /** The whole message is understood: may its memory be kept, and which table is it for? */
  | { readonly kind: 'decoded' }
  | { readonly kind: 'open'; readonly callCount: number }
  /** Waits for the first turn of the calls that were opened last. */
  | { readonly kind: 'turn' }
  /** Which budget of dimensions holds now. */
  | { readonly kind: 'dimensions' }
  | { readonly kind: 'claim'; readonly budget: string; readonly names: readonly string[] }
  | { readonly kind: 'refresh' }
  | { readonly kind: 'measures' }
  /** Which of them were not written lately. */
  | { readonly kind: 'unknown-metadata'; readonly entries: readonly MetricMetadata[] }
  | { readonly kind: 'write'; readonly batch: BatchMessage };

/** What a worker knows of a budget of dimensions. */
export interface BudgetState {
  /** Another one whenever an earlier answer of the budget may no longer hold. */
  readonly version: string;
  readonly takesValueColumn: boolean;
}

export interface Answers {
  readonly decoded: { readonly table: number };
  readonly open: undefined;
  readonly turn: undefined;
  readonly dimensions: BudgetState;
  /** The names that got no place. */
  readonly claim: readonly string[];
  readonly refresh: undefined;
  readonly measures: ReadonlySet<string>;
  readonly 'unknown-metadata': readonly MetricMetadata[];
  readonly write: WriteOutcome;
}

/** The text of a call of samples, or the objects of any other. */
export type BatchMessage = { readonly text: Uint8Array; readonly recordCount: number } | Pick<WriteBatch, 'CommonAttributes' | 'Records'>;

/** What the thread with the sockets needs to know, and nobody waits for. */
export type Note =
  | { readonly kind: 'take' | 'give-back'; readonly bytes: number }
  | { readonly kind: 'close' }
  | { readonly kind: 'expect-again' }
  | { readonly kind: 'value-column-taken' }
  | { readonly kind: 'stored-names'; readonly names: readonly string[] }
  | { readonly kind: 'metadata-written'; readonly metadata: MetricMetadata }
  | { readonly kind: 'left-out'; readonly reason: string; readonly count: number; readonly example: string };
