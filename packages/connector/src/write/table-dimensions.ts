import {
  createDimensionBudget,
  LABELS_DIMENSION,
  MAX_DIMENSIONS_PER_TABLE,
  type DimensionBudget,
  type WriteBatch,
} from '@timestream-prometheus/timestream-translator';

/** The dimensions that the table has, from Timestream; undefined if the caller may not see them or Timestream does not answer. */
export type ReadDimensions = () => Promise<readonly string[] | undefined>;

/**
 * Which labels may be dimensions of the table, as one credential sees it. What the table has is asked once, for others may write to it too;
 * where that is not allowed, what this process has stored stands in for it.
 */
export class TableDimensions {
  #budget = createDimensionBudget();
  readonly #stored = new Set<string>();
  #learning: Promise<void> | undefined;
  #relearning: Promise<void> | undefined;

  /** The budget for one translation. The first caller waits for the table's own dimensions. */
  async budget(readDimensions: ReadDimensions): Promise<DimensionBudget> {
    this.#learning ??= readDimensions().then((names) => this.#budget.learn(names ?? []));
    await this.#learning;
    return this.#budget;
  }

  /** Takes note of dimensions that the table certainly has now. */
  noteStored(batch: WriteBatch, rejectedIndexes: ReadonlySet<number>): void {
    for (const { Name } of batch.CommonAttributes?.Dimensions ?? []) this.#stored.add(Name);
    for (const [index, record] of batch.Records.entries()) {
      if (rejectedIndexes.has(index)) continue;
      for (const { Name } of record.Dimensions ?? []) this.#stored.add(Name);
    }
  }

  /**
   * After Timestream has refused records because the table has no dimension left: from now on only what the table is known to have is a
   * dimension, and every other label goes into `prometheus_labels`.
   */
  async relearn(readDimensions: ReadDimensions): Promise<void> {
    this.#relearning ??= this.#freeze(readDimensions).finally(() => {
      this.#relearning = undefined;
    });
    await this.#relearning;
  }

  async #freeze(readDimensions: ReadDimensions): Promise<void> {
    const known = new Set([...((await readDimensions()) ?? []), ...this.#stored, LABELS_DIMENSION]);
    this.#budget = createDimensionBudget({ maxDimensions: Math.min(known.size, MAX_DIMENSIONS_PER_TABLE) });
    this.#budget.learn(known);
  }
}
