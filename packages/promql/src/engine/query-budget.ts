import { RegexBudget } from '@timestream-prometheus/timestream-translator';
import { QueryError } from './query-error.js';

/** Bounds of one query. */
export interface QueryLimits {
  /** Samples held in memory at once; a native histogram counts as one for each 16 bytes. */
  readonly maxSamples: number;
  /** Series that selectors give, all together. */
  readonly maxSeries: number;
  /** Steps of a subquery. */
  readonly maxSubquerySteps: number;
}

export const DEFAULT_LIMITS: QueryLimits = { maxSamples: 50_000_000, maxSeries: 1_000_000, maxSubquerySteps: 1_000_000 };

/** How many series-steps are computed before others get a turn: a few milliseconds. */
const WORK_PER_TURN = 50_000;

/** Counts what a query takes, and gives others a turn on the way. */
export class QueryBudget {
  readonly #limits: QueryLimits;
  readonly #breathe: (samples: number) => Promise<void> | void;
  /** What the regular expressions of functions may cost together. */
  readonly regexes = new RegexBudget();
  #work = 0;
  #series = 0;
  /** Samples in memory now. */
  samples = 0;
  peakSamples = 0;
  /** Samples that selectors gave, over all steps. */
  totalSamples = 0;

  /** @param breathe called again and again while the query runs, with the samples in memory now; throws if it must not go on */
  constructor(limits: QueryLimits, breathe: (samples: number) => Promise<void> | void) {
    this.#limits = limits;
    this.#breathe = breathe;
  }

  async breathe(): Promise<void> {
    await this.#breathe(this.samples);
  }

  /** Counts work done; gives others a turn when there was enough. */
  async work(amount: number): Promise<void> {
    if (this.isDue(amount)) await this.breathe();
  }

  /** As `work` for inner loops, which should not wait for nothing: counts, and says whether it is time to `breathe`. */
  isDue(amount: number): boolean {
    this.#work += amount;
    if (this.#work < WORK_PER_TURN) return false;
    this.#work = 0;
    return true;
  }

  addSeries(): void {
    this.#series++;
    if (this.#series > this.#limits.maxSeries)
      throw new QueryError('execution', 'query would load too many series into memory in query execution');
  }

  add(count: number): void {
    this.totalSamples += count;
    this.#set(this.samples + count);
  }

  /** What a window holds beside everything that was there before. */
  hold(before: number, count: number): void {
    this.totalSamples += count;
    this.#set(before + count);
  }

  /** A part is done: of what it took only its result is left. */
  settle(before: number, count: number): void {
    this.#set(before + count);
  }

  #set(samples: number): void {
    this.samples = samples;
    if (samples > this.peakSamples) this.peakSamples = samples;
    if (samples > this.#limits.maxSamples) {
      throw new QueryError('execution', 'query processing would load too many samples into memory in query execution');
    }
  }

  checkSteps(startMs: number, endMs: number, stepMs: number): void {
    const { maxSubquerySteps } = this.#limits;
    const steps = Math.floor((endMs - startMs) / stepMs) + 1;
    if (steps > maxSubquerySteps) {
      throw new QueryError('execution', `subquery would evaluate ${steps} steps; the limit is ${maxSubquerySteps}`);
    }
  }
}
