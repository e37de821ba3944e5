import { SelectorMemory } from './selector-memory.js';

/**
 * So many points with their times are half of a page of 1 MB (API model, Query). Of fewer, times are not worth the statement that leaves them out:
 * it saves no page, and takes twice the time.
 */
const LEAST_POINTS = 20_000;

interface Answered {
  readonly rangeMs: number;
  readonly points: number;
}

/** For which selectors it is worth to leave out the times of points that are equally far apart. */
export class StepMemory {
  readonly #answers = new SelectorMemory<Answered>();

  /** A selector of which nothing is known may have any number of points. */
  isWorthAsking(selector: string, rangeMs: number): boolean {
    const known = this.#answers.get(selector);
    return known === undefined || (known.points * rangeMs) / known.rangeMs >= LEAST_POINTS;
  }

  /** What an answer has shown: so many points in a range of so much time. */
  learn(selector: string, rangeMs: number, points: number): void {
    this.#answers.set(selector, { rangeMs: Math.max(1, rangeMs), points });
  }
}
