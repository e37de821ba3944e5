import {
  createDimensionBudget,
  LABELS_DIMENSION,
  MAX_DIMENSIONS_PER_TABLE,
  type DimensionBudget,
  type WriteBatch,
} from '@timestream-prometheus/timestream-translator';
import { setTimeout } from 'node:timers/promises';
import { ConnectorError } from '../errors/connector-error.js';
import type { TableColumns } from './describe-table.js';
import { dimensionNamesOf } from './dimension-names.js';
import type { WriteDimensions } from './write-context.js';

/** The columns that the table has, from Timestream; undefined if the caller may not see them or Timestream does not answer. */
export type ReadColumns = () => Promise<TableColumns | undefined>;

/** Writes a record that has the dimension `prometheus_labels` and nothing else. False if Timestream has refused it. @throws ConnectorError */
export type MakeLabelsDimension = () => Promise<boolean>;

/**
 * How many dimensions this process makes of a table that does not have `prometheus_labels` yet. Writers that fill a table at the same time could
 * leave no place for it, and then no label could ever be added. So before the label that comes next gets a dimension, `prometheus_labels` is made,
 * and only then all places are used: 18 writers of 7 labels each, with none in common, leave a place. A table of few labels needs no such record.
 */
const MAX_DIMENSIONS_BEFORE_OURS = 8;

/** The same where no such record is written, or was not taken: two writers leave a place. The label that comes next goes into `prometheus_labels`, which makes it exist. */
const MAX_DIMENSIONS_WITHOUT_OURS = MAX_DIMENSIONS_PER_TABLE / 2;

/** After this time a record of ours that failed is tried again, by the request whose label finds no dimension. What made it fail may be over. */
const TRY_AGAIN_AFTER_MS = 60_000;

/**
 * How long the first write waits to hear what the table has. It is the query service that says so, and that one may be slow where writes are not.
 * After this time the table is written to as by a role that may not look; what it has is still taken note of when the answer comes.
 */
const LOOK_MS = 500;

/**
 * Which labels may be dimensions of the table, as one credential sees it. What the table has is asked once, for others may write to it too;
 * where that is not allowed, what this process has stored stands in for it.
 */
export class TableDimensions implements WriteDimensions {
  #budget: DimensionBudget;
  /** Dimensions that the table certainly has. */
  readonly #known = new Set<string>();
  #measures: ReadonlySet<string> = new Set();
  #isFull = false;
  #isValueColumnTaken = false;
  readonly #readColumns: ReadColumns;
  readonly #makeLabelsDimension: MakeLabelsDimension | undefined;
  /**
   * Stands for this table where a series remembers to whom its names were shown last. What is remembered of series outlives the storage of a
   * credential, and must not keep it, with the secret that it signs with.
   */
  readonly #visitor = {};
  #firstRead: Promise<void> | undefined;
  #firstLook: Promise<void> | undefined;
  #refreshing: Promise<void> | undefined;
  #making: Promise<boolean> | undefined;
  #failedAtMs = -Infinity;
  readonly #nowMs: () => number;

  /** @param makeLabelsDimension not given if the table is to get no records but those of samples */
  constructor(readColumns: ReadColumns, makeLabelsDimension?: MakeLabelsDimension, nowMs: () => number = Date.now) {
    this.#readColumns = readColumns;
    this.#nowMs = nowMs;
    this.#makeLabelsDimension = makeLabelsDimension;
    this.#budget = createDimensionBudget({
      maxDimensions: makeLabelsDimension === undefined ? MAX_DIMENSIONS_WITHOUT_OURS : MAX_DIMENSIONS_BEFORE_OURS,
    });
  }

  /** The budget for one translation. The first callers wait for the table's own dimensions, for a while. */
  async budget(): Promise<DimensionBudget> {
    this.#firstLook ??= this.#lookOnce();
    await this.#firstLook;
    return this.#budget;
  }

  async measures(): Promise<ReadonlySet<string>> {
    await this.#readOnce();
    return this.#measures;
  }

  noteValueColumnTaken(): void {
    this.#isValueColumnTaken = true;
    this.#budget.noteValueColumnTaken();
  }

  /** Makes `prometheus_labels` before the table gets more dimensions: see {@link MAX_DIMENSIONS_BEFORE_OURS}. */
  confirm(budget: DimensionBudget): true | Promise<boolean> {
    if (!budget.hasRefused) return true;
    if (budget !== this.#budget) return Promise.resolve(false);
    if (this.#isFull || this.#makeLabelsDimension === undefined || this.#known.has(LABELS_DIMENSION)) return true;
    if (this.#making === undefined && this.#nowMs() - this.#failedAtMs < TRY_AGAIN_AFTER_MS) return true;
    this.#making ??= this.#makeOurs(this.#makeLabelsDimension).finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  /** Takes note of dimensions that the table certainly has now. */
  noteStored(batch: WriteBatch, rejectedIndexes: ReadonlySet<number>): void {
    // Most often nothing is new.
    this.noteStoredNames(dimensionNamesOf(batch, rejectedIndexes, this.#visitor));
  }

  noteStoredNames(names: readonly string[]): void {
    if (names.length > 0) this.#addKnown(names);
  }

  /**
   * After Timestream has refused records because the table has no dimension left: from now on only what the table is known to have is a
   * dimension, and every other label goes into `prometheus_labels`.
   */
  async refreshWhenFull(): Promise<void> {
    this.#refreshing ??= this.#freeze().finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
  }

  /** @returns whether what the budget has answered holds all the same */
  async #makeOurs(makeLabelsDimension: MakeLabelsDimension): Promise<boolean> {
    try {
      if (await makeLabelsDimension()) {
        this.#addKnown([LABELS_DIMENSION]);
        return false;
      }
    } catch (error) {
      // The samples of the request meet the same failure, if it lasts, and it is their answer that tells of it.
      if (!(error instanceof ConnectorError)) throw error;
    }
    // No label goes into `prometheus_labels` for this: the samples would lie in records of another kind when they come again.
    this.#failedAtMs = this.#nowMs();
    this.#renewBudget({ maxDimensions: MAX_DIMENSIONS_WITHOUT_OURS });
    return false;
  }

  async #lookOnce(): Promise<void> {
    const ended = new AbortController();
    const over = setTimeout(LOOK_MS, undefined, { signal: ended.signal }).catch(() => undefined);
    await Promise.race([this.#readOnce(), over]);
    ended.abort();
  }

  #readOnce(): Promise<void> {
    this.#firstRead ??= this.#readColumns().then((columns) => {
      this.#measures = new Set(columns?.measures);
      this.#addKnown(columns?.dimensions ?? []);
      this.#budget.learn(this.#known);
    });
    return this.#firstRead;
  }

  async #freeze(): Promise<void> {
    const columns = await this.#readColumns();
    this.#isFull = true;
    this.#addKnown([...(columns?.dimensions ?? []), LABELS_DIMENSION]);
    this.#renewBudget({ maxDimensions: Math.min(this.#known.size, MAX_DIMENSIONS_PER_TABLE) });
  }

  #addKnown(names: Iterable<string>): void {
    const hadOurs = this.#known.has(LABELS_DIMENSION);
    for (const name of names) this.#known.add(name);
    if (hadOurs || this.#isFull || !this.#known.has(LABELS_DIMENSION)) return;
    this.#renewBudget({});
  }

  #renewBudget(options: { readonly maxDimensions?: number }): void {
    this.#budget = createDimensionBudget(options);
    this.#budget.learn(this.#known);
    if (this.#isValueColumnTaken) this.#budget.noteValueColumnTaken();
  }
}
