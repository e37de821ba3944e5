import type { MetricMetadata } from '@timestream-prometheus/prom-codec';
import type { DimensionBudget, SeriesCache, WriteBatch } from '@timestream-prometheus/timestream-translator';
import type { CallPlan, CallShare } from '../concurrency/call-queue.js';
import type { Turns } from '../concurrency/turns.js';
import type { Config } from '../config/parse-config.js';
import type { MetricsSink, RecordWriter } from '../ports.js';
import type { WriteVersion } from '../protocol/content-headers.js';
import type { WrittenCount } from './written-headers.js';

/** What of the configuration decides how a write is stored. */
export type WriteConfig = Pick<
  Config,
  'tableLayout' | 'exemplars' | 'metadata' | 'onConflict' | 'failOnLongLabel' | 'failOnInvalidSampleValue' | 'maxWriteConcurrencyPerRequest'
>;

/** Which labels may be dimensions of the table that is written to. */
export interface WriteDimensions {
  /** The budget for one translation. */
  budget(): Promise<DimensionBudget>;
  /**
   * Whether what the budget has answered holds: what it has granted, which is known later where it is kept by another thread, and what it has
   * refused, for there may be more places by now. If it does not, what was translated has to be translated again, with a budget that is asked
   * for anew.
   */
  confirm(budget: DimensionBudget): true | Promise<boolean>;
  /** Takes note of dimensions that the table certainly has now. */
  noteStored(batch: WriteBatch, rejectedIndexes: ReadonlySet<number>): void;
  /** The measures that the table had when it was looked at; none if that is not allowed. */
  measures(): Promise<ReadonlySet<string>>;
  /** Timestream takes no value in the column `v` of the table: something else has that name. */
  noteValueColumnTaken(): void;
  /** Timestream has refused records because the table has no dimension left. */
  refreshWhenFull(): Promise<void>;
}

/** Metadata that was written to the table lately. */
export interface WrittenMetadata {
  /** Those that have to be written. */
  unknownOf(entries: readonly MetricMetadata[], nowMs: number): readonly MetricMetadata[] | Promise<readonly MetricMetadata[]>;
  noteWritten(metadata: MetricMetadata, nowMs: number): void;
}

/** Who gives requests their turns to call Timestream. */
export interface WriteCalls {
  /** @throws ConnectorError overloaded */
  open(plan: CallPlan): CallShare | Promise<CallShare>;
}

/** What a write needs beside its samples; on the thread that has the sockets, or reached from another. */
export interface WriteContext {
  readonly config: WriteConfig;
  readonly writer: RecordWriter;
  readonly dimensions: WriteDimensions;
  readonly knownMetadata: WrittenMetadata;
  /** What is known of series from earlier requests. */
  readonly series: SeriesCache;
  readonly calls: WriteCalls;
  readonly turns: Turns;
  readonly metrics: MetricsSink;
  /** Where it is said what a success leaves out. */
  readonly acceptedDrops: { note(reason: string, count: number, example: string): void };
  /** Told that the request will come again because a call has failed. */
  readonly expectAgain: () => void;
  /** The version of the records, if `on-conflict` is `last-wins`: when the request came, in milliseconds. */
  readonly recordVersion?: number;
  readonly signal: AbortSignal;
  /** When the request has to be answered, by the clock of `calls`. */
  readonly deadlineMs: number;
  /** To a sender of 2.0 nothing may be a success that is not stored; one of 1.0 has no way to tell what was not. */
  readonly version: WriteVersion;
  readonly written: WrittenCount;
  /** When the request came. */
  readonly nowMs: number;
}
