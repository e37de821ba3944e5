import type { PackedLayout } from '@timestream-prometheus/timestream-translator';
import { METRICS } from '../../metrics/metric-catalogue.js';
import type { Logger, MetricsSink } from '../../ports.js';
import { AggregationMemory } from './aggregation-memory.js';
import { BinMemory } from './bin-memory.js';
import { SelectorMemory } from './selector-memory.js';
import { StepMemory } from './step-memory.js';

/**
 * Why packed statements are not used any more:
 *
 * - `refused`: Timestream does not take the statement;
 * - `inexact`: a double is not what it was when it is read back from its text;
 * - `incomplete`: a row holds other points than it says;
 * - `malformed`: the answer is not what was asked for;
 * - `different`: the same slice read as rows has other points.
 */
export type PackingFault = 'refused' | 'inexact' | 'incomplete' | 'malformed' | 'different';

/** Packed reads between two checks. The first one of a table is always checked. */
const READS_BETWEEN_CHECKS = 1000;

export interface PackingOptions {
  readonly isWanted: boolean;
  readonly logger: Logger;
  readonly metrics: MetricsSink;
}

/**
 * Whether the table of one credential is read packed, and what is known for that. The real service cannot be asked when this program is
 * built, so the program asks it: the first packed read and then one in a thousand is compared with rows. Once an answer was wrong, it reads
 * rows until it is started again.
 */
export class Packing {
  readonly #options: PackingOptions;
  #isOn: boolean;
  #isOrderTrusted = true;
  #areStepsTrusted = true;
  /** Of statements for all points, of those for some points of each bin, and of aggregations. */
  readonly #readsUntilCheck = { all: 0, binned: 0, aggregated: 0 };
  readonly bins = new BinMemory();
  readonly aggregations = new AggregationMemory();
  readonly steps = new StepMemory();
  /** The dimensions that the series of a selector have. */
  readonly #columns = new SelectorMemory<ReadonlySet<string>>();

  constructor(options: PackingOptions) {
    this.#options = options;
    this.#isOn = options.isWanted;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Whether series come in the order that was asked for. Until the contrary was seen. */
  get isOrderTrusted(): boolean {
    return this.#isOrderTrusted;
  }

  /** Whether points of equal steps come without their times. Until a statement or an answer that leaves them out was of no use. */
  get areStepsTrusted(): boolean {
    return this.#areStepsTrusted;
  }

  /** Counts a read; true if it has to be checked. */
  takeCheck({ bins }: Pick<PackedLayout, 'bins'>): boolean {
    return this.#takeCheck(bins === null ? 'all' : 'binned');
  }

  /** The same for an aggregation. */
  takeAggregationCheck(): boolean {
    return this.#takeCheck('aggregated');
  }

  #takeCheck(kind: 'all' | 'binned' | 'aggregated'): boolean {
    if (this.#readsUntilCheck[kind] > 0) {
      this.#readsUntilCheck[kind] -= 1;
      return false;
    }
    this.#readsUntilCheck[kind] = READS_BETWEEN_CHECKS;
    return true;
  }

  /** The check did not take place: the next read has to make it. */
  postponeCheck({ bins }: Pick<PackedLayout, 'bins'>): void {
    this.#readsUntilCheck[bins === null ? 'all' : 'binned'] = 0;
  }

  postponeAggregationCheck(): void {
    this.#readsUntilCheck.aggregated = 0;
  }

  passCheck(): void {
    this.#options.metrics.add(METRICS.packedReadChecks, 1, { outcome: 'equal' });
  }

  turnOff(fault: PackingFault, error: unknown): void {
    this.#options.metrics.add(METRICS.packedReadFaults, 1, { fault });
    if (fault === 'different') this.#options.metrics.add(METRICS.packedReadChecks, 1, { outcome: 'different' });
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#options.logger.warn(
      { err: error, fault },
      'Timestream answered a packed read otherwise than documented: rows are read instead until the next start (read-strategy)',
    );
  }

  /** No more samples are left out for a query that cannot need them. */
  distrustBins(error: unknown): void {
    this.#options.metrics.add(METRICS.packedReadFaults, 1, { fault: 'bins' });
    if (!this.bins.areTrusted) return;
    this.bins.areTrusted = false;
    this.#options.logger.warn(
      { err: error },
      'Timestream chose samples otherwise than documented: packed reads ask for all of them until the next start (promql-pushdown)',
    );
  }

  /** No more aggregations of a PromQL query are left to Timestream. */
  distrustAggregations(error: unknown): void {
    this.#options.metrics.add(METRICS.packedReadFaults, 1, { fault: 'aggregation' });
    if (!this.aggregations.areTrusted) return;
    this.aggregations.areTrusted = false;
    this.#options.logger.warn(
      { err: error },
      'Timestream aggregated otherwise than documented: series are read and aggregated here until the next start (promql-pushdown)',
    );
  }

  /** Each point comes with its time, and the next read is checked. */
  distrustSteps(error: unknown, layout: Pick<PackedLayout, 'bins'>): void {
    this.#options.metrics.add(METRICS.packedReadFaults, 1, { fault: 'steps' });
    this.postponeCheck(layout);
    if (!this.#areStepsTrusted) return;
    this.#areStepsTrusted = false;
    this.#options.logger.warn(
      { err: error },
      'Timestream answered a packed read without times otherwise than documented: packed reads ask for the time of every point until the next start',
    );
  }

  /** One answer could not be packed, which says nothing about the next one. */
  countFallback(error: unknown): void {
    this.#options.metrics.add(METRICS.packedReadFaults, 1, { fault: 'failed' });
    this.#options.logger.debug({ err: error }, 'a packed read is answered from rows');
  }

  distrustOrder(error: unknown): void {
    if (!this.#isOrderTrusted) return;
    this.#isOrderTrusted = false;
    this.#options.logger.warn(
      { err: error },
      'Timestream sorts texts otherwise than by their bytes: large answers are sorted here instead',
    );
  }

  /** Undefined: nothing is known, so all of them may be needed. */
  columnsOf(selector: string): ReadonlySet<string> | undefined {
    return this.#columns.get(selector);
  }

  rememberColumns(selector: string, columns: ReadonlySet<string>): void {
    this.#columns.set(selector, columns);
  }

  forgetColumns(selector: string): void {
    this.#columns.delete(selector);
  }
}
