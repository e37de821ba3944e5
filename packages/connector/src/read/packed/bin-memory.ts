import type { SampleBins } from '@timestream-prometheus/timestream-translator';
import { SelectorMemory } from './selector-memory.js';

/** Narrower bins than Prometheus scrapes as a rule leave nothing out. */
const LEAST_WIDTH_MS = 10_000;

/** If more of the rows are kept, leaving the others out costs more than it saves. */
const WORTHWHILE_SHARE = 0.7;

interface Experience {
  /** Bins up to this width left too few rows out. */
  readonly uselessWidthMs: number;
  /** The same for `changes`: how many samples differ from those before says nothing about the other needs. */
  readonly uselessWidthOfChangesMs: number;
  /** Series of the selector cannot be put into bins but for their newest samples: see `binRows`. */
  readonly isUnsure: boolean;
}

const NO_EXPERIENCE: Experience = { uselessWidthMs: 0, uselessWidthOfChangesMs: 0, isUnsure: false };

function widthOf({ need }: SampleBins): 'uselessWidthMs' | 'uselessWidthOfChangesMs' {
  return need === 'changes' ? 'uselessWidthOfChangesMs' : 'uselessWidthMs';
}

/** Whether bins can save anything, as long as nothing else is known. */
export function isWorthAsking({ widthMs }: SampleBins): boolean {
  return widthMs > LEAST_WIDTH_MS;
}

/** For which selectors it is worth to ask for some samples of each bin only. Forgotten as soon as there are newer ones. */
export class BinMemory {
  /** Until the contrary was seen. */
  areTrusted = true;
  readonly #experiences = new SelectorMemory<Experience>();

  isWorthAsking(selector: string, bins: SampleBins): boolean {
    const known = this.#knownOf(selector);
    return this.areTrusted && isWorthAsking(bins) && bins.widthMs > known[widthOf(bins)] && !(known.isUnsure && bins.need !== 'newest');
  }

  /** What an answer has shown: how many rows the table has, and how many of them were kept. */
  learn(selector: string, bins: SampleBins, rows: { readonly seen: number; readonly kept: number }): void {
    if (rows.kept <= rows.seen * WORTHWHILE_SHARE) return;
    const known = this.#knownOf(selector);
    const width = widthOf(bins);
    this.#experiences.set(selector, { ...known, [width]: Math.max(bins.widthMs, known[width]) });
  }

  learnUnsure(selector: string): void {
    this.#experiences.set(selector, { ...this.#knownOf(selector), isUnsure: true });
  }

  #knownOf(selector: string): Experience {
    return this.#experiences.get(selector) ?? NO_EXPERIENCE;
  }
}
