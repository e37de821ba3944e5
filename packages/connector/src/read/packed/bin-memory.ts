import type { SampleBins } from '@timestream-prometheus/timestream-translator';

/** Narrower bins than Prometheus scrapes as a rule leave nothing out. */
const LEAST_WIDTH_MS = 10_000;

/** If more of the rows are kept, leaving the others out costs more than it saves. */
const WORTHWHILE_SHARE = 0.7;

/** Selectors whose bins are remembered: as many as those whose columns are. */
const MAX_REMEMBERED_SELECTORS = 2000;

interface Experience {
  /** Bins up to this width left too few rows out. */
  readonly uselessWidthMs: number;
  /** Series of the selector cannot be put into bins but for their newest samples: see `binRows`. */
  readonly isUnsure: boolean;
}

/** Whether bins can save anything, as long as nothing else is known. */
export function isWorthAsking({ widthMs }: SampleBins): boolean {
  return widthMs > LEAST_WIDTH_MS;
}

/** For which selectors it is worth to ask for some samples of each bin only. Forgotten as soon as there are newer ones. */
export class BinMemory {
  /** Until the contrary was seen. */
  areTrusted = true;
  readonly #experiences = new Map<string, Experience>();

  isWorthAsking(selector: string, bins: SampleBins): boolean {
    const { uselessWidthMs = 0, isUnsure = false } = this.#experiences.get(selector) ?? {};
    return this.areTrusted && isWorthAsking(bins) && bins.widthMs > uselessWidthMs && !(isUnsure && bins.need !== 'newest');
  }

  /** What an answer has shown: how many rows the table has, and how many of them were kept. */
  learn(selector: string, { widthMs }: SampleBins, rows: { readonly seen: number; readonly kept: number }): void {
    if (rows.kept <= rows.seen * WORTHWHILE_SHARE) return;
    const known = this.#experiences.get(selector);
    this.#remember(selector, { uselessWidthMs: Math.max(widthMs, known?.uselessWidthMs ?? 0), isUnsure: known?.isUnsure ?? false });
  }

  learnUnsure(selector: string): void {
    this.#remember(selector, { uselessWidthMs: this.#experiences.get(selector)?.uselessWidthMs ?? 0, isUnsure: true });
  }

  #remember(selector: string, experience: Experience): void {
    this.#experiences.delete(selector);
    this.#experiences.set(selector, experience);
    for (const oldest of this.#experiences.keys()) {
      if (this.#experiences.size <= MAX_REMEMBERED_SELECTORS) return;
      this.#experiences.delete(oldest);
    }
  }
}
