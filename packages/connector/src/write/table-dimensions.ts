import {
  createDimensionBudget,
  LABELS_DIMENSION,
  MAX_DIMENSIONS_PER_TABLE,
  type DimensionBudget,
  type WriteBatch,
} from '@timestream-prometheus/timestream-translator';
import type { TableColumns } from './describe-table.js';
import { dimensionNamesOf } from './dimension-names.js';
import type { WriteDimensions } from './write-context.js';

/** The columns that the table has, from Timestream; undefined if the caller may not see them or Timestream does not answer. */
export type ReadColumns = () => Promise<TableColumns | undefined>;

/**
 * How many dimensions this process makes of a table that does not have `prometheus_labels` yet. Two writers that fill a table at the same
 * time could leave no place for it, and then no label could ever be added; half each leaves one. The label that comes next goes into
 * `prometheus_labels`, which makes the dimension exist, and from then on all places are used.
 */
const MAX_DIMENSIONS_WITHOUT_OURS = MAX_DIMENSIONS_PER_TABLE / 2;

/**
 * Which labels may be dimensions of the table, as one credential sees it. What the table has is asked once, for others may write to it too;
 * where that is not allowed, what this process has stored stands in for it.
 */
export class TableDimensions implements WriteDimensions {
  #budget = createDimensionBudget({ maxDimensions: MAX_DIMENSIONS_WITHOUT_OURS });
  /** Dimensions that the table certainly has. */
  readonly #known = new Set<string>();
  #measures: ReadonlySet<string> = new Set();
  #isFull = false;
  #isValueColumnTaken = false;
  readonly #readColumns: ReadColumns;
  /**
   * Stands for this table where a series remembers to whom its names were shown last. What is remembered of series outlives the storage of a
   * credential, and must not keep it, with the secret that it signs with.
   */
  readonly #visitor = {};
  #firstRead: Promise<void> | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(readColumns: ReadColumns) {
    this.#readColumns = readColumns;
  }

  /** The budget for one translation. The first caller waits for the table's own dimensions. */
  async budget(): Promise<DimensionBudget> {
    await this.#readOnce();
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

  /** What the budget says is final: it is the one of this process. */
  confirm(): true {
    return true;
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
