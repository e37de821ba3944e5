import { LABELS_DIMENSION, type DimensionBudget } from '@timestream-prometheus/timestream-translator';
import type { BudgetState } from './worker-messages.js';

/**
 * A worker's view of a dimension budget that another thread keeps. A name that it has no answer for is granted for the time being, and has to be
 * confirmed before anything that was made with it leaves; so the two disagree only while a table gets new labels.
 */
export class ReplicaBudget implements DimensionBudget {
  /** Of the budget that it stands for. */
  readonly version: string;
  #takesValueColumn: boolean;
  readonly #granted = new Set<string>([LABELS_DIMENSION]);
  readonly #refused = new Set<string>();
  /** Granted without an answer, in the order in which they were asked for. */
  readonly #unconfirmed = new Set<string>();
  #revision = 0;

  constructor({ version, takesValueColumn }: BudgetState) {
    this.version = version;
    this.#takesValueColumn = takesValueColumn;
  }

  get revision(): number {
    return this.#revision;
  }

  get takesValueColumn(): boolean {
    return this.#takesValueColumn;
  }

  noteValueColumnTaken(): void {
    this.#takesValueColumn = false;
  }

  learn(dimensionNames: Iterable<string>): void {
    for (const name of dimensionNames) this.#granted.add(name);
  }

  claim(labelName: string): boolean {
    if (this.#granted.has(labelName)) return true;
    if (this.#refused.has(labelName)) return false;
    this.#unconfirmed.add(labelName);
    return true;
  }

  get hasRefused(): boolean {
    return this.#refused.size > 0;
  }

  usedDimensions(): number {
    return this.#granted.size + this.#unconfirmed.size;
  }

  get unconfirmedNames(): readonly string[] {
    return this.#unconfirmed.size === 0 ? NONE : [...this.#unconfirmed];
  }

  /** The answer for `names`: all but `refusedNames` are granted. */
  settle(names: readonly string[], refusedNames: readonly string[]): void {
    for (const name of names) {
      this.#unconfirmed.delete(name);
      this.#granted.add(name);
    }
    for (const name of refusedNames) {
      this.#granted.delete(name);
      if (this.#refused.has(name)) continue;
      this.#refused.add(name);
      this.#revision += 1;
    }
  }
}

const NONE: readonly string[] = [];
