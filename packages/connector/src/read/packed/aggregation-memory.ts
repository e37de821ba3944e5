import type { SampleAggregation } from '@timestream-prometheus/timestream-translator';

/** If the groups have fewer series each on average, their newest samples are as few, and cheaper to choose. */
const WORTHWHILE_SERIES_PER_GROUP = 1.5;

/** The newest samples of so few are read in one or two pages, which is quicker than a statement that counts them in Timestream. */
const WORTHWHILE_SAMPLES = 4000;

/** Aggregations that are not asked for again are remembered: a few dashboards and all rules of a Prometheus. */
const MAX_REMEMBERED = 2000;

/** Which aggregations it is not worth to leave to Timestream. Forgotten as soon as there are newer ones. */
export class AggregationMemory {
  /** Until the contrary was seen. */
  areTrusted = true;
  readonly #useless = new Set<string>();

  isWorthAsking(selector: string, aggregation: SampleAggregation): boolean {
    return this.areTrusted && !this.#useless.has(selector) && !this.#useless.has(keyOf(selector, aggregation));
  }

  /** What an answer has shown: its points, and how many series they were made of. */
  learn(selector: string, aggregation: SampleAggregation, { points, series }: { readonly points: number; readonly series: number }): void {
    // Whether one moment can be asked is not decided by its size: answers for many are checked by it.
    const isSmall = aggregation.steps > 1 && series < WORTHWHILE_SAMPLES;
    if (isSmall || series < points * WORTHWHILE_SERIES_PER_GROUP) this.#remember(keyOf(selector, aggregation));
  }

  /** The columns do not say which samples the series of the selector have. */
  learnUnsure(selector: string): void {
    this.#remember(selector);
  }

  #remember(key: string): void {
    this.#useless.add(key);
    for (const oldest of this.#useless) {
      if (this.#useless.size <= MAX_REMEMBERED) return;
      this.#useless.delete(oldest);
    }
  }
}

/** A day of a selector may be worth what an hour of it is not. */
function keyOf(selector: string, { grouping, without, steps }: SampleAggregation): string {
  return `${selector} ${Math.round(Math.log2(steps))} ${without ? 'without' : 'by'} ${JSON.stringify(grouping)}`;
}
