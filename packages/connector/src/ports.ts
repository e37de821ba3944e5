import type { CounterDefinition, GaugeDefinition, HistogramDefinition } from './metrics/metric-catalogue.js';
import type { QueryPage, WriteBatch } from '@timestream-prometheus/timestream-translator';

/**
 * Who asks Timestream. `server` is the process' own AWS credential chain, `role` an IAM role that is assumed with it, `profile` one of the profiles in
 * the AWS configuration files of the machine.
 */
export type Credentials =
  | { readonly kind: 'static'; readonly accessKeyId: string; readonly secretAccessKey: string }
  | { readonly kind: 'server' }
  | { readonly kind: 'role'; readonly roleArn: string; readonly sessionName: string; readonly externalId?: string }
  | { readonly kind: 'profile'; readonly profile: string };

/** The table that a request is for. */
export interface Destination {
  readonly database: string;
  readonly table: string;
}

/** The result of one WriteRecords call that Timestream answered with 2xx or 419; everything else is thrown as a ConnectorError. */
export interface WriteOutcome {
  /** Records that Timestream refused, by index in the batch, with its own reason. Every other record of the batch is stored. */
  readonly rejected: readonly { readonly recordIndex: number; readonly reason: string; readonly existingVersion?: number }[];
  /** No call was made: all of the batch is known to be stored. */
  readonly wasStored?: true;
}

/** The place in flight of a call among all, which it need not keep while it waits to be made again. */
export interface CallTurn {
  /** Leaves the place to others while `wait` lasts. Comes back with a place, or without one when the call is aborted. */
  pause(wait: () => Promise<void>): Promise<void>;
}

/** Where records go. One per credential, long-lived, safe to call concurrently. */
export interface RecordWriter {
  /**
   * @param turn the place of the call, if it has one
   * @throws ConnectorError
   */
  write(batch: WriteBatch, signal: AbortSignal, turn?: CallTurn): Promise<WriteOutcome>;
}

/** Where rows come from. One per credential, long-lived, safe to call concurrently. */
export interface RowSource {
  /**
   * The pages of one query, in order, empty ones included. Leaving the iteration early cancels the query at Timestream.
   *
   * @throws ConnectorError
   */
  query(sql: string, signal: AbortSignal): AsyncIterable<QueryPage>;
}

export interface Storage extends RecordWriter, RowSource {
  close(): void;
}

/** Makes the storage of one credential and one table. The core caches what it returns and never shares it between credentials or tables. */
export type OpenStorage = (credentials: Credentials, destination: Destination) => Storage;

/** The part of pino that the core uses. Log once, at the place that decides the answer. */
export interface Logger {
  debug(fields: object, message: string): void;
  // oxlint-disable-next-line id-denylist -- pino's own name of the level
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A value for each label of a metric. */
export type LabelValues<Label extends string> = Readonly<Record<Label, string>>;

/** Where measurements go. The definition of a metric says which labels it has. */
export interface MetricsSink {
  /** Adds to a counter. */
  add(metric: CounterDefinition<never>, value: number): void;
  add<Label extends string>(metric: CounterDefinition<Label>, value: number, labels: LabelValues<NoInfer<Label>>): void;
  /** Records one observation of a histogram. */
  observe(metric: HistogramDefinition<never>, value: number): void;
  observe<Label extends string>(metric: HistogramDefinition<Label>, value: number, labels: LabelValues<NoInfer<Label>>): void;
  /** Moves a gauge up or down. */
  move(metric: GaugeDefinition<never>, delta: number): void;
  move<Label extends string>(metric: GaugeDefinition<Label>, delta: number, labels: LabelValues<NoInfer<Label>>): void;
}

/** Time, as a parameter, so that no test waits. */
export interface Clock {
  nowMs(): number;
}
