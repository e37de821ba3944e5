import type { MetricMetadata } from '@timestream-prometheus/prom-codec';
import { KnownMetadata } from '../write/known-metadata.js';
import { ReplicaBudget } from './replica-budget.js';
import type { BudgetState } from './worker-messages.js';

/** What a worker remembers of a table as one credential sees it. */
export class ReplicaTable {
  readonly #metadata = new KnownMetadata();
  /** Dimensions that the table has, as the other thread was told. */
  readonly #toldNames = new Set<string>();
  #budget: ReplicaBudget | undefined;

  /** @param state of the budget that holds now */
  budgetOf(state: BudgetState): ReplicaBudget {
    if (this.#budget?.version !== state.version) this.#budget = new ReplicaBudget(state);
    return this.#budget;
  }

  /** Those of which the other thread was not told yet; it has to be now. */
  takeUntold(names: readonly string[]): readonly string[] {
    const untold: string[] = [];
    for (const name of names) {
      if (this.#toldNames.has(name)) continue;
      this.#toldNames.add(name);
      untold.push(name);
    }
    return untold;
  }

  /** Those that are not known to be written; the other thread may know more. */
  unknownOf(entries: readonly MetricMetadata[], nowMs: number): readonly MetricMetadata[] {
    return this.#metadata.unknownOf(entries, nowMs);
  }

  noteWritten(metadata: MetricMetadata, nowMs: number): void {
    this.#metadata.noteWritten(metadata, nowMs);
  }
}

/** Tables by the number that the other thread has given them; those that were not written to for longest are forgotten. */
export class ReplicaTables {
  readonly #maxTables: number;
  readonly #tables = new Map<number, ReplicaTable>();

  constructor(maxTables: number) {
    this.#maxTables = maxTables;
  }

  tableOf(number: number): ReplicaTable {
    const table = this.#tables.get(number) ?? new ReplicaTable();
    this.#tables.delete(number);
    this.#tables.set(number, table);
    for (const [oldest] of this.#tables) {
      if (this.#tables.size <= this.#maxTables) break;
      this.#tables.delete(oldest);
    }
    return table;
  }
}
